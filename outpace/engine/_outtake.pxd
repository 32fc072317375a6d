from outpace.domain._words cimport attempt_t, command_t

# what commands name by number: a trunk group's caller IDs, a campaign's message, noted texts (from 1 on; 0 = none)
cdef object unpack(
    const command_t* command, const attempt_t* attempts, dict caller_ids, dict messages, list texts
)
