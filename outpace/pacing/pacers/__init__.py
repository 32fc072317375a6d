"""The pacers, one a file. A new one is a new file and an entry of the table in registry.py."""

from outpace.pacing.pacers._agentless import AgentlessPacer
from outpace.pacing.pacers._erlang_rate import ErlangPacer
from outpace.pacing.pacers._precise import PrecisePacer
from outpace.pacing.pacers._predictive import ForecastPacer
from outpace.pacing.pacers._progressive import ProgressivePacer
from outpace.pacing.pacers._ratio import RatioPacer
from outpace.pacing.pacers.registry import make_pacer

__all__ = [
    "AgentlessPacer",
    "ErlangPacer",
    "ForecastPacer",
    "PrecisePacer",
    "ProgressivePacer",
    "RatioPacer",
    "make_pacer",
]
