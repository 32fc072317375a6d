"""The application: all routes behind the gate."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from outpace.api.answers import encode
from outpace.api.binding import bind
from outpace.api.context import Api
from outpace.api.gate import Gate
from outpace.api.node import ApiNode
from outpace.api.openapi import document
from outpace.api.router import Router
from outpace.api.routes import (
    access,
    agents,
    attempts,
    calls,
    campaigns,
    health,
    jobs,
    leads,
    lists,
    reports,
    simulations,
    suppression,
    trunk_groups,
    webhooks,
)
from outpace.api.settings import ApiSettings
from outpace.runtime import clock

#: Every operation, in the order of the reference.
ALL_ROUTES = tuple(
    module.routes
    for module in (
        campaigns,
        lists,
        leads,
        suppression,
        agents,
        calls,
        attempts,
        trunk_groups,
        reports,
        simulations,
        jobs,
        webhooks,
        access,
        health,
    )
)


@cache
def encoded_document() -> bytes:
    """The OpenAPI document as JSON."""
    return encode(document(ALL_ROUTES))


def create_app(
    node: ApiNode,
    settings: ApiSettings,
    *,
    wall_ns: Callable[[], int] = clock.wall_ns,
    monotonic_ns: Callable[[], int] = clock.monotonic_ns,
) -> Gate:
    """The control API of a node, as an ASGI application; who serves it opens and closes it. Tests give their clocks."""
    api = Api(node, settings, encoded_document, wall_ns=wall_ns, monotonic_ns=monotonic_ns)

    endpoints = (endpoint for routes in ALL_ROUTES for endpoint in routes.endpoints)
    router = Router((endpoint.method, endpoint.path, bind(endpoint, api)) for endpoint in endpoints)
    return Gate(router, api)
