"""Settling what an earlier epoch left open, before anything is dialled.

Every intent without an ending is looked up on the switch: a live call is taken over; a result that a dead-man's timer
kept becomes the attempt's ending; the rest is `lost`, and is dialled again only where the campaign's rule says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import msgspec

from outpace.domain.commands import HangUp, RecordAttempt
from outpace.domain.config import Abandonment, Campaign, CapWindow, DialMode, Pool
from outpace.domain.errors import LinkDown
from outpace.domain.events import CallAdopted, EstimatesLoaded, Event, LedgerLoaded
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.domain.units import NS_PER_S, seconds_to_ns
from outpace.runtime.store_worker import StoreWorker
from outpace.store.port import OpenIntent, Store
from outpace.telephony.adapter import KeptResult, LiveCall, TelephonyAdapter

log = logging.getLogger(__name__)

#: Real seconds until the switch is asked again, when it did not know of every call that it might have.
SECOND_LOOK_S = 1.0

_NORMAL_CLEARING = 16
_DAY_NS = 86_400 * NS_PER_S


class Settlement(msgspec.Struct, frozen=True):
    """What recovery decides: records to write, calls to adopt, calls to hang up, kept results to remove."""

    records: tuple[RecordAttempt, ...]
    adopted: tuple[CallAdopted, ...]
    hang_up: tuple[int, ...]
    forget: tuple[int, ...]

    @property
    def lost(self) -> int:
        """Number of calls whose fate nobody knows."""
        return sum(record.outcome is Outcome.LOST for record in self.records)


def settle(
    intents: Sequence[OpenIntent],
    live: Sequence[LiveCall],
    kept: Sequence[KeptResult],
    pool: Pool,
    now_ns: int,
) -> Settlement:
    """Decide on every open intent of the pool; those of another pool, and their calls, are left to that one's engine.

    A live call whose campaign or trunk group this pool does not have (any more), or for which its table has no room,
    is hung up, and is lost. So is whatever is lost, since a switch that is slow may make the call yet. A live call
    with a kept result is left alone: the switch plays the message to its end and hangs up by itself.
    """
    others = {intent.call_id for intent in intents if intent.pool != pool.name}
    on_switch = {call.call_id: call for call in live if call.call_id not in others}
    results = {result.call_id: result for result in kept if result.call_id not in others}
    campaigns = {campaign.id: campaign for campaign in pool.campaigns}
    trunk_groups = {group.id for group in pool.trunk_groups}
    records: list[RecordAttempt] = []
    adopted: list[CallAdopted] = []
    for intent in intents:
        if intent.call_id in others:
            continue
        call = on_switch.get(intent.call_id)
        campaign = campaigns.get(intent.campaign_id)
        known = campaign is not None and intent.trunk_group_id in trunk_groups
        room = len(adopted) < pool.max_calls
        if call is not None and known and room and intent.call_id not in results:
            on_switch.pop(intent.call_id)
            adopted.append(_adoption(intent, call))
        else:
            records.append(_ending(intent, results.get(intent.call_id), campaign, now_ns))
    lost = (record.call_id for record in records if record.outcome is Outcome.LOST)
    stray = (call_id for call_id in on_switch if call_id not in results)
    return Settlement(tuple(records), tuple(adopted), tuple(dict.fromkeys((*stray, *lost))), tuple(results))


async def recover(worker: StoreWorker, adapter: TelephonyAdapter, pool: Pool, now_ns: int) -> list[Event]:
    """Settle what is open; returns the facts with which the engine has to begin. Raises StoreError, LinkDown."""
    intents = await worker.call(lambda store: store.open_intents())
    live = await adapter.snapshot()
    settlement = settle(intents, live, await adapter.kept_results(), pool, now_ns)
    if settlement.lost:
        # What was originated a moment before the end may not be a channel yet. Of calls seen before, facts have told
        # since what became of them, and the engine gets those after it has adopted the call as it was.
        await asyncio.sleep(SECOND_LOOK_S)
        seen = {call.call_id for call in live}
        live += [call for call in await adapter.snapshot() if call.call_id not in seen]
        settlement = settle(intents, live, await adapter.kept_results(), pool, now_ns)
    if settlement.records:
        await worker.call(lambda store: store.execute(settlement.records, now_ns))
    if settlement.forget:
        await adapter.forget(settlement.forget)
    adapter.submit([HangUp(call_id, _NORMAL_CLEARING) for call_id in settlement.hang_up])
    if settlement.records or settlement.adopted or settlement.hang_up:
        log.info(
            "settled what an earlier run left open",
            extra={
                "recorded": len(settlement.records),
                "adopted": len(settlement.adopted),
                "lost": settlement.lost,
                "hung_up": len(settlement.hang_up),
            },
        )
    facts: list[Event] = []
    for campaign in pool.campaigns:
        facts += await worker.call(partial(remembered, campaign, now_ns))
    facts.extend(settlement.adopted)
    return facts


async def forget_settled(worker: StoreWorker, adapter: TelephonyAdapter) -> None:
    """Have the switch forget results of calls that are on record: its timers act while a link is down, too.

    Raises StoreError. Without a link the next start does it.
    """
    try:
        kept = await adapter.kept_results()
        intents = await worker.call(lambda store: store.open_intents())
        is_open = {intent.call_id for intent in intents}
        await adapter.forget([result.call_id for result in kept if result.call_id not in is_open])
    except LinkDown as error:
        log.warning("kept results stay on the switch until the next start: %s", error)


def remembered(campaign: Campaign, now_ns: int, store: Store) -> list[Event]:
    """What the store knows of a campaign's past: the ledger, and what pacing had learned."""
    ledger = store.ledger(campaign.id)
    spans = store.ledger_spans(campaign.id, now_ns - _window_ns(campaign.abandonment))
    facts: list[Event] = [
        LedgerLoaded(campaign.id, ledger.connected, ledger.no_agent_in_time, ledger.caller_left, spans)
    ]
    saved = store.estimates(campaign.id)
    if saved is not None:
        facts.append(EstimatesLoaded(campaign.id, saved.format, saved.data))
    return facts


def _window_ns(rule: Abandonment) -> int:
    # how far the rule's window can reach back; a civil day may have 25 hours
    if rule.window is CapWindow.ROLLING:
        return seconds_to_ns(rule.hours * 3600.0)
    return (rule.days + 1 if rule.window is CapWindow.BLOCK else 2) * _DAY_NS


def _adoption(intent: OpenIntent, call: LiveCall) -> CallAdopted:
    return CallAdopted(
        call_id=intent.call_id,
        campaign_id=intent.campaign_id,
        lead_id=intent.lead_id,
        number=intent.number,
        trunk_group_id=intent.trunk_group_id,
        attempt_number=intent.attempt_number,
        presence=call.presence,
        agent_id=call.agent_id,
        lease_token=intent.lease_token,
        launched_ns=intent.intent_ns,
    )


def _ending(intent: OpenIntent, result: KeptResult | None, campaign: Campaign | None, now_ns: int) -> RecordAttempt:
    # A kept result tells that a person answered and got the message; without one, nothing is known but the intent.
    outcome, reason, at_ns, key = Outcome.LOST, AbandonReason.NONE, 0, "lost"
    if result is not None:
        outcome, reason, at_ns, key = Outcome.ABANDONED, result.abandon_reason, result.at_ns, "abandoned"
        if campaign is not None and campaign.mode is DialMode.AGENTLESS:
            # nobody was promised an agent, and the message is what the person was called for
            outcome, reason, key = Outcome.NOTIFIED, AbandonReason.NONE, ""
    return RecordAttempt(
        call_id=intent.call_id,
        campaign_id=intent.campaign_id,
        lead_id=intent.lead_id,
        number=intent.number,
        lease_token=intent.lease_token,
        trunk_group_id=intent.trunk_group_id,
        agent_id=0,
        attempt_number=intent.attempt_number,
        outcome=outcome,
        abandon_reason=reason,
        verdict=Verdict.NONE,
        hangup_cause=0,
        tech_cause=0,
        caller_id="",
        retry_at_ns=_retry_at_ns(campaign, key, intent.attempt_number, now_ns),
        intent_ns=intent.intent_ns,
        launched_ns=0,
        proceeding_ns=0,
        ringing_ns=0,
        answered_ns=at_ns,
        speech_start_ns=0,
        greeting_end_ns=0,
        verdict_ns=0,
        offered_ns=0,
        connected_ns=0,
        talk_end_ns=0,
        treatment_start_ns=at_ns,
        treatment_end_ns=at_ns,
        ended_ns=max(now_ns, at_ns),
    )


def _retry_at_ns(campaign: Campaign | None, key: str, attempt_number: int, now_ns: int) -> int:
    rule = campaign.retry.get(key) if campaign is not None else None
    if rule is None or attempt_number >= rule.max_attempts:
        return 0
    return now_ns + seconds_to_ns(rule.wait_s)
