"""A kernel of doubles as a Python function: numbers in, number out; arrays in, array out, broadcast as numpy does.

Arguments are checked here, with the name, the place and the bounds of what is wrong, so that kernels check nothing.
"""
from cpython.exc cimport PyErr_Clear, PyErr_Occurred
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int64_t

import numpy as np

# By kind: the least and the greatest value, in words and as numbers.
cdef tuple WORDS = (
    "from 0 to 1e12 erlangs",
    "a whole number from 1 to 1e9",
    "a whole number from 1 to 1e6",
    "from 1e-6 to 1e9 seconds",
    "from 1e-6 to 1e9 seconds, or infinite",
    "from 0 to 1e9 seconds",
    "at least 0 and less than 1",
    "more than 0 and at most 1",
)
cdef double[8] LEAST = [0.0, 1.0, 1.0, 1e-6, 1e-6, 0.0, 0.0, 5e-324]
cdef double[8] GREATEST = [1e12, 1e9, 1e6, 1e9, 1e9, 1e9, 1.0 - 2.0**-53, 1.0]


cdef inline bint holds(int kind, double value) noexcept nogil:
    if LEAST[kind] <= value <= GREATEST[kind]:
        return (kind != COUNT and kind != PLACE) or <double><int64_t>value == value
    return kind == PATIENCE and value == INFINITY


cdef Py_ssize_t first_fault(int kind, const double[::1] values) noexcept nogil:
    cdef Py_ssize_t item
    for item in range(values.shape[0]):
        if not holds(kind, values[item]):
            return item
    return -1


cdef extern from "Python.h":
    double PyLong_AsDouble(object value) noexcept


cdef double as_double(object value) noexcept:
    # of an int; one beyond all doubles is in no range
    cdef double found = PyLong_AsDouble(value)
    if found == -1.0 and PyErr_Occurred():
        PyErr_Clear()
        return NAN
    return found


cdef class Formula:
    """A kernel with the names and kinds of its arguments."""

    cdef object at(self, tuple values):
        cdef double[MAX_ARGUMENTS] point
        cdef Py_ssize_t place = 0
        for value in values:
            if isinstance(value, float):
                point[place] = value
            elif isinstance(value, int):
                point[place] = as_double(value)
            else:
                return self.over(values)
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
            self.fill([np.broadcast_to(array, shape) for array in arrays], arrays, found.reshape(-1))
        if self.whole:
            found = found.astype(np.int64)
        return found if shape else found.item()

    cdef object checked(self, Py_ssize_t place, object value):
        array = np.asarray(value, np.float64, order="C")
        cdef const double[::1] flat = array.reshape(-1)
        cdef Py_ssize_t item = first_fault(self.kinds[place], flat)
        if item >= 0:
            index = tuple([int(axis) for axis in np.unravel_index(item, array.shape)])
            where = f" at index {index}" if index else ""
            raise ValueError(f"{self.names[place]} must be {WORDS[self.kinds[place]]}, not {flat[item]}{where}")
        return array

    cdef int fill(self, list wide, list arrays, double[::1] found) except -1:
        # `wide` are views of `arrays` in the common shape; row by row of its last axis
        cdef const double* data[MAX_ARGUMENTS]
        cdef Py_ssize_t[MAX_ARGUMENTS][MAX_AXES] step
        cdef Py_ssize_t[MAX_AXES] extent
        cdef Py_ssize_t[MAX_AXES] counter
        cdef Py_ssize_t[MAX_ARGUMENTS] last
        cdef const double[::1] flat
        cdef Py_ssize_t place, axis, row
        cdef Py_ssize_t axes = max(1, wide[0].ndim)
        for axis in range(axes):
            extent[axis] = wide[0].shape[axis] if wide[0].ndim else 1
            counter[axis] = 0
        for place in range(len(wide)):
            flat = arrays[place].reshape(-1)
            data[place] = &flat[0]
            for axis in range(axes):
                step[place][axis] = wide[place].strides[axis] // sizeof(double) if wide[place].ndim else 0
            last[place] = step[place][axes - 1]
        with nogil:
            for row in range(found.shape[0] // extent[axes - 1]):
                self.fill_row(data, last, &found[row * extent[axes - 1]], extent[axes - 1])
                axis = axes - 2
                while axis >= 0:
                    counter[axis] += 1
                    for place in range(self.arguments):
                        data[place] += step[place][axis]
                    if counter[axis] < extent[axis]:
                        break
                    counter[axis] = 0
                    for place in range(self.arguments):
                        data[place] -= step[place][axis] * extent[axis]
                    axis -= 1
        return 0

    cdef void fill_row(
        self, const double** data, const Py_ssize_t* step, double* found, Py_ssize_t count
    ) noexcept nogil:
        cdef double[MAX_ARGUMENTS] point
        cdef Py_ssize_t item, place
        if self.many is not NULL:
            self.many(data[0], step[0], data[1], step[1], found, count)
            return
        for item in range(count):
            for place in range(self.arguments):
                point[place] = data[place][item * step[place]]
            found[item] = self.kernel(point)


cdef Formula formula(kernel_t kernel, tuple names, tuple kinds, bint whole, many_t many):
    cdef Formula made = Formula.__new__(Formula)
    cdef Py_ssize_t place
    made.kernel = kernel
    made.many = many
    made.names = names
    made.whole = whole
    made.arguments = len(names)
    for place in range(len(names)):
        made.kinds[place] = kinds[place]
    return made
