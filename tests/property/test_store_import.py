"""Any bytes as a list: a report that adds up or a ConfigError, and every good row in."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.errors import ConfigError
from outpace.store.lead_import import ImportOptions, ImportReport, import_csv, normalise
from outpace.store.memory import MemoryStore

MARKS = [
    b",",
    b",",
    b";",
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b'"',
    b'""',
    b" ",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
]
WORDS = [b"phone", b"id", b"name", b"+493012345678", b"03012345679", b"0049 30 12345670", b"4.9E+11", b"x" * 140_000]
PIECES = st.sampled_from([*MARKS, *WORDS, "ü".encode(), "٣".encode()])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
WRITTEN = st.one_of(st.text(), st.from_regex(r"[+0-9 ().xX/-]{0,20}", fullmatch=True))
LISTS = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(b"".join))
HEADED = LISTS.map(lambda body: b"phone,name\n" + body)


def run(content: bytes, options: ImportOptions) -> tuple[ImportReport, MemoryStore, list[list[str]]]:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder:
        path, rejects = Path(folder, "list.csv"), Path(folder, "rejects.csv")
        path.write_bytes(content)
        report = import_csv(store, store.campaign_id("a"), path, options, 1, rejects_path=rejects)
        if not rejects.exists():
            return report, store, []
        with rejects.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            before = csv.field_size_limit(1 << 30)
            try:
                return report, store, list(csv.reader(file))[1:]
            finally:
                csv.field_size_limit(before)


@given(
    content=st.one_of(LISTS, HEADED),
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16", "gb18030", "shift_jis", "utf-7"]),
    header=st.booleans(),
)
def test_any_bytes_give_a_report_that_adds_up_or_a_config_error(content: bytes, encoding: str, header: bool) -> None:
    try:
        report, store, rejects = run(content, ImportOptions(region="DE", encoding=encoding, header=header))
    except ConfigError:
        return
    assert report.read == report.added + report.duplicates + report.rejected
    assert report.rejected == len(rejects)
    assert report.added == store.counts(1)["total"]


@given(rows=st.lists(st.tuples(st.integers(5000, 5050), TEXT)))
def test_rows_written_by_a_csv_writer_all_arrive(rows: list[tuple[int, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("phone", "name"))
    writer.writerows((f"0301234{number}", name) for number, name in rows)
    report, _, rejects = run(text.getvalue().encode(), ImportOptions(region="DE", delimiter=","))
    assert (report.read, report.added, rejects) == (len(rows), len({number for number, _ in rows}), [])


@given(text=WRITTEN, region=st.sampled_from(["", "DE", "US", "BR", "IT"]))
def test_normalise_gives_e164_that_reads_as_itself_or_a_reason(text: str, region: str) -> None:
    for validation in ("valid", "possible"):
        number = normalise(text, ImportOptions(region=region, validation=validation))
        if isinstance(number, int):
            assert 0 < number < 10**15
            assert normalise(f"+{number}", ImportOptions(validation=validation)) == number
        else:
            assert number
