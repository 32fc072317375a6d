"""Long work: imports and what-if, each in a process of its own, with progress, a result or an error, and an end.

A worker is `python -m outpace.api.worker`: its task comes as one line of JSON on stdin, what it has to say as lines on
stdout. It is asked to stop by SIGTERM and killed when it does not. Jobs are kept in memory and forgotten in the order
in which they ended; what an import has done stays written in its list.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from outpace.api.node import ApiNode
from outpace.api.tasks import Message, Task
from outpace.domain.access import Actor
from outpace.domain.errors import CapacityError, StateError, UnknownId
from outpace.domain.resources import JobView
from outpace.domain.units import NS_PER_S
from outpace.domain.wire import Topic

log = logging.getLogger(__name__)

#: Workers at a time, jobs that may wait, and ended ones that are remembered.
RUNNING_MAX = 1
WAITING_MAX = 32
REMEMBERED_MAX = 200

_STOP_S = 10.0
_LINE_MAX = 16 << 20
_ENDED = ("done", "failed", "cancelled")

#: Awaited with the job as it has ended, before anybody is told of the end.
OnEnd = Callable[[JobView], Awaitable[None]]


class _Job:
    def __init__(self, view: JobView, task: Task, on_end: OnEnd | None) -> None:
        self.view = view
        self.task = task
        self.on_end = on_end
        self.cancelled = False
        self.process: asyncio.subprocess.Process | None = None
        self.runner: asyncio.Task[None] | None = None


class Jobs:
    """All jobs of the node."""

    def __init__(self, node: ApiNode) -> None:
        self._node = node
        self._jobs: dict[str, _Job] = {}
        self._turn = asyncio.Semaphore(RUNNING_MAX)

    def start(
        self, task: Task, *, job_id: str, kind: str, text: str, actor: Actor, on_end: OnEnd | None = None
    ) -> JobView:
        """Queue a task. CapacityError: too many wait. A job whose `on_end` raises has failed."""
        self.require_room()
        view = JobView(
            job_id=job_id,
            kind=kind,
            state="queued",
            progress=0.0,
            text=text,
            created_at=self._now(),
            created_by=actor.name,
        )
        job = self._jobs[job_id] = _Job(view, task, on_end)
        self._publish(view)
        job.runner = asyncio.create_task(self._run(job), name=f"job {job_id}")
        return view

    def require_room(self) -> None:
        """CapacityError when too many jobs wait."""
        if sum(job.view.state not in _ENDED for job in self._jobs.values()) >= WAITING_MAX + RUNNING_MAX:
            raise CapacityError(f"{WAITING_MAX} jobs wait already")

    def all(self) -> list[JobView]:
        """Jobs, the latest first."""
        return [job.view for job in reversed(self._jobs.values())]

    def get(self, job_id: str) -> JobView:
        """One job. UnknownId: there is none, or it ended long ago."""
        return self._find(job_id).view

    def knows(self, job_id: str) -> bool:
        """Whether there is such a job."""
        return job_id in self._jobs

    def cancel(self, job_id: str) -> JobView:
        """End a job; what it has done so far stays. StateError: it has ended."""
        job = self._find(job_id)
        if job.view.state in _ENDED:
            raise StateError(f"job {job_id} has ended: {job.view.state}")
        job.cancelled = True
        if job.process is not None:
            _stop(job.process)
        elif job.view.state == "queued":
            assert job.runner is not None
            job.runner.cancel()
        return job.view

    async def close(self) -> None:
        """End all jobs and wait for it, but not for a store that writes nothing."""
        for job in self._jobs.values():
            if job.view.state not in _ENDED:
                self.cancel(job.view.job_id)
        runners = [job.runner for job in self._jobs.values() if job.runner]
        if runners:
            await asyncio.wait(runners, timeout=2 * _STOP_S)

    def _find(self, job_id: str) -> _Job:
        job = self._jobs.get(job_id)
        if job is None:
            raise UnknownId(f"no job {job_id}")
        return job

    async def _run(self, job: _Job) -> None:
        try:
            async with self._turn:
                self._show(job, state="running")
                await self._work(job)
        except asyncio.CancelledError:  # while it waited for its turn
            await self._end(job, "cancelled")
        except Exception as error:
            log.exception("a job failed", extra={"job": job.view.job_id})
            await self._end(job, "failed", error=str(error))

    async def _work(self, job: _Job) -> None:
        process = job.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "outpace.api.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_MAX,
        )
        if job.cancelled:
            _stop(process)
        try:
            last = await self._talk(job, process)
        finally:
            # whatever happened, no process stays behind
            if process.returncode is None:
                _stop(process)
            await process.wait()
        if last.result is not None:
            await self._end(job, "done", result=last.result)
        elif job.cancelled:
            await self._end(job, "cancelled")
        else:
            died = f"the worker ended without a result (exit code {process.returncode})"
            await self._end(job, "failed", error=last.error or died)

    async def _talk(self, job: _Job, process: asyncio.subprocess.Process) -> Message:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(job.task) + b"\n")
            await process.stdin.drain()
        last = Message()
        while line := await process.stdout.readline():
            last = msgspec.json.decode(line, type=Message)
            if last.result is None and not last.error:
                self._show(job, progress=last.progress, text=last.text or job.view.text)
        return last

    async def _end(self, job: _Job, state: str, *, result: Any = None, error: str = "") -> None:
        changes = {"state": state, "result": result, "error": error, "finished_at": self._now()}
        if state == "done":
            changes["progress"] = 1.0
        ended = msgspec.structs.replace(job.view, **changes)
        try:
            if job.on_end is not None:
                await job.on_end(ended)
        except Exception as failure:
            log.exception("the end of a job could not be written down", extra={"job": ended.job_id})
            ended = msgspec.structs.replace(ended, state="failed", error=str(failure))
        job.view = ended
        self._publish(ended)
        old = [one for one in self._jobs.values() if one.view.state in _ENDED]
        for one in old[: max(0, len(old) - REMEMBERED_MAX)]:
            del self._jobs[one.view.job_id]

    def _show(self, job: _Job, **changes: Any) -> None:
        job.view = msgspec.structs.replace(job.view, **changes)
        self._publish(job.view)

    def _publish(self, view: JobView) -> None:
        self._node.publish(Topic.JOBS, view.job_id, msgspec.to_builtins(view))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._node.now_ns() / NS_PER_S, UTC)


def _stop(process: asyncio.subprocess.Process) -> None:
    # politely, and after a while not
    _signal(process, signal.SIGTERM)
    asyncio.get_running_loop().call_later(_STOP_S, _signal, process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
