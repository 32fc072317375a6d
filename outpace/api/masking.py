"""Numbers of people, hidden from those who need not know them.

What is hidden follows from the types: every field called `number` of every resource, however deep, but nothing inside
a lead's own attributes, which are the operator's to choose.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from outpace.domain.resources import AuditEntry

_FIELD = "number"
_NUMBERED = ("number", "numbers")
_FREE = "attributes"

#: Digits that stay: country and area say where somebody lives, the last two tell two people apart.
_HEAD, _TAIL = 4, 2

_Hide = Callable[[Any], Any]


def mask(number: str) -> str:
    """`+4930123456` -> `+493*****56`; a number that is too short for that is hidden wholly."""
    digits = len(number)
    if digits < _HEAD + _TAIL + 3:
        return "*" * digits
    return number[:_HEAD] + "*" * (digits - _HEAD - _TAIL) + number[-_TAIL:]


def hide(content: Any) -> Any:
    """The same resource, list of resources or plain data without numbers in full."""
    if isinstance(content, list):
        return [hide(one) for one in content]
    kind: type = type(content)
    hider = _hider(kind)
    return content if hider is None else hider(content)


def hide_plain(data: Any) -> Any:
    """The same for resources as plain data, such as those of the live stream and an audit's details."""
    if isinstance(data, dict):
        return {
            key: value if key == _FREE else _hide_value(value) if key in _NUMBERED else hide_plain(value)
            for key, value in data.items()
        }
    return [hide_plain(one) for one in data] if isinstance(data, list) else data


def _hide_value(value: Any) -> Any:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return mask(str(value))
    return [_hide_value(one) for one in value] if isinstance(value, list) else value


@cache
def _hider(kind: type) -> _Hide | None:
    # What hides the numbers of a struct, None = it holds none. Made once per type.
    if not issubclass(kind, msgspec.Struct):
        return None
    parts: dict[str, _Hide] = {}
    for name, hint in typing.get_type_hints(kind).items():
        if kind is AuditEntry and name == "detail":
            parts[name] = hide_plain
        elif name == _FIELD and hint is str:
            parts[name] = mask
        elif name != _FREE:
            part = _part(hint)
            if part is not None:
                parts[name] = part
    if not parts:
        return None
    return lambda one: msgspec.structs.replace(one, **{name: part(getattr(one, name)) for name, part in parts.items()})


def _part(hint: Any) -> _Hide | None:
    # a struct, or a struct somewhere inside a generic: those are looked into, by what is really there
    if isinstance(hint, typing.TypeVar) or any(_part(inner) for inner in typing.get_args(hint)):
        return hide
    return hide if isinstance(hint, type) and _hider(hint) is not None else None
