"""The whole OpenAPI document against a real node, by schemathesis: every operation, every check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from outpace.api.app import ALL_ROUTES
from tests.contract.node import ENVIRON, running_node

HERE = Path(__file__).parent

#: Another seed and more examples search for what is new; minutes instead of one.
SEED = int(os.environ.get("OUTPACE_CONTRACT_SEED", "20260101"))
EXAMPLES = int(os.environ.get("OUTPACE_CONTRACT_EXAMPLES", "10"))

#: Seconds that the engine may have been late with an event at worst, in the mean: the machine is a busy one.
LATE_S = 0.1


@pytest.mark.slow
def test_api_does_what_its_document_says(tmp_path: Path) -> None:
    with running_node(tmp_path) as node:
        command = [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("--no-color", "--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"{node.url}/openapi.json", "--header", f"Authorization: Bearer {node.token}"),
            *("--seed", str(SEED), "--max-examples", str(EXAMPLES)),
        ]
        environ = {
            **ENVIRON,
            "SCHEMATHESIS_HOOKS": "tests.contract.hooks",
            "OUTPACE_TEST_TOKEN": node.token,
            "OUTPACE_TEST_TOKEN_ID": str(node.token_id),
        }
        run = subprocess.run(command, check=False, env=environ, cwd=tmp_path, capture_output=True, text=True)
        (tmp_path / "run.out").write_text(run.stdout + run.stderr)
        assert run.returncode == 0, run.stdout + run.stderr
        # every operation was tried and answered in earnest, and the node is as well as before
        operations = sum(len(routes.endpoints) for routes in ALL_ROUTES) - 1  # where it has the document from
        assert f"Tested: {operations}\n" in run.stdout
        health = node.get("/v1/health")
        assert health["ready"], health
        assert not node.errors()
        assert node.metric("outpace_api_requests_failed_total") == 0.0
        late_s = node.metric("outpace_pump_lag_seconds_sum") / node.metric("outpace_pump_lag_seconds_count")
        assert late_s < LATE_S
