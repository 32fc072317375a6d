"""If-Match: which version of settings a change was made on."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from outpace.api.endpoint import Header
from outpace.api.problems import ProblemError

_STRONG = re.compile(r'"([1-9][0-9]{0,8})"')

IfMatch = Annotated[
    str,
    Header("If-Match", wanted=True),
    Meta(
        max_length=100,
        examples=['"3"'],
        description="The ETag that was seen, or `*`: whatever is there.",
        extra_json_schema={"pattern": r'^(\*|"[1-9][0-9]{0,8}")$'},  # what else is sent matches nothing: 412
    ),
]


def version_of(if_match: str) -> int:
    """The version that an If-Match header names; 0 = `*`.

    Raises
    ------
    ProblemError : `precondition-required` when it is missing, `version-conflict` when it names no version at all.
    """
    if not if_match:
        raise ProblemError("precondition-required", "name the version that you have seen (its ETag) in If-Match, or *")
    if if_match.strip() == "*":
        return 0
    found = _STRONG.fullmatch(if_match.strip())
    if found is None:
        raise ProblemError("version-conflict", "If-Match is no ETag of settings", field="If-Match")
    return int(found[1])
