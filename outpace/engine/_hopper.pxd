from libc.stdint cimport int32_t, int64_t

cdef enum:
    MAX_BATCHES = 64
    HOT_ROOM = 64                        # so many hot leads and callbacks find a place beyond the size, at the front
    CALLBACK_ROOM = 16

cdef class Hopper:
    cdef readonly dict columns
    cdef int64_t size
    cdef int64_t places                  # the ring's
    cdef int64_t[::1] lead_id
    cdef int64_t[::1] number
    cdef int64_t[::1] attempts           # earlier attempts of the lead
    cdef int64_t[::1] features           # see domain/features.py
    cdef int32_t[::1] batch              # place of the lead's batch
    cdef int64_t[::1] token              # of the batches, a ring; 0 = free
    cdef int64_t[::1] deadline_ns
    cdef int64_t[::1] renew_at_ns
    cdef int64_t[::1] remaining
    cdef int64_t[::1] registers          # [0] head, [1] count, [2] of them at the front, [3] of these hot

    cdef int64_t count(self) noexcept nogil
    cdef int64_t room(self) noexcept nogil                       # behind the front
    cdef int64_t hot_room(self) noexcept nogil
    cdef int64_t callback_room(self) noexcept nogil
    cdef int32_t free_batch(self) noexcept nogil                 # -1 = all are in use
    cdef int32_t open_batch(self, int64_t token, int64_t deadline_ns, int64_t now_ns) noexcept nogil
    cdef bint push(
        self, int32_t batch, int64_t lead_id, int64_t number, int64_t attempts, int64_t features
    ) noexcept nogil
    cdef bint push_front(                                        # behind the hot ones, or behind the callbacks too
        self, bint hot, int32_t batch, int64_t lead_id, int64_t number, int64_t attempts, int64_t features
    ) noexcept nogil
    cdef bint pop(
        self, int64_t now_ns, int64_t* lead_id, int64_t* number, int64_t* attempts, int64_t* features, int64_t* token
    ) noexcept nogil
    cdef int64_t features_of(self, int64_t place) noexcept nogil  # of the lead up next (0), or after so many others
    cdef int64_t next_due_ns(self) noexcept nogil                # of all renewals and deadlines
    cdef int32_t find_batch(self, int64_t token) noexcept nogil
    cdef int64_t drop_batch(self, int32_t batch) noexcept nogil       # leads dropped
    cdef int64_t drop_number(self, int64_t number) noexcept nogil
    cdef int64_t drop(self, int32_t batch, int64_t number) noexcept nogil
    cdef void copy(self, int64_t place, int64_t to) noexcept nogil
    cdef void clear(self) noexcept nogil
