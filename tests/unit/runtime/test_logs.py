from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path

import pytest

from outpace.runtime import logs


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger("outpace")
    level = root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def test_json_line_carries_its_fields_with_numbers_masked_and_secrets_hidden(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "log.jsonl"
    logs.configure("info", style="json", file=file)
    fields = {"call_id": 4294967297, "number": 442079460123, "attempt_number": 2, "secret": "s3", "lease_token": 7}
    logging.getLogger("outpace.runtime.x").info("dialled", extra=fields)
    (line,) = lines_of(file)
    entry = json.loads(line)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "info",
        "logger": "outpace.runtime.x",
        "message": "dialled",
        "call_id": 4294967297,
        "number": "********0123",
        "attempt_number": 2,
        "secret": "***",
        "lease_token": 7,
    }


def test_text_line_quotes_values_with_blanks(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    logs.configure("info", style="text", file=file)
    logging.getLogger("outpace").warning("link lost", extra={"reason": 'no "route" to host', "tries": 3})
    (line,) = lines_of(file)
    assert line.endswith('warning link lost reason="no \\"route\\" to host" tries=3')


def test_level_holds_back_what_is_below(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    logs.configure("warning", file=file)
    logging.getLogger("outpace").info("not this")
    logging.getLogger("outpace").error("this")
    assert len(lines_of(file)) == 1


def test_traceback_stays_in_its_json_line(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    logs.configure("info", style="json", file=file)
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("outpace").exception("failed")
    (line,) = lines_of(file)
    assert "ValueError: odd" in json.loads(line)["traceback"]


def test_configure_replaces_an_earlier_choice(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    logs.configure(file=first)
    logs.configure(file=second)
    logging.getLogger("outpace").info("once")
    assert lines_of(first) == []
    assert len(lines_of(second)) == 1


class Slow(logging.Handler):
    """Writes when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.let = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.asked.set()
        assert self.let.wait(10)
        self.lines.append(record.getMessage())


def test_behind_nobody_waits_for_a_disk_and_every_line_is_written_in_order(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    handler = logs.configure("info", file=file, behind=True)
    changing = [1]
    for n in range(500):
        logging.getLogger("outpace").info("line %d of %s", n, changing)
    changing[0] = 2
    handler.close()
    assert [line.split(" info ")[1] for line in lines_of(file)] == [f"line {n} of [1]" for n in range(500)]
    handler.close()  # once more does no harm


def test_behind_a_writer_that_hangs_lines_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "WAITING_MAX", 3)
    slow = Slow()
    handler = logs.Behind(slow)
    logger = logging.getLogger("outpace.hanging")
    logging.getLogger("outpace").addHandler(handler)
    logger.warning("line 0")
    assert slow.asked.wait(10)
    for n in range(1, 20):
        logger.warning("line %d", n)
    slow.let.set()
    while not handler._records.empty():
        time.sleep(0.001)
    logger.warning("the last")
    handler.close()
    *taken, told, last = slow.lines
    assert taken == [f"line {n}" for n in range(len(taken))]
    assert (told, last) == (f"{20 - len(taken)} messages were dropped: nobody took them in time", "the last")
