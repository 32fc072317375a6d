"""Structured logs: one line per event, as JSON or as key=value, to stderr or a file.

What a message is about travels in `extra` (campaign, call_id, attempt ...). Phone numbers are masked and values whose
key says that they are secret are never written, whoever logs them.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

LogFormat = Literal["json", "text"]

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SECRET = ("secret", "password", "token")
_NUMBER = ("number", "caller_id", "phone")
_SHOWN_DIGITS = 4


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


def configure(level: str = "info", *, style: LogFormat = "text", file: Path | None = None) -> logging.Handler:
    """Send what outpace logs to a file (appended; its folder is made) or to stderr. Replaces an earlier choice."""
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
    root.addHandler(handler)
    root.setLevel(level.upper())
    return handler


def _time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ' "=\n\r\t') or not text else text
