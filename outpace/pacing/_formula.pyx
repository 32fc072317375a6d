"""A kernel of doubles as a Python function: numbers in, number out; arrays in, array out, broadcast as numpy does.

Arguments are checked here, with the name, the place and the bounds of what is wrong, so that kernels check nothing.
"""
from libc.math cimport INFINITY, NAN, floor

import numpy as np

cdef tuple WORDS = (
    "from 0 to 1e12 erlangs",
    "a whole number from 1 to 1e9",
    "from 1e-6 to 1e9 seconds",
    "from 1e-6 to 1e9 seconds, or infinite",
    "from 0 to 1e9 seconds",
    "at least 0 and less than 1",
    "more than 0 and at most 1",
    "a whole number from 1 to 1e6",
)


cdef bint holds(int kind, double value) noexcept nogil:
    if kind == LOAD:
        return 0.0 <= value <= 1e12
    if kind == COUNT:
        return 1.0 <= value <= 1e9 and floor(value) == value
    if kind == TIME:
        return 1e-6 <= value <= 1e9
    if kind == PATIENCE:
        return 1e-6 <= value <= 1e9 or value == INFINITY
    if kind == SPAN:
        return 0.0 <= value <= 1e9
    if kind == SHARE:
        return 0.0 <= value < 1.0
    if kind == SHARE_OR_ALL:
        return 0.0 < value <= 1.0
    return 1.0 <= value <= 1e6 and floor(value) == value


cdef double as_double(object value) except? -1.0:
    try:
        return value
    except OverflowError:
        return NAN


cdef class Formula:
    """A kernel with the names and kinds of its arguments."""

    cdef object at(self, tuple values):
        cdef double[MAX_ARGUMENTS] point
        cdef Py_ssize_t place = 0
        for value in values:
            if not isinstance(value, (float, int)):
                return self.over(values)
            point[place] = as_double(value)
            if not holds(self.kinds[place], point[place]):
                raise ValueError(f"{self.names[place]} must be {WORDS[self.kinds[place]]}, not {value!r}")
            place += 1
        if self.whole:
            return <long long>self.kernel(point)
        return self.kernel(point)

    cdef object over(self, tuple values):
        cdef list arrays = [self.checked(place, value) for place, value in enumerate(values)]
        shape = np.broadcast_shapes(*[array.shape for array in arrays])
        found = np.empty(shape)
        if found.size:
            self.fill([
                array.reshape(1) if array.size == 1 else np.ascontiguousarray(np.broadcast_to(array, shape)).reshape(-1)
                for array in arrays
            ], found.reshape(-1))
        if self.whole:
            found = found.astype(np.int64)
        return found if shape else found.item()

    cdef object checked(self, Py_ssize_t place, object value):
        array = np.asarray(value, np.float64)
        cdef const double[::1] flat = np.ascontiguousarray(array).reshape(-1)
        cdef Py_ssize_t item
        for item in range(flat.shape[0]):
            if not holds(self.kinds[place], flat[item]):
                index = tuple([int(axis) for axis in np.unravel_index(item, array.shape)])
                raise ValueError(
                    f"{self.names[place]} must be {WORDS[self.kinds[place]]}, not {flat[item]} at index {index}"
                )
        return array

    cdef int fill(self, list arrays, double[::1] found) except -1:
        cdef const double* data[MAX_ARGUMENTS]
        cdef Py_ssize_t[MAX_ARGUMENTS] step
        cdef double[MAX_ARGUMENTS] point
        cdef const double[::1] view
        cdef Py_ssize_t item, place
        cdef Py_ssize_t arguments = len(arrays)
        for place in range(arguments):
            view = arrays[place]
            data[place] = &view[0]
            step[place] = 1 if view.shape[0] > 1 else 0
        with nogil:
            if self.many is not NULL:
                self.many(data[0], step[0], data[1], step[1], found)
            else:
                for item in range(found.shape[0]):
                    for place in range(arguments):
                        point[place] = data[place][item * step[place]]
                    found[item] = self.kernel(point)
        return 0


cdef Formula formula(kernel_t kernel, tuple names, tuple kinds, bint whole, many_t many):
    cdef Formula made = Formula.__new__(Formula)
    cdef Py_ssize_t place
    made.kernel = kernel
    made.many = many
    made.names = names
    made.whole = whole
    for place in range(len(names)):
        made.kinds[place] = kinds[place]
    return made
