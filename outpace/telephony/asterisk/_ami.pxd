"""Limits, records and steps of the AMI scan: lines, names, values as C spans. The steps touch no Python object."""
from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

cdef extern from "Python.h":
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    object PyUnicode_DecodeUTF8(const char *at, Py_ssize_t size, const char *errors)
    object PyUnicode_FromOrdinal(int ordinal)
    bint PyUnicode_IS_COMPACT_ASCII(PyObject *text)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *text)
    void *PyUnicode_1BYTE_DATA(PyObject *text)
    PyObject *PyDict_SetDefault(object d, object key, object value) except NULL
    char *PyByteArray_AS_STRING(object array)
    Py_ssize_t PyByteArray_GET_SIZE(object array)

cdef enum:
    LF = 10
    CR = 13
    SPACE = 32
    COLON = 58
    FIELDS_MAX = 16         # wanted fields of one event
    NAMES = 1024            # slots of the cache of header and event names
    NAME_MAX = 64           # longer names are not cached
    JOIN = 2048             # bytes that end most messages
    EXCERPT = 60            # bytes of the stream that an error shows
    # Asterisk reads a line into 1,024 bytes, throws a fuller buffer away and takes the rest for a new line: the tail of
    # a long value would become a header of its own. CR and LF count.
    ACTION_LINE_MAX = 1022

cdef struct span_t:
    const char *at
    Py_ssize_t size

# One wanted field: its name, with the colon.
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
    # ASCII case apart; mostly the spelling is the same too.
    cdef Py_ssize_t i
    if memcmp(at, key, size) == 0:
        return True
    for i in range(size):
        if lower(at[i]) != lower(key[i]):
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


cdef extern from *:
    """
    #include <stdint.h>
    #if defined(__SSE2__)
    #include <emmintrin.h>
    /* One bit for each LF among 64 bytes. */
    static inline uint64_t lf_bits(const char *at) {
        const __m128i lf = _mm_set1_epi8(10);
        uint64_t bits = 0;
        for (int i = 0; i < 4; i++) {
            const __m128i part = _mm_loadu_si128((const __m128i *)(at + 16 * i));
            bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, lf)) << (16 * i);
        }
        return bits;
    }
    #else
    static inline uint64_t lf_bits(const char *at) {
        uint64_t bits = 0;
        for (int i = 0; i < 64; i++) bits |= (uint64_t)(at[i] == 10) << i;
        return bits;
    }
    #endif
    """
    uint64_t lf_bits(const char *at) noexcept nogil
    int __builtin_ctzll(uint64_t bits) noexcept nogil


# Walks over the ends of lines, 64 bytes at a time: lines are short, and a memchr for each costs three times as much.
cdef struct walk_t:
    const char *block
    const char *end
    uint64_t bits           # line feeds of the block that are still to come
    bint crlf


cdef inline uint64_t block_bits(const char *at, const char *end) noexcept nogil:
    cdef char last[64]
    if end - at >= 64:
        return lf_bits(at)
    memset(last, 0, 64)
    memcpy(last, at, end - at)
    return lf_bits(last)


cdef inline void start_walk(walk_t *walk, const char *at, const char *end, bint crlf) noexcept nogil:
    # `at` is where a line starts.
    walk.block = at
    walk.end = end
    walk.crlf = crlf
    walk.bits = block_bits(at, end) if at < end else 0
    if crlf:
        walk.bits &= ~<uint64_t>1   # what is before `at` is no CR of this line


cdef inline const char *line_end(walk_t *walk) noexcept nogil:
    # The LF that ends the next line; NULL while it has not come.
    cdef const char *lf
    while True:
        while walk.bits == 0:
            if walk.end - walk.block <= 64:
                return NULL
            walk.block += 64
            walk.bits = block_bits(walk.block, walk.end)
        lf = walk.block + __builtin_ctzll(walk.bits)
        walk.bits &= walk.bits - 1
        if not walk.crlf or (lf - 1)[0] == CR:
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
