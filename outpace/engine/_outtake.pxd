from outpace.domain._words cimport attempt_t, command_t

cdef object unpack(const command_t* command, const attempt_t* attempts, dict caller_ids, dict messages)
