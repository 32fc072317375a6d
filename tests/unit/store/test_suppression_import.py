"""Do-not-call lists: what is a number, what is refused and why, in constant memory."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import pytest

from outpace.domain.errors import ConfigError, StoreError
from outpace.store.lead_import import ImportOptions
from outpace.store.memory import MemoryStore
from outpace.store.sqlite import SqliteStore
from outpace.store.suppression import Suppression
from outpace.store.suppression_import import Entry, SuppressionReport, import_suppression

NOW = 1_800_000_000_000_000_000
HOUR = 3_600_000_000_000
POSSIBLE = ImportOptions(validation="possible")


def imported(
    folder: Path,
    body: bytes,
    options: ImportOptions = POSSIBLE,
    *,
    store: MemoryStore | None = None,
    expires_ns: int = 0,
    has_header: bool | None = None,
) -> tuple[list[int], dict[str, int], list[list[str]]]:
    """Numbers on the list, the counts, and the rejects."""
    path, rejects = folder / "list.csv", folder / "rejects.csv"
    path.write_bytes(body)
    store = store or MemoryStore()
    entry = Entry(reason="asked", by="ada", expires_ns=expires_ns)
    report = import_suppression(store, path, options, entry, NOW, has_header=has_header, rejects_path=rejects)
    told = list(csv.reader(rejects.read_text("utf-8").splitlines())) if rejects.exists() else []
    counts = {name: getattr(report, name) for name in ("read", "added", "extended", "known", "rejected")}
    return [one.number for one in store.suppressions(0, 0, 100)], counts, told


@pytest.mark.parametrize(
    ("body", "options", "numbers"),
    [
        (b"+4930123456\n+4930123457\n", POSSIBLE, [4930123456, 4930123457]),
        (b"+4930123456", POSSIBLE, [4930123456]),
        (b"\xef\xbb\xbf+4930123456\r\n", POSSIBLE, [4930123456]),
        (b"phone\n+4930123456\n", POSSIBLE, [4930123456]),
        (b"name;number;why\nAda;+4930123456;moved\n", POSSIBLE, [4930123456]),
        (b"030 123456,Ada\n", ImportOptions(region="DE", validation="possible"), [4930123456]),
        (b"Ada,+4930123456\n", ImportOptions(column=2, validation="possible"), [4930123456]),
        (b"who,dnc\nAda,+4930123456\n", ImportOptions(column="dnc", validation="possible"), [4930123456]),
    ],
)
def test_numbers_are_found_with_and_without_a_header(
    tmp_path: Path, body: bytes, options: ImportOptions, numbers: list[int]
) -> None:
    found, counts, rejects = imported(tmp_path, body, options)
    assert found == numbers
    assert counts == {"read": len(numbers), "added": len(numbers), "extended": 0, "known": 0, "rejected": 0}
    assert rejects == []


def test_header_that_is_named_is_not_guessed(tmp_path: Path) -> None:
    assert imported(tmp_path, b"+4930123456\n+4930123457\n", has_header=False)[1]["read"] == 2
    found, counts, _ = imported(tmp_path, b"phone 12345\n+4930123456\n", has_header=True, options=POSSIBLE)
    assert (found, counts["read"]) == ([4930123456], 1)


def test_rows_without_a_number_are_told_with_line_and_reason(tmp_path: Path) -> None:
    found, counts, rejects = imported(tmp_path, b"id,phone\n1,+4930123456\n2,none\n3\n4,4.93E+11\n")
    assert found == [4930123456]
    assert counts == {"read": 4, "added": 1, "extended": 0, "known": 0, "rejected": 3}
    assert rejects == [
        ["line", "reason", "row"],
        ["3", "not a phone number", "2,none"],
        ["4", "no number", "3"],
        ["5", "mangled by a spreadsheet: format the column as text", "4,4.93E+11"],
    ]


@pytest.mark.parametrize(
    ("there_until", "until", "counts"),
    [
        (0, 0, (0, 1)),
        (0, NOW + HOUR, (0, 1)),
        (NOW + HOUR, NOW + HOUR, (0, 1)),
        (NOW + 2 * HOUR, NOW + HOUR, (0, 1)),
        (NOW + HOUR, 0, (1, 0)),
        (NOW + HOUR, NOW + 2 * HOUR, (1, 0)),
    ],
)
def test_entry_never_ends_earlier_for_a_list(
    tmp_path: Path, there_until: int, until: int, counts: tuple[int, int]
) -> None:
    store = MemoryStore()
    store.suppress(4930123456, 0, "in person", "bob", there_until, NOW - HOUR)
    told = imported(tmp_path, b"+4930123456\n", store=store, expires_ns=until)[1]
    assert (told["extended"], told["known"]) == counts
    kept = Suppression(4930123456, 0, "in person", "bob", NOW - HOUR, there_until)
    longer = Suppression(4930123456, 0, "asked", "ada", NOW, until)
    assert store.suppressions(0, 0, 10) == [longer if counts[0] else kept]


@pytest.mark.parametrize(
    ("body", "options", "header", "why"),
    [
        (b"", POSSIBLE, None, "is empty"),
        (b"a,b\n1,2\n", POSSIBLE, None, "which column holds the number"),
        (b"a,b\n1,2\n", ImportOptions(column="c"), None, "no column 'c'"),
        (b"+4930123456\n", ImportOptions(column=2), None, "no column 2"),
        (b"+4930123456\n", ImportOptions(column="phone"), None, "wants a position"),
        (b"phone\n\xff\xfe\n", ImportOptions(encoding="klingon"), None, "unknown encoding"),
    ],
)
def test_list_that_cannot_be_read_says_why(
    tmp_path: Path, body: bytes, options: ImportOptions, header: bool | None, why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        imported(tmp_path, body, options, has_header=header)


def test_list_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        import_suppression(
            MemoryStore(), tmp_path / "none", POSSIBLE, Entry(by="ada"), NOW, rejects_path=tmp_path / "rejects.csv"
        )


class Full(MemoryStore):
    def suppress_many(self, *given: object) -> object:
        raise StoreError("the disk is full")


def test_store_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="full"):
        imported(tmp_path, b"+4930123456\n", store=Full())


def test_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    peaks = []
    for count in (6_000, 20_000):
        path = tmp_path / f"{count}.csv"
        path.write_bytes(b"".join(b"+%d\n" % (4930_000_000_000 + n) for n in range(count)))
        shares: list[float] = []

        def tell(report: SuppressionReport, shares: list[float] = shares) -> None:
            shares.append(report.bytes_read / report.bytes_total)

        with SqliteStore(tmp_path / f"{count}.db") as store:
            tracemalloc.start()
            report = import_suppression(
                store, path, POSSIBLE, Entry(by="ada"), NOW, rejects_path=tmp_path / "rejects.csv", progress=tell
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert (report.added, shares[-1]) == (count, 1.0)
        assert shares == sorted(shares)
    assert peaks[1] < peaks[0] * 1.5
