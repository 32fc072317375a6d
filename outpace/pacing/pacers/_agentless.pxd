from outpace.pacing._pacer cimport Pacer

cdef class AgentlessPacer(Pacer):
    pass
