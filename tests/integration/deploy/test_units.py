"""The unit, the container file and the node files of deploy/: what can be said of them without installing them."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from outpace.api.settings import ApiSettings
from outpace.cli import main
from outpace.runtime.node_file import load
from tests.tidy import tree

DEPLOY = tree.ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "outpace.service"
IMAGE = DEPLOY / "container" / "Dockerfile"

#: systemd's own judgement, from 0 (nothing can be done) to 100 (everything); ours is 15.
EXPOSURE_MAX = 20


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text("utf-8").replace("/opt/outpace/bin/outpace", "/bin/true"))
    return path


def analyze(*words: str | Path) -> str:
    ended = subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stderr


@pytest.mark.lab
def test_systemd_understands_every_word_of_the_unit(unit: Path) -> None:
    assert analyze("verify", unit) == ""


@pytest.mark.lab
def test_the_unit_may_do_little(unit: Path) -> None:
    analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)


def test_the_unit_runs_a_command_that_there_is() -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)
    program, command, node_file, *options = shlex.split(line)
    assert options == ["--quiet"]  # so that the journal holds nothing but lines of JSON
    assert program.endswith("/bin/outpace")
    assert command in main.commands  # type: ignore[attr-defined]
    assert node_file == "/etc/outpace/node.toml"


@pytest.mark.parametrize("folder", ["systemd", "container"])
def test_node_files_are_good_and_keep_everything_in_the_nodes_folder(folder: str) -> None:
    file = load(DEPLOY / folder / "node.toml", ApiSettings, {"OUTPACE_AMI_SECRET": "x"})
    assert file.journal is not None
    assert {Path(path).parent for path in (file.store.path, file.journal.path, file.node.folder)} == {
        Path("/var/lib/outpace")
    }
    assert file.log.format == "json"
    assert file.api.port == 8080


def test_the_unit_on_a_machine_listens_on_loopback_only() -> None:
    file = load(DEPLOY / "systemd" / "node.toml", ApiSettings, {"OUTPACE_AMI_SECRET": "x"})
    assert file.api.host == "127.0.0.1"
    with pytest.raises(Exception, match="OUTPACE_AMI_SECRET"):
        load(DEPLOY / "systemd" / "node.toml", ApiSettings, {})


def test_the_image_is_made_of_files_that_there_are_and_runs_as_nobody_in_particular() -> None:
    text = IMAGE.read_text("utf-8")
    (node_file,) = re.findall(r"^COPY (deploy/\S+) /etc/outpace/node.toml$", text, re.MULTILINE)
    sent = (DEPLOY / "container" / "Dockerfile.dockerignore").read_text("utf-8").split("\n")
    kept = [line[1:] for line in sent if line.startswith("!")]
    assert [name for name in kept if not (tree.ROOT / name).exists()] == []
    assert node_file in kept
    assert re.findall(r"^USER (\d+)$", text, re.MULTILINE) == re.findall(r"--uid (\d+)", text) != []
    assert "/health/live" in text
    command = re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", text, re.MULTILINE)
    assert command == ['["outpace"]', '["serve", "/etc/outpace/node.toml"]']
