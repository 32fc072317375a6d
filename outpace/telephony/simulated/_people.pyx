"""The people at the desks: they log in, get ready, write up each call, take breaks and leave.

Sans-IO, no clock: state notices and time go in, public facts come out, so that they serve the simulated carrier and a
real switch alike, live and in the lab.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free

import heapq

from outpace.domain._words cimport (
    AGENT_LOGGED_OUT, AGENT_NOT_READY, AGENT_WRAP_UP, FACT_AGENT_LOGGED_IN, FACT_AGENT_LOGGED_OUT,
    FACT_AGENT_NOT_READY, FACT_AGENT_READY, FACT_DISPOSITION_SET,
)
from outpace.telephony.simulated._facts cimport FactBuffer
from outpace.telephony.simulated._random cimport (
    ROLE_BREAK, ROLE_DISPOSITION, ROLE_SHIFT, ROLE_WRAP_UP, Distribution, nanoseconds_at, stream_base, uniform_at,
)
from outpace.telephony.simulated._timers cimport IdIndex, TimerHeap

from outpace.domain.errors import UnknownId
from outpace.telephony.simulated.distributions import build

cdef enum:
    REACTION = 0
    PLAN = 1
    BREAK = 2
    ITEMS = 3

cpdef enum Act:
    ACT_LOG_IN = 1
    ACT_PAUSE = 2
    ACT_RESUME = 3
    ACT_LOG_OUT = 4


@cython.final
cdef class People:
    """Agents who work by themselves.

    Parameters
    ----------
    settings : PeopleSettings. How they work.
    agent_ids : the agents, in the order in which they log in.
    seed : int. Equal seeds and notices give equal facts.
    """

    def __cinit__(self):
        self.people = NULL
        self.shares = NULL

    def __init__(self, settings, agent_ids, *, seed):
        cdef int32_t row, code
        cdef double total = 0.0
        cdef person_t* person
        self.wrap_up = build(settings.wrap_up, "wrap_up")
        self.break_every = None if settings.break_every is None else build(settings.break_every, "break_every")
        self.break_length = build(settings.break_length, "break_length")
        self.log_in_over_ns = round(settings.log_in_over_s * 1e9)
        self.return_ns = round(settings.return_s * 1e9)
        self.shifts = tuple((round(one.start_s * 1e9), round(one.end_s * 1e9)) for one in settings.shifts)
        self.shift_spread_ns = round(settings.shift_spread_s * 1e9)
        self.seed = seed
        self.dispositions = len(settings.dispositions)
        self.shares = <double*>calloc(self.dispositions, sizeof(double))
        self.count = len(agent_ids)
        self.people = <person_t*>calloc(max(1, self.count), sizeof(person_t))
        if self.shares == NULL or self.people == NULL:
            raise MemoryError
        for code in range(self.dispositions):
            total += settings.dispositions[code]
            self.shares[code] = total
        for code in range(self.dispositions):
            self.shares[code] /= total
        self.facts = FactBuffer()
        self.rows = IdIndex()
        self.timers = TimerHeap()
        self.timers.reserve(ITEMS * self.count)
        self.plans = [[] for _ in agent_ids]
        self.sequence = 0
        for row in range(self.count):
            person = &self.people[row]
            person.agent_id = agent_ids[row]
            person.state = AGENT_LOGGED_OUT
            person.wrap_base = stream_base(seed, person.agent_id, ROLE_WRAP_UP)
            person.disposition_base = stream_base(seed, person.agent_id, ROLE_DISPOSITION)
            person.break_base = stream_base(seed, person.agent_id, ROLE_BREAK)
            self.rows.add(person.agent_id, row)

    def __dealloc__(self):
        free(self.people)
        free(self.shares)

    # ---- the Python face -----------------------------------------------------------------------------------------

    def start(self, int64_t now_ns):
        """Everybody logs in, evenly spread over the settings' `log_in_over_s`, or comes and goes by their shift."""
        cdef int32_t row
        cdef int64_t agent_id, turn_ns, start_ns, end_ns
        cdef uint64_t base
        for row in range(self.count):
            agent_id = self.people[row].agent_id
            turn_ns = row * self.log_in_over_ns // self.count
            if not self.shifts:
                self.plan(agent_id, now_ns + turn_ns, ACT_LOG_IN)
                continue
            start_ns, end_ns = self.shifts[row % len(self.shifts)]
            base = stream_base(self.seed, agent_id, ROLE_SHIFT)
            start_ns = max(turn_ns, start_ns + self.off_ns(uniform_at(base, 0, 0)))
            self.plan(agent_id, now_ns + start_ns, ACT_LOG_IN)
            self.plan(agent_id, now_ns + max(start_ns, end_ns + self.off_ns(uniform_at(base, 1, 0))), ACT_LOG_OUT)

    def set_wrap_up(self, settings):
        """Write-ups that begin from now on take this long. ConfigError: not seconds, nor a distribution of them."""
        self.wrap_up = build(settings, "wrap_up")

    def plan(self, int64_t agent_id, int64_t at_ns, int act):
        """Let an agent log in or out, pause or resume at a time. UnknownId: no such agent; ValueError: no such act."""
        cdef int32_t row = self.rows.find(agent_id)
        if row < 0:
            raise UnknownId(f"no agent {agent_id}")
        if not ACT_LOG_IN <= act <= ACT_LOG_OUT:
            raise ValueError(f"no such act: {act}")
        self.sequence += 1
        heapq.heappush(self.plans[row], (at_ns, self.sequence, act))
        self.timers.set(ITEMS * row + PLAN, self.plans[row][0][0])

    def notice(self, changed):
        """An agent has entered a state (AgentStateChanged). Agents who are not ours are left alone."""
        self.observe(changed.agent_id, changed.state, changed.call_id, changed.since_ns)

    def advance(self, int64_t now_ns):
        """Let time pass up to `now_ns` and return what the people did, in order."""
        self.run(now_ns)
        return self.facts.take()

    def next_event_ns(self):
        """When `advance` is wanted next; 2**63 - 1 = nothing pending."""
        return self.facts.facts[0].switch_ns if self.facts.count else self.timers.next_ns()

    # ---- what they do --------------------------------------------------------------------------------------------

    cdef int64_t off_ns(self, double u) noexcept:
        # how much later than their shift's time somebody comes or goes
        return <int64_t>((2.0 * u - 1.0) * self.shift_spread_ns)

    cdef int64_t next_ns(self) noexcept:
        return self.timers.next_ns()

    cdef int run(self, int64_t now_ns) except -1:
        cdef int64_t when_ns
        cdef int32_t item
        while self.timers.next_ns() <= now_ns:
            when_ns = self.timers.next_ns()
            item = self.timers.next_item()
            self.timers.clear(item)
            if item % ITEMS == REACTION:
                self.react(item // ITEMS, when_ns)
            elif item % ITEMS == PLAN:
                self.follow_plan(item // ITEMS, when_ns)
            else:
                self.turn_break(item // ITEMS, when_ns)
        return 0

    cdef int observe(self, int64_t agent_id, int32_t state, int64_t call_id, int64_t since_ns) except -1:
        cdef int32_t row = self.rows.find(agent_id)
        cdef person_t* person
        if row < 0:
            return 0
        person = &self.people[row]
        person.state = state
        if state == AGENT_WRAP_UP:
            person.call_id = call_id
            self.timers.set(ITEMS * row + REACTION, since_ns + nanoseconds_at(
                &self.wrap_up.dist, uniform_at(person.wrap_base, person.wraps, 0)))
        elif state == AGENT_NOT_READY and person.present and not person.paused and not person.on_break:
            # put aside by the engine (a lost leg, say): back to work after a moment
            self.timers.set(ITEMS * row + REACTION, since_ns + self.return_ns)
        else:
            self.timers.clear(ITEMS * row + REACTION)
        return 0

    cdef int react(self, int32_t row, int64_t when_ns) except -1:
        # the call is written up, or the agent wants to go on
        cdef person_t* person = &self.people[row]
        cdef int32_t code = 0
        cdef double u
        if person.state == AGENT_WRAP_UP:
            u = uniform_at(person.disposition_base, person.wraps, 0)
            person.wraps += 1
            while code < self.dispositions - 1 and u >= self.shares[code]:
                code += 1
            if person.call_id:
                self.facts.push(FACT_DISPOSITION_SET, person.call_id, person.agent_id, when_ns).code = code
        if not person.present:
            return self.push(FACT_AGENT_LOGGED_OUT, row, when_ns)
        if person.paused or person.on_break:
            return self.step_away(row, when_ns)
        return self.push(FACT_AGENT_READY, row, when_ns)

    cdef int follow_plan(self, int32_t row, int64_t when_ns) except -1:
        plan = self.plans[row]
        self.act(row, heapq.heappop(plan)[2], when_ns)
        if plan:
            self.timers.set(ITEMS * row + PLAN, plan[0][0])
        return 0

    cdef int act(self, int32_t row, int what, int64_t when_ns) except -1:
        cdef person_t* person = &self.people[row]
        if what == ACT_LOG_IN and not person.present:
            person.present = True
            person.paused = person.on_break = False
            self.push(FACT_AGENT_LOGGED_IN, row, when_ns)
            self.push(FACT_AGENT_READY, row, when_ns)
            if self.break_every is not None:
                self.timers.set(ITEMS * row + BREAK, when_ns + nanoseconds_at(
                    &self.break_every.dist, uniform_at(person.break_base, person.breaks, 0)))
        elif what == ACT_PAUSE and person.present and not person.paused:
            person.paused = True
            if not person.on_break:
                self.step_away(row, when_ns)
        elif what == ACT_RESUME and person.paused:
            person.paused = False
            self.come_back(row, when_ns)
        elif what == ACT_LOG_OUT and person.present:
            person.present = False
            self.timers.clear(ITEMS * row + BREAK)
            self.push(FACT_AGENT_LOGGED_OUT, row, when_ns)
        return 0

    cdef int turn_break(self, int32_t row, int64_t when_ns) except -1:
        # a break begins or ends
        cdef person_t* person = &self.people[row]
        cdef Distribution until = self.break_every if person.on_break else self.break_length
        if person.on_break:
            person.on_break = False
            person.breaks += 1
            self.come_back(row, when_ns)
        else:
            person.on_break = True
            if not person.paused:
                self.step_away(row, when_ns)
        self.timers.set(ITEMS * row + BREAK, when_ns + nanoseconds_at(
            &until.dist, uniform_at(person.break_base, person.breaks, person.on_break)))
        return 0

    cdef int step_away(self, int32_t row, int64_t when_ns) except -1:
        self.facts.push(FACT_AGENT_NOT_READY, 0, self.people[row].agent_id, when_ns).code = 1
        return 0

    cdef int come_back(self, int32_t row, int64_t when_ns) except -1:
        # whoever still writes up a call gets ready when that is done
        cdef person_t* person = &self.people[row]
        if person.present and not person.paused and not person.on_break and person.state != AGENT_WRAP_UP:
            return self.push(FACT_AGENT_READY, row, when_ns)
        return 0

    cdef int push(self, int32_t kind, int32_t row, int64_t when_ns) except -1:
        self.facts.push(kind, 0, self.people[row].agent_id, when_ns)
        return 0
