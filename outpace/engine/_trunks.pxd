from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.engine._idmap cimport IdMap

cdef class TrunkTable:
    cdef readonly dict columns
    cdef readonly IdMap ids
    cdef Py_ssize_t count
    cdef int64_t[::1] trunk_group_id
    cdef int64_t[::1] configured        # channels of the settings
    cdef int64_t[::1] channels          # of them, those that can carry calls now
    cdef int64_t[::1] in_use            # held by calls, from the launch decision to the end
    cdef int64_t[::1] pending           # originates sent without progress yet
    cdef int64_t[::1] max_pending
    cdef int64_t[::1] pipeline          # calls decided on and not sent yet
    cdef int64_t[::1] interval_ns       # 1e9 / cps
    cdef int64_t[::1] burst_ns          # (burst - 1) * interval
    cdef int64_t[::1] theoretical_ns    # the rate's theoretical arrival time (GCRA)
    cdef int64_t[::1] blocked_until_ns  # after a "no circuit"
    cdef int64_t[::1] no_circuit        # times the switch had no circuit
    # the present caller IDs among all that the group has ever had: number of the first, how many, place of the next
    cdef int64_t[::1] caller_first
    cdef int64_t[::1] caller_ids
    cdef int64_t[::1] caller_next
    cdef uint64_t[::1] users            # bit c: the campaign of row c dials through it
    cdef int32_t[::1] head              # calls waiting for the rate, first come first served
    cdef int32_t[::1] tail

    cdef int64_t tokens(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef int64_t tokens_ahead(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef void take_token(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef int64_t next_token_ns(self, Py_ssize_t row) noexcept nogil
    # when time alone gives room again: the next token, or the end of a block; INT64_MAX = time gives no more
    cdef int64_t next_room_ns(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef int64_t room(self, Py_ssize_t row, int64_t now_ns, int32_t* limited_by) noexcept nogil
