"""Timers and an index for rows. Contract only; see _timers.pyx."""
cimport cython
from libc.stdint cimport int32_t, int64_t

cdef int64_t NEVER      # 2**63 - 1: no time at all

cdef void* resized(void* memory, size_t size) except NULL

cdef struct timer_t:
    int64_t when_ns
    int64_t sequence
    int32_t item


@cython.final
cdef class TimerHeap:
    cdef timer_t* entries       # binary heap ordered by (when_ns, sequence)
    cdef int32_t* place         # item -> its index in entries, -1 = no timer
    cdef int32_t count
    cdef int32_t capacity       # items, and so timers, at most
    cdef int64_t sequence

    cdef int reserve(self, int32_t capacity) except -1
    cdef void set(self, int32_t item, int64_t when_ns) noexcept
    cdef void clear(self, int32_t item) noexcept
    cdef int64_t next_ns(self) noexcept
    cdef int32_t next_item(self) noexcept
    cdef void _up(self, int32_t at) noexcept
    cdef void _down(self, int32_t at) noexcept


@cython.final
cdef class IdIndex:
    cdef int64_t* keys          # open addressing, 0 = empty
    cdef int32_t* rows
    cdef int64_t mask           # size - 1, size is a power of two
    cdef int64_t count

    cdef int32_t find(self, int64_t key) noexcept
    cdef int add(self, int64_t key, int32_t row) except -1
    cdef void remove(self, int64_t key) noexcept
    cdef int64_t _home(self, int64_t key) noexcept
    cdef int _resize(self, int64_t size) except -1
