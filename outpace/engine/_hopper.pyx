"""The hopper: leads leased and waiting for their call, first leased first dialled.

A lead may be dialled only until its batch's deadline: after that the store has taken it back, and dialling it would be
dialling somebody else's lead. Batches are renewed when half of their time is over.
"""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

import numpy as np


cdef class Hopper:
    """A ring of at most `size` leads in at most MAX_BATCHES batches."""

    def __init__(self, int64_t size):
        self.size = size
        self.columns = {
            "lead_id": np.zeros(size, np.int64), "number": np.zeros(size, np.int64),
            "attempts": np.zeros(size, np.int64), "features": np.zeros(size, np.int64),
            "batch": np.zeros(size, np.int32),
            "token": np.zeros(MAX_BATCHES, np.int64), "deadline_ns": np.zeros(MAX_BATCHES, np.int64),
            "renew_at_ns": np.zeros(MAX_BATCHES, np.int64), "remaining": np.zeros(MAX_BATCHES, np.int64),
            "registers": np.zeros(2, np.int64),
        }
        self.lead_id = self.columns["lead_id"]
        self.number = self.columns["number"]
        self.attempts = self.columns["attempts"]
        self.features = self.columns["features"]
        self.batch = self.columns["batch"]
        self.token = self.columns["token"]
        self.deadline_ns = self.columns["deadline_ns"]
        self.renew_at_ns = self.columns["renew_at_ns"]
        self.remaining = self.columns["remaining"]
        self.registers = self.columns["registers"]

    # hot
    cdef int64_t count(self) noexcept nogil:
        return self.registers[1]

    cdef int32_t free_batch(self) noexcept nogil:
        cdef int32_t place
        for place in range(MAX_BATCHES):
            if self.remaining[place] == 0:
                return place
        return -1

    cdef int32_t open_batch(self, int64_t token, int64_t deadline_ns, int64_t now_ns) noexcept nogil:
        cdef int32_t place = self.free_batch()
        if place >= 0:
            self.token[place] = token
            self.deadline_ns[place] = deadline_ns
            self.renew_at_ns[place] = now_ns + (deadline_ns - now_ns) // 2
        return place

    cdef bint push(
        self, int32_t batch, int64_t lead_id, int64_t number, int64_t attempts, int64_t features
    ) noexcept nogil:
        cdef int64_t place
        if self.registers[1] >= self.size:
            return False
        place = (self.registers[0] + self.registers[1]) % self.size
        self.lead_id[place] = lead_id
        self.number[place] = number
        self.attempts[place] = attempts
        self.features[place] = features
        self.batch[place] = batch
        self.remaining[batch] += 1
        self.registers[1] += 1
        return True

    cdef bint pop(
        self, int64_t now_ns, int64_t* lead_id, int64_t* number, int64_t* attempts, int64_t* features, int64_t* token
    ) noexcept nogil:
        cdef int64_t place
        cdef int32_t batch
        while self.registers[1] > 0:
            place = self.registers[0]
            batch = self.batch[place]
            self.registers[0] = (place + 1) % self.size
            self.registers[1] -= 1
            self.remaining[batch] -= 1
            if self.deadline_ns[batch] <= now_ns:
                continue                    # the store has it back
            lead_id[0] = self.lead_id[place]
            number[0] = self.number[place]
            attempts[0] = self.attempts[place]
            features[0] = self.features[place]
            token[0] = self.token[batch]
            return True
        return False

    cdef int64_t features_of(self, int64_t place) noexcept nogil:
        return self.features[(self.registers[0] + place) % self.size]

    cdef int64_t next_due_ns(self) noexcept nogil:
        cdef int64_t first = INT64_MAX
        cdef int32_t place
        for place in range(MAX_BATCHES):
            if self.remaining[place] > 0:
                first = min(first, self.renew_at_ns[place], self.deadline_ns[place])
        return first

    cdef int32_t find_batch(self, int64_t token) noexcept nogil:
        cdef int32_t place
        for place in range(MAX_BATCHES):
            if self.remaining[place] > 0 and self.token[place] == token:
                return place
        return -1

    cdef void drop_batch(self, int32_t batch) noexcept nogil:
        cdef int64_t i, place, to
        cdef int64_t kept = 0
        for i in range(self.registers[1]):
            place = (self.registers[0] + i) % self.size
            if self.batch[place] == batch:
                continue
            to = (self.registers[0] + kept) % self.size
            self.lead_id[to] = self.lead_id[place]
            self.number[to] = self.number[place]
            self.attempts[to] = self.attempts[place]
            self.features[to] = self.features[place]
            self.batch[to] = self.batch[place]
            kept += 1
        self.registers[1] = kept
        self.remaining[batch] = 0

    cdef void clear(self) noexcept nogil:
        cdef int32_t place
        self.registers[0] = 0
        self.registers[1] = 0
        for place in range(MAX_BATCHES):
            self.remaining[place] = 0
    # end hot
