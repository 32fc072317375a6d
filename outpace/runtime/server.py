"""A node that serves: one pool with any number of campaigns, all of it from the store, steered through one door.

A start is a recovery: campaigns that ran when the last process ended run again, and calls that lived through it on the
switch are taken over.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from outpace.domain.access import SYSTEM
from outpace.domain.commands import RecordAttempt
from outpace.domain.config import Agent
from outpace.domain.errors import ConfigError, StoreError
from outpace.domain.events import (
    CampaignCompleted,
    CampaignDraining,
    CampaignStarted,
    CampaignStopped,
    HotLeads,
    LeadsAdded,
)
from outpace.domain.outcomes import AbandonReason, LimitedBy
from outpace.domain.resources import Alarm, DispositionView
from outpace.domain.states import CampaignState
from outpace.domain.version import VERSION
from outpace.domain.wire import Topic
from outpace.runtime import views
from outpace.runtime.alarms import Alarms, Figures, signs
from outpace.runtime.boards import Boards
from outpace.runtime.clock import monotonic_ns, wall_ns
from outpace.runtime.control import ControlPort
from outpace.runtime.door import Door
from outpace.runtime.door_history import attempt_view, disposition_name
from outpace.runtime.feeds import AgentFeed, BoardFeed, CallFeed
from outpace.runtime.histogram import Histogram
from outpace.runtime.house import House
from outpace.runtime.hub import Hub
from outpace.runtime.interpreter import keep_what_stays, quick_turns
from outpace.runtime.last_calls import LastCalls
from outpace.runtime.metrics import Family, Reading
from outpace.runtime.node_file import NodeFile
from outpace.runtime.reader import StoreReader
from outpace.runtime.registry import Registry
from outpace.runtime.runner import PoolRunner, RunnerSettings, until
from outpace.runtime.settings import automatic, desks
from outpace.runtime.store_worker import Record
from outpace.runtime.webhooks import WebhookSender
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from outpace.runtime.redis_link import RedisLink

log = logging.getLogger(__name__)
attempt_log = logging.getLogger("outpace.attempts")

T = TypeVar("T")

#: Real seconds between two looks at the figures.
LOOK_EVERY_S = 1.0

#: Real seconds between two looks for callbacks that are due: a promise waits behind no leads that are leased already.
CALLBACKS_EVERY_S = 5.0

#: Real seconds between two measurements of how late the event loop is.
LAG_EVERY_S = 0.1

#: Real seconds that a stop waits for what is written down beside the calls: a full disk must not keep a node up.
LAST_WORK_S = 10.0

#: Real seconds that a stop lets unanswered calls end by themselves.
DRAIN_S = 10.0

_EVER_NS = 2**63 - 1

_LIVE = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DRAINING)


class Server:
    """Runs a node file. `start`, use `door`, `stop`; or `run`, which does it all.

    Parameters
    ----------
    file : the node file.
    speed, seed : instead of the simulated switch's own.
    """

    def __init__(self, file: NodeFile[Any], *, speed: float | None = None, seed: int | None = None) -> None:
        self._file = file
        self.store_path = Path(file.store.path)
        self.folder = Path(file.node.folder)
        settings = RunnerSettings(
            store_path=self.store_path,
            switch=file.switch,
            folder=file.file.parent,
            journal=file.journal,
            speed=speed,
            seed=seed,
        )
        self._runner = PoolRunner(settings, self._fail, self._recorded)
        self._reader, self._long_reader = StoreReader(self._open_read_only), StoreReader(self._open_read_only)
        self._registry = Registry(file.node.pool, file.node.max_calls, self._part_of)
        self._link: RedisLink | None = None
        self._house: House | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._stopping, self._at_once = asyncio.Event(), asyncio.Event()
        self._callbacks_asked: Callable[[], bool] = lambda: True
        self._failure: Exception | None = None
        self._serving = False
        self._late_s = 0.0
        self._lag_s = Histogram()

    # ---- as the API sees it ----------------------------------------------------------------------------------------

    @property
    def door(self) -> ControlPort:
        """Where everything is asked and told."""
        return self._door

    def now_ns(self) -> int:
        """Engine time."""
        return self._runner.clock.now_ns()

    async def read(self, job: Callable[[Store], T]) -> T:
        """Run a function that only reads on the store, off the loop."""
        return await self._reader.call(job)

    async def write(self, job: Callable[[Store], T], *, patient: bool = False) -> T:
        """Run a function on the store, off the loop; durable when it returns. See `StoreWorker.call`."""
        return await self._runner.worker.call(job, patient=patient)

    def publish(self, topic: Topic, key: str, data: Any) -> None:  # noqa: ANN401 - any resource
        """Tell the listeners of a topic what others than the engine know, as it is now; None = it is gone."""
        self._hub.keep(topic, key, data)

    def reading(self) -> Reading:
        """What monitoring shows, now; on the loop."""
        names = {one.id: (one.name, self._boards.leads_left(one.id)) for one in self._runner.engine.pool.campaigns}
        reading = self._runner.reading(names)
        reading.add_by("agent_seconds_total", "state", self._boards.agent_seconds())
        busy = {name: self._boards.occupancy(campaign_id).value for campaign_id, (name, _) in names.items()}
        reading.add_by("occupancy", "campaign", {name: nan if share is None else share for name, share in busy.items()})
        reading.add("hub", self._hub.gauges())
        reading.add("reader", self._reader.gauges())
        reading.add("long_reader", self._long_reader.gauges())
        if self._link is not None:
            reading.add("redis", self._link.gauges())
        severities = [alarm.severity for alarm in self._alarms.active]
        reading.add_by("alarms", "severity", {one: severities.count(one) for one in ("critical", "warning")})
        reading.families.append(Family("build_info", ("version",), [((VERSION,), 1.0)]))
        webhooks = {str(one.webhook_id): one for one in self._webhooks.views()}
        reading.add_by("webhook_delivered_total", "webhook", {key: one.delivered for key, one in webhooks.items()})
        reading.add_by("webhook_dead_letters", "webhook", {key: one.dead for key, one in webhooks.items()})
        reading.histograms.append(("loop_lag_seconds", self._lag_s.cumulative(), self._lag_s.sum))
        return reading

    # ---- start -----------------------------------------------------------------------------------------------------

    async def run(self, beside: AbstractAsyncContextManager[Any] | None = None, *, drain_s: float = DRAIN_S) -> None:
        """Start, serve until SIGINT, SIGTERM or `ask_to_stop`, and stop; a second signal stops at once.

        `beside` is entered when the door is open, and left before it closes. Meanwhile threads of this process hold the
        interpreter for shorter than Python's own 5 ms, and its collector seldom goes through everything.

        Raises what `start` and `beside` raise, and the error after which nothing could be dialled any more.
        """
        with self._signals(), quick_turns():
            try:
                await self.start()
                keep_what_stays()
                async with beside or nullcontext():
                    await self._stopping.wait()
            finally:
                await self.stop(drain_s=0.0 if self._failure is not None else drain_s)
        if self._failure is not None:
            raise self._failure

    def ask_to_stop(self) -> None:
        """End `run`; the second time without a drain."""
        if self._stopping.is_set():
            self._at_once.set()
        self._stopping.set()

    async def start(self) -> None:
        """Open the store, connect to the switch, settle what was left open, and go on where the last process ended.

        Raises StoreError, LinkDown, ConfigError.
        """
        runner, file = self._runner, self._file
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError("node.folder", f"{self.folder}: {error.strerror or error}") from error
        worker = await runner.open()
        for reader in (self._reader, self._long_reader):
            await reader.start()
        await worker.call(self._define_first)
        if file.redis is not None:
            self._link = _link(file, self)
            await self._link.join()
        await runner.build(self._registry.pool(None), self._automatic())
        self._furnish()
        first = await runner.connect()
        assert self._house is not None
        await worker.call(self._house.begin_runs)
        runner.post([CampaignStarted(one_id) for one_id in self._in_state(CampaignState.RUNNING)])
        completed = self._in_state(CampaignState.COMPLETED)
        runner.post([CampaignCompleted(one_id) for one_id in completed])
        waiting = await self.read(lambda store: [one_id for one_id in completed if store.due_count(one_id, _EVER_NS)])
        runner.post([LeadsAdded(one_id) for one_id in waiting])  # while nobody was here
        runner.start(first)
        self._serving = True
        for campaign_id in self._in_state(CampaignState.DRAINING):
            self._house.note_state(campaign_id, CampaignState.PAUSED)  # what it launched, the switch or recovery ends
        for webhook in await self.read(lambda store: store.webhooks()):
            self._webhooks.add(webhook)
        if self._link is not None:
            self._link.start(self._hub)
        for campaign in runner.engine.pool.campaigns:
            self._house.recount(campaign.id)
        self._look()
        self._call_back()
        self._measure_lag(asyncio.get_running_loop().time())
        log.info("serving", extra={"pool": file.node.pool, "epoch": runner.epoch})

    def _open_read_only(self) -> Store:
        return SqliteStore(self.store_path, create=False, read_only=True)

    def _define_first(self, store: Store) -> None:
        # what the file defines and the store does not know by name yet
        by, now_ns = SYSTEM.name, wall_ns()
        self._registry.load(store)
        groups = {one.settings.name: one_id for one_id, one in self._registry.trunk_groups.items()}
        for group in self._file.trunk_groups:
            if group.name not in groups:
                groups[group.name] = store.create_trunk_group(group, by, now_ns).trunk_group_id
        campaigns = {one.settings.name: one_id for one_id, one in self._registry.campaigns.items()}
        for campaign in self._file.campaigns:
            if campaign.name not in campaigns:
                own = tuple(groups[self._file.trunk_groups[place - 1].name] for place in campaign.trunk_groups)
                settings = msgspec.structs.replace(campaign, trunk_groups=own)
                campaigns[campaign.name] = store.create_campaign(settings, by, now_ns).campaign_id
        agents = {one.settings.name for one in self._registry.agents.values()}
        for place, (group_of, name, leg) in enumerate(desks(self._file.agent_groups), start=1):
            if name not in agents:
                served = group_of.campaigns
                if served is None:
                    served = tuple(campaign.name for campaign in self._file.campaigns)
                for one in served:
                    if one not in campaigns:
                        raise ConfigError(str(self._file.file), f"agent {name!r} is to serve {one!r}: no such campaign")
                ids = tuple(campaigns[one] for one in served)
                store.create_agent(Agent(id=place, name=name, leg=leg, campaigns=ids), by, now_ns)
        self._registry.load(store)

    def _automatic(self) -> list[Any]:
        ids = {one.settings.name: one_id for one_id, one in self._registry.agents.items()}
        return automatic(self._file.agent_groups, [ids[name] for _, name, _ in desks(self._file.agent_groups)])

    def _furnish(self) -> None:
        # everything that looks at the engine, and the door
        runner, registry = self._runner, self._registry
        engine, clock = runner.engine, runner.clock
        self._boards = Boards(engine, clock, registry.states)
        self._hub = Hub(runner.epoch << 32)
        agent_feed = AgentFeed(engine, clock, self._hub.publish)
        board_feed = BoardFeed(self._boards, self._hub.publish)
        self._hub.follow(
            {Topic.CALLS: CallFeed(engine, self._hub.publish), Topic.AGENTS: agent_feed, Topic.CAMPAIGNS: board_feed}
        )
        self._alarms = Alarms(self._tell_alarm, lambda: views.at(self.now_ns()), monotonic_ns)
        self._webhooks = WebhookSender(self._hub, self.now_ns, self._bury, self._unbury)
        self._last_calls = LastCalls(engine)
        self._house = House(
            runner,
            self._reader,
            registry,
            long_reader=self._long_reader,
            hub=self._hub,
            boards=self._boards,
            alarms=self._alarms,
            webhooks=self._webhooks,
            last_calls=self._last_calls,
            parts=self._parts,
        )
        self._door = Door(self._house)
        for watcher in (
            self._house.watch,
            self._boards.watch,
            self._last_calls.watch,
            agent_feed.watch,
            board_feed.watch,
        ):
            runner.pump.watch(watcher)

    def _in_state(self, *states: CampaignState) -> list[int]:
        return [one.id for one in self._runner.engine.pool.campaigns if self._registry.states.get(one.id) in states]

    # ---- while it runs ---------------------------------------------------------------------------------------------

    def _recorded(self, records: Sequence[Record]) -> None:
        # attempts and dispositions that are durable now
        for record in records:
            if isinstance(record, RecordAttempt):
                attempt_log.info("attempt ended", extra=self._attempt_fields(record))
                view = msgspec.to_builtins(attempt_view(self._registry, record))
                self._hub.publish(Topic.ATTEMPTS, str(record.call_id), view)
                continue
            call = self._last_calls.call(record.call_id)
            said = DispositionView(
                call_id=str(record.call_id),
                agent_id=record.agent_id,
                campaign_id=call.campaign_id if call is not None else 0,
                lead_id=call.lead_id if call is not None else 0,
                number=call.number if call is not None else "",
                disposition=disposition_name(self._registry, call.campaign_id if call else 0, record.disposition),
                attributes=msgspec.json.decode(record.attributes),
                callback_at=views.at_or_none(record.callback_ns),
                suppress=record.suppress,
            )
            fields = ("call_id", "campaign_id", "lead_id", "agent_id", "disposition")
            attempt_log.info("disposition", extra={name: getattr(said, name) for name in fields})
            self._hub.publish(Topic.DISPOSITIONS, str(record.call_id), msgspec.to_builtins(said))

    def _attempt_fields(self, record: RecordAttempt) -> dict[str, Any]:
        # what the line of an attempt says; call_id is the attempt's id, and the formatter masks the number
        campaign = self._registry.campaigns.get(record.campaign_id)
        fields: dict[str, Any] = {
            "call_id": str(record.call_id),
            "campaign_id": record.campaign_id,
            "campaign": campaign.settings.name if campaign is not None else "",
            "lead_id": record.lead_id,
            "attempt_number": record.attempt_number,
            "number": record.number,
            "trunk_group_id": record.trunk_group_id,
            "outcome": record.outcome.name.lower(),
            "hangup_cause": record.hangup_cause,
        }
        if record.agent_id:
            fields["agent_id"] = record.agent_id
        if record.abandon_reason is not AbandonReason.NONE:
            fields["abandon_reason"] = record.abandon_reason.name.lower()
        return fields

    def _tell_alarm(self, key: str, alarm: Alarm | None) -> None:
        self._hub.keep(Topic.ALARMS, key, None if alarm is None else msgspec.to_builtins(alarm))

    def _bury(self, webhook_id: int, events: Sequence[bytes], attempts: int, error: str) -> Callable[[], bool]:
        texts, now_ns = [event.decode() for event in events], self.now_ns()
        return self._spawn(
            self.write(
                lambda store: store.add_dead_letters(webhook_id, texts, attempts, error, now_ns),
                patient=True,
            )
        )

    def _unbury(self, letter_ids: Sequence[int]) -> None:
        self._spawn(self.write(lambda store: store.remove_dead_letters(letter_ids), patient=True))

    def _look(self) -> None:
        self._timers["look"] = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)
        self._boards.sample()
        self._alarms.look(signs(self._runner.engine.pool, self._figures()))
        self._late_s = 0.0

    def _call_back(self) -> None:
        self._timers["callbacks"] = asyncio.get_running_loop().call_later(CALLBACKS_EVERY_S, self._call_back)
        if self._callbacks_asked():
            self._callbacks_asked = self._spawn(self._ask_for_callbacks())

    async def _ask_for_callbacks(self) -> None:
        reason, now_ns = self._runner.engine.campaign_reason, self.now_ns()
        running = [one for one in self._in_state(CampaignState.RUNNING) if reason(one) is not LimitedBy.OUTSIDE_HOURS]
        due = await self.read(lambda store: store.callbacks_due(running, now_ns))
        self._runner.post([HotLeads(campaign_id) for campaign_id in due])

    def _figures(self) -> Figures:
        runner, link = self._runner, self._link
        return Figures(
            counters=runner.engine.counters(),
            store=runner.worker.gauges(),
            journal=runner.journal.gauges() if runner.journal is not None else {},
            clock_ahead_ns=runner.clock.behind_ns(),
            loop_late_s=self._late_s,
            redis_up=link.up if link is not None else None,
            redis_text=link.text if link is not None else "",
            dead_letters={one.webhook_id: one.dead for one in self._webhooks.views() if one.dead},
        )

    def _measure_lag(self, due_s: float) -> None:
        loop = asyncio.get_running_loop()
        late_s = max(0.0, loop.time() - due_s)
        self._late_s = max(self._late_s, late_s)
        self._lag_s.observe(late_s)
        due_s = loop.time() + LAG_EVERY_S
        self._timers["lag"] = loop.call_at(due_s, self._measure_lag, due_s)

    def _parts(self) -> dict[str, str]:
        # "ok", or what is wrong; what is not configured is left out
        counters, store = self._runner.engine.registers(), self._runner.worker.gauges()
        failed = f"failed: {self._failure}" if self._failure is not None else "ok"
        parts = {
            "engine": "another engine has taken the pool" if counters["fenced"] else failed,
            "switch": "ok" if counters["link_up"] else "out of reach",
            "store": "refuses to write" if store["retrying"] else "ok",
        }
        if self._runner.journal is not None:
            parts["journal"] = "broken" if self._runner.journal.gauges()["broken"] else "ok"
        if self._link is not None:
            parts["redis"] = self._link.text or "ok"
            for name, told in self._link.nodes.items():
                parts[f"node {name}"] = ", ".join(f"{key} {value}" for key, value in told.items())
        return parts

    # ---- Redis -----------------------------------------------------------------------------------------------------

    def _part_of(self, group: str, cps: float) -> float:
        return cps if self._link is None else self._link.part_of(group, cps)

    def rates(self) -> dict[str, tuple[float, bool]]:
        """Calls per second of every trunk group as configured, and whether a campaign dials on it now."""
        used = {
            group_id
            for campaign in self._registry.campaigns.values()
            if self._registry.states[campaign.campaign_id] is CampaignState.RUNNING
            for group_id in campaign.settings.trunk_groups
        }
        return {
            one.settings.name: (one.settings.cps, one_id in used) for one_id, one in self._registry.trunk_groups.items()
        }

    def presence(self) -> dict[str, Any]:
        """What other nodes may know of this one."""
        if self._house is None:
            return {"pool": self._file.node.pool}
        counters = self._runner.engine.counters()
        return {
            "pool": self._file.node.pool,
            "campaigns": len(self._in_state(CampaignState.RUNNING)),
            "agents": sum(count for state, count in counters["agents"].items() if state != "logged_out"),
            "calls": counters["calls"],
        }

    async def change_rates(self) -> None:
        """Dial by this node's part of the shared rates, which is another one now."""
        assert self._house is not None
        async with self._house.changing:
            await self._house.apply(self._registry.pool(self._runner.engine.pool))

    # ---- end -------------------------------------------------------------------------------------------------------

    async def stop(self, *, drain_s: float = DRAIN_S) -> None:
        """Launch no more, let calls end for so long, hang up what nobody has answered, and close everything.

        Conversations stay on the switch for the next process; campaigns keep their states.
        """
        house = self._house
        if house is not None:
            self._door.close()
            house.end()
            if self._failure is None and self._serving:
                await self._let_end(drain_s)
            for timer in self._timers.values():
                timer.cancel()
            if self._link is not None:
                await self._link.close()
            await self._webhooks.close()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=LAST_WORK_S)
            await house.last_notes()
        for reader in (self._reader, self._long_reader):
            await reader.close()
        try:
            taken = await self._runner.close(house.end_runs if house is not None and self._failure is None else None)
        except StoreError as error:
            self._failure = self._failure or error
            taken = True
        if not taken:
            log.error("the store did not take what was left; the next start settles it")

    async def _let_end(self, drain_s: float) -> None:
        runner = self._runner
        live = self._in_state(*_LIVE)
        runner.post([CampaignDraining(campaign_id) for campaign_id in live])
        await until(lambda: self._at_once.is_set() or not runner.engine.counters()["calls"], drain_s)
        runner.post([CampaignStopped(campaign_id) for campaign_id in live])
        runner.estimates.save()
        await runner.settle()
        await runner.forget_settled()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> Callable[[], bool]:
        # gives what tells whether it is done
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task.done

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work beside the calls failed: %s", task.exception())

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
            log.error("the node must stop: %s", error)
        self._stopping.set()
        self._at_once.set()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        kinds = (signal.SIGINT, signal.SIGTERM)
        for kind in kinds:
            loop.add_signal_handler(kind, self.ask_to_stop)
        try:
            yield
        finally:
            for kind in kinds:
                loop.remove_signal_handler(kind)


def _link(file: NodeFile[Any], server: Server) -> RedisLink:
    from outpace.runtime.redis_link import RedisLink  # noqa: PLC0415 - redis-py is an extra

    assert file.redis is not None
    return RedisLink(
        file.redis,
        file.node.name,
        presence=server.presence,
        rates=server.rates,
        on_parts=server.change_rates,
    )
