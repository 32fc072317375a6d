"""A queue of people before agents, one pass over its customers: no events, no heap of them, no Python object.

First come, first served: whoever arrives gets the agent who is free first, at the earliest moment, or leaves before
that. So a heap of the moments at which agents become free is all the state there is (Kiefer and Wolfowitz 1955).
"""
from libc.math cimport INFINITY
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from outpace.telephony.simulated._random cimport (
    ROLE_PATIENCE, ROLE_SETUP, ROLE_TALK, Distribution, dist_t, stream_base, uniform_at, value_at,
)

cdef struct queue_t:
    Py_ssize_t agents
    const dist_t* between
    const dist_t* handle
    const dist_t* patience   # NULL: people wait for ever
    int64_t customers
    int64_t warm_up          # of them, those who are not counted
    double within_s
    uint64_t seed

cdef struct served_t:
    int64_t abandoned
    int64_t delayed          # not served at once
    int64_t in_time          # answered within the time that was asked for
    double waited_s          # by everybody, until the answer or the end of their patience
    double busy_s            # handle times of those answered
    double length_s          # from the last arrival not counted to the last one


# hot
cdef void take(double* frees, Py_ssize_t agents, double until) noexcept nogil:
    # the agent who is free first is busy until then: put it where it belongs in the heap
    cdef Py_ssize_t at = 0, child = 1
    while child < agents:
        if child + 1 < agents and frees[child + 1] < frees[child]:
            child += 1
        if frees[child] >= until:
            break
        frees[at] = frees[child]
        at = child
        child = 2 * at + 1
    frees[at] = until


cdef void serve(const queue_t* queue, double* frees, served_t* out) noexcept nogil:
    cdef uint64_t arrivals = stream_base(queue.seed, 0, ROLE_SETUP)
    cdef uint64_t handles = stream_base(queue.seed, 0, ROLE_TALK)
    cdef uint64_t patiences = stream_base(queue.seed, 0, ROLE_PATIENCE)
    cdef double now = 0.0, begins = 0.0, wait, patience, handle
    cdef int64_t k
    for k in range(queue.customers):
        now += value_at(queue.between, uniform_at(arrivals, k, 0))
        wait = max(frees[0] - now, 0.0)
        patience = INFINITY if queue.patience == NULL else value_at(queue.patience, uniform_at(patiences, k, 0))
        handle = value_at(queue.handle, uniform_at(handles, k, 0))
        if wait <= patience:
            take(frees, queue.agents, now + wait + handle)
        if k < queue.warm_up:
            begins = now
            continue
        out.delayed += wait > 0.0
        out.waited_s += min(wait, patience)
        if wait <= patience:
            out.busy_s += handle
            out.in_time += wait <= queue.within_s
        else:
            out.abandoned += 1
    out.length_s = now - begins
# end hot


def run_queue(
    Py_ssize_t agents, Distribution between not None, Distribution handle not None, Distribution patience, *,
    int64_t customers, int64_t warm_up, double within_s, uint64_t seed,
):
    """The kernel of `outpace.sim.queue.simulate_queue`: (abandoned, delayed, in time, waited, busy, length)."""
    cdef queue_t queue
    cdef served_t out
    cdef Py_ssize_t agent
    cdef double* frees = <double*>malloc(agents * sizeof(double))
    if frees == NULL:
        raise MemoryError
    for agent in range(agents):
        frees[agent] = 0.0
    queue.agents, queue.seed, queue.within_s = agents, seed, within_s
    queue.between, queue.handle = &between.dist, &handle.dist
    queue.patience = NULL if patience is None else &patience.dist
    queue.customers, queue.warm_up = customers + warm_up, warm_up
    memset(&out, 0, sizeof(served_t))
    with nogil:
        serve(&queue, frees, &out)
    free(frees)
    return out.abandoned, out.delayed, out.in_time, out.waited_s, out.busy_s, out.length_s
