"""Leads as they stand, read from SQLite.

Where a lead is, is told by the place that has it, and the queue has no order by lead. So a page is read in two steps:
which leads it holds, and where each of them is; leads that wait for a retry are searched in the campaign's queue.
"""

from __future__ import annotations

from typing import NamedTuple

from outpace.domain.errors import UnknownId
from outpace.domain.states import LeadState
from outpace.store._sqlite_file import SqliteFile, json_of
from outpace.store._sqlite_leases import Leases
from outpace.store.lists import StoredLead
from outpace.store.port import Band

#: State -> the table that has the leads, and which of its rows.
_PLACES = {
    LeadState.NEW: ("queue", f"p.band <> {Band.CALLBACK:d} AND p.attempts = 0"),
    LeadState.RETRY_WAIT: ("queue", f"p.band <> {Band.CALLBACK:d} AND p.attempts > 0"),
    LeadState.SCHEDULED: ("queue", f"p.band = {Band.CALLBACK:d}"),
    LeadState.DIALING: ("intents", "TRUE"),
    **{
        state: ("finished", f"p.state = {state:d}")
        for state in (LeadState.COMPLETED, LeadState.EXHAUSTED, LeadState.SUPPRESSED, LeadState.INVALID)
    },
}
_LEADS = """
    SELECT lead_id, campaign_id, list_id, number, reference, attributes, added_ns FROM leads
    WHERE tenant = ? AND lead_id IN (SELECT value FROM json_each(?)) ORDER BY lead_id
"""
_FINISHED = """
    SELECT lead_id, f.state, f.attempts, NULL, 0 FROM leads JOIN finished f USING (tenant, campaign_id, lead_id)
    WHERE tenant = ? AND lead_id IN (SELECT value FROM json_each(?))
"""
_DIALING = f"""
    SELECT l.lead_id, {LeadState.DIALING:d}, i.attempts, NULL, 0 FROM leads l JOIN intents i USING (tenant, number)
    WHERE tenant = ? AND l.lead_id IN (SELECT value FROM json_each(?)) AND i.lead_id = l.lead_id
"""
_WAITING = f"""
    SELECT q.lead_id, CASE WHEN band = {Band.CALLBACK:d} THEN {LeadState.SCHEDULED:d}
        WHEN attempts = 0 THEN {LeadState.NEW:d} ELSE {LeadState.RETRY_WAIT:d} END,
        attempts, q.due_ns, band = {Band.HOT:d}
"""
# As they were added: a lookup each. CROSS JOIN keeps the order of the loops.
_AS_ADDED = f"""
    {_WAITING} FROM leads l CROSS JOIN queue q USING (tenant, campaign_id, due_ns, lead_id)
    WHERE tenant = ? AND lead_id IN (SELECT value FROM json_each(?)) AND bucket = 0 AND band = {Band.ORDINARY:d}
"""
_ANYWHERE = f"""
    {_WAITING} FROM queue q WHERE tenant = ?1 AND lead_id IN (SELECT value FROM json_each(?2)) AND campaign_id IN (
        SELECT campaign_id FROM leads WHERE tenant = ?1 AND lead_id IN (SELECT value FROM json_each(?2))
    )
"""
_TOKENS = "SELECT token FROM leases WHERE tenant = ?1 AND (?2 = 0 OR campaign_id = ?2)"


class _Standing(NamedTuple):
    state: int
    attempts: int
    due_ns: int | None
    hot: int


class SqliteLeads(SqliteFile):
    """Pages of leads; see `ListsPort`."""

    def leads(
        self,
        campaign_id: int,
        *,
        list_id: int = 0,
        state: LeadState | None = None,
        number: int = 0,
        after_id: int = 0,
        limit: int = 100,
    ) -> list[StoredLead]:
        """See `ListsPort.leads`."""
        with self._reading():
            if number:
                found = self._stored(self._of_number(campaign_id, number, after_id))
                found = [lead for lead in found if list_id in (0, lead.list_id) and state in (None, lead.state)]
                return found[:limit]
            return self._stored(self._page(campaign_id, list_id, state, after_id, limit))

    def lead(self, lead_id: int) -> StoredLead:
        """See `ListsPort.lead`."""
        with self._reading():
            found = self._stored([lead_id])
        if not found:
            raise UnknownId(f"no lead {lead_id}")
        return found[0]

    # ---- which leads -------------------------------------------------------------------------------------------------

    def _of_number(self, campaign_id: int, number: int, after_id: int) -> list[int]:
        rows = self._db.execute(
            "SELECT lead_id FROM definitions d CROSS JOIN leads l ON l.tenant = d.tenant AND l.campaign_id = d.id"
            " WHERE d.tenant = ?1 AND kind = 'campaign' AND (?2 = 0 OR d.id = ?2) AND number = ?3 AND lead_id > ?4",
            (self._tenant, campaign_id, number, after_id),
        )
        return [lead_id for (lead_id,) in rows]

    def _page(self, campaign_id: int, list_id: int, state: LeadState | None, after_id: int, limit: int) -> list[int]:
        parameters: list[int | str] = [self._tenant, after_id]
        if state is None:
            table, which = "leads", "TRUE"
        elif state is LeadState.LEASED:
            table, which = "leads", "p.lead_id IN (SELECT value FROM json_each(?))"
            parameters.append(json_of(self._leased(campaign_id)))
        elif state in _PLACES:
            table, which = _PLACES[state]
        else:
            return []  # the store does not know how far a call has come
        source, owner = f"{table} p", "p"
        if list_id and table != "leads":
            source, owner = f"{source} CROSS JOIN leads l ON l.tenant = p.tenant AND l.lead_id = p.lead_id", "l"
        if campaign_id:
            which += " AND p.campaign_id = ?"
            parameters.append(campaign_id)
        if list_id:
            which += f" AND {owner}.list_id = ? AND {owner}.list_id <> 0"
            parameters.append(list_id)
        rows = self._db.execute(
            f"SELECT p.lead_id FROM {source} WHERE p.tenant = ? AND p.lead_id > ? AND {which}"
            " ORDER BY p.lead_id LIMIT ?",
            (*parameters, limit),
        )
        return [lead_id for (lead_id,) in rows]

    def _leased(self, campaign_id: int) -> dict[int, _Standing]:
        leases = Leases(self._db, self._tenant)
        tokens = self._db.execute(_TOKENS, (self._tenant, campaign_id)).fetchall()
        return {
            lead.lead_id: _Standing(LeadState.LEASED, lead.attempts, None, lead.band == Band.HOT)
            for (token,) in tokens
            for lead in leases.leads(token)
        }

    # ---- where they are ----------------------------------------------------------------------------------------------

    def _stored(self, lead_ids: list[int]) -> list[StoredLead]:
        rows = self._db.execute(_LEADS, (self._tenant, json_of(lead_ids))).fetchall()
        standing: dict[int, _Standing] = {}
        missing = {row[0] for row in rows}
        for statement in (_FINISHED, _DIALING, _AS_ADDED):
            standing |= self._standing(statement, missing - standing.keys())
        if missing - standing.keys():
            leased = self._leased(0)
            standing |= {lead_id: leased[lead_id] for lead_id in missing & leased.keys()}
        standing |= self._standing(_ANYWHERE, missing - standing.keys())
        return [_stored_lead(row, standing[row[0]]) for row in rows]

    def _standing(self, statement: str, lead_ids: set[int]) -> dict[int, _Standing]:
        if not lead_ids:
            return {}
        rows = self._db.execute(statement, (self._tenant, json_of(lead_ids)))
        return {row[0]: _Standing(*row[1:]) for row in rows}


def _stored_lead(row: tuple[int, int, int, int, str, str, int], standing: _Standing) -> StoredLead:
    lead_id, campaign_id, list_id, number, reference, attributes, added_ns = row
    return StoredLead(
        lead_id=lead_id,
        campaign_id=campaign_id,
        list_id=list_id,
        number=number,
        reference=reference,
        attributes=attributes,
        state=LeadState(standing.state),
        attempts=standing.attempts,
        due_ns=standing.due_ns,
        hot=bool(standing.hot),
        added_ns=added_ns,
    )
