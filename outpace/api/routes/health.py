"""Health, metrics and the OpenAPI document."""

from __future__ import annotations

import asyncio

from outpace.api import roles
from outpace.api.answers import Reply
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import ALARM, HEALTH
from outpace.api.problems import ProblemError
from outpace.domain.orders import GetHealth, ListAlarms
from outpace.domain.resources import AlarmView, HealthView
from outpace.domain.wire import Live, Ready
from outpace.runtime.metrics import exposition

routes = Routes("health", "Whether the node works, and its figures for monitoring.")

_PROMETHEUS = "text/plain; version=1.0.0; charset=utf-8"


@routes.add("GET", "/health/live", roles.ANYBODY, example={"live": True}, open_to_all=True)
async def get_live(call: Call) -> Live:
    """Whether the process lives."""
    del call
    return Live()


@routes.add("GET", "/health/ready", roles.ANYBODY, example={"ready": True}, problems=(503,), open_to_all=True)
async def get_ready(call: Call) -> Ready:
    """Whether the node can dial; a problem of status 503 when not."""
    if not (await call.ask(GetHealth())).ready:
        raise ProblemError("unavailable", "the node cannot dial; /v1/health says why", headers={"Retry-After": "1"})
    return Ready()


@routes.add("GET", "/v1/health", roles.WATCHING, example=HEALTH)
async def get_health(call: Call) -> HealthView:
    """The node's parts and alarms."""
    return await call.ask(GetHealth())


@routes.add("GET", "/v1/alarms", roles.FIGURES, example=[ALARM])
async def list_alarms(call: Call) -> list[AlarmView]:
    """Alarms that are on, then the last 500 that were since the node's start."""
    return await call.ask(ListAlarms())


@routes.add("GET", "/metrics", roles.WATCHING, answer_media=(_PROMETHEUS,))
async def get_metrics(call: Call) -> Reply:
    """Figures for Prometheus; see the page on metrics."""
    # read on the loop, so that all are of one moment; written out elsewhere, since that takes milliseconds
    reading = call.api.node.reading()
    reading.add("api", call.api.gauges())
    text = await asyncio.to_thread(exposition, reading)
    return Reply(200, text, [(b"content-type", _PROMETHEUS.encode())])


@routes.add("GET", "/openapi.json", roles.ANYBODY, answer_media=("application/vnd.oai.openapi+json",))
async def get_openapi(call: Call) -> Reply:
    """The OpenAPI document itself."""
    return Reply(200, call.api.document(), [(b"content-type", b"application/vnd.oai.openapi+json")])
