from libc.stdint cimport int32_t, int64_t, uint64_t

cdef class IdMap:
    cdef readonly object keys_array      # (slots,) int64, 0 = empty
    cdef readonly object rows_array      # (slots,) int32
    cdef int64_t[::1] keys
    cdef int32_t[::1] rows
    cdef uint64_t mask
    cdef Py_ssize_t count
    cdef Py_ssize_t capacity

    cdef int32_t find(self, int64_t key) noexcept nogil      # row, -1 = unknown
    cdef void put(self, int64_t key, int32_t row) noexcept nogil
    cdef void remove(self, int64_t key) noexcept nogil
