"""The installed version; its own module, so that `--version` imports nothing else."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def outpace_version() -> str:
    """Version of the installed distribution; "source" when run from a tree that is not installed."""
    try:
        return version("outpace")
    except PackageNotFoundError:
        return "source"
