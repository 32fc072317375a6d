"""What the pages on embedding show runs as it stands: each page's Python from top to bottom, on a node that serves."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from outpace.domain.access import Role
from tests.integration.api.floor import Floor

ROOT = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run(page: Path) -> None:
    known: dict[str, object] = {"__name__": "page"}
    text = page.read_text("utf-8")
    blocks = list(_BLOCK.finditer(text))
    assert blocks
    for block in blocks:
        line = text.count("\n", 0, block.start()) + 1
        exec(compile("\n" * line + block[1], str(page), "exec"), known)


@pytest.mark.parametrize(("page", "blocks"), [("client.md", 9), ("embedding.md", 4)])
async def test_page_runs_as_it_stands(
    floor: Floor, tmp_path: Path, page: str, blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPACE_URL", floor.url)
    monkeypatch.setenv("OUTPACE_TOKEN", floor.tokens[Role.OPERATOR])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of the node's workers
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(shutil.copy, ROOT / "examples" / "leads.csv", tmp_path)
    await asyncio.to_thread((tmp_path / "dnc.txt").write_text, "07700 900099\nnobody\n")
    text = await asyncio.to_thread((ROOT / "docs" / page).read_text, "utf-8")
    assert len(_BLOCK.findall(text)) == blocks
    await asyncio.to_thread(run, ROOT / "docs" / page)
    if page == "client.md":
        assert [one["number"] for one in (await floor.get("/v1/suppression"))["items"]] == ["+447700900099"]
        assert (tmp_path / "dnc.rejects.csv").read_text() == "line,reason,row\n2,not a phone number,nobody\n"
        assert (tmp_path / "attempts.csv").read_text().startswith("call_id,")
        assert (await floor.get("/v1/campaigns/1"))["settings"]["abandonment"]["cap"] == 0.02
