"""The table of campaigns: settings as numbers, counts, the abandonment ledger, the leases, the last decisions."""
from libc.stdint cimport int32_t, int64_t

import numpy as np

from outpace.domain._words cimport (
    ABANDON_CALLER_LEFT, AGENT_STATES, CALL_CLASSIFYING, CALL_LAUNCHING, CALL_PROCEEDING, CALL_QUEUED, CALL_RINGING,
    CALL_STATES, CAMPAIGN_DRAFT, LIMIT_NOT_RUNNING, LIMITS, OUTCOMES,
)
from outpace.engine._idmap cimport IdMap
from outpace.pacing._answer_model cimport HOUR_SLOTS

from outpace.domain.config import RETRIABLE, ConnectClock, DialMode, MachineAction
from outpace.domain.units import seconds_to_ns
from outpace.engine._hopper import Hopper
from outpace.engine.columns import with_rows_of
from outpace.engine.outlook import agents_for_inbound
from outpace.pacing import make_pacer

cdef int64_t NS_PER_MINUTE = 60_000_000_000
cdef int64_t NS_PER_HOUR = 3_600_000_000_000
cdef int64_t EPOCH_SLOT = 72          # 1970 began on a Thursday

_PER_CAMPAIGN = (
    "campaign_id", "state", "live", "launches", "reason", "connected", "no_agent", "caller_left", "lease_asked",
    "lease_at_ns", "lease_timeout_ns", "hot_asked", "hot_wanted", "hot_at_ns", "exhausted", "requeued", "window_open",
    "window_change_ns", "zone_offset_ns", "decided_ns", "advanced_ns", "cancels", "dirty",
    "ring_timeout_ns", "connect_limit_ns", "connect_clock", "classify", "classify_limit_ns", "machine_message",
    "has_message", "agentless", "may_cancel", "min_ring_ns", "message_max_ns", "wrap_up_max_ns", "dispositions",
    "trunk_count", "decision_count", "withheld",
)

DECISION_DTYPE = np.dtype([
    *((name, np.int64) for name in (
        "sequence", "now_ns", "wanted", "count", "limited_by", "ready", "working", "talking", "wrap_up", "unanswered",
        "classifying", "waiting", "hopper", "trunk_room", "repeated", "fallback", "cancels", "answered", "abandoned",
        "legal_abandoned", "drops_left")),
    *((name, np.float64) for name in (
        "expected_abandons", "kappa", "risk", "risk_next", "answers", "releases", "live_rate", "balance", "bound")),
], align=True)

_CLOCKS = {
    ConnectClock.ANSWER: CLOCK_ANSWER,
    ConnectClock.GREETING_END: CLOCK_GREETING_END,
    ConnectClock.VERDICT: CLOCK_VERDICT,
}


cdef class CampaignTable:
    """One row per campaign, in the order of the settings."""

    def __init__(self, campaigns, trunk_ids):
        self.columns = {}
        self.hoppers = []
        self.pacers = []
        self.change(campaigns, trunk_ids)

    def change(self, campaigns, trunk_ids):
        """Take over settings; campaigns behind those there are get new rows. Hoppers and pacers are left alone."""
        cdef Py_ssize_t row
        cdef Py_ssize_t first = self.count
        if not self.columns or len(campaigns) > first:
            self.count = len(campaigns)
            self.ids = IdMap(self.count)
            self._bind(with_rows_of(self.columns, self._columns()))
        for row in range(self.count):
            if row >= first:
                self.campaign_id[row] = campaigns[row].id
                self.state[row] = CAMPAIGN_DRAFT
                self.reason[row] = LIMIT_NOT_RUNNING
                self.window_open[row] = 1
                self.hoppers.append(Hopper(campaigns[row].hopper_size))
                self.pacers.append(make_pacer(campaigns[row]))
            self.ids.put(campaigns[row].id, <int32_t>row)
            self._settle(row, campaigns[row], trunk_ids)

    def _columns(self):
        columns = {name: np.zeros(self.count, np.int64) for name in _PER_CAMPAIGN}
        columns["in_state"] = np.zeros((self.count, CALL_STATES), np.int64)
        columns["outcomes"] = np.zeros((self.count, OUTCOMES), np.int64)
        columns["agents_in"] = np.zeros((self.count, AGENT_STATES), np.int64)
        columns["limited"] = np.zeros((self.count, LIMITS), np.int64)
        columns["minutes"] = np.zeros((self.count, LEDGER_MINUTES, 3), np.int64)
        columns["partners"] = np.zeros(self.count, np.uint64)
        columns["waiting_head"] = np.full(self.count, -1, np.int32)
        columns["waiting_tail"] = np.full(self.count, -1, np.int32)
        columns["retry_wait_ns"] = np.zeros((self.count, OUTCOMES), np.int64)
        columns["retry_max"] = np.zeros((self.count, OUTCOMES), np.int64)
        columns["trunk_rows"] = np.full((self.count, MAX_TRUNKS), -1, np.int32)
        columns["decisions"] = np.zeros((self.count, DECISIONS), DECISION_DTYPE)
        columns["latest"] = np.zeros(self.count, DECISION_DTYPE)
        return columns

    def _bind(self, columns):
        self.columns = columns
        self.campaign_id = self.columns["campaign_id"]
        self.state = self.columns["state"]
        self.live = self.columns["live"]
        self.launches = self.columns["launches"]
        self.reason = self.columns["reason"]
        self.connected = self.columns["connected"]
        self.no_agent = self.columns["no_agent"]
        self.caller_left = self.columns["caller_left"]
        self.lease_asked = self.columns["lease_asked"]
        self.lease_at_ns = self.columns["lease_at_ns"]
        self.lease_timeout_ns = self.columns["lease_timeout_ns"]
        self.hot_asked = self.columns["hot_asked"]
        self.hot_wanted = self.columns["hot_wanted"]
        self.hot_at_ns = self.columns["hot_at_ns"]
        self.exhausted = self.columns["exhausted"]
        self.requeued = self.columns["requeued"]
        self.window_open = self.columns["window_open"]
        self.window_change_ns = self.columns["window_change_ns"]
        self.zone_offset_ns = self.columns["zone_offset_ns"]
        self.decided_ns = self.columns["decided_ns"]
        self.advanced_ns = self.columns["advanced_ns"]
        self.cancels = self.columns["cancels"]
        self.dirty = self.columns["dirty"]
        self.ring_timeout_ns = self.columns["ring_timeout_ns"]
        self.connect_limit_ns = self.columns["connect_limit_ns"]
        self.connect_clock = self.columns["connect_clock"]
        self.classify = self.columns["classify"]
        self.classify_limit_ns = self.columns["classify_limit_ns"]
        self.machine_message = self.columns["machine_message"]
        self.has_message = self.columns["has_message"]
        self.agentless = self.columns["agentless"]
        self.may_cancel = self.columns["may_cancel"]
        self.min_ring_ns = self.columns["min_ring_ns"]
        self.withheld = self.columns["withheld"]
        self.message_max_ns = self.columns["message_max_ns"]
        self.wrap_up_max_ns = self.columns["wrap_up_max_ns"]
        self.dispositions = self.columns["dispositions"]
        self.trunk_count = self.columns["trunk_count"]
        self.decision_count = self.columns["decision_count"]
        self.in_state = self.columns["in_state"]
        self.outcomes = self.columns["outcomes"]
        self.agents_in = self.columns["agents_in"]
        self.limited = self.columns["limited"]
        self.minutes = self.columns["minutes"]
        self.waiting_head = self.columns["waiting_head"]
        self.waiting_tail = self.columns["waiting_tail"]
        self.retry_wait_ns = self.columns["retry_wait_ns"]
        self.retry_max = self.columns["retry_max"]
        self.partners = self.columns["partners"]
        self.trunk_rows = self.columns["trunk_rows"]
        self.decisions = self.columns["decisions"]
        self.latest = self.columns["latest"]

    def _settle(self, Py_ssize_t row, campaign, trunk_ids):
        cdef Py_ssize_t place, outcome
        self.ring_timeout_ns[row] = seconds_to_ns(campaign.ring_timeout_s)
        self.connect_limit_ns[row] = seconds_to_ns(campaign.connect_limit_s)
        self.connect_clock[row] = _CLOCKS[campaign.connect_clock]
        self.classify[row] = campaign.amd
        self.classify_limit_ns[row] = seconds_to_ns(campaign.amd_timeout_s)
        self.machine_message[row] = campaign.machine_action is MachineAction.MESSAGE
        self.has_message[row] = bool(campaign.message)
        self.agentless[row] = campaign.mode is DialMode.AGENTLESS
        self.may_cancel[row] = campaign.cancels
        self.min_ring_ns[row] = seconds_to_ns(campaign.min_ring_s)
        self.withheld[row] = agents_for_inbound(campaign.inbound)
        self.message_max_ns[row] = seconds_to_ns(campaign.message_max_s)
        self.wrap_up_max_ns[row] = seconds_to_ns(campaign.wrap_up_max_s)
        self.dispositions[row] = len(campaign.dispositions)
        self.retry_wait_ns[row, :] = 0
        self.retry_max[row, :] = 0
        for name, rule in campaign.retry.items():
            outcome = RETRIABLE[name]
            self.retry_wait_ns[row, outcome] = seconds_to_ns(rule.wait_s)
            self.retry_max[row, outcome] = rule.max_attempts
        self.trunk_rows[row, :] = -1
        self.trunk_count[row] = len(campaign.trunk_groups)
        for place, group in enumerate(campaign.trunk_groups):
            self.trunk_rows[row, place] = trunk_ids.get(group)

    # hot
    cdef int32_t hour_slot(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef int64_t hours = max(now_ns + self.zone_offset_ns[row], 0) // NS_PER_HOUR
        return <int32_t>((hours + EPOCH_SLOT) % HOUR_SLOTS)

    cdef int64_t in_hand(self, Py_ssize_t row) noexcept nogil:
        return (
            self.in_state[row, CALL_LAUNCHING] + self.in_state[row, CALL_PROCEEDING] + self.in_state[row, CALL_RINGING]
            + self.in_state[row, CALL_CLASSIFYING] + self.in_state[row, CALL_QUEUED]
        )

    cdef void count_minute(self, Py_ssize_t row, Py_ssize_t column, int64_t now_ns) noexcept nogil:
        cdef int64_t minute = now_ns // NS_PER_MINUTE
        cdef Py_ssize_t place = minute % LEDGER_MINUTES
        if self.minutes[row, place, 0] != minute:
            self.minutes[row, place, 0] = minute
            self.minutes[row, place, 1] = 0
            self.minutes[row, place, 2] = 0
        self.minutes[row, place, column] += 1

    cdef void count_connected(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        self.connected[row] += 1
        self.count_minute(row, 1, now_ns)

    cdef void count_abandoned(self, Py_ssize_t row, int32_t reason, int64_t now_ns) noexcept nogil:
        if reason == ABANDON_CALLER_LEFT:
            self.caller_left[row] += 1
        else:
            self.no_agent[row] += 1
        self.count_minute(row, 2, now_ns)
    # end hot
