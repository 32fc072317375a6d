"""The Asterisk adapter: the port's commands as AMI actions, AMI events as facts. One link, one pool.

What waits inside: originates beyond `max_pending`, queries until the next shared list, and hang-ups that the link's
loss has delayed. Nothing else is kept; the switch's own list is the truth, read at every link-up and now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from outpace.domain.commands import (
    CloseAgentLeg,
    ConnectAgent,
    HangUp,
    OpenAgentLeg,
    Originate,
    PlayMessage,
    QueryCall,
    SwitchCommand,
)
from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup
from outpace.domain.errors import ConfigError, LocalProtocolError
from outpace.domain.errors import LinkDown as LinkDownError
from outpace.domain.events import (
    AgentLegLost,
    AgentLegUp,
    CallEnded,
    CallQueried,
    ConnectFailed,
    Event,
    LinkDown,
    LinkUp,
    OriginateRefused,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal
from outpace.telephony.adapter import Capabilities, FactSink, KeptResult, LiveCall
from outpace.telephony.asterisk import dialplan
from outpace.telephony.asterisk._ami import Message
from outpace.telephony.asterisk.circuits import CircuitBoard, spans_of
from outpace.telephony.asterisk.client import AmiConnection, AmiLink, Done
from outpace.telephony.asterisk.mapping import UP, WANTED, Mapper, Row
from outpace.telephony.asterisk.overdue import OverdueHangups
from outpace.telephony.asterisk.settings import AsteriskSettings

log = logging.getLogger(__name__)

_NORMAL_CLEARING = 16

#: Calls remembered that no channel was seen of and that have to go should one come late; the oldest are forgotten.
_LATE_MAX = 10_000

_NOTHING: Mapping[int, int] = MappingProxyType({})


class _List(NamedTuple):
    """The switch's channels, and how many events we had taken when they were asked for."""

    rows: list[Row]
    since: int


class AsteriskAdapter:
    """A `TelephonyAdapter` for Asterisk 16 and later, by AMI.

    Parameters
    ----------
    settings : the link.
    campaigns, trunk_groups, agents : the pool's settings; commands name them by id.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        *,
        campaigns: Sequence[Campaign],
        trunk_groups: Sequence[TrunkGroup],
        agents: Sequence[Agent] = (),
    ) -> None:
        _check_messages(campaigns)
        self.capabilities = Capabilities(
            amd=True,
            play_message=True,
            agent_legs=True,
            query_calls=True,
            trunk_alarms=bool(settings.circuits),
            dead_man=True,
        )
        self._settings = settings
        self._campaigns = {campaign.id: campaign for campaign in campaigns}
        self._groups = {group.id: group for group in trunk_groups}
        self._agents = {agent.id: agent for agent in agents}
        self._board = CircuitBoard(trunk_groups, settings.circuits)
        self._mapper = Mapper(self._board)
        self._link = link = AmiLink(settings, WANTED, self)
        self._overdue = OverdueHangups(
            self._mapper, settings.hangup_grace_s, self._hang_up_channel, lambda: link.connection is not None
        )
        self._connection: AmiConnection | None = None  # while facts and actions may pass
        self._sink: FactSink | None = None
        self._out: list[Event] = []
        self._flushing = False
        self._waiting: dict[int, Originate] = {}  # first in, first out
        self._launched: dict[int, float] = {}  # originates sent -> deadline on the loop's clock
        self._doomed: dict[int, int] = {}  # calls to hang up as soon as they can be -> cause
        self._late: dict[int, int] = {}  # given up without a channel: one that comes late is hung up -> cause
        self._asked: set[int] = set()
        self._query: asyncio.TimerHandle | None = None
        self._wanted_legs: set[int] = set()
        self._opening_until: dict[int, float] = {}  # while a leg may still come -> deadline on the loop's clock
        self._serial = 0
        self._surrogates: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._carry: dict[type, Callable[..., None]] = {
            Originate: self._originate,
            HangUp: self._hang_up,
            ConnectAgent: self._connect_agent,
            PlayMessage: self._play,
            QueryCall: lambda command: self._ask_about(command.call_id),
            OpenAgentLeg: self._open_leg,
            CloseAgentLeg: self._close_leg,
        }

    # ---- the port ----------------------------------------------------------------------------------------------

    async def connect(self, sink: FactSink) -> None:
        """See `TelephonyAdapter.connect`."""
        self._sink = sink
        await self._link.open()
        self._spawn(self._reconcile_now_and_then())

    def check(self, pool: Pool) -> None:
        """See `TelephonyAdapter.check`."""
        try:
            _check_messages(pool.campaigns)
        except LocalProtocolError as error:
            raise ConfigError("message", str(error)) from error

    def change(self, pool: Pool) -> None:
        """See `TelephonyAdapter.change`."""
        self._campaigns = {campaign.id: campaign for campaign in pool.campaigns}
        self._groups = {group.id: group for group in pool.trunk_groups}
        self._agents = {agent.id: agent for agent in pool.agents}
        self._board.set_groups(pool.trunk_groups)
        if self._connection is not None:
            self._board.tell(self._out)
            self._flush_soon()

    def submit(self, commands: Iterable[SwitchCommand]) -> None:
        """See `TelephonyAdapter.submit`. Facts that need no switch come on the loop's next turn."""
        for command in commands:
            self._carry[type(command)](command)
        self._flush_soon()

    async def snapshot(self) -> list[LiveCall]:
        """See `TelephonyAdapter.snapshot`."""
        self._settle(await self._list())
        return [LiveCall(leg.call_id, leg.presence, leg.peer) for leg in self._mapper.calls.values()]

    async def kept_results(self) -> list[KeptResult]:
        """See `TelephonyAdapter.kept_results`."""
        return await _kept(self._up())

    async def forget(self, call_ids: Sequence[int]) -> None:
        """See `TelephonyAdapter.forget`."""
        connection = self._up()
        for call_id in call_ids:
            await connection.ask("DBDel", [("Family", dialplan.FAMILY), ("Key", str(call_id))])

    def pressure(self) -> dict[str, float]:
        """See `TelephonyAdapter.pressure`."""
        connection = self._connection
        return {
            "link_up": float(connection is not None),
            "reconnects": float(self._link.reconnects),
            "round_trip_s": connection.round_trip_s if connection else 0.0,
            "actions_outstanding": float(connection.outstanding if connection else 0),
            "originates_waiting": float(len(self._waiting)),
            "originates_pending": float(len(self._launched)),
            "calls_live": float(len(self._mapper.calls)),
            "agent_legs": float(len(self._mapper.agents)),
        }

    async def close(self) -> None:
        """See `TelephonyAdapter.close`."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._query is not None:
            self._query.cancel()
        await self._link.close()
        self._overdue.close()
        self._connection = None
        self._sink = None

    # ---- the link's handler ------------------------------------------------------------------------------------

    def on_event(self, row: Row) -> None:
        """One event of the switch."""
        self._mapper.take(row, self._out)

    def on_batch_end(self) -> None:
        """The end of what was read at once: tell, then act on what the events call for."""
        self._mapper.end_batch(self._out)
        self._after_events()
        self._flush()

    async def on_up(self, connection: AmiConnection) -> None:
        """Read the switch's state, tell what was missed, and open for commands."""
        spans = await connection.ask("DAHDIShowStatus") if self._board.watched else None
        kept = {one.call_id: one.at_ns for one in await _kept(connection)}
        self._connection = connection
        try:
            channels = await self._list()
        except (LinkDownError, asyncio.CancelledError):
            self._connection = None
            raise
        self._out.append(LinkUp())
        if spans is not None:
            self._board.read(spans_of(spans[1]))
        self._board.tell(self._out, everything=True)
        lost, self._launched = tuple(self._launched), {}
        self._settle(channels, kept, lost)
        for call_id in lost:
            if call_id not in self._mapper.calls:
                self._give_up(call_id)
        for agent_id in sorted(self._wanted_legs):
            leg = self._mapper.agents.get(agent_id)
            if leg is not None and leg.state == UP:
                self._out.append(AgentLegUp(agent_id))
        for call_id, cause in list(self._doomed.items()):
            self._hang_up(HangUp(call_id, cause))
        if self._asked:
            self._ask_soon()
        self._flush()

    def on_down(self, reason: str) -> None:
        """The link is lost: refuse what waits; the rest is settled when it is up again."""
        log.warning("link to Asterisk down: %s", reason)
        self._connection = None
        self._out.append(LinkDown(reason))
        self._out.extend(OriginateRefused(call_id, Refusal.LINK_DOWN) for call_id in self._waiting)
        self._out.extend(AgentLegLost(agent_id) for agent_id in self._mapper.opening)
        self._waiting.clear()
        self._mapper.opening.clear()
        self._surrogates.clear()
        self._flush()

    # ---- commands ----------------------------------------------------------------------------------------------

    def _originate(self, command: Originate) -> None:
        call_id = command.call_id
        refusal: Refusal | None = None
        if self._connection is None:
            refusal = Refusal.LINK_DOWN
        elif call_id in self._mapper.calls or call_id in self._launched or call_id in self._waiting:
            refusal = Refusal.DUPLICATE
        elif command.trunk_group_id not in self._groups or command.campaign_id not in self._campaigns:
            refusal = Refusal.BY_SWITCH
        elif len(self._launched) < self._settings.max_pending and not self._connection.paused:
            self._launch(self._connection, command)
        elif len(self._waiting) < self._settings.max_waiting:
            self._waiting[call_id] = command
        else:
            refusal = Refusal.NO_CIRCUIT
        if refusal is not None:
            self._out.append(OriginateRefused(call_id, refusal))

    def _launch(self, connection: AmiConnection, command: Originate) -> None:
        call_id = command.call_id
        action_id = dialplan.call_channel(call_id)

        def done(answer: Message | None, _: list[Row]) -> None:
            # None: the time for a channel runs on its own; a refusal here means that nothing was dialled.
            if answer is not None and answer.response == "Error" and call_id in self._launched:
                del self._launched[call_id]
                log.error("originate refused: %s", answer.get("Message"), extra={"call_id": str(call_id)})
                self._mapper.launching.discard(call_id)
                self._refuse(call_id, Refusal.BY_SWITCH)

        try:
            fields = dialplan.originate_fields(
                command, self._groups[command.trunk_group_id], self._campaigns[command.campaign_id], self._settings
            )
            connection.send("Originate", fields, done, action_id=action_id, timeout_s=self._settings.launch_timeout_s)
        except LocalProtocolError as error:
            log.warning("call cannot be originated: %s", error, extra={"call_id": str(call_id)})
            self._refuse(call_id, Refusal.BY_SWITCH)
            return
        self._mapper.launching.add(call_id)
        self._launched[call_id] = asyncio.get_running_loop().time() + self._settings.launch_timeout_s

    def _refuse(self, call_id: int, reason: Refusal) -> None:
        self._doomed.pop(call_id, None)
        self._out.append(OriginateRefused(call_id, reason))
        self._flush_soon()

    def _hang_up(self, command: HangUp) -> None:
        call_id = command.call_id
        if self._waiting.pop(call_id, None) is not None:
            self._out.append(CallEnded(call_id, Outcome.CANCELLED))
            return
        leg = self._mapper.calls.get(call_id)
        if self._connection is None or (leg is None and call_id in self._launched):
            self._doomed[call_id] = command.cause
            return
        self._doomed.pop(call_id, None)
        if leg is not None:
            leg.cancelled = True
        else:
            self._give_up(call_id, command.cause)

        def done(answer: Message | None, _: list[Row]) -> None:
            if answer is not None and answer.response == "Error" and call_id not in self._mapper.calls and leg is None:
                self._out.append(CallQueried(call_id, CallPresence.GONE))
                self._flush_soon()

        self._hang_up_channel(leg.channel if leg else dialplan.call_channel(call_id), command.cause, done)

    def _give_up(self, call_id: int, cause: int = _NORMAL_CLEARING) -> None:
        # An originate that the switch still has in its queue, also one of an earlier epoch, may make a channel yet.
        self._late[call_id] = cause
        if len(self._late) > _LATE_MAX:
            del self._late[next(iter(self._late))]

    def _hang_up_channel(self, channel: str, cause: int = _NORMAL_CLEARING, done: Done | None = None) -> None:
        if self._connection is not None:
            fields = [("Channel", channel), ("Cause", str(cause))]
            self._connection.send("Hangup", fields, done or _ignore)

    def _connect_agent(self, command: ConnectAgent) -> None:
        call_id, agent_id = command.call_id, command.agent_id
        connection = self._connection
        call, agent = self._mapper.calls.get(call_id), self._mapper.agents.get(agent_id)
        if connection is None or call is None or call.state != UP or agent is None or agent.state != UP:
            leg_lost = connection is not None and (agent is None or agent.state != UP)
            self._out.append(ConnectFailed(call_id, agent_id, leg_lost))
            return
        channel = call.channel

        def done(answer: Message | None, _: list[Row]) -> None:
            if answer is not None and answer.response == "Success":
                return
            if answer is not None:
                self._set(channel, dialplan.VARIABLE_TAKEN, "")
            lost = self._mapper.agents.get(agent_id) is None
            self._out.append(ConnectFailed(call_id, agent_id, lost))
            self._flush_soon()

        # In one write and in this order: the dead-man's timer must not take a call that has just been bridged.
        self._set(channel, dialplan.VARIABLE_TAKEN, "1")
        connection.send("Bridge", [("Channel1", agent.channel), ("Channel2", channel), ("Tone", "no")], done)

    def _set(self, channel: str, name: str, value: str) -> None:
        if self._connection is not None:
            fields = [("Channel", channel), ("Variable", name), ("Value", value)]
            self._connection.send("Setvar", fields, _ignore)

    def _play(self, command: PlayMessage) -> None:
        connection, leg = self._connection, self._mapper.calls.get(command.call_id)
        try:
            message = dialplan.message_file(command.message)
        except LocalProtocolError as error:
            log.warning("message cannot be played: %s", error, extra={"call_id": str(command.call_id)})
            leg = None
        if connection is None or leg is None:
            self._ask_about(command.call_id)
            return

        def done(answer: Message | None, _: list[Row]) -> None:
            if answer is None or answer.response != "Success":
                self._ask_about(command.call_id)

        self._set(leg.channel, dialplan.VARIABLE_MESSAGE, message)
        context = [("Context", self._settings.message_context), ("Exten", dialplan.EXTEN_PLAY), ("Priority", "1")]
        connection.send("Redirect", [("Channel", leg.channel), *context], done)

    def _open_leg(self, command: OpenAgentLeg) -> None:
        agent_id = command.agent_id
        agent = self._agents.get(agent_id)
        leg = self._mapper.agents.get(agent_id)
        if self._connection is None or agent is None or not agent.leg:
            self._out.append(AgentLegLost(agent_id))
            return
        self._wanted_legs.add(agent_id)
        if leg is not None and not leg.cancelled:
            if leg.state == UP:
                self._out.append(AgentLegUp(agent_id))
            return
        now = asyncio.get_running_loop().time()
        if agent_id in self._mapper.opening and now < self._opening_until.get(agent_id, 0.0):
            return
        self._serial += 1
        channel_id = dialplan.agent_channel(agent_id, self._serial)

        def done(answer: Message | None, _: list[Row]) -> None:
            if answer is not None and answer.response == "Error" and self._mapper.opening.get(agent_id) == channel_id:
                log.error("agent's leg refused: %s", answer.get("Message"), extra={"agent_id": agent_id})
                del self._mapper.opening[agent_id]
                self._out.append(AgentLegLost(agent_id))
                self._flush_soon()

        try:
            fields = dialplan.agent_fields(agent_id, agent.leg, channel_id, self._settings)
            self._connection.send("Originate", fields, done, action_id=channel_id)
        except LocalProtocolError as error:
            log.warning("agent's leg cannot be opened: %s", error, extra={"agent_id": agent_id})
            self._out.append(AgentLegLost(agent_id))
            return
        self._mapper.opening[agent_id] = channel_id
        self._opening_until[agent_id] = now + self._settings.agent_timeout_s

    def _close_leg(self, command: CloseAgentLeg) -> None:
        self._wanted_legs.discard(command.agent_id)
        leg = self._mapper.agents.get(command.agent_id)
        channel = leg.channel if leg else self._mapper.opening.pop(command.agent_id, "")
        if not channel or self._connection is None:
            self._out.append(AgentLegLost(command.agent_id))
            return
        if leg is not None:
            leg.cancelled = True
        else:
            self._mapper.unwanted.add(channel)
            self._out.append(AgentLegLost(command.agent_id))
        self._hang_up_channel(channel)

    # ---- after events ------------------------------------------------------------------------------------------

    def _after_events(self) -> None:
        mapper, connection = self._mapper, self._connection
        if connection is None:
            return
        if mapper.doubtful:
            doubtful, mapper.doubtful = mapper.doubtful, []
            self._spawn(self._resolve(doubtful))
        if mapper.surplus:
            surplus, mapper.surplus = mapper.surplus, []
            for channel in surplus:
                self._hang_up_channel(channel)
        self._overdue.watch()
        if self._launched:
            now = asyncio.get_running_loop().time()
            for call_id in [key for key in self._launched if key not in mapper.launching]:
                del self._launched[call_id]
            for call_id in [key for key, deadline in self._launched.items() if deadline <= now]:
                del self._launched[call_id]
                mapper.launching.discard(call_id)
                self._out.append(OriginateRefused(call_id, Refusal.TIMED_OUT))
                self._give_up(call_id, self._doomed.pop(call_id, _NORMAL_CLEARING))
        come, mapper.come = mapper.come, []
        for call_id in come:
            cause = self._late.pop(call_id, self._doomed.get(call_id))
            if cause is not None and call_id in mapper.calls:
                self._hang_up(HangUp(call_id, cause))
        while self._waiting and len(self._launched) < self._settings.max_pending and not connection.paused:
            self._launch(connection, self._waiting.pop(next(iter(self._waiting))))

    async def _resolve(self, doubtful: list[int]) -> None:
        # Failed without a channel: a channel of that id that lives is a clash, else there was no way out to dial on. A
        # switch that is busy tells of the failure before it tells of the channel: who has one after all is left alone.
        for wait_s in (0.0, self._settings.doubt_s):
            await asyncio.sleep(wait_s)
            try:
                alive = {row[2] for row in (await self._list()).rows}
            except LinkDownError:
                return
            for call_id in doubtful:
                if dialplan.call_channel(call_id) in alive:
                    self._refuse_launched(call_id, Refusal.DUPLICATE)
            doubtful = [call_id for call_id in doubtful if call_id in self._mapper.launching]
            if not doubtful:
                return
        for call_id in doubtful:
            self._refuse_launched(call_id, Refusal.NO_CIRCUIT)

    def _refuse_launched(self, call_id: int, reason: Refusal) -> None:
        if call_id in self._mapper.launching and self._launched.pop(call_id, None) is not None:
            self._mapper.launching.discard(call_id)
            self._refuse(call_id, reason)

    def _flush(self) -> None:
        self._flushing = False
        if self._out and self._sink is not None:
            facts, self._out = self._out, []
            self._sink(facts)

    def _flush_soon(self) -> None:
        if self._out and not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    # ---- what lists tell ---------------------------------------------------------------------------------------

    def _up(self) -> AmiConnection:
        if self._connection is None:
            raise LinkDownError(self._link.reason)
        return self._connection

    async def _list(self) -> _List:
        # The ping after it lets events come first that were under way before the list.
        connection = self._up()
        since = self._mapper.sequence
        _, rows = await connection.ask("CoreShowChannels")
        await connection.ask("Ping")
        return _List(rows, since)

    def _settle(self, channels: _List, kept: Mapping[int, int] = _NOTHING, lost: Iterable[int] = ()) -> None:
        self._serial = max([self._serial, *(dialplan.agent_serial(row[2]) for row in channels.rows)])
        self._mapper.settle(channels.rows, channels.since, self._out, kept=kept, lost_launches=lost)
        self._after_events()
        self._flush_soon()

    async def _reconcile_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._settings.reconcile_s)
            try:
                await self._reconcile()
            except LinkDownError:
                continue

    async def _reconcile(self) -> None:
        channels = await self._list()
        self._settle(channels)
        if self._board.watched:
            self._board.read(spans_of((await self._up().ask("DAHDIShowStatus"))[1]))
        mine = {leg.channel for leg in (*self._mapper.agents.values(), *self._mapper.calls.values())}
        seen = {row[3] for row in channels.rows if _stray(row, mine)}
        for channel in sorted(seen & self._surrogates):
            log.warning("hanging up %s: left behind by a bridge", channel)
            self._hang_up_channel(channel)
        self._surrogates = seen

    def _ask_about(self, call_id: int) -> None:
        self._asked.add(call_id)
        self._ask_soon()

    def _ask_soon(self) -> None:
        if self._query is None and self._connection is not None:
            loop = asyncio.get_running_loop()
            self._query = loop.call_later(self._settings.query_window_s, lambda: self._spawn(self._answer_queries()))

    async def _answer_queries(self) -> None:
        self._query = None
        asked, self._asked = self._asked, set()
        try:
            self._settle(await self._list())
        except LinkDownError:
            self._asked |= asked  # answered when the link is up again
            return
        for call_id in sorted(asked):
            leg = self._mapper.calls.get(call_id)
            if leg is not None:
                self._out.append(CallQueried(call_id, leg.presence, leg.peer))
            elif call_id in self._waiting or call_id in self._launched:
                self._out.append(CallQueried(call_id, CallPresence.UNANSWERED))
            else:
                self._out.append(CallQueried(call_id, CallPresence.GONE))
        self._flush_soon()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _check_messages(campaigns: Iterable[Campaign]) -> None:
    # a message that is no file's name is refused before anybody needs it
    for campaign in campaigns:
        if campaign.message:
            dialplan.message_file(campaign.message)


async def _kept(connection: AmiConnection) -> list[KeptResult]:
    answer, rows = await connection.ask("DBGetTree", [("Family", dialplan.FAMILY)])
    if answer.response == "Success":
        found = [dialplan.kept_result(row[2], row[3]) for row in rows]
    elif "unknown command" in answer.get("Message"):  # before Asterisk 18
        shown, _ = await connection.ask("Command", [("Command", f"database show {dialplan.FAMILY}")])
        found = [dialplan.kept_result(*line.split(":", 1)) for line in shown.get_all("Output") if ":" in line]
    else:
        found = []
    return [one for one in found if one is not None]


def _stray(row: Row, mine: set[str]) -> bool:
    # An AMI Bridge takes a channel from its dialplan by way of a Surrogate, which seldom stays behind.
    name = row[3]
    if not name.startswith("Surrogate/") or row[5]:
        return False
    return name.removeprefix("Surrogate/") in mine or row[6].startswith(dialplan.PREFIX)


def _ignore(_: Message | None, __: list[Row]) -> None:
    """An answer that changes nothing."""
