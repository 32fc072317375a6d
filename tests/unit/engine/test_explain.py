"""What the engine says about itself: decisions, reasons, counters."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from outpace.domain import events as e
from outpace.domain.config import DialMode
from outpace.domain.errors import UnknownId
from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.domain.states import CampaignState
from outpace.engine.explain import Decision, Explanation, reason_in_words
from tests.unit.engine.rig import T0, Rig, S, pool_of

DECISION = Decision(
    sequence=7, now_ns=T0, wanted=5, count=3, limited_by=LimitedBy.CPS, ready=5, working=9, talking=3, wrap_up=1,
    unanswered=2, classifying=1, waiting=0, hopper=40, trunk_room=3, repeated=0, expected_abandons=0.0,
)  # fmt: skip


def test_decision_renders_its_figures_and_what_bound_it() -> None:
    assert DECISION.render() == (
        "#7: launched 3 of 5 wanted with 5 ready, 3 talking, 1 in wrap-up, 2 unanswered, 1 being classified, "
        "0 waiting; bound by the trunk group's calls per second"
    )


FORECAST = msgspec.structs.replace(
    DECISION, wanted=7, count=7, limited_by=LimitedBy.PACING, kappa=0.021, risk=0.018, risk_next=0.024, answers=3.14,
    releases=2.8, live_rate=0.243, expected_abandons=0.09, answered=600, abandoned=14, legal_abandoned=12, drops_left=5,
    balance=4.0, bound=0.0312,
)  # fmt: skip
SEEN = (
    "with 5 ready, 3 talking, 1 in wrap-up, 2 unanswered, 1 being classified, 0 waiting; bound by pacing: as many "
    "calls as the mode allows for these agents"
)
BUDGET = "budget: 12 abandoned of 600 answered, at most 3.1% with confidence, 5 may still be, balance +4.0"


def test_decision_with_a_forecast_renders_risks_expectations_and_budget() -> None:
    assert FORECAST.render() == (
        f"#7: launched 7 of 7 wanted {SEEN}; the 7th call risks 1.8% of abandoning its person against 2.1% allowed, "
        "the 8th 2.4%; 3.1 people and 2.8 free agents expected of what is under way, a person in 24% of new calls, "
        f"0.09 people abandoned of these; {BUDGET}"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wanted": 0, "count": 0}, "; a call would risk 2.4% of abandoning its person against 2.1% allowed; "),
        (
            {"wanted": 21, "risk_next": 0.0},
            "; the 21st call risks 1.8% of abandoning its person against 2.1% allowed; ",
        ),
        ({"wanted": 11}, "; the 11th call risks 1.8% of abandoning its person against 2.1% allowed, the 12th 2.4%; "),
        ({"drops_left": 2**63 - 1}, ", any number may still be, "),
        ({"cancels": 3}, "; cancelled 3 that rang longest; "),
        ({"fallback": Fallback.FEED_SILENT}, "; the switch has gone silent over calls in hand: only as many calls"),
        ({"fallback": Fallback.BUDGET_SPENT, "kappa": 0.0}, f"only as many calls as agents are ready; {BUDGET}"),
    ],
)
def test_decision_renders_what_was_special(changes: dict[str, Any], words: str) -> None:
    text = msgspec.structs.replace(FORECAST, **changes).render()
    assert words in text
    assert ("risks" in text or "would risk" in text) == ("fallback" not in changes)


def test_every_fallback_has_words() -> None:
    texts = {msgspec.structs.replace(FORECAST, fallback=one).render() for one in Fallback}
    assert len(texts) == len(Fallback)


def test_decision_is_kept_as_it_was_made() -> None:
    rig = Rig(pool_of(agents=3, mode=DialMode.PREDICTIVE)).start()
    rig.lease(20)
    rig.wait(0.5)
    last = rig.engine.decisions(1)[-1]
    latest = rig.engine.latest_decision(1)
    assert latest is not None
    assert last.count > 0
    assert 0.0 < last.risk <= last.kappa < 0.03
    assert 0.0 < last.live_rate < 1.0
    assert (last.answered, last.drops_left) == (0, 0)
    assert latest.sequence == last.sequence
    assert f"the {last.wanted}" in last.render()


def test_latest_decision_follows_the_forecast_where_nothing_is_launched() -> None:
    rig = Rig(pool_of(agents=1, mode=DialMode.PREDICTIVE)).start()
    assert rig.engine.latest_decision(1) is not None
    rig.do(e.AgentNotReady(1))
    rig.wait(1.0)
    first = rig.engine.latest_decision(1)
    rig.wait(1.0)
    second = rig.engine.latest_decision(1)
    assert first is not None
    assert second is not None
    assert (second.now_ns - first.now_ns, second.sequence) == (S, first.sequence)
    assert Rig(pool_of()).engine.latest_decision(1) is None


def test_explanation_shows_the_budget_with_its_bound() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call, 0, 16))
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert (budget.answered, budget.abandoned, budget.cap) == (1, 0, 0.03)
    assert budget.bound == pytest.approx(0.95)
    text = rig.engine.explain(1).render().splitlines()[2]
    assert text == "budget of 3.0%: 0 of 1 in the window (0.00%, at most 95.00% with confidence), 0 may still be"


def test_explanation_renders_state_ledger_and_decisions() -> None:
    text = Explanation(1, CampaignState.RUNNING, LimitedBy.NO_LEADS, 90, 2, 1, 9, 1, (DECISION,)).render()
    lines = text.splitlines()
    assert lines[0] == "campaign 1 is running; dialling is bound by a lack of leads that are due"
    assert lines[1] == "answered 93: connected 90, abandoned 2 (no agent in time) + 1 (caller left)"
    assert lines[2] == DECISION.render()


def test_every_limit_has_words_of_its_own() -> None:
    assert len({reason_in_words(limit) for limit in LimitedBy}) == len(LimitedBy)


def test_decisions_tell_what_was_wanted_and_what_came_of_it() -> None:
    rig = Rig(pool_of(agents=5, trunk={"cps": 1.0, "burst": 3})).start()
    rig.lease(20)
    last = rig.engine.explain(1).decisions[-1]
    assert (last.wanted, last.count, last.limited_by) == (5, 3, LimitedBy.CPS)
    assert (last.ready, last.working, last.unanswered, last.now_ns) == (5, 5, 0, T0)
    assert rig.engine.explain(1).reason is LimitedBy.CPS


def test_decisions_that_launch_nothing_for_the_same_reason_are_counted_once() -> None:
    rig = Rig(pool_of(agents=3)).start(ready=0)
    before = rig.engine.decisions(1)
    rig.do(e.TrunkCapacity(1, 29), e.TrunkCapacity(1, 30), e.TrunkCapacity(1, 29))
    after = rig.engine.decisions(1)
    assert len(after) == len(before)
    assert (after[-1].count, after[-1].repeated) == (0, before[-1].repeated + 3)
    assert after[-1].render().endswith(f"({after[-1].repeated} times more)")


def test_decisions_keep_the_last_256() -> None:
    rig = Rig(pool_of(agents=1, hopper_size=1000)).start()
    rig.lease(1000)
    for _ in range(300):
        (call,) = rig.checkers.open
        rig.do(e.IntentRefused(call, 4))
    decisions = rig.engine.decisions(1)
    assert len(decisions) == 256
    assert [one.sequence for one in decisions] == sorted(one.sequence for one in decisions)
    assert decisions[-1].count == 1


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (e.LinkDown("cable"), LimitedBy.SWITCH_DOWN),
        (e.CampaignPaused(1), LimitedBy.NOT_RUNNING),
        (e.TrunkCapacity(1, 0), LimitedBy.TRUNK_CHANNELS),
        (e.AgentNotReady(1), LimitedBy.NO_AGENTS),
    ],
)
def test_reason_names_what_binds_now(fact: e.Event, reason: LimitedBy) -> None:
    rig = Rig().start()
    rig.do(e.LeadsLeased(1, 1, T0 + 3600 * S, [], [], [], T0 + 60 * S))
    assert rig.engine.explain(1).reason is LimitedBy.NO_LEADS
    rig.lease(5)
    (call,) = rig.checkers.open
    rig.do(fact)
    rig.do(e.IntentRefused(call, 4))
    assert rig.engine.campaign_reason(1) is reason


def test_ledger_of_the_last_hour_forgets_what_is_older() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call, 0, 16), e.AgentReleased(call, 1))
    assert rig.engine.explain(1).connected_last_hour == 1
    rig.wait(3599)
    assert rig.engine.explain(1).connected_last_hour in (0, 1)  # minutes are whole
    rig.wait(61)
    told = rig.engine.explain(1)
    assert (told.connected_last_hour, told.connected) == (0, 1)


def test_counters_are_plain_numbers_by_name() -> None:
    rig = Rig().start()
    call = rig.talk()
    counters = rig.engine.counters()
    assert counters["calls"] == 1
    assert counters["agents"]["talking"] == 1
    assert counters["trunks"][1] == {"channels": 30, "in_use": 1, "pending": 0, "pipeline": 0, "no_circuit": 0}
    assert counters["campaigns"][1]["in_state"]["talking"] == 1
    rig.do(e.CallEnded(call, 0, 16))
    assert rig.engine.counters()["campaigns"][1]["outcomes"]["connected"] == 1


def test_views_are_read_only_and_cover_the_tables() -> None:
    rig = Rig(pool_of(agents=2)).start()
    for views in (
        rig.engine.call_columns,
        rig.engine.agent_columns,
        rig.engine.trunk_columns,
        rig.engine.campaign_columns,
    ):
        for view in views.values():
            assert not view.flags.writeable
    assert rig.engine.agent_columns["agent_id"].tolist() == [1, 2]
    assert rig.engine.trunk_columns["trunk_group_id"].tolist() == [1]
    with pytest.raises(ValueError, match="read-only"):
        rig.engine.call_columns["state"][0] = 3


@pytest.mark.parametrize("ask", ["explain", "campaign_state", "campaign_reason", "decisions", "hopper_count"])
def test_questions_about_a_campaign_that_does_not_exist_raise_unknown_id(ask: str) -> None:
    with pytest.raises(UnknownId, match="no campaign 9"):
        getattr(Rig().engine, ask)(9)
