"""What the engine tells the answer model, and what it makes of its weights."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from outpace import Engine
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import CallingHours, DialMode
from outpace.domain.errors import ConfigError
from outpace.domain.features import pack_features
from outpace.domain.outcomes import CallPresence, IntentRefusal, Outcome, Refusal, Verdict
from outpace.pacing import AnswerModel
from tests.unit.engine.rig import T0, Rig, S, pool_of

GOOD, BAD = pack_features(segment_bucket=1), pack_features(segment_bucket=2)
HOUR = 3600 * S


def taught() -> AnswerModel:
    """A model that knows segment 1 to answer more readily than segment 2."""
    model = AnswerModel(1)
    for call in range(3000):
        model.observe(GOOD, 0, call % 2 == 0)
        model.observe(BAD, 0, call % 10 == 0)
    return model


def rigged(**settings: Any) -> Rig:
    rig = Rig(pool_of(agents=2, **{"mode": DialMode.RATIO, "ratio": 2.0, **settings}))
    rig.engine.use_answer_model(taught())
    return rig.start()


def dial(rig: Rig, features: list[int]) -> list[int]:
    leads = list(range(1, 1 + len(features)))
    numbers = [49_000_000_000 + lead for lead in leads]
    rig.do(e.LeadsLeased(1, 1, rig.now + 10**15, leads, numbers, [0] * len(leads), 0, features))
    rig.do(*[e.IntentDurable(intent.call_id) for intent in rig.heard(c.WriteIntent)])
    return [command.call_id for command in rig.heard(c.Originate)]


def learned(rig: Rig) -> int:
    return rig.engine.answer_model.log_losses()[0]


def test_a_call_has_the_weight_of_its_lead_and_teaches_what_became_of_it() -> None:
    rig = rigged()
    before = learned(rig)
    good, bad = dial(rig, [GOOD, BAD])
    weights = rig.engine.call_columns["weight"][rig.engine.call_columns["state"] > 0]
    slot = int(rig.engine.call_columns["hour_slot"][0])
    model = taught()
    assert sorted(weights) == [model.weight_of(BAD, slot), model.weight_of(GOOD, slot)]
    assert weights.max() > 2 * weights.min()
    rig.do(e.CallRinging(good), e.CallAnswered(good), e.CallEnded(bad, Outcome.BUSY))
    assert learned(rig) == before + 2
    model.observe(GOOD, slot, True)
    model.observe(BAD, slot, False)
    assert {name: column.tobytes() for name, column in model.columns.items()} == {
        name: column.tobytes() for name, column in rig.engine.answer_model.columns.items()
    }


@pytest.mark.parametrize(
    "facts",
    [
        lambda call: [e.OriginateRefused(call, Refusal.NO_CIRCUIT)],
        lambda call: [e.CallEnded(call, Outcome.LOST)],
        lambda call: [e.CampaignStopped(1), e.CallEnded(call, Outcome.CANCELLED)],
    ],
)
def test_a_call_of_which_nobody_knows_teaches_nothing(facts) -> None:  # type: ignore[no-untyped-def]
    rig = rigged()
    before = learned(rig)
    call, _ = dial(rig, [GOOD, BAD])
    rig.do(*facts(call))
    assert learned(rig) == before


def test_an_intent_that_is_refused_teaches_nothing() -> None:
    rig = rigged()
    before = learned(rig)
    rig.do(e.LeadsLeased(1, 1, rig.now + 10**15, [1], [491], [0], 0, [GOOD]))
    (intent,) = rig.heard(c.WriteIntent)
    rig.do(e.IntentRefused(intent.call_id, IntentRefusal.NUMBER_OPEN))
    assert learned(rig) == before


def test_a_machine_is_nobody_and_a_person_is_learned_once() -> None:
    rig = rigged(amd=True)
    before = learned(rig)
    first, second = dial(rig, [GOOD, BAD])
    for call in (first, second):
        rig.do(e.CallRinging(call), e.CallAnswered(call))
    assert learned(rig) == before
    rig.do(e.CpaVerdict(first, Verdict.MACHINE), e.CpaVerdict(second, Verdict.PERSON))
    rig.do(e.CallEnded(first), e.CallEnded(second))
    assert learned(rig) == before + 2


def test_an_adopted_call_teaches_nothing() -> None:
    rig = rigged()
    before = learned(rig)
    rig.do(e.CallAdopted(77, 1, 1, 491, 1, 1, CallPresence.UNANSWERED, launched_ns=rig.now))
    rig.do(e.CallEnded(77, Outcome.BUSY))
    assert learned(rig) == before


def test_the_calls_to_come_have_the_mean_weight_of_the_leads_up_next() -> None:
    rig = Rig(pool_of(mode=DialMode.PREDICTIVE, hopper_size=100))
    model = taught()
    rig.engine.use_answer_model(model)
    rig.start(ready=0)
    leads = list(range(1, 101))
    features = [GOOD, BAD, BAD, BAD] * 8 + [GOOD] * 68
    rig.do(e.LeadsLeased(1, 1, rig.now + 10**15, leads, [490 + lead for lead in leads], [0] * 100, 0, features))
    rig.wait(1.0)
    slot = (rig.now // HOUR + 72) % 168
    mean = (model.weight_of(GOOD, slot) + 3 * model.weight_of(BAD, slot)) / 4
    assert rig.engine.snapshot_arrays["lead_weight"][0] == pytest.approx(mean)


@pytest.mark.parametrize(
    ("zone", "offset"), [(None, 0), ("Europe/Berlin", 2), ("America/New_York", -4), ("Asia/Kolkata", 5.5)]
)
def test_the_hour_is_that_of_the_campaigns_zone(zone: str | None, offset: float) -> None:
    always = {"start": "00:00", "end": "24:00", "days": (1, 2, 3, 4, 5, 6, 7)}
    hours = None if zone is None else CallingHours(timezone=zone, **always)  # type: ignore[arg-type]
    rig = Rig(pool_of(calling_hours=hours))
    rig.now = 1_784_548_800 * S  # Monday, 2026-07-20 12:00 UTC
    rig.start()
    dial(rig, [GOOD])
    assert rig.engine.call_columns["hour_slot"][0] == int(12 + offset)


def test_what_was_learned_is_dumped_and_loaded() -> None:
    first = rigged().engine
    second = Rig().start()
    second.do(e.EstimatesLoaded(1, 2, first.dump_estimates(1)))
    for name, column in first.answer_model.columns.items():
        assert np.array_equal(column, second.engine.answer_model.columns[name])


def test_what_was_learned_is_in_snapshot_and_digest() -> None:
    rig = rigged()
    other = Engine.restore(rig.engine.pool, rig.engine.snapshot())
    assert other.digest() == rig.engine.digest()
    other.answer_model.observe(GOOD, 0, True)
    assert other.digest() != rig.engine.digest()


def test_estimates_with_a_model_that_does_not_fit_are_refused() -> None:
    rig = Rig().start()
    held = msgspec.msgpack.decode(rig.engine.dump_estimates(1))
    held["answer_model"] = held["answer_model"][:-1]
    with pytest.raises(ConfigError, match="answer model cannot be read"):
        rig.engine.handle(e.EstimatesLoaded(1, 2, msgspec.msgpack.encode(held)), T0)


def test_of_estimates_that_fit_only_in_part_nothing_is_taken() -> None:
    rig = Rig().start()
    before = rig.engine.dump_estimates(1)
    held = msgspec.msgpack.decode(rigged().engine.dump_estimates(1))
    held["estimates"] = held["estimates"][:-1]
    with pytest.raises(ConfigError, match="estimates cannot be read"):
        rig.engine.handle(e.EstimatesLoaded(1, 2, msgspec.msgpack.encode(held)), T0)
    assert rig.engine.dump_estimates(1) == before


def test_a_lease_with_features_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 leads, 1 numbers, 1 attempts, 2 features"):
        Rig().engine.handle(e.LeadsLeased(1, 1, T0 + S, [1], [2], [0], 0, [1, 2]), T0)


def test_a_model_of_other_campaigns_is_refused() -> None:
    with pytest.raises(ValueError, match="1 campaigns, a model of 2"):
        Rig().engine.use_answer_model(AnswerModel(2))


def test_a_restored_engine_paces_by_the_weights_of_the_leads_up_next() -> None:
    # the model's rate is computed while time passes, every five seconds
    rig = Rig(pool_of(agents=20, mode=DialMode.ERLANG, hopper_size=400, max_calls=400, trunk={"channels": 300}))
    model = taught()
    for name, column in rig.engine.answer_model.columns.items():
        column[...] = model.columns[name]
    rig.start()
    leads = list(range(1, 401))
    rig.do(e.LeadsLeased(1, 1, rig.now + 10**15, leads, [490 + lead for lead in leads], [0] * 400, 0, [GOOD] * 400))
    rig.wait(4.7)
    other = Engine.restore(rig.pool, rig.engine.snapshot())
    for half_seconds in range(1, 20):
        for engine in (rig.engine, other):
            engine.tick(rig.now + half_seconds * S // 2)
        assert other.take_commands() == rig.engine.take_commands()
        assert other.digest() == rig.engine.digest()
