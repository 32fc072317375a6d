"""The hopper: leads leased and waiting for their call. At its front hot ones, then callbacks that are due; behind it
all others, first leased first dialled.

A lead may be dialled only until its batch's deadline: after that the store has taken it back, and dialling it would be
dialling somebody else's lead. Batches are renewed when half of their time is over.
"""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

import numpy as np


cdef class Hopper:
    """A ring of at most `size` leads behind a front of HOT_ROOM and CALLBACK_ROOM, in at most MAX_BATCHES batches."""

    def __init__(self, int64_t size):
        cdef int64_t places = size + HOT_ROOM + CALLBACK_ROOM
        self.size = size
        self.places = places
        self.columns = {
            "lead_id": np.zeros(places, np.int64), "number": np.zeros(places, np.int64),
            "attempts": np.zeros(places, np.int64), "features": np.zeros(places, np.int64),
            "batch": np.zeros(places, np.int32),
            "token": np.zeros(MAX_BATCHES, np.int64), "deadline_ns": np.zeros(MAX_BATCHES, np.int64),
            "renew_at_ns": np.zeros(MAX_BATCHES, np.int64), "remaining": np.zeros(MAX_BATCHES, np.int64),
            "registers": np.zeros(4, np.int64),
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

    cdef int64_t room(self) noexcept nogil:
        return self.size - (self.registers[1] - self.registers[2])

    cdef int64_t hot_room(self) noexcept nogil:
        return HOT_ROOM - self.registers[3]

    cdef int64_t callback_room(self) noexcept nogil:
        return CALLBACK_ROOM - (self.registers[2] - self.registers[3])

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
        if self.room() <= 0:
            return False
        place = (self.registers[0] + self.registers[1]) % self.places
        self.lead_id[place] = lead_id
        self.number[place] = number
        self.attempts[place] = attempts
        self.features[place] = features
        self.batch[place] = batch
        self.remaining[batch] += 1
        self.registers[1] += 1
        return True

    cdef bint push_front(
        self, bint hot, int32_t batch, int64_t lead_id, int64_t number, int64_t attempts, int64_t features
    ) noexcept nogil:
        # who is before it steps forward by one
        cdef int64_t i, place
        cdef int64_t before = self.registers[3] if hot else self.registers[2]
        if (self.hot_room() if hot else self.callback_room()) <= 0:
            return False
        self.registers[0] = (self.registers[0] + self.places - 1) % self.places
        for i in range(before):
            self.copy((self.registers[0] + i + 1) % self.places, (self.registers[0] + i) % self.places)
        place = (self.registers[0] + before) % self.places
        self.lead_id[place] = lead_id
        self.number[place] = number
        self.attempts[place] = attempts
        self.features[place] = features
        self.batch[place] = batch
        self.remaining[batch] += 1
        self.registers[1] += 1
        self.registers[2] += 1
        self.registers[3] += hot
        return True

    cdef bint pop(
        self, int64_t now_ns, int64_t* lead_id, int64_t* number, int64_t* attempts, int64_t* features, int64_t* token
    ) noexcept nogil:
        cdef int64_t place
        cdef int32_t batch
        while self.registers[1] > 0:
            place = self.registers[0]
            batch = self.batch[place]
            self.registers[0] = (place + 1) % self.places
            self.registers[1] -= 1
            self.registers[2] = max(self.registers[2] - 1, 0)
            self.registers[3] = max(self.registers[3] - 1, 0)
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
        return self.features[(self.registers[0] + place) % self.places]

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

    cdef int64_t drop_batch(self, int32_t batch) noexcept nogil:
        return self.drop(batch, 0)

    cdef int64_t drop_number(self, int64_t number) noexcept nogil:
        return self.drop(-1, number)

    cdef int64_t drop(self, int32_t batch, int64_t number) noexcept nogil:
        # of a batch, or of a number; the others close up
        cdef int64_t i, place
        cdef int64_t kept = 0
        cdef int64_t front = 0
        cdef int64_t hot = 0
        cdef int64_t count = self.registers[1]
        for i in range(count):
            place = (self.registers[0] + i) % self.places
            if self.batch[place] == batch or (batch < 0 and self.number[place] == number):
                self.remaining[self.batch[place]] -= 1
                continue
            self.copy(place, (self.registers[0] + kept) % self.places)
            kept += 1
            front += i < self.registers[2]
            hot += i < self.registers[3]
        self.registers[1] = kept
        self.registers[2] = front
        self.registers[3] = hot
        return count - kept

    cdef void copy(self, int64_t place, int64_t to) noexcept nogil:
        self.lead_id[to] = self.lead_id[place]
        self.number[to] = self.number[place]
        self.attempts[to] = self.attempts[place]
        self.features[to] = self.features[place]
        self.batch[to] = self.batch[place]

    cdef void clear(self) noexcept nogil:
        cdef int32_t place
        self.registers[0] = 0
        self.registers[1] = 0
        self.registers[2] = 0
        self.registers[3] = 0
        for place in range(MAX_BATCHES):
            self.remaining[place] = 0
    # end hot

    def resized(self, int64_t size):
        """A hopper of another size with the same leads and batches. ValueError when they do not fit."""
        if self.registers[1] - self.registers[2] > size:
            raise ValueError(f"{self.registers[1] - self.registers[2]} leads in a hopper of {size}")
        cdef Hopper fresh = Hopper(size)
        turned = (int(self.registers[0]) + np.arange(self.registers[1])) % self.places
        for name, column in self.columns.items():
            if len(column) == self.places:
                fresh.columns[name][: len(turned)] = column[turned]
            else:
                fresh.columns[name][:] = column
        fresh.registers[0] = 0
        return fresh
