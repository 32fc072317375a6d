"""A door and a node in memory, for tests of the API alone: they keep real state; the store is the one in memory."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from outpace.api import examples
from outpace.domain import orders
from outpace.domain.access import Actor
from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.errors import ConfigError, StateError, UnknownId, VersionConflict
from outpace.domain.orders import Order, Question
from outpace.domain.resources import (
    AgentView,
    AttemptView,
    BoardView,
    CallView,
    CampaignView,
    DeskCall,
    DeskView,
    HealthView,
    LeadView,
    ListView,
    Page,
    SuppressionView,
    TrunkGroupView,
)
from outpace.domain.units import NS_PER_S
from outpace.domain.wire import Topic
from outpace.runtime.control import Update
from outpace.runtime.metrics import Reading
from outpace.runtime.registry import patched
from outpace.store.memory import MemoryStore

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")

NOW_NS = 1_800_000_000 * NS_PER_S
NOW = datetime.fromtimestamp(NOW_NS / NS_PER_S, UTC)


def shown(kind: type, example: dict[str, Any], **changes: Any) -> Any:
    """A resource like an example."""
    return msgspec.structs.replace(msgspec.convert(example, kind), **changes)


def page(items: list[Any], question: Any) -> Page[Any]:
    """A page of items; the cursor is the number of items before it."""
    try:
        start = int(question.cursor or 0)
    except ValueError as error:
        raise ConfigError("cursor", "is not one of ours") from error
    some = items[start : start + question.limit]
    following = start + len(some)
    return Page(items=some, next_cursor=str(following) if following < len(items) else None)


class Listener:
    """A subscription that is fed by hand."""

    def __init__(self, first: list[Update], *, resumed: bool) -> None:
        self.batches: deque[list[Update]] = deque([first])
        self.resumed = resumed
        self.dropped = ""
        self.closed = False
        self.told = asyncio.Event()
        self.told.set()

    def give(self, *updates: Update) -> None:
        self.batches.append(list(updates))
        self.told.set()

    def close(self) -> None:
        self.closed = True
        self.told.set()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> list[Update]:
        while not self.batches:
            if self.closed:
                raise StopAsyncIteration
            self.told.clear()
            await self.told.wait()
        return self.batches.popleft()


class MemoryDoor:
    """Campaigns, leads, suppression, agents, calls and attempts in dicts, by the rules that the API shows."""

    def __init__(self) -> None:
        self.campaigns: dict[int, CampaignView] = {}
        self.leads: dict[int, LeadView] = {}
        self.suppressed: dict[tuple[int, str], SuppressionView] = {}
        self.groups = {1: shown(TrunkGroupView, examples.TRUNK_GROUP)}
        self.agents = {n: shown(AgentView, examples.AGENT, agent_id=n, call_id="") for n in (7, 8)}
        self.calls: dict[str, CallView] = {}
        self.attempts: list[AttemptView] = []
        self.lists: dict[int, ListView] = {}
        self.orders: list[tuple[Order[Any], Actor]] = []
        self.listeners: list[Listener] = []
        self.kept: list[Update] = []
        self.ready = True
        self.broken: Exception | None = None

    async def query(self, question: Question[Any]) -> Any:
        if self.broken is not None:
            raise self.broken
        return self._part(question)(question)

    async def command(self, order: Order[Any], actor: Actor) -> Any:
        if self.broken is not None:
            raise self.broken
        await asyncio.sleep(0)
        answer = self._part(order)(order)
        self.orders.append((order, actor))
        return answer

    async def subscribe(self, topics: Any, *, after: int = 0) -> Listener:
        missed = [update for update in self.kept if update.sequence > after and update.topic in topics]
        listener = Listener(missed, resumed=after > 0)
        self.listeners.append(listener)
        return listener

    def _part(self, message: Any) -> Any:
        return getattr(self, "_" + _WORD.sub("_", type(message).__name__).lower())

    # ---- questions -------------------------------------------------------------------------------------------------

    def _campaign(self, campaign_id: int) -> CampaignView:
        if campaign_id not in self.campaigns:
            raise UnknownId(f"no campaign {campaign_id}")
        return self.campaigns[campaign_id]

    def _list_campaigns(self, q: orders.ListCampaigns) -> Page[CampaignView]:
        return page([one for one in self.campaigns.values() if q.archived or one.state != "archived"], q)

    def _get_campaign(self, q: orders.GetCampaign) -> CampaignView:
        return self._campaign(q.campaign_id)

    def _get_board(self, q: orders.GetBoard) -> BoardView:
        return shown(BoardView, examples.BOARD, campaign_id=self._campaign(q.campaign_id).campaign_id)

    def _list_trunk_groups(self, _: orders.ListTrunkGroups) -> list[TrunkGroupView]:
        return list(self.groups.values())

    def _list_leads(self, q: orders.ListLeads) -> Page[LeadView]:
        return page([one for one in self.leads.values() if q.campaign_id in (0, one.campaign_id)], q)

    def _get_lead(self, q: orders.GetLead) -> LeadView:
        if q.lead_id not in self.leads:
            raise UnknownId(f"no lead {q.lead_id}")
        return self.leads[q.lead_id]

    def _list_suppression(self, q: orders.ListSuppression) -> Page[SuppressionView]:
        return page(list(self.suppressed.values()), q)

    def _list_agents(self, _: orders.ListAgents) -> list[AgentView]:
        return list(self.agents.values())

    def _get_agent(self, q: orders.GetAgent) -> AgentView:
        return self._get_desk(orders.GetDesk(agent_id=q.agent_id)).agent

    def _get_desk(self, q: orders.GetDesk) -> DeskView:
        if q.agent_id not in self.agents:
            raise UnknownId(f"no agent {q.agent_id}")
        call = next((one for one in self.calls.values() if one.agent_id == q.agent_id), None)
        desk_call = None
        if call is not None:
            lead = self.leads[call.lead_id]
            desk_call = shown(DeskCall, examples.DESK["call"], call=call, lead=lead)
        return DeskView(at=NOW, agent=self.agents[q.agent_id], call=desk_call)

    def _list_calls(self, _: orders.ListCalls) -> list[CallView]:
        return list(self.calls.values())

    def _get_call(self, q: orders.GetCall) -> CallView:
        if q.call_id not in self.calls:
            raise UnknownId(f"no call {q.call_id}")
        return self.calls[q.call_id]

    def _list_attempts(self, q: orders.ListAttempts) -> Page[AttemptView]:
        wanted = [
            one
            for one in self.attempts
            if q.agent_id in (0, one.agent_id) and q.outcome in ("", one.outcome)
        ]  # fmt: skip
        return page(wanted, q)

    def _list_lists(self, q: orders.ListLists) -> Page[ListView]:
        return page(list(self.lists.values()), q)

    def _get_list(self, q: orders.GetList) -> ListView:
        if q.list_id not in self.lists:
            raise UnknownId(f"no list {q.list_id}")
        return self.lists[q.list_id]

    def _get_health(self, _: orders.GetHealth) -> HealthView:
        return shown(HealthView, examples.HEALTH, ready=self.ready)

    # ---- orders ----------------------------------------------------------------------------------------------------

    def _create_campaign(self, o: orders.CreateCampaign) -> CampaignView:
        if any(one.name == o.settings.name for one in self.campaigns.values()):
            raise ConfigError("name", f"{o.settings.name!r} is taken")
        number = len(self.campaigns) + 1
        settings = msgspec.structs.replace(o.settings, id=number)
        view = shown(
            CampaignView, examples.CAMPAIGN, campaign_id=number, name=settings.name, settings=settings, version=1,
            state="draft",
        )  # fmt: skip
        self.campaigns[number] = view
        return view

    def _put(self, view: CampaignView, **changes: Any) -> CampaignView:
        self.campaigns[view.campaign_id] = view = msgspec.structs.replace(view, **changes)
        return view

    def _change_campaign(self, o: orders.ChangeCampaign) -> CampaignView:
        view = self._campaign(o.campaign_id)
        if o.version not in (0, view.version):
            raise VersionConflict(f"the settings are of version {view.version}", view.version)
        settings: Campaign = patched(view.settings, o.changes)
        return self._put(view, settings=settings, name=settings.name, version=view.version + 1)

    def _start_campaign(self, o: orders.StartCampaign) -> CampaignView:
        view = self._campaign(o.campaign_id)
        if view.state == "archived":
            raise StateError("an archived campaign does not run")
        return self._put(view, state="running")

    def _pause_campaign(self, o: orders.PauseCampaign) -> CampaignView:
        return self._put(self._campaign(o.campaign_id), state="paused")

    def _stop_campaign(self, o: orders.StopCampaign) -> CampaignView:
        return self._put(self._campaign(o.campaign_id), state="paused" if o.now else "draining")

    def _archive_campaign(self, o: orders.ArchiveCampaign) -> CampaignView:
        view = self._campaign(o.campaign_id)
        if view.state == "running":
            raise StateError("the campaign runs")
        return self._put(view, state="archived")

    def _add_lead(self, o: orders.AddLead) -> LeadView:
        self._campaign(o.campaign_id)
        if not o.number.startswith("+"):
            raise ConfigError("number", "no country code that exists, and no region given to dial from")
        if any(one.number == o.number for one in self.leads.values()):
            raise StateError("the campaign has the number already")
        lead_id = len(self.leads) + 1
        self.leads[lead_id] = shown(
            LeadView, examples.LEAD, lead_id=lead_id, campaign_id=o.campaign_id, number=o.number,
            attributes=o.attributes, reference=o.reference,
        )  # fmt: skip
        return self.leads[lead_id]

    def _leads_added(self, o: orders.LeadsAdded) -> None:
        self._campaign(o.campaign_id)

    def _reveal_number(self, o: orders.RevealNumber) -> str:
        return self._get_lead(orders.GetLead(lead_id=o.lead_id)).number

    def _suppress(self, o: orders.Suppress) -> SuppressionView:
        view = SuppressionView(
            number=o.number, campaign_id=o.campaign_id, reason=o.reason, added_at=NOW, added_by="x",
            expires_at=o.expires_at,
        )  # fmt: skip
        self.suppressed[o.campaign_id, o.number] = view
        return view

    def _unsuppress(self, o: orders.Unsuppress) -> None:
        if self.suppressed.pop((o.campaign_id, o.number), None) is None:
            raise UnknownId(f"{o.number} is not suppressed")

    def _set_ready(self, o: orders.SetReady) -> DeskView:
        desk = self._get_desk(orders.GetDesk(agent_id=o.agent_id))
        self.agents[o.agent_id] = msgspec.structs.replace(desk.agent, state="ready")
        return self._get_desk(orders.GetDesk(agent_id=o.agent_id))

    def _set_disposition(self, o: orders.SetDisposition) -> DeskView:
        if o.call_id not in self.calls:
            raise StateError(f"call {o.call_id} is not at that desk")
        return self._get_desk(orders.GetDesk(agent_id=o.agent_id))

    def _hang_up_call(self, o: orders.HangUpCall) -> None:
        del self.calls[o.call_id]

    def _change_trunk_group(self, o: orders.ChangeTrunkGroup) -> TrunkGroupView:
        view = self.groups[o.trunk_group_id]
        settings: TrunkGroup = patched(view.settings, o.changes)
        self.groups[o.trunk_group_id] = msgspec.structs.replace(view, settings=settings, version=view.version + 1)
        return self.groups[o.trunk_group_id]


class MemoryNode:
    """What the API needs of a node: the door and a store in memory, a clock that stands still until it is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store_path = folder / "store.db"
        self.door = MemoryDoor()
        self.store = MemoryStore()
        self.time_ns = NOW_NS
        self.published: list[tuple[Topic, str, Any]] = []
        self.reads = 0

    def now_ns(self) -> int:
        return self.time_ns

    async def read(self, job: Any) -> Any:
        self.reads += 1
        await asyncio.sleep(0)
        return job(self.store)

    async def write(self, job: Any, *, patient: bool = False) -> Any:
        await asyncio.sleep(0)
        return job(self.store)

    def publish(self, topic: Topic, key: str, data: Any) -> None:
        self.published.append((topic, key, data))

    def reading(self) -> Reading:
        reading = Reading([], [])
        reading.add("pump", {"facts_total": 3.0})
        return reading
