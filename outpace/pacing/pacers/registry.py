"""Which pacer serves which dial mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outpace.domain.config import DialMode, RatioCounts
from outpace.pacing.pacers._agentless import AgentlessPacer
from outpace.pacing.pacers._erlang_rate import ErlangPacer
from outpace.pacing.pacers._precise import PrecisePacer
from outpace.pacing.pacers._predictive import ForecastPacer
from outpace.pacing.pacers._progressive import ProgressivePacer
from outpace.pacing.pacers._ratio import RatioPacer

if TYPE_CHECKING:
    from collections.abc import Callable

    from outpace.domain.config import Campaign
    from outpace.pacing._pacer import Pacer

PACERS: dict[DialMode, Callable[[Campaign], Pacer]] = {
    DialMode.AGENTLESS: lambda _: AgentlessPacer(),
    DialMode.ERLANG: lambda campaign: ErlangPacer(campaign.connect_limit_s),
    DialMode.PRECISE: lambda campaign: PrecisePacer(campaign.reserve),
    DialMode.PREDICTIVE: lambda campaign: ForecastPacer(campaign.connect_limit_s, campaign.cancels),
    DialMode.PROGRESSIVE: lambda _: ProgressivePacer(),
    DialMode.RATIO: lambda campaign: RatioPacer(campaign.ratio, campaign.ratio_counts is RatioCounts.LOGGED_IN),
}


def make_pacer(campaign: Campaign) -> Pacer:
    """The pacer of a campaign's dial mode, with the campaign's settings."""
    return PACERS[campaign.mode](campaign)
