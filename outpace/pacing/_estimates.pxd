from libc.stdint cimport int32_t, int64_t

# What can be observed. `since_ns` is when the thing in question began: the call's launch, the phase of the agent.
cdef enum:
    OBSERVED_LAUNCHED = 0        # a call; since_ns = now
    OBSERVED_PERSON = 1          # a person is on the line and wants an agent; since_ns = the launch
    OBSERVED_NOBODY = 2          # busy, no answer, a machine: the call will want no agent; since_ns = the launch
    OBSERVED_FORGOTTEN = 3       # it was no attempt, or nobody knows: nothing is learned; since_ns = the launch
    OBSERVED_TALK_BEGAN = 4      # an agent; since_ns = now
    OBSERVED_TALK_ENDED = 5      # the agent goes on to wrap-up; since_ns = the beginning of the talk
    OBSERVED_TALK_CUT = 6        # the agent leaves it otherwise, nobody becomes free; since_ns = the beginning
    OBSERVED_WRAP_UP_BEGAN = 7   # since_ns = now
    OBSERVED_WRAP_UP_ENDED = 8   # the agent is free again; since_ns = the beginning of the wrap-up
    OBSERVED_WRAP_UP_CUT = 9     # the agent leaves the floor; since_ns = the beginning
    OBSERVATIONS = 10

cdef class Estimates:
    cdef readonly Py_ssize_t campaigns
    cdef readonly dict columns   # name -> array with a row per campaign: all that is known, for digest, snapshot, restart
    cdef int64_t[:, ::1] observed
    # O(1). weight = the call's chance of a person relative to the mean (1.0 where nothing is known); calls only
    cdef void observe(
        self, Py_ssize_t row, int32_t what, int64_t since_ns, double weight, int64_t now_ns
    ) noexcept nogil
