from __future__ import annotations

import json
import logging
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
