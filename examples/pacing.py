"""The predictive pacer in a dialer of one's own: facts in, launch decisions out; no engine, no switch, no clock.

Twenty agents, a quarter of the calls answered by a person after 5 to 15 seconds, two hours in a few seconds:

    python examples/pacing.py
"""

from __future__ import annotations

import heapq
import random

from outpace.domain.config import Abandonment
from outpace.pacing import PredictivePacer

SECOND = 1_000_000_000
AGENTS = 20
HOURS = 2


def main() -> None:
    """Play the two hours and print what came of them."""
    pacer = PredictivePacer(Abandonment(cap=0.03), wait_s=2.0)
    luck = random.Random(7)
    now = began = 1_767_603_600 * SECOND
    events: list[tuple[int, int, str, int]] = []  # time, tie-break, what, call or agent
    free = list(range(1, AGENTS + 1))
    waiting: list[int] = []
    talked = abandoned = answered = serial = 0

    def later(seconds: float, what: str, who: int) -> None:
        nonlocal serial
        serial += 1
        heapq.heappush(events, (now + round(seconds * SECOND), serial, what, who))

    def connect(call: int) -> None:
        nonlocal talked
        agent = free.pop(0)
        pacer.connected(call, agent, now)
        length = luck.expovariate(1 / 60)
        talked += round(length * SECOND)
        later(length, "talk ends", agent)

    for agent in free:
        pacer.agent_ready(agent, now)
    later(0.0, "decide", 0)
    calls = 0
    while now < began + HOURS * 3600 * SECOND:
        now, _, what, who = heapq.heappop(events)
        if what == "decide":
            decision = pacer.decide(now)
            for _ in range(decision.count):
                calls += 1
                pacer.launched(calls, now)
                person = luck.random() < 0.25
                later(luck.uniform(5, 15) if person else luck.uniform(2, 25), "person" if person else "nobody", calls)
            if (now - began) % (600 * SECOND) == 0:
                print(
                    f"{(now - began) // SECOND // 60:4} min: {len(free)} free, {decision.answers:.1f} people and"
                    f" {decision.releases:.1f} agents expected; launched {decision.count}, the last at a risk of"
                    f" {decision.risk:.2%} where {decision.kappa:.2%} is allowed"
                )
            later(0.5, "decide", 0)
        elif what == "nobody":
            pacer.ended(who, now)
        elif what == "person":
            pacer.answered(who, now)
            answered += 1
            if free:
                connect(who)
            else:
                waiting.append(who)
                later(2.0, "too late", who)
        elif what == "too late" and who in waiting:
            waiting.remove(who)
            pacer.abandoned(who, now)
            abandoned += 1
        elif what == "talk ends":
            pacer.talk_ended(who, now)
            later(luck.uniform(5, 25), "ready", who)
        elif what == "ready":
            pacer.agent_ready(who, now)
            free.append(who)
            if waiting:
                connect(waiting.pop(0))
    state = pacer.budget.state(0, now)
    print(f"{calls} calls, {answered} people answered, {abandoned} of them abandoned: {state.ratio:.2%},")
    print(f"with {state.bound:.2%} as its upper 95 % bound; talk share {talked / (AGENTS * (now - began)):.1%}")


if __name__ == "__main__":
    main()
