"""One bounded heap of timers, a slot per table row: arming and cancelling are O(log n) and leave no litter."""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

import numpy as np


cdef class TimerHeap:
    """Deadlines of `slots` timers. A slot is armed at most once; arming it again moves it."""

    def __init__(self, Py_ssize_t slots):
        self._bind(
            np.zeros(slots, np.int64), np.zeros(slots, np.int64), np.zeros(slots, np.int32),
            np.full(slots, -1, np.int32), np.zeros(2, np.int64),
        )

    def _bind(self, deadline, order, heap, position, registers):
        self.deadline_array = deadline
        self.order_array = order
        self.heap_array = heap
        self.position_array = position
        self.registers_array = registers
        self.deadline = self.deadline_array
        self.order = self.order_array
        self.heap = self.heap_array
        self.position = self.position_array
        self.registers = self.registers_array

    # hot
    cdef bint before(self, int32_t a, int32_t b) noexcept nogil:
        if self.deadline[a] != self.deadline[b]:
            return self.deadline[a] < self.deadline[b]
        return self.order[a] < self.order[b]

    cdef void sift_up(self, int32_t place) noexcept nogil:
        cdef int32_t slot = self.heap[place]
        cdef int32_t parent
        while place > 0:
            parent = (place - 1) >> 1
            if not self.before(slot, self.heap[parent]):
                break
            self.heap[place] = self.heap[parent]
            self.position[self.heap[place]] = place
            place = parent
        self.heap[place] = slot
        self.position[slot] = place

    cdef void sift_down(self, int32_t place) noexcept nogil:
        cdef int32_t slot = self.heap[place]
        cdef int32_t count = <int32_t>self.registers[0]
        cdef int32_t child
        while True:
            child = 2 * place + 1
            if child >= count:
                break
            if child + 1 < count and self.before(self.heap[child + 1], self.heap[child]):
                child += 1
            if not self.before(self.heap[child], slot):
                break
            self.heap[place] = self.heap[child]
            self.position[self.heap[place]] = place
            place = child
        self.heap[place] = slot
        self.position[slot] = place

    cdef void arm(self, int32_t slot, int64_t deadline_ns) noexcept nogil:
        cdef int32_t place = self.position[slot]
        self.deadline[slot] = deadline_ns
        self.order[slot] = self.registers[1]
        self.registers[1] += 1
        if place < 0:
            place = <int32_t>self.registers[0]
            self.registers[0] += 1
            self.heap[place] = slot
            self.position[slot] = place
            self.sift_up(place)
        else:
            self.sift_up(place)
            self.sift_down(self.position[slot])

    cdef void cancel(self, int32_t slot) noexcept nogil:
        cdef int32_t place = self.position[slot]
        cdef int32_t last
        if place < 0:
            return
        self.registers[0] -= 1
        last = self.heap[self.registers[0]]
        self.position[slot] = -1
        self.deadline[slot] = 0
        if last != slot:
            self.heap[place] = last
            self.position[last] = place
            self.sift_up(place)
            self.sift_down(self.position[last])

    cdef int64_t first_ns(self) noexcept nogil:
        if self.registers[0] == 0:
            return INT64_MAX
        return self.deadline[self.heap[0]]

    cdef int32_t pop_due(self, int64_t now_ns) noexcept nogil:
        cdef int32_t slot
        if self.registers[0] == 0:
            return -1
        slot = self.heap[0]
        if self.deadline[slot] > now_ns:
            return -1
        self.cancel(slot)
        return slot
    # end hot

    cdef void shift_all(self, int64_t by_ns) noexcept nogil:
        # one shift for all keeps the heap's order
        cdef Py_ssize_t place
        for place in range(self.registers[0]):
            self.deadline[self.heap[place]] += by_ns

    def move(self, Py_ssize_t slots, sections):
        """Get `slots` timers instead of those there are; each section (first, count, new first) keeps its timers."""
        places = np.full(len(self.deadline_array), -1, np.int32)
        for first, count, to in sections:
            places[first : first + count] = np.arange(to, to + count, dtype=np.int32)
        armed = int(self.registers[0])
        fresh = TimerHeap(slots)
        fresh.deadline_array[places] = self.deadline_array
        fresh.order_array[places] = self.order_array
        fresh.position_array[places] = self.position_array
        fresh.heap_array[:armed] = places[self.heap_array[:armed]]
        fresh.registers_array[:] = self.registers_array
        self._bind(
            fresh.deadline_array, fresh.order_array, fresh.heap_array, fresh.position_array, fresh.registers_array
        )

    def __len__(self):
        return self.registers[0]

    def set(self, int32_t slot, int64_t deadline_ns):
        """Arm a slot. IndexError for a slot that does not exist."""
        if not 0 <= slot < self.deadline.shape[0]:
            raise IndexError(f"slot {slot} of {self.deadline.shape[0]}")
        self.arm(slot, deadline_ns)

    def clear(self, int32_t slot):
        """Cancel a slot. IndexError for a slot that does not exist."""
        if not 0 <= slot < self.deadline.shape[0]:
            raise IndexError(f"slot {slot} of {self.deadline.shape[0]}")
        self.cancel(slot)

    def first(self):
        """Earliest deadline, or None."""
        cdef int64_t ns = self.first_ns()
        return None if ns == INT64_MAX else ns

    def pop(self, int64_t now_ns):
        """The slot whose time has come first, now cancelled; None when none is due."""
        cdef int32_t slot = self.pop_due(now_ns)
        return None if slot < 0 else slot

    def shift(self, int64_t by_ns):
        """Move every deadline."""
        self.shift_all(by_ns)
