"""AMI events -> facts: the recorded sessions of Asterisk 22, 16 and of voice cards, and each event by itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from outpace.domain.config import TrunkGroup, TrunkKind
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
    MessageEnded,
    OriginateRefused,
    TrunkCapacity,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal, Verdict
from outpace.telephony.asterisk._ami import EventReader
from outpace.telephony.asterisk.circuits import CircuitBoard
from outpace.telephony.asterisk.dialplan import agent_channel, call_channel
from outpace.telephony.asterisk.mapping import WANTED, Mapper, switch_ns
from outpace.telephony.asterisk.settings import Circuits

CAPTURES = Path(__file__).parents[3] / "data" / "captures"
CALL, AGENT = 1 << 32 | 5, 7
CUSTOMER, LEG = call_channel(CALL), agent_channel(AGENT, 1)
AT = "1795321036.098308"
AT_NS = 1_795_321_036_098_308_000

#: Calls of the recorded SIP sessions, by the name they have there.
SESSION = ["lead-b0", "lead-b1", *(f"lead-x{n}" for n in range(9)), "lead-r0", "lead-m", "lead-l"]


def session_id(channel: str) -> tuple[int, int]:
    if channel in SESSION:
        return SESSION.index(channel) + 1, 0
    return (0, int(channel[6:])) if channel.startswith("agent-") else (0, 0)


def card_id(channel: str) -> tuple[int, int]:
    return (int(channel[1:]), 0) if channel[:1] == "d" and channel[1:].isdigit() else (0, 0)


def board(*circuits: Circuits) -> CircuitBoard:
    groups = [TrunkGroup(id=number, name=f"span {number}", kind=TrunkKind.ISDN_PRI) for number in (1, 2)]
    return CircuitBoard(groups, circuits)


def replay(name: str, identify, circuits=(), seed: int = 1) -> list:
    source, mapper, reader, out = random.Random(seed), Mapper(board(*circuits), identify), EventReader(WANTED), []
    data = (CAPTURES / name).read_bytes()
    at = 0
    while at < len(data):
        size = source.choice((1, 7, 100, 1500, 4000))
        for row in reader.feed(data[at : at + size]):
            if isinstance(row, tuple):
                mapper.take(row, out)
                mapper.end_batch(out)
        at += size
    return out


def mapper() -> Mapper:
    return Mapper(board())


def facts(mapped: Mapper, *rows: tuple[str, ...]) -> list:
    out: list = []
    for row in rows:
        mapped.take(row, out)
    mapped.end_batch(out)
    return out


def new(uniqueid: str, state: str = "0", name: str = "PJSIP/x-00000001") -> tuple[str, ...]:
    return ("Newchannel", AT, uniqueid, name, state)


def state(uniqueid: str, value: str) -> tuple[str, ...]:
    return ("Newstate", AT, uniqueid, "PJSIP/x-00000001", value)


def hangup(uniqueid: str, cause: str, tech: str = "") -> tuple[str, ...]:
    return ("Hangup", AT, uniqueid, cause, tech)


# ---- recorded sessions ---------------------------------------------------------------------------------------------

#: call -> (outcome, cause, SIP status) on 22; 16 has no SIP status, and cause 0 for a ring time-out.
SIP_ENDS = {
    "lead-b0": (Outcome.NONE, 16, 0),
    "lead-b1": (Outcome.NONE, 16, 0),
    "lead-x0": (Outcome.BUSY, 17, 486),
    "lead-x1": (Outcome.NO_ANSWER, 19, 480),
    "lead-x2": (Outcome.CONGESTION, 34, 503),
    "lead-x3": (Outcome.INVALID, 1, 404),
    "lead-x4": (Outcome.NONE, 16, 0),
    "lead-x5": (Outcome.NO_ANSWER, 19, 480),
    "lead-x6": (Outcome.REJECTED, 21, 603),
    "lead-x7": (Outcome.NONE, 16, 0),
    "lead-x8": (Outcome.INVALID, 28, 484),
    "lead-m": (Outcome.NONE, 16, 0),
    "lead-l": (Outcome.BUSY, 17, 0),
    "lead-r0": (Outcome.NONE, 16, 0),
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", ["ami-capture.txt", "ami-capture-16.txt"])
def test_recorded_sip_calls_end_as_they_should(name, seed):
    told = replay(name, session_id, seed=seed)
    old = "16" in name
    for call, (outcome, cause, tech) in SIP_ENDS.items():
        number = SESSION.index(call) + 1
        ended = [fact for fact in told if type(fact) is CallEnded and fact.call_id == number]
        cause_here = 0 if old and call == "lead-x1" else cause
        assert [(e.outcome, e.hangup_cause, e.tech_cause) for e in ended] == [(outcome, cause_here, 0 if old else tech)]
        answered = [fact for fact in told if type(fact) is CallAnswered and fact.call_id == number]
        assert len(answered) == (outcome is Outcome.NONE), call


@pytest.mark.parametrize("name", ["ami-capture.txt", "ami-capture-16.txt"])
def test_recorded_agents_are_connected_and_released(name):
    told = replay(name, session_id)
    b0, b1 = SESSION.index("lead-b0") + 1, SESSION.index("lead-b1") + 1
    bridged = [fact for fact in told if type(fact) in (AgentConnected, AgentReleased)]
    assert sorted((type(f).__name__, f.call_id, f.agent_id) for f in bridged) == sorted(
        (kind, call, agent) for kind in ("AgentConnected", "AgentReleased") for call, agent in ((b0, 2), (b1, 1))
    )
    for call in (b0, b1):
        of_call = [type(f).__name__ for f in told if getattr(f, "call_id", 0) == call]
        assert of_call[-3:] == ["AgentConnected", "AgentReleased", "CallEnded"]
    assert [f.agent_id for f in told if type(f) is AgentLegUp] == [1, 2]
    assert sorted(f.agent_id for f in told if type(f) is AgentLegLost) == [1, 2]


def test_recorded_card_calls_end_as_they_should():
    told = replay("ami-capture-dahdi.txt", card_id)
    ends = {f.call_id: (f.outcome, f.hangup_cause) for f in told if type(f) is CallEnded}
    assert ends == {
        1000: (Outcome.NONE, 16),
        1010: (Outcome.NONE, 16),
        1800: (Outcome.NO_ANSWER, 19),
        4860: (Outcome.BUSY, 17),
        4040: (Outcome.INVALID, 1),
        5030: (Outcome.CONGESTION, 34),
        10001: (Outcome.NONE, 16),
        10002: (Outcome.NONE, 16),
    }
    assert [f.call_id for f in told if type(f) is CallRinging] == [1010, 1800]


def test_recorded_alarms_take_a_span_out_and_bring_it_back():
    circuits = (
        Circuits(trunk_group=1, span=1, channels="1-15,17-31"),
        Circuits(trunk_group=2, span=2, channels="32-46,48-62"),
    )
    told = [f for f in replay("ami-capture-dahdi-alarms.txt", card_id, circuits) if type(f) is TrunkCapacity]
    assert {f.trunk_group_id for f in told} == {2}  # span 1 has no alarm of its own
    levels = [f.channels for f in told]
    assert min(levels) == 0
    assert max(levels) == 30
    assert levels.index(0) < levels.index(30)
    assert levels[-1] == 4  # the recording ends while the span is coming back


# ---- event by event ------------------------------------------------------------------------------------------------


def test_a_call_from_channel_to_answer_with_the_switch_s_time():
    told = facts(mapper(), new(CUSTOMER), state(CUSTOMER, "5"), state(CUSTOMER, "5"), state(CUSTOMER, "6"))
    assert told == [CallProceeding(CALL, AT_NS), CallRinging(CALL, AT_NS), CallAnswered(CALL, AT_NS)]


@pytest.mark.parametrize(
    ("cause", "tech", "outcome"),
    [
        ("19", "480", Outcome.NO_ANSWER),  # ring time-out, 22
        ("0", "", Outcome.NO_ANSWER),  # ring time-out, 16
        ("19", "", Outcome.NO_ANSWER),  # ring time-out, voice card
        ("17", "600", Outcome.BUSY),
        ("58", "488", Outcome.FAILED),
        ("38", "500", Outcome.FAILED),
        ("21", "603", Outcome.REJECTED),
        ("34", "", Outcome.CONGESTION),
        ("1", "", Outcome.INVALID),
        ("x", "-1", Outcome.NO_ANSWER),  # unreadable numbers count as absent
    ],
)
def test_an_unanswered_end(cause, tech, outcome):
    told = facts(mapper(), new(CUSTOMER), hangup(CUSTOMER, cause, tech))
    assert told[1].outcome is outcome


@pytest.mark.parametrize("cause", ["0", "16"])
def test_an_end_after_an_answer_is_normal(cause):
    told = facts(mapper(), new(CUSTOMER), state(CUSTOMER, "6"), hangup(CUSTOMER, cause))
    assert told[-1] == CallEnded(CALL, Outcome.NONE, 16, 0, AT_NS)


@pytest.mark.parametrize(
    ("cause", "tech", "outcome"),
    [
        ("16", "", Outcome.CANCELLED),
        ("16", "487", Outcome.CANCELLED),
        ("16", "603", Outcome.CANCELLED),
        ("17", "486", Outcome.BUSY),
        ("21", "603", Outcome.REJECTED),
    ],
)
def test_an_end_that_we_asked_for(cause, tech, outcome):
    mapped = mapper()
    told = facts(mapped, new(CUSTOMER), state(CUSTOMER, "5"))
    mapped.calls[CALL].cancelled = True
    told += facts(mapped, hangup(CUSTOMER, cause, tech))
    assert told[-1].outcome is outcome


def test_channels_of_others_give_nothing():
    others = ["1795321036.12", "lab-1795321036.12", "outpace-", "outpace-12", "outpace-agent-x", "outpace-agent-7-1"]
    for uniqueid in others:
        mapped = mapper()
        events = [new(uniqueid), state(uniqueid, "6"), ("BridgeEnter", AT, uniqueid, "b"), hangup(uniqueid, "16")]
        assert facts(mapped, *events) == []


def test_what_comes_late_or_twice_gives_nothing():
    mapped = mapper()
    facts(mapped, new(CUSTOMER), state(CUSTOMER, "6"), hangup(CUSTOMER, "16"))
    late = [state(CUSTOMER, "6"), hangup(CUSTOMER, "16"), ("BridgeLeave", AT, CUSTOMER, "b")]
    assert facts(mapped, *late, ("OriginateResponse", AT, CUSTOMER, "Failure", "0")) == []
    assert mapped.doubtful == []


def test_a_bridge_counts_when_both_are_in_it_whoever_comes_first():
    for first, second in ((CUSTOMER, LEG), (LEG, CUSTOMER)):
        mapped = mapper()
        facts(mapped, new(LEG, "6"), new(CUSTOMER, "6"))
        assert facts(mapped, ("BridgeEnter", AT, first, "b1")) == []
        assert facts(mapped, ("BridgeEnter", AT, second, "b1")) == [AgentConnected(CALL, AGENT, AT_NS)]
        assert mapped.calls[CALL].presence is CallPresence.BRIDGED
        assert facts(mapped, ("BridgeLeave", AT, CUSTOMER, "b1")) == []
        assert facts(mapped, ("BridgeLeave", AT, LEG, "b1")) == [AgentReleased(CALL, AGENT, AT_NS)]
        assert facts(mapped, ("BridgeLeave", AT, LEG, "b1")) == []
        assert mapped._bridges == {}


def test_legs_in_different_bridges_are_not_connected():
    mapped = mapper()
    facts(mapped, new(LEG, "6"), new(CUSTOMER, "6"))
    assert facts(mapped, ("BridgeEnter", AT, LEG, "b1"), ("BridgeEnter", AT, CUSTOMER, "b2")) == []


def test_an_agent_s_leg_that_ends_in_talk_is_released_first():
    mapped = mapper()
    facts(mapped, new(LEG, "6"), new(CUSTOMER, "6"), ("BridgeEnter", AT, LEG, "b"), ("BridgeEnter", AT, CUSTOMER, "b"))
    assert facts(mapped, hangup(LEG, "16")) == [AgentReleased(CALL, AGENT, AT_NS), AgentLegLost(AGENT, 16, AT_NS)]
    assert mapped.calls[CALL].presence is CallPresence.ANSWERED


@pytest.mark.parametrize(
    ("status", "cause", "verdict", "greeting_end"),
    [
        ("HUMAN", "HUMAN-820-800", Verdict.PERSON, AT_NS - 820_000_000),
        ("HUMAN", "", Verdict.PERSON, 0),
        ("MACHINE", "MAXWORDS-3-3", Verdict.MACHINE, 0),
        ("NOTSURE", "TOOLONG-5000", Verdict.UNSURE, 0),
    ],
)
def test_verdicts(status, cause, verdict, greeting_end):
    mapped = mapper()
    facts(mapped, new(CUSTOMER, "6"))
    told = facts(mapped, ("UserEvent", AT, CUSTOMER, "OutpaceVerdict", status, cause))
    assert told == [CpaVerdict(CALL, verdict, greeting_end, 0, AT_NS)]


def test_no_verdict_without_a_status_and_none_from_a_user_event_of_others():
    mapped = mapper()
    facts(mapped, new(CUSTOMER, "6"), new(LEG, "6"))
    assert facts(mapped, ("UserEvent", AT, CUSTOMER, "OutpaceVerdict", "", "")) == []
    assert facts(mapped, ("UserEvent", AT, CUSTOMER, "OutpaceVerdict", "HANGUP", "")) == []
    assert facts(mapped, ("UserEvent", AT, CUSTOMER, "DialResult", "HUMAN", "")) == []
    assert facts(mapped, ("UserEvent", AT, LEG, "OutpaceMessageEnded", "", "")) == []
    assert facts(mapped, ("UserEvent", AT, CUSTOMER, "OutpaceMessageEnded", "SUCCESS", "")) == [
        MessageEnded(CALL, AT_NS)
    ]


@pytest.mark.parametrize("reason", ["0", "8"])
def test_a_failure_without_a_channel_is_doubtful(reason):
    mapped = mapper()
    mapped.launching.add(CALL)
    assert facts(mapped, ("OriginateResponse", AT, CUSTOMER, "Failure", reason)) == []
    assert mapped.doubtful == [CALL]


def test_a_failure_with_a_channel_is_told_by_the_hangup_alone_in_either_order():
    for rows in (
        [hangup(CUSTOMER, "17", "486"), ("OriginateResponse", AT, CUSTOMER, "Failure", "0")],
        [("OriginateResponse", AT, CUSTOMER, "Failure", "0"), hangup(CUSTOMER, "17", "486")],
    ):
        mapped = mapper()
        mapped.launching.add(CALL)
        told = facts(mapped, new(CUSTOMER), *rows)
        assert told == [CallProceeding(CALL, AT_NS), CallEnded(CALL, Outcome.BUSY, 17, 486, AT_NS)]
        assert mapped.doubtful == []


def test_an_agent_s_leg_that_cannot_be_opened_is_lost():
    mapped = mapper()
    mapped.opening[AGENT] = LEG
    assert facts(mapped, ("OriginateResponse", AT, LEG, "Failure", "0")) == [AgentLegLost(AGENT, 0, AT_NS)]
    assert mapped.opening == {}


def test_a_second_leg_of_an_agent_is_surplus_unless_the_first_is_closing():
    mapped, second = mapper(), agent_channel(AGENT, 2)
    facts(mapped, new(LEG, "6"))
    assert facts(mapped, new(second, "6", "PJSIP/agent7-00000002")) == []
    assert mapped.surplus == ["PJSIP/agent7-00000002"]
    mapped.agents[AGENT].cancelled = True
    assert facts(mapped, new(second, "6")) == [AgentLegUp(AGENT, AT_NS)]
    assert facts(mapped, hangup(LEG, "16")) == []
    assert mapped.agents[AGENT].uniqueid == second


def test_span_alarms_take_the_whole_span():
    circuits = (Circuits(trunk_group=1, span=1, channels="1-15"), Circuits(trunk_group=1, span=3, channels="17-31"))
    mapped = Mapper(board(*circuits))
    assert facts(mapped) == []
    assert facts(mapped, ("Alarm", "4"), ("Alarm", "4"), ("Alarm", "16")) == [TrunkCapacity(1, 29)]
    assert facts(mapped, ("SpanAlarm", "3")) == [TrunkCapacity(1, 14)]
    assert facts(mapped, ("AlarmClear", "4")) == [TrunkCapacity(1, 15)]
    assert facts(mapped, ("SpanAlarmClear", "3")) == [TrunkCapacity(1, 30)]


# ---- lists ---------------------------------------------------------------------------------------------------------


def listed(uniqueid: str, value: str = "6", bridge: str = "") -> tuple[str, ...]:
    return ("CoreShowChannel", "1", uniqueid, f"PJSIP/{uniqueid[-3:]}", value, bridge, uniqueid)


def settle(mapped: Mapper, *rows, since: int | None = None, kept=None, lost=()) -> list:
    out: list = []
    mapped.settle(rows, mapped.sequence if since is None else since, out, kept=kept or {}, lost_launches=lost)
    return out


def test_a_list_tells_what_events_did_not():
    mapped = mapper()
    mapped.launching.add(CALL)
    mapped.opening[AGENT] = LEG
    assert settle(mapped, listed(CUSTOMER, "5"), listed(LEG)) == [
        CallProceeding(CALL),
        CallRinging(CALL),
        AgentLegUp(AGENT),
    ]
    assert settle(mapped, listed(CUSTOMER, "6", "b"), listed(LEG, "6", "b")) == [
        CallAnswered(CALL),
        AgentConnected(CALL, AGENT),
    ]
    assert settle(mapped, listed(CUSTOMER), listed(LEG)) == [AgentReleased(CALL, AGENT)]
    assert settle(mapped, listed(CUSTOMER), listed(LEG)) == []
    assert settle(mapped) == [CallEnded(CALL, Outcome.NONE, 16), AgentLegLost(AGENT)]


def test_channels_of_an_earlier_epoch_are_taken_in_silence():
    mapped = mapper()
    assert settle(mapped, listed(CUSTOMER, "6", "b"), listed(LEG, "6", "b")) == []
    assert (mapped.calls[CALL].presence, mapped.calls[CALL].peer) == (CallPresence.BRIDGED, AGENT)
    assert facts(mapped, hangup(CUSTOMER, "16")) == [CallEnded(CALL, Outcome.NONE, 16, 0, AT_NS)]


def test_a_list_that_is_older_than_an_event_changes_nothing():
    mapped = mapper()
    asked = mapped.sequence
    facts(mapped, new(CUSTOMER), state(CUSTOMER, "6"))
    assert settle(mapped, since=asked) == []
    assert settle(mapped, listed(CUSTOMER, "5", "b"), since=asked) == []
    assert mapped.calls[CALL].bridge == ""


def test_a_call_that_vanished_unanswered_is_lost_unless_its_timer_kept_a_result():
    mapped = mapper()
    facts(mapped, new(CUSTOMER))
    assert settle(mapped) == [CallEnded(CALL, Outcome.LOST)]
    facts(mapped, new(CUSTOMER))
    assert settle(mapped, kept={CALL: AT_NS}) == [CallEnded(CALL, Outcome.ABANDONED, 16, switch_ns=AT_NS)]


def test_a_launch_on_a_link_that_is_gone_is_in_doubt_unless_its_timer_kept_a_result():
    mapped = mapper()
    mapped.launching |= {CALL, CALL + 1, CALL + 2}
    told = settle(mapped, listed(CUSTOMER, "0"), kept={CALL + 2: AT_NS}, lost=(CALL, CALL + 1, CALL + 2))
    assert told == [
        CallProceeding(CALL),
        OriginateRefused(CALL + 1, Refusal.TIMED_OUT),
        CallEnded(CALL + 2, Outcome.ABANDONED, 16, switch_ns=AT_NS),
    ]
    assert mapped.launching == set()


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [(AT, AT_NS), ("1795321036", 1_795_321_036_000_000_000), ("1795321036.5", 1_795_321_036_500_000_000), ("", 0)]
    + [(bad, 0) for bad in ("now", "-1.5", "99999999999.0", "9223372036.9", "\u00b2", "\u0661.\u0665")],
)
def test_time_stamps_are_exact(stamp, expected):
    assert switch_ns(stamp) == expected
