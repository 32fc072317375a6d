# Incomplete gamma functions of shape s > 0 at x >= 0, divided by p = x^s e^-x / Gamma(s + 1), and not divided.
cdef double upper_ratio(double s, double x) noexcept nogil            # P(Gamma(s) > x) / p
cdef double lower_ratio(double s, double x) noexcept nogil            # P(Gamma(s) <= x) / p
cdef double gamma_density(double s, double x) noexcept nogil          # p
cdef double upper_share(double s, double x) noexcept nogil            # P(Gamma(s) > x)
cdef double lower_share(double s, double x) noexcept nogil            # P(Gamma(s) <= x)
cdef double whole_upper_ratio(double count, double x) noexcept nogil  # upper_ratio for a whole count
