"""Snapshot, restore and digest, and the typed path."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from outpace import Engine
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode
from outpace.domain.errors import ConfigError
from outpace.engine._core import FACT_DTYPE
from tests.unit.engine.rig import T0, Rig, S, changed, pool_of


def lively() -> Rig:
    rig = Rig(pool_of(agents=3)).start()
    calls = rig.dial(9)
    rig.do(e.CallAnswered(calls[0]), e.AgentConnected(calls[0], 1), e.CallRinging(calls[1]))
    return rig


def test_restored_engine_is_the_same_and_goes_on() -> None:
    rig = lively()
    other = Engine.restore(rig.pool, rig.engine.snapshot())
    assert other.digest() == rig.engine.digest()
    rig.engine.tick(T0 + 100 * S)
    other.tick(T0 + 100 * S)
    assert other.take_commands() == rig.engine.take_commands()
    assert other.digest() == rig.engine.digest()


@pytest.mark.parametrize("mode", [DialMode.PREDICTIVE, DialMode.RATIO])
def test_restored_engine_has_learned_and_counted_the_same(mode: DialMode) -> None:
    rig = Rig(pool_of(agents=2, mode=mode)).start()
    rig.lease(20)
    rig.wait(1)
    calls = [one.call_id for one in rig.ever(c.WriteIntent)]
    rig.do(*[e.IntentDurable(call) for call in calls], *[e.CallRinging(call) for call in calls])
    rig.wait(3)
    rig.do(e.CallAnswered(calls[0]), e.AgentConnected(calls[0], 1))
    rig.wait(0.3)
    other = Engine.restore(rig.pool, rig.engine.snapshot())
    assert other.digest() == rig.engine.digest()
    assert other.explain(1) == rig.engine.explain(1)
    for at_s in (0.5, 1.0, 90_000.0, 90_000.5):
        for engine in (rig.engine, other):
            engine.tick(rig.now + round(at_s * S))
        assert other.take_commands() == rig.engine.take_commands()
        assert other.digest() == rig.engine.digest()


def test_snapshot_keeps_changed_pacing_over_the_settings_of_the_start() -> None:
    rig = lively()
    rig.do(e.PacingChanged(1, 2.5, 2, 0.01))
    other = Engine.restore(rig.pool, rig.engine.snapshot())
    assert other.pool.campaigns[0].reserve == 2
    assert other.explain(1).budget == rig.engine.explain(1).budget
    assert other.digest() == rig.engine.digest()


def test_snapshot_of_another_pool_is_refused() -> None:
    data = lively().engine.snapshot()
    for pool in (pool_of(agents=2), changed(pool_of(agents=3), connect_limit_s=9.0), pool_of(agents=3, max_calls=65)):
        with pytest.raises(ConfigError, match="other settings"):
            Engine.restore(pool, data)


def test_snapshot_that_is_damaged_is_refused() -> None:
    rig = lively()
    data = rig.engine.snapshot()
    held = msgspec.msgpack.decode(data)
    for damaged in (
        b"",
        b"\xc1",
        data[: len(data) // 2],
        msgspec.msgpack.encode([1]),
        msgspec.msgpack.encode({"format": 1}),
    ):
        with pytest.raises(ConfigError, match="cannot be read"):
            Engine.restore(rig.pool, damaged)
    with pytest.raises(ConfigError, match="another format"):
        Engine.restore(rig.pool, msgspec.msgpack.encode(held | {"format": 99}))
    held["arrays"]["calls.state"] = b"\0"
    with pytest.raises(ConfigError, match=r"does not fit the pool: calls\.state"):
        Engine.restore(rig.pool, msgspec.msgpack.encode(held))
    del held["arrays"]["calls.state"]
    with pytest.raises(ConfigError, match="does not fit the pool"):
        Engine.restore(rig.pool, msgspec.msgpack.encode(held))


def test_digest_changes_with_every_fact_that_counts() -> None:
    rig = lively()
    seen = {rig.engine.digest()}
    for fact in (
        e.PacingChanged(1, 1.5, 0),
        e.PacingChanged(1, 1.5, 1),
        e.PacingChanged(1, 1.5, 1, 0.02),
        e.LinkDown("x"),
        e.LinkUp(),
        e.AgentNotReady(3),
    ):
        rig.do(fact)
        assert rig.engine.digest() not in seen
        seen.add(rig.engine.digest())


def test_typed_path_is_the_same_as_handle() -> None:
    one, other = lively(), lively()
    (call, *_) = sorted(one.checkers.open)
    facts = np.zeros(2, FACT_DTYPE)
    facts["kind"] = (11, 9)
    facts["call_id"] = call
    facts["agent_id"] = 1
    facts["extra"] = 16
    one.engine.handle_batch(facts, np.array([T0 + S, T0 + 2 * S]))
    for at, fact in ((T0 + S, e.CallEnded(call, 0, 16)), (T0 + 2 * S, e.AgentReleased(call, 1))):
        other.engine.handle(fact, at)
        other.engine.tick(at)
    assert one.engine.digest() == other.engine.digest()


def test_typed_path_refuses_what_is_no_fact() -> None:
    engine = Rig().engine
    for kind in (-1, -(2**31), 13, 60, 39, 49):
        facts = np.zeros(1, FACT_DTYPE)
        facts["kind"], facts["agent_id"] = kind, 1
        with pytest.raises(ValueError, match="no such kind of fact"):
            engine.handle_batch(facts, np.array([T0]))
    with pytest.raises(ValueError, match="1 facts, 2 times"):
        engine.handle_batch(np.zeros(1, FACT_DTYPE), np.array([T0, T0]))
