"""A lab of their own for the end-to-end tests: they restart its switch, and their calls are many."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.e2e.supervisor import is_alive
from tests.lab.lab import Lab, install


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab that is up."""
    install()
    made = Lab("e2e", suite=os.environ.get("OUTPACE_LAB_SUITE", "sid"))
    try:
        made.start_asterisk()
        made.start_phones()
        yield made
    finally:
        if is_alive(made):
            made.kill_asterisk()  # in good order it may take its time, after what was done to it
        made.close()
