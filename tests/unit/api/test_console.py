"""The console's files: what they ask for is there, every text in both languages, vendored files as they were."""

from __future__ import annotations

import hashlib
import re

import msgspec
import pytest

from outpace.api.console import FOLDER
from outpace.api.problems import KINDS
from outpace.api.stream import TOPICS
from outpace.domain.access import Role
from outpace.domain.config import RETRIABLE, Abandonment, CallingHours, Campaign, DialMode
from outpace.domain.outcomes import LimitedBy, Outcome
from outpace.domain.states import AgentState, CallState, CampaignState, LeadState

SCRIPTS = sorted(path for path in FOLDER.rglob("*.js") if "vendor" not in path.parts)
ENTRY = re.compile(r'^  "([^"]+)": *\{(.*?)\},$', re.MULTILINE | re.DOTALL)


def catalogue() -> dict[str, str]:
    """Key -> the source of its texts."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / "catalogue").glob("*.js")):
        for key, texts in ENTRY.findall(path.read_text()):
            assert key not in found, f"{key} twice"
            found[key] = texts
    return found


KEYS = catalogue()
#: Whatever the console says is a literal key, or a template that begins with one.
TEXTS = "\n".join(path.read_text() for path in SCRIPTS if "catalogue" not in path.parts)
LITERALS = set(re.findall(r'"([a-z][\w-]*(?:\.[\w-]+)+)"', TEXTS))
TEMPLATES = set(re.findall(r"`([a-z][\w-]*\.(?:[\w-]+\.)*)\$\{", TEXTS))
#: A literal may be the beginning of keys, too: what is appended to it is a word of the API.
PREFIXES = {f"{one}." for one in LITERALS if any(key.startswith(f"{one}.") for key in KEYS)} | TEMPLATES
#: Literals with a dot that are no keys: paths of settings, and names of files in imports.
NOT_KEYS = re.compile(r"^(?:abandonment|calling_hours|retry|outpace)\.|\.js$|\.svg$|\.csv$|\.jsonl$")


def test_every_text_is_there_in_both_languages() -> None:
    for key, texts in KEYS.items():
        assert re.search(r'\ben: *(?:\n *)?(?:"[^"]|\{ *one: *"[^"]+", *other: *"[^"])', texts), key
        assert re.search(r'\bzh: *(?:\n *)?"[^"]*[^"\s]', texts), key


def test_parameters_are_the_same_in_both_languages() -> None:
    for key, texts in KEYS.items():
        english, _, chinese = texts.partition("zh:")
        assert set(re.findall(r"\{(\w+)\}", chinese)) <= set(re.findall(r"\{(\w+)\}", english)), key


def test_every_key_that_is_used_exists() -> None:
    missing = {one for one in LITERALS if one not in KEYS and f"{one}." not in PREFIXES and not NOT_KEYS.search(one)}
    assert not missing
    rooms = {key.partition(".")[0] for key in KEYS}
    mine = {one for one in TEMPLATES if one.partition(".")[0] in rooms}  # others make headers, paths of settings
    assert not {one for one in mine if not any(key.startswith(one) for key in KEYS)}


def test_no_key_is_unused() -> None:
    used = LITERALS | {key for key in KEYS if key.startswith(tuple(PREFIXES))}
    assert not set(KEYS) - used


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("role", [one.value for one in Role]),
        ("mode", [one.value for one in DialMode]),
        ("reason", [one.name.lower() for one in LimitedBy]),
        ("campaign.state", [one.name.lower() for one in CampaignState]),
        ("agent.state", [one.name.lower() for one in AgentState]),
        ("call.state", [one.name.lower() for one in CallState if one not in (CallState.FREE, CallState.ENDED)]),
        ("lead.state", [one.name.lower() for one in LeadState]),
        ("outcome", [one.name.lower() for one in Outcome if one is not Outcome.NONE]),
        ("problem", list(KINDS)),
        ("hours", list(CallingHours.__struct_fields__)),
        ("setting", [one for one in Campaign.__struct_fields__ if one not in ("id", "abandonment")]),
        ("setting.abandonment", list(Abandonment.__struct_fields__)),
    ],
)
def test_words_of_the_api_have_texts(prefix: str, words: list[str]) -> None:
    assert not [word for word in words if f"{prefix}.{word}" not in KEYS]


@pytest.mark.parametrize(
    ("english", "chinese", "files"),
    [("hopper", "拨号队列", "*"), ("disposition", "小结", "*"), ("inbound|calls come in", "来电", "settings")],
)
def test_a_thing_has_one_name_in_chinese(english: str, chinese: str, files: str) -> None:
    for path in (FOLDER / "catalogue").glob(f"{files}.js"):
        for key, texts in ENTRY.findall(path.read_text()):
            said, _, told = texts.partition("zh:")
            bare = re.sub(r"\{\w+\}", "", said)
            assert not re.search(english, bare, re.IGNORECASE) or chinese in told, key


def test_a_call_that_is_dialled_is_not_an_inbound_one() -> None:
    assert not [key for key, texts in KEYS.items() if "来电" in texts and not re.search("inbound", key)]


def test_a_stream_asks_for_what_its_role_may_hear() -> None:
    table = re.search(r"const TOPICS = \{(.*?)\};", (FOLDER / "lib/session.js").read_text(), re.DOTALL)
    assert table
    found = {role: set(re.findall(r'"(\w+)"', names)) for role, names in re.findall(r"(\w+): \[(.*?)\]", table[1])}
    assert found == {role.value: {topic.value for topic in topics} for role, topics in TOPICS.items()}


def test_every_setting_is_in_the_form_with_its_choices() -> None:
    form = (FOLDER / "pages/campaign/fields.js").read_text()
    paths = set(re.findall(r'path: "([\w.]+)"', form))
    settings = {one for one in Campaign.__struct_fields__ if one not in ("id", "name", "abandonment")}
    assert paths == settings | {f"abandonment.{one}" for one in Abandonment.__struct_fields__}
    for kind, prefix in ((Campaign, ""), (Abandonment, "abandonment.")):
        for field in msgspec.structs.fields(kind):
            values = [one.value for one in getattr(field.type, "__members__", {}).values()]
            start = "mode" if field.name == "mode" else f"choice.{prefix}{field.name}"
            assert not [value for value in values if f"{start}.{value}" not in KEYS or f'"{value}"' not in form]
    assert set(re.findall(r'"(\w+)"', re.search(r"RETRIABLE = \[(.*?)\]", form)[1])) == set(RETRIABLE)  # type: ignore[index]


def test_what_is_imported_and_linked_is_there() -> None:
    for path in SCRIPTS:
        for name in re.findall(r'(?:from|import\() ?"(\.[^"]+)"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name}: {name}"
    for name in re.findall(r'(?:href|src)="([^"]+)"', (FOLDER / "index.html").read_text()):
        assert (FOLDER / name).is_file(), name


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    page = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    for path in (*SCRIPTS, FOLDER / "index.html", FOLDER / "style.css"):
        urls = re.findall(r"\b(?:https?|wss?)://[\w.]+", path.read_text().replace("http://www.w3.org", ""))
        assert not urls, f"{path.name}: {urls}"


def test_vendored_files_are_as_they_were() -> None:
    rows = re.findall(
        r"^\| ([\w.-]+) \|.*\| ([0-9a-f]{64}) \|$", (FOLDER / "vendor/README.md").read_text(), re.MULTILINE
    )
    assert {name for name, _ in rows} == {
        one.name for one in (FOLDER / "vendor").iterdir() if one.suffix in (".js", ".css")
    }
    for name, digest in rows:
        assert hashlib.sha256((FOLDER / "vendor" / name).read_bytes()).hexdigest() == digest, name
