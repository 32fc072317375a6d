"""Serving: the application on uvicorn, in the loop that is running."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from outpace.api.app import create_app
from outpace.api.connections import HttpProtocol, StreamProtocol
from outpace.api.gate import Gate
from outpace.api.node import ApiNode
from outpace.api.settings import ApiSettings
from outpace.domain.errors import ConfigError

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
_MESSAGE_MAX = 4096
_PING_S = 20.0
#: Seconds that answers under way have at the end.
_GRACE_S = 5
_LOOK_S = 0.005

# At the level DEBUG the server writes the headers of WebSocket handshakes, and so tokens: they do not get through.
logging.getLogger("uvicorn.error").addFilter(lambda record: record.levelno > logging.DEBUG)


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the node's."""
        yield


@asynccontextmanager
async def serving(node: ApiNode, settings: ApiSettings) -> AsyncIterator[str]:
    """Serve the control API of a node; gives the base URL.

    Raises
    ------
    ConfigError : the address cannot be had, or the certificate is wrong.
    """
    _raise_file_limit()
    gate = create_app(node, settings)
    with _listen(settings) as listening:
        server = _Uvicorn(_config(gate, settings))
        try:
            server.config.load()
        except OSError as error:
            raise ConfigError("api.tls_cert", f"{error.strerror or error}: {settings.tls_cert}") from error
        await gate.open()
        task = asyncio.create_task(server.serve([listening]), name="api")
        try:
            while not server.started and not task.done():  # noqa: ASYNC110 - it has no event for it
                await asyncio.sleep(_LOOK_S)
            yield _url(listening, settings)
        finally:
            server.should_exit = True
            await task
            await gate.close()


def _raise_file_limit() -> None:
    # a connection is a file: as many as the system lets us have
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _config(gate: Gate, settings: ApiSettings) -> uvicorn.Config:
    return uvicorn.Config(
        gate,
        http=HttpProtocol,
        ws=StreamProtocol,
        ws_max_size=_MESSAGE_MAX,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


def _listen(settings: ApiSettings) -> socket.socket:
    try:
        ((family, *_, address), *_) = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise ConfigError("api.port", f"cannot listen on {where}: {error.strerror or error}") from error


def _url(listening: socket.socket, settings: ApiSettings) -> str:
    host, port = listening.getsockname()[:2]
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
