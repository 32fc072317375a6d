"""The numbers in _words.pxd are those of the Python enums, and the C transition table is CALL_TRANSITIONS."""

from __future__ import annotations

import re
from enum import IntEnum

import pytest

from outpace.domain import features, outcomes, states
from outpace.domain._words import next_call_state
from outpace.domain.states import CALL_TRANSITIONS, CallFact, CallState
from tests.tidy import tree

WORDS = tree.PACKAGE / "domain" / "_words.pxd"

#: Prefix in C -> the Python enum that it repeats.
ENUMS: dict[str, type[IntEnum]] = {
    "CALL": states.CallState,
    "AGENT": states.AgentState,
    "LEG": states.LegState,
    "NEXT": states.NextState,
    "CAMPAIGN": states.CampaignState,
    "OUTCOME": outcomes.Outcome,
    "ABANDON": outcomes.AbandonReason,
    "VERDICT": outcomes.Verdict,
    "PRESENCE": outcomes.CallPresence,
    "REFUSED": outcomes.Refusal,
    "INTENT": outcomes.IntentRefusal,
    "WITHDRAW": outcomes.WithdrawReason,
    "LIMIT": outcomes.LimitedBy,
    "FEATURE": features.FeatureBit,
}
#: Counts that stand beside the members in C: the length of arrays over them.
COUNTS = {
    "CALL_STATES": len(states.CallState),
    "AGENT_STATES": len(states.AgentState),
    "OUTCOMES": len(outcomes.Outcome),
    "LIMITS": len(outcomes.LimitedBy),
    "FACTS_OF_CALLS": len(states.CallFact),
}


def constants(text: str) -> dict[str, int]:
    """NAME -> number of every enum constant in a pxd; ValueError where a name comes twice."""
    found: dict[str, int] = {}
    for name, number in re.findall(r"^    ([A-Z][A-Z0-9_]*) = (\d+)$", text, re.MULTILINE):
        if name in found:
            raise ValueError(name)
        found[name] = int(number)
    return found


def expected() -> dict[str, int]:
    """What C must say of the enums of Python."""
    found = {f"{prefix}_{one.name}": one.value for prefix, enum in ENUMS.items() for one in enum}
    for fact in CallFact:
        short = fact.name in ("PROCEEDING", "RINGING", "ANSWERED", "ENDED", "QUERIED")
        found[f"FACT_{'CALL_' if short else ''}{fact.name}"] = fact.value
    return found | COUNTS


def faults(text: str) -> list[str]:
    """Where C and Python differ. Kinds of facts and commands beyond the call's are C's own."""
    in_c, in_python = constants(text), expected()
    own = re.compile(r"COMMAND_|FACT_")
    found = []
    for name, value in in_python.items():
        if in_c.get(name) != value:
            found.append(f"{name} is {in_c.get(name)} in C, {value} in Python")
    for name, value in in_c.items():
        of_calls = name.startswith("FACT_") and value < COUNTS["FACTS_OF_CALLS"]
        if name not in in_python and (of_calls or not own.match(name)):
            found.append(f"{name} is not in Python")
    return found


def test_words_are_equal_in_c_and_python() -> None:
    assert faults(WORDS.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CALL_QUEUED = 6", "CALL_QUEUED = 7"),
        ("    AGENT_HOLD = 7\n", ""),
        ("    LEG_UP = 2\n", "    LEG_UP = 2\n    LEG_HALF_UP = 9\n"),
        ("FACT_CALL_ENDED = 11", "FACT_CALL_ENDED = 9"),
        ("FACT_CALL_QUERIED = 12", "FACT_CALL_QUERIED = 12\n    FACT_NEW = 5"),
        ("OUTCOMES = 15", "OUTCOMES = 12"),
        ("REFUSED_BY_SWITCH = 4", "REFUSED_BY_SWITCH = 5"),
    ],
)
def test_words_when_c_differs_then_says_so(old: str, new: str) -> None:
    text = WORDS.read_text(encoding="utf-8")
    assert text.count(old) == 1
    assert faults(text.replace(old, new)) != []


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("fact", CallFact)
def test_call_table_in_c_is_that_of_python(state: CallState, fact: CallFact) -> None:
    assert next_call_state(state, fact) == CALL_TRANSITIONS.get((state, fact), -1)


@pytest.mark.parametrize(("state", "fact"), [(-1, 0), (len(CallState), 0), (0, -1), (0, len(CallFact))])
def test_call_table_when_asked_outside_then_raises(state: int, fact: int) -> None:
    with pytest.raises(ValueError, match="no such state or fact"):
        next_call_state(state, fact)


def test_fact_and_command_kinds_are_distinct() -> None:
    words = constants(WORDS.read_text(encoding="utf-8"))
    for prefix in ("FACT_", "COMMAND_"):
        numbers = [number for name, number in words.items() if name.startswith(prefix)]
        assert len(numbers) == len(set(numbers))
