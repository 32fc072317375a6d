"""Outside id -> table row: one bounded open-addressing hash of int64, deletion without tombstones."""
from libc.stdint cimport int32_t, int64_t, uint64_t

import numpy as np


cdef inline uint64_t mix(int64_t key) noexcept nogil:
    # Fibonacci hashing: attempt ids are consecutive, the multiplication spreads them over the table
    cdef uint64_t h = <uint64_t>key * <uint64_t>0x9E3779B97F4A7C15
    return h ^ (h >> 29)


cdef class IdMap:
    """Maps positive ids to rows for at most `capacity` entries; the table is at most half full."""

    def __init__(self, Py_ssize_t capacity):
        cdef Py_ssize_t slots = 8
        while slots < 2 * capacity:
            slots *= 2
        self.capacity = capacity
        self.keys_array = np.zeros(slots, np.int64)
        self.rows_array = np.full(slots, -1, np.int32)
        self.keys = self.keys_array
        self.rows = self.rows_array
        self.mask = <uint64_t>(slots - 1)
        self.count = 0

    # hot
    cdef int32_t find(self, int64_t key) noexcept nogil:
        cdef uint64_t slot = mix(key) & self.mask
        while self.keys[slot] != 0:
            if self.keys[slot] == key:
                return self.rows[slot]
            slot = (slot + 1) & self.mask
        return -1

    cdef void put(self, int64_t key, int32_t row) noexcept nogil:
        cdef uint64_t slot = mix(key) & self.mask
        while self.keys[slot] != 0 and self.keys[slot] != key:
            slot = (slot + 1) & self.mask
        if self.keys[slot] == 0:
            self.count += 1
        self.keys[slot] = key
        self.rows[slot] = row

    cdef void remove(self, int64_t key) noexcept nogil:
        cdef uint64_t slot = mix(key) & self.mask
        cdef uint64_t probe, home
        while self.keys[slot] != key:
            if self.keys[slot] == 0:
                return
            slot = (slot + 1) & self.mask
        # backward shift: pull later entries of the run into the hole, so that no tombstone is needed
        probe = slot
        while True:
            probe = (probe + 1) & self.mask
            if self.keys[probe] == 0:
                break
            home = mix(self.keys[probe]) & self.mask
            if ((probe - home) & self.mask) >= ((probe - slot) & self.mask):
                self.keys[slot] = self.keys[probe]
                self.rows[slot] = self.rows[probe]
                slot = probe
        self.keys[slot] = 0
        self.rows[slot] = -1
        self.count -= 1
    # end hot

    def __len__(self):
        return self.count

    def get(self, int64_t key):
        """Row of an id, or None."""
        cdef int32_t row = self.find(key) if key > 0 else -1
        return None if row < 0 else row

    def set(self, int64_t key, int32_t row):
        """Insert or replace. ValueError for ids below 1, OverflowError when full."""
        if key < 1:
            raise ValueError(f"ids are positive: {key}")
        if self.count >= self.capacity and self.find(key) < 0:
            raise OverflowError(f"the map holds its {self.capacity} ids already")
        self.put(key, row)

    def discard(self, int64_t key):
        """Remove an id if it is there."""
        if key > 0:
            self.remove(key)

    def rebuild(self):
        """Recount after the arrays were overwritten by a restore."""
        self.count = int((np.asarray(self.keys_array) != 0).sum())
