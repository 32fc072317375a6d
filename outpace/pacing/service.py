"""What callers who wait may expect, and how many agents outbound must leave to them.

Plain functions on numbers or numpy arrays, which broadcast; the shares and waits are those of the Erlang models in
`outpace.pacing.erlang`, whose docstrings give ranges and errors. Times are seconds, loads erlangs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from outpace.pacing import erlang

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Figures = float | NDArray[np.float64]
    Counts = int | NDArray[np.int64]


def estimated_wait_s(
    place: ArrayLike, agents: ArrayLike, handle_s: ArrayLike, patience_s: ArrayLike = np.inf
) -> Figures:
    """Mean time until the caller at a place of the queue (1 = next) gets an agent.

    All agents are busy, and this caller stays; those before him may lose patience. Handle times count as exponential:
    how long the agents have been talking already is not looked at.

    Returns
    -------
    float > 0, or an array of the broadcast shape.
    """
    return erlang.wait_at_place(place, agents, handle_s, patience_s)


def service_level(
    load_erlangs: ArrayLike,
    agents: ArrayLike,
    handle_s: ArrayLike,
    within_s: ArrayLike,
    patience_s: ArrayLike = np.inf,
) -> Figures:
    """Share of calls that an agent serves within `within_s` seconds, in [0, 1]; 0 agents serve none.

    Infinite patience: Erlang C; finite: Erlang A.
    """
    few = np.asarray(agents) == 0
    level = erlang.erlang_a_level(load_erlangs, np.where(few, 1, agents), handle_s, patience_s, within_s)
    return np.where(few, 0.0, level)[()]


def agents_to_hold_back(
    load_erlangs: ArrayLike,
    handle_s: ArrayLike,
    within_s: ArrayLike,
    level: ArrayLike,
    patience_s: ArrayLike = np.inf,
    *,
    busy: ArrayLike = 0,
) -> Counts:
    """Agents whom outbound must leave free so that the inbound load is answered at a level.

    Parameters
    ----------
    load_erlangs, handle_s, within_s, level, patience_s : as `outpace.pacing.erlang.agents_for_level`. Where the load
        is 0 nobody is held back.
    busy : whole numbers from 0 to 1e9. Agents who serve inbound calls now: they are part of those whom the level needs.

    Returns
    -------
    int >= 0, or an array of the broadcast shape.

    Raises
    ------
    ValueError : an argument out of its range; shapes that do not broadcast.
    """
    at_work = np.asarray(busy)
    if not np.all((at_work >= 0) & (at_work <= 1e9) & (at_work == np.floor(at_work))):
        raise ValueError(f"busy must be whole numbers from 0 to 1e9, not {busy!r}")
    needed = erlang.agents_for_level(load_erlangs, handle_s, within_s, level, patience_s)
    needed = np.where(np.asarray(load_erlangs) > 0, needed, 0)
    held: Counts = np.maximum(needed - at_work.astype(np.int64), 0)[()]
    return held
