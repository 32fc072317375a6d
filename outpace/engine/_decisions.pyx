"""Launch decisions: when each campaign's pacer is asked, what it sees, what the gate makes of it, and what is kept.

A pacer without a clock decides whenever something has changed; one with an interval decides by its clock, at moments
that are the same for all campaigns of one interval, whether or not anything has changed. Campaigns of one pool share
agents, so those whose time has come decide together, once, in an order that rotates: what one claims of the shared
agents the others see as gone.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

from outpace.domain._words cimport (
    AGENT_CONNECTING, AGENT_HOLD, AGENT_PREVIEWING, AGENT_READY, AGENT_RESERVED, AGENT_TALKING, AGENT_WRAP_UP,
    CALL_CLASSIFYING, CALL_LAUNCHING, CALL_PROCEEDING, CALL_QUEUED, CALL_RINGING, CAMPAIGN_RUNNING,
    LIMIT_CALL_TABLE_FULL, LIMIT_NO_LEADS, LIMIT_NONE,
)
from outpace.engine._campaigns cimport DECISIONS, decision_row_t
from outpace.engine._gate cimport LaunchGate
from outpace.engine._hopper cimport Hopper
from outpace.engine._state cimport REG_DECISIONS, REG_DIRTY, REG_LINK_UP, REG_ROTATION
from outpace.engine._tables cimport FLAG_HANGUP, FLAG_OVERDIALLED
from outpace.pacing._budget cimport budget_t
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t

cdef int32_t CAUSE_NORMAL = 16

cdef enum:
    CANCELS_AT_ONCE = 64         # ringing calls that one decision may cancel
    LEADS_UP_NEXT = 32           # by whose weights the calls to come are judged


cdef class Decisions(LaunchGate):
    """Asks the pacers, and carries out what the gate allows."""

    def __init__(self, pool, *, int64_t epoch):
        super().__init__(pool, epoch=epoch)
        self.snapshot_arrays = PacingSnapshot(self.campaigns.count, self.estimates, self.budget)

    # hot
    cdef int64_t cancel_ringing(self, int32_t campaign, int64_t count, int64_t now_ns) noexcept nogil:
        # the longest ringing, of those that have rung for as long as must be
        cdef int32_t[CANCELS_AT_ONCE] chosen
        cdef int32_t most = <int32_t>min(count, CANCELS_AT_ONCE)
        cdef int32_t found = 0
        cdef int32_t row, place
        for row in range(self.calls.registers[2]):
            if self.calls.state[row] != CALL_RINGING or self.calls.campaign[row] != campaign:
                continue
            if self.calls.flags[row] & FLAG_HANGUP or not 0 < self.calls.limit_ns[row] <= now_ns:
                continue
            if found == most and self.calls.limit_ns[chosen[most - 1]] <= self.calls.limit_ns[row]:
                continue
            place = found if found < most else most - 1
            while place > 0 and self.calls.limit_ns[chosen[place - 1]] > self.calls.limit_ns[row]:
                chosen[place] = chosen[place - 1]
                place -= 1
            chosen[place] = row
            if found < most:
                found += 1
        for place in range(found):
            self.calls.flags[chosen[place]] |= FLAG_OVERDIALLED
            self.hang_up(chosen[place], CAUSE_NORMAL, now_ns)
        self.campaigns.cancels[campaign] += found
        return found

    cdef void store_decision(self, int32_t campaign, int64_t now_ns) noexcept nogil:
        # decisions that did nothing for the same reason as the last one are counted, not stored
        cdef decision_row_t* latest = &self.campaigns.latest[campaign]
        cdef int64_t made = self.campaigns.decision_count[campaign]
        cdef decision_row_t* row = &self.campaigns.decisions[campaign, (made - 1) % DECISIONS if made else 0]
        cdef budget_t budget
        self.campaigns.limited[campaign, latest.limited_by] += 1
        if (
            made > 0 and latest.count == 0 and latest.cancels == 0 and row.count == 0 and row.cancels == 0
            and row.limited_by == latest.limited_by and row.fallback == latest.fallback
        ):
            row.repeated += 1
            latest.sequence = row.sequence
            return
        self.budget.look(campaign, now_ns, &budget)
        latest.answered = budget.answered
        latest.abandoned = budget.abandoned
        latest.legal_abandoned = budget.legal_abandoned
        latest.drops_left = budget.drops_left
        latest.bound = budget.bound
        self.campaigns.decision_count[campaign] = made + 1
        self.registers[REG_DECISIONS] += 1
        latest.sequence = self.registers[REG_DECISIONS]
        self.campaigns.decisions[campaign, made % DECISIONS] = latest[0]
    # end hot

    cdef void take_snapshot(self, int64_t now_ns) noexcept:
        cdef PacingSnapshot s = self.snapshot_arrays
        cdef Py_ssize_t c, place
        cdef int32_t trunk
        for c in range(self.campaigns.count):
            s.ready[c] = self.campaigns.agents_in[c, AGENT_READY] - self.campaigns.withheld[c]
            s.talking[c] = self.campaigns.agents_in[c, AGENT_CONNECTING] + self.campaigns.agents_in[c, AGENT_TALKING]
            s.talking[c] += self.campaigns.agents_in[c, AGENT_HOLD]
            s.wrap_up[c] = self.campaigns.agents_in[c, AGENT_WRAP_UP]
            s.working[c] = self.campaigns.agents_in[c, AGENT_READY] + s.talking[c] + s.wrap_up[c]
            s.working[c] += self.campaigns.agents_in[c, AGENT_RESERVED] + self.campaigns.agents_in[c, AGENT_PREVIEWING]
            s.unanswered[c] = self.campaigns.in_state[c, CALL_LAUNCHING] + self.campaigns.in_state[c, CALL_PROCEEDING]
            s.unanswered[c] += self.campaigns.in_state[c, CALL_RINGING]
            s.classifying[c] = self.campaigns.in_state[c, CALL_CLASSIFYING]
            s.waiting[c] = self.campaigns.in_state[c, CALL_QUEUED]
            s.lines[c] = 0
            for place in range(self.campaigns.trunk_count[c]):
                trunk = self.campaigns.trunk_rows[c, place]
                if self.trunks.blocked_until_ns[trunk] <= now_ns:
                    s.lines[c] += max(self.trunks.channels[trunk] - self.trunks.in_use[trunk], 0)

    cdef double weight_up_next(self, int32_t campaign, int64_t now_ns) noexcept:
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef int64_t count = min(hopper.count(), LEADS_UP_NEXT)
        cdef int32_t slot = self.campaigns.hour_slot(campaign, now_ns)
        cdef double total = 0.0
        cdef int64_t place
        for place in range(count):
            total += self.answer_model.weight(campaign, hopper.features_of(place), slot)
        return total / count if count > 0 else 1.0

    cdef bint its_time(self, int32_t campaign, int64_t now_ns) noexcept:
        # Whether the campaign decides now; winds its clock. Pacers learn from time while calls are in hand, too.
        cdef int64_t interval_ns = (<Pacer>self.campaigns.pacers[campaign]).interval_ns
        cdef int32_t slot = self.pacing_slots + campaign
        if interval_ns == 0:
            return True
        if self.campaigns.state[campaign] != CAMPAIGN_RUNNING and self.campaigns.live[campaign] == 0:
            self.timers.cancel(slot)
            return False
        if self.timers.position[slot] >= 0:
            return False
        self.timers.arm(slot, now_ns - now_ns % interval_ns + interval_ns)
        return True

    cdef int decide_all(self, int64_t now_ns) except -1:
        cdef int32_t count = <int32_t>self.campaigns.count
        cdef int32_t first = <int32_t>(self.registers[REG_ROTATION] % max(count, 1))
        cdef int32_t place, campaign, reason
        cdef bint decided = False
        self.registers[REG_DIRTY] = 0
        for place in range(count):
            campaign = (first + place) % count
            if not self.campaigns.dirty[campaign]:
                continue
            self.campaigns.dirty[campaign] = 0
            if self.its_time(campaign, now_ns):
                if not decided:
                    self.take_snapshot(now_ns)
                    decided = True
                self.decide(campaign, now_ns)
            else:
                reason = self.closed_reason(campaign)
                if reason != LIMIT_NONE:
                    self.campaigns.reason[campaign] = reason
            self.settle_campaign(campaign, now_ns)
        if count > 1 and decided:
            self.registers[REG_ROTATION] += 1
        return 0

    cdef int64_t shared_claims(self, int32_t campaign) except -1:
        # agents that the calls of other campaigns may need, or inbound calls, and that could serve this one as well
        cdef int64_t claimed = 0
        cdef int32_t other
        cdef uint64_t partners = self.campaigns.partners[campaign]
        for other in range(<int32_t>self.campaigns.count):
            if other != campaign and partners & (<uint64_t>1 << other):
                claimed += (<Pacer>self.campaigns.pacers[other]).agents_claimed(self.snapshot_arrays, other)
                claimed += self.campaigns.withheld[other]
        return claimed

    cdef int decide(self, int32_t campaign, int64_t now_ns) except -1:
        cdef Pacer pacer = <Pacer>self.campaigns.pacers[campaign]
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef decision_t wanted
        cdef int64_t room
        cdef int32_t reason = self.closed_reason(campaign)
        cdef int32_t trunk_reason
        cdef decision_row_t* latest = &self.campaigns.latest[campaign]
        # before time passes, which is when a pacer may look at it: what the last decision saw is no state of ours
        if pacer.interval_ns > 0:
            self.snapshot_arrays.lead_weight[campaign] = self.weight_up_next(campaign, now_ns)
        # out of the switch's earshot time teaches nothing
        if self.registers[REG_LINK_UP] and self.campaigns.advanced_ns[campaign] != now_ns:
            self.campaigns.advanced_ns[campaign] = now_ns
            pacer.advance_row(self.snapshot_arrays, campaign, now_ns)
        if reason != LIMIT_NONE:
            self.campaigns.reason[campaign] = reason
            return 0
        self.ask_for_leads(campaign, now_ns)
        if self.campaigns.count > 1:
            self.snapshot_arrays.ready[campaign] -= self.shared_claims(campaign)
        pacer.decide_row(self.snapshot_arrays, campaign, now_ns, &wanted)
        self.campaigns.decided_ns[campaign] = now_ns
        room = self.trunk_room(campaign, now_ns, &trunk_reason)
        self.note_decision(campaign, &wanted, room, now_ns)
        if hopper.count() < latest.count:
            latest.count = hopper.count()
            latest.limited_by = LIMIT_NO_LEADS
        if room < latest.count:
            latest.count = room
            latest.limited_by = trunk_reason
            self.wake_trunks(campaign, now_ns)
        if self.calls.capacity - self.calls.registers[1] < latest.count:
            latest.count = self.calls.capacity - self.calls.registers[1]
            latest.limited_by = LIMIT_CALL_TABLE_FULL
        self.campaigns.reason[campaign] = latest.limited_by
        if wanted.cancels > 0 and self.campaigns.may_cancel[campaign]:
            latest.cancels = self.cancel_ringing(campaign, wanted.cancels, now_ns)
        self.store_decision(campaign, now_ns)
        if latest.count > 0:
            self.snapshot_arrays.unanswered[campaign] += self.launch(campaign, latest.count, now_ns)
            self.ask_for_leads(campaign, now_ns)
        return 0

    cdef void note_decision(self, int32_t campaign, const decision_t* wanted, int64_t room, int64_t now_ns) noexcept:
        cdef PacingSnapshot s = self.snapshot_arrays
        cdef decision_row_t* latest = &self.campaigns.latest[campaign]
        memset(latest, 0, sizeof(decision_row_t))
        latest.now_ns = now_ns
        latest.wanted = latest.count = wanted.count
        latest.limited_by = wanted.limited_by
        latest.ready = s.ready[campaign]
        latest.working = s.working[campaign]
        latest.talking = s.talking[campaign]
        latest.wrap_up = s.wrap_up[campaign]
        latest.unanswered = s.unanswered[campaign]
        latest.classifying = s.classifying[campaign]
        latest.waiting = s.waiting[campaign]
        latest.hopper = (<Hopper>self.campaigns.hoppers[campaign]).count()
        latest.trunk_room = room
        latest.fallback = wanted.fallback
        latest.expected_abandons = wanted.expected_abandons
        latest.kappa = wanted.kappa
        latest.risk = wanted.risk
        latest.risk_next = wanted.risk_next
        latest.answers = wanted.answers
        latest.releases = wanted.releases
        latest.live_rate = wanted.live_rate
        latest.balance = wanted.balance
