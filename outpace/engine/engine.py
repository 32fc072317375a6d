"""Engine: the core plus what is policy or happens rarely: calling hours, adoption, settings, explain, snapshot.

The contract: `handle(event, now_ns)` takes one fact, `tick(now_ns)` lets time pass, `next_deadline_ns()` tells when,
`take_commands()` drains what is to be done. No I/O, no clock, no thread: the same object runs live, in a simulation
and in a replay.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from outpace.domain.config import Pool
from outpace.domain.errors import ConfigError, UnknownId
from outpace.domain.events import CallAdopted, EstimatesLoaded, Event, LedgerLoaded, PacingChanged, PoolChanged
from outpace.domain.outcomes import Fallback, LimitedBy, Outcome
from outpace.domain.states import AgentState, CallState, CampaignState, NextState
from outpace.domain.units import NS_PER_S
from outpace.engine._core import EngineCore
from outpace.engine._state import REGISTER_PLACES
from outpace.engine.calling_window import utc_offset_ns, window_at
from outpace.engine.explain import Decision, Explanation, decision_of, decisions_of
from outpace.engine.obstacles import Obstacle, obstacles_of
from outpace.engine.outlook import Outlook, outlook
from outpace.engine.pool_change import check_change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from outpace.domain.config import Agent, Campaign, TrunkGroup

    _Setting = Campaign | TrunkGroup | Agent

_NS_PER_MINUTE = 60_000_000_000
_SNAPSHOT_FORMAT = 4

_HANDLING = (AgentState.CONNECTING, AgentState.TALKING, AgentState.HOLD, AgentState.WRAP_UP)
_AT_WORK = (AgentState.READY, AgentState.RESERVED, AgentState.PREVIEWING, *_HANDLING)

#: What the bytes of `Engine.dump_estimates` mean.
ESTIMATES_FORMAT = 2


class _Learned(msgspec.Struct, frozen=True):
    estimates: bytes
    answer_model: bytes


class _Snapshot(msgspec.Struct, frozen=True):
    """All state of an engine: `arrays` holds the bytes of EngineState.arrays(), `caller_ids` what calls name there."""

    format: int
    pool: Pool
    caller_ids: dict[int, tuple[str, ...]]
    arrays: dict[str, bytes]


class Engine(EngineCore):
    """The dialer engine of one pool.

    Parameters
    ----------
    pool : Pool. Campaigns, trunk groups and agents, until a PoolChanged.
    epoch : int, 1 to 2**31 - 1. Issued durably by the store at every start; attempt ids are epoch << 32 | sequence,
        so that no id is ever used twice. An embedder without a store counts its own starts.
    """

    def __init__(self, pool: Pool, *, epoch: int = 1) -> None:
        super().__init__(pool, epoch=epoch)
        self._settings: dict[tuple[type, int], tuple[_Setting, bytes]] = {}
        self._take_pool(pool)
        if any(campaign.calling_hours for campaign in pool.campaigns):
            # closed until the first tick tells the time
            for row, campaign in enumerate(pool.campaigns):
                self._campaign("window_open")[row] = campaign.calling_hours is None
            self._set_register("window_ns", 1)

    # ---- facts that come rarely ----------------------------------------------------------------------------------

    def handle_rare(self, event: Event, now_ns: int) -> None:
        """Adopted calls, loaded ledgers and estimates, settings."""
        if isinstance(event, CallAdopted):
            self.adopt_call(event, now_ns)
        elif isinstance(event, LedgerLoaded):
            self._load_ledger(event, now_ns)
        elif isinstance(event, EstimatesLoaded):
            self._load_estimates(event)
        elif isinstance(event, PacingChanged):
            self._change_pool(self._repaced(event), now_ns)
        elif isinstance(event, PoolChanged):
            self._change_pool(event.pool, now_ns)

    def _load_ledger(self, event: LedgerLoaded, now_ns: int) -> None:
        row = self._row(event.campaign_id)
        # added: a call adopted before has been counted already
        self._campaign("connected")[row] += event.connected
        self._campaign("no_agent")[row] += event.no_agent_in_time
        self._campaign("caller_left")[row] += event.caller_left
        settings = self.pool.campaigns[row]
        everybody = settings.abandonment.counts_caller_left or not settings.amd
        for span in event.spans:
            # as they were counted when it happened; a clock that was ahead must not move the window there
            left = span.caller_left if everybody else span.caller_left - span.without_verdict
            self.budget.load(row, span.connected, span.no_agent_in_time, left, min(span.from_ns, now_ns))

    def _load_estimates(self, event: EstimatesLoaded) -> None:
        row = self._row(event.campaign_id)
        if event.format != ESTIMATES_FORMAT:
            raise ConfigError("estimates", f"are of format {event.format}, this program knows {ESTIMATES_FORMAT}")
        before = self.answer_model.dump(row)
        try:
            learned = msgspec.msgpack.decode(event.data, type=_Learned)
            self.answer_model.load(row, learned.answer_model)
            try:
                self.estimates.load(row, learned.estimates)
            except ValueError:
                self.answer_model.load(row, before)  # both or neither
                raise
        except (ValueError, msgspec.MsgspecError) as error:
            raise ConfigError("estimates", str(error)) from error

    def _repaced(self, event: PacingChanged) -> Pool:
        row = self._row(event.campaign_id)
        settings: Campaign = msgspec.structs.replace(self.pool.campaigns[row], ratio=event.ratio, reserve=event.reserve)
        if event.cap is not None:
            rule = msgspec.structs.replace(settings.abandonment, cap=event.cap)
            settings = msgspec.structs.replace(settings, abandonment=rule)
        campaigns = (*self.pool.campaigns[:row], settings, *self.pool.campaigns[row + 1 :])
        return msgspec.structs.replace(self.pool, campaigns=campaigns)

    def _change_pool(self, pool: Pool, now_ns: int) -> None:
        check_change(self.pool, pool)
        self.change_tables(self.pool, pool, now_ns)
        self._take_pool(pool)
        self.refresh_windows(now_ns)
        self.go_on(now_ns)

    def _take_pool(self, pool: Pool) -> None:
        self.pool = pool
        self._rows = {campaign.id: row for row, campaign in enumerate(pool.campaigns)}
        settings: tuple[_Setting, ...] = (*pool.campaigns, *pool.trunk_groups, *pool.agents)
        self._settings = {(type(one), one.id): self._setting(one) for one in settings}

    def _setting(self, one: _Setting) -> tuple[_Setting, bytes]:
        # With its bytes, for the digest. They are read and written once more, so that a 2 that stands for 2.0 becomes
        # what a journal makes of it.
        known = self._settings.get((type(one), one.id))
        if known is not None and known[0] == one:
            return known
        data = msgspec.msgpack.encode(one)
        return one, msgspec.msgpack.encode(msgspec.msgpack.decode(data, type=type(one)))

    def refresh_windows(self, now_ns: int) -> None:
        """Open and close the campaigns' calling hours, and note when the next one changes."""
        next_change = 0
        for row, campaign in enumerate(self.pool.campaigns):
            if campaign.calling_hours is None:
                self._campaign("window_open")[row] = 1
                for column in (self._campaign("window_change_ns"), self._campaign("zone_offset_ns")):
                    column[row] = 0
                self.budget.columns["ends_ns"][row] = 0
                continue
            is_open, changes_ns = window_at(campaign.calling_hours, now_ns)
            self._campaign("window_open")[row] = is_open
            self._campaign("window_change_ns")[row] = changes_ns
            self._campaign("zone_offset_ns")[row] = utc_offset_ns(campaign.calling_hours, now_ns)
            self.budget.columns["ends_ns"][row] = changes_ns if is_open else 0
            self._campaign("dirty")[row] = 1
            next_change = changes_ns if next_change == 0 else min(next_change, changes_ns)
        self._set_register("window_ns", next_change)
        self._set_register("dirty", 1)

    # ---- what can be asked -----------------------------------------------------------------------------------------

    @property
    def call_columns(self) -> Mapping[str, NDArray[Any]]:
        """Read-only views of the table of calls, (capacity,) each; rows with state 0 are free."""
        return _read_only(self.calls.columns)

    @property
    def agent_columns(self) -> Mapping[str, NDArray[Any]]:
        """Read-only views of the table of agents, (agents,) each, in the order of the pool."""
        return _read_only(self.agents.columns)

    @property
    def trunk_columns(self) -> Mapping[str, NDArray[Any]]:
        """Read-only views of the table of trunk groups, in the order of the pool."""
        return _read_only(self.trunks.columns)

    @property
    def campaign_columns(self) -> Mapping[str, NDArray[Any]]:
        """Read-only views of the table of campaigns, in the order of the pool."""
        return _read_only(self.campaigns.columns)

    def campaign_state(self, campaign_id: int) -> CampaignState:
        """State of a campaign. UnknownId when there is none of that id."""
        return CampaignState(int(self._campaign("state")[self._row(campaign_id)]))

    def campaign_reason(self, campaign_id: int) -> LimitedBy:
        """What binds dialling now. UnknownId when there is no campaign of that id."""
        return LimitedBy(int(self._campaign("reason")[self._row(campaign_id)]))

    def hopper_count(self, campaign_id: int) -> int:
        """Leads in the campaign's hopper."""
        return int(self.campaigns.hoppers[self._row(campaign_id)].columns["registers"][1])

    def decisions(self, campaign_id: int, *, after: int = 0) -> tuple[Decision, ...]:
        """The last decisions of a campaign (at most 256) with a sequence greater than `after`, oldest first."""
        row = self._row(campaign_id)
        return decisions_of(self._campaign("decisions")[row], int(self._campaign("decision_count")[row]), after)

    def latest_decision(self, campaign_id: int) -> Decision | None:
        """The last decision of a campaign with its forecast, also when it did nothing; None = there was none."""
        row = self._row(campaign_id)
        if not self._campaign("decision_count")[row]:
            return None
        return decision_of(self._campaign("latest")[row])

    def dump_estimates(self, campaign_id: int) -> bytes:
        """What pacing has learned of a campaign, in ESTIMATES_FORMAT, for a later EstimatesLoaded."""
        row = self._row(campaign_id)
        return msgspec.msgpack.encode(_Learned(self.estimates.dump(row), self.answer_model.dump(row)))

    def outlook(self, campaign_id: int) -> Outlook:
        """What who answers may expect of the campaign's agents now. UnknownId when there is no campaign of that id."""
        row = self._row(campaign_id)
        agents_in = self._campaign("agents_in")[row]
        hour = self._last_hour(row)
        minutes = self._register("now_ns") // _NS_PER_MINUTE - int(hour[:, 0].min()) + 1 if len(hour) else 1
        mine = (self.agents.columns["campaigns"][: len(self.pool.agents)] & np.uint64(1 << row)) != 0
        spent_ns = self.agents.columns["spent_ns"][: len(self.pool.agents)][mine]
        calls = int(self.agents.columns["calls"][: len(self.pool.agents)][mine].sum())
        handled_ns = int(spent_ns[:, list(_HANDLING)].sum())
        return outlook(
            agents=int(agents_in[list(_AT_WORK)].sum()),
            ready=int(agents_in[AgentState.READY]),
            waiting=int(self._campaign("in_state")[row, CallState.QUEUED]),
            withheld=int(self._campaign("withheld")[row]),
            answered_per_h=int(hour[:, 1:].sum()) * 60.0 / minutes,
            handle_s=handled_ns / NS_PER_S / calls if calls else 0.0,
            limit_s=self.pool.campaigns[row].connect_limit_s,
        )

    def explain(self, campaign_id: int) -> Explanation:
        """What the campaign does now and why. UnknownId when there is none of that id."""
        row = self._row(campaign_id)
        hour = self._last_hour(row)
        return Explanation(
            campaign_id=campaign_id,
            state=self.campaign_state(campaign_id),
            reason=self.campaign_reason(campaign_id),
            connected=int(self._campaign("connected")[row]),
            abandoned_no_agent=int(self._campaign("no_agent")[row]),
            abandoned_caller_left=int(self._campaign("caller_left")[row]),
            connected_last_hour=int(hour[:, 1].sum()),
            abandoned_last_hour=int(hour[:, 2].sum()),
            decisions=self.decisions(campaign_id),
            latest=self.latest_decision(campaign_id),
            budget=self.budget.state(row, self._register("now_ns")),
            outlook=self.outlook(campaign_id),
        )

    def registers(self) -> dict[str, int]:
        """The engine's scalars by name."""
        return {name: self._register(name) for name in REGISTER_PLACES}

    def decision_count(self) -> int:
        """Launch decisions so far, over all campaigns; one that launches nothing for the reason before is not new."""
        return self._register("decisions")

    def obstacles(self, campaign_id: int, lead_id: int = 0) -> list[Obstacle]:
        """Everything that keeps a campaign, or one of its leads, from being dialled now; what opens last comes first.

        Of the lead the engine knows whether it is in the hopper or in a call; where neither is so, the store knows
        more. An empty list: it is dialled as soon as the pacer wants another call. UnknownId: no such campaign.
        """
        return obstacles_of(self, self._row(campaign_id), lead_id)

    def counters(self) -> dict[str, Any]:
        """Counters since the start and gauges of now, as plain Python numbers; `campaigns` holds a dict per id."""
        found: dict[str, Any] = dict(self.registers())
        found["calls"] = int(self.calls.columns["registers"][1])
        found["agents"] = {
            state.name.lower(): int((self.agents.columns["state"][: len(self.pool.agents)] == state).sum())
            for state in AgentState
        }
        # what agents become as soon as that can be; those who want nothing are left out
        wants = self.agents.columns["wants"][: len(self.pool.agents)]
        found["agents_next"] = {state.name.lower(): int((wants == state).sum()) for state in list(NextState)[1:]}
        found["trunks"] = {
            int(group_id): {
                name: int(self.trunks.columns[name][row])
                for name in ("channels", "in_use", "pending", "pipeline", "no_circuit")
            }
            for row, group_id in enumerate(self.trunks.columns["trunk_group_id"])
        }
        found["campaigns"] = {campaign.id: self._campaign_counters(campaign.id) for campaign in self.pool.campaigns}
        return found

    def _campaign_counters(self, campaign_id: int) -> dict[str, Any]:
        row = self._row(campaign_id)
        plain = ("live", "launches", "connected", "no_agent", "caller_left", "cancels")
        found: dict[str, Any] = {name: int(self._campaign(name)[row]) for name in plain}
        found["state"] = self.campaign_state(campaign_id).name.lower()
        found["reason"] = self.campaign_reason(campaign_id).name.lower()
        found["hopper"] = self.hopper_count(campaign_id)
        for name, words in (("in_state", CallState), ("outcomes", Outcome), ("agents_in", AgentState)):
            found[name] = {word.name.lower(): int(self._campaign(name)[row, word]) for word in words}
        latest = self._campaign("latest")[row]
        found["pacing"] = {name: float(latest[name]) for name in ("kappa", "risk", "live_rate")}
        found["budget"] = msgspec.structs.asdict(self.budget.state(row, self._register("now_ns")))
        found["queue"] = msgspec.structs.asdict(self.outlook(campaign_id))
        found["pacing"]["fallback"] = Fallback(int(latest["fallback"])).name.lower()
        found["limited"] = {limit.name.lower(): int(self._campaign("limited")[row, limit]) for limit in LimitedBy}
        return found

    # ---- state as bytes --------------------------------------------------------------------------------------------

    def digest(self) -> bytes:
        """Hash of all state (16 bytes). Equal facts give equal digests, on every run of the same build."""
        hasher = hashlib.blake2b(digest_size=16)
        hasher.update(b"".join(data for _, data in self._settings.values()))
        for name, array in self.arrays().items():
            hasher.update(name.encode())
            hasher.update(np.ascontiguousarray(array).data)
        return hasher.digest()

    def snapshot(self) -> bytes:
        """All state as bytes, for `Engine.restore`. Commands that were not taken yet are not part of it."""
        arrays = {name: np.ascontiguousarray(array).tobytes() for name, array in self.arrays().items()}
        return msgspec.msgpack.encode(_Snapshot(_SNAPSHOT_FORMAT, self.pool, self.caller_ids, arrays))

    @classmethod
    def restore(cls, pool: Pool, data: bytes) -> Engine:
        """An engine in the state of a snapshot. ConfigError when the snapshot is of another pool or format.

        The settings are those of the snapshot, and must be `pool`'s but for what PacingChanged sets.
        """
        try:
            held = msgspec.msgpack.decode(data, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ConfigError("snapshot", f"cannot be read: {error}") from error
        if held.format != _SNAPSHOT_FORMAT:
            raise ConfigError("snapshot", "is of another format")
        if _with_pacing(pool, _pacing_of(held.pool)) != held.pool:
            raise ConfigError("snapshot", "is of a pool with other settings")
        engine = cls(held.pool)
        for name, array in engine.arrays().items():
            saved = held.arrays.get(name)
            if saved is None or len(saved) != array.nbytes:
                raise ConfigError("snapshot", f"does not fit the pool: {name}")
            array[...] = np.frombuffer(saved, array.dtype).reshape(array.shape)
        engine.caller_ids = held.caller_ids
        engine.calls.ids.rebuild()
        engine.budget.restore(engine.budget.columns)
        return engine

    # ---- within --------------------------------------------------------------------------------------------------

    def _row(self, campaign_id: int) -> int:
        try:
            return self._rows[campaign_id]
        except KeyError:
            raise UnknownId(f"no campaign {campaign_id}") from None

    def _last_hour(self, row: int) -> NDArray[np.int64]:
        # minute number, connected, abandoned; of the minutes in which somebody answered
        minutes: NDArray[np.int64] = self._campaign("minutes")[row]
        this_minute = self._register("now_ns") // _NS_PER_MINUTE
        return minutes[(minutes[:, 0] > this_minute - 60) & (minutes[:, 0] <= this_minute)]

    def _campaign(self, name: str) -> NDArray[Any]:
        return self.campaigns.columns[name]

    def _register(self, name: str) -> int:
        return int(self.registers_array[REGISTER_PLACES[name]])

    def _set_register(self, name: str, value: int) -> None:
        self.registers_array[REGISTER_PLACES[name]] = value


def _pacing_of(pool: Pool) -> list[tuple[float, int, float]]:
    # the settings that a fact can change
    return [(campaign.ratio, campaign.reserve, campaign.abandonment.cap) for campaign in pool.campaigns]


def _with_pacing(pool: Pool, pacing: list[tuple[float, int, float]]) -> Pool:
    changed = tuple(
        msgspec.structs.replace(
            campaign,
            ratio=ratio,
            reserve=reserve,
            abandonment=msgspec.structs.replace(campaign.abandonment, cap=cap),
        )
        for campaign, (ratio, reserve, cap) in zip(pool.campaigns, pacing, strict=False)
    )
    return msgspec.structs.replace(pool, campaigns=changed)


def _read_only(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    views = {}
    for name, column in columns.items():
        view = column.view()
        view.flags.writeable = False
        views[name] = view
    return views
