"""What msgspec finds wrong with a table or a document: the path of the key, and the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from outpace.domain.errors import ConfigError

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]+)`")


def explained(error: msgspec.ValidationError) -> tuple[list[str | int], str]:
    """Steps to the key, and what is wrong with it; a ConfigError of ours that msgspec wrapped is unwrapped."""
    found = _AT.match(str(error))
    assert found is not None
    reason = found["reason"]
    path: list[str | int] = [
        name or int(index) for name, index in _STEP.findall(found["path"] or "") if index != "..."
    ]  # fmt: skip
    cause = error.__cause__
    if isinstance(cause, ConfigError):
        path.extend(cause.where.split("."))
        reason = cause.reason
    field = _FIELD.search(reason)
    if field is not None:
        path.append(field[1])
        reason = "unknown key" if "unknown" in reason else "is missing"
    return path, reason


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: `trunk_groups[0].cps`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
