"""Structured logs: one line per event, as JSON or as key=value, to stderr or a file.

Whoever has an event loop to keep has the lines written by a thread: a disk or a terminal that does not take them holds
nobody up.

What a message is about travels in `extra` (campaign, call_id, attempt ...). Phone numbers are masked and values whose
key says that they are secret are never written, whoever logs them.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

LogFormat = Literal["json", "text"]

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SECRET = ("secret", "password", "token")
_NUMBER = ("number", "caller_id", "phone")
_SHOWN_DIGITS = 4

#: Messages that may wait for the thread that writes them; beyond, they are dropped and counted.
WAITING_MAX = 10_000


def mask(number: int | str) -> str:
    """A phone number with all but its last four digits hidden.

    >>> mask(442079460123)
    '********0123'
    """
    digits = str(number).lstrip("+")
    return "*" * max(0, len(digits) - _SHOWN_DIGITS) + digits[-_SHOWN_DIGITS:]


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The `extra` fields of a record, masked."""
    fields: dict[str, Any] = {}
    for key, value in record.__dict__.items():
        if key in _STANDARD:
            continue
        if any(word in key for word in _SECRET) and not key.startswith("lease_"):
            fields[key] = "***"
        elif key.endswith(_NUMBER) and not key.startswith("attempt"):
            fields[key] = mask(value)
        else:
            fields[key] = value
    return fields


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(fields_of(record))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Time, level, message, then key=value; values with blanks are quoted."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [_time_of(record), record.levelname.lower(), record.getMessage()]
        parts += [f"{key}={_text(value)}" for key, value in fields_of(record).items()]
        line = " ".join(parts)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class Behind(logging.Handler):
    """Hands records to a thread that has another handler write them; `close` waits for the last.

    When `WAITING_MAX` wait, further ones are dropped, and a line tells how many as soon as there is room.
    """

    def __init__(self, target: logging.Handler) -> None:
        super().__init__()
        self._target = target
        self._records: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, its message made: what it names may be another thing later."""
        if self._records.qsize() >= WAITING_MAX:
            self._dropped += 1
            return
        record.msg, record.args = record.getMessage(), None
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            lost = f"{dropped} messages were dropped: nobody took them in time"
            self._records.put(logging.LogRecord(__name__, logging.WARNING, __file__, 0, lost, None, None))
        self._records.put(record)

    def close(self) -> None:
        """Write what waits, and end."""
        if self._thread.is_alive():
            self._records.put(None)
            self._thread.join()
        self._target.close()
        super().close()

    def _write(self) -> None:
        while (record := self._records.get()) is not None:
            self._target.handle(record)


def configure(
    level: str = "info", *, style: LogFormat = "text", file: Path | None = None, behind: bool = False
) -> logging.Handler:
    """Send what outpace logs to a file (appended; its folder is made) or to stderr. Replaces an earlier choice.

    With `behind` a thread does the writing: close the handler to have the last lines written.
    """
    root = logging.getLogger("outpace")
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    if behind:
        handler = Behind(handler)
    root.addHandler(handler)
    root.setLevel(level.upper())
    return handler


def _time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ' "=\n\r\t') or not text else text
