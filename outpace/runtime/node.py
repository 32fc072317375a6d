"""A node: one pool's engine with its store, switch and journal; from start through recovery to a clean end.

Crash-only: a start is a recovery, whatever the last end was like.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import msgspec

from outpace.domain.commands import AnyCommand, CampaignStateChanged
from outpace.domain.errors import ConfigError, OutpaceError, StoreError
from outpace.domain.events import (
    CampaignDraining,
    CampaignPaused,
    CampaignStarted,
    CampaignStopped,
    Event,
)
from outpace.domain.states import CampaignState
from outpace.domain.units import NS_PER_S, seconds_to_ns
from outpace.domain.version import VERSION
from outpace.engine.engine import Engine
from outpace.runtime.agents import AgentDriver
from outpace.runtime.audit import RunMark, write_mark
from outpace.runtime.board import Board, Progress
from outpace.runtime.campaign_file import JournalSettings, Setup
from outpace.runtime.clock import Clock, monotonic_ns, wall_ns
from outpace.runtime.estimates import EstimateKeeper
from outpace.runtime.journal import Journal
from outpace.runtime.metrics import MetricsServer, NodeCollector, Reading, engine_reading
from outpace.runtime.pump import Pump
from outpace.runtime.recovery import forget_settled, recover
from outpace.runtime.store_worker import StoreWorker
from outpace.runtime.switches import SimulatedSettings, build_adapter, require
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore

log = logging.getLogger(__name__)

#: Real seconds that a stop waits for unanswered calls to be hung up and recorded.
STOP_WAIT_S = 3.0

#: Real seconds that a complete or drained campaign waits for agents in wrap-up.
WRAP_UP_WAIT_S = 30.0

#: Real seconds that an end waits for what was said last to reach store and switch.
SETTLE_WAIT_S = 5.0

#: Real seconds between two digests in the journal: each takes milliseconds, however fast engine time passes.
DIGEST_EVERY_S = 5.0

_LOOK_S = 0.02


class Ending(Enum):
    """How a run ended."""

    COMPLETED = "completed"
    DRAINED = "drained"
    STOPPED = "stopped"


class NodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line may set over the campaign file. None = as the file says."""

    store_path: Path | None = None
    journal_path: Path | None = None
    metrics_port: int | None = None
    speed: float | None = None
    seed: int | None = None


class Node:
    """Runs one campaign file's campaign.

    Parameters
    ----------
    setup : the campaign file.
    options : what overrules it.
    """

    def __init__(self, setup: Setup, options: NodeOptions | None = None) -> None:
        options = options or NodeOptions()
        self._setup = setup
        self._options = options
        self.store_path = options.store_path or Path(setup.store.path)
        self._speed = _speed(setup, options)
        self._seed = options.seed if options.seed is not None else getattr(setup.switch, "seed", 1)
        self._ended = asyncio.Event()
        self._failure: Exception | None = None
        self._draining = False
        self._stopping = False
        self._run_id = 0
        self._built = False
        self.board: Board | None = None
        self.metrics: MetricsServer | None = None

    async def run(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        every_s: float = 1.0,
        signals: bool = False,
    ) -> Ending:
        """Start, dial until the campaign is complete or somebody ends it, and close everything.

        With `signals`, SIGINT and SIGTERM drain, the second one stops, the third leaves at once.

        Raises
        ------
        StoreError, LinkDown, ConfigError : it could not be started; StaleEpoch : another engine took the pool;
        whatever the engine raised.
        """
        self._worker = StoreWorker(self._open_store, self._post, self._fail)
        try:
            with self._signals(signals):
                await self._start()
                reporter = asyncio.create_task(self._report(on_progress, every_s)) if on_progress else None
                try:
                    await self._ended.wait()
                    await self._finish()
                    if on_progress is not None and self._failure is None:
                        on_progress(self.progress())
                finally:
                    if reporter is not None:
                        reporter.cancel()
        finally:
            await self._close()
        if self._failure is not None:
            raise self._failure
        if self._stopping:
            return Ending.STOPPED
        return Ending.COMPLETED if self._campaign_state is CampaignState.COMPLETED else Ending.DRAINED

    # ---- what an operator may do ---------------------------------------------------------------------------------

    def pause(self) -> None:
        """Launch no more; calls in hand go on."""
        self._post([CampaignPaused(self.campaign_id)])

    def resume(self) -> None:
        """Dial on after a pause."""
        self._post([CampaignStarted(self.campaign_id)])

    def drain(self) -> None:
        """Launch no more, let the calls in hand end, then end the run."""
        if not self._draining:
            self._draining = True
            log.info("draining: nothing more is launched", extra={"campaign": self._setup.campaign.name})
            self._post([CampaignDraining(self.campaign_id)])

    def stop(self) -> None:
        """Hang up what is unanswered or waits, and end the run; conversations stay on the switch."""
        if not self._stopping:
            self._draining = self._stopping = True
            log.warning("stopping now", extra={"campaign": self._setup.campaign.name})
            self._post([CampaignStopped(self.campaign_id)])
            asyncio.get_running_loop().call_later(STOP_WAIT_S, self._ended.set)

    def progress(self) -> Progress:
        """The board, now."""
        assert self.board is not None
        return self.board.progress(self.clock.now_ns())

    # ---- start -----------------------------------------------------------------------------------------------------

    def _open_store(self) -> Store:
        self.store_path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteStore(self.store_path)

    async def _start(self) -> None:
        worker, setup = self._worker, self._setup
        await worker.start()
        self.campaign_id = await worker.call(lambda store: store.campaign_id(setup.campaign.name))
        self.clock = Clock(self._speed, await worker.call(self._latest_ns) if self._speed != 1.0 else 0)
        pool = setup.pool(self.campaign_id)
        now_ns = self.clock.now_ns()
        epoch = await worker.call(lambda store: store.open_pool(pool.name, now_ns))
        engine = self.engine = Engine(pool, epoch=epoch)
        self._campaign_state = engine.campaign_state(self.campaign_id)
        self._journal = self._make_journal()
        self._adapter = build_adapter(setup.switch, pool, self.clock, folder=setup.file.parent, seed=self._seed)
        require(self._adapter.capabilities, pool)
        self.pump = Pump(
            engine, self.clock, store=worker, switch=self._adapter, journal=self._journal, fatal=self._fail
        )  # fmt: skip
        self._agents = AgentDriver(setup.automatic(), self._post, self.clock, self._seed)
        self._estimates = EstimateKeeper(engine, (self.campaign_id,), worker, self.clock)
        self._built = True
        await self._adapter.connect(self.pump.post)
        await self._note_run()
        first = await recover(worker, self._adapter, pool, self.clock.now_ns())
        leads = await worker.call(lambda store: store.counts(self.campaign_id))
        self.board = Board(
            engine, self.campaign_id, setup.campaign.name, leads=leads, now_ns=self.clock.now_ns()
        )  # fmt: skip
        for watcher in (self.board.watch, self._agents.watch, self._watch):
            self.pump.watch(watcher)
        if self._journal is not None:
            self._journal.open(engine, epoch, self.clock.now_ns())
        if self._options.metrics_port is not None:
            collector = NodeCollector(self._reading, asyncio.get_running_loop())
            self.metrics = MetricsServer(self._options.metrics_port, collector)
        self._agents.log_in()
        self._post([CampaignStarted(self.campaign_id)])
        self.pump.start(first)
        self._estimates.start()
        log.info(
            "running",
            extra={"campaign": setup.campaign.name, "campaign_id": self.campaign_id, "epoch": epoch},
        )

    async def _note_run(self) -> None:
        # Before recovery: what it settles belongs to this run.
        campaign, campaign_id, now_ns = self._setup.campaign, self.campaign_id, self.clock.now_ns()
        digest = hashlib.sha256(msgspec.json.encode(campaign)).hexdigest()[:16]
        self._run_id = await self._worker.call(lambda store: store.begin_run(campaign_id, digest, now_ns))
        write_mark(self.store_path, RunMark((campaign.name,)))

    def _make_journal(self) -> Journal | None:
        settings = self._setup.journal
        path = self._options.journal_path or (Path(settings.path) if settings is not None else None)
        if path is None:
            return None
        settings = settings or JournalSettings()
        return Journal(
            path,
            version=VERSION,
            file_bytes=round(settings.file_mb * 1e6),
            keep=settings.keep,
            digest_every_ns=round(DIGEST_EVERY_S * NS_PER_S * max(1.0, self._speed)),
        )

    def _latest_ns(self, store: Store) -> int:
        # An accelerated run leaves times ahead of the wall's clock; the next one goes on from there.
        latest_ns = 0
        run = store.last_run(self.campaign_id)
        if run is not None:
            latest_ns = max(run.started_ns, run.ended_ns)
        for intent in store.open_intents():
            latest_ns = max(latest_ns, intent.intent_ns)
        for record in store.attempts(self.campaign_id, max(latest_ns, wall_ns())):
            latest_ns = max(latest_ns, record.ended_ns)
        return latest_ns

    # ---- while it runs ---------------------------------------------------------------------------------------------

    def _post(self, facts: Sequence[Event]) -> None:
        self.pump.post(facts)

    def _watch(self, command: AnyCommand) -> None:
        if type(command) is not CampaignStateChanged or command.campaign_id != self.campaign_id:
            return
        self._campaign_state = command.state
        log.info(
            "campaign state",
            extra={"campaign_id": command.campaign_id, "state": command.state.name.lower()},
        )
        done = command.state is CampaignState.COMPLETED
        if done or (self._draining and command.state is CampaignState.PAUSED):
            self._ended.set()

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
            log.error("the node must stop: %s", error)
        if self._built:
            self.pump.stop()
        self._ended.set()

    async def _report(self, on_progress: Callable[[Progress], None], every_s: float) -> None:
        while True:
            on_progress(self.progress())
            await asyncio.sleep(every_s)

    @contextmanager
    def _signals(self, wanted: bool) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        kinds = (signal.SIGINT, signal.SIGTERM) if wanted else ()
        for kind in kinds:
            loop.add_signal_handler(kind, self._on_signal)
        try:
            yield
        finally:
            for kind in kinds:
                loop.remove_signal_handler(kind)

    def _on_signal(self) -> None:
        if self.board is None:
            self._fail(OutpaceError("interrupted while starting"))
        elif not self._draining:
            self.drain()
        elif not self._stopping:
            self.stop()
        else:
            self._ended.set()

    # ---- end -------------------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        # Agents write up their last calls and are let go; what was said last reaches switch and store.
        if self._failure is not None:
            return
        if not self._stopping:
            await _until(lambda: not self.engine.counters()["agents"]["wrap_up"], WRAP_UP_WAIT_S)
            self._agents.log_out()
        self._estimates.save()
        await self._settle()
        if self.engine.hopper_count(self.campaign_id):
            # Leads that were asked for before the end came after it: give them back.
            self._post([CampaignDraining(self.campaign_id)])
            await self._settle()
        await forget_settled(self._worker, self._adapter)
        log.info(
            "ended",
            extra={
                "campaign": self._setup.campaign.name,
                "facts": self.pump.facts_handled,
                "lag_p50_s": self.pump.lag_s.quantile(0.5),
                "lag_p99_s": self.pump.lag_s.quantile(0.99),
                "commit_p50_s": self._worker.commit_s.quantile(0.5),
                "commit_p99_s": self._worker.commit_s.quantile(0.99),
            },
        )

    async def _settle(self) -> None:
        # Twice: between the store's thread and the loop facts are out of sight for a moment.
        for _ in range(2):
            await _until(lambda: not self.pump.waiting() and not self._worker.waiting(), SETTLE_WAIT_S)
            await asyncio.sleep(_LOOK_S)

    async def _close(self) -> None:
        if self._built:
            self.pump.stop()
            self._agents.close()
            self._estimates.close()
            await self._adapter.close()
            if self._journal is not None:
                await asyncio.to_thread(self._journal.close, self.clock.now_ns())
            if self.metrics is not None:
                await asyncio.to_thread(self.metrics.close)
        await self._note_end()
        if not await self._worker.close():
            log.error("the store did not take what was left; the next start settles it")

    async def _note_end(self) -> None:
        if self._failure is None and self._run_id:
            run_id, now_ns = self._run_id, self.clock.now_ns()
            try:
                await self._worker.call(lambda store: store.end_run(run_id, now_ns))
            except StoreError as error:
                self._failure = error

    # ---- figures ---------------------------------------------------------------------------------------------------

    def _reading(self) -> Reading:
        assert self.board is not None
        parts: list[tuple[str, dict[str, float]]] = [
            ("pump", self.pump.gauges()),
            ("store", self._worker.gauges()),
            ("switch", self._adapter.pressure()),
            ("clock", {"ahead_seconds": self.clock.behind_ns() / NS_PER_S}),
        ]
        if self._journal is not None:
            parts.append(("journal", self._journal.gauges()))
        reading = engine_reading(self.engine.counters(), self.campaign_id, self.board.leads_left)
        reading.values.extend((f"{part}_{name}", value) for part, gauges in parts for name, value in gauges.items())
        reading.labelled.append(("commands_total", "kind", dict(self.pump.commands_sent)))
        reading.labelled.append(("facts_refused_total", "kind", dict(self.pump.refused)))
        reading.histograms.extend(
            (name, histogram.cumulative(), histogram.sum)
            for name, histogram in (
                ("pump_lag_seconds", self.pump.lag_s),
                ("pump_turn_seconds", self.pump.turn_s),
                ("store_commit_seconds", self._worker.commit_s),
            )
        )
        return reading


async def _until(holds: Callable[[], bool], longest_s: float) -> None:
    # Looks again every few milliseconds: only used when a run ends.
    deadline_ns = monotonic_ns() + seconds_to_ns(longest_s)
    while not holds() and monotonic_ns() < deadline_ns:  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(_LOOK_S)


def _speed(setup: Setup, options: NodeOptions) -> float:
    if isinstance(setup.switch, SimulatedSettings):
        return options.speed if options.speed is not None else setup.switch.speed
    if options.speed is not None and options.speed != 1.0:
        raise ConfigError("--speed", "only the simulated switch can run faster than time")
    return 1.0
