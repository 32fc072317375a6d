"""Which function answers which question, and which carries out which order; and what they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from outpace.domain.access import Actor
from outpace.domain.errors import ConfigError
from outpace.domain.orders import Order, Question
from outpace.domain.resources import Page
from outpace.runtime.house import House

Q = TypeVar("Q", bound=Question[Any])
O = TypeVar("O", bound=Order[Any])  # noqa: E741 - an order
T = TypeVar("T")

PAGE_MAX = 1000


class Done(NamedTuple):
    """What an order has come to: its answer, what it was about, and what the audit is to say of it."""

    answer: Any
    subject: str
    detail: dict[str, Any] = {}  # noqa: RUF012 - never changed


#: Question -> answer, order -> what came of it.
ANSWERS: dict[type, Callable[[House, Any], Awaitable[Any]]] = {}
ACTS: dict[type, Callable[[House, Any, Actor], Awaitable[Done]]] = {}


def answers(kind: type[Q]) -> Callable[[Callable[[House, Q], Awaitable[T]]], Callable[[House, Q], Awaitable[T]]]:
    """Let a function answer questions of a kind."""

    def enter(function: Callable[[House, Q], Awaitable[T]]) -> Callable[[House, Q], Awaitable[T]]:
        ANSWERS[kind] = function
        return function

    return enter


def carries_out(
    kind: type[O],
) -> Callable[[Callable[[House, O, Actor], Awaitable[Done]]], Callable[[House, O, Actor], Awaitable[Done]]]:
    """Let a function carry out orders of a kind."""

    def enter(function: Callable[[House, O, Actor], Awaitable[Done]]) -> Callable[[House, O, Actor], Awaitable[Done]]:
        ACTS[kind] = function
        return function

    return enter


def limit_of(question: Any) -> int:  # noqa: ANN401 - any paged question
    """The length of the page. ConfigError when it is out of range."""
    limit = int(question.limit)
    if not 1 <= limit <= PAGE_MAX:
        raise ConfigError("limit", f"must be from 1 to {PAGE_MAX}, not {limit}")
    return limit


def place_of(question: Any, parts: int = 1) -> tuple[int, ...]:  # noqa: ANN401 - any paged question
    """Where the page begins, as the numbers of its cursor; zeros for the first page. ConfigError for a bad cursor."""
    if not question.cursor:
        return (0,) * parts
    texts = question.cursor.split(".")
    if len(texts) != parts or not all(one.isascii() and one.isdecimal() and len(one) <= 19 for one in texts):
        raise ConfigError("cursor", "is none that was given here")
    numbers = tuple(map(int, texts))
    if max(numbers) >= 2**63:
        raise ConfigError("cursor", "is none that was given here")
    return numbers


def page(found: Sequence[Any], limit: int, view: Callable[[Any], T], cursor: Callable[[Any], str]) -> Page[T]:
    """A page of what was found, of which one more than `limit` was asked for."""
    shown = found[:limit]
    return Page(
        items=[view(one) for one in shown], next_cursor=cursor(shown[-1]) if len(found) > limit else None
    )  # fmt: skip
