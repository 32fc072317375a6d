"""When pacers are asked, what they see, and what the gate makes of their wishes."""

from __future__ import annotations

from typing import Any

from outpace import Agent, Campaign, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode
from outpace.domain.outcomes import Fallback, LimitedBy, Outcome
from tests.unit.engine.rig import MS, NEVER, T0, Rig, S, pool_of

ADVANCES, DECISIONS, LAST_NS = range(3)


def paced(wish: Any, *, agents: int = 1, trunk: dict[str, Any] | None = None, **wishes: int) -> tuple[Rig, Any]:
    """A started campaign whose pacer decides twice a second, with a full hopper."""
    rig = Rig(pool_of(agents=agents, mode=DialMode.RATIO, trunk=trunk))
    pacer = wish(interval_ns=500 * MS, **wishes)
    rig.engine.campaigns.pacers[0] = pacer
    rig.now += 200 * MS
    rig.start()
    rig.lease(20)
    return rig, pacer


def asked(pacer: Any, what: int = DECISIONS) -> int:
    return int(pacer.columns["asked"][what])


# ---- the clock -----------------------------------------------------------------------------------------------------


def test_pacer_with_an_interval_decides_at_the_start_and_then_by_the_clock(wish: Any) -> None:
    rig, pacer = paced(wish)
    assert asked(pacer) == 1
    assert rig.engine.next_deadline_ns() == T0 + 500 * MS
    rig.wait(0.299)
    assert asked(pacer) == 1
    rig.wait(0.001)
    assert (asked(pacer), asked(pacer, LAST_NS)) == (2, T0 + 500 * MS)
    rig.wait(10)
    assert asked(pacer) == 22
    assert asked(pacer, ADVANCES) == asked(pacer)


def test_facts_between_two_ticks_wait_for_the_clock(wish: Any) -> None:
    rig, pacer = paced(wish, agents=2)
    pacer.count = 3
    rig.do(e.AgentNotReady(2), e.AgentReady(2), e.TrunkCapacity(1, 29))
    assert (asked(pacer), rig.ever(c.WriteIntent)) == (1, [])
    rig.wait(0.3)
    assert len(rig.heard(c.WriteIntent)) == 3


def test_pacer_without_an_interval_decides_whenever_something_changes_and_never_else(wish: Any) -> None:
    rig = Rig(pool_of(mode=DialMode.RATIO))
    pacer = rig.engine.campaigns.pacers[0] = wish()
    rig.start()
    rig.lease(20)
    before = asked(pacer)
    rig.wait(60)
    assert asked(pacer) == before
    rig.do(e.TrunkCapacity(1, 29))
    assert asked(pacer) == before + 1
    assert asked(pacer, ADVANCES) <= asked(pacer)


def test_clock_stops_with_the_campaign_and_goes_on_with_it(wish: Any) -> None:
    rig, pacer = paced(wish)
    rig.do(e.CampaignPaused(1))
    rig.wait(1)
    stopped = asked(pacer)
    assert rig.engine.campaign_reason(1) is LimitedBy.NOT_RUNNING
    rig.wait(60)
    assert asked(pacer) == stopped
    rig.do(e.CampaignStarted(1))
    assert asked(pacer) == stopped + 1


def test_clock_goes_on_while_calls_of_a_paused_campaign_are_in_hand(wish: Any) -> None:
    rig, pacer = paced(wish, count=1)
    rig.wait(0.3)
    (intent,) = rig.ever(c.WriteIntent)
    pacer.count = 0
    rig.do(e.IntentDurable(intent.call_id), e.CallRinging(intent.call_id), e.CampaignPaused(1))
    learned, decided = asked(pacer, ADVANCES), asked(pacer)
    rig.wait(5)
    assert (asked(pacer, ADVANCES), asked(pacer)) == (learned + 10, decided)
    rig.do(e.CallEnded(intent.call_id, Outcome.BUSY, 17))
    learned = asked(pacer, ADVANCES)
    rig.wait(5)
    assert asked(pacer, ADVANCES) == learned


def test_a_closed_gate_is_visible_at_once_and_teaches_nothing_without_a_link(wish: Any) -> None:
    rig, pacer = paced(wish)
    learned = asked(pacer, ADVANCES)
    rig.do(e.LinkDown("cable"))
    assert rig.engine.campaign_reason(1) is LimitedBy.SWITCH_DOWN
    rig.wait(5)
    assert (asked(pacer), asked(pacer, ADVANCES)) == (1, learned)
    rig.do(e.LinkUp())
    rig.wait(0.5)
    assert asked(pacer) == 2


def test_after_a_jump_of_the_clock_there_is_one_decision(wish: Any) -> None:
    rig, pacer = paced(wish)
    before = asked(pacer)
    rig.jump(3600)
    assert asked(pacer) == before
    rig.wait(0.5)
    assert asked(pacer) == before + 1
    rig.wait(5)
    assert asked(pacer) == before + 11


def test_nobody_ticking_for_a_while_makes_no_burst(wish: Any) -> None:
    rig, pacer = paced(wish)
    before = asked(pacer)
    rig.now += 4 * S
    rig.do()
    assert asked(pacer) == before + 1


def shared(wish: Any) -> tuple[Rig, list[Any]]:
    """Two campaigns that share their one agent."""
    rig = Rig(
        Pool(
            campaigns=tuple(Campaign(id=n, name=f"c{n}", mode=DialMode.RATIO, hopper_size=20) for n in (1, 2)),
            trunk_groups=(TrunkGroup(id=1, name="t", cps=1000.0, burst=30),),
            agents=(Agent(id=1, name="a", campaigns=(1, 2)),),
        )
    )
    pacers = [wish(interval_ns=500 * MS, claims=2), wish(interval_ns=500 * MS, claims=5)]
    rig.engine.campaigns.pacers[:] = pacers
    return rig, pacers


def test_campaigns_of_one_interval_decide_together_and_see_each_others_claims(wish: Any) -> None:
    rig, pacers = shared(wish)
    rig.do(e.LinkUp(), e.AgentLoggedIn(1), e.AgentLegUp(1), e.AgentReady(1), e.CampaignStarted(1))
    rig.now += 123 * MS
    rig.do(e.CampaignStarted(2))
    rig.wait(2.0)
    assert {asked(pacer, LAST_NS) for pacer in pacers} == {T0 + 2000 * MS}
    ready = rig.engine.snapshot_arrays["ready"]
    assert ready.tolist() == [1 - 5, 1 - 2]
    firsts = {int(rig.engine.registers_array[6]) % 2}
    rig.wait(0.5)
    firsts.add(int(rig.engine.registers_array[6]) % 2)
    assert firsts == {0, 1}


# ---- what pacers see -----------------------------------------------------------------------------------------------


def test_snapshot_tells_free_lines_less_those_of_a_blocked_group(wish: Any) -> None:
    rig, pacer = paced(wish, count=3, trunk={"channels": 10})
    rig.wait(0.3)
    pacer.count = 0
    lines = rig.engine.snapshot_arrays["lines"]
    rig.wait(0.5)
    assert lines.tolist() == [7]
    rig.do(e.TrunkCapacity(1, 2))
    rig.wait(0.5)
    assert lines.tolist() == [0]
    rig.do(e.TrunkCapacity(1, 10))
    (intent, *_) = rig.ever(c.WriteIntent)
    rig.do(e.IntentDurable(intent.call_id), e.OriginateRefused(intent.call_id, 1))
    rig.wait(0.5)
    assert lines.tolist() == [0]
    rig.wait(1.0)
    assert lines.tolist() == [8]


def test_a_switch_that_tells_nothing_of_many_calls_is_silent_until_it_does() -> None:
    trunk = {"channels": 200, "cps": 200.0, "burst": 200}
    rig = Rig(pool_of(agents=20, mode=DialMode.PREDICTIVE, hopper_size=400, max_calls=200, trunk=trunk)).start()
    rig.lease(400)
    rig.wait(0.5)
    rig.do(*[e.IntentDurable(one.call_id) for one in rig.ever(c.WriteIntent)])
    calls = [one.call_id for one in rig.ever(c.Originate)]
    assert len(calls) > 20
    rig.wait(25)
    assert rig.engine.decisions(1)[-1].fallback is Fallback.FEED_SILENT
    rig.do(e.CallEnded(calls[0], Outcome.BUSY, 17))
    rig.wait(0.5)
    latest = rig.engine.latest_decision(1)
    assert latest is not None
    assert latest.fallback is Fallback.NONE


# ---- lawful cancels ------------------------------------------------------------------------------------------------


def dialled(rig: Rig, pacer: Any) -> list[int]:
    """The calls of one decision, made durable."""
    rig.lease(20)
    intents = [one for one in rig.wait(0.5) if isinstance(one, c.WriteIntent)]
    pacer.count = 0
    rig.do(*[e.IntentDurable(intent.call_id) for intent in intents])
    return [one.call_id for one in rig.heard(c.Originate)]


def ringing(wish: Any, *, count: int = 4, **campaign: Any) -> tuple[Rig, Any, list[int]]:
    """Calls that began to ring a second apart, the last one now."""
    settings = {"mode": DialMode.RATIO, "cancels": True} | campaign
    rig = Rig(pool_of(agents=1, **settings))
    pacer = rig.engine.campaigns.pacers[0] = wish(interval_ns=500 * MS, count=count)
    rig.start()
    calls = dialled(rig, pacer)
    assert len(calls) == count
    for call in calls:
        rig.wait(1)
        rig.do(e.CallRinging(call))
    return rig, pacer, calls


def test_calls_are_cancelled_longest_ringing_first_and_none_before_its_time(wish: Any) -> None:
    rig, pacer, calls = ringing(wish)
    pacer.cancels = 2
    rig.wait(11.9)
    assert rig.heard(c.HangUp) == []
    rig.wait(0.1)
    assert rig.heard(c.HangUp) == [c.HangUp(calls[0], 16)]
    rig.wait(0.5)
    assert rig.heard(c.HangUp) == []  # hung up already, the others have not rung for 15 s
    rig.wait(2)
    assert [one.call_id for one in rig.heard(c.HangUp)] == calls[1:3]
    assert rig.counter("campaigns")[1]["cancels"] == 3
    rig.do(e.CallEnded(calls[0], Outcome.NO_ANSWER, 16))
    assert rig.record().outcome is Outcome.OVERDIALLED


def test_cancels_are_as_many_as_wanted_and_part_of_the_decision(wish: Any) -> None:
    rig, pacer, calls = ringing(wish)
    rig.wait(16)
    pacer.cancels = 3
    rig.wait(0.5)
    pacer.cancels = 0
    assert [one.call_id for one in rig.heard(c.HangUp)] == calls[:3]
    last = rig.engine.decisions(1)[-1]
    assert (last.cancels, last.count) == (3, 0)
    assert "cancelled 3 that rang longest" in last.render()


def test_nothing_is_cancelled_where_the_campaign_does_not_say_so(wish: Any) -> None:
    rig, pacer, _ = ringing(wish, cancels=False)
    pacer.cancels = 4
    rig.wait(20)
    assert rig.heard(c.HangUp) == []
    assert rig.counter("campaigns")[1]["cancels"] == 0


def test_the_time_that_it_must_ring_is_the_campaigns(wish: Any) -> None:
    rig, pacer, calls = ringing(wish, count=1, min_ring_s=19.0)
    pacer.cancels = 1
    rig.wait(18.9)
    assert rig.heard(c.HangUp) == []
    rig.wait(0.5)
    assert rig.heard(c.HangUp) == [c.HangUp(calls[0], 16)]


def test_what_only_proceeds_or_rang_before_a_jump_is_not_cancelled(wish: Any) -> None:
    rig, pacer, calls = ringing(wish, count=1)
    pacer.cancels = 1
    rig.wait(5)
    rig.jump(3600)
    assert rig.heard(c.HangUp) == []
    rig.wait(9.5)
    assert rig.heard(c.HangUp) == []
    rig.wait(1)
    assert rig.heard(c.HangUp) == [c.HangUp(calls[0], 16)]
    other = Rig(pool_of(agents=1, mode=DialMode.RATIO, cancels=True))
    other.engine.campaigns.pacers[0] = wish(interval_ns=500 * MS, count=1, cancels=1)
    (call,) = dialled(other.start(), other.engine.campaigns.pacers[0])
    other.do(e.CallProceeding(call))
    other.wait(20)
    assert other.heard(c.HangUp) == []


def test_whoever_answers_a_cancelled_call_is_abandoned_in_the_ledger(wish: Any) -> None:
    rig, pacer, calls = ringing(wish, count=1)
    pacer.cancels = 1
    rig.wait(16)
    rig.do(e.CallAnswered(calls[0]), e.CallEnded(calls[0], 0, 16))
    assert rig.ever(c.RecordAttempt)[-1].outcome is Outcome.ABANDONED
    assert rig.engine.explain(1).abandoned_no_agent == 1
    assert rig.engine.explain(1).budget is not None
    assert rig.engine.explain(1).budget.abandoned == 1


def test_whom_the_switchs_own_timer_met_was_abandoned_though_the_call_was_cancelled(wish: Any) -> None:
    # the HangUp never arrived: the link was down, somebody answered, and the switch played the message
    rig, pacer, calls = ringing(wish, count=1)
    pacer.cancels = 1
    rig.wait(16)
    rig.do(e.LinkDown("cable"), e.LinkUp(), e.CallEnded(calls[0], Outcome.ABANDONED, 16, 0, rig.now - S))
    assert rig.record().outcome is Outcome.ABANDONED
    assert rig.engine.explain(1).abandoned_no_agent == 1


def test_an_operators_stop_is_told_apart_from_a_cancel(wish: Any) -> None:
    rig, pacer, calls = ringing(wish, count=2)
    pacer.cancels = 1
    rig.wait(14.5)
    rig.do(e.CampaignStopped(1), *[e.CallEnded(call, Outcome.CANCELLED, 16) for call in calls])
    assert [one.outcome for one in rig.ever(c.RecordAttempt)] == [Outcome.OVERDIALLED, Outcome.CANCELLED]
    counters = rig.counter("campaigns")[1]
    assert (counters["cancels"], counters["outcomes"]["overdialled"], counters["outcomes"]["cancelled"]) == (1, 1, 1)


def test_engine_without_paced_campaigns_wants_no_tick() -> None:
    rig = Rig(pool_of(agents=1)).start()
    rig.do(e.CampaignPaused(1), e.LeaseRefused(1))
    rig.wait(20)
    assert rig.engine.next_deadline_ns() == NEVER
