"""Agents: log in, ready, conversation, wrap-up; the standing leg, and what an agent wants next.

READY requires a leg that is up and out of its last bridge. What cannot happen now is remembered (`wants`) and happens
when it can: ready when the leg comes up, not ready or logged out when the call in hand is over.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport (
    AGENT_CONNECTING, AGENT_LOGGED_OUT, AGENT_NOT_READY, AGENT_READY, AGENT_TALKING, AGENT_WRAP_UP,
    COMMAND_AGENT_STATE, COMMAND_CLOSE_AGENT_LEG, COMMAND_OPEN_AGENT_LEG, COMMAND_RECORD_DISPOSITION, LEG_LOST,
    LEG_NONE, LEG_OPENING, LEG_UP, NEXT_LOGGED_OUT, NEXT_NOT_READY, NEXT_NOTHING, NEXT_READY, command_t, fact_t,
)
from outpace.engine._state cimport LEG_BUSY_LIMIT_MS, LEG_LIMIT_MS, REG_DIRTY, EngineState
from outpace.pacing._estimates cimport (
    OBSERVED_TALK_BEGAN, OBSERVED_TALK_CUT, OBSERVED_TALK_ENDED, OBSERVED_WRAP_UP_BEGAN, OBSERVED_WRAP_UP_CUT,
    OBSERVED_WRAP_UP_ENDED,
)

from outpace.domain.errors import StateError
from outpace.domain.states import AgentState

cdef int64_t NS_PER_MS = 1_000_000
cdef int64_t LEG_RETRY_FIRST_NS = 1_000_000_000
cdef int64_t LEG_RETRY_LAST_NS = 30_000_000_000


cdef class AgentDesk(EngineState):
    """What agents do, and what happens to them."""

    # hot
    cdef void observe_agent(self, int32_t row, int32_t what, int64_t now_ns) noexcept nogil:
        # an agent of several campaigns becomes free for each of them
        cdef uint64_t mask = self.agents.campaigns[row]
        cdef int32_t campaign, told
        for campaign in range(<int32_t>self.campaigns.count):
            if not mask & (<uint64_t>1 << campaign):
                continue
            told = what
            if not self.is_watched(campaign, now_ns):
                if what == OBSERVED_TALK_ENDED:
                    told = OBSERVED_TALK_CUT
                elif what == OBSERVED_WRAP_UP_ENDED:
                    told = OBSERVED_WRAP_UP_CUT
            self.estimates.observe(campaign, told, self.agents.since_ns[row], 1.0, now_ns)

    cdef void follow_agent(self, int32_t row, int64_t now_ns) noexcept nogil:
        # Who leaves after the call in hand (paused, logged out, never logged in, without a leg) does not become free:
        # pacing hears of it as soon as it is known, and again when it is taken back.
        cdef int32_t state = self.agents.state[row]
        cdef bint stays = (
            self.agents.leg[row] == LEG_UP and not self.agents.adopted[row]
            and self.agents.wants[row] != NEXT_NOT_READY and self.agents.wants[row] != NEXT_LOGGED_OUT
        )
        if (state != AGENT_TALKING and state != AGENT_WRAP_UP) or stays == self.agents.observed[row]:
            return
        self.agents.observed[row] = stays
        if state == AGENT_TALKING:
            self.observe_agent(row, OBSERVED_TALK_BEGAN if stays else OBSERVED_TALK_CUT, now_ns)
        else:
            self.observe_agent(row, OBSERVED_WRAP_UP_BEGAN if stays else OBSERVED_WRAP_UP_CUT, now_ns)

    cdef void set_agent_state(self, int32_t row, int32_t state, int64_t now_ns) noexcept nogil:
        cdef int32_t old = self.agents.state[row]
        cdef uint64_t mask = self.agents.campaigns[row]
        cdef int32_t campaign, what
        cdef command_t* command
        if self.agents.observed[row]:
            self.agents.observed[row] = 0
            if old == AGENT_TALKING:
                what = OBSERVED_TALK_ENDED if state == AGENT_WRAP_UP else OBSERVED_TALK_CUT
            else:
                what = OBSERVED_WRAP_UP_ENDED if state == AGENT_READY else OBSERVED_WRAP_UP_CUT
            self.observe_agent(row, what, now_ns)
        self.agents.spent_ns[row, old] += now_ns - self.agents.since_ns[row]
        self.agents.since_ns[row] = now_ns
        self.agents.state[row] = <signed char>state
        for campaign in range(<int32_t>self.campaigns.count):
            if mask & (<uint64_t>1 << campaign):
                self.campaigns.agents_in[campaign, old] -= 1
                self.campaigns.agents_in[campaign, state] += 1
                self.campaigns.dirty[campaign] = 1
        self.registers[REG_DIRTY] = 1
        self.follow_agent(row, now_ns)
        command = self.emit(COMMAND_AGENT_STATE)
        command.agent_id = self.agents.agent_id[row]
        command.code = state
        command.extra = now_ns
        if self.agents.call[row] >= 0:
            command.call_id = self.calls.life[self.agents.call[row]].call_id
        elif state == AGENT_WRAP_UP:
            command.call_id = self.agents.last_call[row]

    cdef void become_ready(self, int32_t row, bint first, int64_t now_ns) noexcept nogil:
        self.agents.wants[row] = NEXT_NOTHING
        self.set_agent_state(row, AGENT_READY, now_ns)
        if first:
            self.agents.prepend_ready(row)
        else:
            self.agents.append_ready(row)
        self.offer_waiting(row, now_ns)

    cdef void stop_being_ready(self, int32_t row) noexcept nogil:
        self.agents.remove_ready(row)
        self.timers.cancel(self.agent_slots + row)

    cdef void agent_takes(self, int32_t row, int32_t call, int64_t now_ns) noexcept nogil:
        self.stop_being_ready(row)
        self.agents.call[row] = call
        self.agents.last_call[row] = self.calls.life[call].call_id
        self.agents.last_campaign[row] = self.calls.campaign[call]
        self.agents.last_number[row] = self.calls.life[call].number
        self.set_agent_state(row, AGENT_CONNECTING, now_ns)

    cdef void agent_talks(self, int32_t row, int64_t now_ns) noexcept nogil:
        self.agents.calls[row] += 1
        self.set_agent_state(row, AGENT_TALKING, now_ns)

    cdef void agent_back(self, int32_t row, bint last, int64_t now_ns) noexcept nogil:
        # the call came to nothing before a word was said: back to where the agent was, at the head of the idle
        # unless this agent is the one that could not be bridged
        self.agents.call[row] = -1
        if self.agents.wants[row] == NEXT_LOGGED_OUT:
            self.want_logout(row, now_ns)
        elif self.agents.wants[row] == NEXT_NOT_READY:
            self.agents.wants[row] = NEXT_NOTHING
            self.set_agent_state(row, AGENT_NOT_READY, now_ns)
        elif self.agents.leg[row] != LEG_UP:
            self.agents.wants[row] = NEXT_READY
            self.set_agent_state(row, AGENT_NOT_READY, now_ns)
        else:
            self.become_ready(row, not last, now_ns)

    cdef void agent_done(self, int32_t row, bint leg_busy, int64_t now_ns) noexcept nogil:
        self.agents.call[row] = -1
        # whose conversation was adopted and who has not logged in since may be gone
        if self.agents.wants[row] == NEXT_LOGGED_OUT or self.agents.adopted[row]:
            self.want_logout(row, now_ns)
            return
        self.agents.leg_busy[row] = leg_busy
        self.set_agent_state(row, AGENT_WRAP_UP, now_ns)
        if leg_busy:
            self.timers.arm(self.agent_slots + row, now_ns + LEG_BUSY_LIMIT_MS * NS_PER_MS)
        else:
            self.arm_wrap_up(row, now_ns)

    cdef void leg_free(self, int32_t row, int64_t now_ns) noexcept nogil:
        # the leg has left the bridge of a call that is over
        if not self.agents.leg_busy[row]:
            return
        self.agents.leg_busy[row] = 0
        self.timers.cancel(self.agent_slots + row)
        if self.agents.state[row] != AGENT_WRAP_UP:
            if self.agents.state[row] == AGENT_NOT_READY and self.agents.wants[row] == NEXT_READY:
                if self.agents.leg[row] == LEG_UP:
                    self.become_ready(row, False, now_ns)
            return
        if self.agents.wants[row] == NEXT_READY and self.agents.leg[row] == LEG_UP:
            self.become_ready(row, False, now_ns)
        else:
            self.arm_wrap_up(row, now_ns)

    cdef void arm_wrap_up(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int64_t limit = self.campaigns.wrap_up_max_ns[self.agents.last_campaign[row]]
        cdef int64_t until = self.agents.since_ns[row] + limit
        if limit > 0:
            self.timers.arm(self.agent_slots + row, until if until > now_ns else now_ns)
    # end hot

    cdef void want_logout(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef command_t* command
        self.stop_being_ready(row)
        self.agents.wants[row] = NEXT_NOTHING
        self.agents.leg_busy[row] = 0
        self.agents.adopted[row] = 0
        self.agents.call[row] = -1
        if self.agents.leg[row] != LEG_NONE:
            self.agents.leg[row] = LEG_NONE
            command = self.emit(COMMAND_CLOSE_AGENT_LEG)
            command.agent_id = self.agents.agent_id[row]
        self.set_agent_state(row, AGENT_LOGGED_OUT, now_ns)

    cdef void open_leg(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef command_t* command = self.emit(COMMAND_OPEN_AGENT_LEG)
        command.agent_id = self.agents.agent_id[row]
        self.agents.leg[row] = LEG_OPENING
        self.timers.arm(self.agent_slots + row, now_ns + LEG_LIMIT_MS * NS_PER_MS)

    cdef void leg_up(self, int32_t row, int64_t now_ns) noexcept nogil:
        if self.agents.state[row] == AGENT_LOGGED_OUT:
            return
        if self.agents.leg[row] != LEG_UP and not self.agents.leg_busy[row]:
            self.timers.cancel(self.agent_slots + row)
        self.agents.leg[row] = LEG_UP
        self.agents.leg_failures[row] = 0
        self.follow_agent(row, now_ns)
        if self.agents.leg_busy[row]:
            return
        if self.agents.state[row] == AGENT_NOT_READY or self.agents.state[row] == AGENT_WRAP_UP:
            if self.agents.wants[row] == NEXT_READY:
                self.become_ready(row, False, now_ns)
            elif self.agents.state[row] == AGENT_WRAP_UP:
                self.arm_wrap_up(row, now_ns)

    cdef void leg_lost(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int32_t call = self.agents.call[row]
        cdef int32_t state = self.agents.state[row]
        cdef int64_t wait
        if state == AGENT_LOGGED_OUT or self.agents.leg[row] == LEG_NONE:
            self.agents.leg[row] = LEG_NONE
            return
        self.agents.leg[row] = LEG_LOST
        self.follow_agent(row, now_ns)
        if state == AGENT_READY:
            self.stop_being_ready(row)
            self.agents.wants[row] = NEXT_READY
            self.set_agent_state(row, AGENT_NOT_READY, now_ns)
        elif state == AGENT_CONNECTING and call >= 0:
            self.connect_failed(call, True, now_ns)
        elif state == AGENT_TALKING and call >= 0:
            self.leg_broke(call, now_ns)
        if self.agents.state[row] == AGENT_LOGGED_OUT:
            return
        self.agents.leg_busy[row] = 0
        wait = LEG_RETRY_FIRST_NS << min(self.agents.leg_failures[row], 5)
        self.agents.leg_failures[row] += 1
        self.timers.arm(self.agent_slots + row, now_ns + min(wait, LEG_RETRY_LAST_NS))

    cdef void agent_timer(self, int32_t row, int64_t now_ns) noexcept nogil:
        cdef int32_t state = self.agents.state[row]
        if self.agents.leg_busy[row]:
            self.leg_free(row, now_ns)
        elif state != AGENT_LOGGED_OUT and self.agents.leg[row] != LEG_UP:
            self.open_leg(row, now_ns)           # lost, or the switch did not answer
        elif state == AGENT_WRAP_UP:
            if self.agents.wants[row] == NEXT_NOT_READY:
                self.agents.wants[row] = NEXT_NOTHING
                self.set_agent_state(row, AGENT_NOT_READY, now_ns)
            else:
                self.become_ready(row, False, now_ns)

    cdef int log_in(self, int32_t row, int64_t now_ns) except -1:
        if self.agents.adopted[row]:
            self.agents.adopted[row] = 0
            self.follow_agent(row, now_ns)
            return 0
        if self.agents.state[row] != AGENT_LOGGED_OUT:
            raise StateError(
                f"agent {self.agents.agent_id[row]} is logged in already "
                f"({AgentState(self.agents.state[row]).name.lower()})"
            )
        self.agents.wants[row] = NEXT_NOTHING
        self.agents.reason[row] = 0
        self.agents.leg_failures[row] = 0
        self.set_agent_state(row, AGENT_NOT_READY, now_ns)
        self.open_leg(row, now_ns)
        return 0

    cdef int log_out(self, int32_t row, int64_t now_ns) except -1:
        cdef int32_t state = self.agents.state[row]
        if state == AGENT_LOGGED_OUT:
            raise StateError(f"agent {self.agents.agent_id[row]} is not logged in")
        if state == AGENT_CONNECTING or state == AGENT_TALKING:
            self.agents.wants[row] = NEXT_LOGGED_OUT
            self.follow_agent(row, now_ns)
        else:
            self.want_logout(row, now_ns)
        return 0

    cdef int ready(self, int32_t row, int64_t now_ns) except -1:
        cdef int32_t state = self.agents.state[row]
        if state == AGENT_LOGGED_OUT:
            raise StateError(f"agent {self.agents.agent_id[row]} is not logged in")
        if state == AGENT_READY:
            return 0
        self.agents.reason[row] = 0
        if state == AGENT_NOT_READY or state == AGENT_WRAP_UP:
            if self.agents.leg[row] == LEG_UP and not self.agents.leg_busy[row]:
                self.timers.cancel(self.agent_slots + row)
                self.become_ready(row, False, now_ns)
            else:
                self.agents.wants[row] = NEXT_READY
        else:
            self.agents.wants[row] = NEXT_NOTHING
        self.follow_agent(row, now_ns)
        return 0

    cdef int not_ready(self, int32_t row, int32_t reason, int64_t now_ns) except -1:
        cdef int32_t state = self.agents.state[row]
        if state == AGENT_LOGGED_OUT:
            raise StateError(f"agent {self.agents.agent_id[row]} is not logged in")
        self.agents.reason[row] = reason
        if state == AGENT_CONNECTING or state == AGENT_TALKING:
            self.agents.wants[row] = NEXT_NOT_READY
            self.follow_agent(row, now_ns)
            return 0
        self.agents.wants[row] = NEXT_NOTHING
        if state != AGENT_NOT_READY:
            self.agents.remove_ready(row)
            if not self.agents.leg_busy[row] and self.agents.leg[row] == LEG_UP:
                self.timers.cancel(self.agent_slots + row)
            self.set_agent_state(row, AGENT_NOT_READY, now_ns)
        return 0

    cdef int dispose(self, int32_t row, const fact_t* fact) except -1:
        cdef command_t* command
        if fact.call_id == 0 or self.agents.last_call[row] != fact.call_id:
            raise StateError(f"call {fact.call_id} is not the last call of agent {self.agents.agent_id[row]}")
        if not 0 <= fact.code < self.campaigns.dispositions[self.agents.last_campaign[row]]:
            raise StateError(f"disposition {fact.code}: the campaign has no such")
        command = self.emit(COMMAND_RECORD_DISPOSITION)
        command.call_id = fact.call_id
        command.agent_id = self.agents.agent_id[row]
        command.code = fact.code
        command.extra = fact.extra
        command.extra2 = fact.extra2
        return 0
