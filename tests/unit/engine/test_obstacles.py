"""What stands in the way of a campaign, or of one of its leads: everything that is closed, and until when."""

from __future__ import annotations

import pytest

from outpace.domain import events as e
from outpace.domain.config import Abandonment, CallingHours, DialMode
from outpace.domain.errors import UnknownId
from outpace.domain.outcomes import LimitedBy, Outcome, Refusal
from tests.unit.engine.rig import T0, Rig, S, pool_of

LIMITS = {limit.name.lower() for limit in LimitedBy}


def guards(rig: Rig, lead: int = 0) -> list[str]:
    return [one.guard for one in rig.engine.obstacles(1, lead)]


def test_nothing_stands_in_the_way_of_the_next_lead() -> None:
    rig = Rig(pool_of(agents=1)).start(ready=0)
    rig.lease(3)
    rig.do(e.PacingChanged(1, 1.0, 1), e.AgentReady(1), e.PacingChanged(1, 1.0, 0))
    assert guards(rig) == ["pacing"]  # the agent is called for
    (call,) = rig.checkers.open
    rig.do(e.IntentDurable(call), e.CallAnswered(call), e.AgentConnected(call, 1))
    assert guards(rig, 2) == ["pacing"]
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1), e.CampaignPaused(1), e.AgentReady(1))
    assert guards(rig, 2) == ["not_running"]


def test_every_guard_that_is_closed_is_named_and_those_without_an_end_come_first() -> None:
    hours = CallingHours(timezone="UTC", start="09:00", end="22:00")
    rig = Rig(pool_of(agents=1, calling_hours=hours))
    rig.wait(1)
    assert guards(rig) == ["not_running", "switch_down", "no_agents", "no_leads", "outside_hours"]
    shut = rig.engine.obstacles(1)[-1]
    assert shut.text == "outside the calling hours"
    assert shut.opens_ns == T0 + (10 * 3600 + 46 * 60 + 40) * S
    assert set(guards(rig)) <= LIMITS


@pytest.mark.parametrize(
    ("facts", "guard", "words"),
    [
        ([e.CampaignPaused(1)], "not_running", "the campaign is paused"),
        ([e.CampaignDraining(1)], "draining", "the campaign is draining"),
        ([e.LinkDown("x")], "switch_down", "the switch is out of reach"),
        ([e.AgentNotReady(1), e.AgentLoggedOut(2)], "no_agents", "no agent is logged in and unpaused, 1 are paused"),
        ([e.TrunkCapacity(1, 0)], "trunk_channels", "all 0 channels of trunk group 'carrier' are in use"),
        ([e.IntentRefused(77, 2)], "store_behind", "another engine has taken the pool"),
    ],
)
def test_guard_says_what_it_is(facts: list[e.Event], guard: str, words: str) -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.dial(4)
    rig.do(*facts)
    (found,) = [one for one in rig.engine.obstacles(1) if one.guard == guard]
    assert found.text.startswith(words)


def test_trunk_groups_are_in_the_way_only_when_none_has_room() -> None:
    rig = Rig(pool_of(agents=9, trunk={"cps": 2.0, "burst": 1})).start()
    (call,) = rig.dial(5)
    (found,) = [one for one in rig.engine.obstacles(1) if one.guard == "cps"]
    assert (found.text, found.opens_ns) == ("trunk group 'carrier' takes 2 calls a second", T0 + 400_000_000)
    rig.wait(0.4)
    assert len(rig.checkers.open) == 2
    rig.do(e.OriginateRefused(call, Refusal.NO_CIRCUIT))
    (found,) = [one for one in rig.engine.obstacles(1) if one.guard == "trunk_channels"]
    assert (found.text, found.opens_ns) == ("trunk group 'carrier' had no circuit just now", rig.now + S)


def test_outstanding_originates_are_in_the_way() -> None:
    rig = Rig(pool_of(agents=9, trunk={"max_pending": 2})).start()
    rig.dial(5)
    assert "pending_originates" in guards(rig)


def test_full_table_of_calls_is_in_the_way() -> None:
    rig = Rig(pool_of(agents=9, max_calls=2)).start()
    rig.dial(5)
    assert "call_table_full" in guards(rig)


def test_spent_budget_is_in_the_way_until_the_window_ends_unless_an_agent_is_ready() -> None:
    rig = Rig(pool_of(agents=1, mode=DialMode.PREDICTIVE, abandonment=Abandonment(cap=0.0))).start(ready=1)
    rig.wait(1)
    assert "budget" not in guards(rig)
    rig.lease(1)
    rig.wait(1)
    (call,) = rig.checkers.open
    rig.do(e.IntentDurable(call), e.CallAnswered(call), e.AgentConnected(call, 1))
    (found,) = [one for one in rig.engine.obstacles(1) if one.guard == "budget"]
    assert found.opens_ns == T0 - T0 % (86_400 * S) + 86_400 * S
    assert found.text.startswith("the abandonment budget is spent (0 of 1 at a cap of 0.0%)")


def test_pacer_that_wants_no_call_says_what_it_sees() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.dial(5)
    (found,) = rig.engine.obstacles(1)
    assert found.guard == "pacing"
    assert "2 agents ready, 0 talking, 0 in wrap-up, 2 calls under way" in found.text


def test_lead_is_in_a_call_in_the_hopper_or_with_the_store() -> None:
    rig = Rig(pool_of(agents=1)).start()
    (call,) = rig.dial(4)
    rig.do(e.CallRinging(call))
    assert guards(rig, 1) == ["pacing", "in_call"]
    assert rig.engine.obstacles(1, 1)[1].text == f"it is in a call: {call} is ringing"
    assert guards(rig, 2) == ["pacing"]
    assert rig.engine.obstacles(1, 4)[1].text == "2 leads in the hopper are dialled before it"
    assert guards(rig, 77) == ["pacing", "not_leased"]
    rig.do(e.CallEnded(call, Outcome.BUSY))
    assert guards(rig, 1) == ["pacing", "not_leased"]


def test_agentless_campaign_needs_no_agent() -> None:
    rig = Rig(pool_of(agents=1, mode=DialMode.AGENTLESS, message="hello")).start(ready=0)
    rig.do(e.AgentLoggedOut(1))
    assert guards(rig) == ["no_leads"]


def test_obstacles_of_a_campaign_that_does_not_exist_raise_unknown_id() -> None:
    with pytest.raises(UnknownId):
        Rig().engine.obstacles(9)
