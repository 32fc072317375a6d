cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t


@cython.final
cdef class Population:
    cdef readonly Py_ssize_t segments
    cdef double[::1] cumulative          # (segments,) shares, summed up
    cdef double[:, ::1] chances          # (segments, 24) relative to the list's mean at that hour
    cdef uint64_t base
    cdef double draw(self, int64_t number, uint64_t index) noexcept nogil
    cdef int32_t segment_of(self, int64_t number) noexcept nogil
    cdef double chance_at(self, int32_t segment, int64_t now_ns) noexcept nogil
