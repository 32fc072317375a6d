from libc.stdint cimport int64_t

from outpace.pacing._pacer cimport Pacer

cdef class PrecisePacer(Pacer):
    cdef public int64_t reserve   # k: ready agents that are never called for
