"""What schemathesis cannot know: refusals that depend on what is there, ids that live, a token to be left alone.

Data that fits the document may still be refused because of the node's state, or because two fields do not go together
in a way that a schema cannot say. Each such refusal is named here by operation, kind of problem, field and reason; any
other fails the test.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, NamedTuple

import requests
import schemathesis

_TOKEN = os.environ["OUTPACE_TEST_TOKEN"]
_TOKEN_ID = int(os.environ["OUTPACE_TEST_TOKEN_ID"])
_NOBODY = 2**31 - 1

_SETTINGS = "create_campaign|validate_campaign|change_campaign|simulate"


class Refusal(NamedTuple):
    """Regular expressions that the operation's id and `field: reason` must match wholly, the kind of the problem."""

    operations: str
    problem: str
    reason: str


#: Data that fits the document and is refused, and why that is right.
REFUSED = [
    # what is there already, or is not there
    Refusal("create_.*|change_.*", "invalid", r"name: .* is called .* already"),
    Refusal("change_campaign|change_trunk_group", "version-conflict", ""),
    Refusal("create_campaign|change_campaign|simulate", "invalid", "trunk_groups: .* names trunk group .*: no such"),
    Refusal("change_trunk_group", "invalid", "kind: cannot be changed.*"),
    Refusal("change_campaign", "invalid", "dispositions: past calls go by their place: .*"),
    Refusal("set_disposition", "invalid", "disposition: must be one of .*"),
    Refusal(".*", "key-reused", "Idempotency-Key: it was sent with another request"),
    # what goes together in a way that no schema says
    Refusal("list_leads", "invalid", "campaign_id: wants campaign_id, list_id or number"),
    Refusal(
        "list_attempts|export_attempts|get_report|export_report",
        "invalid",
        "since: must not be later than until|until: must be later than since",
    ),
    Refusal(_SETTINGS, "invalid", "answers: wants a name for each answer"),
    Refusal(_SETTINGS, "invalid", r"calling_hours\.end: must be later than start .*"),
    Refusal("change_campaign|simulate", "invalid", "message: is what mode = 'agentless' plays .*"),
    Refusal("change_campaign|simulate", "invalid", "connect_clock: .* needs amd = true"),
    Refusal("import_list|import_suppression", "invalid", "column: without a header wants a position, .*"),
    # 0 says "none" in calls, attempts and suppression: schemathesis follows it as if it were an id
    Refusal(".*", "invalid", "(campaign_id|agent_id|lead_id|list_id): expected `int` >= 1"),
    # names that others give, which are too many for a list of them
    Refusal(_SETTINGS, "invalid", r"(calling_hours|abandonment)\.timezone: no such time zone: .*"),
    Refusal("add_lead|suppress|import_list|import_suppression", "invalid", "region: no such region: .*"),
    Refusal("import_list|import_suppression", "invalid", "encoding: .*"),
    # numbers of people, times and addresses have more rules than a pattern holds
    Refusal("add_lead|suppress|unsuppress", "invalid", "number: .*"),
    Refusal(
        ".*",
        "invalid",
        "(since|until|due_at|expires_at|callback_at): (lies in the past|has passed already|is out of range.*)",
    ),
    Refusal("create_webhook", "invalid", "url: .* does not appear to be an IPv4 or IPv6 address"),
    # JSON Schema takes 3.0 for an integer; the API takes it for the slip that it is
    Refusal(".*", "invalid", ".*: [Ee]xpected `int( [|] null)?`, got `float`"),
]


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure is one."""
    name = case.operation.definition.raw["operationId"]
    match type(failure).__name__:
        case "RejectedPositiveData":
            return not _is_known(name, json.loads(response.content))
        case "AcceptedNegativeData":
            # whatever is sent as a list is text, and any text is one, if only of rejects
            is_list = name in ("import_list", "import_suppression")
            return not (is_list and re.search("in body - (incorrect type|violates `type`)", failure.message))
    return True


def _is_known(name: str, told: dict[str, Any]) -> bool:
    kind = told["type"].rpartition(":")[2]
    reasons = [f"{one['field']}: {one['reason']}" for one in told.get("errors", [])] or [""]
    return any(
        kind == known.problem
        and re.fullmatch(known.operations, name)
        and all(re.fullmatch(known.reason, one, re.DOTALL) for one in reasons)
        for known in REFUSED
    )


#: Operation -> where ids are found that live, and what they are called: those of calls change all the time.
_LIVING = {
    "get_call": ("/v1/calls", "call_id"),
    "hang_up_call": ("/v1/calls", "call_id"),
    "get_list": ("/v1/lists", "list_id"),
    "get_rejects": ("/v1/lists", "list_id"),
}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Leave the test's own token alone, let simulations be short, and ask for calls and lists that are there."""
    name = case.operation.definition.raw["operationId"]
    if name == "revoke_token" and str(case.path_parameters.get("token_id")) == str(_TOKEN_ID):
        case.path_parameters["token_id"] = _NOBODY
    elif name == "simulate" and isinstance(case.body, dict):
        for key, least, most in (("hours", 0.25, 8.0), ("seeds", 2, 16)):
            if isinstance(case.body.get(key), int | float) and least <= case.body[key] <= most:
                case.body[key] = least
    elif name in _LIVING and case.meta is not None and case.meta.generation.mode.is_positive:
        where, key = _LIVING[name]
        base = case.operation.schema.get_base_url().rstrip("/")
        found = requests.get(base + where, headers={"Authorization": f"Bearer {_TOKEN}"}, timeout=30.0).json()
        items = found["items"] if isinstance(found, dict) else found
        if items:
            case.path_parameters[key] = items[0][key]
