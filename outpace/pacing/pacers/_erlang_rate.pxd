from libc.stdint cimport int64_t

from outpace.pacing._pacer cimport Pacer, PacingSnapshot

cdef class ErlangPacer(Pacer):
    cdef public double patience_s       # mean patience of a person without an agent: the connect limit
    # (1,) each
    cdef double[::1] credit             # launches that have fallen due; whole ones are launched by a decision
    cdef double[::1] calls_per_s        # what the model allows
    cdef int64_t[::1] last_ns           # last advance
    cdef int64_t[::1] computed_ns       # last time the model was asked

    cdef double model_rate(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil
