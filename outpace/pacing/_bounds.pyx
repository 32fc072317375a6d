"""Exact confidence bounds of a share, and the exact tail of the binomial: kernels without the GIL.

The tail is a regularised incomplete beta function of whole numbers [1]_: a continued fraction, times a binomial
probability that Loader's saddle-point form [2]_ gives to full precision at any size. The bounds [3]_ are its inverse
by Newton's method on the logarithm, which is concave, so that every step but the first comes from one side.

References
----------
.. [1] DLMF 8.17.5 and 8.17.22; Lentz (1976), Applied Optics 15(3), for the evaluation of the fraction.
.. [2] Loader (2000), Fast and accurate computation of binomial probabilities.
.. [3] Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
   Biometrika 26(4).
"""
from libc.math cimport INFINITY, M_PI, NAN, exp, expm1, fabs, floor, isnan, log, log1p, sqrt
from libc.stdint cimport INT64_MAX, int64_t

cdef enum:
    FRACTION_TERMS = 100_000     # far more than 10^9 trials need; ends a loop that NaN could hold
    NEWTON_STEPS = 60            # 2 to 5 are usual
    ENDLESS = 1_000_000_000      # drops: more than a window can hold

# log(n!) less Stirling's formula, n = 0..15
cdef double[16] STIRLING_ERROR
STIRLING_ERROR[:] = [
    0.0, 0.0810614667953272582197, 0.0413406959554092940938, 0.0276779256849983391488, 0.0207906721037650931115,
    0.0166446911898211921632, 0.0138761288230707479987, 0.0118967099458917700951, 0.0104112652619720964975,
    0.0092554621827127329177, 0.0083305634333628712565, 0.0075736754879518407950, 0.0069428401072095298657,
    0.0064089941880042070684, 0.0059513701127588477356, 0.0055547335519628013710,
]


# hot: all of it may run inside a decision
cdef double stirling_error(int64_t n) noexcept nogil:
    cdef double square
    if n < 16:
        return STIRLING_ERROR[n]
    square = <double>n * <double>n
    return (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - 1 / 1188.0 / square) / square) / square) / square) / n


cdef double deviance(double x, double mean) noexcept nogil:
    # x log(x / mean) + mean - x, without cancellation where they are near
    cdef double ratio, term, total, before
    cdef int j = 1
    if fabs(x - mean) >= 0.1 * (x + mean):
        return x * log(x / mean) + mean - x
    ratio = (x - mean) / (x + mean)
    total = (x - mean) * ratio
    term = 2 * x * ratio
    while True:
        term *= ratio * ratio
        before = total
        total += term / (2 * j + 1)
        if total == before:
            return total
        j += 1


cdef double probability(int64_t k, int64_t n, double p, double q) noexcept nogil:
    # P(X = k), 0 <= k <= n, 0 < p < 1, q = 1 - p
    cdef double exponent
    if k == 0:
        return exp(n * (log1p(-p) if p < 0.5 else log(q)))
    if k == n:
        return exp(n * (log1p(-q) if q < 0.5 else log(p)))
    exponent = stirling_error(n) - stirling_error(k) - stirling_error(n - k)
    exponent -= deviance(k, n * p) + deviance(n - k, n * q)
    return exp(exponent) * sqrt(n / (2 * M_PI * k * (n - k)))


cdef double fraction(double a, double b, double x) noexcept nogil:
    # the continued fraction of I_x(a, b), for x <= (a + 1) / (a + b + 2)
    cdef double c = 1.0
    cdef double d = 1 / (1 - (a + b) * x / (a + 1))
    cdef double value = d
    cdef double step, term
    cdef int m
    for m in range(1, FRACTION_TERMS):
        term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        value *= d * c
        term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        step = d * c
        value *= step
        if fabs(step - 1) < 4e-16:
            break
    return value


cdef double tail_of(int64_t k, int64_t n, double p, double q) noexcept nogil:
    # P(X >= k), 1 <= k <= n, 0 < p < 1, q = 1 - p; the smaller of the two tails is the one computed
    if p <= (k + 1.0) / (n + 3.0):
        return probability(k, n, p, q) * q * fraction(k, n - k + 1, p)
    return 1 - probability(k - 1, n, p, q) * p * fraction(n - k + 1, k, q)


cdef double tail_c(int64_t successes, int64_t trials, double chance) noexcept nogil:
    if not 0 <= chance <= 1 or trials < 0:
        return NAN
    if successes <= 0:
        return 1.0
    if successes > trials or chance == 0:
        return 0.0
    if chance == 1:
        return 1.0
    return tail_of(successes, trials, chance, 1 - chance)


cdef double normal_deviate(double alpha) noexcept nogil:
    # z with P(Z > z) = alpha, to 3e-3: Hastings, Abramowitz and Stegun 26.2.22
    cdef double t = sqrt(-2 * log(min(alpha, 1 - alpha)))
    cdef double z = t - (2.30753 + t * 0.27061) / (1 + t * (0.99229 + t * 0.04481))
    return z if alpha < 0.5 else -z


cdef double odds_guess(double a, double b, double alpha) noexcept nogil:
    # odds against x, where I_x(a, b) = alpha, by Abramowitz and Stegun 26.5.22
    cdef double z = normal_deviate(alpha)
    cdef double scale = (z * z - 3) / 6
    cdef double h = 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1))
    cdef double w = z * sqrt(scale + h) / h - (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (scale + 5 / 6.0 - 2 / (3 * h))
    return b * exp(2 * w) / a


cdef double solve(int64_t k, int64_t n, double alpha, bint upper) noexcept nogil:
    # p with P(X <= k) = alpha (upper, 0 < k < n) or P(X >= k) = alpha (0 < k < n)
    cdef double low = 0.0, high = 1.0, target = log(alpha)
    cdef double odds, p, tail, step
    cdef int _step
    if upper:
        odds = odds_guess(n - k, k + 1, alpha)
        p = odds / (1 + odds)
    else:
        p = 1 / (1 + odds_guess(k, n - k + 1, alpha))
    for _step in range(NEWTON_STEPS):
        if not low < p < high:
            p = 0.5 * (low + high)
        if upper:
            tail = tail_of(n - k, n, 1 - p, p)
            step = (log(tail) - target) * tail * (1 - p) / ((n - k) * probability(k, n, p, 1 - p))
        else:
            tail = tail_of(k, n, p, 1 - p)
            step = (target - log(tail)) * tail * p / (k * probability(k, n, p, 1 - p))
        if (tail > alpha) == upper:
            low = p
        else:
            high = p
        p += step
        # the error after a step goes with its square over the distance to the nearer end; ends are 1e-16 wide
        if fabs(step) <= 1e-8 * min(p, max(1 - p, 1e-8)):
            break
    return min(max(p, low), high)


cdef double upper_c(int64_t hits, int64_t trials, double confidence) noexcept nogil:
    if not 0 < confidence < 1 or not 0 <= hits <= trials:
        return NAN
    if hits == trials:
        return 1.0
    if hits == 0:
        return -expm1(log1p(-confidence) / trials)
    return solve(hits, trials, 1 - confidence, True)


cdef double lower_c(int64_t hits, int64_t trials, double confidence) noexcept nogil:
    if not 0 < confidence < 1 or not 0 <= hits <= trials:
        return NAN
    if hits == 0:
        return 0.0
    if hits == trials:
        return exp(log1p(-confidence) / trials)
    return solve(hits, trials, 1 - confidence, False)


cdef int64_t drops_to_target_c(int64_t hits, int64_t trials, double cap) noexcept nogil:
    cdef double exact = (cap * trials - hits) / (1 - cap) if cap < 1 else INFINITY
    cdef int64_t drops
    if exact > ENDLESS:
        return INT64_MAX
    # the ratio itself is compared: 3 of 100 are 3 %, though 0.03 x 100 need not be 3
    drops = <int64_t>max(0.0, floor(exact) - 1)
    while <double>(hits + drops + 1) / (trials + drops + 1) <= cap:
        drops += 1
    while drops > 0 and <double>(hits + drops) / (trials + drops) > cap:
        drops -= 1
    return drops


cdef bint is_bounded(int64_t hits, int64_t trials, double cap, double alpha) noexcept nogil:
    # the upper bound is at or under the cap: P(X <= hits) <= alpha if the chance is the cap
    return hits < trials and tail_of(trials - hits, trials, 1 - cap, cap) <= alpha


cdef int64_t drops_to_bound_c(
    int64_t hits, int64_t trials, double cap, double confidence, int64_t guess
) noexcept nogil:
    cdef double alpha = 1 - confidence
    cdef int64_t low = 0, high = drops_to_target_c(hits, trials, cap), middle, stride = 1
    if high == INT64_MAX:
        return high
    if cap <= 0 or not is_bounded(hits, trials, cap, alpha):
        return 0
    # low is bounded, high is not: a bound is never under the ratio. Gallop from the guess, then halve.
    high += 1
    if 0 < guess < high and not is_bounded(hits + guess, trials + guess, cap, alpha):
        high = guess
        while high - stride > low:
            if is_bounded(hits + high - stride, trials + high - stride, cap, alpha):
                low = high - stride
                break
            high -= stride
            stride *= 2
    else:
        low = guess if 0 < guess < high else 0
        while low + stride < high:
            if not is_bounded(hits + low + stride, trials + low + stride, cap, alpha):
                high = low + stride
                break
            low += stride
            stride *= 2
    while high - low > 1:
        middle = (low + high) // 2
        if is_bounded(hits + middle, trials + middle, cap, alpha):
            low = middle
        else:
            high = middle
    return low
# end hot


def binomial_tail(int64_t successes, int64_t trials, double chance):
    """P(X >= successes) of `trials` independent trials: the p-value of an exact one-sided test.

    Parameters
    ----------
    successes : int. At or below 0 gives 1, above `trials` 0.
    trials : int, >= 0
    chance : float in [0, 1]. Of one trial.

    Returns
    -------
    float in [0, 1]; relative error some 1e-14, up to 1e-17 x trials where few of many succeed (1e-11 at a million).
    O(sqrt(trials)) time at worst, no allocation.

    Raises
    ------
    ValueError : negative trials, a chance outside [0, 1].

    >>> round(binomial_tail(3, 3, 0.5), 3)
    0.125
    """
    cdef double found = tail_c(successes, trials, chance)
    if isnan(found):
        raise ValueError(f"trials >= 0 and a chance in [0, 1], not {trials} and {chance}")
    return found


def clopper_pearson_upper(int64_t hits, int64_t trials, double confidence=0.95):
    """The largest chance that `hits` of `trials` do not contradict: one-sided Clopper-Pearson bound.

    Parameters
    ----------
    hits : int in [0, trials]
    trials : int, >= 0. Without trials the bound is 1.
    confidence : float in (0, 1). The true chance is at or under the bound at least this often.

    Returns
    -------
    float in [hits / trials, 1] for a confidence of at least one half.

    Raises
    ------
    ValueError : out of range.

    >>> round(clopper_pearson_upper(0, 99), 4)
    0.0298
    """
    return _checked(upper_c(hits, trials, confidence), hits, trials, confidence)


def clopper_pearson_lower(int64_t hits, int64_t trials, double confidence=0.95):
    """The smallest chance that `hits` of `trials` do not contradict; as `clopper_pearson_upper`, 0 without trials.

    >>> round(clopper_pearson_lower(99, 99), 4)
    0.9702
    """
    return _checked(lower_c(hits, trials, confidence), hits, trials, confidence)


def drops_left(int64_t abandoned, int64_t answered, double cap, *, confidence=None, int64_t guess=0):
    """How many more people may be abandoned in a row before the ratio passes the cap.

    Parameters
    ----------
    abandoned, answered : int, 0 <= abandoned <= answered
    cap : float in [0, 1]
    confidence : float in [0.5, 1), or None. With it the upper bound of the ratio must stay under the cap, too.
    guess : int. Where to look first, for the bound; changes the time, not the result.

    Returns
    -------
    int, >= 0; 2^63 - 1 where the cap forbids nothing.

    Raises
    ------
    ValueError : out of range.
    """
    if not 0 <= abandoned <= answered or not 0 <= cap <= 1:
        raise ValueError(f"0 <= abandoned <= answered and a cap in [0, 1], not {abandoned}, {answered} and {cap}")
    if confidence is None:
        return drops_to_target_c(abandoned, answered, cap)
    if not 0.5 <= confidence < 1:
        raise ValueError(f"a confidence of at least 0.5 and under 1, not {confidence}")
    return drops_to_bound_c(abandoned, answered, cap, confidence, guess)


def _checked(double found, int64_t hits, int64_t trials, double confidence):
    if isnan(found):
        raise ValueError(f"0 <= hits <= trials and a confidence in (0, 1), not {hits}, {trials} and {confidence}")
    return found
