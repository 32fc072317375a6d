"""A job in a process of its own: `python -m outpace.api.worker`, a task on stdin, messages on stdout; see jobs.py."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from outpace.api.tasks import ImportTask, Message, SuppressionTask, Task
from outpace.domain.errors import OutpaceError
from outpace.domain.units import NS_PER_MS
from outpace.runtime.clock import monotonic_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from outpace.api.tasks import WhatIfTask
    from outpace.store.lead_import import ImportReport
    from outpace.store.suppression_import import SuppressionReport

#: The dialer and its calls come first.
_NICE = 10
_TELL_EVERY_NS = 200 * NS_PER_MS


def main() -> None:
    """Read a task, do it, say how it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the node, which asks its workers to stop
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.nice(_NICE)
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    try:
        result = _result_of(task)
    except OutpaceError as error:
        _say(Message(error=str(error)))
    else:
        _say(Message(progress=1.0, result=result))


def _result_of(task: Task) -> dict[str, Any]:
    match task:
        case ImportTask():
            return _import(task)
        case SuppressionTask():
            return _suppress(task)
    return _what_if(task)


def _say(message: Message) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def _throttled() -> Callable[[], bool]:
    # True when it is time to tell again
    told_ns = 0

    def due() -> bool:
        nonlocal told_ns
        now_ns = monotonic_ns()
        if now_ns - told_ns < _TELL_EVERY_NS:
            return False
        told_ns = now_ns
        return True

    return due


def _import(task: ImportTask) -> dict[str, int]:
    from outpace.store.lead_import import ImportOptions, import_csv  # noqa: PLC0415 - a worker loads what it needs
    from outpace.store.sqlite import SqliteStore  # noqa: PLC0415

    with SqliteStore(task.store_path, create=False) as store:
        report = import_csv(
            store,
            task.campaign_id,
            task.path,
            msgspec.convert(task.options, ImportOptions),
            task.now_ns,
            rejects_path=task.rejects_path,
            progress=_teller(),
            list_id=task.list_id,
        )
    return _counts(report)


def _suppress(task: SuppressionTask) -> dict[str, int]:
    from outpace.store.lead_import import ImportOptions  # noqa: PLC0415
    from outpace.store.sqlite import SqliteStore  # noqa: PLC0415
    from outpace.store.suppression_import import Entry, import_suppression  # noqa: PLC0415

    entry = Entry(campaign_id=task.campaign_id, reason=task.reason, by=task.by, expires_ns=task.expires_ns)
    with SqliteStore(task.store_path, create=False) as store:
        report = import_suppression(
            store,
            task.path,
            msgspec.convert(task.options, ImportOptions),
            entry,
            task.now_ns,
            has_header=task.has_header,
            rejects_path=task.rejects_path,
            progress=_teller(),
        )
    return _counts(report)


def _teller() -> Callable[[ImportReport | SuppressionReport], None]:
    due = _throttled()

    def tell(report: ImportReport | SuppressionReport) -> None:
        if due():
            share = report.bytes_read / report.bytes_total if report.bytes_total else 0.0
            _say(Message(progress=share, text=f"{report.read:,} rows read"))

    return tell


def _counts(report: ImportReport | SuppressionReport) -> dict[str, int]:
    counts: dict[str, int] = msgspec.to_builtins(report)
    return {name: count for name, count in counts.items() if not name.startswith("bytes_")}


def _what_if(task: WhatIfTask) -> dict[str, Any]:
    from outpace.api.what_if import simulate  # noqa: PLC0415 - loads the simulator

    due = _throttled()

    def tell(share: float) -> None:
        if due():
            _say(Message(progress=share))

    return simulate(task, tell)


if __name__ == "__main__":
    main()
