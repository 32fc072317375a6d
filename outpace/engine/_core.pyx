"""The engine's two entries: a fact (`apply`), and time (`advance`). Everything else follows from them."""
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport (
    AGENT_LOGGED_OUT, CALL_FREE, CALL_RINGING, CALL_TALKING, CAMPAIGN_ARCHIVED, CAMPAIGN_COMPLETED, CAMPAIGN_DRAFT,
    CAMPAIGN_DRAINING, CAMPAIGN_PAUSED, CAMPAIGN_RUNNING, FACT_AGENT_LEG_LOST, FACT_AGENT_LEG_UP,
    FACT_AGENT_LOGGED_IN, FACT_AGENT_LOGGED_OUT, FACT_AGENT_NOT_READY, FACT_AGENT_READY, FACT_AGENT_RELEASED,
    FACT_ATTEMPT_RECORDED, FACT_CAMPAIGN_COMPLETED, FACT_CAMPAIGN_DRAINING, FACT_CAMPAIGN_PAUSED,
    FACT_CAMPAIGN_STARTED, FACT_CAMPAIGN_STOPPED, FACT_DISPOSITION_SET, FACT_INTENT_REFUSED,
    FACT_INTENT_WITHDRAWN, FACT_LEADS_ADDED, FACT_LEASE_LOST, FACT_LEASE_REFUSED, FACT_LEASE_RENEWED, FACT_LINK_DOWN,
    FACT_LINK_UP, FACT_TRUNK_CAPACITY, FACTS_OF_CALLS, INTENT_STALE_EPOCH, LEG_UP, OUTCOME_CONNECTED, PRESENCE_BRIDGED,
    PRESENCE_GONE, PRESENCE_UNANSWERED, attempt_t, fact_t,
)
from outpace.engine._hopper cimport Hopper
from outpace.engine._intake cimport INTAKE_FACT, INTAKE_LEASE, INTAKE_TIME, pack
from outpace.engine._settings cimport Settings
from outpace.engine._state cimport (
    MAX_UNRECORDED, REG_CLOCK_JUMPS, REG_DIRTY, REG_FACTS, REG_FENCED, REG_LINK_UP, REG_NOW, REG_STRAY,
    REG_UNRECORDED, REG_WINDOW_NS, RING_GRACE_MS, TALK_AUDIT_MS,
)
from outpace.engine._tables cimport FLAG_AGENTLESS, FLAG_DURABLE, FLAG_LAUNCHED, FLAG_SENT
from outpace.pacing._estimates cimport OBSERVED_LAUNCHED

import numpy as np

from outpace.domain.errors import CapacityError, StateError, UnknownId

#: The layout of fact_t, for `handle_batch`; kinds are `FACT_*` of outpace/domain/_words.pxd.
FACT_DTYPE = np.dtype([
    ("kind", np.int32), ("code", np.int32), ("call_id", np.int64), ("agent_id", np.int64), ("switch_ns", np.int64),
    ("extra", np.int64), ("extra2", np.int64),
], align=True)

cdef int64_t NS_PER_MS = 1_000_000
cdef str NO_ATTRIBUTES = "{}"
cdef int64_t JUMP_NS = 5_000_000_000
cdef int64_t LEASE_POLL_NS = 5_000_000_000
cdef int64_t LEASE_REFUSED_NS = 1_000_000_000


cdef class EngineCore(Settings):
    """The engine as C sees it; `Engine` adds what is policy."""

    cdef int64_t deadline(self) noexcept nogil:
        # something has changed: decide at once
        if self.registers[REG_DIRTY]:
            return self.registers[REG_NOW]
        if self.registers[REG_WINDOW_NS] > 0:
            return min(self.registers[REG_WINDOW_NS], self.timers.first_ns())
        return self.timers.first_ns()

    cdef int move_time(self, int64_t now_ns) except -1:
        cdef int64_t was = self.registers[REG_NOW]
        if now_ns < was:
            raise ValueError(f"time goes back: {now_ns} after {was}")
        # The process stood still (suspended machine, stopped process): what was due meanwhile is not overdue for
        # anybody who could have acted. Shift all timers, so that nobody is abandoned by a jump.
        if now_ns - was > JUMP_NS and self.timers.first_ns() < now_ns - JUMP_NS and was > 0:
            self.timers.shift_all(now_ns - was)
            self.shift_clocks(now_ns - was)
            self.registers[REG_CLOCK_JUMPS] += 1
        self.registers[REG_NOW] = now_ns
        if now_ns >= self.budget.due_ns:
            self.budget.refresh(now_ns)
        # before anything else: a fact of this moment meets the calling hours of this moment
        if 0 < self.registers[REG_WINDOW_NS] <= now_ns:
            self.refresh_windows(now_ns)
        return 0

    cdef void shift_clocks(self, int64_t by_ns) noexcept nogil:
        # whoever waits or is rung has waited or been rung for as long as before the jump
        cdef int32_t row
        for row in range(self.calls.registers[2]):
            if self.calls.state[row] == CALL_FREE:
                continue
            if self.calls.clock_ns[row] > 0:
                self.calls.clock_ns[row] += by_ns
            if self.calls.limit_ns[row] > 0:
                self.calls.limit_ns[row] += by_ns

    cdef int apply(self, const fact_t* fact, int64_t now_ns) except -1:
        cdef int32_t row
        if now_ns != self.registers[REG_NOW]:
            self.move_time(now_ns)
        self.registers[REG_FACTS] += 1
        if fact.kind < 0:
            raise ValueError(f"no such kind of fact: {fact.kind}")
        if fact.kind < FACTS_OF_CALLS:
            row = self.calls.ids.find(fact.call_id) if fact.call_id > 0 else -1
            if row < 0:
                self.stray(fact, now_ns)
            else:
                self.call_fact(row, fact, now_ns)
        elif fact.kind < 30:
            self.agent_fact(fact, now_ns)
        elif fact.kind < 40:
            self.pool_fact(fact, now_ns)
        elif fact.kind < 50:
            self.store_fact(fact, now_ns)
        elif fact.kind < FACT_LEADS_ADDED:
            self.campaign_fact(fact, now_ns)
        else:
            self.order(fact, now_ns)
        return 0

    cdef int stray(self, const fact_t* fact, int64_t now_ns) except -1:
        # of a call that is over: late, duplicate, or of an earlier epoch
        cdef int32_t agent
        if fact.kind == FACT_AGENT_RELEASED:
            agent = self.agents.ids.find(fact.agent_id) if fact.agent_id > 0 else -1
            if agent >= 0 and self.agents.last_call[agent] == fact.call_id:
                self.leg_free(agent, now_ns)         # the usual order is the end first, the release after it
                return 0
        elif fact.kind == FACT_INTENT_REFUSED and fact.code == INTENT_STALE_EPOCH:
            self.registers[REG_FENCED] = 1
        self.registers[REG_STRAY] += 1
        return 0

    cdef int agent_fact(self, const fact_t* fact, int64_t now_ns) except -1:
        cdef int32_t row = self.agents.ids.find(fact.agent_id) if fact.agent_id > 0 else -1
        cdef int32_t kind = fact.kind
        if row < 0:
            if kind == FACT_AGENT_LEG_UP or kind == FACT_AGENT_LEG_LOST:
                self.registers[REG_STRAY] += 1
                return 0
            raise UnknownId(f"no agent {fact.agent_id}")
        if kind == FACT_AGENT_READY:
            self.ready(row, now_ns)
        elif kind == FACT_AGENT_LEG_UP:
            self.leg_up(row, now_ns)
        elif kind == FACT_AGENT_LEG_LOST:
            self.leg_lost(row, now_ns)
        elif kind == FACT_AGENT_NOT_READY:
            self.not_ready(row, fact.code, now_ns)
        elif kind == FACT_AGENT_LOGGED_IN:
            self.log_in(row, now_ns)
        elif kind == FACT_AGENT_LOGGED_OUT:
            self.log_out(row, now_ns)
        elif kind == FACT_DISPOSITION_SET:
            self.dispose(row, fact)
            self.follow_disposition(row, fact, now_ns)
        else:
            raise ValueError(f"no such kind of fact: {kind}")
        return 0

    cdef int pool_fact(self, const fact_t* fact, int64_t now_ns) except -1:
        cdef int32_t trunk
        if fact.kind == FACT_LINK_UP:
            self.link_up(now_ns)
        elif fact.kind == FACT_LINK_DOWN:
            self.registers[REG_LINK_UP] = 0
            self.mark_dirty_mask(<uint64_t>-1)
        elif fact.kind == FACT_TRUNK_CAPACITY:
            trunk = self.trunks.ids.find(fact.agent_id) if fact.agent_id > 0 else -1
            if trunk < 0:
                self.registers[REG_STRAY] += 1
                return 0
            self.trunks.channels[trunk] = max(fact.extra, 0)
            self.mark_dirty_mask(<uint64_t>-1)
        else:
            raise ValueError(f"no such kind of fact: {fact.kind}")
        return 0

    cdef int link_up(self, int64_t now_ns) except -1:
        # what happened while we could not hear is asked for, call by call
        cdef int32_t row, trunk, campaign, agent
        self.registers[REG_LINK_UP] = 1
        for row in range(self.calls.registers[2]):
            if self.calls.state[row] != CALL_FREE and self.calls.flags[row] & FLAG_SENT:
                self.query(row, now_ns)
        for trunk in range(<int32_t>self.trunks.count):
            self.drain_trunk(trunk, now_ns)
        for campaign in range(<int32_t>self.campaigns.count):
            while self.campaigns.waiting_head[campaign] >= 0:
                agent = self.pick_agent(campaign)
                if agent < 0:
                    break
                self.connect(self.campaigns.waiting_head[campaign], agent, now_ns)
        self.mark_dirty_mask(<uint64_t>-1)
        return 0

    cdef int store_fact(self, const fact_t* fact, int64_t now_ns) except -1:
        cdef int32_t campaign, batch
        cdef Hopper hopper
        if fact.kind == FACT_ATTEMPT_RECORDED:
            if self.registers[REG_UNRECORDED] > 0:
                self.registers[REG_UNRECORDED] -= 1
                if self.registers[REG_UNRECORDED] == MAX_UNRECORDED:
                    self.mark_dirty_mask(<uint64_t>-1)       # the store has caught up
            return 0
        if fact.kind == FACT_INTENT_WITHDRAWN:
            return 0
        campaign = self.campaigns.ids.find(fact.agent_id) if fact.agent_id > 0 else -1
        if campaign < 0:
            self.registers[REG_STRAY] += 1
            return 0
        hopper = <Hopper>self.campaigns.hoppers[campaign]
        if fact.kind == FACT_LEASE_REFUSED and fact.code:
            self.campaigns.hot_asked[campaign] = 0
            self.campaigns.hot_wanted[campaign] = 1
            self.campaigns.hot_at_ns[campaign] = now_ns + LEASE_REFUSED_NS
        elif fact.kind == FACT_LEASE_REFUSED:
            self.campaigns.lease_asked[campaign] = 0
            self.campaigns.lease_at_ns[campaign] = now_ns + LEASE_REFUSED_NS
        elif fact.kind == FACT_LEASE_RENEWED:
            batch = hopper.find_batch(fact.extra2)
            if batch >= 0:
                hopper.deadline_ns[batch] = fact.extra
                hopper.renew_at_ns[batch] = now_ns + (fact.extra - now_ns) // 2
        elif fact.kind == FACT_LEASE_LOST:
            batch = hopper.find_batch(fact.extra2)
            if batch >= 0:
                self.drop_leads(campaign, batch, now_ns)
        else:
            raise ValueError(f"no such kind of fact: {fact.kind}")
        self.arm_lease(campaign, now_ns)
        self.mark_dirty(campaign)
        return 0

    cdef int lease(  # tidy: ok - the columns of one fact, passed in C
        self, int64_t campaign_id, int64_t token, int64_t deadline_ns, const int64_t* lead_ids, const int64_t* numbers,
        const int64_t* attempts, const int64_t* features, Py_ssize_t count, Py_ssize_t hots,
        Py_ssize_t callbacks, int64_t next_due_ns, bint hot, int64_t now_ns,
    ) except -1:
        cdef int32_t campaign = self.campaigns.ids.find(campaign_id) if campaign_id > 0 else -1
        cdef Hopper hopper
        cdef int32_t batch
        cdef Py_ssize_t i
        cdef bint is_in
        if now_ns != self.registers[REG_NOW]:
            self.move_time(now_ns)
        self.registers[REG_FACTS] += 1
        if campaign < 0:
            self.registers[REG_STRAY] += 1
            return 0
        hopper = <Hopper>self.campaigns.hoppers[campaign]
        if count > 0 and deadline_ns > now_ns:
            batch = hopper.open_batch(token, deadline_ns, now_ns)
            # what finds no place stays leased until the deadline; the store takes it back then
            for i in range(count if batch >= 0 else 0):
                is_in = False
                # the places of the hot ones that are asked for just now are theirs
                if i < hots and (hot or hopper.hot_room() > self.campaigns.hot_asked[campaign]):
                    is_in = hopper.push_front(True, batch, lead_ids[i], numbers[i], attempts[i], features[i])
                elif hots <= i < hots + callbacks and (hot or not self.campaigns.hot_asked[campaign]):
                    is_in = hopper.push_front(False, batch, lead_ids[i], numbers[i], attempts[i], features[i])
                if not is_in and not hopper.push(batch, lead_ids[i], numbers[i], attempts[i], features[i]):
                    break
        if hot:
            self.hot_lease_came(campaign, hots, count, now_ns)
        else:
            self.lease_came(campaign, count, next_due_ns, now_ns)
        if self.campaigns.state[campaign] != CAMPAIGN_RUNNING and self.campaigns.state[campaign] != CAMPAIGN_PAUSED:
            self.release_leads(campaign)
        self.arm_lease(campaign, now_ns)
        self.mark_dirty(campaign)
        return 0

    cdef int hot_lease_came(self, int32_t campaign, Py_ssize_t hots, Py_ssize_t count, int64_t now_ns) except -1:
        # so many hot ones as were asked for leave perhaps more; what came is dialled now, not at the clock's next beat
        if 0 < self.campaigns.hot_asked[campaign] <= hots:
            self.campaigns.hot_wanted[campaign] = 1
        self.campaigns.hot_asked[campaign] = 0
        self.campaigns.hot_at_ns[campaign] = now_ns
        self.ask_for_hot_leads(campaign, now_ns)
        if count > 0:
            self.timers.cancel(self.pacing_slots + campaign)
        return 0

    cdef int lease_came(self, int32_t campaign, Py_ssize_t count, int64_t next_due_ns, int64_t now_ns) except -1:
        cdef int64_t asked = self.campaigns.lease_asked[campaign]
        cdef int64_t again_ns
        self.campaigns.lease_asked[campaign] = 0
        if count >= asked:
            self.campaigns.lease_at_ns[campaign] = now_ns
        else:
            again_ns = now_ns + LEASE_POLL_NS
            if self.campaigns.requeued[campaign]:
                again_ns = now_ns + NS_PER_MS               # the answer is older than the requeue
            elif next_due_ns == 0:
                self.campaigns.exhausted[campaign] = 1
            if next_due_ns > 0:
                again_ns = max(now_ns, min(next_due_ns, again_ns))
            self.campaigns.lease_at_ns[campaign] = again_ns
        return 0

    cdef int campaign_fact(self, const fact_t* fact, int64_t now_ns) except -1:
        cdef int32_t campaign = self.campaigns.ids.find(fact.agent_id) if fact.agent_id > 0 else -1
        cdef int64_t state
        if campaign < 0:
            raise UnknownId(f"no campaign {fact.agent_id}")
        state = self.campaigns.state[campaign]
        if state == CAMPAIGN_ARCHIVED:
            raise StateError(f"campaign {fact.agent_id} is archived")
        if fact.kind == FACT_CAMPAIGN_STARTED:
            self.campaigns.exhausted[campaign] = 0
            self.campaigns.lease_at_ns[campaign] = now_ns
            self.set_campaign_state(campaign, CAMPAIGN_RUNNING)
        elif fact.kind == FACT_CAMPAIGN_COMPLETED:
            if state != CAMPAIGN_DRAFT:
                raise StateError(f"campaign {fact.agent_id} has been started here")
            self.set_campaign_state(campaign, CAMPAIGN_COMPLETED)
        elif fact.kind == FACT_CAMPAIGN_PAUSED:
            if state != CAMPAIGN_RUNNING and state != CAMPAIGN_PAUSED:
                raise StateError(f"campaign {fact.agent_id} is not running")
            self.set_campaign_state(campaign, CAMPAIGN_PAUSED)
        elif fact.kind == FACT_CAMPAIGN_DRAINING or fact.kind == FACT_CAMPAIGN_STOPPED:
            if state == CAMPAIGN_RUNNING or state == CAMPAIGN_PAUSED:
                self.set_campaign_state(campaign, CAMPAIGN_DRAINING)
            self.release_leads(campaign)
            for trunk in range(<int32_t>self.trunks.count):
                self.drain_trunk(<int32_t>trunk, now_ns)
            if fact.kind == FACT_CAMPAIGN_STOPPED:
                self.stop_calls(campaign, now_ns)
        else:
            raise ValueError(f"no such kind of fact: {fact.kind}")
        self.mark_dirty(campaign)
        return 0

    cdef int adopt(  # tidy: ok - the fields of one fact, passed in C
        self, int64_t call_id, int32_t campaign, int64_t lead_id, int64_t number, int32_t trunk,
        int32_t attempt_number, int32_t presence, int32_t agent, int64_t token, int64_t launched_ns, int64_t now_ns,
    ) except -1:
        cdef int32_t row
        cdef attempt_t* life
        if self.calls.ids.find(call_id) >= 0:
            raise StateError(f"call {call_id} is in the table already")
        row = self.calls.allocate(call_id)
        if row < 0:
            raise CapacityError(f"the table holds its {self.calls.capacity} calls already")
        self.calls.campaign[row] = campaign
        self.calls.trunk[row] = trunk
        self.calls.flags[row] = FLAG_DURABLE | FLAG_SENT | (
            FLAG_AGENTLESS if self.campaigns.agentless[campaign] else 0
        )
        life = &self.calls.life[row]
        life.caller_id_index = <int32_t>self.trunks.caller_first[trunk]
        self.campaigns.live[campaign] += 1
        self.trunks.in_use[trunk] += 1
        life.campaign_id = self.campaigns.campaign_id[campaign]
        life.lead_id = lead_id
        life.number = number
        life.lease_token = token
        life.trunk_group_id = self.trunks.trunk_group_id[trunk]
        life.attempt_number = attempt_number
        life.intent_ns = launched_ns
        life.launched_ns = launched_ns
        self.calls.state[row] = CALL_RINGING
        self.campaigns.in_state[campaign, CALL_RINGING] += 1
        if presence == PRESENCE_UNANSWERED:
            if not 0 < launched_ns <= now_ns:
                life.launched_ns = now_ns
            self.calls.flags[row] |= FLAG_LAUNCHED
            self.estimates.observe(campaign, OBSERVED_LAUNCHED, life.launched_ns, self.calls.weight[row], now_ns)
            self.arm_call(row, now_ns + self.campaigns.ring_timeout_ns[campaign] + RING_GRACE_MS * NS_PER_MS)
        else:
            self.adopt_answered(row, presence, agent, now_ns)
        return 0

    cdef void adopt_answered(self, int32_t row, int32_t presence, int32_t agent, int64_t now_ns) noexcept nogil:
        # when the person answered nobody was there to see; it was before now
        cdef int32_t campaign = self.calls.campaign[row]
        cdef attempt_t* life = &self.calls.life[row]
        life.answered_ns = now_ns
        self.calls.clock_ns[row] = now_ns
        if presence == PRESENCE_BRIDGED and agent >= 0 and self.agents.call[agent] < 0:
            self.calls.agent[row] = agent
            self.agents.adopted[agent] = self.agents.state[agent] == AGENT_LOGGED_OUT
            self.stop_being_ready(agent)
            self.agents.leg_busy[agent] = 0
            self.agents.leg[agent] = LEG_UP
            self.agents.call[agent] = row
            self.agents.last_call[agent] = life.call_id
            self.agents.last_campaign[agent] = campaign
            self.agents.last_number[agent] = life.number
            life.agent_id = self.agents.agent_id[agent]
            life.offered_ns = now_ns
            life.connected_ns = now_ns
            life.outcome = OUTCOME_CONNECTED
            self.count_connected(campaign, now_ns)
            self.set_call_state(row, CALL_TALKING)
            self.agent_talks(agent, now_ns)
            self.arm_call(row, now_ns + TALK_AUDIT_MS * NS_PER_MS)
        elif self.calls.flags[row] & FLAG_AGENTLESS:
            self.enqueue(row, now_ns)
        else:
            # the limit has passed in our absence
            self.charge(row, now_ns)
            self.treat(row, self.campaigns.has_message[campaign] != 0, now_ns)

    cdef int advance(self, int64_t now_ns) except -1:
        cdef int32_t slot
        if now_ns != self.registers[REG_NOW]:
            self.move_time(now_ns)
        while True:
            slot = self.timers.pop_due(now_ns)
            if slot < 0:
                break
            if slot < self.agent_slots:
                self.call_timer(slot, now_ns)
            elif slot < self.campaign_slots:
                self.agent_timer(slot - self.agent_slots, now_ns)
            elif slot < self.trunk_slots:
                self.lease_timer(slot - self.campaign_slots, now_ns)
            elif slot < self.pacing_slots:
                self.drain_trunk(slot - self.trunk_slots, now_ns)
                self.mark_dirty_mask(<uint64_t>-1)
            else:
                self.campaigns.dirty[slot - self.pacing_slots] = 1
                self.registers[REG_DIRTY] = 1
        if self.registers[REG_DIRTY]:
            self.decide_all(now_ns)
        return 0

    # ---- the face for Python -------------------------------------------------------------------------------------

    def handle(self, event, int64_t now_ns):
        """Apply one fact. Never blocks, never reads a clock; may queue commands for `take_commands`.

        Parameters
        ----------
        event : a struct of outpace.domain.events.
        now_ns : int, UTC nanoseconds, >= that of the call before.

        Raises
        ------
        ValueError : time goes back.
        StateError, UnknownId : a caller's fact (agents, operators) that the state forbids; nothing is changed. A fact
            from a switch or a store never raises: what the table forbids is counted, dropped and, where the state is
            in doubt, answered with QueryCall.
        TypeError : not an event.

        Cost: O(1) amortised.
        """
        cdef fact_t fact
        cdef int how = pack(event, &fact)
        if how == INTAKE_FACT:
            if fact.kind == FACT_DISPOSITION_SET and event.attributes != NO_ATTRIBUTES:
                fact.extra2 |= <int64_t>self.keep_text(event.attributes) << 1
            self.apply(&fact, now_ns)
        elif how == INTAKE_LEASE:
            self.handle_lease(event, now_ns)
        elif how == INTAKE_TIME:
            self.advance(now_ns)
        else:
            self.move_time(now_ns)
            self.registers[REG_FACTS] += 1
            self.handle_rare(event, now_ns)

    def handle_lease(self, event, int64_t now_ns):
        """A LeadsLeased. ValueError when its lists differ in length; no features at all stand for unknown ones."""
        cdef int64_t[::1] lead_ids = np.array(event.lead_ids, np.int64)
        cdef int64_t[::1] numbers = np.array(event.numbers, np.int64)
        cdef int64_t[::1] attempts = np.array(event.attempts, np.int64)
        cdef int64_t[::1] features = np.array(event.features or [0] * len(event.lead_ids), np.int64)
        cdef Py_ssize_t count = lead_ids.shape[0]
        if numbers.shape[0] != count or attempts.shape[0] != count or features.shape[0] != count:
            raise ValueError(
                f"LeadsLeased: {count} leads, {len(event.numbers)} numbers, {len(event.attempts)} attempts,"
                f" {len(event.features)} features"
            )
        self.lease(
            event.campaign_id, event.token, event.deadline_ns, &lead_ids[0] if count else NULL,
            &numbers[0] if count else NULL, &attempts[0] if count else NULL, &features[0] if count else NULL, count,
            count - event.callbacks if event.hot else event.hots, event.callbacks, event.next_due_ns, event.hot, now_ns,
        )

    def handle_rare(self, event, int64_t now_ns):
        """Facts that come a few times a day: `Engine` fills this in."""
        raise TypeError(f"not an event of the core: {event!r}")

    def handle_batch(self, facts, times):
        """The typed path for callers with arrays: apply many facts, and let time pass after each.

        Parameters
        ----------
        facts : (n,) structured array of FACT_DTYPE.
        times : (n,) int64, non-decreasing; `now_ns` of each.
        """
        cdef const fact_t[::1] records = facts
        cdef const int64_t[::1] now = times
        cdef Py_ssize_t i
        if records.shape[0] != now.shape[0]:
            raise ValueError(f"{records.shape[0]} facts, {now.shape[0]} times")
        for i in range(records.shape[0]):
            self.apply(&records[i], now[i])
            self.advance(now[i])

    def tick(self, int64_t now_ns):
        """Let time pass: timers, then pacing. ValueError when time goes back."""
        self.advance(now_ns)

    def next_deadline_ns(self):
        """When `tick` is wanted next; 2**63 - 1 when nothing is pending, a time not after the last when at once."""
        return self.deadline()

    def take_commands(self):
        """The commands since the last call, in the order in which they are to be carried out."""
        cdef list taken = []
        cdef Py_ssize_t i
        for i in range(self.command_count):
            taken.append(self.command(&self.commands[i]))
        self.clear_commands()
        return taken

    def discard_commands(self):
        """Drop the commands since the last call and return how many there were (replay, benchmarks)."""
        cdef Py_ssize_t count = self.command_count
        self.clear_commands()
        return count

    def adopt_call(self, event, int64_t now_ns):
        """Take over a call of an earlier epoch (CallAdopted). UnknownId, StateError, CapacityError as they apply."""
        cdef int32_t campaign = self.campaigns.ids.find(event.campaign_id) if event.campaign_id > 0 else -1
        cdef int32_t trunk = self.trunks.ids.find(event.trunk_group_id) if event.trunk_group_id > 0 else -1
        cdef int32_t agent = self.agents.ids.find(event.agent_id) if event.agent_id > 0 else -1
        if campaign < 0:
            raise UnknownId(f"no campaign {event.campaign_id}")
        if trunk < 0:
            raise UnknownId(f"no trunk group {event.trunk_group_id}")
        if event.call_id < 1 or event.presence == PRESENCE_GONE:
            raise ValueError(f"not a call that lives: {event!r}")
        self.adopt(
            event.call_id, campaign, event.lead_id, event.number, trunk, event.attempt_number, event.presence, agent,
            event.lease_token, event.launched_ns, now_ns,
        )

    def refresh_windows(self, int64_t now_ns):
        """Calling hours are civil time, which is policy: `Engine` fills this in."""
        self.registers[REG_WINDOW_NS] = 0
