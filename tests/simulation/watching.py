"""What the tests see of a world: every fact and command, with all checkers on or written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outpace.domain import events as e
from outpace.domain.units import NS_PER_S, seconds_to_ns
from outpace.sim.checkers import Checkers
from outpace.sim.scenario import DAY_BEGINS_NS
from outpace.sim.world import build_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outpace.domain.commands import AnyCommand
    from outpace.domain.events import Event
    from outpace.engine.engine import Engine
    from outpace.sim._world import World
    from outpace.sim.scenario import Scenario
    from outpace.telephony.simulated._carrier import SimulatedCarrier


class Recorder:
    """Writes the stream down: (seconds of the day, event or command)."""

    def __init__(self) -> None:
        self.stream: list[tuple[float, Event | AnyCommand]] = []

    def step(self, now_ns: int, events: Sequence[Event], commands: Sequence[AnyCommand]) -> None:
        at_s = (now_ns - DAY_BEGINS_NS) / NS_PER_S
        self.stream += [(at_s, one) for one in (*events, *commands)]

    def of(self, *kinds: type) -> list[tuple[float, object]]:
        return [(at_s, one) for at_s, one in self.stream if isinstance(one, kinds)]


class Checked(Recorder):
    """Shows the checkers every fact and command, and lets them look at the tables after every third batch."""

    def __init__(self) -> None:
        super().__init__()
        self.checkers: Checkers | None = None
        self.batches = 0

    def look_at(self, engine: Engine) -> None:
        self.checkers = Checkers(engine)

    def step(self, now_ns: int, events: Sequence[Event], commands: Sequence[AnyCommand]) -> None:
        assert self.checkers is not None
        super().step(now_ns, events, commands)
        for event in events:
            self.checkers.fact(event, now_ns)
        if commands:
            self.checkers.commands(commands, now_ns)
            self.batches += 1
            if self.batches % 3 == 0:
                self.checkers.check()


class Run:
    """A world driven by hand: a day, then everything let end."""

    def __init__(self, scenario: Scenario, seed: int, *, watch: Recorder | None = None) -> None:
        self.scenario = scenario
        self.watch = watch
        self.world: World
        self.engine: Engine
        self.carrier: SimulatedCarrier
        self.world, self.engine, self.carrier = build_world(scenario, seed, watch)
        if isinstance(watch, Checked):
            watch.look_at(self.engine)
        self.world.give(e.CampaignStarted(1))

    def to(self, at_s: float) -> None:
        self.world.run(DAY_BEGINS_NS + seconds_to_ns(at_s))

    def drain(self, at_most_s: float) -> float:
        """End of the day: launch nothing more and let everything end. Seconds that it took."""
        self.world.give(e.CampaignDraining(1))
        begin = self.world.now_ns
        while self.engine.counters()["calls"] and self.world.now_ns < begin + at_most_s * NS_PER_S:
            self.world.run(self.world.now_ns + NS_PER_S)
        return (self.world.now_ns - begin) / NS_PER_S
