"""The life of a call, from the first sign of the network to the attempt that is recorded.

Every state has a deadline. When it passes, the switch is asked (QueryCall) and its answer puts the call right; when
the switch does not answer either, the call is closed. So a lost fact costs one call, and nothing waits for ever.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport (
    ABANDON_CALLER_LEFT, ABANDON_NO_AGENT_IN_TIME, AGENT_CONNECTING, CALL_CLASSIFYING, CALL_CONNECTING, CALL_LAUNCHING,
    CALL_PROCEEDING, CALL_QUEUED, CALL_RINGING, CALL_TALKING, CALL_TREATMENT, COMMAND_CONNECT_AGENT, COMMAND_HANG_UP,
    COMMAND_PLAY_MESSAGE, COMMAND_QUERY_CALL, COMMAND_RECORD_ATTEMPT, FACT_AGENT_CONNECTED, FACT_AGENT_RELEASED,
    FACT_CALL_ANSWERED, FACT_CALL_ENDED, FACT_CALL_PROCEEDING, FACT_CALL_QUERIED, FACT_CALL_RINGING,
    FACT_CONNECT_FAILED, FACT_CPA_VERDICT, FACT_INTENT_DURABLE, FACT_INTENT_REFUSED, FACT_MESSAGE_ENDED,
    FACT_ORIGINATE_REFUSED, INTENT_STALE_EPOCH, LEG_UP, OUTCOME_ABANDONED, OUTCOME_CANCELLED, OUTCOME_CONNECTED,
    OUTCOME_FAILED, OUTCOME_FAX, OUTCOME_LOST, OUTCOME_MACHINE, OUTCOME_NOTIFIED, OUTCOME_OVERDIALLED,
    PRESENCE_ANSWERED, PRESENCE_BRIDGED, PRESENCE_GONE, VERDICT_FAX, VERDICT_MACHINE, VERDICT_PERSON, VERDICT_UNSURE,
    WITHDRAW_STORE_LATE, attempt_t, call_next, command_t, fact_t,
)
from outpace.engine._agents cimport AgentDesk
from outpace.engine._campaigns cimport CLOCK_ANSWER, CLOCK_GREETING_END
from outpace.engine._state cimport (
    CONNECT_TIMEOUT_MS, HANGUP_LIMIT_MS, LAUNCH_LIMIT_MS, QUERY_LIMIT_MS, QUERY_TRIES, REG_FENCED, REG_FORBIDDEN,
    REG_LINK_UP, REG_LOST, REG_QUERIES, REG_UNRECORDED, RELEASE_GRACE_MS, RING_GRACE_MS, TALK_AUDIT_MS,
)
from outpace.engine._tables cimport (
    FLAG_AGENTLESS, FLAG_CANCELLED, FLAG_CLASSIFY, FLAG_DURABLE, FLAG_HANGUP, FLAG_LAUNCHED, FLAG_OVERDIALLED,
    FLAG_PENDING, FLAG_QUERIED, FLAG_SENT,
)
from outpace.pacing._estimates cimport OBSERVED_FORGOTTEN, OBSERVED_NOBODY, OBSERVED_PERSON

from libc.stdlib cimport abort, realloc

cdef int64_t NS_PER_MS = 1_000_000
cdef int32_t CAUSE_NORMAL = 16


cdef class CallFlow(AgentDesk):
    """What happens to a call, and what is done about it."""

    # hot
    cdef void call_fact(self, int32_t row, const fact_t* fact, int64_t now_ns) noexcept nogil:
        cdef int32_t state = self.calls.state[row]
        cdef int32_t kind = fact.kind
        if self.absurd(row, fact):
            self.registers[REG_FORBIDDEN] += 1
            return
        if call_next[state][kind] < 0:
            self.registers[REG_FORBIDDEN] += 1
            # a repeated sign of progress says nothing new; anything else puts the state in doubt
            if kind == FACT_AGENT_CONNECTED or kind == FACT_AGENT_RELEASED or kind == FACT_CONNECT_FAILED:
                if not self.calls.flags[row] & FLAG_QUERIED:
                    self.query(row, now_ns)
            return
        if kind == FACT_CALL_PROCEEDING or kind == FACT_CALL_RINGING:
            self.progress(row, fact, now_ns)
        elif kind == FACT_CALL_ANSWERED:
            self.answered(row, fact, now_ns)
        elif kind == FACT_CALL_ENDED:
            self.ended(row, fact.code, fact.extra, fact.switch_ns, now_ns)
        elif kind == FACT_INTENT_DURABLE:
            self.intent_durable(row, now_ns)
        elif kind == FACT_AGENT_CONNECTED:
            self.connected(row, fact.agent_id, fact.switch_ns, now_ns)
        elif kind == FACT_AGENT_RELEASED:
            self.released(row, fact.switch_ns, now_ns)
        elif kind == FACT_CPA_VERDICT:
            self.verdict(row, fact.code, fact, now_ns)
        elif kind == FACT_MESSAGE_ENDED:
            self.calls.life[row].treatment_end_ns = now_ns
            self.hang_up(row, CAUSE_NORMAL, now_ns)
        elif kind == FACT_CALL_QUERIED:
            self.queried(row, fact.code, fact.agent_id, fact.switch_ns, now_ns)
        elif kind == FACT_CONNECT_FAILED:
            self.connect_failed(row, fact.code != 0, now_ns)
        elif kind == FACT_ORIGINATE_REFUSED:
            self.originate_refused(row, fact.code, now_ns)
        elif kind == FACT_INTENT_REFUSED:
            self.intent_refused(row, fact.code, now_ns)

    cdef bint absurd(self, int32_t row, const fact_t* fact) noexcept nogil:
        # what nobody can know yet, or what is said of an agent who is not the call's (any more)
        cdef int32_t agent = self.calls.agent[row]
        cdef int32_t kind = fact.kind
        if kind == FACT_INTENT_DURABLE:
            return False
        if kind == FACT_INTENT_REFUSED:
            return self.calls.flags[row] & FLAG_DURABLE != 0
        if not self.calls.flags[row] & FLAG_SENT:
            return True
        if kind == FACT_CONNECT_FAILED or kind == FACT_AGENT_RELEASED:
            return agent >= 0 and self.agents.agent_id[agent] != fact.agent_id
        return False

    cdef void intent_refused(self, int32_t row, int32_t reason, int64_t now_ns) noexcept nogil:
        if reason == INTENT_STALE_EPOCH:
            self.registers[REG_FENCED] = 1
        else:
            self.requeue(self.calls.campaign[row], now_ns)   # the store has dealt with the lead: it may be due again
        self.free_call(row, now_ns)

    cdef void no_longer_pending(self, int32_t row) noexcept nogil:
        cdef int32_t trunk = self.calls.trunk[row]
        if self.calls.flags[row] & FLAG_PENDING:
            self.calls.flags[row] &= ~FLAG_PENDING
            if self.trunks.pending[trunk] + self.trunks.pipeline[trunk] >= self.trunks.max_pending[trunk]:
                self.mark_dirty_mask(self.trunks.users[trunk])       # room for whoever dials on this group
            self.trunks.pending[trunk] -= 1

    cdef void progress(self, int32_t row, const fact_t* fact, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        self.no_longer_pending(row)
        if fact.kind == FACT_CALL_RINGING:
            self.calls.life[row].ringing_ns = now_ns
            self.calls.limit_ns[row] = now_ns + self.campaigns.min_ring_ns[campaign]
            self.set_call_state(row, CALL_RINGING)
        else:
            self.calls.life[row].proceeding_ns = now_ns
            self.set_call_state(row, CALL_PROCEEDING)
        self.arm_call(row, now_ns + self.campaigns.ring_timeout_ns[campaign] + RING_GRACE_MS * NS_PER_MS)

    cdef void answered(self, int32_t row, const fact_t* fact, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        self.no_longer_pending(row)
        self.calls.life[row].answered_ns = fact.switch_ns if fact.switch_ns > 0 else now_ns
        self.calls.clock_ns[row] = now_ns
        if self.calls.flags[row] & FLAG_HANGUP:
            self.charge(row, now_ns)             # our HangUp is on its way: nobody will talk to this person
            self.treat(row, False, now_ns)
        elif self.calls.flags[row] & FLAG_CLASSIFY:
            self.set_call_state(row, CALL_CLASSIFYING)
            self.arm_call(row, now_ns + self.campaigns.classify_limit_ns[campaign])
        else:
            self.enqueue(row, now_ns)

    cdef void verdict(self, int32_t row, int32_t verdict, const fact_t* fact, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef attempt_t* life = &self.calls.life[row]
        cdef int64_t greeting_end = now_ns
        cdef bint hung_up = self.calls.flags[row] & FLAG_HANGUP != 0
        if not VERDICT_PERSON <= verdict <= VERDICT_UNSURE:
            verdict = VERDICT_UNSURE
        life.verdict = verdict
        life.verdict_ns = now_ns
        if fact != NULL:
            life.verdict_ns = fact.switch_ns if fact.switch_ns > 0 else now_ns
            life.speech_start_ns = fact.extra2
            life.greeting_end_ns = fact.extra
            if 0 < fact.extra < life.verdict_ns:
                # on our clock the greeting ended as long ago as it did on the switch's, but not before the answer
                greeting_end = max(now_ns - (life.verdict_ns - fact.extra), self.calls.clock_ns[row])
        if verdict == VERDICT_MACHINE or verdict == VERDICT_FAX:
            self.settle_launch(row, OBSERVED_NOBODY, now_ns)
            life.outcome = OUTCOME_FAX if verdict == VERDICT_FAX else OUTCOME_MACHINE
            self.treat(
                row, verdict == VERDICT_MACHINE and self.campaigns.machine_message[campaign] and not hung_up, now_ns
            )
            return
        if hung_up:
            self.charge(row, now_ns)
            self.treat(row, False, now_ns)
            return
        if self.campaigns.connect_clock[campaign] != CLOCK_ANSWER:
            # greeting end where the rule says so, else the verdict
            if self.campaigns.connect_clock[campaign] != CLOCK_GREETING_END:
                greeting_end = now_ns
            self.calls.clock_ns[row] = greeting_end
        self.enqueue(row, now_ns)

    cdef void append_waiting(self, int32_t row) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int32_t tail = self.campaigns.waiting_tail[campaign]
        self.calls.previous[row] = tail
        self.calls.next[row] = -1
        if tail >= 0:
            self.calls.next[tail] = row
        else:
            self.campaigns.waiting_head[campaign] = row
        self.campaigns.waiting_tail[campaign] = row

    cdef void prepend_waiting(self, int32_t row) noexcept nogil:
        # whose bridge failed was the first in the line before
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int32_t head = self.campaigns.waiting_head[campaign]
        self.calls.previous[row] = -1
        self.calls.next[row] = head
        if head >= 0:
            self.calls.previous[head] = row
        else:
            self.campaigns.waiting_tail[campaign] = row
        self.campaigns.waiting_head[campaign] = row

    cdef int32_t pick_agent(self, int32_t campaign) noexcept nogil:
        # The longest idle; where campaigns share agents, the longest idle of those whom the others' calls in hand need
        # least, so that an agent counted for one campaign is not spent on another that had a choice.
        cdef uint64_t needed = 0
        cdef int32_t other
        if not self.registers[REG_LINK_UP]:
            return -1
        for other in range(<int32_t>self.campaigns.count):
            if other != campaign and self.campaigns.in_hand(other) > 0:
                needed |= <uint64_t>1 << other
        return self.agents.longest_idle(<uint64_t>1 << campaign, needed)

    cdef void remove_waiting(self, int32_t row) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int32_t before = self.calls.previous[row]
        cdef int32_t after = self.calls.next[row]
        if before >= 0:
            self.calls.next[before] = after
        else:
            self.campaigns.waiting_head[campaign] = after
        if after >= 0:
            self.calls.previous[after] = before
        else:
            self.campaigns.waiting_tail[campaign] = before
        self.calls.previous[row] = -1
        self.calls.next[row] = -1

    cdef void settle_launch(self, int32_t row, int32_t what, int64_t now_ns) noexcept nogil:
        # what came of a launch, as pacing learns it: of each launch once
        cdef int32_t campaign = self.calls.campaign[row]
        if not self.calls.flags[row] & FLAG_LAUNCHED:
            return
        self.calls.flags[row] &= ~FLAG_LAUNCHED
        self.estimates.observe(
            campaign, what if self.is_watched(campaign, now_ns) else OBSERVED_FORGOTTEN,
            self.calls.life[row].launched_ns, self.calls.weight[row], now_ns,
        )
        if what != OBSERVED_FORGOTTEN and self.calls.hour_slot[row] >= 0:
            self.answer_model.learn(
                campaign, self.calls.features[row], self.calls.hour_slot[row], what == OBSERVED_PERSON
            )

    cdef void enqueue(self, int32_t row, int64_t now_ns) noexcept nogil:
        # a person is on the line: an agent now, or within the limit, or it is an abandoned call
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int64_t limit = self.calls.clock_ns[row] + self.campaigns.connect_limit_ns[campaign]
        cdef int32_t agent
        self.settle_launch(row, OBSERVED_PERSON, now_ns)
        if self.calls.flags[row] & FLAG_AGENTLESS:
            self.calls.life[row].outcome = OUTCOME_NOTIFIED
            self.treat(row, True, now_ns)
            return
        self.set_call_state(row, CALL_QUEUED)
        self.append_waiting(row)
        agent = self.pick_agent(campaign)
        if agent >= 0:
            self.connect(row, agent, now_ns)
        elif limit <= now_ns:
            self.abandon(row, now_ns)
        else:
            self.calls.limit_ns[row] = limit
            self.arm_call(row, limit)

    cdef void offer_waiting(self, int32_t agent, int64_t now_ns) noexcept nogil:
        # an agent has become ready: the person who has waited longest in any of the agent's campaigns
        cdef uint64_t mask = self.agents.campaigns[agent]
        cdef int32_t best = -1
        cdef int32_t campaign, row
        if not self.registers[REG_LINK_UP]:
            return
        for campaign in range(<int32_t>self.campaigns.count):
            if mask & (<uint64_t>1 << campaign):
                row = self.campaigns.waiting_head[campaign]
                if row >= 0 and (best < 0 or self.calls.clock_ns[row] < self.calls.clock_ns[best]):
                    best = row
        if best >= 0:
            self.connect(best, agent, now_ns)

    cdef void connect(self, int32_t row, int32_t agent, int64_t now_ns) noexcept nogil:
        cdef command_t* command
        self.remove_waiting(row)
        self.calls.agent[row] = agent
        self.calls.life[row].agent_id = self.agents.agent_id[agent]
        self.calls.life[row].offered_ns = now_ns
        self.set_call_state(row, CALL_CONNECTING)
        command = self.emit(COMMAND_CONNECT_AGENT)
        command.call_id = self.calls.life[row].call_id
        command.agent_id = self.agents.agent_id[agent]
        self.agent_takes(agent, row, now_ns)
        self.arm_call(row, now_ns + CONNECT_TIMEOUT_MS * NS_PER_MS)

    cdef void connected(self, int32_t row, int64_t agent_id, int64_t switch_ns, int64_t now_ns) noexcept nogil:
        cdef int32_t agent = self.calls.agent[row]
        if agent < 0 or self.agents.agent_id[agent] != agent_id:
            self.registers[REG_FORBIDDEN] += 1
            self.query(row, now_ns)
            return
        self.calls.life[row].connected_ns = switch_ns if switch_ns > 0 else now_ns
        self.calls.life[row].outcome = OUTCOME_CONNECTED
        self.count_connected(self.calls.campaign[row], now_ns)
        self.set_call_state(row, CALL_TALKING)
        self.agent_talks(agent, now_ns)
        self.arm_call(row, now_ns + TALK_AUDIT_MS * NS_PER_MS)

    cdef void connect_failed(self, int32_t row, bint leg_lost, int64_t now_ns) noexcept nogil:
        cdef int32_t agent = self.calls.agent[row]
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int64_t limit = self.calls.clock_ns[row] + self.campaigns.connect_limit_ns[campaign]
        cdef int32_t other
        self.calls.agent[row] = -1
        self.calls.life[row].agent_id = 0
        if self.calls.flags[row] & FLAG_HANGUP:
            self.charge(row, now_ns)             # nobody will talk to this person
            self.treat(row, False, now_ns)
        else:
            self.set_call_state(row, CALL_QUEUED)
            self.prepend_waiting(row)
            # somebody else first, so that a leg that cannot be bridged is not tried again at once
            other = self.pick_agent(campaign)
            if limit <= now_ns:
                self.abandon(row, now_ns)
            elif other >= 0:
                self.connect(row, other, now_ns)
            else:
                self.arm_call(row, limit)
        if agent >= 0:
            if leg_lost and self.agents.state[agent] == AGENT_CONNECTING and self.agents.leg[agent] == LEG_UP:
                self.agents.call[agent] = -1
                self.leg_lost(agent, now_ns)
            self.agent_back(agent, True, now_ns)

    cdef void abandon(self, int32_t row, int64_t now_ns) noexcept nogil:
        # the limit has passed without an agent
        self.remove_waiting(row)
        self.charge(row, now_ns)
        self.treat(row, self.campaigns.has_message[self.calls.campaign[row]] != 0, now_ns)

    cdef void charge(self, int32_t row, int64_t now_ns) noexcept nogil:
        if self.calls.flags[row] & FLAG_AGENTLESS:
            self.calls.life[row].outcome = OUTCOME_CANCELLED     # no agent was promised; our HangUp came first
            return
        self.calls.life[row].outcome = OUTCOME_ABANDONED
        self.calls.life[row].abandon_reason = ABANDON_NO_AGENT_IN_TIME
        self.count_abandoned(self.calls.campaign[row], ABANDON_NO_AGENT_IN_TIME, now_ns)

    cdef void treat(self, int32_t row, bint message, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef command_t* command
        self.set_call_state(row, CALL_TREATMENT)
        if not message:
            self.hang_up(row, CAUSE_NORMAL, now_ns)
            return
        self.calls.life[row].treatment_start_ns = now_ns
        command = self.emit(COMMAND_PLAY_MESSAGE)
        command.call_id = self.calls.life[row].call_id
        command.agent_id = self.campaigns.campaign_id[campaign]
        self.arm_call(row, now_ns + self.campaigns.message_max_ns[campaign])

    cdef void released(self, int32_t row, int64_t switch_ns, int64_t now_ns) noexcept nogil:
        # the bridge is over; the switch should end the call by itself in a moment
        cdef int32_t agent = self.calls.agent[row]
        if agent < 0:
            return
        self.calls.agent[row] = -1
        self.calls.life[row].talk_end_ns = switch_ns if switch_ns > 0 else now_ns
        self.agent_done(agent, False, now_ns)
        self.arm_call(row, now_ns + RELEASE_GRACE_MS * NS_PER_MS)

    cdef void ended(
        self, int32_t row, int32_t outcome, int64_t extra, int64_t switch_ns, int64_t now_ns
    ) noexcept nogil:
        cdef int32_t state = self.calls.state[row]
        cdef int32_t agent = self.calls.agent[row]
        cdef int32_t campaign = self.calls.campaign[row]
        cdef bint agentless = self.calls.flags[row] & FLAG_AGENTLESS != 0
        cdef attempt_t* life = &self.calls.life[row]
        cdef int32_t reason = life.abandon_reason
        life.hangup_cause = <int32_t>(extra & 0xFFFF)
        life.tech_cause = <int32_t>((extra >> 16) & 0xFFFF)
        if state <= CALL_CLASSIFYING:
            # of an answer that only the switch heard of nobody knows when it came
            self.settle_launch(
                row, OBSERVED_FORGOTTEN if outcome == OUTCOME_LOST or outcome == OUTCOME_ABANDONED else OBSERVED_NOBODY,
                now_ns,
            )
        if state <= CALL_RINGING:
            if outcome == OUTCOME_ABANDONED and self.calls.flags[row] & FLAG_SENT:
                # answered while we could not hear, and met by the switch's own timer, which plays the message; a HangUp
                # of ours then came too late, or never
                life.answered_ns = switch_ns if switch_ns > 0 else now_ns
                if agentless:
                    outcome = OUTCOME_NOTIFIED
                else:
                    reason = ABANDON_NO_AGENT_IN_TIME
                    self.count_abandoned(campaign, reason, now_ns)
            elif self.calls.flags[row] & FLAG_OVERDIALLED:
                outcome = OUTCOME_OVERDIALLED
            elif self.calls.flags[row] & FLAG_CANCELLED:
                outcome = OUTCOME_CANCELLED
            elif not OUTCOME_FAX < outcome <= OUTCOME_LOST:  # the others need an answer
                outcome = OUTCOME_FAILED
        elif state == CALL_CLASSIFYING and agentless:
            # the switch's own timer played the message, or whoever it was left before it
            outcome = OUTCOME_NOTIFIED if outcome == OUTCOME_ABANDONED else OUTCOME_FAILED
        elif state == CALL_CLASSIFYING or state == CALL_QUEUED or state == CALL_CONNECTING:
            reason = ABANDON_CALLER_LEFT
            if outcome == OUTCOME_ABANDONED or self.calls.flags[row] & FLAG_CANCELLED or self.is_late(row, now_ns):
                reason = ABANDON_NO_AGENT_IN_TIME
            outcome = OUTCOME_ABANDONED
            if state == CALL_CLASSIFYING and reason == ABANDON_CALLER_LEFT:
                self.count_left_unheard(campaign, now_ns)
            else:
                self.count_abandoned(campaign, reason, now_ns)
            if state == CALL_QUEUED:
                self.remove_waiting(row)
        else:
            outcome = life.outcome
        if state == CALL_TALKING and life.talk_end_ns == 0:
            life.talk_end_ns = switch_ns if switch_ns > 0 else now_ns
        if state == CALL_TREATMENT and life.treatment_start_ns > 0 and life.treatment_end_ns == 0:
            life.treatment_end_ns = now_ns
        self.close(row, outcome, reason, now_ns)
        # the agent comes last: being ready again may touch any other call
        if agent >= 0:
            if state == CALL_CONNECTING:
                self.agent_back(agent, False, now_ns)
            else:
                self.agent_done(agent, True, now_ns)

    cdef bint is_late(self, int32_t row, int64_t now_ns) noexcept nogil:
        # whether the limit has passed while the call was analysed; a waiting person's limit has a timer
        cdef int32_t campaign = self.calls.campaign[row]
        return (
            self.calls.state[row] == CALL_CLASSIFYING and self.campaigns.connect_clock[campaign] == CLOCK_ANSWER
            and now_ns - self.calls.clock_ns[row] >= self.campaigns.connect_limit_ns[campaign]
        )

    cdef void close(self, int32_t row, int32_t outcome, int32_t reason, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef attempt_t* life = &self.calls.life[row]
        cdef command_t* command
        life.outcome = outcome
        life.abandon_reason = reason
        life.ended_ns = now_ns
        life.retry_at_ns = 0
        if life.attempt_number < self.campaigns.retry_max[campaign, outcome]:
            life.retry_at_ns = now_ns + self.campaigns.retry_wait_ns[campaign, outcome]
            if life.retry_at_ns == 0:
                life.retry_at_ns = 1
            self.requeue(campaign, life.retry_at_ns)
        self.campaigns.outcomes[campaign, outcome] += 1
        if self.attempt_count == self.attempt_space:
            self.attempt_space = 2 * self.attempt_space + 64
            self.attempts = <attempt_t*>realloc(self.attempts, self.attempt_space * sizeof(attempt_t))
            if self.attempts == NULL:
                abort()
        self.attempts[self.attempt_count] = life[0]
        command = self.emit(COMMAND_RECORD_ATTEMPT)
        command.call_id = life.call_id
        command.extra = self.attempt_count
        self.attempt_count += 1
        self.registers[REG_UNRECORDED] += 1
        self.free_call(row, now_ns)

    cdef void free_call(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        cdef int32_t trunk = self.calls.trunk[row]
        self.no_longer_pending(row)
        self.settle_launch(row, OBSERVED_FORGOTTEN, now_ns)
        if trunk >= 0:
            self.trunks.in_use[trunk] -= 1
            if not self.calls.flags[row] & FLAG_SENT:
                self.trunks.pipeline[trunk] -= 1
        self.timers.cancel(row)
        self.campaigns.in_state[campaign, self.calls.state[row]] -= 1
        self.campaigns.live[campaign] -= 1
        self.calls.release(row)
        self.mark_dirty(campaign)
        if trunk >= 0:
            self.mark_dirty_mask(self.trunks.users[trunk])   # the freed channel may serve any of them
    # end hot

    cdef void leg_broke(self, int32_t row, int64_t now_ns) noexcept nogil:
        # the agent's line dropped in mid-conversation: nobody is left for the person to talk to
        self.released(row, 0, now_ns)
        self.hang_up(row, CAUSE_NORMAL, now_ns)

    cdef void hang_up(self, int32_t row, int32_t cause, int64_t now_ns) noexcept nogil:
        self.calls.flags[row] |= FLAG_HANGUP
        self.settle_launch(row, OBSERVED_FORGOTTEN, now_ns)      # nobody will want an agent
        self.emit_call(COMMAND_HANG_UP, row, cause)
        self.arm_call(row, now_ns + HANGUP_LIMIT_MS * NS_PER_MS)

    cdef void query(self, int32_t row, int64_t now_ns) noexcept nogil:
        self.calls.flags[row] |= FLAG_QUERIED
        self.registers[REG_QUERIES] += 1
        self.emit_call(COMMAND_QUERY_CALL, row, 0)
        if self.calls.state[row] != CALL_QUEUED:     # a waiting person's limit stands
            self.arm_call(row, now_ns + QUERY_LIMIT_MS * NS_PER_MS)

    cdef void queried(
        self, int32_t row, int32_t presence, int64_t agent_id, int64_t switch_ns, int64_t now_ns
    ) noexcept nogil:
        cdef int32_t state = self.calls.state[row]
        cdef int32_t agent = self.calls.agent[row]
        cdef bint asked = self.calls.flags[row] & FLAG_QUERIED != 0
        cdef fact_t fact
        self.calls.flags[row] &= ~FLAG_QUERIED
        self.calls.queries[row] = 0
        if presence == PRESENCE_GONE:
            self.ended(row, OUTCOME_LOST, 0, switch_ns, now_ns)
        elif not asked and state > CALL_RINGING and presence != PRESENCE_BRIDGED:
            return                                   # an answer from before the call came this far
        elif self.calls.flags[row] & FLAG_HANGUP:
            self.hang_up(row, CAUSE_NORMAL, now_ns)
        elif state <= CALL_RINGING:
            if presence != PRESENCE_ANSWERED and presence != PRESENCE_BRIDGED:
                self.no_longer_pending(row)
                if self.calls.life[row].launched_ns + self.campaigns.ring_timeout_ns[self.calls.campaign[row]] + (
                    LAUNCH_LIMIT_MS * NS_PER_MS
                ) < now_ns:
                    self.hang_up(row, CAUSE_NORMAL, now_ns)
                else:
                    self.rearm(row, now_ns)
            else:
                fact.kind = FACT_CALL_ANSWERED
                fact.switch_ns = switch_ns
                self.answered(row, &fact, now_ns)
        elif state == CALL_CONNECTING:
            if presence == PRESENCE_BRIDGED and agent >= 0 and self.agents.agent_id[agent] == agent_id:
                self.connected(row, agent_id, switch_ns, now_ns)
            elif asked:
                self.connect_failed(row, False, now_ns)
        elif state == CALL_TALKING and (presence != PRESENCE_BRIDGED or agent < 0):
            self.released(row, switch_ns, now_ns)
            self.hang_up(row, CAUSE_NORMAL, now_ns)
        else:
            self.rearm(row, now_ns)

    cdef void rearm(self, int32_t row, int64_t now_ns) noexcept nogil:
        # the call is where it should be: the deadline of its state again
        cdef int32_t state = self.calls.state[row]
        cdef int32_t campaign = self.calls.campaign[row]
        if state == CALL_LAUNCHING or state == CALL_PROCEEDING or state == CALL_RINGING:
            self.arm_call(row, now_ns + self.campaigns.ring_timeout_ns[campaign] + RING_GRACE_MS * NS_PER_MS)
        elif state == CALL_CLASSIFYING:
            self.arm_call(row, now_ns + self.campaigns.classify_limit_ns[campaign])
        elif state == CALL_TALKING:
            self.arm_call(row, now_ns + TALK_AUDIT_MS * NS_PER_MS)
        elif state == CALL_TREATMENT:
            self.arm_call(row, now_ns + self.campaigns.message_max_ns[campaign])

    cdef void call_timer(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int32_t state = self.calls.state[row]
        if state == CALL_QUEUED:
            self.abandon(row, now_ns)
        elif self.calls.flags[row] & FLAG_QUERIED:
            if not self.registers[REG_LINK_UP]:
                # nobody can answer now; after the reconnection every call is asked for anyway
                self.arm_call(row, now_ns + QUERY_LIMIT_MS * NS_PER_MS)
                return
            self.calls.queries[row] += 1
            if self.calls.queries[row] < QUERY_TRIES:
                self.query(row, now_ns)
            else:
                self.registers[REG_LOST] += 1
                self.emit_call(COMMAND_HANG_UP, row, CAUSE_NORMAL)
                self.ended(row, OUTCOME_LOST, 0, 0, now_ns)
        elif state == CALL_LAUNCHING and not self.calls.flags[row] & FLAG_SENT:
            self.withdraw(row, WITHDRAW_STORE_LATE, now_ns, now_ns)
        elif state == CALL_CLASSIFYING:
            self.verdict(row, VERDICT_UNSURE, NULL, now_ns)
        elif state == CALL_TREATMENT and not self.calls.flags[row] & FLAG_HANGUP:
            self.hang_up(row, CAUSE_NORMAL, now_ns)
        elif state == CALL_TALKING and self.calls.agent[row] < 0 and not self.calls.flags[row] & FLAG_HANGUP:
            self.hang_up(row, CAUSE_NORMAL, now_ns)
        else:
            self.query(row, now_ns)

    cdef void withdraw(self, int32_t row, int32_t reason, int64_t retry_at_ns, int64_t now_ns) noexcept nogil:
        pass

    cdef void intent_durable(self, int32_t row, int64_t now_ns) noexcept nogil:
        pass

    cdef void originate_refused(self, int32_t row, int32_t reason, int64_t now_ns) noexcept nogil:
        pass

    cdef void requeue(self, int32_t campaign, int64_t retry_at_ns) noexcept nogil:
        pass
