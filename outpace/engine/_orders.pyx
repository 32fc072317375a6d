"""What people order about single calls, leads and numbers while campaigns run."""
from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport (
    CALL_FREE, CALL_QUEUED, CALL_RINGING, CALL_TALKING, CAMPAIGN_COMPLETED, CAMPAIGN_RUNNING, FACT_HANG_UP_CALL,
    FACT_HOT_LEADS, FACT_LEADS_ADDED, FACT_NUMBER_SUPPRESSED, WITHDRAW_GATE_CLOSED, fact_t,
)
from outpace.engine._decisions cimport Decisions
from outpace.engine._hopper cimport Hopper
from outpace.engine._tables cimport FLAG_CANCELLED, FLAG_DURABLE, FLAG_HANGUP, FLAG_SENT

from outpace.domain.errors import UnknownId

cdef int32_t CAUSE_NORMAL = 16
cdef int64_t NOT_NOW_NS = 60_000_000_000      # before the lead of a call that somebody did not want made has its turn


cdef class Orders(Decisions):
    """Orders of operators and platforms."""

    cdef int order(self, const fact_t* fact, int64_t now_ns) except -1:
        cdef int32_t campaign = self.campaigns.ids.find(fact.agent_id) if fact.agent_id > 0 else -1
        if fact.kind == FACT_HANG_UP_CALL:
            return self.end_call(fact.call_id, now_ns)
        if campaign < 0 and not (fact.kind == FACT_NUMBER_SUPPRESSED and fact.agent_id == 0):
            raise UnknownId(f"no campaign {fact.agent_id}")
        if fact.kind == FACT_NUMBER_SUPPRESSED:
            self.suppress(fact.extra, campaign, now_ns)
        elif fact.kind == FACT_LEADS_ADDED:
            self.run_again(campaign, now_ns)
        elif fact.kind == FACT_HOT_LEADS:
            self.run_again(campaign, now_ns)
            self.campaigns.hot_wanted[campaign] = 1
            self.ask_for_hot_leads(campaign, now_ns)
        else:
            raise ValueError(f"no such kind of fact: {fact.kind}")
        return 0

    cdef int end_call(self, int64_t call_id, int64_t now_ns) except -1:
        cdef int32_t row = self.calls.ids.find(call_id) if call_id > 0 else -1
        if row < 0:
            raise UnknownId(f"no call {call_id} in flight")
        if not self.calls.flags[row] & FLAG_SENT:
            self.take_back(row, now_ns + NOT_NOW_NS, now_ns)
        elif self.calls.flags[row] & FLAG_HANGUP:
            return 0
        elif self.calls.state[row] == CALL_QUEUED:
            self.remove_waiting(row)
            self.charge(row, now_ns)
            self.treat(row, False, now_ns)
        else:
            if self.calls.state[row] < CALL_TALKING:
                self.calls.flags[row] |= FLAG_CANCELLED
            self.hang_up(row, CAUSE_NORMAL, now_ns)
        return 0

    cdef int run_again(self, int32_t campaign, int64_t due_ns) except -1:
        # a lead is due then that the store may not have had when it was asked last
        if self.campaigns.state[campaign] == CAMPAIGN_COMPLETED:
            self.set_campaign_state(campaign, CAMPAIGN_RUNNING)
        self.requeue(campaign, due_ns)
        self.mark_dirty(campaign)
        return 0

    cdef int suppress(self, int64_t number, int32_t campaign, int64_t now_ns) except -1:
        # what the hoppers drop stays leased; the store, which knows of it too, gives these leads to nobody any more
        cdef int32_t row, of
        for of in range(<int32_t>self.campaigns.count):
            if (campaign < 0 or of == campaign) and (<Hopper>self.campaigns.hoppers[of]).drop_number(number) > 0:
                self.mark_dirty(of)
        for row in range(self.calls.registers[2]):
            if self.calls.state[row] == CALL_FREE or self.calls.life[row].number != number:
                continue
            if campaign >= 0 and self.calls.campaign[row] != campaign:
                continue
            if not self.calls.flags[row] & FLAG_SENT:
                self.take_back(row, now_ns, now_ns)
            elif self.calls.state[row] <= CALL_RINGING and not self.calls.flags[row] & FLAG_HANGUP:
                self.calls.flags[row] |= FLAG_CANCELLED
                self.hang_up(row, CAUSE_NORMAL, now_ns)
        return 0

    cdef int follow_disposition(self, int32_t agent, const fact_t* fact, int64_t now_ns) except -1:
        if fact.extra > 0:
            self.run_again(self.agents.last_campaign[agent], max(fact.extra, now_ns))
        if fact.extra2 & 1:
            self.suppress(self.agents.last_number[agent], -1, now_ns)
        return 0

    cdef void take_back(self, int32_t row, int64_t retry_at_ns, int64_t now_ns) noexcept nogil:
        # the switch has not heard of the call: it may be in the line for its trunk group's rate
        cdef int32_t trunk = self.calls.trunk[row]
        cdef int32_t before = -1
        cdef int32_t at = self.trunks.head[trunk]
        while at >= 0 and at != row:
            before = at
            at = self.calls.next[at]
        if self.calls.flags[row] & FLAG_DURABLE and at == row:
            if before < 0:
                self.trunks.head[trunk] = self.calls.next[row]
            else:
                self.calls.next[before] = self.calls.next[row]
            if self.trunks.tail[trunk] == row:
                self.trunks.tail[trunk] = before
            self.calls.next[row] = -1
        self.withdraw(row, WITHDRAW_GATE_CLOSED, retry_at_ns, now_ns)
