"""Endpoints: what a route takes, who may use it, what it answers; all of it read from the handler's signature.

A handler takes a `Call` and, by name, what the request gives: a parameter that the path template names comes from the
path, `body` from the body, one marked `Header` from that header, any other from the query. What does not fit its type
is refused with the field's name before the handler runs; the same types make the OpenAPI document (openapi.py).
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from outpace.api.answers import Answer
from outpace.api.asgi import Receive, Scope
from outpace.api.context import Api
from outpace.domain.access import Actor, Role
from outpace.domain.orders import Order, Question

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class Header(msgspec.Struct, frozen=True):
    """Marks a parameter that comes from a header. `wanted`: its absence is a problem, which the handler tells."""

    name: str
    wanted: bool = False


class Call:
    """One request: who asks, and the node that is asked."""

    __slots__ = ("actor", "api", "receive", "scope")

    def __init__(self, api: Api, scope: Scope, receive: Receive) -> None:
        self.api = api
        self.scope = scope
        self.receive = receive
        self.actor: Actor = scope["user"]

    async def ask(self, question: Question[T]) -> T:
        """Ask the node."""
        return await self.api.node.door.query(question)

    async def tell(self, order: Order[T]) -> T:
        """Tell the node, in the name of who asks."""
        return await self.api.node.door.command(order, self.actor)


class Parameter(msgspec.Struct, frozen=True):
    """A parameter: the handler's `argument`, and its `name` in the path, the query or the headers."""

    argument: str
    name: str
    place: Literal["path", "query", "header"]
    hint: Any
    required: bool
    default: Any
    wanted: bool


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    Parameters
    ----------
    body : type of the body, None = there is none; with `body_media` not JSON the handler reads it itself.
    body_plain : the handler gets the body as plain data, without what was left out.
    open : needs no token. remembered : takes an Idempotency-Key.
    status : of its answer. answer_headers : those worth a word in the reference.
    problems : statuses of problems beyond those that every operation may answer.
    example, body_example : an answer and a body as plain data.
    answer_media : media types of the answer; other than JSON it is a stream.
    """

    method: Method
    path: str
    tag: str
    roles: frozenset[Role]
    handler: Callable[..., Awaitable[Any]]
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Any
    body_plain: bool
    body_required: bool
    body_media: str
    body_example: Any
    answer: Any
    answer_media: tuple[str, ...]
    answer_headers: tuple[str, ...]
    example: Any
    status: int
    problems: tuple[int, ...]
    open: bool
    remembered: bool

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.handler.__name__

    @property
    def reads_body(self) -> bool:
        """Whether the body is read and decoded for the handler; the others take it as a stream, or have none."""
        return self.body_media in (JSON, MERGE_PATCH)


class Routes:
    """The operations of one resource.

    Parameters
    ----------
    tag : the resource's name in the reference. about : a sentence on it.
    """

    def __init__(self, tag: str, about: str) -> None:
        self.tag = tag
        self.about = about
        self.endpoints: list[Endpoint] = []

    def add(
        self,
        method: Method,
        path: str,
        roles: frozenset[Role],
        *,
        status: int = 200,
        problems: tuple[int, ...] = (),
        headers: tuple[str, ...] = (),
        example: Any = None,
        body_as: Any = None,
        body_example: Any = None,
        body_media: str = JSON,
        answer_media: tuple[str, ...] = (JSON,),
        open_to_all: bool = False,
        remembered: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Make an operation of a handler. Its docstring's first line is the summary, the rest the description.

        With `body_as` the body is read as that type and given to the handler as plain data.
        """

        def register(handler: Handler) -> Handler:
            summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n")
            parameters, body, body_required = _taken(handler, path)
            endpoint = Endpoint(
                method=method,
                path=path,
                tag=self.tag,
                roles=roles,
                handler=handler,
                summary=summary.rstrip("."),
                description=" ".join(description.split()),
                parameters=parameters,
                body=body_as or body,
                body_plain=body_as is not None,
                body_required=body_required,
                body_media=body_media,
                body_example=body_example,
                answer=_answered(handler),
                answer_media=answer_media,
                answer_headers=headers,
                example=example,
                status=status,
                problems=problems,
                open=open_to_all,
                remembered=remembered and method == "POST" and body_media == JSON and not open_to_all,
            )
            self.endpoints.append(endpoint)
            return handler

        return register


def _taken(handler: Callable[..., Any], path: str) -> tuple[tuple[Parameter, ...], Any, bool]:
    # what the signature wants of a request: parameters, body, whether a body must be there
    hints = typing.get_type_hints(handler, include_extras=True)
    parameters: list[Parameter] = []
    body, body_required = None, False
    for name, one in list(inspect.signature(handler).parameters.items())[1:]:
        hint, required = hints[name], one.default is inspect.Parameter.empty
        default = None if required else one.default
        mark = _header(hint)
        if name == "body":
            body, body_required = hint, required
        elif f"{{{name}}}" in path:
            parameters.append(Parameter(name, name, "path", hint, True, None, True))
        elif mark is not None:
            parameters.append(
                Parameter(name, mark.name, "header", _without_header(hint), required, default, mark.wanted or required)
            )
        else:
            parameters.append(Parameter(name, name, "query", hint, required, default, required))
    return tuple(parameters), body, body_required


def _header(hint: Any) -> Header | None:
    return next((mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Header)), None)


def _without_header(hint: Any) -> Any:
    # what is left is for msgspec
    rest = tuple(mark for mark in hint.__metadata__ if not isinstance(mark, Header))
    return Annotated[(hint.__origin__, *rest)] if rest else hint.__origin__


def _answered(handler: Callable[..., Any]) -> Any:
    hint = typing.get_type_hints(handler)["return"]
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Answer else hint
