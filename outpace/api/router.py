"""From a path and a method to an operation: a tree of path segments, some of which are parameters.

A fixed segment goes before a parameter, and nothing is tried twice: `/campaigns/validate` hides a campaign of that id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from outpace.api.answers import Reply, StreamReply
from outpace.api.asgi import Receive, Scope, Send
from outpace.api.problems import ProblemError

#: Answers one operation; finds the values of the path's parameters in `scope["path_params"]`.
Bound = Callable[[Scope, Receive], Awaitable[Reply | StreamReply]]


class _Node:
    __slots__ = ("bound", "fixed", "names", "parameter")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.names: tuple[str, ...] = ()  # of the parameters on the way here
        self.bound: dict[str, Bound] = {}  # by method


class Router:
    """Serves requests by operations.

    Parameters
    ----------
    operations : method, path (`/v1/campaigns/{campaign_id}`) and what answers it.
    """

    def __init__(self, operations: Iterable[tuple[str, str, Bound]]) -> None:
        self._root = _Node()
        for method, path, bound in operations:
            node, names = self._root, []
            for segment in path[1:].split("/"):
                if segment.startswith("{"):
                    names.append(segment[1:-1])
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.fixed.setdefault(segment, _Node())
            if method in node.bound or (node.bound and node.names != tuple(names)):
                raise ValueError(f"{method} {path} is there already")
            node.names = tuple(names)
            node.bound[method] = bound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. ProblemError `not-found` and `method-not-allowed`, or what the operation raises."""
        node, values = self._root, []
        for segment in scope["path"][1:].split("/"):
            following = node.fixed.get(segment)
            if following is None:
                following = node.parameter
                if following is None or not segment:
                    raise ProblemError("not-found", "there is no such path")
                values.append(segment)
            node = following
        if not node.bound:
            raise ProblemError("not-found", "there is no such path")
        method = scope["method"]
        bound = node.bound.get("GET" if method == "HEAD" else method)  # the server leaves out the body of HEAD
        if bound is None:
            await _other(node, method)(scope, receive, send)
            return
        scope["path_params"] = dict(zip(node.names, values, strict=True))
        answer = await bound(scope, receive)
        await answer(scope, receive, send)


def _other(node: _Node, method: str) -> Reply:
    # what OPTIONS is answered; ProblemError for a method that is not offered
    offered = sorted({*node.bound, *(("HEAD",) if "GET" in node.bound else ()), "OPTIONS"})
    allow = ", ".join(offered)
    if method != "OPTIONS":
        raise ProblemError("method-not-allowed", f"offered here are {allow}", headers={"Allow": allow})
    return Reply(204, b"", [(b"allow", allow.encode())])
