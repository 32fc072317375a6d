"""AMI events -> facts. Owns the table of our live channels; no I/O, no clock, so recorded traffic replays through it.

A row is what the codec's `EventReader` gives for an event that `WANTED` names: the event's name, then its fields.
Outcomes come from Hangup.Cause and TechCause: OriginateResponse.Reason and DialStatus say the same for different ends
(0, NOANSWER for 404, 480, 484, 488, 500 and 603 alike), and their order against Newstate and Hangup varies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from outpace.domain.events import (
    AgentConnected,
    AgentLegLost,
    AgentLegUp,
    AgentReleased,
    CallAnswered,
    CallEnded,
    CallProceeding,
    CallRinging,
    CpaVerdict,
    Event,
    MessageEnded,
    OriginateRefused,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal, Verdict, outcome_of_q850, outcome_of_sip
from outpace.telephony.asterisk import dialplan
from outpace.telephony.asterisk.circuits import CircuitBoard

#: A wanted event's fields, by name.
Row = tuple[str, ...]

_CHANNEL = ("Timestamp", "Uniqueid", "Channel", "ChannelState")

#: Events that become facts, and the fields they need.
WANTED: dict[str, tuple[str, ...]] = {
    "Newchannel": _CHANNEL,
    "Newstate": _CHANNEL,
    "Hangup": ("Timestamp", "Uniqueid", "Cause", "TechCause"),
    "HangupRequest": ("Timestamp", "Uniqueid"),
    "OriginateResponse": ("Timestamp", "ActionID", "Response", "Reason"),
    "BridgeEnter": ("Timestamp", "Uniqueid", "BridgeUniqueid"),
    "BridgeLeave": ("Timestamp", "Uniqueid", "BridgeUniqueid"),
    "UserEvent": ("Timestamp", "Uniqueid", "UserEvent", "Status", "Cause"),
    "Alarm": ("DAHDIChannel",),
    "AlarmClear": ("DAHDIChannel",),
    "SpanAlarm": ("Span",),
    "SpanAlarmClear": ("Span",),
}

#: SIP finals with which a call ends that we have cancelled ourselves.
_CANCEL_FINALS = frozenset({0, 480, 487})

#: Cause and SIP status of a call that Asterisk 22 ends for us before the network has said a word. A network that
#: declines gives 603 as well, with cause 21.
_CANCELLED_HERE = (16, 603)

#: The last second whose nanoseconds are within 64 bits.
_LAST_S = (2**63 - 1) // 1_000_000_000 - 1

DOWN, RINGING, UP = 0, 5, 6


class Leg:
    """A live channel of ours: a customer's (call_id) or an agent's standing leg (agent_id)."""

    __slots__ = ("agent_id", "bridge", "call_id", "cancelled", "channel", "peer", "seen", "state", "uniqueid")

    def __init__(self, uniqueid: str, channel: str, call_id: int, agent_id: int) -> None:
        self.uniqueid = uniqueid
        self.channel = channel
        self.call_id = call_id
        self.agent_id = agent_id
        self.state = DOWN
        self.bridge = ""
        self.peer = 0  # the agent a call is connected to, or the call of an agent
        self.cancelled = False
        self.seen = 0  # number of the last event about it

    @property
    def presence(self) -> CallPresence:
        """What the switch would say of the call."""
        if self.state != UP:
            return CallPresence.UNANSWERED
        return CallPresence.BRIDGED if self.peer else CallPresence.ANSWERED


class Mapper:
    """Turns rows into facts and keeps our live channels by id.

    Parameters
    ----------
    board : capacity of the trunk groups.
    identify : channel id -> (call id, agent id), see `dialplan.identify`.

    Attributes
    ----------
    calls, agents : live legs by call id and by agent id.
    launching : originates that have no channel yet.
    opening : agents whose leg was originated and has no channel yet -> its channel id.
    doubtful : calls whose originate failed without a channel; the adapter asks whether one of that id lives.
    unwanted : channel ids of agents' legs that were closed before they had a channel.
    surplus : channel names of second and of unwanted legs of an agent, to be hung up.
    come : calls whose channel has come since the adapter last took them from here.
    leaving : legs that were up when their far end hung up, since the adapter last took them from here.
    """

    def __init__(self, board: CircuitBoard, identify: Callable[[str], tuple[int, int]] = dialplan.identify) -> None:
        self.board = board
        self.calls: dict[int, Leg] = {}
        self.agents: dict[int, Leg] = {}
        self.launching: set[int] = set()
        self.opening: dict[int, str] = {}
        self.unwanted: set[str] = set()
        self.doubtful: list[int] = []
        self.surplus: list[str] = []
        self.come: list[int] = []
        self.leaving: list[Leg] = []
        self.sequence = 0
        self._identify = identify
        self._legs: dict[str, Leg] = {}
        self._bridges: dict[str, list[Leg]] = {}
        self._takes: dict[str, Callable[[Row, list[Event]], None]] = {
            "Newchannel": self._new_channel,
            "Newstate": self._new_state,
            "Hangup": self._hangup,
            "HangupRequest": self._hangup_request,
            "OriginateResponse": self._originate_response,
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
            "UserEvent": self._user_event,
            "Alarm": self._alarm,
            "AlarmClear": self._alarm,
            "SpanAlarm": self._alarm,
            "SpanAlarmClear": self._alarm,
        }

    def take(self, row: Row, out: list[Event]) -> None:
        """Append the facts of one event. What is not about our channels gives none."""
        self._takes[row[0]](row, out)

    def end_batch(self, out: list[Event]) -> None:
        """Append what is told once per batch: capacity, which a span's failure changes 31 times at once."""
        self.board.tell(out)

    # ---- events ------------------------------------------------------------------------------------------------

    def _leg(self, row: Row) -> Leg | None:
        leg = self._legs.get(row[2])
        if leg is not None:
            self.sequence += 1
            leg.seen = self.sequence
        return leg

    def _new_channel(self, row: Row, out: list[Event]) -> None:
        leg = self._legs.get(row[2]) or self._adopt(row[2], row[3], out, switch_ns(row[1]))
        if leg is not None:
            self.sequence += 1
            leg.seen = self.sequence
            self._raise_state(leg, _number(row[4]), switch_ns(row[1]), out)

    def _adopt(self, uniqueid: str, channel: str, out: list[Event], at_ns: int) -> Leg | None:
        call_id, agent_id = self._identify(uniqueid)
        if not (call_id or agent_id):
            return None
        leg = Leg(uniqueid, channel, call_id, agent_id)
        if call_id:
            self.calls[call_id] = leg
            self.launching.discard(call_id)
            self.come.append(call_id)
            out.append(CallProceeding(call_id, at_ns))
        else:
            old = self.agents.get(agent_id)
            if uniqueid in self.unwanted or (old is not None and not old.cancelled):
                self.unwanted.discard(uniqueid)
                self.surplus.append(channel)
                return None
            if old is not None:  # closing, and reopened meanwhile
                self._leave(old, at_ns, out)
                self._forget(old)
            self.agents[agent_id] = leg
            self.opening.pop(agent_id, None)
        self._legs[uniqueid] = leg
        return leg

    def _new_state(self, row: Row, out: list[Event]) -> None:
        leg = self._leg(row)
        if leg is not None:
            self._raise_state(leg, _number(row[4]), switch_ns(row[1]), out)

    def _raise_state(self, leg: Leg, state: int, at_ns: int, out: list[Event]) -> None:
        # Only forward: SIP may ring several times, and a list read later repeats what events have told.
        if state == UP and leg.state != UP:
            leg.state = UP
            out.append(CallAnswered(leg.call_id, at_ns) if leg.call_id else AgentLegUp(leg.agent_id, at_ns))
        elif state == RINGING and leg.state == DOWN:
            leg.state = RINGING
            if leg.call_id:
                out.append(CallRinging(leg.call_id, at_ns))

    def _hangup(self, row: Row, out: list[Event]) -> None:
        leg = self._legs.get(row[2])
        if leg is not None:
            self._end(leg, _number(row[3]), _number(row[4]), switch_ns(row[1]), out)

    def _hangup_request(self, row: Row, _: list[Event]) -> None:
        leg = self._legs.get(row[2])
        if leg is not None and leg.state == UP:
            self.leaving.append(leg)

    def is_live(self, leg: Leg) -> bool:
        """Whether the switch has not told of the leg's end yet."""
        return self._legs.get(leg.uniqueid) is leg

    def _end(self, leg: Leg, cause: int, tech: int, at_ns: int, out: list[Event]) -> None:
        self._leave(leg, at_ns, out)
        self._forget(leg)
        if leg.call_id:
            out.append(CallEnded(leg.call_id, ended_outcome(leg, cause, tech), normal_cause(leg, cause), tech, at_ns))
        else:
            out.append(AgentLegLost(leg.agent_id, cause, at_ns))

    def _forget(self, leg: Leg) -> None:
        del self._legs[leg.uniqueid]
        if leg.call_id:
            del self.calls[leg.call_id]
        else:
            del self.agents[leg.agent_id]

    def _originate_response(self, row: Row, out: list[Event]) -> None:
        if row[3] == "Success":
            return
        call_id, agent_id = self._identify(row[2])
        if call_id in self.launching:
            self.doubtful.append(call_id)
        elif self.opening.get(agent_id) == row[2]:
            del self.opening[agent_id]
            out.append(AgentLegLost(agent_id, 0, switch_ns(row[1])))
        self.unwanted.discard(row[2])

    def _bridge_enter(self, row: Row, out: list[Event]) -> None:
        leg = self._leg(row)
        if leg is not None:
            self._enter(leg, row[3], switch_ns(row[1]), out)

    def _enter(self, leg: Leg, bridge: str, at_ns: int, out: list[Event]) -> None:
        if leg.bridge == bridge:
            return
        if leg.bridge:
            self._leave(leg, at_ns, out)
        leg.bridge = bridge
        members = self._bridges.setdefault(bridge, [])
        for other in members:
            if bool(other.call_id) != bool(leg.call_id):
                call, agent = (leg, other) if leg.call_id else (other, leg)
                agent.peer, call.peer = call.call_id, agent.agent_id
                out.append(AgentConnected(call.call_id, agent.agent_id, at_ns))
        members.append(leg)

    def _bridge_leave(self, row: Row, out: list[Event]) -> None:
        leg = self._leg(row)
        if leg is not None and leg.bridge == row[3]:
            self._leave(leg, switch_ns(row[1]), out)

    def _leave(self, leg: Leg, at_ns: int, out: list[Event]) -> None:
        if leg.bridge:
            members = self._bridges[leg.bridge]
            members.remove(leg)
            if not members:
                del self._bridges[leg.bridge]
            leg.bridge = ""
        if leg.agent_id and leg.peer:
            out.append(AgentReleased(leg.peer, leg.agent_id, at_ns))
            call = self.calls.get(leg.peer)
            if call is not None:
                call.peer = 0
        leg.peer = 0

    def _user_event(self, row: Row, out: list[Event]) -> None:
        leg = self._leg(row)
        if leg is None or not leg.call_id:
            return
        at_ns = switch_ns(row[1])
        if row[3] == dialplan.EVENT_MESSAGE_ENDED:
            out.append(MessageEnded(leg.call_id, at_ns))
        elif row[3] == dialplan.EVENT_VERDICT:
            verdict = dialplan.verdict_of(row[4])
            silence_ns = dialplan.closing_silence_ns(row[5])
            greeting_end_ns = at_ns - silence_ns if silence_ns and at_ns else 0
            if verdict is not Verdict.NONE:
                out.append(CpaVerdict(leg.call_id, verdict, greeting_end_ns, 0, at_ns))

    def _alarm(self, row: Row, _: list[Event]) -> None:
        number, on = _number(row[1]), not row[0].endswith("Clear")
        if row[0].startswith("Span"):
            self.board.span_alarm(number, on=on)
        else:
            self.board.alarm(number, on=on)

    # ---- what lists tell ---------------------------------------------------------------------------------------

    def settle(
        self,
        rows: Sequence[Row],
        since: int,
        out: list[Event],
        *,
        kept: Mapping[int, int],
        lost_launches: Iterable[int] = (),
    ) -> None:
        """Bring the table in line with a list of the switch's channels and append the facts that were missed.

        Legs with an event after `since` (the sequence when the list was asked for) are left alone: the list may be
        older than what their events have told. `kept` holds the results of dead-man's timers (call id -> ns): a
        call of ours in it was answered and met by nobody else. `lost_launches`: originates sent on a link that is
        gone; without a channel and without a kept result their fate is unknown.
        """
        alive = {row[2] for row in rows}
        for row in rows:
            leg, told = self._legs.get(row[2]), out
            if leg is None:
                call_id, agent_id = self._identify(row[2])
                # What we have not asked for is an earlier epoch's: adopted in silence, `snapshot` tells of it.
                told = out if call_id in self.launching or self.opening.get(agent_id) == row[2] else []
                leg = self._adopt(row[2], row[3], told, 0)
            if leg is None or leg.seen > since:
                continue
            leg.channel = row[3]
            self._raise_state(leg, _number(row[4]), 0, told)
            if leg.bridge and leg.bridge != row[5]:
                self._leave(leg, 0, told)
            if row[5]:
                self._enter(leg, row[5], 0, told)
        for call_id in lost_launches:
            if call_id in self.launching:
                self.launching.discard(call_id)
                self._vanished(call_id, kept.get(call_id, 0), out)
        for leg in [leg for leg in self._legs.values() if leg.uniqueid not in alive and leg.seen <= since]:
            self._leave(leg, 0, out)
            self._forget(leg)
            if leg.agent_id:
                out.append(AgentLegLost(leg.agent_id))
            elif leg.call_id in kept:
                out.append(CallEnded(leg.call_id, Outcome.ABANDONED, 16, switch_ns=kept[leg.call_id]))
            elif leg.state == UP:
                out.append(CallEnded(leg.call_id, Outcome.NONE, 16))
            else:
                out.append(CallEnded(leg.call_id, Outcome.LOST))

    def _vanished(self, call_id: int, kept_ns: int, out: list[Event]) -> None:
        if not kept_ns:
            out.append(OriginateRefused(call_id, Refusal.TIMED_OUT))
            return
        out.append(CallEnded(call_id, Outcome.ABANDONED, 16, switch_ns=kept_ns))


def ended_outcome(leg: Leg, cause: int, tech: int) -> Outcome:
    """The network's view of a call's end; NONE where it was answered. `tech` is a SIP status, 0 = there is none.

    Cause 0 without an answer is the ring time-out of Asterisk 16; 22 and voice cards say 19.
    """
    if leg.state == UP:
        return Outcome.NONE
    if leg.cancelled and (tech in _CANCEL_FINALS or (cause, tech) == _CANCELLED_HERE):
        return Outcome.CANCELLED
    if tech:
        return outcome_of_sip(tech)
    return outcome_of_q850(cause) if cause else Outcome.NO_ANSWER


def normal_cause(leg: Leg, cause: int) -> int:
    """Q.850 cause; Asterisk 22 says 0 where a caller hangs up after an answer, 16 elsewhere."""
    return 16 if leg.state == UP and cause == 0 else cause


def switch_ns(stamp: str) -> int:
    """`1795321035.098308` -> UTC nanoseconds, exactly; 0 = no or no usable time stamp."""
    seconds, _, fraction = stamp.partition(".")
    if not (seconds.isdigit() and seconds.isascii()) or len(seconds) > 10 or int(seconds) > _LAST_S:
        return 0
    digits = (fraction + "000000000")[:9]
    return int(seconds) * 1_000_000_000 + (int(digits) if digits.isdigit() and digits.isascii() else 0)


def _number(text: str) -> int:
    return int(text) if text.isdigit() and text.isascii() and len(text) < 10 else 0
