"""What the parts of the API share: the node, who is who, what was answered before, jobs."""

from __future__ import annotations

from collections.abc import Callable

from outpace.api.auth import Sessions
from outpace.api.idempotency import Idempotency
from outpace.api.jobs import Jobs
from outpace.api.limits import AtOnce
from outpace.api.node import ApiNode
from outpace.api.paging import HiddenPlaces
from outpace.api.settings import ApiSettings
from outpace.runtime import clock

#: Of one token at once: bodies that are still on their way, lists that are being uploaded.
BODIES_MAX = 32
UPLOADS_MAX = 4


class Api:
    """Built once per application.

    Parameters
    ----------
    document : makes the OpenAPI document, encoded.
    wall_ns, monotonic_ns : real time, for tokens and limits: engine time may run faster.
    """

    def __init__(
        self,
        node: ApiNode,
        settings: ApiSettings,
        document: Callable[[], bytes],
        *,
        wall_ns: Callable[[], int] = clock.wall_ns,
        monotonic_ns: Callable[[], int] = clock.monotonic_ns,
    ) -> None:
        self.node = node
        self.settings = settings
        self.document = document
        self.wall_ns = wall_ns
        self.monotonic_ns = monotonic_ns
        self.sessions = Sessions(node, wall_ns, monotonic_ns)
        self.idempotency = Idempotency(node)
        self.jobs = Jobs(node)
        self.bodies = AtOnce(BODIES_MAX, "bodies")
        self.uploads = AtOnce(UPLOADS_MAX, "uploads")
        self.hidden_places = HiddenPlaces()
        #: What monitoring shows of requests and streams.
        self.gauges: Callable[[], dict[str, float]] = dict
