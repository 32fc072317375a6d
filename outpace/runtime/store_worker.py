"""The one writer: a thread that owns the store and commits whatever commands have gathered, as one transaction.

Group commit: while a batch is being synced to disk, the next one gathers. Facts come back to the loop once per batch.
A store that is locked or full is asked again, with growing pauses, and is visible meanwhile; anything else it reports
(another engine owns the pool, a broken file) ends the node, since nothing may be dialled that is not written down.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from outpace.domain.commands import LeaseLeads, RecordAttempt, RecordDisposition, StoreCommand
from outpace.domain.errors import OutpaceError, StaleEpoch, StoreError
from outpace.domain.events import Event, IntentRefused, LeaseRefused
from outpace.domain.outcomes import IntentRefusal
from outpace.domain.units import NS_PER_S
from outpace.runtime.clock import monotonic_ns
from outpace.runtime.histogram import Histogram
from outpace.store.port import Store

log = logging.getLogger(__name__)

#: What others want to know of once it is durable.
Record = RecordAttempt | RecordDisposition

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: Commands in one transaction at most; what is beyond waits for the next.
BATCH_MAX = 4096

#: With more commands than this waiting, leases are refused: no new leads, so no new calls, until the store catches up.
QUEUE_MAX = 65_536

#: Primary result codes after which SQLite may well do the same thing later.
_LATER = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL))

_PAUSE_S = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)

#: Seconds for which a function waits behind commands; from then on one is done behind every batch.
JOB_WAITS_S = 2.0

#: Seconds of refusing after which functions that wait for the store are told so; commands wait as long as it takes.
HOLD_UP_S = 5.0


class _Job(NamedTuple):
    function: Callable[[Store], Any]
    future: asyncio.Future[Any]
    patient: bool
    after: int  # commands that were submitted before it
    asked_ns: int


class StoreWorker:
    """Runs a store in a thread of its own.

    Parameters
    ----------
    open_store : makes the store; called in the thread, so that a database connection never changes threads.
    facts : takes the facts of a batch, on the event loop.
    fatal : takes the error after which nothing more can be written, on the event loop, once.
    recorded : takes attempts and dispositions that are durable now, on the event loop; None = nobody wants to know.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        facts: Callable[[Sequence[Event]], None],
        fatal: Callable[[OutpaceError], None],
        recorded: Callable[[Sequence[Record]], None] | None = None,
    ) -> None:
        self._open_store = open_store
        self._facts = facts
        self._fatal = fatal
        self._recorded = recorded
        self._ready = threading.Condition()
        self._commands: deque[StoreCommand] = deque()
        self._jobs: deque[_Job] = deque()
        self._now_ns = 0
        self._closing = False
        self._abandoned = False
        self._failed = False
        self._waiters: dict[asyncio.Future[None], int] = {}  # -> how many commands are to be done
        self._submitted = 0
        self._taken = 0
        self._done = 0
        self._job_is_due = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="outpace-store", daemon=True)
        self.commit_s = Histogram()
        self.commands_done = 0
        self.batches_done = 0
        self.retries = 0
        self.leases_refused = 0
        self.retrying = False

    async def start(self) -> None:
        """Open the store; raises what opening it raises."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await self.call(_nothing)

    async def close(self, *, timeout_s: float = 10.0) -> bool:
        """Write what waits and close the store. False when the store would not take it in time: then it is lost."""
        if self._loop is None:
            return True  # it was never started
        with self._ready:
            self._closing = True
            self._ready.notify()
        await asyncio.to_thread(self._thread.join, timeout_s)
        if self._thread.is_alive():
            with self._ready:
                self._abandoned = True
                self._ready.notify()
            return False
        return True

    def submit(self, commands: Sequence[StoreCommand], now_ns: int) -> None:
        """Queue commands, in order; on the event loop."""
        refused: list[Event] = []
        with self._ready:
            if len(self._commands) + len(commands) > QUEUE_MAX:
                refused = [LeaseRefused(c.campaign_id, c.hot) for c in commands if type(c) is LeaseLeads]
                commands = [c for c in commands if type(c) is not LeaseLeads]
            self._commands.extend(commands)
            self._submitted += len(commands)
            self._now_ns = now_ns
            self._ready.notify()
        if refused:
            self.leases_refused += len(refused)
            self._facts(refused)

    async def call(self, job: Callable[[Store], T], *, patient: bool = False) -> T:
        """Run a function on the store, in its thread, between two batches; returns or raises what it does.

        It sees all that was submitted before it, and does not wait for ever for what is submitted behind it.
        StoreError when the store has refused to write for `HOLD_UP_S`, but for a `patient` caller, who waits.
        """
        assert self._loop is not None
        future: asyncio.Future[T] = self._loop.create_future()
        with self._ready:
            if self._closing:
                raise StoreError("the store is closed")
            self._jobs.append(_Job(job, future, patient, self._submitted, monotonic_ns()))
            self._ready.notify()
        return await future

    async def written(self) -> None:
        """Wait until what was submitted up to now is written, or never will be."""
        assert self._loop is not None
        with self._ready:
            if self._done >= self._submitted or not self._thread.is_alive():
                return
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiters[future] = self._submitted
        try:
            await future
        finally:
            with self._ready:
                self._waiters.pop(future, None)

    def waiting(self) -> int:
        """Commands that are not durable yet."""
        return self._submitted - self._done

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the store's side."""
        return {
            "waiting_commands": float(self.waiting()),
            "commands_total": float(self.commands_done),
            "batches_total": float(self.batches_done),
            "retries_total": float(self.retries),
            "leases_refused_total": float(self.leases_refused),
            "retrying": float(self.retrying),
        }

    # ---- in the thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        store: Store | None = None
        while True:
            batch, job, now_ns = self._take()
            if job is not None:
                store = self._do(job, store)
            if batch:
                if store is not None and not self._failed:
                    self._commit(store, batch, now_ns)
                self._batch_is_over(len(batch))
            if batch is None and job is None:
                break
        with self._ready:
            left = list(self._waiters)  # for what nobody would write any more
        for future in left:
            self._tell(_set_result, future, None)
        if store is not None:
            store.close()

    def _take(
        self,
    ) -> tuple[list[StoreCommand] | None, _Job | None, int]:
        # Waits for work. Commands go before jobs: calls wait for them, and a job sees all that was submitted before it.
        # But on a busy node with a slow disk more commands have come whenever a batch is written, and no job would
        # ever be done behind them: one that has waited for long has its turn.
        with self._ready:
            while not self._commands and not self._jobs and not self._closing:
                self._ready.wait()
            if self._job_is_due and self._has_waited_for_long():
                self._job_is_due = False
                return None, self._jobs.popleft(), self._now_ns
            if self._commands and not self._abandoned:
                count = min(len(self._commands), BATCH_MAX)
                batch = [self._commands.popleft() for _ in range(count)]
                self._taken += count
                return batch, None, self._now_ns
            if self._jobs:
                return None, self._jobs.popleft(), self._now_ns
            return None, None, self._now_ns

    def _has_waited_for_long(self) -> bool:
        # the next job, and what it is to see has been written
        if not self._jobs or self._jobs[0].after > self._taken:
            return False
        return monotonic_ns() - self._jobs[0].asked_ns >= JOB_WAITS_S * NS_PER_S

    def _batch_is_over(self, count: int) -> None:
        with self._ready:
            self._done += count
            over = [future for future, after in self._waiters.items() if after <= self._done]
        for future in over:
            self._tell(_set_result, future, None)
        self._job_is_due = True

    def _do(self, job: _Job, store: Store | None) -> Store | None:
        function, future = job.function, job.future
        try:
            if store is None:
                store = self._open_store()
            result = function(store)
        except Exception as error:  # noqa: BLE001 - handed to the caller, whatever it is
            self._tell(_set_exception, future, error)
        else:
            self._tell(_set_result, future, result)
        return store

    def _commit(self, store: Store, batch: list[StoreCommand], now_ns: int) -> None:
        failures, since_ns = 0, monotonic_ns()
        while True:
            started_ns = monotonic_ns()
            try:
                facts = store.execute(batch, now_ns)
            except StoreError as error:
                if isinstance(error, StaleEpoch) or not is_transient(error):
                    self._fail(error)
                    return
                if not failures:
                    log.warning("the store refuses to write and is asked again", extra={"reason": str(error)})
                self.retries += 1
                self.retrying = True
                if monotonic_ns() - since_ns >= HOLD_UP_S * NS_PER_S:
                    self._turn_away(error)
                if not self._pause(_PAUSE_S[min(failures, len(_PAUSE_S) - 1)]):
                    return
                failures += 1
                continue
            except Exception as error:
                log.exception("the store failed")
                self._fail(StoreError(f"the store failed: {type(error).__name__}: {error}"))
                return
            break
        if failures:
            log.info("the store writes again", extra={"failures": failures})
        self.retrying = False
        self.commit_s.observe((monotonic_ns() - started_ns) / NS_PER_S)
        self.commands_done += len(batch)
        self.batches_done += 1
        for fact in facts:
            if type(fact) is IntentRefused and fact.reason is IntentRefusal.STALE_EPOCH:
                self._fail(StaleEpoch("another engine has opened this pool; this one can dial no more"))
                break
        if facts:
            self._tell(self._facts, facts)
        if self._recorded is not None:
            records = [one for one in batch if type(one) is RecordAttempt or type(one) is RecordDisposition]
            if records:
                self._tell(self._recorded, records)

    def _turn_away(self, error: StoreError) -> None:
        # who waits for the store in vain is told why
        with self._ready:
            waiting = [job for job in self._jobs if not job.patient]
            self._jobs = deque(job for job in self._jobs if job.patient)
        for job in waiting:
            self._tell(_set_exception, job.future, StoreError(str(error)))

    def _pause(self, seconds: float) -> bool:
        # Sleeps between two tries; False when nobody waits for the store any more.
        with self._ready:
            self._ready.wait_for(lambda: self._abandoned, seconds)
            return not self._abandoned

    def _fail(self, error: OutpaceError) -> None:
        if not self._failed:
            self._failed = True
            self._tell(self._fatal, error)

    def _tell(self, function: Callable[[*Ts], None], *args: *Ts) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            log.debug("the loop was closed before the store's answer")


def is_transient(error: StoreError) -> bool:
    """Whether the store may do later what it refused now: it is locked by somebody, or the disk is full."""
    cause = error.__cause__
    return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF in _LATER


def _nothing(store: Store) -> None:
    del store


def _set_result(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _set_exception(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
