"""How the API listens, and the bounds that it keeps."""

from __future__ import annotations

import re

from outpace.domain.errors import ConfigError
from outpace.runtime.settings import Table


class ApiSettings(Table, frozen=True):
    """The table [api] of a node file.

    Parameters
    ----------
    host, port : where it listens; port 0 = any free one.
    tls_cert, tls_key : files (PEM); both or none. Without them TLS is a proxy's work.
    trusted_proxies : addresses whose X-Forwarded-For and X-Forwarded-Proto are believed.
    requests_per_s, burst : of one token; what is beyond is refused.
    in_flight_max : requests under way at once; what is beyond is refused.
    streams_max : live streams at once.
    upload_max_mb : of one list.
    rejects_days : how long the rows of a list that could not be dialled are kept.
    agent_legs : regular expression of the legs that agents may name when they log in; "" = only the one that is set
        for them. What is named here is dialled: no more than the desks of the house should match.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    tls_cert: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    requests_per_s: float = 200.0
    burst: int = 400
    in_flight_max: int = 256
    streams_max: int = 1000
    upload_max_mb: int = 4096
    rejects_days: int = 90
    agent_legs: str = ""

    def __post_init__(self) -> None:
        for key, low, high in (
            ("port", 0, 65_535),
            ("requests_per_s", 0.1, 1e6),
            ("burst", 1, 1_000_000),
            ("in_flight_max", 1, 100_000),
            ("streams_max", 0, 100_000),
            ("upload_max_mb", 1, 1_000_000),
            ("rejects_days", 1, 3650),
        ):
            if not low <= getattr(self, key) <= high:
                raise ConfigError(key, f"must be from {low:g} to {high:g}, not {getattr(self, key):g}")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ConfigError("tls_key", "tls_cert and tls_key belong together")
        try:
            re.compile(self.agent_legs)
        except re.error as error:
            raise ConfigError("agent_legs", f"is no regular expression: {error}") from error

    def may_agents_name(self, leg: str) -> bool:
        """Whether agents may log in at a leg that nobody has set for them."""
        return bool(self.agent_legs) and re.fullmatch(self.agent_legs, leg) is not None
