"""Facts in C and their way to Python: a growing buffer, and the conversion to events and from commands."""
cimport cython
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from outpace.domain._words cimport (
    COMMAND_CLOSE_AGENT_LEG, COMMAND_CONNECT_AGENT, COMMAND_HANG_UP, COMMAND_OPEN_AGENT_LEG, COMMAND_ORIGINATE,
    COMMAND_PLAY_MESSAGE, COMMAND_QUERY_CALL, FACT_AGENT_CONNECTED, FACT_AGENT_LEG_LOST, FACT_AGENT_LEG_UP,
    FACT_AGENT_LOGGED_IN, FACT_AGENT_LOGGED_OUT, FACT_AGENT_NOT_READY, FACT_AGENT_READY, FACT_AGENT_RELEASED,
    FACT_CALL_ANSWERED, FACT_CALL_ENDED, FACT_CALL_PROCEEDING, FACT_CALL_QUERIED, FACT_CALL_RINGING,
    FACT_CONNECT_FAILED, FACT_CPA_VERDICT, FACT_DISPOSITION_SET, FACT_LINK_DOWN, FACT_LINK_UP, FACT_MESSAGE_ENDED,
    FACT_ORIGINATE_REFUSED, FACT_TRUNK_CAPACITY, command_t, fact_t,
)

from outpace.domain import commands, events, outcomes

cdef dict VERDICTS = {int(one): one for one in outcomes.Verdict}
cdef dict OUTCOMES_BY_NUMBER = {int(one): one for one in outcomes.Outcome}
cdef dict REFUSALS = {int(one): one for one in outcomes.Refusal}
cdef dict PRESENCES = {int(one): one for one in outcomes.CallPresence}

# facts whose event is Event(call_id, switch_ns)
cdef dict OF_CALL = {
    FACT_CALL_PROCEEDING: events.CallProceeding,
    FACT_CALL_RINGING: events.CallRinging,
    FACT_CALL_ANSWERED: events.CallAnswered,
    FACT_MESSAGE_ENDED: events.MessageEnded,
}
# facts whose event is Event(agent_id)
cdef dict OF_AGENT = {
    FACT_AGENT_LOGGED_IN: events.AgentLoggedIn,
    FACT_AGENT_LOGGED_OUT: events.AgentLoggedOut,
    FACT_AGENT_READY: events.AgentReady,
}


@cython.final
cdef class FactBuffer:
    """Facts not yet taken. Grows as needed; a taker clears it."""

    def __cinit__(self):
        self.facts = NULL
        self.count = self.capacity = 0

    def __dealloc__(self):
        free(self.facts)

    cdef fact_t* push(self, int32_t kind, int64_t call_id, int64_t agent_id, int64_t when_ns) except NULL:
        cdef fact_t* fact
        cdef void* grown
        if self.count == self.capacity:
            grown = realloc(self.facts, (2 * self.capacity + 64) * sizeof(fact_t))
            if grown == NULL:
                raise MemoryError
            self.facts = <fact_t*>grown
            self.capacity = 2 * self.capacity + 64
        fact = &self.facts[self.count]
        self.count += 1
        fact.kind = kind
        fact.code = 0
        fact.call_id = call_id
        fact.agent_id = agent_id
        fact.switch_ns = when_ns
        fact.extra = fact.extra2 = 0
        return fact

    cdef void clear(self) noexcept:
        self.count = 0

    def take(self):
        """The facts as events, oldest first; the buffer is empty afterwards."""
        cdef Py_ssize_t i
        taken = [event_of(&self.facts[i]) for i in range(self.count)]
        self.count = 0
        return taken


cdef object event_of(const fact_t* fact):
    cdef int32_t kind = fact.kind
    made = OF_CALL.get(kind)
    if made is not None:
        return made(fact.call_id, fact.switch_ns)
    made = OF_AGENT.get(kind)
    if made is not None:
        return made(fact.agent_id)
    if kind == FACT_CALL_ENDED:
        return events.CallEnded(
            fact.call_id, OUTCOMES_BY_NUMBER[fact.code], fact.extra & 0xFFFF, fact.extra >> 16, fact.switch_ns)
    if kind == FACT_CPA_VERDICT:
        return events.CpaVerdict(fact.call_id, VERDICTS[fact.code], fact.extra, fact.extra2, fact.switch_ns)
    if kind == FACT_AGENT_CONNECTED:
        return events.AgentConnected(fact.call_id, fact.agent_id, fact.switch_ns)
    if kind == FACT_AGENT_RELEASED:
        return events.AgentReleased(fact.call_id, fact.agent_id, fact.switch_ns)
    if kind == FACT_CONNECT_FAILED:
        return events.ConnectFailed(fact.call_id, fact.agent_id, fact.code != 0, fact.switch_ns)
    if kind == FACT_ORIGINATE_REFUSED:
        return events.OriginateRefused(fact.call_id, REFUSALS[fact.code], fact.switch_ns)
    if kind == FACT_CALL_QUERIED:
        return events.CallQueried(fact.call_id, PRESENCES[fact.code], fact.agent_id, fact.switch_ns)
    return other_event(fact)


cdef object other_event(const fact_t* fact):
    if fact.kind == FACT_AGENT_LEG_UP:
        return events.AgentLegUp(fact.agent_id, fact.switch_ns)
    if fact.kind == FACT_AGENT_LEG_LOST:
        return events.AgentLegLost(fact.agent_id, fact.code, fact.switch_ns)
    if fact.kind == FACT_AGENT_NOT_READY:
        return events.AgentNotReady(fact.agent_id, fact.code)
    if fact.kind == FACT_DISPOSITION_SET:
        return events.DispositionSet(fact.agent_id, fact.call_id, fact.code)
    if fact.kind == FACT_TRUNK_CAPACITY:
        return events.TrunkCapacity(fact.agent_id, fact.extra)
    if fact.kind == FACT_LINK_UP:
        return events.LinkUp(fact.switch_ns)
    if fact.kind == FACT_LINK_DOWN:
        return events.LinkDown("the simulated link was cut")
    raise ValueError(f"no event for fact kind {fact.kind}")


cdef int command_of(object command, command_t* out) except -1:
    # field use as in _words.pxd and in the engine's command buffer
    kind = type(command)
    memset(out, 0, sizeof(command_t))
    if kind is commands.Originate:
        out.kind = COMMAND_ORIGINATE
        out.call_id = command.call_id
        out.agent_id = command.trunk_group_id
        out.lead_id = command.campaign_id
        out.number = command.number
        out.extra = command.ring_timeout_ns
        out.extra2 = command.classify
    elif kind is commands.HangUp:
        out.kind = COMMAND_HANG_UP
        out.call_id = command.call_id
        out.code = command.cause
    elif kind is commands.ConnectAgent:
        out.kind = COMMAND_CONNECT_AGENT
        out.call_id = command.call_id
        out.agent_id = command.agent_id
    elif kind is commands.PlayMessage:
        out.kind = COMMAND_PLAY_MESSAGE
        out.call_id = command.call_id
    elif kind is commands.QueryCall:
        out.kind = COMMAND_QUERY_CALL
        out.call_id = command.call_id
    elif kind is commands.OpenAgentLeg:
        out.kind = COMMAND_OPEN_AGENT_LEG
        out.agent_id = command.agent_id
    elif kind is commands.CloseAgentLeg:
        out.kind = COMMAND_CLOSE_AGENT_LEG
        out.agent_id = command.agent_id
    else:
        raise TypeError(f"not a command to a switch: {command!r}")
    return 0
