"""Counter-based random numbers and the distributions drawn from them.

A draw is a pure function of (seed, stream, role, k, index): nothing is consumed, so the k-th dial has the same fate
under every policy and in every order of asking. The mixing function is the finaliser of splitmix64 [1]_, applied to
counters a golden ratio apart. One uniform number makes one draw: each distribution is inverted, none is rejected.

References
----------
.. [1] Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators, OOPSLA.
.. [2] Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37(3).
"""
cimport cython
from libc.math cimport INFINITY, erfc, exp, expm1, fabs, floor, isfinite, isnan, log, log1p, sqrt
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc

from array import array

cdef uint64_t GOLDEN = 0x9E3779B97F4A7C15


# hot
cdef inline uint64_t mix(uint64_t x) noexcept nogil:
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


cdef uint64_t stream_base(uint64_t seed, uint64_t stream, uint64_t role) noexcept nogil:
    return mix(mix(mix(seed + GOLDEN) + stream * GOLDEN) + (role + 1) * GOLDEN)


cdef double uniform_at(uint64_t base, uint64_t k, uint64_t index) noexcept nogil:
    # in the open interval (0, 1): 53 bits and a half
    cdef uint64_t bits = mix(mix(base + k * GOLDEN) + (index + 1) * GOLDEN)
    return (<double>(bits >> 11) + 0.5) * (1.0 / 9007199254740992.0)


cdef double normal_quantile(double p) noexcept nogil:
    # AS 241, routine PPND16: relative error about 1e-16
    cdef double q = p - 0.5, r, top, bottom
    if fabs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                   + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
                + 133.14166789178437745) * r + 3.387132872796366608)
        bottom = (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                      + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
                   + 42.313330701600911252) * r + 1.0)
        return q * top / bottom
    r = sqrt(-log(p if q < 0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                   + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
                + 4.6303378461565452959) * r + 1.42343711074968357734)
        bottom = (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                      + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
                   + 2.05319162663775882187) * r + 1.0)
    else:
        r -= 5.0
        top = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                   + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
                + 5.4637849111641143699) * r + 6.6579046435011037772)
        bottom = (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
                       + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r
                    + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0)
    return -top / bottom if q < 0 else top / bottom


cdef double cumulative(const dist_t* dist, double x) noexcept nogil:
    # P(draw <= x) of the continuous kinds, without clipping
    if dist.kind == DIST_UNIFORM:
        return min(1.0, max(0.0, (x - dist.a) / (dist.b - dist.a)))
    if x <= 0.0:
        return 0.0
    if dist.kind == DIST_EXPONENTIAL:
        return -expm1(-x / dist.a)
    return 0.5 * erfc(-(log(x) - dist.a) / dist.b / sqrt(2.0))


cdef double value_at(const dist_t* dist, double u) noexcept nogil:
    # the draw at quantile u
    cdef double x
    u = dist.u_low + u * (dist.u_high - dist.u_low)
    if dist.kind == DIST_CONSTANT:
        x = dist.a
    elif dist.kind == DIST_UNIFORM:
        x = dist.a + u * (dist.b - dist.a)
    elif dist.kind == DIST_EXPONENTIAL:
        x = -dist.a * log1p(-u)
    elif dist.kind == DIST_LOGNORMAL:
        x = exp(dist.a + dist.b * normal_quantile(u))
    else:
        x = dist.values[<Py_ssize_t>floor(u * <double>dist.count)]
    return min(dist.clip_high, max(dist.clip_low, x))


cdef int64_t nanoseconds_at(const dist_t* dist, double u) noexcept nogil:
    return <int64_t>(value_at(dist, u) * 1e9 + 0.5)
# end hot


@cython.final
cdef class Distribution:
    """A distribution of non-negative seconds. Made by the constructors below; immutable.

    `clip` moves what lies outside the limits onto them, `truncate` draws only what lies inside. Clipping keeps the
    share of every outcome and (nearly) the mean; truncating leaves no lump at the limits but shifts the mean.
    """

    def __cinit__(self):
        self.dist.kind = DIST_CONSTANT
        self.dist.a = self.dist.b = 0.0
        self.dist.clip_low = 0.0
        self.dist.clip_high = INFINITY
        self.dist.u_low = 0.0
        self.dist.u_high = 1.0
        self.dist.values = NULL
        self.dist.count = 0

    def __dealloc__(self):
        free(self.dist.values)

    @staticmethod
    def constant(double value):
        """Always `value` seconds. ValueError: negative or not finite."""
        return _made(DIST_CONSTANT, _checked("value", value, 0.0), 0.0)

    @staticmethod
    def uniform(double low, double high):
        """Evenly between `low` and `high`. ValueError unless 0 <= low < high."""
        _checked("low", low, 0.0)
        if not low < high or not isfinite(high):
            raise ValueError(f"high must be finite and more than low ({low:g}), not {high:g}")
        return _made(DIST_UNIFORM, low, high)

    @staticmethod
    def exponential(double mean):
        """Exponential of a mean. ValueError: not positive or not finite."""
        return _made(DIST_EXPONENTIAL, _positive("mean", mean), 0.0)

    @staticmethod
    def lognormal(double mean, double cv):
        """Lognormal by mean and coefficient of variation. ValueError: not positive or not finite."""
        cdef double variance = log1p(_positive("cv", cv) * cv)
        return _made(DIST_LOGNORMAL, log(_positive("mean", mean)) - 0.5 * variance, sqrt(variance))

    @staticmethod
    def empirical(values):
        """Draws one of the stored values, each as likely. ValueError: none given, or one negative or not finite."""
        cdef Distribution made = _made(DIST_EMPIRICAL, 0.0, 0.0)
        cdef Py_ssize_t i, count = len(values)
        if count == 0:
            raise ValueError("wants at least one value")
        made.dist.values = <double*>malloc(count * sizeof(double))
        if made.dist.values == NULL:
            raise MemoryError
        for i in range(count):
            made.dist.values[i] = _checked("value", values[i], 0.0)
        made.dist.count = count
        return made

    def clipped(self, double low, double high):
        """The same, with draws outside [low, high] moved onto the limits. ValueError unless 0 <= low < high."""
        cdef Distribution made = self._copy()
        made._limits(low, high)
        made.dist.clip_low = low
        made.dist.clip_high = high
        return made

    def truncated(self, double low, double high):
        """The same, drawn only inside [low, high]. ValueError: limits out of order, nothing inside, not continuous."""
        cdef Distribution made = self._copy()
        made._limits(low, high)
        if made.dist.kind in (DIST_CONSTANT, DIST_EMPIRICAL):
            raise ValueError("only uniform, exponential and lognormal distributions can be truncated")
        made.dist.u_low = cumulative(&made.dist, low)
        made.dist.u_high = cumulative(&made.dist, high)
        if not made.dist.u_low < made.dist.u_high:
            raise ValueError(f"nothing lies between {low:g} and {high:g}")
        made.dist.clip_low = low    # rounding of the inversion must not leave the limits
        made.dist.clip_high = high
        return made

    def sample(self, seed, role, k, index=0, stream=0):
        """The draw of (seed, stream, role, k, index) in seconds."""
        return value_at(&self.dist, uniform(seed, role, k, index, stream))

    def samples(self, seed, role, Py_ssize_t count, stream=0):
        """The draws for k = 0 .. count - 1 (index 0) as an array of doubles, in seconds."""
        cdef uint64_t base = stream_base(seed, stream, role)
        cdef Py_ssize_t k
        out = array("d", bytes(8 * count))
        cdef double[::1] view = out
        for k in range(count):
            view[k] = value_at(&self.dist, uniform_at(base, k, 0))
        return out

    cdef Distribution _copy(self):
        cdef Distribution made = Distribution.__new__(Distribution)
        cdef Py_ssize_t i
        made.dist = self.dist
        if self.dist.count:
            made.dist.values = <double*>malloc(self.dist.count * sizeof(double))
            if made.dist.values == NULL:
                raise MemoryError
            for i in range(self.dist.count):
                made.dist.values[i] = self.dist.values[i]
        return made

    cdef int _limits(self, double low, double high) except -1:
        if isnan(low) or low < 0.0 or not low < high or not isfinite(high):
            raise ValueError(f"limits must be 0 <= low < high, not {low:g} and {high:g}")
        return 0


def uniform(seed, role, k, index=0, stream=0):
    """The uniform number in (0, 1) of (seed, stream, role, k, index)."""
    return uniform_at(stream_base(seed, stream, role), k, index)


cdef Distribution _made(int kind, double a, double b):
    cdef Distribution made = Distribution.__new__(Distribution)
    made.dist.kind = kind
    made.dist.a = a
    made.dist.b = b
    return made


cdef double _checked(str name, double value, double low) except -1.0:
    if not isfinite(value) or value < low:
        raise ValueError(f"{name} must be finite and at least {low:g}, not {value:g}")
    return value


cdef double _positive(str name, double value) except -1.0:
    if not isfinite(value) or value <= 0.0:
        raise ValueError(f"{name} must be finite and more than 0, not {value:g}")
    return value
