"""The reference pages name every setting and every metric, with the defaults that the code has."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from outpace.domain.config import Abandonment, CallingHours, Campaign, InboundLoad, RetryRule, TrunkGroup
from outpace.runtime import campaign_file
from outpace.runtime.metrics import HELP
from outpace.runtime.switches import SimulatedSettings
from outpace.sim.report import SimulationReport
from outpace.store.reporting import RunReport
from outpace.telephony.asterisk.adapter import AsteriskAdapter
from outpace.telephony.asterisk.settings import AsteriskSettings, Circuits
from tests.tidy import tree

DOCS = tree.ROOT / "docs"
EXAMPLES = tree.ROOT / "examples"

#: Heading -> its settings, keys that the file adds, keys that it has not, defaults that only words can say.
PAGES: dict[str, tuple[type[msgspec.Struct], set[str], set[str], set[str]]] = {
    "[campaign]": (Campaign, set(), {"id"}, {"trunk_groups", "calling_hours", "abandonment", "inbound"}),
    "[campaign.abandonment]": (Abandonment, set(), set(), set()),
    "[campaign.inbound]": (InboundLoad, set(), set(), set()),
    "[campaign.retry.OUTCOME]": (RetryRule, set(), set(), set()),
    "[campaign.calling_hours]": (CallingHours, set(), set(), set()),
    "[list]": (campaign_file.ListSettings, set(), set(), set()),
    "[store]": (campaign_file.StoreSettings, set(), set(), set()),
    '[switch] with kind = "simulated"': (SimulatedSettings, set(), set(), {"live"}),
    '[switch] with kind = "asterisk"': (AsteriskSettings, {"secret_env"}, set(), set()),
    "[[switch.circuits]]": (Circuits, set(), set(), set()),
    "[[trunk_groups]]": (TrunkGroup, set(), {"id"}, set()),
    "[[agents]]": (campaign_file.AgentGroup, set(), set(), set()),
    "[journal]": (campaign_file.JournalSettings, set(), set(), set()),
    "[log]": (campaign_file.LogSettings, set(), set(), set()),
    "[pool]": (campaign_file.PoolSettings, set(), set(), set()),
}

_ROW = re.compile(r"^\| `(?P<key>\w+)` \| (?P<type>[^|]*) \| (?P<default>[^|]*) \|", re.MULTILINE)


def section(text: str, heading: str) -> str:
    """The text under a heading, up to the next one."""
    _, _, rest = text.partition(f" {heading}\n")
    assert rest, f"no heading {heading}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def written(field: msgspec.structs.FieldInfo) -> str:
    """The default as the page has it."""
    default: Any = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is msgspec.NODEFAULT:
        return "*required*"
    if isinstance(default, Enum):
        default = default.value
    return f"`{json.dumps(list(default) if isinstance(default, tuple) else default)}`"


@pytest.mark.parametrize("heading", PAGES)
def test_campaign_page_has_every_key_with_its_default(heading: str) -> None:
    kind, more, less, in_words = PAGES[heading]
    text = section((DOCS / "campaign-file.md").read_text("utf-8"), heading)
    rows = {row["key"]: row["default"].strip() for row in _ROW.finditer(text)}
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    assert set(rows) == (set(fields) - less) | more
    told = {key: default for key, default in rows.items() if key in fields and key not in in_words}
    assert told == {key: written(fields[key]) for key in told}


def test_campaign_page_has_a_section_for_every_table() -> None:
    headings = re.findall(r"^#+ \[+([a-z_.]+)", (DOCS / "campaign-file.md").read_text("utf-8"), re.MULTILINE)
    assert {heading.split(".")[0] for heading in headings} == set(campaign_file._TABLES)


@pytest.mark.parametrize("name", ["demo.toml", "asterisk.toml"])
def test_example_campaign_files_are_good(name: str) -> None:
    setup = campaign_file.load(EXAMPLES / name, {"OUTPACE_AMI_SECRET": "x"})
    path = setup.list_path()
    assert path is not None
    assert path.is_file()
    assert setup.automatic()


@pytest.mark.parametrize("page", ["README.md", "docs/asterisk.md"])
def test_campaign_files_in_pages_are_good(page: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", (tree.ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        path = tmp_path / "page.toml"
        path.write_text(block if "[campaign]" in block else f'[campaign]\nname = "page"\n{block}', "utf-8")
        assert campaign_file.load(path, {"OUTPACE_AMI_SECRET": "x"}).automatic()


@pytest.mark.parametrize("kind", [RunReport, SimulationReport])
def test_reports_page_has_every_figure(kind: type[msgspec.Struct]) -> None:
    text = (DOCS / "reports.md").read_text("utf-8")
    assert [name for name in kind.__struct_fields__ if f"`{name}`" not in text] == []


def test_metrics_page_has_the_gauges_of_asterisk() -> None:
    text = (DOCS / "metrics.md").read_text("utf-8")
    adapter = AsteriskAdapter(AsteriskSettings(secret="x"), campaigns=(), trunk_groups=())
    assert [name for name in adapter.pressure() if f"| `outpace_switch_{name}` |" not in text] == []


def test_metrics_page_has_every_family_that_is_explained() -> None:
    text = (DOCS / "metrics.md").read_text("utf-8")
    assert [name for name in HELP if f"| `outpace_{name}` |" not in text] == []


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*tree.ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(tree.ROOT / "bench").glob("*.md")]
    broken = [
        f"{page.relative_to(tree.ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        if not target.startswith("http") and not (page.parent / Path(target)).exists()
    ]
    assert broken == []
