"""The backup of the operator's guide, taken while somebody writes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from outpace.domain.config import Campaign
from outpace.store.sqlite import SqliteStore
from tests.tidy import tree


def test_a_copy_of_an_open_store_is_a_store(tmp_path: Path) -> None:
    text = (tree.ROOT / "docs" / "operators-guide.md").read_text("utf-8").partition("## Backup of the store")[2]
    (command,) = re.findall(r"^```sh\n(.*?)^```", text.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    words = [word for word in shlex.split(command) if word.strip()]
    assert words[0] == "python3"
    assert words[-2:] == ["/var/lib/outpace/outpace.db", "/var/backups/outpace.db"]
    store_path, copy = tmp_path / "outpace.db", tmp_path / "copy.db"
    with SqliteStore(store_path) as store:
        made = store.create_campaign(Campaign(id=1, name="spring"), "ada", 1)
        subprocess.run([sys.executable, *words[1:-2], str(store_path), str(copy)], check=True)
        store.create_campaign(Campaign(id=1, name="later"), "ada", 2)
    with SqliteStore(copy) as store:
        assert store.stored_campaigns() == [made]
