"""How many people will answer, how many agents will be free by then, and what one more call risks.

Both counts are sums of independent events, one per call or agent, whose chances `Estimates` tells by age. By their two
moments they are taken as binomial (or negative binomial, where the level is uncertain); their difference is summed term
by term where its variance is small and taken as normal with the continuity correction above.
"""
from libc.math cimport erfc, exp, floor, log1p, pow, sqrt
from libc.string cimport memset

from outpace.pacing._estimates cimport (
    HORIZONS, LEVEL_PERSON, PHASE_BINS, PHASE_TALK, PHASE_WRAP_UP, PHASES, RING_BINS, Estimates,
)

cdef double EXACT_BELOW = 30.0       # variance of the difference
cdef double LEAST_SHARE = 1e-3       # of the answers: a step with less is not looked at
cdef double MOST_CERTAIN = 0.98      # no call in flight is sure to have a person


# hot
cdef double between(const double* table, double at) noexcept nogil:
    # a table by whole seconds, linear between them
    cdef int low = <int>floor(at)
    if low < 0:
        return table[0]
    if low >= HORIZONS - 1:
        return table[HORIZONS - 1]
    return table[low] + (at - low) * (table[low + 1] - table[low])


cdef void forecast(
    Estimates estimates, Py_ssize_t row, double free, double pending, double weight, double wait_s, forecast_t* out
) noexcept nogil:
    """Fill in what is expected.

    free : agents ready less people waiting. pending : calls decided on and not launched yet, which count as new.
    weight : of new calls. wait_s : how long a person may wait for an agent.
    """
    cdef const double* new = &estimates.new_answer_by[row, 0]
    cdef double least
    cdef int step
    memset(out, 0, sizeof(forecast_t) - sizeof(out.free_cdf))
    out.free = free
    out.uncertainty = estimates.uncertainty(row, LEVEL_PERSON)
    out.total = new[STEPS]
    out.first = STEPS
    least = LEAST_SHARE * out.total
    for step in range(STEPS):
        out.share[step] = new[step + 1] - new[step]
        if out.share[step] > least:
            out.first = min(out.first, step)
            out.last = step
        out.new_mean[step] = min(weight * 0.5 * (new[step] + new[step + 1]), MOST_CERTAIN)
    for step in range(out.first, out.last + 1):
        expect_answers(estimates, row, step, pending, out)
        expect_releases(estimates, row, step + 0.5 + wait_s, &out.releases[step])
        if out.releases[step].var < EXACT_BELOW:
            out.terms[step] = distribution(&out.releases[step], &out.free_cdf[step][0], &out.shift[step])
            accumulate(&out.free_cdf[step][0], out.terms[step])


cdef void expect_answers(
    Estimates estimates, Py_ssize_t row, int step, double pending, forecast_t* out
) noexcept nogil:
    cdef count_t* count = &out.answers[step]
    cdef double calls, chance, mean
    cdef Py_ssize_t age
    for age in range(RING_BINS):
        calls = estimates.now_calls[row, age]
        if calls <= 0.0:
            continue
        chance = 0.5 * (estimates.answer_by[row, age, step] + estimates.answer_by[row, age, step + 1])
        mean = min(estimates.now_weights[row, age] * chance, MOST_CERTAIN * calls)
        count.mean += mean
        count.var += max(mean - estimates.now_squares[row, age] * chance * chance, mean * (1.0 - MOST_CERTAIN))
    count.mean += pending * out.new_mean[step]
    count.var += pending * out.new_mean[step] * (1.0 - out.new_mean[step])


cdef void expect_releases(Estimates estimates, Py_ssize_t row, double at, count_t* count) noexcept nogil:
    cdef double agents, chance, mean
    cdef Py_ssize_t phase, bin
    for phase in range(PHASES):
        mean = 0.0
        for bin in range(PHASE_BINS):
            agents = estimates.now_agents[row, phase, bin]
            if agents > 0.0:
                chance = between(&estimates.free_by[row, phase, bin, 0], at)
                mean += agents * chance
                count.var += agents * chance * (1.0 - chance)
        count.mean += mean
        count.var += mean * mean * estimates.uncertainty(row, phase)


cdef int distribution(const count_t* count, double* pmf, int* shift) noexcept nogil:
    # Terms from `shift` on, below which there is next to nothing; returns their number. Recursions between neighbours:
    # binomial where the variance is below the mean, negative binomial where it is above, Poisson between them.
    cdef double sd = sqrt(max(count.var, 0.0))
    cdef double mean = count.mean
    cdef double var = max(count.var, 1e-12)
    cdef double n, p, left = 1.0
    cdef int k, terms
    shift[0] = <int>floor(max(0.0, mean - 6.0 * sd - 2.0))
    mean -= shift[0]
    if mean < 1e-9:
        pmf[0] = 1.0
        return 1
    if var < 0.995 * mean:
        p = 1.0 - var / mean
        n = mean / p
        pmf[0] = exp(n * log1p(-p))
        p = p / (1.0 - p)
        terms = <int>min(mean + 8.0 * sd + 4.0, <double>(MOST_TERMS - 1))
        for k in range(terms):
            pmf[k + 1] = max(pmf[k] * (n - k) / (k + 1) * p, 0.0)
    elif var > 1.005 * mean:
        n = mean * mean / (var - mean)
        p = 1.0 - mean / var
        pmf[0] = pow(1.0 - p, n)
        terms = <int>min(mean + 10.0 * sd + 4.0, <double>(MOST_TERMS - 1))
        for k in range(terms):
            pmf[k + 1] = pmf[k] * (n + k) / (k + 1) * p
    else:
        pmf[0] = exp(-mean)
        terms = <int>min(mean + 8.0 * sd + 4.0, <double>(MOST_TERMS - 1))
        for k in range(terms):
            pmf[k + 1] = pmf[k] * mean / (k + 1)
    terms += 1
    # what the cut and a broken number of trials have left out belongs to the terms that there are
    n = 0.0
    for k in range(terms):
        n += pmf[k]
    if n <= 0.0:
        pmf[0] = 1.0
        return 1
    for k in range(terms):
        pmf[k] *= left / n
    return terms


cdef void accumulate(double* pmf, int terms) noexcept nogil:
    cdef int k
    for k in range(1, terms):
        pmf[k] += pmf[k - 1]


cdef double none_free(const forecast_t* f, int step, double launches) noexcept nogil:
    # P(agents free - people ahead <= 0) when the call in question is answered
    cdef count_t answers
    cdef double[MOST_TERMS] pmf
    cdef double var, total, new = f.new_mean[step]
    cdef int terms, k, shift, need
    answers.mean = f.answers[step].mean + launches * new
    answers.var = f.answers[step].var + launches * new * (1.0 - new)
    answers.var += answers.mean * answers.mean * f.uncertainty
    var = answers.var + f.releases[step].var
    if var >= EXACT_BELOW or f.terms[step] == 0:
        total = f.free + f.releases[step].mean - answers.mean
        return 0.5 * erfc(-(0.5 - total) / sqrt(2.0 * var))
    terms = distribution(&answers, pmf, &shift)
    total = 0.0
    for k in range(terms):
        # none is free when the released are at most so many
        need = shift + k - <int>f.free - f.shift[step]
        if need >= f.terms[step]:
            need = f.terms[step] - 1
        if need >= 0:
            total += pmf[k] * f.free_cdf[step][need]
    return total


cdef double marginal_risk(const forecast_t* f, double launches) noexcept nogil:
    """P(nobody is free in time | the call that follows so many launches now is answered by a person)."""
    cdef double risk = 0.0, share = 0.0
    cdef int step
    for step in range(f.first, f.last + 1):
        share += f.share[step]
        risk += f.share[step] * none_free(f, step, launches)
    return risk / share if share > 0.0 else 1.0
# end hot
