"""What orders and questions to a node work on: its engine, store, settings and listeners, and the acts they share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from outpace.domain.access import SYSTEM, Actor
from outpace.domain.commands import AnyCommand, CampaignStateChanged
from outpace.domain.config import Agent, Pool
from outpace.domain.errors import OutpaceError, StoreError
from outpace.domain.events import PoolChanged
from outpace.domain.states import CampaignState
from outpace.engine.engine import Engine
from outpace.runtime.alarms import Alarms
from outpace.runtime.boards import Boards
from outpace.runtime.hub import Hub
from outpace.runtime.last_calls import LastCalls
from outpace.runtime.reader import StoreReader
from outpace.runtime.recovery import remembered
from outpace.runtime.registry import Registry
from outpace.runtime.runner import PoolRunner, settings_digest
from outpace.runtime.store_worker import is_transient
from outpace.runtime.switches import require
from outpace.runtime.webhooks import WebhookSender
from outpace.store.access import StoredAct
from outpace.store.port import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Real seconds after which a note is tried again that a locked or full store did not take.
_NOTE_PAUSES_S = (0.05, 0.2, 1.0, 3.0, 5.0)

#: Real seconds that a reader of what has ended waits at most until it is durable.
SETTLE_S = 2.0

_RESTING = (CampaignState.COMPLETED, CampaignState.PAUSED)


class House:
    """A running node, to those who ask and tell.

    Parameters
    ----------
    runner : engine, store, switch and pump; built.
    reader, long_reader : for reads that are short, and for those that may take seconds.
    registry, hub, boards, alarms, webhooks, last_calls : of this node.
    parts : states of further parts for the health view, by name.
    """

    def __init__(
        self,
        runner: PoolRunner,
        reader: StoreReader,
        registry: Registry,
        *,
        long_reader: StoreReader,
        hub: Hub,
        boards: Boards,
        alarms: Alarms,
        webhooks: WebhookSender,
        last_calls: LastCalls,
        parts: Callable[[], dict[str, str]],
    ) -> None:
        self.runner = runner
        self.reader = reader
        self.long_reader = long_reader
        self.registry = registry
        self.hub = hub
        self.boards = boards
        self.alarms = alarms
        self.webhooks = webhooks
        self.last_calls = last_calls
        self.parts = parts
        #: Settings are changed one after the other: each change is made on what the one before has left.
        self.changing = asyncio.Lock()
        self._acting: dict[int, Actor] = {}
        self._notes: dict[int, asyncio.Task[None]] = {}
        self._counting: dict[int, asyncio.Task[None]] = {}
        self._count_again: set[int] = set()
        self._runs: dict[int, int] = {}
        self._audit: list[tuple[StoredAct, asyncio.Future[None]]] = []
        self._auditing: asyncio.Task[None] | None = None
        self._ending = False
        self._agents: tuple[Agent, ...] = ()
        self._agent_rows: dict[int, int] = {}

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.runner.engine

    def has_campaign(self, campaign_id: int) -> bool:
        """Whether the engine has the campaign; it has none that were put away before it began."""
        return any(campaign.id == campaign_id for campaign in self.engine.pool.campaigns)

    def agent_rows(self) -> dict[int, int]:
        """The row of each agent in the engine's table, by id."""
        agents = self.engine.pool.agents
        if agents is not self._agents:
            self._agents = agents
            self._agent_rows = {agent.id: row for row, agent in enumerate(agents)}
        return self._agent_rows

    def now_ns(self) -> int:
        """Engine time."""
        return self.runner.clock.now_ns()

    async def read(self, job: Callable[[Store], T]) -> T:
        """Run a function that only reads a little on the store, off the loop: a desk may wait for it."""
        return await self.reader.call(job)

    async def read_long(self, job: Callable[[Store], T]) -> T:
        """The same for what may take seconds: pages, sums, counts."""
        return await self.long_reader.call(job)

    async def settle(self) -> None:
        """Wait until what has ended up to now can be read; not for long, nor where the store takes nothing."""
        worker = self.runner.worker
        if not worker.retrying:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    await worker.written()

    async def write(self, job: Callable[[Store], T]) -> T:
        """Run a function on the store, in the writer's turn; durable when it returns."""
        return await self.runner.worker.call(job)

    async def let_go_suppressed(self) -> None:
        """Have leads that are leased put away whose number was suppressed; else that waits for their turn."""
        now_ns = self.now_ns()
        try:
            await self.write(lambda store: store.let_go_suppressed(now_ns))
        except StoreError as error:
            log.warning("leads of suppressed numbers stay leased: %s", error)

    # ---- settings --------------------------------------------------------------------------------------------------

    def check(self, pool: Pool) -> None:
        """Raise ConfigError for what the switch cannot do."""
        require(self.runner.adapter.capabilities, pool)
        self.runner.adapter.check(pool)

    async def apply(self, pool: Pool) -> None:
        """Have switch and engine take the pool; returns when they work by it."""
        self.runner.adapter.change(pool)
        await self.runner.pump.act(PoolChanged(pool))

    async def take_up(self, campaign_id: int) -> None:
        """Take up a campaign that another process has made in the store, with what is known of its past. UnknownId."""
        async with self.changing:
            if campaign_id in self.registry.campaigns:
                return
            stored = await self.read(lambda store: store.stored_campaign(campaign_id))
            settings = stored.settings
            pool = self.registry.pool(self.engine.pool, campaign=settings)
            self.check(pool)
            await self.apply(pool)
            self.registry.put_campaign(stored)
            now_ns = self.now_ns()
            self.runner.post(await self.read_long(lambda store: remembered(settings, now_ns, store)))
            self.recount(campaign_id)

    def recount(self, campaign_id: int) -> None:
        """Have the store count a campaign's leads, for its board; once more when asked again meanwhile."""
        if campaign_id in self._counting:
            self._count_again.add(campaign_id)
        else:
            self._counting[campaign_id] = asyncio.get_running_loop().create_task(self._recount(campaign_id))

    async def _recount(self, campaign_id: int) -> None:
        try:
            while True:
                self._count_again.discard(campaign_id)
                counts = await self.read_long(lambda store: store.counts(campaign_id))
                self.boards.count_leads(campaign_id, counts)
                if campaign_id not in self._count_again:
                    break
        except OutpaceError as error:
            log.warning("leads were not counted: %s", error, extra={"campaign_id": campaign_id})
        finally:
            del self._counting[campaign_id]

    # ---- campaigns' states -----------------------------------------------------------------------------------------

    def watch(self, command: AnyCommand) -> None:
        """Write down the states that campaigns enter; give as a watcher to the pump."""
        if type(command) is CampaignStateChanged and not self._ending:
            self.note_state(command.campaign_id, command.state)

    def note_state(self, campaign_id: int, state: CampaignState) -> None:
        """Have the store keep a campaign's state, in the order of the calls; `written` waits for it."""
        before = self.registry.states.get(campaign_id)
        if before is state or before is CampaignState.ARCHIVED:
            return
        self.registry.states[campaign_id] = state
        by = self._acting.get(campaign_id, SYSTEM).name
        earlier = self._notes.get(campaign_id)
        note = self._note(campaign_id, before, state, by=by, earlier=earlier)
        self._notes[campaign_id] = asyncio.get_running_loop().create_task(note)
        log.info("campaign state", extra={"campaign_id": campaign_id, "state": state.name.lower(), "by": by})

    async def _note(
        self,
        campaign_id: int,
        before: CampaignState | None,
        state: CampaignState,
        *,
        by: str,
        earlier: asyncio.Task[None] | None,
    ) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        now_ns = self.now_ns()
        digest = settings_digest(self.registry.campaign(campaign_id).settings)

        def keep(store: Store) -> None:
            self.registry.put_campaign(store.set_campaign_state(campaign_id, state, by, now_ns))
            if state is CampaignState.RUNNING and campaign_id not in self._runs:
                self._runs[campaign_id] = store.begin_run(campaign_id, digest, now_ns)
            elif state is CampaignState.COMPLETED or (
                state is CampaignState.PAUSED and before is CampaignState.DRAINING
            ):
                self._end_run(store, campaign_id, now_ns)

        for pause_s in (*_NOTE_PAUSES_S, None):
            try:
                await self.write(keep)
                break
            except StoreError as error:
                if pause_s is None or not is_transient(error):
                    log.exception("a campaign's state could not be kept", extra={"campaign_id": campaign_id})
                    raise
                await asyncio.sleep(pause_s)
        if state in _RESTING:
            self.recount(campaign_id)

    def _end_run(self, store: Store, campaign_id: int, now_ns: int) -> None:
        run_id = self._runs.pop(campaign_id, 0)
        if run_id:
            store.end_run(run_id, now_ns)

    async def acted(self, campaign_id: int, actor: Actor, act: Callable[[], Any]) -> None:
        """Carry out an act on a campaign's state, in the actor's name; returns when the new state is kept."""
        self._acting[campaign_id] = actor
        try:
            await act()
            note = self._notes.get(campaign_id)
            if note is not None:
                await asyncio.shield(note)
        finally:
            self._acting.pop(campaign_id, None)

    # ---- audit -----------------------------------------------------------------------------------------------------

    async def audit(self, act: StoredAct) -> None:
        """Write a line of the audit; those that come meanwhile are written together. Raises StoreError."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._audit.append((act, written))
        if self._auditing is None:
            self._auditing = asyncio.get_running_loop().create_task(self._write_audit())
        await written

    async def _write_audit(self) -> None:
        while self._audit:
            lines, self._audit = self._audit, []
            failure: Exception | None = None
            try:
                await self.write(partial(_append, [act for act, _ in lines]))
            except Exception as error:
                log.exception("%d lines of the audit could not be written", len(lines))
                failure = error
            for _, written in lines:
                if written.done():
                    continue  # nobody waits any more
                if failure is None:
                    written.set_result(None)
                else:
                    written.set_exception(failure)
        self._auditing = None

    # ---- end -------------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """From now on states are those of a node that goes, not of its campaigns: they are kept no more."""
        self._ending = True

    async def last_notes(self) -> None:
        """Wait for what is being written down."""
        tasks = [*self._notes.values(), *self._counting.values()]
        if self._auditing is not None:
            tasks.append(self._auditing)
        if tasks:
            await asyncio.wait(tasks)

    def begin_runs(self, store: Store) -> None:
        """Note that campaigns which ran when the last process ended run again."""
        now_ns = self.now_ns()
        for campaign_id, state in self.registry.states.items():
            if state is CampaignState.RUNNING and campaign_id not in self._runs:
                digest = settings_digest(self.registry.campaign(campaign_id).settings)
                self._runs[campaign_id] = store.begin_run(campaign_id, digest, now_ns)

    def end_runs(self, store: Store) -> None:
        """Note that all runs have ended; the last job on the store."""
        now_ns = self.now_ns()
        for campaign_id in tuple(self._runs):
            self._end_run(store, campaign_id, now_ns)


def _append(lines: list[StoredAct], store: Store) -> None:
    store.append_audit(*lines)
