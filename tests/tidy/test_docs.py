"""The reference pages name every setting and every metric, with the defaults that the code has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from outpace.api.settings import ApiSettings
from outpace.cli import main
from outpace.domain.config import Abandonment, CallingHours, Campaign, InboundLoad, RetryRule, TrunkGroup
from outpace.domain.outcomes import LimitedBy
from outpace.runtime import campaign_file, node_file, settings
from outpace.runtime.metrics import HELP
from outpace.runtime.switches import SimulatedSettings
from outpace.sim.report import SimulationReport
from outpace.store.reporting import RunReport
from outpace.telephony.asterisk.adapter import AsteriskAdapter
from outpace.telephony.asterisk.settings import AsteriskSettings, Circuits
from tests.tidy import tree

DOCS = tree.ROOT / "docs"
EXAMPLES = tree.ROOT / "examples"
ENVIRON = {**os.environ, "PYTHONPATH": str(tree.ROOT)}

#: Heading -> its settings, keys that the file adds, keys that it has not, defaults that only words can say.
PAGES: dict[str, tuple[type[msgspec.Struct], set[str], set[str], set[str]]] = {
    "[campaign]": (Campaign, set(), {"id"}, {"trunk_groups", "calling_hours", "abandonment", "inbound"}),
    "[campaign.abandonment]": (Abandonment, set(), set(), set()),
    "[campaign.inbound]": (InboundLoad, set(), set(), set()),
    "[campaign.retry.OUTCOME]": (RetryRule, set(), set(), set()),
    "[campaign.calling_hours]": (CallingHours, set(), set(), set()),
    "[list]": (campaign_file.ListSettings, set(), set(), set()),
    "[store]": (settings.StoreSettings, set(), set(), set()),
    '[switch] with kind = "simulated"': (SimulatedSettings, set(), set(), {"live"}),
    '[switch] with kind = "asterisk"': (AsteriskSettings, {"secret_env"}, set(), set()),
    "[[switch.circuits]]": (Circuits, set(), set(), set()),
    "[[trunk_groups]]": (TrunkGroup, set(), {"id"}, set()),
    "[[agents]]": (settings.AgentGroup, set(), set(), set()),
    "[journal]": (settings.JournalSettings, set(), set(), set()),
    "[log]": (settings.LogSettings, set(), set(), set()),
    "[pool]": (settings.PoolSettings, set(), set(), set()),
}

#: The same of docs/node-file.md.
NODE_PAGES: dict[str, tuple[type[msgspec.Struct], set[str], set[str], set[str]]] = {
    "[node]": (node_file.NodeSettings, set(), set(), set()),
    "[[agents]]": (node_file.NodeAgents, set(), set(settings.AgentGroup.__struct_fields__), {"campaigns"}),
    "[redis]": (node_file.RedisSettings, {"url_env"}, set(), set()),
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
    if isinstance(default, tuple):
        default = [one.value if isinstance(one, Enum) else one for one in default]
    return f"`{json.dumps(default.value if isinstance(default, Enum) else default)}`"


@pytest.mark.parametrize("heading", PAGES)
def test_campaign_page_has_every_key_with_its_default(heading: str) -> None:
    check_section("campaign-file.md", heading, *PAGES[heading])


@pytest.mark.parametrize("heading", NODE_PAGES)
def test_node_page_has_every_key_with_its_default(heading: str) -> None:
    check_section("node-file.md", heading, *NODE_PAGES[heading])


def check_section(
    page: str, heading: str, kind: type[msgspec.Struct], more: set[str], less: set[str], in_words: set[str]
) -> None:  # fmt: skip
    """See that a section has a row for each key, with its default."""
    text = section((DOCS / page).read_text("utf-8"), heading)
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


def test_example_node_file_is_good() -> None:
    file = node_file.load(EXAMPLES / "node.toml", settings.LogSettings)
    assert [campaign.name for campaign in file.campaigns] == ["spring", "survey"]
    assert settings.automatic(file.agent_groups, range(1, 21))


@pytest.mark.parametrize("page", ["docs/asterisk.md"])
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


def test_api_page_has_every_setting_with_its_default() -> None:
    text = section((DOCS / "api.md").read_text("utf-8"), "The table [api]")
    rows = {row["key"]: row["default"].strip() for row in _ROW.finditer(text)}
    assert rows == {field.name: written(field) for field in msgspec.structs.fields(ApiSettings)}


def test_api_reference_is_that_of_the_code(tmp_path: Path) -> None:
    made = tmp_path / "reference.md"
    subprocess.run([sys.executable, "tools/api_reference.py", str(made)], cwd=tree.ROOT, check=True, env=ENVIRON)
    assert made.read_text("utf-8") == (DOCS / "api-reference.md").read_text("utf-8"), "run tools/api_reference.py"


def test_client_has_the_operations_of_the_code(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "tools/client_operations.py", str(tmp_path)], cwd=tree.ROOT, check=True, env=ENVIRON
    )
    kept = tree.PACKAGE / "client" / "operations"
    made = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.py")}
    assert made == {path.name: path.read_text("utf-8") for path in kept.glob("*.py")}, "run tools/client_operations.py"


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings as a viewer turns them into anchors."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_pages_lead_somewhere() -> None:
    folders = [tree.ROOT / name for name in ("bench", "deploy")]
    pages = [
        *tree.ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(page for folder in folders for page in folder.glob("*.md")),
    ]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)", page.read_text("utf-8")):
            path, _, anchor = target.partition("#")
            there = page.parent / path if path else page
            if target.startswith("http"):
                continue
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(f"{page.relative_to(tree.ROOT)}: {target}")
    assert broken == []


def test_the_table_of_contents_leads_to_every_page() -> None:
    text = (DOCS / "README.md").read_text("utf-8")
    pages = [page.name for page in DOCS.glob("*.md") if page.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in text] == []


def test_a_node_file_has_a_section_for_every_table() -> None:
    text = (DOCS / "node-file.md").read_text("utf-8")
    headings = set(re.findall(r"^#+ \[+([a-z_]+)", text, re.MULTILINE))
    elsewhere = set(re.findall(r"\[+([a-z_]+)\]+", section(text, "The tables of other pages")))
    assert headings | elsewhere == set(node_file._TABLES)
    assert {field.name for field in msgspec.structs.fields(node_file.NodeFile)} - {"file"} == {
        name.replace("agents", "agent_groups") for name in node_file._TABLES
    }


def test_pages_name_only_options_that_commands_have() -> None:
    known = {
        option
        for command in main.commands.values()  # type: ignore[attr-defined]
        for one in (command, *getattr(command, "commands", {}).values())
        for parameter in one.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    wrong = []
    for page in [tree.ROOT / "README.md", *DOCS.glob("*.md"), tree.ROOT / "deploy" / "README.md"]:
        for line in re.findall(r"\boutpace [a-z][^`\n]*", page.read_text("utf-8")):
            wrong += [f"{page.name}: {line}" for option in re.findall(r"(?<!\S)--[a-z-]+", line) if option not in known]
    assert wrong == []


def test_operators_guide_knows_every_reason_and_every_alarm() -> None:
    text = (DOCS / "operators-guide.md").read_text("utf-8")
    reasons = {reason.name.lower() for reason in LimitedBy} - {"none"}
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in section(text, "Reasons")] == []
    alarms = re.findall(r'Sign\("(\w+)"', (tree.PACKAGE / "runtime" / "alarms.py").read_text("utf-8"))
    assert len(alarms) > 10
    assert [alarm for alarm in alarms if f"*{alarm}*" not in text] == []
