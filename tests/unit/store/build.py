"""Short ways to write commands in tests."""

from __future__ import annotations

from typing import Any

from outpace.domain.commands import LeaseLeads, RecordAttempt, WriteIntent
from outpace.domain.events import LeadsLeased
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.domain.units import NS_PER_S
from outpace.store.port import NewLead, Store

NOW = 1_800_000_000 * NS_PER_S
HOUR = 3600 * NS_PER_S

_ZEROS: dict[str, Any] = {
    **dict.fromkeys(RecordAttempt.__struct_fields__, 0),
    "outcome": Outcome.NO_ANSWER,
    "abandon_reason": AbandonReason.NONE,
    "verdict": Verdict.NONE,
    "caller_id": "",
    "ended_ns": NOW,
}


def attempt(call_id: int, campaign_id: int = 1, **fields: Any) -> RecordAttempt:
    return RecordAttempt(**{**_ZEROS, "call_id": call_id, "campaign_id": campaign_id, **fields})


def filled(store: Store, numbers: list[int], *, campaign: str = "a") -> int:
    """A store with leads of these numbers, due at once; returns the campaign's id."""
    campaign_id = store.campaign_id(campaign)
    store.add_leads(campaign_id, [NewLead(number) for number in numbers], NOW)
    return campaign_id


def lease(store: Store, campaign_id: int, count: int, now_ns: int = NOW) -> LeadsLeased:
    (fact,) = store.execute([LeaseLeads(campaign_id, count)], now_ns)
    assert isinstance(fact, LeadsLeased)
    return fact


def intent(leased: LeadsLeased, index: int, call_id: int) -> WriteIntent:
    return WriteIntent(
        call_id=call_id,
        campaign_id=leased.campaign_id,
        lead_id=leased.lead_ids[index],
        number=leased.numbers[index],
        lease_token=leased.token,
        trunk_group_id=1,
        attempt_number=leased.attempts[index] + 1,
    )
