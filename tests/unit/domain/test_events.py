"""Facts and commands as msgpack, the way the journal writes them."""

from __future__ import annotations

import typing
from enum import IntEnum

import msgspec
import pytest

from outpace.domain import commands, events
from outpace.domain.commands import AnyCommand, Command
from outpace.domain.config import (
    Abandonment,
    Agent,
    CallingHours,
    Campaign,
    CapWindow,
    DialMode,
    Pool,
    RetryRule,
    TrunkGroup,
)
from outpace.domain.events import AnyEvent, CallEnded, CallRinging, CpaVerdict, Event
from outpace.domain.outcomes import Outcome, Verdict

POOL = Pool(
    campaigns=(
        Campaign(
            id=1,
            name="a",
            mode=DialMode.RATIO,
            retry={"busy": RetryRule(wait_s=60.0, max_attempts=5)},
            calling_hours=CallingHours(timezone="Asia/Shanghai", days=(1, 7)),
            abandonment=Abandonment(cap=0.02, window=CapWindow.BLOCK),
        ),
    ),
    trunk_groups=(TrunkGroup(id=1, name="t", caller_ids=("491",)),),
    agents=(Agent(id=7, name="n", leg="PJSIP/7"),),
)
FACTS = typing.get_args(AnyEvent)
COMMANDS = typing.get_args(AnyCommand)


def sample(kind: type[msgspec.Struct]) -> msgspec.Struct:
    """One with every field set, to a value that is not its default."""
    values: dict[str, object] = {}
    for number, field in enumerate(msgspec.structs.fields(kind), start=1):
        values[field.name] = _value(field.type, number)
        assert values[field.name] != field.default
    return kind(**values)


def _value(hint: object, number: int) -> object:
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return list(hint)[-1]
    simple: dict[object, object] = {
        Pool: POOL,
        int: 2**40 + number,
        str: f"text {number}",
        bytes: b"\x00\xff" * number,
        bool: True,
        float: number + 0.5,
        float | None: number + 0.5,
    }
    if hint in simple:
        return simple[hint]
    assert typing.get_origin(hint) is list
    (of,) = typing.get_args(hint)
    return [number, 2**62] if of is int else [sample(of)]


@pytest.mark.parametrize("kind", FACTS)
def test_fact_round_trips(kind: type[Event]) -> None:
    one = sample(kind)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=AnyEvent) == one


@pytest.mark.parametrize("kind", COMMANDS)
def test_command_round_trips(kind: type[Command]) -> None:
    one = sample(kind)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=AnyCommand) == one


def test_unions_name_every_kind() -> None:
    def kinds(module: object, base: type) -> set[type]:
        found = {one for one in vars(module).values() if isinstance(one, type) and issubclass(one, base)}
        return found - {base}

    assert set(FACTS) == kinds(events, Event)
    assert set(COMMANDS) == kinds(commands, Command)


def test_fact_when_read_then_enums_are_enums_again() -> None:
    data = msgspec.msgpack.encode(CpaVerdict(call_id=1, verdict=Verdict.MACHINE))
    decoded = msgspec.msgpack.decode(data, type=AnyEvent)
    assert isinstance(decoded, CpaVerdict)
    assert decoded.verdict is Verdict.MACHINE


def test_fact_when_written_before_a_field_was_added_then_the_default_stands_in() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(["CallRinging", 7]), type=AnyEvent) == CallRinging(7)


@pytest.mark.parametrize(
    "data", [["CallRinging"], ["CallRinging", "7"], ["Nonsense", 7], ["CallEnded", 7, 99], ["CpaVerdict", 7, None], 7]
)
def test_fact_when_data_is_wrong_then_refused(data: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=AnyEvent)


def test_fact_is_frozen() -> None:
    fact = CallEnded(call_id=1, outcome=Outcome.BUSY)
    with pytest.raises(AttributeError):
        fact.outcome = Outcome.FAX  # type: ignore[misc]
