"""Virtual time: engine, carrier, people and list joined by one loop that jumps from event to event.

The same engine as live, by its C face: no Python object is made for a fact or a command unless somebody watches.
"""
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

import heapq

import numpy as np

from outpace.domain._words cimport (
    ABANDON_CALLER_LEFT, COMMAND_AGENT_STATE, COMMAND_CAMPAIGN_STATE, COMMAND_LEASE_LEADS, COMMAND_RECORD_ATTEMPT,
    COMMAND_RECORD_DISPOSITION, COMMAND_RELEASE_LEADS, COMMAND_RENEW_LEASE, COMMAND_WITHDRAW_INTENT,
    COMMAND_WRITE_INTENT, FACT_ATTEMPT_RECORDED, FACT_INTENT_DURABLE, FACT_INTENT_REFUSED, FACT_INTENT_WITHDRAWN,
    FACT_LEASE_LOST, FACT_LEASE_RENEWED, FACT_LINK_DOWN, FACT_LINK_UP, INTENT_LEASE_LOST, OUTCOME_ABANDONED,
    OUTCOME_CONNECTED, OUTCOMES, attempt_t, command_t, fact_t,
)
from outpace.engine._core cimport EngineCore
from outpace.telephony.simulated._core cimport CarrierCore
from outpace.telephony.simulated._facts cimport event_of
from outpace.telephony.simulated._people cimport People
from outpace.telephony.simulated._random cimport ROLE_FAULT, stream_base, uniform_at

from outpace.domain.events import (
    AttemptRecorded, IntentDurable, IntentRefused, IntentWithdrawn, LeadsLeased, LeaseLost, LeaseRenewed, PoolChanged,
)
from outpace.domain.outcomes import IntentRefusal, Outcome

cdef int64_t NS_PER_MINUTE = 60_000_000_000
cdef int64_t NS_PER_WAIT_BIN = 10_000_000
cdef int WAIT_BINS = 20_000           # more than the longest connect limit and the longest detector together
cdef int FACT_LEASE_DUE = 1000        # of our own: the store is about to answer LeaseLeads

cdef enum:
    TOTAL_ATTEMPTS = 0
    TOTAL_TALK_NS = 1
    TOTAL_WAIT_NS = 2
    TOTAL_TRUNK_NS = 3                # channels held, integrated over time
    TOTAL_TRUNK_PEAK = 4
    TOTAL_CALLER_LEFT = 5
    TOTAL_WITHDRAWN = 6
    TOTALS = 7

#: Names of `World.totals_array`.
TOTAL_NAMES = (
    "attempts", "talk_ns", "wait_ns", "trunk_ns", "trunk_peak", "caller_left", "withdrawn",
)


cdef class World:
    """One run.

    Parameters
    ----------
    engine, carrier, people : the parts, none of them started.
    lists : dict, campaign id -> SimulatedList.
    start_ns : int. UTC nanoseconds of the beginning.
    minutes : int, >= 1. Length of the record of answers and abandonments; the last one takes what comes later.
    store_ns : int. How long the store takes to answer.
    watch : object with step(now_ns, events, commands), or None.
    """

    def __init__(
        self, EngineCore engine not None, CarrierCore carrier not None, People people not None, lists, *,
        int64_t start_ns, int64_t minutes, int64_t store_ns=5_000_000, watch=None,
    ):
        self.engine = engine
        self.carrier = carrier
        self.people = people
        self.lists = lists
        self.watch = watch
        self.start_ns = self.now_ns = start_ns
        self.store_ns = store_ns
        self.answer_space = 1024
        self.answers = <answer_t*>malloc(self.answer_space * sizeof(answer_t))
        if self.answers == NULL:
            raise MemoryError
        self.script = []
        self.delayed = []
        self.faults_done = {"lost": 0, "duplicated": 0, "delayed": 0}
        self.minutes_array = np.zeros((minutes, 2), np.int64)
        self.minutes = self.minutes_array
        self.waits_array = np.zeros(WAIT_BINS, np.int64)
        self.waits = self.waits_array
        self.outcomes_array = np.zeros((len(engine.campaigns.hoppers), OUTCOMES), np.int64)
        self.outcomes = self.outcomes_array
        self.totals_array = np.zeros(TOTALS, np.int64)
        self.totals = self.totals_array

    def __dealloc__(self):
        free(self.answers)

    # ---- what a scenario sets up ---------------------------------------------------------------------------------

    def at(self, int64_t at_ns, act):
        """Call `act(now_ns)` at a time; its events, if it returns any, are given to the engine."""
        self.sequence += 1
        heapq.heappush(self.script, (at_ns, self.sequence, act))

    def set_faults(self, *, seed, double lose=0.0, double duplicate=0.0, double delay=0.0, int64_t delay_ns=0):
        """Shares of the carrier's facts that are lost, told twice, and told up to `delay_ns` late (so out of order)."""
        self.lose = lose
        self.duplicate = duplicate
        self.delay = delay
        self.delay_ns = delay_ns
        self.fault_base = stream_base(seed, 0, ROLE_FAULT)

    def stop_store(self, int64_t until_ns):
        """From now on and up to a time the store is silent: whatever it is asked meanwhile it answers then."""
        self.store_up_ns = until_ns

    def give(self, event):
        """Give an event to the engine now."""
        if self.watch is not None:
            self.watch.step(self.now_ns, [event], [])
        self.engine.handle(event, self.now_ns)

    def change_pool(self, pool, lists):
        """Give the engine other settings; `lists` holds a SimulatedList for each new campaign."""
        self.route()                             # what was said before, in the words of before
        self.lists.update(lists)
        self.give(PoolChanged(pool))
        grown = np.zeros((self.engine.campaigns.count, OUTCOMES), np.int64)
        grown[: len(self.outcomes_array)] = self.outcomes_array
        self.outcomes_array = grown
        self.outcomes = grown

    def run(self, int64_t until_ns):
        """Let the world go on up to a time."""
        self.run_c(until_ns)

    # ---- the loop ------------------------------------------------------------------------------------------------

    cdef int64_t next_ns(self) noexcept:
        cdef int64_t first = min(self.engine.deadline(), min(self.carrier.next_ns(), self.people.next_ns()))
        if self.answer_count:
            first = min(first, self.answers[self.answer_head].due_ns)
        if self.script:
            first = min(first, <int64_t>self.script[0][0])
        if self.delayed:
            first = min(first, <int64_t>self.delayed[0][0])
        if self.carrier.facts.count or self.people.facts.count or self.engine.command_count:
            return self.now_ns
        return max(first, self.now_ns)

    cdef int run_c(self, int64_t until_ns) except -1:
        cdef int64_t then
        while True:
            then = self.next_ns()
            if then > until_ns:
                break
            if then > self.now_ns:
                self.pass_time(then)
            self.steps += 1
            while self.script and <int64_t>self.script[0][0] <= then:
                for event in heapq.heappop(self.script)[2](then) or ():
                    self.give(event)
            if self.carrier.next_ns() <= then:
                self.carrier.run(then)
            if self.people.next_ns() <= then:
                self.people.run(then)
            self.from_carrier()
            if self.delayed:
                self.from_delay()
            self.from_store()
            self.from_people()
            self.engine.advance(then)
            self.route()
        if until_ns > self.now_ns:
            self.pass_time(until_ns)
        return 0

    cdef void pass_time(self, int64_t then) noexcept:
        cdef int64_t in_use = 0
        cdef Py_ssize_t trunk
        for trunk in range(self.engine.trunks.count):
            in_use += self.engine.trunks.in_use[trunk]
        self.totals[TOTAL_TRUNK_NS] += in_use * (then - self.now_ns)
        self.totals[TOTAL_TRUNK_PEAK] = max(self.totals[TOTAL_TRUNK_PEAK], in_use)
        self.now_ns = then

    cdef int deliver(self, const fact_t* fact) except -1:
        if self.watch is not None:
            self.watch.step(self.now_ns, [event_of(fact)], [])
        self.engine.apply(fact, self.now_ns)
        return 0

    cdef int from_carrier(self) except -1:
        cdef Py_ssize_t i
        cdef const fact_t* fact
        cdef bint faults = self.lose + self.duplicate + self.delay > 0.0
        for i in range(self.carrier.facts.count):
            fact = &self.carrier.facts.facts[i]
            if faults and fact.kind != FACT_LINK_UP and fact.kind != FACT_LINK_DOWN:
                self.faulty(fact)
            else:
                self.deliver(fact)
        self.carrier.facts.clear()
        return 0

    cdef int from_people(self) except -1:
        cdef Py_ssize_t i
        for i in range(self.people.facts.count):
            self.deliver(&self.people.facts.facts[i])
        self.people.facts.clear()
        return 0

    cdef int faulty(self, const fact_t* fact) except -1:
        cdef double u
        self.fault_count += 1
        u = uniform_at(self.fault_base, self.fault_count, 0)
        if u < self.lose:
            self.faults_done["lost"] += 1
            return 0
        u -= self.lose
        if u < self.delay:
            self.faults_done["delayed"] += 1
            self.sequence += 1
            u = uniform_at(self.fault_base, self.fault_count, 1)
            heapq.heappush(self.delayed, (
                self.now_ns + <int64_t>(u * self.delay_ns), self.sequence, (<const char*>fact)[:sizeof(fact_t)]
            ))
            return 0
        u -= self.delay
        self.deliver(fact)
        if u < self.duplicate:
            self.faults_done["duplicated"] += 1
            self.deliver(fact)
        return 0

    cdef int from_delay(self) except -1:
        cdef fact_t fact
        cdef bytes held
        while self.delayed and <int64_t>self.delayed[0][0] <= self.now_ns:
            held = heapq.heappop(self.delayed)[2]
            memcpy(&fact, <const char*>held, sizeof(fact_t))
            self.deliver(&fact)
        return 0

    # ---- commands ------------------------------------------------------------------------------------------------

    cdef int route(self) except -1:
        cdef Py_ssize_t i
        cdef command_t command
        if self.watch is not None and self.engine.command_count:
            self.watch.step(self.now_ns, [], [
                self.engine.command(&self.engine.commands[i]) for i in range(self.engine.command_count)
            ])
        for i in range(self.engine.command_count):
            command = self.engine.commands[i]
            if command.kind == COMMAND_AGENT_STATE:
                self.people.observe(command.agent_id, command.code, command.call_id, command.extra)
            elif command.kind == COMMAND_CAMPAIGN_STATE or command.kind == COMMAND_RECORD_DISPOSITION:
                pass
            elif command.kind == COMMAND_WRITE_INTENT or command.kind == COMMAND_WITHDRAW_INTENT or (
                COMMAND_LEASE_LEADS <= command.kind <= COMMAND_RECORD_ATTEMPT
            ):
                self.to_store(&command)
            else:
                self.carrier.command(&command, self.now_ns)
        self.engine.clear_commands()
        return 0

    cdef int to_store(self, const command_t* command) except -1:
        cdef int64_t deadline_ns
        if command.kind == COMMAND_WRITE_INTENT:
            if self.lists[command.agent_id].dial(command.extra, command.lead_id, self.now_ns):
                self.answer(FACT_INTENT_DURABLE, command.call_id, 0, 0)
            else:
                self.answer(FACT_INTENT_REFUSED, command.call_id, 0, 0).code = INTENT_LEASE_LOST
        elif command.kind == COMMAND_RECORD_ATTEMPT:
            self.record(&self.engine.attempts[command.extra])
            self.answer(FACT_ATTEMPT_RECORDED, command.call_id, 0, 0)
        elif command.kind == COMMAND_LEASE_LEADS:
            self.answer(FACT_LEASE_DUE, 0, command.agent_id, command.extra).extra2 = command.extra2
        elif command.kind == COMMAND_RENEW_LEASE:
            deadline_ns = self.lists[command.agent_id].renew(command.extra, self.now_ns)
            self.answer(
                FACT_LEASE_RENEWED if deadline_ns else FACT_LEASE_LOST, 0, command.agent_id, deadline_ns
            ).extra2 = command.extra
        elif command.kind == COMMAND_RELEASE_LEADS:
            self.lists[command.agent_id].release(command.extra, self.now_ns)
        elif command.kind == COMMAND_WITHDRAW_INTENT:
            self.totals[TOTAL_WITHDRAWN] += 1
            self.lists[command.agent_id].again(command.extra, command.lead_id, command.number, command.extra2 - 1)
            self.answer(FACT_INTENT_WITHDRAWN, command.call_id, 0, 0)
        return 0

    cdef fact_t* answer(self, int32_t kind, int64_t call_id, int64_t agent_id, int64_t extra) except NULL:
        cdef answer_t* grown
        cdef answer_t* place
        cdef Py_ssize_t i
        if self.answer_count == self.answer_space:
            grown = <answer_t*>malloc(2 * self.answer_space * sizeof(answer_t))
            if grown == NULL:
                raise MemoryError
            for i in range(self.answer_count):
                grown[i] = self.answers[(self.answer_head + i) % self.answer_space]
            free(self.answers)
            self.answers = grown
            self.answer_head = 0
            self.answer_space *= 2
        place = &self.answers[(self.answer_head + self.answer_count) % self.answer_space]
        self.answer_count += 1
        memset(place, 0, sizeof(answer_t))
        place.due_ns = max(self.now_ns + self.store_ns, self.store_up_ns)
        place.fact.kind = kind
        place.fact.call_id = call_id
        place.fact.agent_id = agent_id
        place.fact.extra = extra
        return &place.fact

    cdef int from_store(self) except -1:
        cdef fact_t fact
        while self.answer_count and self.answers[self.answer_head].due_ns <= self.now_ns:
            fact = self.answers[self.answer_head].fact
            self.answer_head = (self.answer_head + 1) % self.answer_space
            self.answer_count -= 1
            if fact.kind == FACT_LEASE_DUE:
                self.lease(fact.agent_id, fact.extra, fact.extra2 != 0)
            else:
                if self.watch is not None:
                    self.watch.step(self.now_ns, [event_of_store(&fact)], [])
                self.engine.apply(&fact, self.now_ns)
        return 0

    def lease(self, int64_t campaign_id, int64_t asked, bint hot):
        """Give the engine the leads that it asked for; a simulated list has no pressing ones."""
        source = self.lists[campaign_id]
        cdef Py_ssize_t count
        cdef int64_t token, deadline_ns = self.now_ns + source.lease_ns, due_ns
        token, *columns = source.lease(0 if hot else asked, self.now_ns)
        due_ns = source.next_due_ns()
        if self.watch is not None:
            fact = LeadsLeased(campaign_id, token, deadline_ns, *columns[:3], due_ns, columns[3], hot)
            self.watch.step(self.now_ns, [fact], [])
        leads, numbers, attempts, features = (np.array(column, np.int64) for column in columns)
        cdef int64_t[::1] lead_view = leads
        cdef int64_t[::1] number_view = numbers
        cdef int64_t[::1] attempt_view = attempts
        cdef int64_t[::1] feature_view = features
        count = lead_view.shape[0]
        self.engine.lease(
            campaign_id, token, deadline_ns, &lead_view[0] if count else NULL, &number_view[0] if count else NULL,
            &attempt_view[0] if count else NULL, &feature_view[0] if count else NULL, count, 0, 0,
            due_ns, hot, self.now_ns,
        )

    cdef int record(self, const attempt_t* life) except -1:
        cdef int64_t minute, wait
        cdef int32_t row = self.engine.campaigns.ids.find(life.campaign_id)
        self.totals[TOTAL_ATTEMPTS] += 1
        self.outcomes[row, life.outcome] += 1
        if life.outcome == OUTCOME_CONNECTED or life.outcome == OUTCOME_ABANDONED:
            minute = min((life.answered_ns - self.start_ns) // NS_PER_MINUTE, self.minutes.shape[0] - 1)
            if minute >= 0:
                self.minutes[minute, 0] += 1
                if life.outcome == OUTCOME_ABANDONED:
                    self.minutes[minute, 1] += 1
        if life.outcome == OUTCOME_CONNECTED:
            wait = life.connected_ns - life.answered_ns
            self.totals[TOTAL_TALK_NS] += life.talk_end_ns - life.connected_ns
            self.totals[TOTAL_WAIT_NS] += wait
            self.waits[max(0, min(wait // NS_PER_WAIT_BIN, self.waits.shape[0] - 1))] += 1
        elif life.abandon_reason == ABANDON_CALLER_LEFT:
            self.totals[TOTAL_CALLER_LEFT] += 1
        if life.retry_at_ns > 0:
            self.lists[life.campaign_id].again(
                life.retry_at_ns, life.lead_id, life.number, life.attempt_number, Outcome(life.outcome)
            )
        return 0


cdef object event_of_store(const fact_t* fact):
    if fact.kind == FACT_INTENT_DURABLE:
        return IntentDurable(fact.call_id)
    if fact.kind == FACT_INTENT_REFUSED:
        return IntentRefused(fact.call_id, IntentRefusal(fact.code))
    if fact.kind == FACT_INTENT_WITHDRAWN:
        return IntentWithdrawn(fact.call_id)
    if fact.kind == FACT_ATTEMPT_RECORDED:
        return AttemptRecorded(fact.call_id)
    if fact.kind == FACT_LEASE_RENEWED:
        return LeaseRenewed(fact.agent_id, fact.extra2, fact.extra)
    return LeaseLost(fact.agent_id, fact.extra2)
