"""The launch gate: from a pacer's wish to an originate, through every bound; and the leads that it dials.

A call is decided on, its intent is written ahead, and only when the intent is durable the gate is passed a second
time: whatever has changed meanwhile (link, calling hours, an operator's pause) takes the intent back, and no number
was dialled. Then the call waits, first come first served, for the trunk group's rate.
"""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

from outpace.domain._words cimport (
    CALL_FREE, CALL_LAUNCHING, CALL_QUEUED, CAMPAIGN_COMPLETED, CAMPAIGN_DRAINING, CAMPAIGN_PAUSED, CAMPAIGN_RUNNING,
    COMMAND_CAMPAIGN_STATE, COMMAND_LEASE_LEADS, COMMAND_ORIGINATE, COMMAND_RELEASE_LEADS, COMMAND_RENEW_LEASE,
    COMMAND_WITHDRAW_INTENT, COMMAND_WRITE_INTENT, LIMIT_CPS, LIMIT_DRAINING, LIMIT_NONE, LIMIT_NOT_RUNNING,
    LIMIT_OUTSIDE_HOURS, LIMIT_STORE_BEHIND, LIMIT_SWITCH_DOWN, LIMIT_TRUNK_CHANNELS, OUTCOME_FAILED,
    REFUSED_BY_SWITCH, REFUSED_LINK_DOWN, REFUSED_NO_CIRCUIT, WITHDRAW_GATE_CLOSED, WITHDRAW_LINK_DOWN,
    WITHDRAW_NO_CIRCUIT, attempt_t, command_t,
)
from outpace.engine._calls cimport CallFlow
from outpace.engine._hopper cimport MAX_BATCHES, Hopper
from outpace.engine._state cimport (
    INTENT_LIMIT_MS, LAUNCH_LIMIT_MS, MAX_UNRECORDED, REG_EPOCH, REG_FENCED, REG_LEASE_EXPIRED, REG_LINK_UP,
    REG_SEQUENCE, REG_UNRECORDED, REG_WITHDRAWN,
)
from outpace.engine._tables cimport (
    FLAG_AGENTLESS, FLAG_CANCELLED, FLAG_CLASSIFY, FLAG_DURABLE, FLAG_LAUNCHED, FLAG_PENDING, FLAG_SENT,
)
from outpace.pacing._estimates cimport OBSERVED_FORGOTTEN, OBSERVED_LAUNCHED

cdef int64_t NS_PER_MS = 1_000_000
cdef int64_t NO_CIRCUIT_WAIT_NS = 5_000_000_000       # before the lead's turn comes again
cdef int64_t NO_CIRCUIT_BLOCK_NS = 1_000_000_000      # before the trunk group is tried again
cdef int64_t LINK_DOWN_WAIT_NS = 1_000_000_000
cdef int64_t LEASE_POLL_NS = 5_000_000_000            # new leads are looked for this often
cdef int64_t LEASE_TIMEOUT_NS = 10_000_000_000


cdef class LaunchGate(CallFlow):
    """Launches, leases."""

    # hot
    cdef bint may_dial(self, int32_t campaign) noexcept nogil:
        return self.closed_reason(campaign) == LIMIT_NONE

    cdef int32_t closed_reason(self, int32_t campaign) noexcept nogil:
        if self.campaigns.state[campaign] == CAMPAIGN_DRAINING:
            return LIMIT_DRAINING
        if self.campaigns.state[campaign] != CAMPAIGN_RUNNING:
            return LIMIT_NOT_RUNNING
        if not self.registers[REG_LINK_UP]:
            return LIMIT_SWITCH_DOWN
        if not self.campaigns.window_open[campaign]:
            return LIMIT_OUTSIDE_HOURS
        if self.registers[REG_FENCED] or self.registers[REG_UNRECORDED] > MAX_UNRECORDED:
            return LIMIT_STORE_BEHIND
        return LIMIT_NONE

    cdef bint trunk_open(self, int32_t trunk, int64_t now_ns) noexcept nogil:
        return (
            self.trunks.tokens(trunk, now_ns) > 0
            and self.trunks.pending[trunk] < self.trunks.max_pending[trunk]
            and self.trunks.blocked_until_ns[trunk] <= now_ns
        )

    cdef void intent_durable(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int32_t trunk = self.calls.trunk[row]
        if self.calls.flags[row] & FLAG_DURABLE:
            return
        self.calls.flags[row] |= FLAG_DURABLE
        self.timers.cancel(row)
        self.calls.next[row] = -1
        if self.trunks.tail[trunk] >= 0:
            self.calls.next[self.trunks.tail[trunk]] = row
        else:
            self.trunks.head[trunk] = row
        self.trunks.tail[trunk] = row
        self.drain_trunk(trunk, now_ns)

    cdef void drain_trunk(self, int32_t trunk, int64_t now_ns) noexcept nogil:
        cdef int32_t row = self.trunks.head[trunk]
        cdef int32_t reason
        cdef int64_t at
        while row >= 0:
            reason = self.closed_reason(self.calls.campaign[row])
            if reason == LIMIT_NONE and not self.trunk_open(trunk, now_ns):
                break
            self.trunks.head[trunk] = self.calls.next[row]
            if self.trunks.head[trunk] < 0:
                self.trunks.tail[trunk] = -1
            self.calls.next[row] = -1
            if reason == LIMIT_NONE:
                self.originate(row, now_ns)
            else:
                self.withdraw(
                    row, WITHDRAW_LINK_DOWN if reason == LIMIT_SWITCH_DOWN else WITHDRAW_GATE_CLOSED, now_ns, now_ns
                )
            row = self.trunks.head[trunk]
        if row >= 0:
            at = max(self.trunks.next_token_ns(trunk), self.trunks.blocked_until_ns[trunk])
            self.wake_trunk(trunk, at if at > now_ns else now_ns + NS_PER_MS)

    cdef void wake_trunk(self, int32_t trunk, int64_t at_ns) noexcept nogil:
        # one timer a group, for its line and for decisions that its rate has bound: the earlier wish stands
        cdef int32_t slot = self.trunk_slots + trunk
        if self.timers.position[slot] < 0 or at_ns < self.timers.deadline[slot]:
            self.timers.arm(slot, at_ns)

    cdef void wake_trunks(self, int32_t campaign, int64_t now_ns) noexcept nogil:
        # where a rate or a block binds, time alone makes room; where channels bind, a call's end does
        cdef int32_t reason, trunk
        cdef int64_t at
        cdef Py_ssize_t place
        for place in range(self.campaigns.trunk_count[campaign]):
            trunk = self.campaigns.trunk_rows[campaign, place]
            self.trunks.room(trunk, now_ns, &reason)
            if reason == LIMIT_CPS or self.trunks.blocked_until_ns[trunk] > now_ns:
                at = self.trunks.next_room_ns(trunk, now_ns)
                if at < INT64_MAX:
                    self.wake_trunk(trunk, at)

    cdef void originate(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int32_t trunk = self.calls.trunk[row]
        cdef attempt_t* life = &self.calls.life[row]
        cdef command_t* command = self.emit(COMMAND_ORIGINATE)
        self.trunks.take_token(trunk, now_ns)
        self.mark_dirty_mask(self.trunks.users[trunk])   # whom the rate binds may count on the next token's time now
        self.trunks.pipeline[trunk] -= 1
        self.trunks.pending[trunk] += 1
        self.calls.flags[row] |= FLAG_SENT | FLAG_PENDING | FLAG_LAUNCHED
        life.launched_ns = now_ns
        self.calls.hour_slot[row] = self.campaigns.hour_slot(campaign, now_ns)
        self.calls.weight[row] = self.answer_model.weight(
            campaign, self.calls.features[row], self.calls.hour_slot[row]
        )
        self.estimates.observe(campaign, OBSERVED_LAUNCHED, now_ns, self.calls.weight[row], now_ns)
        life.caller_id_index = <int32_t>(self.trunks.caller_first[trunk] + self.trunks.caller_next[trunk])
        self.trunks.caller_next[trunk] = (self.trunks.caller_next[trunk] + 1) % self.trunks.caller_ids[trunk]
        command.call_id = life.call_id
        command.agent_id = life.trunk_group_id
        command.lead_id = life.campaign_id
        command.number = life.number
        command.extra = self.campaigns.ring_timeout_ns[campaign]
        command.extra2 = 1 if self.calls.flags[row] & FLAG_CLASSIFY else 0
        command.code = life.caller_id_index
        self.arm_call(row, now_ns + self.campaigns.ring_timeout_ns[campaign] + LAUNCH_LIMIT_MS * NS_PER_MS)

    cdef void withdraw(self, int32_t row, int32_t reason, int64_t retry_at_ns, int64_t now_ns) noexcept nogil:
        # no attempt was made: the lead keeps its turn
        cdef int32_t campaign = self.calls.campaign[row]
        cdef command_t* command = self.emit(COMMAND_WITHDRAW_INTENT)
        command.call_id = self.calls.life[row].call_id
        command.agent_id = self.campaigns.campaign_id[campaign]
        command.lead_id = self.calls.life[row].lead_id
        command.number = self.calls.life[row].number
        command.code = reason
        command.extra = retry_at_ns
        command.extra2 = self.calls.life[row].attempt_number
        self.registers[REG_WITHDRAWN] += 1
        self.requeue(campaign, retry_at_ns)
        self.free_call(row, now_ns)

    cdef void requeue(self, int32_t campaign, int64_t retry_at_ns) noexcept nogil:
        # a lead of ours has another turn: the list is not exhausted
        cdef int32_t slot = self.campaign_slots + campaign
        self.campaigns.exhausted[campaign] = 0
        self.campaigns.requeued[campaign] = 1
        if self.campaigns.lease_asked[campaign] == 0 and retry_at_ns < self.campaigns.lease_at_ns[campaign]:
            self.campaigns.lease_at_ns[campaign] = retry_at_ns
            if self.timers.position[slot] < 0 or retry_at_ns < self.timers.deadline[slot]:
                self.timers.arm(slot, retry_at_ns)

    cdef void originate_refused(self, int32_t row, int32_t reason, int64_t now_ns) noexcept nogil:
        cdef int32_t trunk = self.calls.trunk[row]
        if not self.calls.flags[row] & FLAG_SENT:
            return
        if reason == REFUSED_NO_CIRCUIT:
            self.trunks.no_circuit[trunk] += 1
            self.trunks.blocked_until_ns[trunk] = now_ns + NO_CIRCUIT_BLOCK_NS
            self.wake_trunk(trunk, now_ns + NO_CIRCUIT_BLOCK_NS)
            self.withdraw(row, WITHDRAW_NO_CIRCUIT, now_ns + NO_CIRCUIT_WAIT_NS, now_ns)
        elif reason == REFUSED_LINK_DOWN:
            self.withdraw(row, WITHDRAW_LINK_DOWN, now_ns + LINK_DOWN_WAIT_NS, now_ns)
        elif reason == REFUSED_BY_SWITCH:
            self.settle_launch(row, OBSERVED_FORGOTTEN, now_ns)
            self.ended(row, OUTCOME_FAILED, 0, 0, now_ns)
        else:
            self.query(row, now_ns)              # duplicate or timed out: its fate is in doubt

    cdef int64_t trunk_room(self, int32_t campaign, int64_t now_ns, int32_t* limited_by) noexcept nogil:
        cdef int64_t total = 0
        cdef int32_t reason
        cdef Py_ssize_t place
        limited_by[0] = LIMIT_TRUNK_CHANNELS
        for place in range(self.campaigns.trunk_count[campaign]):
            total += self.trunks.room(self.campaigns.trunk_rows[campaign, place], now_ns, &reason)
            if place == 0 or reason != LIMIT_TRUNK_CHANNELS:
                limited_by[0] = reason
        return total

    cdef int32_t pick_trunk(self, int32_t campaign, int64_t now_ns) noexcept nogil:
        # in the order of the settings: the first group with room
        cdef int32_t reason
        cdef Py_ssize_t place
        for place in range(self.campaigns.trunk_count[campaign]):
            if self.trunks.room(self.campaigns.trunk_rows[campaign, place], now_ns, &reason) > 0:
                return self.campaigns.trunk_rows[campaign, place]
        return -1
    # end hot

    cdef int64_t launch(self, int32_t campaign, int64_t count, int64_t now_ns) except -1:
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef int64_t lead_id, number, attempts, features, token, call_id, _done
        cdef int64_t launched = 0
        cdef int32_t row, trunk
        cdef command_t* command
        cdef attempt_t* life
        for _done in range(count):
            trunk = self.pick_trunk(campaign, now_ns)
            if trunk < 0 or not hopper.pop(now_ns, &lead_id, &number, &attempts, &features, &token):
                break
            self.registers[REG_SEQUENCE] += 1
            call_id = (self.registers[REG_EPOCH] << 32) | self.registers[REG_SEQUENCE]
            row = self.calls.allocate(call_id)
            self.calls.campaign[row] = campaign
            self.calls.trunk[row] = trunk
            self.calls.state[row] = CALL_LAUNCHING
            self.calls.features[row] = features
            # what was promised at the launch holds, whatever the campaign's settings become
            self.calls.flags[row] = (FLAG_CLASSIFY if self.campaigns.classify[campaign] else 0) | (
                FLAG_AGENTLESS if self.campaigns.agentless[campaign] else 0
            )
            self.campaigns.in_state[campaign, CALL_LAUNCHING] += 1
            self.campaigns.live[campaign] += 1
            self.campaigns.launches[campaign] += 1
            self.trunks.in_use[trunk] += 1
            self.trunks.pipeline[trunk] += 1
            life = &self.calls.life[row]
            life.campaign_id = self.campaigns.campaign_id[campaign]
            life.lead_id = lead_id
            life.number = number
            life.lease_token = token
            life.trunk_group_id = self.trunks.trunk_group_id[trunk]
            life.attempt_number = <int32_t>attempts + 1
            life.intent_ns = now_ns
            command = self.emit(COMMAND_WRITE_INTENT)
            command.call_id = call_id
            command.agent_id = life.campaign_id
            command.lead_id = lead_id
            command.number = number
            command.extra = token
            command.extra2 = life.trunk_group_id
            command.code = life.attempt_number
            self.arm_call(row, now_ns + INTENT_LIMIT_MS * NS_PER_MS)
            launched += 1
        return launched

    # ---- leases --------------------------------------------------------------------------------------------------

    cdef int ask_for_leads(self, int32_t campaign, int64_t now_ns) except -1:
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef int64_t missing = hopper.room()
        cdef command_t* command
        self.ask_for_hot_leads(campaign, now_ns)
        if self.campaigns.lease_asked[campaign] or self.campaigns.lease_at_ns[campaign] > now_ns:
            return 0
        if 2 * missing < hopper.size or hopper.free_batch() < 0:
            return 0
        command = self.emit(COMMAND_LEASE_LEADS)
        command.agent_id = self.campaigns.campaign_id[campaign]
        command.extra = missing
        self.campaigns.lease_asked[campaign] = missing
        self.campaigns.requeued[campaign] = 0
        self.campaigns.lease_timeout_ns[campaign] = now_ns + LEASE_TIMEOUT_NS
        self.arm_lease(campaign, now_ns)
        return 0

    cdef int ask_for_hot_leads(self, int32_t campaign, int64_t now_ns) except -1:
        # beside the other leads, and as many as have room at the hopper's front
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef int64_t room = hopper.hot_room()
        cdef command_t* command
        if not self.campaigns.hot_wanted[campaign] or self.campaigns.hot_asked[campaign]:
            return 0
        if self.campaigns.hot_at_ns[campaign] > now_ns or room <= 0 or hopper.free_batch() < 0:
            return 0
        if not self.may_dial(campaign):
            return 0                             # asked for as soon as it may: the decision then asks again
        command = self.emit(COMMAND_LEASE_LEADS)
        command.agent_id = self.campaigns.campaign_id[campaign]
        command.extra = room
        command.extra2 = 1 + max(hopper.callback_room(), 0)
        self.campaigns.hot_wanted[campaign] = 0
        self.campaigns.hot_asked[campaign] = room
        self.campaigns.hot_at_ns[campaign] = now_ns + LEASE_TIMEOUT_NS
        self.arm_lease(campaign, now_ns)
        return 0

    cdef int arm_lease(self, int32_t campaign, int64_t now_ns) except -1:
        # the next moment at which something about leases is due: an answer, asking again, renewing, an end
        cdef int64_t at = (<Hopper>self.campaigns.hoppers[campaign]).next_due_ns()
        if self.campaigns.lease_asked[campaign]:
            at = min(at, self.campaigns.lease_timeout_ns[campaign])
        elif self.campaigns.lease_at_ns[campaign] > now_ns:
            at = min(at, self.campaigns.lease_at_ns[campaign])
        if self.campaigns.hot_asked[campaign] or (
            self.campaigns.hot_wanted[campaign] and self.campaigns.hot_at_ns[campaign] > now_ns
        ):
            at = min(at, self.campaigns.hot_at_ns[campaign])
        if at < INT64_MAX:
            self.timers.arm(self.campaign_slots + campaign, max(at, now_ns + NS_PER_MS))
        return 0

    cdef int lease_timer(self, int32_t campaign, int64_t now_ns) except -1:
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef command_t* command
        cdef int32_t place
        if self.campaigns.lease_asked[campaign] and self.campaigns.lease_timeout_ns[campaign] <= now_ns:
            self.campaigns.lease_asked[campaign] = 0     # the store did not answer: ask again
            self.campaigns.lease_at_ns[campaign] = now_ns
        if self.campaigns.hot_asked[campaign] and self.campaigns.hot_at_ns[campaign] <= now_ns:
            self.campaigns.hot_asked[campaign] = 0
            self.campaigns.hot_wanted[campaign] = 1
        self.ask_for_hot_leads(campaign, now_ns)
        for place in range(MAX_BATCHES):
            if hopper.remaining[place] > 0 and hopper.deadline_ns[place] <= now_ns:
                self.drop_leads(campaign, place, now_ns)
            elif hopper.remaining[place] > 0 and hopper.renew_at_ns[place] <= now_ns:
                command = self.emit(COMMAND_RENEW_LEASE)
                command.agent_id = self.campaigns.campaign_id[campaign]
                command.extra = hopper.token[place]
                hopper.renew_at_ns[place] = now_ns + LEASE_TIMEOUT_NS
        self.mark_dirty(campaign)
        self.arm_lease(campaign, now_ns)
        return 0

    cdef int drop_leads(self, int32_t campaign, int32_t batch, int64_t now_ns) except -1:
        # the store has these leads back: they will be leased again
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        self.registers[REG_LEASE_EXPIRED] += hopper.drop_batch(batch)
        self.requeue(campaign, now_ns)
        return 0

    cdef int release_leads(self, int32_t campaign) except -1:
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef command_t* command
        cdef int32_t place
        for place in range(MAX_BATCHES):
            if hopper.remaining[place] > 0:
                command = self.emit(COMMAND_RELEASE_LEADS)
                command.agent_id = self.campaigns.campaign_id[campaign]
                command.extra = hopper.token[place]
        hopper.clear()
        return 0

    # ---- campaigns -----------------------------------------------------------------------------------------------

    cdef int set_campaign_state(self, int32_t campaign, int32_t state) except -1:
        cdef command_t* command
        if self.campaigns.state[campaign] == state:
            return 0
        self.campaigns.state[campaign] = state
        self.campaigns.reason[campaign] = self.closed_reason(campaign)
        command = self.emit(COMMAND_CAMPAIGN_STATE)
        command.agent_id = self.campaigns.campaign_id[campaign]
        command.code = state
        command.extra = self.campaigns.reason[campaign]
        self.mark_dirty(campaign)
        return 0

    cdef int settle_campaign(self, int32_t campaign, int64_t now_ns) except -1:
        # a campaign without calls may be at its end
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        if self.campaigns.live[campaign] > 0 or self.campaigns.hot_asked[campaign]:
            return 0
        if self.campaigns.state[campaign] == CAMPAIGN_DRAINING:
            if self.campaigns.lease_asked[campaign] == 0:    # else leads may come yet, and are given back
                self.set_campaign_state(campaign, CAMPAIGN_PAUSED)
        elif self.campaigns.state[campaign] == CAMPAIGN_RUNNING and self.campaigns.exhausted[campaign]:
            if hopper.count() == 0 and self.campaigns.lease_asked[campaign] == 0:
                self.set_campaign_state(campaign, CAMPAIGN_COMPLETED)
        return 0

    cdef int stop_calls(self, int32_t campaign, int64_t now_ns) except -1:
        # an operator's stop: whoever is not in a conversation is hung up, in the order of the rows
        cdef int32_t row
        for row in range(self.calls.registers[2]):
            if self.calls.state[row] == CALL_FREE or self.calls.campaign[row] != campaign:
                continue
            if self.calls.state[row] <= CALL_QUEUED and self.calls.flags[row] & FLAG_SENT:
                if self.calls.state[row] == CALL_QUEUED:
                    self.abandon(row, now_ns)
                else:
                    self.calls.flags[row] |= FLAG_CANCELLED
                    self.hang_up(row, 16, now_ns)
        return 0
