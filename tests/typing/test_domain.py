"""What a type checker must infer of the words; mypy --strict reads this file, pytest runs it."""

from __future__ import annotations

from typing import assert_type

import msgspec

from outpace.domain._words import next_call_state
from outpace.domain.commands import AnyCommand, HangUp
from outpace.domain.config import Campaign, Pool, TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.domain.events import AnyEvent, CallEnded
from outpace.domain.outcomes import Outcome, outcome_of_q850
from outpace.domain.states import CallFact, CallState


def name_of(fact: AnyEvent) -> str:
    return type(fact).__name__


def test_words_have_their_types() -> None:
    pool = Pool(campaigns=(Campaign(id=1, name="a"),), trunk_groups=(TrunkGroup(id=1, name="t"),))
    assert_type(pool.campaigns, tuple[Campaign, ...])
    assert_type(outcome_of_q850(17), Outcome)
    assert_type(next_call_state(CallState.LAUNCHING, CallFact.RINGING), int)
    assert_type(ConfigError("where", "why").reason, str)
    commands: list[AnyCommand] = [HangUp(call_id=1, cause=16)]
    assert_type(msgspec.convert(["HangUp", 1, 16], HangUp), HangUp)
    assert commands == [msgspec.convert(["HangUp", 1, 16], HangUp)]
    assert name_of(CallEnded(call_id=1)) == "CallEnded"
