from __future__ import annotations

import pytest

from outpace.runtime.clock import Clock

S = 1_000_000_000


class Hands:
    """Two clocks whose hands a test moves."""

    def __init__(self) -> None:
        self.wall_ns = 1_000 * S
        self.mono_ns = 7 * S

    def advance(self, seconds: float, wall_step_s: float = 0.0) -> None:
        self.mono_ns += round(seconds * S)
        self.wall_ns += round((seconds + wall_step_s) * S)

    def clock(self, speed: float = 1.0, start_ns: int = 0) -> Clock:
        return Clock(speed, start_ns, wall=lambda: self.wall_ns, monotonic=lambda: self.mono_ns)


def test_now_at_speed_1_is_the_wall_clock() -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now_ns() == 1_000 * S
    hands.advance(2.5)
    assert clock.now_ns() == 1_002.5 * S


def test_now_when_the_wall_steps_forward_follows_at_once() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.advance(1.0, wall_step_s=60.0)
    assert clock.now_ns() == 1_061 * S


def test_now_when_the_wall_steps_back_never_goes_back_and_catches_up() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.advance(10.0)
    before = clock.now_ns()
    hands.advance(0.0, wall_step_s=-5.0)
    assert clock.now_ns() == before
    assert clock.behind_ns() == 5 * S
    hands.advance(10.0)
    assert clock.now_ns() == before + 9 * S
    assert clock.behind_ns() == 4 * S
    for _ in range(50):
        hands.advance(1.0)
        clock.now_ns()
    assert clock.now_ns() == hands.wall_ns
    assert clock.behind_ns() == 0


def test_now_at_another_speed_multiplies_elapsed_time_and_ignores_the_wall() -> None:
    hands = Hands()
    clock = hands.clock(speed=60.0)
    hands.advance(2.0, wall_step_s=-100.0)
    assert clock.now_ns() == 1_120 * S
    assert clock.real_s(120 * S) == 2.0


def test_start_lies_in_the_future_where_an_earlier_run_has_been_there() -> None:
    hands = Hands()
    assert hands.clock(speed=10.0, start_ns=2_000 * S).now_ns() == 2_000 * S
    assert hands.clock(speed=10.0, start_ns=500 * S).now_ns() == 1_000 * S


@pytest.mark.parametrize("speed", [0.0, -1.0, 20_000.0, float("nan")])
def test_speed_out_of_range_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Hands().clock(speed=speed)
