from __future__ import annotations

import csv
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.errors import ConfigError, StoreError
from outpace.domain.events import LeadsLeased
from outpace.domain.features import NumberKind, bucket_of, pack_features
from outpace.store import lead_import
from outpace.store._csv_rows import MAX_LINE
from outpace.store.lead_import import ImportOptions, ImportReport, import_csv, normalise
from outpace.store.memory import MemoryStore
from outpace.store.port import Store
from tests.unit.store.build import NOW, lease

GERMAN = ImportOptions(region="DE")
REASON = f"malformed: line longer than {MAX_LINE} characters, shortened here"


class Imported:
    """A list imported into a store of its own."""

    def __init__(self, folder: Path, content: bytes, store: Store | None = None, **options: Any) -> None:
        self.store = store or MemoryStore()
        self.path, self.rejects_path = folder / "list.csv", folder / "rejects.csv"
        self.path.write_bytes(content)
        self.report = import_csv(
            self.store,
            self.store.campaign_id("a"),
            self.path,
            ImportOptions(**{"region": "DE", **options}),
            NOW,
            rejects_path=self.rejects_path,
        )

    @property
    def leased(self) -> LeadsLeased:
        self.store.open_pool("p", NOW)
        return lease(self.store, 1, 10**6)

    @property
    def numbers(self) -> list[int]:
        return self.leased.numbers

    @property
    def rejects(self) -> list[list[str]]:
        if not self.rejects_path.exists():
            return []
        with self.rejects_path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            before = csv.field_size_limit(2 * MAX_LINE)
            try:
                return list(csv.reader(file))[1:]
            finally:
                csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("text", "options", "number"),
    [
        ("030 12345678", {"region": "DE"}, 493012345678),
        (" +49 (30) 123-456-78 ", {}, 493012345678),
        ("0049 30 12345678", {}, 493012345678),
        ("0049 30 12345678", {"region": "DE"}, 493012345678),
        ("0044 20 7946 0958", {"region": "US"}, 442079460958),
        ("011 44 20 7946 0958", {"region": "US"}, 442079460958),
        ("(212) 736-5000", {"region": "US"}, 12127365000),
        ("+39 06 698 82222", {}, 390669882222),
        ("138 1234 5678", {"region": "CN"}, 8613812345678),
        ("+1 999 999 9999", {"validation": "possible"}, 19999999999),
        ("", {"region": "DE"}, "no number"),
        ("030 12345678", {}, "no country code that exists, and no region given to dial from"),
        ("unknown", {"region": "DE"}, "not a phone number"),
        ("0", {"region": "DE"}, "not a phone number"),
        ("+49 1", {}, "too short"),
        ("+49 30 1234567890123456", {}, "too long"),
        ("12", {"region": "US"}, "too short"),
        ("+1 999 999 9999", {}, "not in a range in use"),
        ("555 0100", {"region": "US", "validation": "possible"}, "without area code"),
        ("030 12345678 ext. 12", {"region": "DE"}, "has an extension"),
        ("4.93012E+11", {"region": "DE"}, "mangled by a spreadsheet: format the column as text"),
        ("493012345678.0", {"region": "DE"}, "mangled by a spreadsheet: format the column as text"),
    ],
)
def test_normalise(text: str, options: dict[str, Any], number: int | str) -> None:
    assert normalise(text, ImportOptions(**options)) == number


def test_import_keeps_reference_and_attributes(tmp_path: Path) -> None:
    added = []

    class Keeps(MemoryStore):
        def add_leads(self, campaign_id, leads, now_ns, **options):
            added.extend(leads)
            return super().add_leads(campaign_id, leads, now_ns, **options)

    content = 'Name,PHONE,ID,city\n"Ada, ""A""",030 12345678, 7 ,Köln\n'.encode()
    imported = Imported(tmp_path, content, store=Keeps())
    assert [(lead.number, lead.reference, lead.attributes) for lead in added] == [
        (493012345678, "7", '{"Name":"Ada, \\"A\\"","city":"Köln"}')
    ]
    size = len(content)
    assert imported.report == ImportReport(read=1, added=1, bytes_read=size, bytes_total=size)
    assert not imported.rejects_path.exists()


def test_import_takes_features_from_number_file_and_segment(tmp_path: Path) -> None:
    rows = ["phone,Segment", "030 12345678, Gold ", "0151 23456789,gold", "+12127365000,", "0800 1234567,Silver"]
    found = Imported(tmp_path, "\n".join(rows).encode()).leased
    kinds = [NumberKind.FIXED, NumberKind.MOBILE, NumberKind.OTHER, NumberKind.OTHER]
    segments = ["gold", "gold", "", "silver"]
    assert found.features == [
        pack_features(kind, list_bucket=bucket_of("list.csv"), segment_bucket=bucket_of(segment))
        for kind, segment in zip(kinds, segments, strict=True)
    ]


def test_import_of_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"Kunden-M\xfcnchen.csv")
    path.write_bytes(b"phone\n03012345678\n")
    store = MemoryStore()
    report = import_csv(store, store.campaign_id("a"), path, GERMAN, NOW, rejects_path=tmp_path / "rejects.csv")
    assert (report.added, report.rejected) == (1, 0)


def test_import_of_numbers_that_are_only_possible_knows_no_kind(tmp_path: Path) -> None:
    found = Imported(tmp_path, b"phone\n+19999999999", validation="possible").leased
    assert found.features == [pack_features(list_bucket=bucket_of("list.csv"))]


def test_import_of_a_column_that_holds_number_and_segment_at_once_knows_no_segment(tmp_path: Path) -> None:
    found = Imported(tmp_path, b"segment,x\n03012345678,1", column="segment").leased
    assert found.features == [pack_features(NumberKind.FIXED, list_bucket=bucket_of("list.csv"))]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"\xef\xbb\xbfphone\n03012345678\n", {}),
        ("phone;name\r\n03012345678;Jörg\r\n".encode("utf-16"), {}),
        ("phone\tname\n03012345678\tJörg\n".encode("latin-1"), {"encoding": "latin-1"}),
        (b"phone|a|b\n03012345678|1|2", {}),
        (b"whatever\n03012345678\n", {}),
        (b"a,b\n1,03012345678\n", {"column": "B"}),
        (b"a,b\n1,03012345678\n", {"column": 2}),
        (b"1,03012345678\n", {"column": 2, "header": False}),
        (b"03012345678,x\n", {"header": False}),
        (b'phone,note\n03012345678,"two\r\nlines"\n', {}),
        (b"\n\nphone\n\n03012345678\n\n", {}),
        (b"phone\r03012345678\r", {}),
        (b"a:phone\n1:03012345678\n", {"delimiter": ":"}),
        (b"phone,,\n03012345678,,\n", {}),
    ],
)
def test_import_reads_the_forms_that_lists_come_in(tmp_path: Path, content: bytes, options: dict[str, Any]) -> None:
    imported = Imported(tmp_path, content, **options)
    assert imported.numbers == [493012345678]
    assert (imported.report.read, imported.report.added, imported.rejects) == (1, 1, [])


@pytest.mark.parametrize(
    ("row", "line", "reason"),
    [
        (b"030", 3, "without area code"),
        (b",x", 3, "no number"),
        (b"03012345679", 3, "1 fields, not 2"),
        (b"03012345679,x,y", 3, "3 fields, not 2"),
        (b"03012345679,\xff\xfe", 3, "not utf-8"),
        (b"03012345679,\0", 3, "holds a NUL character"),
        (b'03012345679,"unclosed', 3, "malformed: "),
        (b'03012345679,"a"b', 3, "malformed: "),
        (b"03012345679," + b"x" * 200_000, 3, "malformed: field larger than field limit"),
    ],
    ids=["short", "none", "few", "many", "encoding", "nul", "unclosed", "quote", "huge"],
)
def test_import_rejects_a_bad_row_and_only_that(tmp_path: Path, row: bytes, line: int, reason: str) -> None:
    row = row if b"," in row or reason.startswith("1 ") else row + b",x"
    followers = b"".join(b"0301234%04d,y\n" % i for i in range(5000, 5050))
    imported = Imported(tmp_path, b"phone,name\n03012345678,x\n" + row + b"\n" + followers)
    (reject,) = imported.rejects
    assert (reject[0], reject[2].encode(errors="surrogateescape")) == (str(line), row)
    assert reject[1].startswith(reason)
    assert (imported.report.read, imported.report.added, imported.report.rejected) == (52, 51, 1)


def test_import_line_without_end_is_cut_and_the_next_is_read(tmp_path: Path) -> None:
    content = b"phone,name\n03012345678,x\n03012345679," + b",," * MAX_LINE + b"03012345670\n03012345671,y\n"
    imported = Imported(tmp_path, content)
    assert imported.numbers == [493012345678, 493012345671]
    assert [reject[:2] for reject in imported.rejects] == [["3", REASON]]


def test_import_unclosed_quote_in_the_last_line_costs_that_line(tmp_path: Path) -> None:
    imported = Imported(tmp_path, b'phone,name\n"03012345678,x\n03012345679,y\n03012345670,"z')
    assert imported.numbers == [493012345679]
    assert [(reject[0], reject[2]) for reject in imported.rejects] == [("2", '"03012345678,x'), ("4", '03012345670,"z')]


def test_import_counts_duplicates_in_the_file_and_in_the_store(tmp_path: Path) -> None:
    first = Imported(tmp_path, b"phone\n03012345678\n+493012345678\n03012345679\n")
    assert (first.report.added, first.report.duplicates) == (2, 1)
    again = Imported(tmp_path, b"phone\n03012345678\n+493012345678\n03012345670\n", store=first.store)
    assert (again.report.added, again.report.duplicates) == (1, 2)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", {}, "is empty"),
        (b"\n\n", {}, "is empty"),
        (b"name,city\na,b\n", {}, "which column holds the number?.*there are name, city"),
        (b"name,city\na,b\n", {"column": "mobile"}, "no column 'mobile'; there are name, city"),
        (b"name,city\na,b\n", {"column": 3}, "no column 3, there are 2"),
        (b"phone,Phone\n1,2\n", {}, "line 1: column 'Phone' occurs twice"),
        (b"03012345678\n03012345679\n", {}, "line 1: no header: column 1 holds a number, not a name"),
        (b"phone,\xff\n1,2\n", {}, "line 1: not utf-8"),
        (b"phone\n1\n", {"encoding": "klingon"}, "encoding: unknown encoding: klingon"),
        ("phone\n1\n".encode("utf-16-le"), {"encoding": "utf-16"}, "not utf-16"),
        (b"phone\n1\n", {"region": "XX"}, "no such region: 'XX'"),
        (b"phone\n1\n", {"delimiter": "::"}, "wants one character"),
        (b"phone\n1\n", {"validation": "hope"}, "wants 'valid' or 'possible'"),
        (b"phone\n1\n", {"header": False, "column": "phone"}, "wants a position"),
    ],
)
def test_import_of_what_cannot_be_understood_says_where_and_why(
    tmp_path: Path, content: bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Imported(tmp_path, content, **options)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"03012345678,Ada\n", {}, "there are column 1, column 2"),
        (b"03012345678,Ada\n", {"column": "phone"}, "there are column 1, column 2"),
        (b"03012345678,03012345678\n", {}, "column 2 occurs twice"),
        (b"03012345678\n", {}, "column 1 holds a number"),
    ],
)
def test_import_without_its_header_tells_nobody_the_first_row(
    tmp_path: Path, content: bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Imported(tmp_path, content, **options)
    assert "0301" not in str(caught.value)
    assert "Ada" not in str(caught.value)


def test_import_from_a_path_that_cannot_be_read(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=reason):
            import_csv(MemoryStore(), 1, path, GERMAN, NOW, rejects_path=tmp_path / "rejects.csv")


def test_import_with_rejects_that_cannot_be_written_adds_nothing(tmp_path: Path) -> None:
    list_path = tmp_path / "list.csv"
    list_path.write_bytes(b"phone\n03012345678\n")
    store = MemoryStore()
    campaign = store.campaign_id("a")
    for path, reason in ((tmp_path / "no" / "r.csv", "No such file"), (list_path, "would overwrite the list")):
        with pytest.raises(ConfigError, match=reason):
            import_csv(store, campaign, list_path, GERMAN, NOW, rejects_path=path)
    assert store.counts(campaign)["total"] == 0
    assert list_path.read_bytes() == b"phone\n03012345678\n"


def test_import_cut_off_by_undecodable_text_keeps_what_was_read(tmp_path: Path) -> None:
    rows = "".join(f"0301234{i:04}\n" for i in range(5000, 6000))
    store = MemoryStore()
    with pytest.raises(ConfigError, match=r"list.csv, line \d+ or soon after: not utf-16"):
        Imported(tmp_path, f"phone\n{rows}".encode("utf-16") + b"\x00\xd8\x41", store=store)
    assert store.counts(1)["total"] > 500


def test_import_broken_off_by_the_store_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails(MemoryStore):
        left = 2

        def add_leads(self, campaign_id, leads, now_ns, **options):
            self.left -= 1
            if self.left == 0:
                raise StoreError("disk full")
            return super().add_leads(campaign_id, leads, now_ns, **options)

    monkeypatch.setattr(lead_import, "_BATCH_ROWS", 10)
    content = b"phone\n" + b"".join(b"0301234%04d\n" % i for i in range(5000, 5035))
    store = Fails()
    with pytest.raises(StoreError):
        Imported(tmp_path, content, store=store)
    report = Imported(tmp_path, content, store=store).report
    assert (report.read, report.added, report.duplicates) == (35, 25, 10)


def test_import_tells_progress_after_each_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_import, "_BATCH_ROWS", 10)
    path = tmp_path / "list.csv"
    path.write_bytes(b"phone\n" + b"".join(b"0301234%04d\n" % i for i in range(5000, 5025)))
    store, seen = MemoryStore(), []

    def progress(report: ImportReport) -> None:
        seen.append((report.read, report.added, report.bytes_read, report.bytes_total))

    import_csv(store, store.campaign_id("a"), path, GERMAN, NOW, rejects_path=tmp_path / "r.csv", progress=progress)
    assert seen == [(10, 10, 306, 306), (20, 20, 306, 306), (25, 25, 306, 306)]


def test_import_from_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"phone\n03012345678\n",))
    writer.start()
    store = MemoryStore()
    report = import_csv(store, store.campaign_id("a"), pipe, GERMAN, NOW, rejects_path=tmp_path / "r.csv")
    writer.join()
    assert (report.added, report.bytes_read, report.bytes_total) == (1, 0, 0)
