"""What the parts of the API share: the node, who is who, what was answered before, jobs."""

from __future__ import annotations

from collections.abc import Callable

from outpace.api.auth import Sessions
from outpace.api.idempotency import Idempotency
from outpace.api.jobs import Jobs
from outpace.api.node import ApiNode
from outpace.api.settings import ApiSettings


class Api:
    """Built once per application. `document` makes the OpenAPI document, encoded."""

    def __init__(self, node: ApiNode, settings: ApiSettings, document: Callable[[], bytes]) -> None:
        self.node = node
        self.settings = settings
        self.document = document
        self.sessions = Sessions(node)
        self.idempotency = Idempotency(node)
        self.jobs = Jobs(node)
        #: What monitoring shows of requests and streams.
        self.gauges: Callable[[], dict[str, float]] = dict
