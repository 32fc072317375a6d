"""Facts in C and their way to Python. Contract only; see _facts.pyx."""
cimport cython
from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport command_t, fact_t


@cython.final
cdef class FactBuffer:
    cdef fact_t* facts          # in the order in which they happened; `switch_ns` is when
    cdef Py_ssize_t count
    cdef Py_ssize_t capacity

    cdef fact_t* push(self, int32_t kind, int64_t call_id, int64_t agent_id, int64_t when_ns) except NULL
    cdef void clear(self) noexcept


cdef object event_of(const fact_t* fact)
cdef int command_of(object command, command_t* out) except -1
