from outpace.pacing._pacer cimport Pacer

cdef class RatioPacer(Pacer):
    cdef public double ratio          # unanswered calls per agent counted
    cdef public bint counts_working   # True: agents logged in and not paused; False: ready ones
