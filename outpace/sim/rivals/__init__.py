"""Rules that other dialers pace by, to be run in the lab on the same seeds. A scenario names one as its `pacer`."""

from outpace.sim.rivals.registry import RIVALS, rival_of

__all__ = ["RIVALS", "rival_of"]
