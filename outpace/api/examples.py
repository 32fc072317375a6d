"""Examples of the reference, as plain data; a test holds them against the types."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

_T0 = "2026-03-02T08:00:00Z"
_T1 = "2026-03-02T10:15:00Z"


def page_of(item: Any) -> Example:
    """A page with one item."""
    return {"items": [item], "next_cursor": None}


SETTINGS: Example = {
    "name": "spring offer",
    "mode": "predictive",
    "trunk_groups": [1],
    "amd": True,
    "connect_clock": "greeting_end",
    "message": "message-en",
    "wrap_up_max_s": 30.0,
    "dispositions": ["sale", "callback", "no_interest"],
    "retry": {"busy": {"wait_s": 600.0, "max_attempts": 4}},
    "calling_hours": {"timezone": "Europe/Berlin", "start": "09:00", "end": "20:00", "days": [1, 2, 3, 4, 5]},
    "abandonment": {"cap": 0.03, "window": "day", "timezone": "Europe/Berlin"},
}
CHANGES: Example = {"abandonment": {"cap": 0.02}, "reserve": 1}
CAMPAIGN: Example = {
    "campaign_id": 1,
    "name": "spring offer",
    "settings": {"id": 1, **SETTINGS},
    "version": 3,
    "state": "running",
    "reason": "pacing",
    "reason_text": "pacing: no more calls are worth their risk",
    "created_at": _T0,
    "changed_at": _T1,
    "changed_by": "ada",
}
VERSION: Example = {
    "version": 3,
    "settings": {"id": 1, **SETTINGS},
    "changes": {"abandonment.cap": [0.02, 0.03]},
    "changed_at": _T1,
    "changed_by": "ada",
}
DECISION: Example = {
    "sequence": 4711,
    "at": _T1,
    "launched": 7,
    "wanted": 7,
    "cancelled": 0,
    "limited_by": "pacing",
    "text": "launched 7 of 7; the 7th call risks 1.9% of abandoning its person against 2.4% allowed",
    "inputs": {"agents_ready": 3.0, "kappa": 0.024, "risk": 0.019, "live_rate": 0.27},
}
RATE: Example = {"value": 0.84, "numerator": 30240, "denominator": 36000}
BOARD: Example = {
    "campaign_id": 1,
    "name": "spring offer",
    "state": "running",
    "reason": "pacing",
    "reason_text": "pacing: no more calls are worth their risk",
    "at": _T1,
    "elapsed_s": 8100.0,
    "agents": {"ready": 2, "talking": 9, "wrap_up": 1},
    "calls": {"ringing": 14, "talking": 9},
    "outcomes": {"connected": 412, "abandoned": 7, "no_answer": 1103, "busy": 96},
    "launches": 1641,
    "answered": 419,
    "connected": 412,
    "abandoned": 7,
    "launches_per_minute": 22.0,
    "answers_per_minute": 5.5,
    "occupancy": RATE,
    "budget": {
        "cap": 0.03,
        "window": "day",
        "abandoned": {"value": 0.0167, "numerator": 7, "denominator": 419},
        "bound": 0.0317,
        "confidence": 0.95,
        "drops_left": 5,
        "spent": False,
    },
    "leads_left": 18230,
    "leads_total": 20000,
    "trunks": [{"trunk_group_id": 1, "name": "carrier", "used": 23, "channels": 60, "cps": 0.4}],
    "decisions": [DECISION],
}
WHY: Example = {
    "dialable": False,
    "obstacles": [
        {"guard": "calling_hours", "text": "outside the calling hours", "opens_at": "2026-03-03T08:00:00Z"},
    ],
    "decision": None,
}
COUNTS: Example = {
    "new": 18230,
    "leased": 0,
    "dialing": 14,
    "retry_wait": 640,
    "completed": 412,
    "total": 20000,
    "due": 17900,
}
NEW_LEAD: Example = {
    "number": "030 123456",
    "region": "DE",
    "reference": "A-1001",
    "attributes": {"product": "solar"},
    "hot": True,
}
LEAD: Example = {
    "lead_id": 20001,
    "campaign_id": 1,
    "list_id": 0,
    "number": "+4930123456",
    "reference": "A-1001",
    "attributes": {"product": "solar"},
    "state": "new",
    "attempts": 0,
    "due_at": _T1,
    "added_at": _T1,
}
REVEALED: Example = {"full_number": "+4930123456"}
NEW_SUPPRESSION: Example = {"number": "+4930123456", "reason": "asked not to be called"}
SUPPRESSION: Example = {
    "number": "+4930123456",
    "campaign_id": 0,
    "reason": "asked not to be called",
    "added_at": _T1,
    "added_by": "ada",
    "expires_at": None,
}
LIST: Example = {
    "list_id": 4,
    "campaign_id": 1,
    "name": "march.csv",
    "state": "running",
    "added": 15000,
    "duplicates": 12,
    "rejected": 3,
    "suppressed": 1,
    "created_at": _T0,
    "finished_at": None,
    "error": "",
    "job_id": "import-4",
}
LIST_CSV = "phone,reference,product\n+4930123456,A-1001,solar\n"
JOB: Example = {
    "job_id": "import-4",
    "kind": "import",
    "state": "running",
    "progress": 0.61,
    "text": "15,016 rows read",
    "created_at": _T0,
    "created_by": "ada",
    "finished_at": None,
    "result": None,
    "error": "",
}
SUPPRESSION_CSV = "+4930123456\n+493098765432\n"
SUPPRESSION_JOB: Example = {
    **JOB,
    "job_id": "suppress-5f2c91aa04be",
    "kind": "suppression-import",
    "text": "2,000,000 rows read",
}
WHAT_IF: Example = {"campaign_id": 1, "changes": {"abandonment": {"cap": 0.02}}, "hours": 1.0, "seeds": 4}
SIMULATION: Example = {**JOB, "job_id": "what-if-5f2c91aa", "kind": "simulation", "text": "what if: spring offer"}
NEW_AGENT: Example = {"name": "Grace", "leg": "PJSIP/agent7", "campaigns": [1]}
AGENT: Example = {
    "agent_id": 7,
    "name": "Grace",
    "campaigns": [1],
    "leg": "PJSIP/agent7",
    "leg_state": "up",
    "state": "talking",
    "since": _T1,
    "reason": "",
    "next_state": "",
    "call_id": "4294967301",
    "calls": 41,
    "occupancy": RATE,
}
CALL: Example = {
    "call_id": "4294967301",
    "campaign_id": 1,
    "lead_id": 20001,
    "number": "+4930123456",
    "state": "talking",
    "since": _T1,
    "launched_at": _T1,
    "trunk_group_id": 1,
    "agent_id": 7,
    "attempt_number": 1,
}
DESK: Example = {
    "at": _T1,
    "agent": AGENT,
    "call": {
        "call": CALL,
        "campaign": "spring offer",
        "lead": LEAD,
        "script_ref": "",
        "dispositions": ["sale", "callback", "no_interest"],
        "answers": {"amount": "number", "paid": "yes_no"},
        "disposition": "",
        "timezone": "Europe/Berlin",
        "timezone_from": "number",
        "wrap_up_max_s": 30.0,
    },
}
DISPOSITION: Example = {
    "call_id": "4294967301",
    "disposition": "callback",
    "attributes": {"amount": 120, "paid": False},
    "callback_at": "2026-03-03T09:30:00Z",
    "ready": True,
}
ATTEMPT: Example = {
    "call_id": "4294967301",
    "campaign_id": 1,
    "lead_id": 20001,
    "number": "+4930123456",
    "trunk_group_id": 1,
    "agent_id": 7,
    "attempt_number": 1,
    "outcome": "connected",
    "abandon_reason": "",
    "verdict": "person",
    "hangup_cause": 16,
    "tech_cause": 0,
    "caller_id": "+49301000",
    "disposition": "sale",
    "launched_at": _T1,
    "ringing_at": "2026-03-02T10:15:01Z",
    "answered_at": "2026-03-02T10:15:09Z",
    "verdict_at": "2026-03-02T10:15:10Z",
    "connected_at": "2026-03-02T10:15:10Z",
    "talk_ended_at": "2026-03-02T10:17:22Z",
    "ended_at": "2026-03-02T10:17:22Z",
    "retry_at": None,
    "talk_s": 132.0,
    "attributes": {"amount": 120, "paid": False},
}
TRUNK_SETTINGS: Example = {
    "name": "carrier",
    "kind": "sip",
    "channels": 60,
    "cps": 10.0,
    "caller_ids": ["+49301000"],
    "dial": "PJSIP/{number}@carrier",
}
TRUNK_GROUP: Example = {
    "settings": {"id": 1, **TRUNK_SETTINGS},
    "version": 1,
    "used": 23,
    "channels": 60,
    "launches": 1641,
}
REPORT: Example = {
    "by": "campaign",
    "since": _T0,
    "until": _T1,
    "columns": [
        {"name": "attempts", "unit": "calls", "meaning": "attempts that ended", "numerator": "", "denominator": ""},
        {
            "name": "abandonment",
            "unit": "share",
            "meaning": "people who answered and found no agent",
            "numerator": "abandoned",
            "denominator": "answered",
        },
    ],
    "rows": [{"campaign": "spring offer", "attempts": 1618, "abandonment": 0.0167}],
    "total": {"attempts": 1618, "abandonment": 0.0167},
}
AUDIT: Example = {
    "entry_id": 93,
    "at": _T1,
    "actor": "ada",
    "role": "operator",
    "action": "change-campaign",
    "subject": "campaign/1",
    "detail": {"changes": {"abandonment": {"cap": 0.03}}},
}
NEW_WEBHOOK: Example = {
    "url": "https://platform.example/outpace",
    "topics": ["attempts", "dispositions"],
    "secret": "a-long-shared-secret",
}
WEBHOOK: Example = {
    "webhook_id": 2,
    "url": "https://platform.example/outpace",
    "topics": ["attempts", "dispositions"],
    "enabled": True,
    "created_at": _T0,
    "delivered": 1618,
    "dead": 0,
    "last_error": "",
}
DEAD_LETTER: Example = {
    "letter_id": 5,
    "webhook_id": 2,
    "event": {"sequence": 8123, "topic": "attempts", "key": "4294967301", "data": {"outcome": "busy"}},
    "attempts": 12,
    "error": "status 503",
    "at": _T1,
}
RETRIED: Example = {"retried": 1}
ME: Example = {"name": "ada", "role": "operator", "agent_id": 0, "names_legs": True, "expires_at": None}
NEW_TOKEN: Example = {"name": "board", "role": "monitor", "expires_at": "2027-01-01T00:00:00Z"}
TOKEN: Example = {
    "token_id": 3,
    "name": "board",
    "role": "monitor",
    "agent_id": 0,
    "created_at": _T0,
    "expires_at": "2027-01-01T00:00:00Z",
    "revoked": False,
}
TOKEN_MADE: Example = {"token": "outpace_...", "view": TOKEN}
ALARM: Example = {
    "alarm": "no_agents",
    "severity": "warning",
    "subject": "spring offer",
    "text": "no agent is logged in and unpaused",
    "since": _T0,
    "until": _T1,
}
HEALTH: Example = {
    "ready": True,
    "version": "0.1.0",
    "parts": {"switch": "up", "store": "up", "journal": "up"},
    "alarms": [
        {
            "alarm": "budget_bound",
            "severity": "warning",
            "subject": "campaign/1",
            "text": "the bound of the abandoned share passes the cap",
            "since": _T1,
        }
    ],
}
