"""The arithmetic: how many calls to launch now. Numbers and arrays only; knows no call, agent object or file."""

from outpace.pacing._answer_model import AnswerModel
from outpace.pacing._batch import decide_batch
from outpace.pacing._pacer import Pacer, PacingSnapshot
from outpace.pacing.decision import LaunchDecision
from outpace.pacing.pacers import (
    AgentlessPacer,
    ErlangPacer,
    ForecastPacer,
    PrecisePacer,
    ProgressivePacer,
    RatioPacer,
    make_pacer,
)
from outpace.pacing.predictive import Observed, PredictivePacer

__all__ = [
    "AgentlessPacer",
    "AnswerModel",
    "ErlangPacer",
    "ForecastPacer",
    "LaunchDecision",
    "Observed",
    "Pacer",
    "PacingSnapshot",
    "PrecisePacer",
    "PredictivePacer",
    "ProgressivePacer",
    "RatioPacer",
    "decide_batch",
    "make_pacer",
]
