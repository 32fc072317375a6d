"""Numbers are hidden wherever a resource holds one, and nothing else is."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from outpace.api import examples
from outpace.api.masking import hide, hide_plain, mask
from outpace.domain import resources
from outpace.domain.resources import AuditEntry, CampaignView, DeskView, LeadView, Page, Resource
from tests.unit.api.door import shown

NUMBER, HIDDEN = "+4930123456", "+493*****56"

#: Every resource that holds a number itself, made of nothing but it.
NUMBERED = [
    kind
    for kind in vars(resources).values()
    if isinstance(kind, type) and issubclass(kind, Resource) and "number" in kind.__struct_fields__
]


@pytest.mark.parametrize(
    ("number", "hidden"),
    [
        (NUMBER, HIDDEN),
        ("+12025550123", "+120******23"),
        ("+49301234", "+493***34"),
        ("+4930123", "********"),
        ("", ""),
    ],
)
def test_mask_keeps_the_country_and_two_digits(number: str, hidden: str) -> None:
    assert mask(number) == hidden


def made(kind: type[Any]) -> Any:
    """A resource with a number and otherwise empty fields of the right types."""
    empty: dict[type, Any] = {int: 0, str: "", float: 0.0, bool: False}
    hints = typing.get_type_hints(kind)
    values = {name: empty.get(hints[name]) for name in kind.__struct_fields__}
    return kind(**{**values, "number": NUMBER})


@pytest.mark.parametrize("kind", NUMBERED, ids=lambda kind: kind.__name__)
def test_every_resource_with_a_number_is_hidden(kind: type[Any]) -> None:
    one = made(kind)
    for content, found in (
        (one, lambda hidden: hidden),
        ([one], lambda hidden: hidden[0]),
        (Page(items=[one]), lambda hidden: hidden.items[0]),
    ):
        assert found(hide(content)).number == HIDDEN
    assert hide_plain(msgspec.to_builtins(one))["number"] == HIDDEN
    assert one.number == NUMBER


def test_numbered_resources_are_those_we_know() -> None:
    names = {"LeadView", "SuppressionView", "CallView", "AttemptView", "DispositionView"}
    assert {kind.__name__ for kind in NUMBERED} == names


def test_desk_is_hidden_to_its_ground() -> None:
    desk = shown(DeskView, examples.DESK)
    hidden = hide(desk)
    assert NUMBER not in msgspec.json.encode(hidden).decode()
    assert hidden.call.lead.attributes == desk.call.lead.attributes
    assert hidden.agent is desk.agent


def test_attributes_are_the_operator_s_own() -> None:
    lead = shown(LeadView, examples.LEAD, attributes={"number": "7", "other": {"number": "8"}})
    assert hide(lead).attributes == lead.attributes
    assert hide_plain(msgspec.to_builtins(lead))["attributes"] == lead.attributes


def test_details_of_the_audit_are_looked_into() -> None:
    entry = shown(AuditEntry, examples.AUDIT, detail={"number": NUMBER, "deep": [{"number": NUMBER}], "count": 2})
    assert hide(entry).detail == {"number": HIDDEN, "deep": [{"number": HIDDEN}], "count": 2}


@pytest.mark.parametrize("content", [None, 7, {"total": 1}, [], shown(CampaignView, examples.CAMPAIGN)])
def test_what_holds_no_number_is_itself(content: Any) -> None:
    assert hide(content) == content


@pytest.mark.parametrize("data", [{"number": 4930123456}, {"number": True}, {"number": None}, [], "x", None, 3])
def test_plain_data_of_any_kind_is_taken(data: Any) -> None:
    assert "4930123456" not in str(hide_plain(data))
