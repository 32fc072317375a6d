# cython: language_level=3
"""The ceiling of the AMI bench: what finding every line end and every colon costs, with nothing done with them."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memchr


def scan(bytes data not None):
    """(messages, headers) of a CRLF stream, by memchr alone."""
    cdef const char *at = PyBytes_AS_STRING(data)
    cdef const char *end = at + PyBytes_GET_SIZE(data)
    cdef const char *lf
    cdef Py_ssize_t messages = 0, headers = 0
    while at < end:
        lf = <const char *>memchr(at, 10, end - at)
        if lf == NULL:
            break
        if lf - at <= 1:
            messages += 1
        elif memchr(at, 58, lf - at) != NULL:
            headers += 1
        at = lf + 1
    return messages, headers
