# What an argument of a formula may be; _formula.pyx says it in words.
cdef enum:
    LOAD                         # erlangs
    COUNT                        # of servers
    PLACE                        # in a queue, from 1
    TIME                         # a mean duration
    PATIENCE                     # the same, or infinite: nobody ever leaves
    SPAN                         # from now to a moment
    SHARE                        # of calls: none to less than all
    SHARE_OR_ALL                 # of calls: more than none

cdef enum:
    MAX_ARGUMENTS = 5
    MAX_AXES = 64                # numpy's own

ctypedef double (*kernel_t)(const double* at) noexcept nogil
ctypedef void (*many_t)(
    const double* first, Py_ssize_t first_step, const double* second, Py_ssize_t second_step, double* found,
    Py_ssize_t count,
) noexcept nogil

cdef class Formula:
    cdef kernel_t kernel
    cdef many_t many             # a quicker way for arrays of two arguments, or NULL
    cdef tuple names             # of the arguments, for errors
    cdef int[MAX_ARGUMENTS] kinds
    cdef bint whole              # the result is a whole number
    cdef Py_ssize_t arguments
    cdef object at(self, tuple values)
    cdef object over(self, tuple values)
    cdef object checked(self, Py_ssize_t place, object value)
    cdef int fill(self, list wide, list arrays, double[::1] found) except -1
    cdef void fill_row(
        self, const double** data, const Py_ssize_t* step, double* found, Py_ssize_t count
    ) noexcept nogil

cdef Formula formula(kernel_t kernel, tuple names, tuple kinds, bint whole, many_t many)
