"""The predictive pacer by itself: facts in, decisions out; what it does where there is little to go by, or too much."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outpace.domain.config import Abandonment
from outpace.domain.errors import StateError, UnknownId
from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.pacing import ForecastPacer, Observed, PacingSnapshot, PredictivePacer
from outpace.pacing._budget import Budget
from outpace.pacing._estimates import Estimates

S = 1_000_000_000
T0 = 1_800_000_000 * S


class Centre:
    """A small call centre around the pacer: agents, people, half-second decisions."""

    def __init__(self, agents: int, *, live: float = 0.25, cap: float = 0.03, seed: int = 1) -> None:
        self.pacer = PredictivePacer(Abandonment(cap=cap))
        self.random = random.Random(seed)
        self.live = live
        self.fails_s = (2.0, 25.0)
        self.talk_s = 60.0
        self.wrap_up_s = (5.0, 20.0)
        self.now = T0
        self.events: list[tuple[int, int, str, int]] = []
        self.serial = 0
        self.free = list(range(1, agents + 1))
        self.waiting: list[int] = []
        self.answered = self.abandoned = self.launches = 0
        for agent in self.free:
            self.pacer.agent_ready(agent, self.now)

    def later(self, seconds: float, what: str, who: int) -> None:
        self.serial += 1
        self.events.append((self.now + round(seconds * S), self.serial, what, who))

    def connect(self, call: int) -> None:
        agent = self.free.pop(0)
        self.pacer.connected(call, agent, self.now)
        self.later(self.random.expovariate(1 / self.talk_s), "talked", agent)

    def step(self) -> None:
        until = self.now + S // 2
        while True:
            self.events.sort()
            if not self.events or self.events[0][0] > until:
                break
            self.now, _, what, who = self.events.pop(0)
            getattr(self, what)(who)
        self.now = until
        decision = self.pacer.decide(self.now)
        for _ in range(decision.count):
            self.launches += 1
            self.pacer.launched(self.launches, self.now)
            if self.random.random() < self.live:
                self.later(self.random.uniform(5, 15), "answer", self.launches)
            else:
                self.later(self.random.uniform(*self.fails_s), "nothing", self.launches)

    def nothing(self, call: int) -> None:
        self.pacer.ended(call, self.now)

    def answer(self, call: int) -> None:
        self.pacer.answered(call, self.now)
        self.answered += 1
        if self.free:
            self.connect(call)
        else:
            self.waiting.append(call)
            self.later(2.0, "lose", call)

    def lose(self, call: int) -> None:
        if call in self.waiting:
            self.waiting.remove(call)
            self.abandoned += 1
            self.pacer.abandoned(call, self.now)

    def talked(self, agent: int) -> None:
        self.pacer.talk_ended(agent, self.now)
        self.later(self.random.uniform(*self.wrap_up_s), "done", agent)

    def done(self, agent: int) -> None:
        self.pacer.agent_ready(agent, self.now)
        self.free.append(agent)
        if self.waiting:
            self.connect(self.waiting.pop(0))

    def run(self, seconds: int) -> None:
        for _ in range(2 * seconds):
            self.step()


@pytest.mark.parametrize("cap", [0.01, 0.03, 0.05])
def test_abandonment_ends_at_the_cap_or_below(cap: float) -> None:
    centre = Centre(25, cap=cap)
    centre.run(2 * 3600)
    assert centre.answered > 1700
    assert 0.2 * cap < centre.abandoned / centre.answered <= 1.05 * cap


def test_conversations_shorter_than_ringing_keep_agents_busy_too() -> None:
    # agents take two or three calls while a phone rings: those who are free again are counted
    centre = Centre(20)
    centre.talk_s, centre.wrap_up_s = 6.0, (1.0, 3.0)
    centre.run(3600)
    assert (centre.answered - centre.abandoned) * 8.0 > 0.7 * 20 * 3600
    assert centre.abandoned <= 0.03 * centre.answered


def test_idle_agents_are_called_for_at_once() -> None:
    pacer = PredictivePacer()
    for agent in range(4):
        pacer.agent_ready(agent, T0)
    decision = pacer.decide(T0)
    assert decision.count >= 4
    assert decision.limited_by is LimitedBy.PACING


def test_no_agents_no_calls() -> None:
    pacer = PredictivePacer()
    decision = pacer.decide(T0)
    assert (decision.count, decision.limited_by) == (0, LimitedBy.NO_AGENTS)


def test_everyone_gone_no_calls() -> None:
    centre = Centre(10)
    centre.run(600)
    for agent in range(1, 11):
        centre.pacer.agent_gone(agent, centre.now)
    assert centre.pacer.decide(centre.now + S).count == 0


def test_lines_bound_the_answer() -> None:
    pacer = PredictivePacer()
    for agent in range(40):
        pacer.agent_ready(agent, T0)
    assert pacer.decide(T0, lines=3).count == 3
    assert pacer.decide(T0 + S, lines=0).count == 0


def test_cap_of_nothing_is_guaranteed_zero() -> None:
    centre = Centre(8, cap=0.0)
    centre.run(3600)
    assert (centre.abandoned, centre.answered > 150) == (0, True)
    assert centre.pacer.decide(centre.now).fallback is Fallback.BUDGET_SPENT


def test_cap_of_everything_is_bounded_by_lines_an_agent_can_use() -> None:
    centre = Centre(4, cap=1.0)
    centre.run(300)
    assert centre.launches < 300 * 60


def test_nobody_ever_answers_is_no_flood() -> None:
    centre = Centre(10, live=0.0)
    centre.run(600)
    busiest = 60 * 10
    assert centre.launches < 600 / 13.5 * busiest * 1.1


def test_silent_switch_means_one_call_an_agent() -> None:
    centre = Centre(30)
    centre.run(1800)
    now = centre.now
    for call in range(10**6, 10**6 + 40):
        centre.pacer.launched(call, now)
    silent = [centre.pacer.decide(now + second * S // 2) for second in range(1, 80)]
    assert silent[-1].fallback is Fallback.FEED_SILENT
    assert sum(one.count for one in silent if one.fallback is Fallback.FEED_SILENT) == 0


def test_clock_that_stands_still_or_jumps_launches_no_burst() -> None:
    centre = Centre(20)
    centre.run(900)
    usual = 20
    for at in (centre.now, centre.now, centre.now + 3600 * S, centre.now + 3600 * S + 1):
        assert centre.pacer.decide(at).count <= usual


def test_clock_that_stands_still_launches_once() -> None:
    centre = Centre(100)
    centre.run(900)
    for agent in range(101, 131):
        centre.pacer.agent_ready(agent, centre.now)
    counts = []
    for _ in range(20):
        counts.append(centre.pacer.decide(centre.now).count)
        for _ in range(counts[-1]):
            centre.launches += 1
            centre.pacer.launched(centre.launches, centre.now)
    assert counts[0] > 20
    assert sum(counts[1:]) <= 2


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1.0])
def test_absurd_weight_of_the_leads_counts_as_one(weight: float) -> None:
    decisions = []
    for one in (1.0, weight):
        snapshot = PacingSnapshot(1)
        snapshot["working"][0] = snapshot["ready"][0] = 10
        snapshot["lead_weight"][0] = one
        decisions.append(ForecastPacer(2.0).decide(snapshot, 0, T0))
    assert decisions[0].count < 60
    assert decisions[0] == decisions[1]


def test_wave_of_leaving_agents_stops_launching() -> None:
    centre = Centre(40)
    centre.run(1200)
    for agent in list(centre.free) + [a for a in range(1, 41) if a not in centre.free][:25]:
        centre.pacer.agent_gone(agent, centre.now)
    assert centre.pacer.decide(centre.now + 1).count <= 1


def test_same_facts_same_decisions() -> None:
    one, other = Centre(12, seed=4), Centre(12, seed=4)
    for _ in range(1200):
        one.step()
        other.step()
    assert one.launches == other.launches
    assert one.pacer.decide(one.now) == other.pacer.decide(other.now)


def test_fixed_kappa_is_the_risk_that_is_allowed_until_the_budget_is_spent() -> None:
    estimates = Estimates(1)
    for agent in range(30):
        estimates.record(0, Observed.TALK_BEGAN, T0 - agent * S, T0)
    decisions = []
    for kappa in (0.01, 0.05, 0.2):
        snapshot = PacingSnapshot(1, estimates, Budget([Abandonment(cap=1.0)]))
        snapshot["working"][0] = 36
        snapshot["talking"][0] = 30
        snapshot["ready"][0] = 6
        decisions.append(ForecastPacer(2.0, fixed_kappa=kappa).decide(snapshot, 0, T0 + S))
    assert [one.kappa for one in decisions] == [0.01, 0.05, 0.2]
    assert all(one.risk <= one.kappa < one.risk_next for one in decisions)
    assert decisions[0].count < decisions[1].count < decisions[2].count
    nothing = PacingSnapshot(1, estimates, Budget([Abandonment(cap=0.0)]))
    nothing["working"][0] = nothing["ready"][0] = 3
    decision = ForecastPacer(2.0, fixed_kappa=0.2).decide(nothing, 0, T0 + S)
    assert (decision.fallback, decision.kappa, decision.count) == (Fallback.BUDGET_SPENT, 0.0, 3)


@pytest.mark.parametrize("kappa", [-0.1, 1.0, float("nan")])
def test_fixed_kappa_that_is_no_risk_is_refused(kappa: float) -> None:
    with pytest.raises(ValueError, match="fixed_kappa must be from 0"):
        ForecastPacer(2.0, fixed_kappa=kappa)


def test_what_cannot_follow_raises_and_changes_nothing() -> None:
    pacer = PredictivePacer()
    pacer.agent_ready(1, T0)
    pacer.launched(7, T0)
    with pytest.raises(StateError, match="call 7 was launched already"):
        pacer.launched(7, T0)
    with pytest.raises(StateError, match="call 7 was not answered"):
        pacer.connected(7, 1, T0)
    with pytest.raises(UnknownId, match="no call 8"):
        pacer.answered(8, T0)
    with pytest.raises(StateError, match="agent 1 is ready, not talking"):
        pacer.talk_ended(1, T0)
    with pytest.raises(UnknownId, match="no agent 2"):
        pacer.agent_gone(2, T0)
    pacer.answered(7, T0 + S)
    with pytest.raises(StateError, match="call 7 was answered already"):
        pacer.ended(7, T0 + S)
    with pytest.raises(UnknownId, match="no agent 2"):
        pacer.connected(7, 2, T0 + S)
    pacer.connected(7, 1, T0 + S)
    with pytest.raises(UnknownId, match="no call 7"):
        pacer.abandoned(7, T0 + S)


ACTS: dict[str, Callable[[PredictivePacer, int, int], object]] = {
    "launch": lambda pacer, who, now: pacer.launched(who, now),
    "answer": lambda pacer, who, now: pacer.answered(who, now),
    "end": lambda pacer, who, now: pacer.ended(who, now),
    "forget": lambda pacer, who, now: pacer.forget(who, now),
    "connect": lambda pacer, who, now: pacer.connected(who, who, now),
    "abandon": lambda pacer, who, now: pacer.abandoned(who, now),
    "ready": lambda pacer, who, now: pacer.agent_ready(who, now),
    "talked": lambda pacer, who, now: pacer.talk_ended(who, now),
    "gone": lambda pacer, who, now: pacer.agent_gone(who, now),
    "tick": lambda pacer, _, now: pacer.decide(now),
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 5), st.integers(0, 40)), max_size=120),
    st.sampled_from([0.0, 0.01, 0.03, 1.0]),
)
def test_any_order_of_facts_gives_sane_decisions(steps: list[tuple[str, int, int]], cap: float) -> None:
    pacer = PredictivePacer(Abandonment(cap=cap))
    now = T0
    for what, who, tenths in steps:
        now += tenths * S // 10
        try:
            ACTS[what](pacer, who, now)
        except (StateError, UnknownId):
            continue
        decision = pacer.decide(now)
        assert 0 <= decision.count <= 60 * 6
        assert 0.0 <= decision.live_rate <= 1.0
        assert 0.0 <= decision.risk <= 1.0
        assert 0.0 <= decision.kappa <= 0.7 * 2.5
        assert decision.expected_abandons >= 0.0


def test_calls_too_many_that_have_rung_for_long_are_named_and_no_more_than_those() -> None:
    snapshot = PacingSnapshot(1)
    known, pacer = snapshot.estimates, ForecastPacer(2.0, True)
    known.pass_time(0, T0)
    for n in range(30):  # half of them have rung for 20 s by then, half for 5 s
        launched = T0 if n % 2 else T0 + 15 * S
        known.record(0, Observed.LAUNCHED, launched, launched)
    for step in range(1, 41):
        known.pass_time(0, T0 + step * S // 2)
    snapshot["working"][0] = snapshot["ready"][0] = 2
    snapshot["unanswered"][0] = 30
    now = T0 + 20 * S
    decision = pacer.decide(snapshot, 0, now)
    assert (decision.count, decision.risk_next > 3 * decision.kappa) == (0, True)
    assert 1 <= decision.cancels <= 15
    assert ForecastPacer(2.0).decide(snapshot, 0, now).cancels == 0
    snapshot["ready"][0] = 30
    assert pacer.decide(snapshot, 0, now + 1).cancels == 0


@pytest.mark.parametrize("first_answer_s", [4.0, 11.0, 19.0])
@pytest.mark.parametrize("agents", [100, 1000, 3000])
def test_cold_start_of_many_agents_at_once_waits_for_the_first_answers(agents: int, first_answer_s: float) -> None:
    # thousands of calls that have not had the time to be answered are no proof that nobody answers
    pacer = PredictivePacer()
    for agent in range(agents):
        pacer.agent_ready(agent, T0)
    calls = 0
    for half in range(int(2 * first_answer_s)):
        now = T0 + half * S // 2
        for _ in range(pacer.decide(now).count):
            pacer.launched(calls, now)
            calls += 1
        # a switch that lives: a few fail at once
        pacer.launched(-half - 1, now)
        pacer.ended(-half - 1, now)
    assert agents <= calls <= 6 * agents


@pytest.mark.parametrize("fails_s", [(2.0, 25.0), (20.0, 25.0), (0.3, 2.0)], ids=["mixed", "ring out", "fail at once"])
def test_outage_is_not_taken_for_leads_who_do_not_answer(fails_s: tuple[float, float]) -> None:
    centre = Centre(100)
    centre.run(1800)
    usual, centre.live, centre.fails_s = centre.fails_s, 0.0, fails_s
    centre.run(300)
    # everybody is idle: so many calls as they could bear if it ended now
    assert centre.pacer.decide(centre.now).live_rate == pytest.approx(0.25, abs=0.04)
    assert 100 < centre.pacer.estimates.summary(0)["in_flight"] <= 8 * 100
    answered, abandoned = centre.answered, centre.abandoned
    centre.live, centre.fails_s = 0.25, usual
    centre.run(120)
    assert centre.answered - answered > 150
    assert centre.abandoned - abandoned <= 0.1 * (centre.answered - answered)


@pytest.mark.parametrize("live", [0.05, 0.02])
def test_list_on_which_hardly_anybody_answers_is_no_outage_for_long(live: float) -> None:
    centre = Centre(30)
    centre.run(1800)
    centre.live = live
    centre.run(1200)
    assert centre.pacer.decide(centre.now).live_rate == pytest.approx(live, rel=0.6)
