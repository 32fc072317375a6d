"""The adapter against a scripted peer: what a real switch does too seldom to wait for, and what is sent and when."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from outpace.domain.commands import (
    CloseAgentLeg,
    ConnectAgent,
    HangUp,
    OpenAgentLeg,
    Originate,
    PlayMessage,
    QueryCall,
)
from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup, TrunkKind
from outpace.domain.errors import ConfigError, LocalProtocolError
from outpace.domain.errors import LinkDown as LinkDownError
from outpace.domain.events import (
    AgentConnected,
    AgentLegLost,
    AgentLegUp,
    CallEnded,
    CallProceeding,
    CallQueried,
    ConnectFailed,
    LinkDown,
    LinkUp,
    OriginateRefused,
    TrunkCapacity,
)
from outpace.domain.outcomes import AbandonReason, CallPresence, Outcome, Refusal
from outpace.telephony.adapter import KeptResult, LiveCall
from outpace.telephony.asterisk.adapter import AsteriskAdapter
from outpace.telephony.asterisk.dialplan import agent_channel, call_channel
from outpace.telephony.asterisk.settings import AsteriskSettings, Circuits
from tests.lab.fixtures import Facts
from tests.lab.peer import Peer

CALL = 3 << 32 | 1
CAMPAIGN = Campaign(id=1, name="c", message="sorry", connect_limit_s=1.5)
SIP = TrunkGroup(id=1, name="sip", strip="49", prefix="0", channels=30)
CARD = TrunkGroup(id=2, name="card", kind=TrunkKind.ISDN_PRI, dial="DAHDI/g1/{number}", channels=30)
CIRCUITS = Circuits(trunk_group=2, span=1, channels="1-15,17-31")


@pytest.fixture
async def peer():
    made = Peer()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def facts():
    return Facts()


@pytest.fixture
async def connect(peer, facts):
    made = []

    async def connected(**changes) -> AsteriskAdapter:
        options = {
            "port": peer.port, "secret": "s", "query_window_s": 0.01, "backoff_s": 0.01, "backoff_max_s": 0.05,
            "doubt_s": 0.05,
        }  # fmt: skip
        adapter = AsteriskAdapter(
            AsteriskSettings(**(options | changes)),
            campaigns=[CAMPAIGN],
            trunk_groups=[SIP, CARD],
            agents=[Agent(id=7, name="a", leg="PJSIP/agent7"), Agent(id=8, name="b", leg="Local/8@desk")],
        )
        made.append(adapter)
        await adapter.connect(facts)
        return adapter

    yield connected
    for adapter in made:
        await adapter.close()


def originate(call_id: int = CALL, **changes) -> Originate:
    fields = {"campaign_id": 1, "trunk_group_id": 1, "number": 4930123, "caller_id": "+4930555"} | changes
    return Originate(call_id=call_id, ring_timeout_ns=20_000_000_000, classify=False, **fields)


def live(peer, uniqueid: str, channel: str, state: str = "6") -> None:
    peer.push("Newchannel", Uniqueid=uniqueid, Channel=channel, ChannelState=state)


async def talkers(peer, facts, adapter) -> None:
    """An agent's leg and an answered call."""
    adapter.submit([OpenAgentLeg(7), originate()])
    await peer.wait("Originate", 2)
    live(peer, agent_channel(7, 1), "PJSIP/agent7-00000001")
    live(peer, call_channel(CALL), "PJSIP/carrier-00000002")
    await facts.wait(AgentLegUp, 7)
    await facts.wait(CallProceeding, CALL)


async def test_a_hang_up_that_the_switch_has_lost_is_carried_out(peer, facts, connect, caplog):
    adapter = await connect(hangup_grace_s=0.05)
    await talkers(peer, facts, adapter)
    peer.push("HangupRequest", Uniqueid="somebody-else")
    peer.push("HangupRequest", Uniqueid=call_channel(CALL))
    assert (await peer.wait("Hangup"))["Channel"] == call_channel(CALL)
    assert (await peer.wait("Hangup", 2))["Channel"] == call_channel(CALL)  # until it is gone
    peer.push("Hangup", Uniqueid=call_channel(CALL), Cause="16")
    assert (await facts.wait(CallEnded, CALL)).hangup_cause == 16
    peer.push("HangupRequest", Uniqueid=agent_channel(7, 1))
    while (await peer.wait("Hangup", len(peer.of("Hangup")) + 1))["Channel"] != agent_channel(7, 1):
        pass
    said = {record.getMessage() for record in caplog.records if record.levelname == "WARNING"}
    assert said == {f"Asterisk has lost a hang-up: clearing the {what}" for what in ("call", "leg")}


async def test_a_hang_up_that_the_switch_carries_out_is_left_to_it(peer, facts, connect):
    adapter = await connect(hangup_grace_s=0.5)
    await talkers(peer, facts, adapter)
    adapter.submit([originate(CALL + 1)])
    await peer.wait("Originate", 3)
    live(peer, call_channel(CALL + 1), "PJSIP/carrier-00000003", "5")
    await facts.wait(CallProceeding, CALL + 1)
    for call in (CALL, CALL + 1):  # one that rings ends by its own outcome
        peer.push("HangupRequest", Uniqueid=call_channel(call))
    peer.push("Hangup", Uniqueid=call_channel(CALL), Cause="16")
    await facts.wait(CallEnded, CALL)
    peer.push("HangupRequest", Uniqueid=agent_channel(7, 1))
    await peer.wait("Hangup")
    assert [action["Channel"] for action in peer.of("Hangup")] == [agent_channel(7, 1)]


async def test_a_hang_up_that_was_lost_waits_for_the_link(peer, facts, connect):
    adapter = await connect(hangup_grace_s=1.0)
    await talkers(peer, facts, adapter)
    peer.channels = [
        {"Uniqueid": call_channel(CALL), "Channel": "PJSIP/carrier-00000002", "ChannelState": "6", "BridgeId": ""}
    ]
    peer.push("HangupRequest", Uniqueid=call_channel(CALL))
    peer.push("HangupRequest", Uniqueid=agent_channel(7, 1))
    async with asyncio.timeout(5):
        while len(adapter._overdue._due) < 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    await peer.stop()
    await facts.wait(LinkDown)
    await peer.start()
    await facts.wait(AgentLegLost, 7)  # it is not in the list
    assert (await peer.wait("Hangup"))["Channel"] == call_channel(CALL)
    assert len(peer.of("Hangup")) == 1
    await adapter.close()
    assert adapter._overdue._timer is None


async def test_other_settings_take_effect_while_it_works(peer, facts, connect):
    adapter = await connect()
    groups = (msgspec.structs.replace(SIP, channels=10, prefix="9"), CARD, TrunkGroup(id=3, name="new", channels=7))
    agents = (Agent(id=9, name="c", leg="PJSIP/agent9"),)
    adapter.change(Pool(campaigns=(CAMPAIGN,), trunk_groups=groups, agents=agents))
    await facts.wait(TrunkCapacity, 3)
    told = [fact for fact in facts.seen if isinstance(fact, TrunkCapacity)]
    assert told[-2:] == [TrunkCapacity(1, 10), TrunkCapacity(3, 7)]
    adapter.submit([originate(), OpenAgentLeg(9)])
    assert (await peer.wait("Originate"))["Channel"] == "PJSIP/930123@carrier"
    assert (await peer.wait("Originate", 2))["Channel"] == "PJSIP/agent9"
    with pytest.raises(ConfigError, match="not a sound file's name"):
        adapter.check(Pool(campaigns=(msgspec.structs.replace(CAMPAIGN, message="a,b"),), trunk_groups=groups))


async def test_an_originate_says_all_that_the_fragment_needs(peer, facts, connect):
    adapter = await connect()
    adapter.submit([originate()])
    action = await peer.wait("Originate")
    assert action | {"Variable": ""} == {
        "Action": "Originate", "ActionID": call_channel(CALL), "Channel": "PJSIP/030123@carrier",
        "ChannelId": call_channel(CALL), "Context": "outpace-call", "Exten": "wait", "Priority": "1",
        "Timeout": "20000", "Account": "outpace-1", "Async": "true", "CallerID": "+4930555", "Variable": "",
        "Variables": f"OUTPACE_CALL={CALL},OUTPACE_LIMIT=2.500,OUTPACE_MESSAGE=sorry",
    }  # fmt: skip


async def test_originates_beyond_the_bound_wait_first_in_first_out(peer, facts, connect):
    adapter = await connect(max_pending=2, max_waiting=3)
    calls = [CALL + n for n in range(6)]
    adapter.submit([originate(call) for call in calls])
    assert (await facts.wait(OriginateRefused)) == OriginateRefused(calls[5], Refusal.NO_CIRCUIT)
    await peer.wait("Originate", 2)
    assert adapter.pressure() | {"round_trip_s": 0} == adapter.pressure() | {
        "round_trip_s": 0, "originates_pending": 2.0, "originates_waiting": 3.0,
    }  # fmt: skip
    adapter.submit([HangUp(calls[3], 16)])  # never sent
    assert await facts.wait(CallEnded) == CallEnded(calls[3], Outcome.CANCELLED)
    for turn, call in enumerate(calls[:2]):
        live(peer, call_channel(call), f"PJSIP/carrier-{turn}", "0")
    await peer.wait("Originate", 4)
    assert [action["ChannelId"] for action in peer.of("Originate")] == [
        call_channel(call) for call in (calls[0], calls[1], calls[2], calls[4])
    ]


async def test_a_failure_without_a_channel_is_no_circuit_or_a_clash_as_the_switch_lists(peer, facts, connect):
    adapter = await connect()
    adapter.submit([originate(CALL, trunk_group_id=2), originate(CALL + 1)])
    await peer.wait("Originate", 2)
    peer.channels = [{"Uniqueid": call_channel(CALL + 1), "Channel": "PJSIP/other", "ChannelState": "6"}]
    for call, reason in ((CALL, "8"), (CALL + 1, "0")):
        peer.push("OriginateResponse", ActionID=call_channel(call), Response="Failure", Reason=reason)
    assert (await facts.wait(OriginateRefused, CALL)).reason is Refusal.NO_CIRCUIT
    assert (await facts.wait(OriginateRefused, CALL + 1)).reason is Refusal.DUPLICATE


async def test_a_failure_that_overtakes_its_channel_is_the_end_of_a_call_that_was_made(peer, facts, connect):
    adapter = await connect(doubt_s=0.3)
    adapter.submit([originate()])
    await peer.wait("Originate")
    peer.push("OriginateResponse", ActionID=call_channel(CALL), Response="Failure", Reason="0")
    live(peer, call_channel(CALL), "PJSIP/carrier-1", "0")
    peer.push("Hangup", Uniqueid=call_channel(CALL), Cause="1", TechCause="404")
    assert (await facts.wait(CallEnded, CALL)).outcome is Outcome.INVALID
    adapter.submit([originate(CALL + 1)])
    await peer.wait("Originate", 2)
    peer.push("OriginateResponse", ActionID=call_channel(CALL + 1), Response="Failure", Reason="0")
    assert await facts.wait(OriginateRefused) == OriginateRefused(CALL + 1, Refusal.NO_CIRCUIT)
    assert facts.about(CALL) == ["CallProceeding", "CallEnded"]


async def test_a_synchronous_error_is_a_refusal_by_the_switch(peer, facts, connect):
    adapter = await connect()
    peer.answers["Originate"] = lambda action: [[("Response", "Error"), ("Message", "Extension does not exist.")]]
    adapter.submit([originate(), OpenAgentLeg(7)])
    assert await facts.wait(OriginateRefused) == OriginateRefused(CALL, Refusal.BY_SWITCH)
    assert await facts.wait(AgentLegLost) == AgentLegLost(7)


async def test_unknown_trunk_groups_and_campaigns_and_twice_the_same_call_are_refused_here(peer, facts, connect):
    adapter = await connect()
    adapter.submit([originate(CALL, trunk_group_id=9), originate(CALL + 1, campaign_id=9), originate(CALL + 2)])
    adapter.submit([originate(CALL + 2)])
    await facts.wait(OriginateRefused, count=3)
    assert [fact.reason for fact in facts.of(OriginateRefused)] == [
        Refusal.BY_SWITCH, Refusal.BY_SWITCH, Refusal.DUPLICATE,
    ]  # fmt: skip
    await asyncio.sleep(0.02)
    assert len(peer.of("Originate")) == 1


async def test_a_channel_that_comes_after_its_time_is_hung_up_at_once(peer, facts, connect):
    adapter = await connect(launch_timeout_s=0.05)
    adapter.submit([originate()])
    assert (await facts.wait(OriginateRefused)).reason is Refusal.TIMED_OUT
    assert adapter.pressure()["originates_pending"] == 0.0
    live(peer, call_channel(CALL), "PJSIP/carrier-00000009", "0")
    assert (await peer.wait("Hangup"))["Channel"] == "PJSIP/carrier-00000009"


async def test_a_call_given_up_with_the_link_is_hung_up_should_its_channel_come_late(peer, facts, connect):
    adapter = await connect()
    adapter.submit([originate()])
    await peer.wait("Originate")
    peer.hang_up()
    assert (await facts.wait(OriginateRefused)).reason is Refusal.TIMED_OUT
    await facts.wait(LinkUp, count=2)
    live(peer, call_channel(CALL), "PJSIP/carrier-00000009", "0")
    assert (await peer.wait("Hangup"))["Channel"] == "PJSIP/carrier-00000009"
    await facts.wait(CallProceeding, CALL)


async def test_a_hangup_of_a_call_that_is_not_there_holds_when_its_channel_comes_late(peer, facts, connect):
    # of an earlier epoch: its originate is in the switch's queue yet
    peer.answers["Hangup"] = lambda action: [[("Response", "Error"), ("Message", "No such channel")]]
    old = 2 << 32 | 8
    adapter = await connect()
    adapter.submit([HangUp(old, 21)])
    assert await facts.wait(CallQueried) == CallQueried(old, CallPresence.GONE)
    live(peer, call_channel(old + 1), "PJSIP/carrier-00000008", "0")
    live(peer, call_channel(old), "PJSIP/carrier-00000009", "0")
    hangup = await peer.wait("Hangup", 2)
    assert (hangup["Channel"], hangup["Cause"]) == ("PJSIP/carrier-00000009", "21")
    assert len(peer.of("Hangup")) == 2


async def test_what_is_remembered_of_calls_without_a_channel_is_bounded(peer, facts, connect, monkeypatch):
    monkeypatch.setattr("outpace.telephony.asterisk.adapter._LATE_MAX", 2)
    adapter = await connect()
    adapter.submit([HangUp(CALL + n, 16) for n in range(3)])
    await peer.wait("Hangup", 3)
    for n in range(3):
        live(peer, call_channel(CALL + n), f"PJSIP/carrier-{n}", "0")
    await peer.wait("Hangup", 5)
    assert [action["Channel"] for action in peer.of("Hangup")[3:]] == ["PJSIP/carrier-1", "PJSIP/carrier-2"]


async def test_an_agent_s_leg_of_which_nothing_was_heard_is_opened_again_when_its_time_is_over(peer, facts, connect):
    adapter = await connect(agent_timeout_s=0.05)
    adapter.submit([OpenAgentLeg(7), OpenAgentLeg(7)])
    await peer.wait("Originate")
    await asyncio.sleep(0.06)
    assert len(peer.of("Originate")) == 1
    adapter.submit([OpenAgentLeg(7)])
    assert (await peer.wait("Originate", 2))["ChannelId"] == agent_channel(7, 2)


async def test_an_agent_s_leg_that_was_closed_before_its_channel_came_is_hung_up(peer, facts, connect):
    adapter = await connect()
    adapter.submit([OpenAgentLeg(7), CloseAgentLeg(7)])
    assert await facts.wait(AgentLegLost) == AgentLegLost(7)
    await peer.wait("Hangup")
    live(peer, agent_channel(7, 1), "PJSIP/agent7-00000001")
    assert (await peer.wait("Hangup", 2))["Channel"] == "PJSIP/agent7-00000001"
    assert not facts.of(AgentLegUp)


async def test_a_link_that_goes_refuses_what_waits_and_sends_nothing_until_it_is_back(peer, facts, connect):
    adapter = await connect(max_pending=1)
    adapter.submit([originate(CALL), originate(CALL + 1)])
    await peer.wait("Originate")
    await peer.stop()
    await facts.wait(LinkDown)
    assert (await facts.wait(OriginateRefused, CALL + 1)).reason is Refusal.LINK_DOWN
    asked = len(peer.actions)
    adapter.submit([originate(CALL + 2), HangUp(CALL, 16), QueryCall(CALL), OpenAgentLeg(7), CloseAgentLeg(7)])
    adapter.submit([ConnectAgent(CALL, 7), PlayMessage(CALL, "sorry")])
    assert (await facts.wait(OriginateRefused, CALL + 2)).reason is Refusal.LINK_DOWN
    assert await facts.wait(ConnectFailed) == ConnectFailed(CALL, 7, False)
    await facts.wait(AgentLegLost, 7, count=2)
    for method in (adapter.snapshot, adapter.kept_results, lambda: adapter.forget([CALL])):
        with pytest.raises(LinkDownError):
            await method()
    assert len(peer.actions) == asked
    # back: the originate of which nothing was heard is alive, and what was wanted meanwhile is done
    peer.channels = [{"Uniqueid": call_channel(CALL), "Channel": "PJSIP/late", "ChannelState": "5"}]
    await peer.start()
    await facts.wait(LinkUp, count=2)
    assert (await peer.wait("Hangup"))["Channel"] == "PJSIP/late"
    assert await facts.wait(CallQueried) == CallQueried(CALL, CallPresence.UNANSWERED)
    assert facts.about(CALL)[:2] == ["ConnectFailed", "CallProceeding"]


async def test_a_launch_that_the_link_s_loss_swallowed_is_in_doubt(peer, facts, connect):
    adapter = await connect()
    adapter.submit([originate()])
    await peer.wait("Originate")
    peer.hang_up()
    assert await facts.wait(OriginateRefused) == OriginateRefused(CALL, Refusal.TIMED_OUT)
    assert adapter.pressure()["originates_pending"] == 0.0


async def test_the_variable_that_stops_the_timer_is_set_before_the_bridge(peer, facts, connect):
    adapter = await connect()
    await talkers(peer, facts, adapter)
    adapter.submit([ConnectAgent(CALL, 7)])
    bridge = await peer.wait("Bridge")
    assert (bridge["Channel1"], bridge["Channel2"]) == ("PJSIP/agent7-00000001", "PJSIP/carrier-00000002")
    before = peer.actions[peer.actions.index(bridge) - 1]
    assert (before["Action"], before["Channel"]) == ("Setvar", "PJSIP/carrier-00000002")
    assert before["Variables"] == "OUTPACE_TAKEN"
    assert before["Value"] == "1"
    for uniqueid in (agent_channel(7, 1), call_channel(CALL)):
        peer.push("BridgeEnter", Uniqueid=uniqueid, BridgeUniqueid="b")
    await facts.wait(AgentConnected, CALL)


@pytest.mark.parametrize("leg_lost", [True, False])
async def test_a_bridge_that_fails_gives_the_call_back_to_the_timer(peer, facts, connect, leg_lost):
    adapter = await connect()
    await talkers(peer, facts, adapter)

    def refuse(action):
        if leg_lost:
            peer.push("Hangup", Uniqueid=agent_channel(7, 1), Cause="16")
        return [[("Response", "Error"), ("Message", "Channel1 does not exists")]]

    peer.answers["Bridge"] = refuse
    adapter.submit([ConnectAgent(CALL, 7)])
    assert await facts.wait(ConnectFailed) == ConnectFailed(CALL, 7, leg_lost)
    await peer.wait("Setvar", 2)
    assert [action["Value"] for action in peer.of("Setvar")] == ["1", ""]


async def test_a_message_that_cannot_be_played_is_answered_with_the_call_s_state(peer, facts, connect):
    adapter = await connect()
    await talkers(peer, facts, adapter)
    peer.channels = [
        {"Uniqueid": call_channel(CALL), "Channel": "PJSIP/carrier-00000002", "ChannelState": "6"},
        {"Uniqueid": agent_channel(7, 1), "Channel": "PJSIP/agent7-00000001", "ChannelState": "6"},
    ]
    peer.answers["Redirect"] = lambda action: [[("Response", "Error"), ("Message", "Redirect failed")]]
    adapter.submit([PlayMessage(CALL, "sorry")])
    assert await facts.wait(CallQueried) == CallQueried(CALL, CallPresence.ANSWERED)
    adapter.submit([PlayMessage(CALL, "a&b")])
    await facts.wait(CallQueried, count=2)
    assert len(peer.of("Redirect")) == 1
    assert peer.of("Setvar")[0]["Value"] == "sorry"


async def test_queries_share_one_list(peer, facts, connect):
    adapter = await connect(query_window_s=0.05)
    before = len(peer.of("CoreShowChannels"))
    adapter.submit([QueryCall(CALL + n) for n in range(50)])
    await facts.wait(CallQueried, count=50)
    assert {fact.presence for fact in facts.of(CallQueried)} == {CallPresence.GONE}
    assert len(peer.of("CoreShowChannels")) == before + 1


async def test_a_surrogate_left_behind_by_a_bridge_of_ours_is_hung_up(peer, facts, connect):
    adapter = await connect(reconcile_s=0.05)
    adapter.submit([OpenAgentLeg(7)])
    await peer.wait("Originate")
    live(peer, agent_channel(7, 1), "PJSIP/agent7-00000001")
    await facts.wait(AgentLegUp, 7)
    leg = {"Uniqueid": agent_channel(7, 1), "Channel": "PJSIP/agent7-00000001", "ChannelState": "6", "BridgeId": ""}
    stray = {"Uniqueid": "x.1", "Channel": "Surrogate/PJSIP/agent7-00000001", "ChannelState": "6", "BridgeId": ""}
    others = stray | {"Channel": "Surrogate/PJSIP/desk-00000003", "Linkedid": "x.9"}
    bridged = stray | {"Channel": "Surrogate/PJSIP/agent8-00000003", "BridgeId": "b", "Linkedid": agent_channel(8, 1)}
    first = len(peer.of("CoreShowChannels"))
    peer.channels = [leg, stray, others, bridged]
    assert (await peer.wait("Hangup"))["Channel"] == stray["Channel"]
    assert len(peer.of("CoreShowChannels")) >= first + 2  # one that passes through a bridge just now is spared
    peer.channels = [leg]
    seen = len(peer.of("CoreShowChannels"))
    await peer.wait("CoreShowChannels", seen + 3)
    assert {action["Channel"] for action in peer.of("Hangup")} == {stray["Channel"]}
    assert facts.of(AgentLegLost) == []


async def test_a_second_leg_of_an_agent_is_hung_up(peer, facts, connect):
    peer.channels = [
        {"Uniqueid": agent_channel(7, 4), "Channel": "PJSIP/agent7-4", "ChannelState": "6"},
        {"Uniqueid": agent_channel(7, 9), "Channel": "PJSIP/agent7-9", "ChannelState": "6"},
    ]
    adapter = await connect()
    assert (await peer.wait("Hangup"))["Channel"] == "PJSIP/agent7-9"
    adapter.submit([OpenAgentLeg(7), OpenAgentLeg(8)])
    assert await facts.wait(AgentLegUp, 7) == AgentLegUp(7)
    # a new leg's id is none that lives
    action = await peer.wait("Originate")
    assert (action["ChannelId"], action["Channel"]) == (agent_channel(8, 10), "Local/8@desk/n")


async def test_capacity_of_a_card_is_read_at_link_up_and_follows_alarms(peer, facts, connect):
    span = {"Alarms": "RED"}
    rows = lambda action: [  # noqa: E731
        [("Response", "Success"), ("EventList", "start")],
        [("Event", "DAHDIShowStatus"), ("Span", "1"), *span.items()],
        [("Event", "DAHDIShowStatusComplete"), ("EventList", "Complete")],
    ]
    peer.answers["DAHDIShowStatus"] = rows
    adapter = await connect(circuits=(CIRCUITS,), reconcile_s=0.1)
    assert adapter.capabilities.trunk_alarms
    assert facts.seen[:3] == [LinkUp(), TrunkCapacity(1, 30), TrunkCapacity(2, 0)]
    span["Alarms"] = "OK"
    assert await facts.wait(TrunkCapacity, 2, count=2) == TrunkCapacity(2, 30)
    peer.push("Alarm", DAHDIChannel="3", Alarm="Red Alarm")
    assert await facts.wait(TrunkCapacity, 2, count=3) == TrunkCapacity(2, 29)


async def test_kept_results_are_read_and_forgotten(peer, facts, connect):
    adapter = await connect()
    peer.kept = {str(CALL): "abandoned|1795321036", "7": "something else", "x": "abandoned|1"}
    kept = [KeptResult(CALL, AbandonReason.NO_AGENT_IN_TIME, 1_795_321_036_000_000_000)]
    assert await adapter.kept_results() == kept
    await adapter.forget([CALL])
    assert [(action["Family"], action["Key"]) for action in peer.of("DBDel")] == [("outpace", str(CALL))]
    peer.kept = {}
    assert await adapter.kept_results() == []


async def test_kept_results_of_an_old_asterisk_come_from_its_console(peer, facts, connect):
    adapter = await connect()
    peer.answers["DBGetTree"] = lambda action: [[("Response", "Error"), ("Message", "Invalid/unknown command: x")]]
    peer.answers["Command"] = lambda action: [
        [
            ("Response", "Success"),
            ("Output", f"/outpace/{CALL}                         : abandoned|1795321036         "),
            ("Output", "1 results found."),
        ]
    ]
    assert [one.call_id for one in await adapter.kept_results()] == [CALL]
    assert peer.of("Command")[0]["Command"] == "database show outpace"


async def test_a_database_without_results_is_no_error(peer, facts, connect):
    adapter = await connect()
    peer.answers["DBGetTree"] = lambda action: [[("Response", "Error"), ("Message", "Database entries not found")]]
    assert await adapter.kept_results() == []


async def test_a_snapshot_knows_calls_of_any_epoch(peer, facts, connect):
    old = 2 << 32 | 8
    peer.channels = [
        {"Uniqueid": call_channel(old), "Channel": "PJSIP/c", "ChannelState": "6", "BridgeId": "b"},
        {"Uniqueid": agent_channel(7, 1), "Channel": "PJSIP/agent7-1", "ChannelState": "6", "BridgeId": "b"},
        {"Uniqueid": call_channel(old + 1), "Channel": "PJSIP/d", "ChannelState": "5", "BridgeId": ""},
        {"Uniqueid": "1795.7", "Channel": "PJSIP/e", "ChannelState": "6", "BridgeId": ""},
    ]
    adapter = await connect()
    assert await adapter.snapshot() == [
        LiveCall(old, CallPresence.BRIDGED, 7),
        LiveCall(old + 1, CallPresence.UNANSWERED),
    ]
    assert [type(fact) for fact in facts.seen] == [LinkUp, TrunkCapacity, TrunkCapacity]


def test_a_campaign_s_message_is_checked_at_once():
    campaign = Campaign(id=1, name="c", message="a,b")
    with pytest.raises(LocalProtocolError, match="not a sound file's name"):
        AsteriskAdapter(AsteriskSettings(secret="s"), campaigns=[campaign], trunk_groups=[SIP])
