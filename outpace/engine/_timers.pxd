from libc.stdint cimport int32_t, int64_t

cdef class TimerHeap:
    cdef readonly object deadline_array   # (slots,) int64 ns, 0 = not armed
    cdef readonly object order_array      # (slots,) int64, ties fire in the order in which they were armed
    cdef readonly object heap_array       # (slots,) int32 slot
    cdef readonly object position_array   # (slots,) int32 place in the heap, -1 = not armed
    cdef readonly object registers_array  # (2,) int64: armed timers, next order number
    cdef int64_t[::1] deadline
    cdef int64_t[::1] order
    cdef int32_t[::1] heap
    cdef int32_t[::1] position
    cdef int64_t[::1] registers

    cdef void arm(self, int32_t slot, int64_t deadline_ns) noexcept nogil
    cdef void cancel(self, int32_t slot) noexcept nogil
    cdef int64_t first_ns(self) noexcept nogil                   # INT64_MAX = none armed
    cdef int32_t pop_due(self, int64_t now_ns) noexcept nogil    # slot, -1 = none due
    cdef void shift_all(self, int64_t by_ns) noexcept nogil
    cdef bint before(self, int32_t a, int32_t b) noexcept nogil
    cdef void sift_up(self, int32_t place) noexcept nogil
    cdef void sift_down(self, int32_t place) noexcept nogil
