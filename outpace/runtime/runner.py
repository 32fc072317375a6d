"""One pool's engine joined with its store, switch and journal: what `outpace run` and `outpace serve` have in common.

Crash-only: a start is a recovery, whatever the last end was like.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from outpace.domain.config import Campaign, Pool
from outpace.domain.events import Event
from outpace.domain.units import NS_PER_S, seconds_to_ns
from outpace.domain.version import VERSION
from outpace.engine.engine import Engine
from outpace.runtime.agents import AgentDriver
from outpace.runtime.clock import Clock, monotonic_ns, wall_ns
from outpace.runtime.estimates import EstimateKeeper
from outpace.runtime.journal import Journal
from outpace.runtime.metrics import Reading, engine_reading
from outpace.runtime.pump import Pump
from outpace.runtime.recovery import forget_settled, recover
from outpace.runtime.settings import JournalSettings
from outpace.runtime.store_worker import Record, StoreWorker
from outpace.runtime.switches import SimulatedSettings, SwitchSettings, build_adapter, require
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore
from outpace.telephony.simulated.people import PeopleSettings

#: Real seconds that an end waits for what was said last to reach store and switch.
SETTLE_WAIT_S = 5.0

#: Real seconds between two digests in the journal: each takes milliseconds, however fast engine time passes.
DIGEST_EVERY_S = 5.0

_LOOK_S = 0.02


class RunnerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner is made of.

    Parameters
    ----------
    store_path : the store's file; its folder is made.
    switch, folder : the switch, and where relative paths of its settings start.
    journal : None = none is written.
    speed : engine seconds per real second; other than 1 on the simulated switch only.
    seed : of the simulated switch and agents; None = the switch's.
    """

    store_path: Path
    switch: SwitchSettings
    folder: Path
    journal: JournalSettings | None
    speed: float | None = None
    seed: int | None = None


class PoolRunner:
    """Starts, drives and ends what one pool consists of.

    Order: `open`, `build`, `connect`, own watchers on `pump`, `start`; in the end `settle` and `close`.

    Parameters
    ----------
    settings : what it is made of.
    on_failure : takes the error after which nothing may be dialled any more.
    recorded : takes attempts and dispositions that have become durable.
    """

    def __init__(
        self,
        settings: RunnerSettings,
        on_failure: Callable[[Exception], None],
        recorded: Callable[[Sequence[Record]], None] | None = None,
    ) -> None:
        self._settings = settings
        self._on_failure = on_failure
        simulated = settings.switch if isinstance(settings.switch, SimulatedSettings) else None
        self._speed = settings.speed if settings.speed is not None else simulated.speed if simulated else 1.0
        self._seed = settings.seed if settings.seed is not None else simulated.seed if simulated else 1
        self.worker = StoreWorker(self._open_store, self.post, self._fail, recorded)
        self._built = False

    # ---- start -----------------------------------------------------------------------------------------------------

    def _open_store(self) -> Store:
        self._settings.store_path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteStore(self._settings.store_path)

    async def open(self) -> StoreWorker:
        """Open the store. Raises StoreError."""
        await self.worker.start()
        return self.worker

    async def build(self, pool: Pool, automatic: Sequence[tuple[PeopleSettings, Sequence[int]]]) -> None:
        """Take the pool and make the engine and all around it. `automatic`: agents who are made ready by themselves.

        Raises StoreError, ConfigError.
        """
        settings, worker = self._settings, self.worker
        latest_ns = 0
        if self._speed != 1.0:
            latest_ns = await worker.call(lambda store: _latest_ns(store, [one.id for one in pool.campaigns]))
        self.clock = Clock(self._speed, latest_ns)
        now_ns = self.clock.now_ns()
        self.epoch = await worker.call(lambda store: store.open_pool(pool.name, now_ns))
        self.engine = Engine(pool, epoch=self.epoch)
        self.journal = self._make_journal()
        self.adapter = build_adapter(settings.switch, pool, self.clock, folder=settings.folder, seed=self._seed)
        require(self.adapter.capabilities, pool)
        self.pump = Pump(
            self.engine, self.clock, store=worker, switch=self.adapter, journal=self.journal, fatal=self._fail
        )  # fmt: skip
        self.agents = AgentDriver(automatic, self.post, self.clock, self._seed)
        self.estimates = EstimateKeeper(self.engine, worker, self.clock)
        self._built = True

    async def connect(self) -> list[Event]:
        """Connect to the switch and settle what an earlier epoch left open; gives the facts to begin with.

        Raises StoreError, LinkDown.
        """
        await self.adapter.connect(self.pump.post)
        return await recover(self.worker, self.adapter, self.engine.pool, self.clock.now_ns())

    def start(self, first: Sequence[Event]) -> None:
        """Begin, with the facts of `connect` and then what was posted meanwhile."""
        self.pump.watch(self.agents.watch)
        if self.journal is not None:
            self.journal.open(self.engine, self.epoch, self.clock.now_ns())
        self.agents.log_in()
        self.pump.start(first)
        self.estimates.start()

    def _make_journal(self) -> Journal | None:
        settings = self._settings.journal
        if settings is None:
            return None
        return Journal(
            Path(settings.path),
            version=VERSION,
            file_bytes=round(settings.file_mb * 1e6),
            keep=settings.keep,
            digest_every_ns=round(DIGEST_EVERY_S * NS_PER_S * max(1.0, self._speed)),
        )

    # ---- while it runs ---------------------------------------------------------------------------------------------

    def post(self, facts: Sequence[Event]) -> None:
        """Give facts to the engine."""
        self.pump.post(facts)

    def _fail(self, error: Exception) -> None:
        if self._built:
            self.pump.stop()
        self._on_failure(error)

    def reading(self, campaigns: Mapping[int, tuple[str, int]]) -> Reading:
        """Figures for monitoring. `campaigns`: name of each that is shown, and its leads left."""
        reading = engine_reading(self.engine.counters(), campaigns)
        reading.add("pump", self.pump.gauges())
        reading.add("store", self.worker.gauges())
        reading.add("switch", self.adapter.pressure())
        reading.add("clock", {"ahead_seconds": self.clock.behind_ns() / NS_PER_S})
        if self.journal is not None:
            reading.add("journal", self.journal.gauges())
        reading.add_by("commands_total", "kind", dict(self.pump.commands_sent))
        reading.add_by("facts_refused_total", "kind", dict(self.pump.refused))
        reading.histograms.extend(
            (name, histogram.cumulative(), histogram.sum)
            for name, histogram in (
                ("pump_lag_seconds", self.pump.lag_s),
                ("pump_turn_seconds", self.pump.turn_s),
                ("decision_seconds", self.pump.decision_s),
                ("store_commit_seconds", self.worker.commit_s),
            )
        )
        return reading

    # ---- end -------------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until what was said last has reached store and switch."""
        # Twice: between the store's thread and the loop facts are out of sight for a moment.
        for _ in range(2):
            await until(lambda: not self.pump.waiting() and not self.worker.waiting(), SETTLE_WAIT_S)
            await asyncio.sleep(_LOOK_S)

    async def wrap_up(self, longest_s: float) -> None:
        """Wait for agents who write up their last calls."""
        await until(lambda: not self.engine.counters()["agents"]["wrap_up"], longest_s)

    async def forget_settled(self) -> None:
        """Have the switch forget what is on record. Raises StoreError."""
        await forget_settled(self.worker, self.adapter)

    async def close(self, last: Callable[[Store], object] | None = None) -> bool:
        """Close everything; `last` is done on the store before it is closed, and raises from here.

        False when the store would not take what was left: the next start settles it.
        """
        if self._built:
            self.pump.stop()
            self.agents.close()
            self.estimates.close()
            await self.adapter.close()
            if self.journal is not None:
                await asyncio.to_thread(self.journal.close, self.clock.now_ns())
        try:
            if last is not None:
                await self.worker.call(last)
        finally:
            taken = await self.worker.close()
        return taken


async def until(holds: Callable[[], bool], longest_s: float) -> None:
    """Wait until something holds, or for so many real seconds. Looks every few milliseconds: for endings only."""
    deadline_ns = monotonic_ns() + seconds_to_ns(longest_s)
    while not holds() and monotonic_ns() < deadline_ns:  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(_LOOK_S)


def settings_digest(campaign: Campaign) -> str:
    """What tells the settings of one run from those of another."""
    return hashlib.sha256(msgspec.json.encode(campaign)).hexdigest()[:16]


def _latest_ns(store: Store, campaign_ids: Sequence[int]) -> int:
    # An accelerated run leaves times ahead of the wall's clock; the next one goes on from there.
    latest_ns = 0
    for campaign_id in campaign_ids:
        run = store.last_run(campaign_id)
        if run is not None:
            latest_ns = max(latest_ns, run.started_ns, run.ended_ns)
    for intent in store.open_intents():
        latest_ns = max(latest_ns, intent.intent_ns)
    for campaign_id in campaign_ids:
        for record in store.attempts(campaign_id, max(latest_ns, wall_ns())):
            latest_ns = max(latest_ns, record.ended_ns)
    return latest_ns
