from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport command_t
from outpace.engine._orders cimport Orders

cdef class Settings(Orders):
    cdef public dict caller_ids           # trunk group -> every caller ID it has ever had, by number
    cdef dict messages                    # campaign -> its recorded message
    cdef list texts                       # noted by agents, of commands that were not taken yet

    cdef object command(self, const command_t* command)
    cdef int64_t keep_text(self, text) except -1
    cdef int change_agent(self, int32_t row, uint64_t before, uint64_t after, int64_t now_ns) except -1
    cdef int shrink_hopper(self, int32_t campaign, int64_t size, int64_t now_ns) except -1
