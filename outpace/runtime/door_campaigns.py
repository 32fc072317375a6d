"""Campaigns and trunk groups, by the door: settings, states, boards, decisions, reasons."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from outpace.domain.access import Actor
from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.errors import ConfigError, StateError, UnknownId, VersionConflict
from outpace.domain.events import CampaignDraining, CampaignPaused, CampaignStarted, CampaignStopped
from outpace.domain.orders import (
    ArchiveCampaign,
    CampaignVersions,
    ChangeCampaign,
    ChangeTrunkGroup,
    CreateCampaign,
    CreateTrunkGroup,
    GetBoard,
    GetCampaign,
    GetDecisions,
    ListCampaigns,
    ListTrunkGroups,
    PauseCampaign,
    StartCampaign,
    StopCampaign,
)
from outpace.domain.outcomes import LimitedBy
from outpace.domain.resources import (
    BoardView,
    CampaignView,
    DecisionView,
    Page,
    SettingsVersion,
    TrunkGroupView,
)
from outpace.domain.states import CampaignState
from outpace.engine.explain import decision_of
from outpace.runtime import views
from outpace.runtime.door_table import Done, answers, carries_out, limit_of, page, place_of
from outpace.runtime.house import House
from outpace.runtime.past_calls import keeps_places, moved_places
from outpace.runtime.registry import patched
from outpace.store.settings import StoredCampaign, StoredTrunkGroup

_NOT_RUNNING = LimitedBy.NOT_RUNNING.name.lower()


def campaign_view(house: House, stored: StoredCampaign) -> CampaignView:
    """A campaign, with its state and what binds it."""
    state, reason = stored.state, _NOT_RUNNING
    if house.has_campaign(stored.campaign_id):
        state = house.boards.state(stored.campaign_id)
        reason = house.engine.campaign_reason(stored.campaign_id).name.lower()
    return CampaignView(
        campaign_id=stored.campaign_id,
        name=stored.settings.name,
        settings=stored.settings,
        version=stored.version,
        state=state.name.lower(),
        reason=reason,
        reason_text=views.reason_text(reason),
        created_at=views.at(stored.created_ns),
        changed_at=views.at(stored.changed_ns),
        changed_by=stored.changed_by,
    )


def trunk_group_view(house: House, stored: StoredTrunkGroup) -> TrunkGroupView:
    """A trunk group, with its use."""
    (use,) = views.trunk_uses(house.engine, [stored.trunk_group_id])
    return TrunkGroupView(
        settings=stored.settings,
        version=stored.version,
        used=use.used,
        channels=use.channels,
        launches=house.boards.launches_of(stored.trunk_group_id),
    )


# ---- questions ---------------------------------------------------------------------------------------------------


@answers(ListCampaigns)
async def list_campaigns(house: House, question: ListCampaigns) -> Page[CampaignView]:
    """All campaigns, by id."""
    limit, (after,) = limit_of(question), place_of(question)
    found = [
        one
        for campaign_id, one in sorted(house.registry.campaigns.items())
        if campaign_id > after
        and (question.archived or house.registry.states[campaign_id] is not CampaignState.ARCHIVED)
    ]
    return page(found, limit, lambda one: campaign_view(house, one), lambda one: str(one.campaign_id))


@answers(GetCampaign)
async def get_campaign(house: House, question: GetCampaign) -> CampaignView:
    """One campaign."""
    return campaign_view(house, house.registry.campaign(question.campaign_id))


@answers(CampaignVersions)
async def campaign_versions(house: House, question: CampaignVersions) -> Page[SettingsVersion]:
    """The settings' history, latest first."""
    house.registry.campaign(question.campaign_id)
    limit, (before,) = limit_of(question), place_of(question)
    found = await house.read_long(lambda store: store.campaign_versions(question.campaign_id, before, limit + 1))
    earlier: dict[int, StoredCampaign] = {one.version + 1: one for one in found}
    return page(found, limit, lambda one: _version(one, earlier.get(one.version)), lambda one: str(one.version))


def _version(stored: StoredCampaign, earlier: StoredCampaign | None) -> SettingsVersion:
    after = _flat(msgspec.to_builtins(stored.settings))
    before = _flat(msgspec.to_builtins(earlier.settings)) if earlier is not None else after
    return SettingsVersion(
        version=stored.version,
        settings=stored.settings,
        changes={
            key: [before.get(key), after.get(key)]
            for key in {**before, **after}
            if before.get(key) != after.get(key) and key != "id"
        },
        changed_at=views.at(stored.changed_ns),
        changed_by=stored.changed_by,
    )


def _flat(document: Any, path: str = "") -> dict[str, Any]:  # noqa: ANN401 - JSON
    # {"abandonment": {"cap": 0.03}} -> {"abandonment.cap": 0.03}
    if not isinstance(document, dict) or not document:
        return {path: document}
    flat: dict[str, Any] = {}
    for key, value in document.items():
        flat |= _flat(value, f"{path}.{key}" if path else key)
    return flat


@answers(GetBoard)
async def get_board(house: House, question: GetBoard) -> BoardView:
    """The live figures."""
    _running(house, question.campaign_id)
    return house.boards.board(question.campaign_id)


@answers(GetDecisions)
async def get_decisions(house: House, question: GetDecisions) -> list[DecisionView]:
    """The last decisions."""
    _running(house, question.campaign_id)
    found = views.take_decisions(house.engine, question.campaign_id, after=question.after)
    return await asyncio.to_thread(lambda: [views.decision_view(decision_of(one)) for one in found])


@answers(ListTrunkGroups)
async def list_trunk_groups(house: House, _: ListTrunkGroups) -> list[TrunkGroupView]:
    """All trunk groups, by id."""
    return [trunk_group_view(house, one) for _, one in sorted(house.registry.trunk_groups.items())]


def _running(house: House, campaign_id: int) -> None:
    # the engine has no figures of campaigns that were put away before it began
    house.registry.campaign(campaign_id)
    if not house.has_campaign(campaign_id):
        raise UnknownId(f"campaign {campaign_id} is archived: there are no live figures of it")


# ---- settings ----------------------------------------------------------------------------------------------------


@carries_out(CreateCampaign)
async def create_campaign(house: House, order: CreateCampaign, actor: Actor) -> Done:
    """A new campaign, in draft."""
    async with house.changing:
        next_id = max(house.registry.campaigns, default=0) + 1
        settings = msgspec.structs.replace(order.settings, id=next_id)
        house.check(house.registry.pool(house.engine.pool, campaign=settings))
        now_ns = house.now_ns()
        stored = await house.write(lambda store: store.create_campaign(settings, actor.name, now_ns))
        house.registry.put_campaign(stored)
        await house.apply(house.registry.pool(house.engine.pool))
        house.recount(stored.campaign_id)
    detail = {"settings": msgspec.to_builtins(stored.settings)}
    return Done(campaign_view(house, stored), f"campaign/{stored.campaign_id}", detail)


@carries_out(ChangeCampaign)
async def change_campaign(house: House, order: ChangeCampaign, actor: Actor) -> Done:
    """Other settings, running or not."""
    async with house.changing:
        stored = house.registry.campaign(order.campaign_id)
        if house.registry.states[order.campaign_id] is CampaignState.ARCHIVED:
            raise StateError(f"campaign {order.campaign_id} is archived")
        _same_version(order.version, stored.version, f"campaign {order.campaign_id}")
        settings: Campaign = patched(stored.settings, order.changes)
        await _same_places(house, stored, settings)
        pool = house.registry.pool(house.engine.pool, campaign=settings)
        house.check(pool)
        now_ns = house.now_ns()
        changed = await house.write(
            lambda store: store.change_campaign(order.campaign_id, settings, stored.version, actor.name, now_ns)
        )
        house.registry.put_campaign(changed)
        await house.apply(pool)
    return Done(campaign_view(house, changed), f"campaign/{order.campaign_id}", {"changes": order.changes})


async def _same_places(house: House, stored: StoredCampaign, settings: Campaign) -> None:
    if keeps_places(stored.settings, settings):
        return
    run = await house.read(lambda store: store.last_run(stored.campaign_id))
    if run is not None or house.boards.state(stored.campaign_id) is not CampaignState.DRAFT:
        raise moved_places()


@carries_out(CreateTrunkGroup)
async def create_trunk_group(house: House, order: CreateTrunkGroup, actor: Actor) -> Done:
    """A new trunk group."""
    async with house.changing:
        next_id = max(house.registry.trunk_groups, default=0) + 1
        settings = msgspec.structs.replace(order.settings, id=next_id)
        house.check(house.registry.pool(house.engine.pool, trunk_group=settings))
        now_ns = house.now_ns()
        stored = await house.write(lambda store: store.create_trunk_group(settings, actor.name, now_ns))
        house.registry.put_trunk_group(stored)
        await house.apply(house.registry.pool(house.engine.pool))
    detail = {"settings": msgspec.to_builtins(stored.settings)}
    return Done(trunk_group_view(house, stored), f"trunk-group/{stored.trunk_group_id}", detail)


@carries_out(ChangeTrunkGroup)
async def change_trunk_group(house: House, order: ChangeTrunkGroup, actor: Actor) -> Done:
    """Other settings of a trunk group."""
    group_id = order.trunk_group_id
    async with house.changing:
        stored = house.registry.trunk_group(group_id)
        _same_version(order.version, stored.version, f"trunk group {group_id}")
        settings: TrunkGroup = patched(stored.settings, order.changes)
        if settings.kind is not stored.settings.kind:
            raise ConfigError("kind", "cannot be changed: define another trunk group")
        pool = house.registry.pool(house.engine.pool, trunk_group=settings)
        house.check(pool)
        now_ns = house.now_ns()
        changed = await house.write(
            lambda store: store.change_trunk_group(group_id, settings, stored.version, actor.name, now_ns)
        )
        house.registry.put_trunk_group(changed)
        await house.apply(pool)
    return Done(trunk_group_view(house, changed), f"trunk-group/{group_id}", {"changes": order.changes})


def _same_version(asked: int, present: int, what: str) -> None:
    if asked and asked != present:
        raise VersionConflict(f"{what} is at version {present} by now, not {asked}", present)


# ---- states ------------------------------------------------------------------------------------------------------


def _state(house: House, campaign_id: int) -> CampaignState:
    # UnknownId, or StateError for a campaign that was put away
    house.registry.campaign(campaign_id)
    if house.registry.states[campaign_id] is CampaignState.ARCHIVED:
        raise StateError(f"campaign {campaign_id} is archived")
    return house.boards.state(campaign_id)


def _done(house: House, campaign_id: int, detail: dict[str, Any] | None = None) -> Done:
    view = campaign_view(house, house.registry.campaign(campaign_id))
    return Done(view, f"campaign/{campaign_id}", detail or {})


@carries_out(StartCampaign)
async def start_campaign(house: House, order: StartCampaign, actor: Actor) -> Done:
    """Dial; nothing happens to a campaign that runs."""
    campaign_id = order.campaign_id
    if _state(house, campaign_id) is not CampaignState.RUNNING:
        await house.acted(campaign_id, actor, lambda: house.runner.pump.act(CampaignStarted(campaign_id)))
        house.recount(campaign_id)
    return _done(house, campaign_id)


@carries_out(PauseCampaign)
async def pause_campaign(house: House, order: PauseCampaign, actor: Actor) -> Done:
    """Launch no more; nothing happens to a campaign that is paused."""
    campaign_id = order.campaign_id
    if _state(house, campaign_id) is not CampaignState.PAUSED:
        await house.acted(campaign_id, actor, lambda: house.runner.pump.act(CampaignPaused(campaign_id)))
    return _done(house, campaign_id)


@carries_out(StopCampaign)
async def stop_campaign(house: House, order: StopCampaign, actor: Actor) -> Done:
    """Launch no more, and let calls end, or hang up those that nobody has answered."""
    campaign_id = order.campaign_id
    state = _state(house, campaign_id)
    if state not in (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DRAINING):
        raise StateError(f"campaign {campaign_id} is not running ({state.name.lower()})")
    fact = CampaignStopped(campaign_id) if order.now else CampaignDraining(campaign_id)
    await house.acted(campaign_id, actor, lambda: house.runner.pump.act(fact))
    return _done(house, campaign_id, {"now": order.now})


@carries_out(ArchiveCampaign)
async def archive_campaign(house: House, order: ArchiveCampaign, actor: Actor) -> Done:
    """Put a campaign away; nothing happens to one that is."""
    campaign_id = order.campaign_id
    house.registry.campaign(campaign_id)
    if house.registry.states[campaign_id] is CampaignState.ARCHIVED:
        return _done(house, campaign_id)
    state = house.boards.state(campaign_id)
    if state in (CampaignState.RUNNING, CampaignState.DRAINING) or len(views.call_rows(house.engine, campaign_id)):
        raise StateError(f"campaign {campaign_id} is {state.name.lower()} and has calls: stop it first")

    async def put_away() -> None:
        await house.runner.pump.act(CampaignDraining(campaign_id))  # leads that it still holds go back
        house.note_state(campaign_id, CampaignState.ARCHIVED)

    await house.acted(campaign_id, actor, put_away)
    return _done(house, campaign_id)
