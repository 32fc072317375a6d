from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport attempt_t, command_t, fact_t
from outpace.engine._core cimport EngineCore
from outpace.telephony.simulated._core cimport CarrierCore
from outpace.telephony.simulated._people cimport People

cdef struct answer_t:
    int64_t due_ns
    fact_t fact

cdef class World:
    cdef readonly EngineCore engine
    cdef readonly CarrierCore carrier
    cdef readonly People people
    cdef readonly dict lists                  # campaign id -> SimulatedList
    cdef readonly object watch                # sees every step as Python objects, or None
    cdef readonly int64_t now_ns
    cdef readonly int64_t steps
    cdef int64_t store_ns                     # how long the store takes to answer
    cdef int64_t store_up_ns                  # until then it does not answer
    cdef answer_t* answers                    # of the store, a ring in the order in which they are due
    cdef Py_ssize_t answer_space
    cdef Py_ssize_t answer_head
    cdef Py_ssize_t answer_count
    cdef list script                          # (at_ns, sequence, callable), a heap
    cdef list delayed                         # facts under way late: (at_ns, sequence, bytes), a heap
    cdef int64_t sequence
    # faults of the carrier's facts
    cdef double lose
    cdef double duplicate
    cdef double delay
    cdef int64_t delay_ns
    cdef uint64_t fault_base
    cdef int64_t fault_count
    cdef readonly dict faults_done
    # what is measured
    cdef int64_t start_ns
    cdef readonly object minutes_array        # (minutes, 2): people who answered, of them abandoned
    cdef int64_t[:, ::1] minutes
    cdef readonly object waits_array          # (bins,) connected people by their wait, 10 ms a bin
    cdef int64_t[::1] waits
    cdef readonly object outcomes_array       # (campaigns, outcomes)
    cdef int64_t[:, ::1] outcomes
    cdef readonly object totals_array
    cdef int64_t[::1] totals

    cdef int run_c(self, int64_t until_ns) except -1
    cdef int64_t next_ns(self) noexcept
    cdef void pass_time(self, int64_t then) noexcept
    cdef int deliver(self, const fact_t* fact) except -1
    cdef int from_carrier(self) except -1
    cdef int from_people(self) except -1
    cdef int from_store(self) except -1
    cdef int from_delay(self) except -1
    cdef int faulty(self, const fact_t* fact) except -1
    cdef int route(self) except -1
    cdef int to_store(self, const command_t* command) except -1
    cdef fact_t* answer(self, int32_t kind, int64_t call_id, int64_t agent_id, int64_t extra) except NULL
    cdef int record(self, const attempt_t* life) except -1
