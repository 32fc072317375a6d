"""Timers and an index for rows: what the carrier and the people keep their tables by.

Each item (a row of a table) has at most one timer, so the heap is bounded by the table. Equal times fire in the order
in which they were set.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, realloc

NEVER = 0x7FFFFFFFFFFFFFFF


cdef void* resized(void* memory, size_t size) except NULL:
    # the memory with its content, of another size; MemoryError leaves it as it was
    cdef void* grown = realloc(memory, size)
    if grown == NULL:
        raise MemoryError
    return grown


cdef inline bint earlier(const timer_t* a, const timer_t* b) noexcept nogil:
    return a.when_ns < b.when_ns or (a.when_ns == b.when_ns and a.sequence < b.sequence)


@cython.final
cdef class TimerHeap:
    """One timer an item, addressable: set again moves it."""

    def __cinit__(self):
        self.entries = NULL
        self.place = NULL
        self.count = self.capacity = 0
        self.sequence = 0

    def __dealloc__(self):
        free(self.entries)
        free(self.place)

    cdef int reserve(self, int32_t capacity) except -1:
        # make room for items 0 .. capacity - 1
        cdef int32_t item
        if capacity <= self.capacity:
            return 0
        self.entries = <timer_t*>resized(self.entries, capacity * sizeof(timer_t))
        self.place = <int32_t*>resized(self.place, capacity * sizeof(int32_t))
        for item in range(self.capacity, capacity):
            self.place[item] = -1
        self.capacity = capacity
        return 0

    # hot
    cdef void set(self, int32_t item, int64_t when_ns) noexcept:
        cdef int32_t at = self.place[item]
        if when_ns == NEVER:
            self.clear(item)
            return
        if at < 0:
            at = self.count
            self.count += 1
        self.sequence += 1
        self.entries[at].when_ns = when_ns
        self.entries[at].sequence = self.sequence
        self.entries[at].item = item
        self.place[item] = at
        self._up(at)
        self._down(self.place[item])

    cdef void clear(self, int32_t item) noexcept:
        cdef int32_t at = self.place[item], moved
        if at < 0:
            return
        self.place[item] = -1
        self.count -= 1
        if at == self.count:
            return
        self.entries[at] = self.entries[self.count]
        moved = self.entries[at].item
        self.place[moved] = at
        self._up(at)
        self._down(self.place[moved])

    cdef int64_t next_ns(self) noexcept:
        return self.entries[0].when_ns if self.count else NEVER

    cdef int32_t next_item(self) noexcept:
        return self.entries[0].item if self.count else -1

    cdef void _up(self, int32_t at) noexcept:
        cdef timer_t entry = self.entries[at]
        cdef int32_t parent
        while at > 0:
            parent = (at - 1) >> 1
            if not earlier(&entry, &self.entries[parent]):
                break
            self.entries[at] = self.entries[parent]
            self.place[self.entries[at].item] = at
            at = parent
        self.entries[at] = entry
        self.place[entry.item] = at

    cdef void _down(self, int32_t at) noexcept:
        cdef timer_t entry = self.entries[at]
        cdef int32_t child
        while True:
            child = 2 * at + 1
            if child >= self.count:
                break
            if child + 1 < self.count and earlier(&self.entries[child + 1], &self.entries[child]):
                child += 1
            if not earlier(&self.entries[child], &entry):
                break
            self.entries[at] = self.entries[child]
            self.place[self.entries[at].item] = at
            at = child
        self.entries[at] = entry
        self.place[entry.item] = at
    # end hot


@cython.final
cdef class IdIndex:
    """Outside id (not 0) -> row. Linear probing; a removal shifts what follows back, so no tombstones gather."""

    def __cinit__(self):
        self.keys = NULL
        self.rows = NULL
        self.count = 0
        self.mask = -1
        self._resize(64)

    def __dealloc__(self):
        free(self.keys)
        free(self.rows)

    # hot
    cdef int64_t _home(self, int64_t key) noexcept:
        return <int64_t>(((<uint64_t>key) * <uint64_t>0x9E3779B97F4A7C15) >> 20) & self.mask

    cdef int32_t find(self, int64_t key) noexcept:
        cdef int64_t at = self._home(key)
        while self.keys[at] != 0:
            if self.keys[at] == key:
                return self.rows[at]
            at = (at + 1) & self.mask
        return -1
    # end hot

    cdef int add(self, int64_t key, int32_t row) except -1:
        cdef int64_t at
        if 2 * (self.count + 1) > self.mask + 1:
            self._resize(2 * (self.mask + 1))
        at = self._home(key)
        while self.keys[at] != 0:
            at = (at + 1) & self.mask
        self.keys[at] = key
        self.rows[at] = row
        self.count += 1
        return 0

    cdef void remove(self, int64_t key) noexcept:
        cdef int64_t at = self._home(key), hole, home
        while self.keys[at] != key:
            if self.keys[at] == 0:
                return
            at = (at + 1) & self.mask
        self.count -= 1
        hole = at
        while True:
            at = (at + 1) & self.mask
            if self.keys[at] == 0:
                break
            home = self._home(self.keys[at])
            # the entry may move back to the hole unless its home lies cyclically in (hole, at]
            if ((at - home) & self.mask) >= ((at - hole) & self.mask):
                self.keys[hole] = self.keys[at]
                self.rows[hole] = self.rows[at]
                hole = at
        self.keys[hole] = 0

    cdef int _resize(self, int64_t size) except -1:
        cdef int64_t* old_keys = self.keys
        cdef int32_t* old_rows = self.rows
        cdef int64_t old_size = self.mask + 1, i, at
        cdef int64_t* keys = <int64_t*>calloc(size, sizeof(int64_t))
        cdef int32_t* rows = <int32_t*>calloc(size, sizeof(int32_t))
        if keys == NULL or rows == NULL:
            free(keys)
            free(rows)
            raise MemoryError
        self.keys = keys
        self.rows = rows
        self.mask = size - 1
        for i in range(old_size):
            if old_keys[i] != 0:
                at = self._home(old_keys[i])
                while keys[at] != 0:
                    at = (at + 1) & self.mask
                keys[at] = old_keys[i]
                rows[at] = old_rows[i]
        free(old_keys)
        free(old_rows)
        return 0
