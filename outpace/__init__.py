"""outpace: an outbound dialer engine.

`from outpace import Engine, Pool, Campaign, Agent, TrunkGroup` is all that an embedder needs; facts and commands are
in `outpace.domain.events` and `outpace.domain.commands`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outpace.domain import version

if TYPE_CHECKING:
    from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup
    from outpace.engine.engine import Engine

__version__ = version.VERSION
__all__ = ["Agent", "Campaign", "Engine", "Pool", "TrunkGroup", "__version__"]


def __getattr__(name: str) -> Any:
    # lazily, so that `outpace --help` does not load numpy
    if name == "Engine":
        from outpace.engine.engine import Engine

        return Engine
    if name in __all__:
        from outpace.domain import config

        return getattr(config, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
