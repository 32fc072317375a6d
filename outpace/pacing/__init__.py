"""The arithmetic: how many calls to launch now. Numbers and arrays only; knows no call, agent object or file."""

from outpace.pacing._answer_model import AnswerModel
from outpace.pacing._pacer import LaunchDecision, Pacer, PacingSnapshot
from outpace.pacing.pacers import PrecisePacer, PredictivePacer, RatioPacer, make_pacer

__all__ = [
    "AnswerModel",
    "LaunchDecision",
    "Pacer",
    "PacingSnapshot",
    "PrecisePacer",
    "PredictivePacer",
    "RatioPacer",
    "make_pacer",
]
