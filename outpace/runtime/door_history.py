"""Attempts and reports, by the door: what has become of calls, with the meaning of every figure."""

from __future__ import annotations

from typing import Any

import msgspec

from outpace.domain.commands import RecordAttempt
from outpace.domain.errors import ConfigError
from outpace.domain.orders import GetReport, ListAttempts
from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.resources import AttemptView, Column, Page, ReportView
from outpace.domain.units import NS_PER_S, e164
from outpace.runtime import views
from outpace.runtime.door_table import answers, limit_of, page, place_of
from outpace.runtime.house import House
from outpace.runtime.registry import Registry
from outpace.store.history import AttemptCursor, ReportBy, ReportRow, StoredAttempt
from outpace.store.port import Store

#: Columns of every report, in order; rates say what they divide.
COLUMNS = (
    Column(name="attempts", unit="calls", meaning="calls that ended, of any outcome"),
    Column(name="leads", unit="leads", meaning="different leads that were called"),
    Column(name="answered", unit="calls", meaning="calls that a person answered: connected and abandoned"),
    Column(name="connected", unit="calls", meaning="answered calls that reached an agent"),
    Column(name="abandoned", unit="calls", meaning="answered calls that reached no agent, for either reason"),
    Column(name="no_agent_in_time", unit="calls", meaning="abandoned because no agent was free in time"),
    Column(name="caller_left", unit="calls", meaning="abandoned because the person hung up before"),
    Column(name="disposed", unit="calls", meaning="calls that their agent gave a disposition"),
    *(
        Column(name=outcome.name.lower(), unit="calls", meaning=f"calls with the outcome {outcome.name.lower()}")
        for outcome in Outcome
        if outcome not in (Outcome.NONE, Outcome.CONNECTED, Outcome.ABANDONED)
    ),
    Column(
        name="answer_rate", unit="share", meaning="calls that a person answered, of all",
        numerator="answered", denominator="attempts",
    ),
    Column(
        name="abandon_rate", unit="share", meaning="people who reached no agent, of those who answered",
        numerator="abandoned", denominator="answered",
    ),
    Column(name="ring_s", unit="s", meaning="from launch to answer, over all that were answered"),
    Column(name="talk_s", unit="s", meaning="from agent to the end of talking, over connected calls"),
    Column(
        name="mean_talk_s", unit="s", meaning="talk time of a connected call",
        numerator="talk_s", denominator="connected",
    ),
    Column(
        name="mean_wait_s", unit="s", meaning="from answer to agent, of a connected call",
        numerator="wait_s", denominator="connected",
    ),
    Column(name="wait_s", unit="s", meaning="from answer to agent, over connected calls"),
)  # fmt: skip

_KEYS = {
    ReportBy.CAMPAIGN: Column(name="campaign", unit="", meaning="the campaign's name; its id is campaign_id"),
    ReportBy.AGENT: Column(name="agent", unit="", meaning="the agent's name, empty for calls without one; agent_id"),
    ReportBy.HOUR: Column(name="hour", unit="", meaning="hour of UTC in which the calls ended"),
    ReportBy.OUTCOME: Column(name="outcome", unit="", meaning="what became of the calls"),
}


def attempt_view(registry: Registry, record: RecordAttempt, said: StoredAttempt | None = None) -> AttemptView:
    """An attempt that has ended, and what its agent said of it."""
    disposition = ""
    if said is not None and said.disposition is not None:
        disposition = disposition_name(registry, record.campaign_id, said.disposition)
    return AttemptView(
        call_id=str(record.call_id),
        campaign_id=record.campaign_id,
        lead_id=record.lead_id,
        number=e164(record.number),
        trunk_group_id=record.trunk_group_id,
        agent_id=record.agent_id,
        attempt_number=record.attempt_number,
        outcome=record.outcome.name.lower(),
        abandon_reason=record.abandon_reason.name.lower() if record.abandon_reason is not AbandonReason.NONE else "",
        verdict=record.verdict.name.lower() if record.verdict else "",
        hangup_cause=record.hangup_cause,
        tech_cause=record.tech_cause,
        caller_id=record.caller_id,
        disposition=disposition,
        launched_at=views.at_or_none(record.launched_ns),
        ringing_at=views.at_or_none(record.ringing_ns),
        answered_at=views.at_or_none(record.answered_ns),
        verdict_at=views.at_or_none(record.verdict_ns),
        connected_at=views.at_or_none(record.connected_ns),
        talk_ended_at=views.at_or_none(record.talk_end_ns),
        ended_at=views.at(record.ended_ns),
        retry_at=views.at_or_none(record.retry_at_ns),
        talk_s=max(0, record.talk_end_ns - record.connected_ns) / NS_PER_S if record.connected_ns else 0.0,
        attributes=msgspec.json.decode(said.attributes) if said is not None else {},
    )


def disposition_name(registry: Registry, campaign_id: int, disposition: int) -> str:
    """What a disposition is called in its campaign now; its place where there is no such any more."""
    stored = registry.campaigns.get(campaign_id)
    names = stored.settings.dispositions if stored is not None else ()
    return names[disposition] if 0 <= disposition < len(names) else str(disposition)


@answers(ListAttempts)
async def list_attempts(house: House, question: ListAttempts) -> Page[AttemptView]:
    """Attempts, latest first."""
    limit, (ended_ns, call_id) = limit_of(question), place_of(question, 2)
    outcome = _outcome(question.outcome)
    since_ns = views.ns_of(question.since, "since") if question.since is not None else 0
    until_ns = views.ns_of(question.until, "until") if question.until is not None else 0
    before = AttemptCursor(ended_ns, call_id) if question.cursor else None

    def read(store: Store) -> Page[AttemptView]:
        # the views as well: a thousand take longer than the loop has
        found = store.find_attempts(
            campaign_id=question.campaign_id,
            lead_id=question.lead_id,
            agent_id=question.agent_id,
            outcome=outcome,
            since_ns=since_ns,
            until_ns=until_ns,
            before=before,
            limit=limit + 1,
        )
        return page(
            found,
            limit,
            lambda one: attempt_view(house.registry, one.attempt, one),
            lambda one: "{}.{}".format(*one.cursor),
        )

    if not question.cursor:
        await house.settle()  # who has seen a call end, or a campaign, finds it here
    return await house.read_long(read)


def _outcome(name: str) -> Outcome | None:
    if not name:
        return None
    try:
        return Outcome[name.upper()]
    except KeyError:
        known = ", ".join(outcome.name.lower() for outcome in Outcome if outcome)
        raise ConfigError("outcome", f"no such outcome: {name!r}; one of {known}") from None


# ---- reports -----------------------------------------------------------------------------------------------------


@answers(GetReport)
async def get_report(house: House, question: GetReport) -> ReportView:
    """Sums over attempts, with their total."""
    by = next((one for one in _KEYS if one.value == question.by), None)
    if by is None:
        raise ConfigError("by", f"must be one of {', '.join(one.value for one in _KEYS)}, not {question.by!r}")
    since_ns, until_ns = views.ns_of(question.since, "since"), views.ns_of(question.until, "until")
    if until_ns <= since_ns:
        raise ConfigError("until", "must be later than since")
    if question.campaign_id:
        house.registry.campaign(question.campaign_id)
    await house.settle()
    rows, total = await house.read_long(
        lambda store: (
            store.report(by, since_ns, until_ns, question.campaign_id),
            store.report(ReportBy.TOTAL, since_ns, until_ns, question.campaign_id),
        )
    )
    return ReportView(
        by=question.by,
        since=views.at(since_ns),
        until=views.at(until_ns),
        columns=[_KEYS[by], *COLUMNS],
        rows=[{**_key(house.registry, by, row.key), **_figures(row)} for row in rows],
        total=_figures(total[0]) if total else _figures(None),
    )


def _key(registry: Registry, by: ReportBy, key: int) -> dict[str, Any]:
    if by is ReportBy.CAMPAIGN:
        campaign = registry.campaigns.get(key)
        return {"campaign": campaign.settings.name if campaign is not None else str(key), "campaign_id": key}
    if by is ReportBy.AGENT:
        agent = registry.agents.get(key)
        return {"agent": agent.settings.name if agent is not None else str(key) if key else "", "agent_id": key}
    if by is ReportBy.HOUR:
        return {"hour": views.at(key)}
    return {"outcome": Outcome(key).name.lower()}


def _figures(row: ReportRow | None) -> dict[str, Any]:
    outcomes = row.outcomes if row is not None else ()

    def ended(outcome: Outcome) -> int:
        return outcomes[outcome] if outcome < len(outcomes) else 0

    connected, abandoned = ended(Outcome.CONNECTED), ended(Outcome.ABANDONED)
    attempts, answered = row.attempts if row is not None else 0, connected + abandoned
    talk_s, wait_s = (row.talk_ns / NS_PER_S, row.wait_ns / NS_PER_S) if row is not None else (0.0, 0.0)
    return {
        "attempts": attempts,
        "leads": row.leads if row is not None else 0,
        "answered": answered,
        "connected": connected,
        "abandoned": abandoned,
        "no_agent_in_time": row.no_agent_in_time if row is not None else 0,
        "caller_left": row.caller_left if row is not None else 0,
        "disposed": row.disposed if row is not None else 0,
        **{
            outcome.name.lower(): ended(outcome)
            for outcome in Outcome
            if outcome not in (Outcome.NONE, Outcome.CONNECTED, Outcome.ABANDONED)
        },
        "answer_rate": answered / attempts if attempts else None,
        "abandon_rate": abandoned / answered if answered else None,
        "ring_s": row.ring_ns / NS_PER_S if row is not None else 0.0,
        "talk_s": talk_s,
        "mean_talk_s": talk_s / connected if connected else None,
        "mean_wait_s": wait_s / connected if connected else None,
        "wait_s": wait_s,
    }
