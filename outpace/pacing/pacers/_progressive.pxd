from libc.stdint cimport int64_t

from outpace.pacing._pacer cimport Pacer, PacingSnapshot

# launches that leave every call under way a ready agent; also what forecasting pacers fall back to
cdef int64_t progressive_room(PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil

cdef class ProgressivePacer(Pacer):
    pass
