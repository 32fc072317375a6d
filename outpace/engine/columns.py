"""Columns of a table that has got more rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def with_rows_of(old: Mapping[str, NDArray[Any]], fresh: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """`fresh` with the rows of `old` in front; what of `old` has no column in `fresh` is left out."""
    for name, column in fresh.items():
        if name in old:
            column[: len(old[name])] = old[name]
    return fresh
