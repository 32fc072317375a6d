"""Incomplete gamma functions divided by the density: what every Erlang formula is made of.

With Q = P(Gamma(s) > x), P = 1 - Q and p = x^s e^-x / Gamma(s + 1):

    upper_ratio(s, x) = Q / p = s/x + s(s-1)/x^2 + ...
    lower_ratio(s, x) = P / p = 1 + x/(s+1) + x^2/((s+1)(s+2)) + ...

Both are sums of positive terms, O(1) to compute: near x = s by Temme's uniform expansion, elsewhere by few terms of
these series or of Legendre's continued fraction. Relative error some 1e-15 (times the exponent's size where exp() of
it is taken), from s = 1e-12 to 1e12. x >= 0 and s > 0 are the callers' business; results may be infinite, never NaN.

Sources: Temme (1979), The asymptotic expansion of the incomplete gamma functions, SIAM J. Math. Anal. 10(4); DLMF 8.12
(coefficients c_k(eta): Taylor series from the recurrence 8.12.10, in exact fractions), 8.9.2; Loader (2000), Fast and
accurate computation of binomial probabilities (the exponent); Shepherd and Laframboise (1981), Chebyshev approximation
of (1 + 2x) exp(x^2) erfc x, Math. Comp. 36.
"""
from libc.math cimport INFINITY, exp, fabs, lgamma, log, log1p, sqrt

cdef enum:
    TERMS_MAX = 2000             # of any series or continued fraction here; the longest takes some 200

cdef double EPSILON = 5e-17      # relative size of a term that is left out
cdef double UNIFORM_FROM = 40.0  # smallest s for Temme's expansion
cdef double UNIFORM_LOW = 0.54   # x / s between which it is used: |eta| <= 0.6
cdef double UNIFORM_HIGH = 1.72
cdef double ROOT_PI = 1.7724538509055160273
cdef double ROOT_TWO_PI = 2.5066282746310005024
cdef double HUGE = 1e300


# hot
cdef inline double excess(double s, double x) noexcept nogil:
    # mu - log(1 + mu) with mu = x / s - 1, to full relative precision
    cdef double gap = x - s
    cdef double mu = gap / s
    cdef double r, w, q, even, odd
    if mu < -0.25 or mu > 0.33:
        return mu - (log1p(mu) if mu > -0.5 else log(x / s))
    r = gap / (x + s)
    w = r * r
    q = w * w
    even = 1.0 / 3.0 + q * (1.0 / 7.0 + q * (1.0 / 11.0 + q * (1.0 / 15.0 + q / 19.0)))
    odd = 1.0 / 5.0 + q * (1.0 / 9.0 + q * (1.0 / 13.0 + q / 17.0))
    return r * (mu - 2.0 * w * (even + w * odd))


cdef inline double scaled_erfc(double z) noexcept nogil:
    # exp(z^2) erfc(z) for z >= 0: (1 + 2z) times it is a polynomial in t = (z - 3) / (z + 3)
    cdef double both = 1.0 / ((z + 3.0) * (1.0 + 2.0 * z))
    cdef double t = (z - 3.0) * (1.0 + 2.0 * z) * both
    cdef double w = t * t
    cdef double q = w * w
    cdef double a, b, c, d
    a = 3.5576086684081416e-07 + q * (4.106401366794662e-08 + q * 8.393734858695227e-10)
    a = -0.11927366341538638 + q * (0.0018886903449991718 + q * (4.9491966499683475e-06 + q * a))
    a = 1.2530080582697296 + q * a
    b = -2.0100542268525612e-05 + q * (-6.166011460398765e-07 + q * -1.3312919661039895e-08)
    b = -0.13562110612458117 + q * (0.0683080273440099 + q * (-0.0007798322696543306 + q * b))
    c = -7.308281468783663e-07 + q * (-1.4047654315429365e-07 + q * -8.217595058713953e-09)
    c = -0.0475622943534492 + q * (-0.02377051491717134 + q * (-0.00010515971958448065 + q * c))
    d = 3.4723709449771716e-06 + q * (1.0183620603843025e-07 + q * 9.862533510347784e-10)
    d = 0.1296451587027594 + q * (0.0025293918156939696 + q * (0.0001250993424583729 + q * d))
    return (a + w * c + t * (b + w * d)) * (z + 3.0) * both


cdef inline double even_orders(double w, double v) noexcept nogil:
    # of Temme's sum, in w = eta^2 and v = 1 / s: coefficients below 3e-16 at |eta| = 0.6, s = 40 are left out
    cdef double e0, e2, e4, e6, e8, e10, e12, e14, e16, e18
    e0 = -0.00033679855336635813 + v * (0.0005313079364639922 + v * 0.00034436760689237765)
    e0 = 0.004133597883597883 + v * (0.0006494341563786008 + v * (-0.0008618882909167117 + v * e0))
    e0 = -0.3333333333333333 + v * (-0.001851851851851852 + v * e0)
    e2 = 0.0002772753244959392 + v * (0.0002708782096718045 + v * -0.00033493161081142234)
    e2 = 0.0007716049382716049 + v * (-0.0004691894943952557 + v * (-0.0002990724803031902 + v * e2))
    e2 = -0.014814814814814815 + v * (0.0026455026455026454 + v * e2)
    e4 = 6.641498215465122e-05 + v * (6.797780477937208e-05 + v * -8.153969367561969e-05)
    e4 = 0.00020576131687242798 + v * (-0.0001073665322636516 + v * (-7.561801671883977e-05 + v * e4))
    e4 = 0.0003527336860670194 + v * e4
    e6 = 1.1082654115347302e-05 + v * (1.1375726970678419e-05 + v * -1.3594048189768693e-05)
    e6 = 3.919263178522438e-05 + v * (-1.8098550334489977e-05 + v * (-1.2760635188618728e-05 + v * e6))
    e8 = 1.4230900732435883e-06 + v * (-1.6954149536558305e-06 + v * -2.291481176508095e-06)
    e8 = -1.85406221071516e-06 + v * (-1.6120900894563446e-06 + v * (1.3721957309062934e-06 + v * e8))
    e10 = 1.4280614206064242e-07 + v * (-1.6958404091930278e-07 + v * -2.292934834000805e-07)
    e10 = -1.7665952736826078e-07 + v * (1.378633446915721e-07 + v * e10)
    e12 = 1.1951628599778148e-08 + v * (-1.409252991086752e-08 + v * -1.9111168485973655e-08)
    e12 = 1.0261809784240309e-08 + v * e12
    e14 = 9.14769958223679e-10 + v * (-1.0091543710600413e-09 + v * -1.3670488396617114e-09)
    e16 = -5.830772132550426e-11 + v * -8.56390702649298e-11
    e18 = -5.0276692801141755e-12
    return e0 + w * (e2 + w * (e4 + w * (e6 + w * (e8 + w * (e10 + w * (e12 + w * (e14 + w * (e16 + w * e18))))))))


cdef inline double odd_orders(double w, double v) noexcept nogil:
    # of the same sum, over eta
    cdef double e1, e3, e5, e7, e9, e11, e13, e15, e17
    e1 = 0.0007840392217200666 + v * (-6.972813758365857e-05 + v * -0.0005921664373536939)
    e1 = -0.003472222222222222 + v * (-0.0026813271604938273 + v * (0.00022947209362139917 + v * e1))
    e1 = 0.08333333333333333 + v * e1
    e3 = -0.00019932570516188847 + v * (7.902353232660328e-07 + v * 0.0002812695154763237)
    e3 = 2.0093878600823047e-06 + v * (0.00026772063206283885 + v * (-1.4638452578843418e-06 + v * e3))
    e3 = 0.0011574074074074073 + v * (-0.0009902263374485596 + v * e3)
    e5 = -3.968365047179435e-05 + v * (1.419062920643967e-07 + v * 5.61168275310625e-05)
    e5 = -4.018775720164609e-07 + v * (5.2923448829120125e-05 + v * (-2.396505113867297e-07 + v * e5))
    e5 = -0.0001787551440329218 + v * e5
    e7 = -5.6749528269915965e-06 + v * (2.507497226237533e-10 + v * 8.018470256334202e-06)
    e7 = -2.185448510679992e-06 + v * (7.64916091608111e-06 + v * (3.423578734096138e-08 + v * e7))
    e9 = -6.298992138380055e-07 + v * (-2.7861080291528143e-11 + v * 8.907507532205309e-07)
    e9 = 8.296711340953087e-07 + v * (4.647127802807434e-09 + v * e9)
    e11 = -5.752545603517705e-08 + v * (-2.0477098421990866e-10 + v * 8.099464905388083e-08)
    e11 = 6.707853543401498e-09 + v * e11
    e13 = -4.382036018453353e-09 + v * (-1.7543241719747647e-11 + v * 6.228974084922022e-09)
    e15 = -2.5514193994946248e-11 + v * 4.162792991842583e-10
    e17 = 2.4361948020667415e-11
    return e1 + w * (e3 + w * (e5 + w * (e7 + w * (e9 + w * (e11 + w * (e13 + w * (e15 + w * e17)))))))


cdef inline double stirling(double v) noexcept nogil:
    # Gamma(s) / (sqrt(2 pi / s) (s / e)^s), v = 1 / s
    cdef double g = 6.972813758365857e-05 + v * (-0.0005921664373536939 + v * -5.171790908260592e-05)
    g = -0.0026813271604938273 + v * (-0.00022947209362139917 + v * (0.0007840392217200666 + v * g))
    return 1.0 + v * (0.08333333333333333 + v * (0.003472222222222222 + v * g))


cdef double uniform(double s, double x, bint upper) noexcept nogil:
    # Temme: sqrt(pi s / 2) exp(z^2) erfc(+-z) +- sum of c_k(eta) / s^k, z = eta sqrt(s / 2), eta^2 / 2 = excess
    cdef double v = 1.0 / s
    cdef double phi = excess(s, x)
    cdef double eta = sqrt(2.0 * phi) if x > s else -sqrt(2.0 * phi)
    cdef double half = sqrt(0.5 * s)
    cdef double w = eta * eta
    cdef double tail = scaled_erfc(fabs(eta) * half)
    cdef double correction = even_orders(w, v) + eta * odd_orders(w, v)
    if upper != (x > s):
        tail = 2.0 * exp(s * phi) - tail
    return stirling(v) * (ROOT_PI * half * tail + (correction if upper else -correction))


cdef inline double falling(double s, double x) noexcept nogil:
    # s/x + s(s-1)/x^2 + ... while the terms are positive, four at a time; x >= 1e-60
    cdef double inverse = 1.0 / x
    cdef double total = 0.0
    cdef double term = 1.0
    cdef double a, b, c, d
    while s > 0.0:
        a = s * inverse
        b = (s - 1.0) * inverse
        c = (s - 2.0) * inverse
        d = (s - 3.0) * inverse
        total += term * (a + a * b * (1.0 + c + c * d))
        term *= a * b * (c * d)
        if term <= EPSILON * total:
            break
        if total > HUGE:
            return INFINITY
        s -= 4.0
    return total


cdef inline double rising(double s, double x) noexcept nogil:
    # 1 + x/(s+1) + x^2/((s+1)(s+2)) + ...
    cdef double total = 1.0
    cdef double term = 1.0
    cdef int _step
    for _step in range(TERMS_MAX):
        s += 1.0
        term *= x / s
        total += term
        if term <= EPSILON * total:
            break
    return total


cdef double legendre(double s, double x) noexcept nogil:
    # upper_ratio as a continued fraction, x > s + 1: s / (x+1-s - 1(1-s) / (x+3-s - 2(2-s) / ...)), by Lentz's method
    cdef double b = x + 1.0 - s
    cdef double c = HUGE
    cdef double d = 1.0 / b
    cdef double value = d
    cdef double a, change
    cdef int k
    for k in range(1, TERMS_MAX):
        a = k * (s - k)
        b += 2.0
        d = 1.0 / (b + a * d)
        c = b + a / c
        change = c * d
        value *= change
        if fabs(change - 1.0) <= 1e-16:
            break
    return s * value


cdef double gamma_density(double s, double x) noexcept nogil:
    if x <= 0.0:
        return 0.0
    if s < UNIFORM_FROM:
        return exp(s * log(x) - x - lgamma(s + 1.0))
    return exp(-s * excess(s, x)) / (ROOT_TWO_PI * sqrt(s) * stirling(1.0 / s))


cdef double upper_ratio(double s, double x) noexcept nogil:
    cdef double density
    if s >= UNIFORM_FROM:
        if UNIFORM_LOW * s < x < UNIFORM_HIGH * s:
            return uniform(s, x, True)
        if x > s:
            return falling(s, x)
    elif x > s + 1.0:
        return legendre(s, x)
    density = gamma_density(s, x)
    return 1.0 / density - rising(s, x) if density > 1.0 / HUGE else INFINITY


cdef double lower_ratio(double s, double x) noexcept nogil:
    cdef double density
    if s >= UNIFORM_FROM:
        if UNIFORM_LOW * s < x < UNIFORM_HIGH * s:
            return uniform(s, x, False)
        if x < s:
            return rising(s, x)
    elif x <= s + 1.0:
        return rising(s, x)
    density = gamma_density(s, x)
    return 1.0 / density - upper_ratio(s, x) if density > 1.0 / HUGE else INFINITY


cdef double upper_share(double s, double x) noexcept nogil:
    if x > s:
        return upper_ratio(s, x) * gamma_density(s, x)
    return 1.0 - lower_ratio(s, x) * gamma_density(s, x)


cdef double lower_share(double s, double x) noexcept nogil:
    if x > s:
        return 1.0 - upper_ratio(s, x) * gamma_density(s, x)
    return lower_ratio(s, x) * gamma_density(s, x)


cdef double whole_upper_ratio(double count, double x) noexcept nogil:
    # as upper_ratio, for whole counts: the falling series ends
    cdef double ratio = 1.0
    cdef double k = 1.0
    if count >= UNIFORM_FROM:
        return upper_ratio(count, x)
    if x >= 1e-60:
        return falling(count, x)
    if x <= 0.0:
        return INFINITY
    ratio = 1.0 / x
    while k < count and ratio < HUGE:
        k += 1.0
        ratio = (1.0 + ratio) * (k / x)
    return ratio if ratio < HUGE else INFINITY
# end hot
