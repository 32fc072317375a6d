"""The people at the desks. Contract only; see _people.pyx."""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.telephony.simulated._facts cimport FactBuffer
from outpace.telephony.simulated._random cimport Distribution
from outpace.telephony.simulated._timers cimport IdIndex, TimerHeap

cdef struct person_t:
    int64_t agent_id
    int64_t call_id         # the call being written up
    int64_t wraps           # key of the draws of wrap-up and disposition
    int64_t breaks          # key of the draws of breaks
    uint64_t wrap_base
    uint64_t disposition_base
    uint64_t break_base
    int32_t state           # AGENT_*, as last noticed
    bint present
    bint paused             # by plan
    bint on_break


@cython.final
cdef class People:
    cdef readonly FactBuffer facts  # what they did and was not taken yet
    cdef TimerHeap timers           # items: 3 a person: reaction, plan, break
    cdef IdIndex rows               # agent_id -> row
    cdef person_t* people           # (count,)
    cdef int32_t count
    cdef Distribution wrap_up
    cdef Distribution break_every   # None = no breaks
    cdef Distribution break_length
    cdef double* shares             # (dispositions,) weights summed up
    cdef int32_t dispositions
    cdef int64_t log_in_over_ns
    cdef int64_t return_ns
    cdef tuple shifts               # (start_ns, end_ns) of each
    cdef int64_t shift_spread_ns
    cdef uint64_t seed
    cdef list plans                 # a heap of (at_ns, sequence, act) for each person
    cdef int64_t sequence

    # the C face: notices one at a time, then `run` up to a time; facts gather in `facts`
    cdef int observe(self, int64_t agent_id, int32_t state, int64_t call_id, int64_t since_ns) except -1
    cdef int run(self, int64_t now_ns) except -1
    cdef int64_t next_ns(self) noexcept

    cdef int64_t off_ns(self, double u) noexcept
    cdef int push(self, int32_t kind, int32_t row, int64_t when_ns) except -1
    cdef int react(self, int32_t row, int64_t when_ns) except -1
    cdef int follow_plan(self, int32_t row, int64_t when_ns) except -1
    cdef int act(self, int32_t row, int what, int64_t when_ns) except -1
    cdef int turn_break(self, int32_t row, int64_t when_ns) except -1
    cdef int step_away(self, int32_t row, int64_t when_ns) except -1
    cdef int come_back(self, int32_t row, int64_t when_ns) except -1
