"""What all tests share: hypothesis profiles, and the switch that leaves the real telephone switch out."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same examples in every run; OUTPACE_HYPOTHESIS=random searches for new ones, at length.
settings.register_profile("same", derandomize=True, deadline=None, database=None, max_examples=100)
settings.register_profile("random", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("OUTPACE_HYPOTHESIS", "same"))

LAB_OFF = os.environ.get("OUTPACE_LAB") == "off"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a real switch where OUTPACE_LAB=off says so; without it a missing switch fails the test."""
    if not LAB_OFF:
        return
    skip = pytest.mark.skip(reason="OUTPACE_LAB=off: tests on a real switch are left out")
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(skip)
