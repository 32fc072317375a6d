"""The client that lets others run while it waits; otherwise as _core.py."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from outpace.client._core import ENDED, LOOK_FIRST_S, UNSENT, Progress, told_again
from outpace.client._uploads import AsyncSource, async_pieces, is_read_once
from outpace.client.errors import ConnectionFailed, JobFailed
from outpace.client.requests import Address, Again, Attempts, Request, Retry, call, part
from outpace.domain.resources import JobView, Page

T = TypeVar("T")


class AsyncCore:
    """What all operations need."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout_s: float = 30.0,
        retry: Retry | None = None,
        verify: ssl.SSLContext | bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._address = Address.of(url, token)
        self._verify = verify
        self._timeout_s = timeout_s
        self._retry = retry or Retry()
        self._random = Random()  # noqa: S311 - spreads waits
        self._sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._http = httpx.AsyncClient(
            base_url=self._address.url,
            headers=self._address.headers,
            timeout=timeout_s,
            verify=verify,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, request: Request[T], source: AsyncSource | None = None) -> T:
        attempts = Attempts(request, self._retry, self._random)
        while True:
            content = request.body if source is None else async_pieces(source)
            try:
                response = await self._http.request(
                    request.method, request.target, content=content, headers=request.headers
                )
            except httpx.HTTPError as error:
                wait_s = attempts.failed(error, sent=not isinstance(error, UNSENT))
            else:
                after_s = attempts.answered(response.status_code, response.headers, response.content)
                if after_s is None:
                    return attempts.decode(response.status_code, response.content)
                wait_s = after_s
            told_again(request, wait_s)
            await self._sleep(wait_s)

    async def _open(self, request: Request[Any]) -> httpx.Response:
        # an answer whose body is still to be read
        attempts = Attempts(request, self._retry, self._random)
        while True:
            try:
                made = self._http.build_request(request.method, request.target, headers=request.headers)
                response = await self._http.send(made, stream=True)
                body = b"" if response.is_success else await response.aread()
            except httpx.HTTPError as error:
                wait_s = attempts.failed(error, sent=not isinstance(error, UNSENT))
            else:
                after_s = attempts.answered(response.status_code, response.headers, body)
                if after_s is None:
                    return response
                wait_s = after_s
            told_again(request, wait_s)
            await self._sleep(wait_s)

    async def _start(self, request: Request[JobView], source: AsyncSource | None = None) -> AsyncJob:
        if source is not None and is_read_once(source):
            request = msgspec.structs.replace(request, again=Again.NEVER)
        return AsyncJob(await self._ask(request, source), self._ask, self._sleep)

    def _download(self, request: Request[Any]) -> AsyncDownload:
        return AsyncDownload(request.target.partition("?")[0], lambda: self._open(request))

    async def _pages(self, page: Callable[[str], Awaitable[Page[T]]]) -> AsyncIterator[T]:
        cursor: str | None = ""
        while cursor is not None:
            found = await page(cursor)
            for one in found.items:
                yield one
            cursor = found.next_cursor


class AsyncJob:
    """Long work at the node: `view` is how it stood when it was last looked at."""

    def __init__(
        self,
        view: JobView,
        ask: Callable[[Request[JobView]], Awaitable[JobView]],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._ask = ask
        self._sleep = sleep
        self.view = view

    def __repr__(self) -> str:
        return f"Job({self.job_id!r}, {self.view.state}, {self.view.progress:.0%})"

    @property
    def job_id(self) -> str:
        """Its id."""
        return self.view.job_id

    async def look(self) -> JobView:
        """How it stands now. NotFound: it ended long ago, or the node has started anew."""
        self.view = await self._ask(call("GET", f"/v1/jobs/{part(self.job_id)}", JobView))
        return self.view

    async def cancel(self) -> JobView:
        """End it; what it has done so far stays."""
        path = f"/v1/jobs/{part(self.job_id)}/cancel"
        self.view = await self._ask(call("POST", path, JobView, key=""))
        return self.view

    async def wait(
        self, *, timeout_s: float | None = None, progress: Progress | None = None, every_s: float = 0.5
    ) -> JobView:  # fmt: skip
        """Wait for its end and return it; `progress` is called with the job whenever it has moved.

        Raises
        ------
        JobFailed : it failed or was cancelled. TimeoutError : it has not ended after `timeout_s`; it goes on.
        """
        began_s, wait_s, shown = time.monotonic(), LOOK_FIRST_S, None
        while True:
            if progress is not None and self.view != shown:
                progress(self.view)
            shown = self.view
            if shown.state in ENDED:
                break
            if timeout_s is not None and time.monotonic() - began_s >= timeout_s:
                raise TimeoutError(f"{self.job_id} has not ended after {timeout_s:g} s")
            await self._sleep(wait_s)
            wait_s = min(every_s, 2.0 * wait_s)
            await self.look()
        if shown.state != "done":
            raise JobFailed(shown)
        return shown


class AsyncDownload:
    """A body of any length, read as it comes: a context, and an iterable of bytes.

    An answer that breaks off raises ConnectionFailed: what came is not the whole.
    """

    def __init__(self, name: str, begin: Callable[[], Awaitable[httpx.Response]]) -> None:
        self._name = name
        self._begin = begin
        self._response: httpx.Response | None = None

    async def __aenter__(self) -> Self:
        self._response = await self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._response is not None:
            await self._response.aclose()
            self._response = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._response is None:
            async with self:
                async for piece in self:
                    yield piece
            return
        try:
            async for piece in self._response.aiter_bytes():
                yield piece
        except httpx.HTTPError as error:
            raise ConnectionFailed(f"{self._name} broke off: {error}") from error

    async def lines(self) -> AsyncIterator[bytes]:
        """Line by line, without their ends."""
        rest = b""
        async for chunk in self:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.removesuffix(b"\r")
        if rest:
            yield rest

    async def save(self, path: str | Path) -> int:
        """Write it to a file; its length. The file is there only when all of it has come."""
        wanted = Path(path)
        part_of = wanted.with_name(f"{wanted.name}.part")
        try:
            with part_of.open("wb") as file:
                size = 0
                async for chunk in self:
                    size += await asyncio.to_thread(file.write, chunk)
            part_of.replace(wanted)
        finally:
            part_of.unlink(missing_ok=True)
        return size
