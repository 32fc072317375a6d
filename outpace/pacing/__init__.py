"""The arithmetic: how many calls to launch now. Numbers and arrays only; knows no call, agent object or file."""

from outpace.pacing._answer_model import AnswerModel
from outpace.pacing._pacer import LaunchDecision, Pacer, PacingSnapshot
from outpace.pacing.pacers import ForecastPacer, PrecisePacer, RatioPacer, make_pacer
from outpace.pacing.predictive import Observed, PredictivePacer

__all__ = [
    "AnswerModel",
    "ForecastPacer",
    "LaunchDecision",
    "Observed",
    "Pacer",
    "PacingSnapshot",
    "PrecisePacer",
    "PredictivePacer",
    "RatioPacer",
    "make_pacer",
]
