"""Lists, leads and suppression, by the door: reads from the store's second connection, writes in the writer's turn."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from outpace.domain import events
from outpace.domain.access import Actor
from outpace.domain.errors import ConfigError, StateError, UnknownId
from outpace.domain.orders import (
    AddLead,
    CountLeads,
    GetLead,
    GetList,
    LeadsAdded,
    ListLeads,
    ListLists,
    ListSuppression,
    NumbersSuppressed,
    RevealNumber,
    Suppress,
    Unsuppress,
    WhyNothing,
    WhyNotLead,
)
from outpace.domain.resources import LeadView, ListView, Obstacle, Page, SuppressionView, WhyView
from outpace.domain.states import LeadState
from outpace.domain.units import e164
from outpace.engine.obstacles import Obstacle as Closed
from outpace.runtime import views
from outpace.runtime.door_table import Done, answers, carries_out, limit_of, page, place_of
from outpace.runtime.house import House
from outpace.store.lead_import import ImportOptions, normalise, read_lead
from outpace.store.lists import StoredLead, StoredList
from outpace.store.port import Store
from outpace.store.suppression import Suppression

#: Facts of one import that are handled in one turn.
_FACTS_A_TURN = 64

_FINISHED = (LeadState.COMPLETED, LeadState.EXHAUSTED, LeadState.SUPPRESSED, LeadState.INVALID)


def lead_view(stored: StoredLead) -> LeadView:
    """A lead as it stands."""
    return LeadView(
        lead_id=stored.lead_id,
        campaign_id=stored.campaign_id,
        list_id=stored.list_id,
        number=e164(stored.number),
        reference=stored.reference,
        attributes=msgspec.json.decode(stored.attributes),
        state=stored.state.name.lower(),
        attempts=stored.attempts,
        due_at=None if stored.due_ns is None else views.at(stored.due_ns),
        added_at=views.at(stored.added_ns),
    )


def list_view(stored: StoredList) -> ListView:
    """A list as it was imported."""
    return ListView(
        list_id=stored.list_id,
        campaign_id=stored.campaign_id,
        name=stored.name,
        state=stored.state.value,
        added=stored.added,
        duplicates=stored.duplicates,
        rejected=stored.rejected,
        suppressed=stored.suppressed,
        created_at=views.at(stored.created_ns),
        finished_at=views.at_or_none(stored.ended_ns),
        error=stored.error,
    )


def suppression_view(stored: Suppression) -> SuppressionView:
    """A number that is not dialled."""
    return SuppressionView(
        number=e164(stored.number),
        campaign_id=stored.campaign_id,
        reason=stored.reason,
        added_at=views.at(stored.added_ns),
        added_by=stored.added_by,
        expires_at=views.at_or_none(stored.expires_ns),
    )


# ---- lists and leads ---------------------------------------------------------------------------------------------


@answers(ListLists)
async def list_lists(house: House, question: ListLists) -> Page[ListView]:
    """Lists, latest first."""
    limit, (before,) = limit_of(question), place_of(question)
    found = await house.read_long(lambda store: store.lists(question.campaign_id, before, limit + 1))
    return page(found, limit, list_view, lambda one: str(one.list_id))


@answers(GetList)
async def get_list(house: House, question: GetList) -> ListView:
    """One list."""
    return list_view(await house.read(lambda store: store.stored_list(question.list_id)))


@answers(ListLeads)
async def list_leads(house: House, question: ListLeads) -> Page[LeadView]:
    """Leads, by id."""
    limit, (after,) = limit_of(question), place_of(question)
    number = views.number_of(question.number, "number") if question.number else 0
    state = _lead_state(question.state)
    found = await house.read_long(
        lambda store: store.leads(
            question.campaign_id,
            list_id=question.list_id,
            state=state,
            number=number,
            after_id=after,
            limit=limit + 1,
        )
    )
    return page(found, limit, lead_view, lambda one: str(one.lead_id))


def _lead_state(name: str) -> LeadState | None:
    if not name:
        return None
    try:
        return LeadState[name.upper()]
    except KeyError:
        known = ", ".join(state.name.lower() for state in LeadState)
        raise ConfigError("state", f"no such state: {name!r}; one of {known}") from None


@answers(GetLead)
async def get_lead(house: House, question: GetLead) -> LeadView:
    """One lead."""
    return lead_view(await house.read(lambda store: store.lead(question.lead_id)))


@answers(CountLeads)
async def count_leads(house: House, question: CountLeads) -> dict[str, int]:
    """Leads by state, and those that are due."""
    house.registry.campaign(question.campaign_id)
    now_ns = house.now_ns()

    def count(store: Store) -> dict[str, int]:
        return {**store.counts(question.campaign_id), "due": store.due_count(question.campaign_id, now_ns)}

    counts = await house.read_long(count)
    house.boards.count_leads(question.campaign_id, counts)
    return counts


@carries_out(AddLead)
async def add_lead(house: House, order: AddLead, actor: Actor) -> Done:
    """Add one lead; a hot one is asked for at once. A hot lead that waits in the store already becomes hot.

    One that is with the engine stays as it is, and its state says so. One that has no turn any more is refused.
    """
    del actor
    campaign_id = order.campaign_id
    _open_campaign(house, campaign_id)
    due_ns = views.ns_of(order.due_at, "due_at") if order.due_at is not None else 0
    options = ImportOptions(region=order.region, validation="possible")
    lead = read_lead(
        order.number, options, reference=order.reference, attributes=order.attributes, due_ns=due_ns
    )  # fmt: skip
    now_ns = house.now_ns()

    def add(store: Store) -> tuple[StoredLead | None, bool]:
        added = store.add_leads(campaign_id, [lead], now_ns, hot=order.hot)
        if added.suppressed:
            return None, False
        (found,) = store.leads(campaign_id, number=lead.number, limit=1)
        return found, bool(added.added)

    stored, is_new = await house.write(add)
    if stored is None:
        raise StateError("the number is suppressed")
    if not is_new and (stored.state in _FINISHED or not order.hot):
        raise StateError(f"the number is in the campaign: lead {stored.lead_id} is {stored.state.name.lower()}")
    house.runner.post([events.HotLeads(campaign_id) if order.hot else events.LeadsAdded(campaign_id)])
    house.boards.add_lead(campaign_id, is_new=is_new)
    detail = {"number": e164(lead.number), "hot": order.hot, "reference": order.reference, "known": not is_new}
    return Done(lead_view(stored), f"lead/{stored.lead_id}", detail)


def _open_campaign(house: House, campaign_id: int) -> None:
    house.registry.campaign(campaign_id)
    if not house.has_campaign(campaign_id):
        raise StateError(f"campaign {campaign_id} is archived")


@carries_out(LeadsAdded)
async def leads_added(house: House, order: LeadsAdded, actor: Actor) -> Done:
    """Another process has added leads, perhaps to a campaign that it has made."""
    del actor
    if order.campaign_id not in house.registry.campaigns:
        await house.take_up(order.campaign_id)
    _open_campaign(house, order.campaign_id)
    await house.runner.pump.act(events.LeadsAdded(order.campaign_id))
    house.recount(order.campaign_id)
    return Done(None, f"campaign/{order.campaign_id}")


@carries_out(RevealNumber)
async def reveal_number(house: House, order: RevealNumber, actor: Actor) -> Done:
    """A number in full."""
    del actor
    stored = await house.read(lambda store: store.lead(order.lead_id))
    return Done(e164(stored.number), f"lead/{order.lead_id}")


# ---- suppression -------------------------------------------------------------------------------------------------


@answers(ListSuppression)
async def list_suppression(house: House, question: ListSuppression) -> Page[SuppressionView]:
    """Suppressed numbers, by number; or the entry of one."""
    limit, (after,) = limit_of(question), place_of(question)
    if question.number:
        number = views.number_of(question.number, "number")
        found = await house.read(lambda store: store.suppressions(question.campaign_id, number - 1, 1))
        return Page(items=[suppression_view(one) for one in found if one.number == number])
    found = await house.read_long(lambda store: store.suppressions(question.campaign_id, after, limit + 1))
    return page(found, limit, suppression_view, lambda one: str(one.number))


@carries_out(Suppress)
async def suppress(house: House, order: Suppress, actor: Actor) -> Done:
    """Never dial a number again."""
    number = _number(order.number, order.region)
    campaign_id = order.campaign_id
    if campaign_id:
        house.registry.campaign(campaign_id)
    expires_ns = views.ns_of(order.expires_at, "expires_at") if order.expires_at is not None else 0
    now_ns = house.now_ns()
    if order.expires_at is not None and expires_ns <= now_ns:
        raise ConfigError("expires_at", "lies in the past")

    def keep(store: Store) -> Suppression:
        store.suppress(number, campaign_id, order.reason, actor.name, expires_ns, now_ns)
        return store.suppressions(campaign_id, number - 1, 1)[0]

    kept = await house.write(keep)
    if not campaign_id or house.has_campaign(campaign_id):
        await house.runner.pump.act(events.NumberSuppressed(number, campaign_id))
    await house.let_go_suppressed()
    detail: dict[str, Any] = {"number": e164(number), "reason": order.reason}
    return Done(suppression_view(kept), _suppression_subject(campaign_id), detail)


@carries_out(Unsuppress)
async def unsuppress(house: House, order: Unsuppress, actor: Actor) -> Done:
    """Take a number off the list; leads that were put away for it may be dialled again."""
    del actor
    number, now_ns = _number(order.number, ""), house.now_ns()
    if not await house.write(lambda store: store.unsuppress(number, order.campaign_id, now_ns)):
        raise UnknownId("the number is not on the list")
    for campaign in house.engine.pool.campaigns:
        if order.campaign_id in (0, campaign.id):
            house.runner.post([events.LeadsAdded(campaign.id)])
    return Done(None, _suppression_subject(order.campaign_id), {"number": e164(number)})


@carries_out(NumbersSuppressed)
async def numbers_suppressed(house: House, order: NumbersSuppressed, actor: Actor) -> Done:
    """Another process has suppressed numbers, a million perhaps: what is leased or dialled of them is let go."""
    del actor
    now_ns = house.now_ns()
    held = await house.write(lambda store: store.let_go_suppressed(now_ns))
    told = [events.NumberSuppressed(number, campaign) for number, campaign in held if house.has_campaign(campaign)]
    for start in range(0, len(told), _FACTS_A_TURN):
        await asyncio.gather(*(house.runner.pump.act(fact) for fact in told[start : start + _FACTS_A_TURN]))
    return Done(len(told), _suppression_subject(order.campaign_id), {"let_go": len(told)})


def _suppression_subject(campaign_id: int) -> str:
    return f"suppression/{campaign_id}" if campaign_id else "suppression"


def _number(text: str, region: str) -> int:
    # as in a list; what is already international is taken as it is
    if text.startswith("+"):
        return views.number_of(text, "number")
    number = normalise(text, ImportOptions(region=region, validation="possible"))
    if isinstance(number, str):
        raise ConfigError("number", number)
    return number


# ---- why not -----------------------------------------------------------------------------------------------------


@answers(WhyNothing)
async def why_nothing(house: House, question: WhyNothing) -> WhyView:
    """Every guard that is closed for a campaign."""
    _open_campaign(house, question.campaign_id)
    return _why(house, question.campaign_id, house.engine.obstacles(question.campaign_id))


@answers(WhyNotLead)
async def why_not_lead(house: House, question: WhyNotLead) -> WhyView:
    """Every guard that is closed for a lead: those that the store knows, then the engine's."""
    now_ns = house.now_ns()

    def look(store: Store) -> tuple[StoredLead, bool]:
        lead = store.lead(question.lead_id)
        return lead, any(store.is_suppressed(lead.number, which, now_ns) for which in (0, lead.campaign_id))

    lead, is_suppressed = await house.read(look)
    found: list[Closed] = []
    if is_suppressed:
        found.append(Closed("suppressed", "its number is suppressed"))
    if lead.state in _FINISHED:
        found.append(Closed("finished", f"it has no turn any more: {lead.state.name.lower()}"))
    elif lead.due_ns is not None and lead.due_ns > now_ns:
        found.append(Closed("not_due", f"its turn has not come: {lead.state.name.lower()}", lead.due_ns))
    if not house.has_campaign(lead.campaign_id):
        return _why(house, 0, [*found, Closed("not_running", "the campaign is archived")])
    known = house.engine.obstacles(lead.campaign_id, lead.lead_id)
    # where the store says why it is not with the engine, that is the better word
    return _why(house, lead.campaign_id, [*found, *(one for one in known if not found or one.guard != "not_leased")])


def _why(house: House, campaign_id: int, found: list[Closed]) -> WhyView:
    latest = house.engine.latest_decision(campaign_id) if campaign_id else None
    return WhyView(
        dialable=not found,
        obstacles=[Obstacle(guard=one.guard, text=one.text, opens_at=views.at_or_none(one.opens_ns)) for one in found],
        decision=None if latest is None else views.decision_view(latest),
    )
