"""How long the interpreter may keep the event loop, and with it every call, from its turn."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: Real seconds that another thread may hold the interpreter while the loop waits for it.
SWITCH_S = 0.0002

#: Collections of the middle generation before a full one. A full one holds the loop for 30 to 50 ms on a busy node, and
#: Python's own 10 made that every four seconds. What it alone can free is little, and bounded: some 700,000 containers.
FULL_EVERY = 100


@contextmanager
def quick_turns() -> Iterator[None]:
    """Let calls wait less for other threads and for the collector; as it was before at the end.

    For the whole process: blocks that overlap must be nested.
    """
    switch_s, thresholds, frozen = sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*thresholds[:2], FULL_EVERY)
    try:
        yield
    finally:
        if not frozen:  # else what somebody else keeps would thaw too
            gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(switch_s)


def keep_what_stays() -> None:
    """Let the collector look at modules, settings and tables no more: going through them took 50 to 100 ms."""
    gc.collect()
    gc.freeze()
