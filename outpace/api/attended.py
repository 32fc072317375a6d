"""One campaign from its start to its end with the control API and the console beside it: `outpace run --console`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import msgspec

from outpace.api.server import serving
from outpace.api.settings import ApiSettings
from outpace.api.tokens import make_token
from outpace.domain.access import SYSTEM, Role
from outpace.domain.errors import ConfigError, StateError, StoreError
from outpace.domain.orders import GetBoard, GetCampaign, ListAgents, LogOut, StartCampaign, StopCampaign
from outpace.domain.resources import BoardView
from outpace.domain.units import NS_PER_S
from outpace.runtime.board import Progress, present
from outpace.runtime.clock import wall_ns
from outpace.runtime.control import ControlPort
from outpace.runtime.node import WRAP_UP_WAIT_S, Ending
from outpace.runtime.node_file import NodeFile
from outpace.runtime.server import Server

#: Real seconds that the run's own token holds at most; it is revoked when the run ends.
TOKEN_S = 7 * 24 * 3600

_LOOK_S = 0.1
_OVER = ("completed", "archived")


class AttendedRun:
    """Runs a node until one of its campaigns is complete, or somebody ends it.

    Parameters
    ----------
    file : the node; listens on loopback, on a free port where its own is taken.
    campaign_id : what is started, and waited for.
    speed, seed : instead of the simulated switch's own.
    """

    def __init__(
        self, file: NodeFile[ApiSettings], campaign_id: int, *, speed: float | None = None, seed: int | None = None
    ) -> None:
        self._file = file
        self._campaign_id = campaign_id
        self._server = Server(file, speed=speed, seed=seed)
        self._draining = False
        self._ending = Ending.STOPPED
        self._failure: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(
        self, told: Callable[[str], None], on_progress: Callable[[Progress], None] | None, *, every_s: float
    ) -> Ending:
        """Run to the end. SIGINT and SIGTERM drain, the second one stops.

        Parameters
        ----------
        told : takes the console's address, with a token that holds while this runs, when the address is answered.
        on_progress : takes the campaign's progress every so many seconds, and at the end.

        Raises
        ------
        StoreError, LinkDown, ConfigError : it could not be started; else what ended it.
        """
        await self._server.run(self._beside(told, on_progress, every_s), drain_s=0.0)
        if self._failure is not None:
            raise self._failure
        return self._ending

    @asynccontextmanager
    async def _beside(
        self, told: Callable[[str], None], on_progress: Callable[[Progress], None] | None, every_s: float
    ) -> AsyncIterator[None]:
        server = self._server
        async with AsyncExitStack() as stack:
            url = await self._serve(stack)
            token = await stack.enter_async_context(self._token())
            told(f"{url}/console/#/sign-in?token={token}")
            await server.door.command(StartCampaign(campaign_id=self._campaign_id), SYSTEM)
            self._take_signals()
            self._spawn(self._await_end())
            if on_progress is not None:
                self._spawn(self._report(on_progress, every_s))
            try:
                yield
            finally:
                for task in tuple(self._tasks):
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
            if on_progress is not None and self._failure is None:
                on_progress(await self._progress())

    async def _serve(self, stack: AsyncExitStack) -> str:
        settings = self._file.api
        try:
            return await stack.enter_async_context(serving(self._server, settings))
        except ConfigError as error:
            if error.where != "api.port" or not settings.port:
                raise
        return await stack.enter_async_context(serving(self._server, msgspec.structs.replace(settings, port=0)))

    @asynccontextmanager
    async def _token(self) -> AsyncIterator[str]:
        now_ns = wall_ns()
        secret, view = await self._server.write(
            lambda store: make_token(
                store,
                name="outpace run --console",
                role=Role.OPERATOR,
                agent_id=0,
                expires_ns=now_ns + TOKEN_S * NS_PER_S,
                now_ns=now_ns,
            )
        )
        try:
            yield secret
        finally:
            with suppress(StoreError):  # a node that has failed has no store any more: then the token expires
                await self._server.write(lambda store: store.revoke_token(view.token_id, wall_ns()))

    def _take_signals(self) -> None:
        # from the server, which gives them back
        loop = asyncio.get_running_loop()
        for kind in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(kind, self._on_signal)

    def _on_signal(self) -> None:
        if self._draining:
            self._server.ask_to_stop()
        else:
            self._draining = True
            self._spawn(self._drain())

    async def _drain(self) -> None:
        with suppress(StateError):  # it is over by itself
            await self._server.door.command(StopCampaign(campaign_id=self._campaign_id), SYSTEM)

    async def _await_end(self) -> None:
        door, over = self._server.door, ""
        while not over:
            await asyncio.sleep(_LOOK_S)  # nobody tells of a campaign that was put away
            state = (await door.query(GetCampaign(campaign_id=self._campaign_id))).state
            if state in _OVER or (self._draining and state == "paused"):
                over = state
        await _let_go(door)
        self._ending = Ending.COMPLETED if over == "completed" else Ending.DRAINED
        self._server.ask_to_stop()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._has_ended)

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
            self._server.ask_to_stop()

    async def _report(self, on_progress: Callable[[Progress], None], every_s: float) -> None:
        while True:
            on_progress(await self._progress())
            await asyncio.sleep(every_s)

    async def _progress(self) -> Progress:
        return progress_of(await self._server.door.query(GetBoard(campaign_id=self._campaign_id)))


async def _let_go(door: ControlPort) -> None:
    # agents write up their last calls and are logged out
    with suppress(TimeoutError):
        async with asyncio.timeout(WRAP_UP_WAIT_S):
            while any(agent.state == "wrap_up" for agent in await door.query(ListAgents())):  # noqa: ASYNC110 - rarely
                await asyncio.sleep(_LOOK_S)
    for agent in await door.query(ListAgents()):
        if agent.state != "logged_out":
            await door.command(LogOut(agent_id=agent.agent_id), SYSTEM)


def progress_of(board: BoardView) -> Progress:
    """A board as a line for a terminal."""
    answered = board.answered
    return Progress(
        campaign=board.name,
        state=board.state,
        limited_by=board.reason,
        elapsed_s=board.elapsed_s,
        leads_total=board.leads_total,
        leads_left=board.leads_left,
        attempts=sum(board.outcomes.values()),
        outcomes=present(board.outcomes),
        answered=answered,
        connected=board.connected,
        abandoned=board.abandoned,
        abandoned_ratio=board.abandoned / answered if answered else 0.0,
        calls=present(board.calls),
        agents=present(board.agents),
    )
