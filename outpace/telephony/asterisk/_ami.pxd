"""Records and steps of the AMI scan: lines, names and values as C spans. The steps touch no Python object."""
from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memchr, memcpy

cdef enum:
    LF = 10
    CR = 13
    SPACE = 32
    COLON = 58
    FIELDS_MAX = 16         # wanted fields of one event

cdef struct span_t:
    const char *at
    Py_ssize_t size

# One wanted field: its name in lower case, with the colon.
cdef struct field_t:
    const char *key
    Py_ssize_t size

# One wanted event. fields = -1: the whole message is wanted.
cdef struct spec_t:
    const char *name
    Py_ssize_t size
    PyObject *label         # the name as str; owned by EventReader._kept
    int fields
    uint32_t initials       # bit (first letter & 31) for every field
    field_t field[FIELDS_MAX]


cdef inline unsigned char lower(char c) noexcept nogil:
    return <unsigned char>c + (32 if 65 <= <unsigned char>c <= 90 else 0)


cdef inline bint same_name(const char *at, const char *key, Py_ssize_t size) noexcept nogil:
    # key is lower case already
    cdef Py_ssize_t i
    for i in range(size):
        if lower(at[i]) != <unsigned char>key[i]:
            return False
    return True


cdef inline uint64_t name_hash(const char *at, Py_ssize_t size) noexcept nogil:
    # Both ends of the name (they overlap below 16 bytes), multiplied; the high bits are good.
    cdef uint64_t head = 0, tail = 0
    if size >= 8:
        memcpy(&head, at, 8)
        memcpy(&tail, at + size - 8, 8)
    else:
        memcpy(&head, at, size)
    return ((head ^ (tail * 0xff51afd7ed558ccdULL)) + <uint64_t>size) * 0x9e3779b97f4a7c15ULL


cdef inline bint is_ascii(const char *at, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t i
    cdef unsigned char bits = 0
    for i in range(size):
        bits |= <unsigned char>at[i]
    return bits < 128


cdef inline const char *line_end(const char *at, const char *end, bint crlf) noexcept nogil:
    # The LF that ends the line at `at`; NULL while it has not come.
    cdef const char *lf = <const char *>memchr(at, LF, end - at)
    if crlf:
        while lf != NULL and (lf == at or (lf - 1)[0] != CR):
            lf = <const char *>memchr(lf + 1, LF, end - lf - 1)
    return lf


cdef inline Py_ssize_t line_size(const char *at, const char *lf) noexcept nogil:
    # Bytes of the line without its end.
    return lf - at - (1 if lf > at and (lf - 1)[0] == CR else 0)


cdef inline span_t value_of(const char *at, Py_ssize_t size, Py_ssize_t colon) noexcept nogil:
    # What follows the colon and the one space that Asterisk writes after it.
    cdef span_t value
    cdef Py_ssize_t skip = colon + 1
    if skip < size and at[skip] == SPACE:
        skip += 1
    value.at = at + skip
    value.size = size - skip
    return value
