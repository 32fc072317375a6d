"""Erlang's formulas: B (loss), C (delay), A (delay with impatience), and their inverses.

All of them broadcast over numpy arrays like ufuncs and cost some hundred nanoseconds a point, whatever the number of
servers. Each docstring says shapes, units, errors and sources.
"""

from __future__ import annotations

from outpace.pacing._erlang_functions import (
    agents_for_abandoned,
    agents_for_level,
    agents_for_wait,
    erlang_a,
    erlang_a_abandoned,
    erlang_a_level,
    erlang_a_queued,
    erlang_a_wait,
    erlang_b,
    erlang_c,
    erlang_c_level,
    erlang_c_wait,
    lines_for_blocking,
    load_for_abandoned,
    load_for_blocking,
    wait_at_place,
)

__all__ = [
    "agents_for_abandoned",
    "agents_for_level",
    "agents_for_wait",
    "erlang_a",
    "erlang_a_abandoned",
    "erlang_a_level",
    "erlang_a_queued",
    "erlang_a_wait",
    "erlang_b",
    "erlang_c",
    "erlang_c_level",
    "erlang_c_wait",
    "lines_for_blocking",
    "load_for_abandoned",
    "load_for_blocking",
    "wait_at_place",
]
