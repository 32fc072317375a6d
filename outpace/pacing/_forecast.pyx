"""How many people will answer, how many agents will be free by then, and what one more call risks.

Both counts are sums of independent events, one per call or agent, whose chances `Estimates` tells by age. By their two
moments they are taken as binomial (or negative binomial, where the level is uncertain); their difference is summed term
by term where its variance is small and taken as normal with the continuity correction above.
"""
from libc.math cimport erfc, exp, floor, log1p, pow, sqrt
from libc.string cimport memset

from outpace.pacing._estimates cimport (
    HORIZONS, LEVEL_PERSON, PHASE_BINS, PHASE_TALK, PHASES, RING_BINS, Estimates,
)

import numpy as np

cdef double EXACT_BELOW = 30.0       # variance of the difference
cdef double LEAST_SHARE = 1e-3       # of the answers: a step with less is not looked at
cdef double MOST_CERTAIN = 0.98      # no call in flight is sure to have a person
cdef double WELL_KNOWN = 0.02        # relative variance of a level that may be left out
cdef double FEW_AGENTS = 24.0        # so many busy ones are taken one by one
cdef double NEARLY_CERTAIN = 0.2     # variance below which a count is one of two neighbours


# hot
cdef double between(const double* table, int low, double part) noexcept nogil:
    # a table by whole seconds, linear between them; beyond its end the end
    if low >= HORIZONS - 1:
        return table[HORIZONS - 1]
    return table[low] + part * (table[low + 1] - table[low])


cdef void forecast(Estimates estimates, Py_ssize_t row, const stand_t* stand, forecast_t* out) noexcept nogil:
    """Fill in what is expected."""
    cdef const double* new = &estimates.new_answer_by[row, 0]
    cdef double least, busy = 0.0
    cdef bint certain = True
    cdef int step
    cdef Py_ssize_t phase, bin
    for phase in range(PHASES):
        certain = certain and estimates.uncertainty(row, phase) < WELL_KNOWN
        for bin in range(PHASE_BINS):
            busy += estimates.now_agents[row, phase, bin]
    memset(out, 0, sizeof(forecast_t) - sizeof(out.free_cdf))
    out.free = stand.free
    out.uncertainty = estimates.uncertainty(row, LEVEL_PERSON)
    out.total = new[STEPS]
    out.first = STEPS
    least = LEAST_SHARE * out.total
    for step in range(STEPS):
        out.share[step] = new[step + 1] - new[step]
        if out.share[step] > least:
            out.first = min(out.first, step)
            out.last = step
        out.new_mean[step] = min(stand.weight * 0.5 * (new[step] + new[step + 1]), MOST_CERTAIN)
    for step in range(out.first, out.last + 1):
        expect_answers(estimates, row, step, stand.pending, out)
        expect_releases(estimates, row, step + 0.5 + stand.wait_s, &out.releases[step])
        if busy <= FEW_AGENTS and certain:
            out.terms[step] = one_by_one(estimates, row, step + 0.5 + stand.wait_s, &out.free_cdf[step][0])
            accumulate(&out.free_cdf[step][0], out.terms[step])
        elif out.releases[step].var < EXACT_BELOW:
            out.terms[step] = distribution(&out.releases[step], &out.free_cdf[step][0], &out.shift[step])
            accumulate(&out.free_cdf[step][0], out.terms[step])
    if out.first <= out.last:
        out.people = out.answers[out.last].mean
        let_go(estimates, row, stand.wait_s, out)


cdef void let_go(Estimates estimates, Py_ssize_t row, double wait_s, forecast_t* out) noexcept nogil:
    """Leave of the answers those who still hold an agent: short conversations are over within the horizon."""
    # a table's second is what follows an agent's first; that nobody is done within it is a little too careful
    cdef const double* table = &estimates.free_by[row, PHASE_TALK, 0, 0]
    cdef double[STEPS] done              # chance that an agent is free again so many seconds after
    cdef double at, free, new_free, before, new_before, stay
    cdef int step, earlier
    for step in range(STEPS):
        at = max(0.0, step + wait_s - 0.5)
        done[step] = between(table, <int>floor(at), at - floor(at))
    for step in range(out.last, out.first - 1, -1):
        free = new_free = before = new_before = 0.0
        for earlier in range(out.first, step + 1):
            free += (out.answers[earlier].mean - before) * done[step - earlier]
            new_free += (out.new_mean[earlier] - new_before) * done[step - earlier]
            before = out.answers[earlier].mean
            new_before = out.new_mean[earlier]
        if before > 0.0:
            stay = max(0.0, 1.0 - free / before)
            out.answers[step].var = stay * stay * out.answers[step].var + stay * (1.0 - stay) * before
            out.answers[step].mean = stay * before
        out.new_mean[step] = max(0.0, new_before - new_free)


cdef void expect_answers(
    Estimates estimates, Py_ssize_t row, int step, double pending, forecast_t* out
) noexcept nogil:
    cdef count_t* count = &out.answers[step]
    cdef const double* calls = &estimates.now_calls[row, 0]
    cdef const double* weights = &estimates.now_weights[row, 0]
    cdef const double* squares = &estimates.now_squares[row, 0]
    cdef const double* by = &estimates.answer_by[row, 0, step]
    cdef double chance, answers, mean = 0.0, var = 0.0
    cdef Py_ssize_t age
    for age in range(RING_BINS):
        if calls[age] <= 0.0:
            continue
        chance = 0.5 * (by[age * HORIZONS] + by[age * HORIZONS + 1])
        answers = min(weights[age] * chance, MOST_CERTAIN * calls[age])
        mean += answers
        var += max(answers - squares[age] * chance * chance, answers * (1.0 - MOST_CERTAIN))
    count.mean = mean + pending * out.new_mean[step]
    count.var = var + pending * out.new_mean[step] * (1.0 - out.new_mean[step])


cdef void expect_releases(Estimates estimates, Py_ssize_t row, double at, count_t* count) noexcept nogil:
    cdef int low = <int>floor(at)
    cdef const double* agents
    cdef double chance, mean, var = 0.0
    cdef Py_ssize_t phase, bin
    for phase in range(PHASES):
        agents = &estimates.now_agents[row, phase, 0]
        mean = 0.0
        for bin in range(PHASE_BINS):
            if agents[bin] > 0.0:
                chance = between(&estimates.free_by[row, phase, bin, 0], low, at - low)
                mean += agents[bin] * chance
                var += agents[bin] * chance * (1.0 - chance)
        count.mean += mean
        var += mean * mean * estimates.uncertainty(row, phase)
    count.var = var


cdef int one_by_one(Estimates estimates, Py_ssize_t row, double at, double* pmf) noexcept nogil:
    # the distribution of released agents, each with the chance of its age
    cdef double chance
    cdef Py_ssize_t phase, bin, k
    cdef int low = <int>floor(at)
    cdef int agents, _agent, terms = 1
    pmf[0] = 1.0
    for phase in range(PHASES):
        for bin in range(PHASE_BINS):
            agents = <int>(estimates.now_agents[row, phase, bin] + 0.5)
            chance = between(&estimates.free_by[row, phase, bin, 0], low, at - low)
            for _agent in range(agents):
                pmf[terms] = pmf[terms - 1] * chance
                for k in range(terms - 1, 0, -1):
                    pmf[k] = pmf[k] * (1.0 - chance) + pmf[k - 1] * chance
                pmf[0] *= 1.0 - chance
                terms += 1
    return terms


cdef int distribution(const count_t* count, double* pmf, int* shift) noexcept nogil:
    # Terms from `shift` on, below which there is next to nothing; returns their number. Recursions between neighbours:
    # binomial where the variance is below the mean, negative binomial where it is above, Poisson between them.
    cdef double sd = sqrt(max(count.var, 0.0))
    cdef double mean = count.mean
    cdef double var = max(count.var, 0.0)
    cdef double n, p, odds
    cdef double[MOST_TERMS] ratio        # of a term to the one before: computed apart, since divisions need not wait
    cdef int k, terms
    shift[0] = <int>floor(mean if var < NEARLY_CERTAIN else max(0.0, mean - 6.0 * sd - 2.0))
    mean -= shift[0]
    if var < NEARLY_CERTAIN:
        pmf[0] = 1.0 - mean
        pmf[1] = mean
        return 2
    terms = <int>min(mean + 10.0 * sd + 4.0, <double>(MOST_TERMS - 1))
    if var < 0.995 * mean:
        p = 1.0 - var / mean
        n = mean / p
        odds = p / (1.0 - p)
        pmf[0] = exp(n * log1p(-p))
        for k in range(terms):
            ratio[k] = max((n - k) * odds / (k + 1), 0.0)
    elif var > 1.005 * mean:
        p = 1.0 - mean / var
        n = mean * (1.0 - p) / p
        pmf[0] = pow(1.0 - p, n)
        for k in range(terms):
            ratio[k] = (n + k) * p / (k + 1)
    else:
        pmf[0] = exp(-mean)
        for k in range(terms):
            ratio[k] = mean / (k + 1)
    for k in range(terms):
        pmf[k + 1] = pmf[k] * ratio[k]
    terms += 1
    settle(pmf, terms, mean)
    return terms


cdef void settle(double* pmf, int terms, double mean) noexcept nogil:
    # A broken number of trials and the cut leave a little too much or too little: make the sum one and the mean right.
    cdef double total = 0.0, found = 0.0, off
    cdef int k
    for k in range(terms):
        total += pmf[k]
        found += k * pmf[k]
    if total <= 0.0:
        pmf[0] = total = 1.0
        found = 0.0
    off = min(1.0, max(-1.0, mean - found / total))
    for k in range(terms):
        pmf[k] /= total
    if off > 0.0:
        pmf[terms - 1] += off * pmf[terms - 2]
        for k in range(terms - 2, 0, -1):
            pmf[k] += off * (pmf[k - 1] - pmf[k])
        pmf[0] -= off * pmf[0]
    elif off < 0.0:
        pmf[0] -= off * pmf[1]
        for k in range(1, terms - 1):
            pmf[k] -= off * (pmf[k + 1] - pmf[k])
        pmf[terms - 1] += off * pmf[terms - 1]


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
    answers.mean = max(0.0, f.answers[step].mean + launches * new)
    answers.var = max(1e-9, f.answers[step].var + launches * new * (1.0 - new))
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
    """P(nobody is free in time | the call that follows so many launches now is answered by a person).

    Fewer than none are calls taken back, counted in new ones.
    """
    cdef double risk = 0.0, share = 0.0
    cdef int step
    for step in range(f.first, f.last + 1):
        share += f.share[step]
        risk += f.share[step] * none_free(f, step, launches)
    return risk / share if share > 0.0 else 1.0
# end hot


# hot
cdef double old_calls(Estimates estimates, Py_ssize_t row, double* worth) noexcept nogil:
    """Calls in flight that have rung so long that they may be taken back; `worth` = new calls that one stands for."""
    cdef double calls = 0.0, answers = 0.0
    cdef Py_ssize_t age
    for age in range(MAY_CANCEL_AGE, RING_BINS):
        calls += estimates.now_calls[row, age]
        answers += estimates.now_weights[row, age] * estimates.answer_by[row, age, STEPS]
    worth[0] = answers / (calls * estimates.new_answer_by[row, STEPS]) if calls > 0.0 else 0.0
    return calls
# end hot


def risk_curve(
    Estimates estimates not None, Py_ssize_t row, double free, Py_ssize_t most, *, double pending=0.0,
    double weight=1.0, double wait_s=2.0,
):
    """Marginal risk of each call that could be launched now, for what-if and plots.

    Parameters
    ----------
    estimates, row : what has been learned of which campaign; `advance` it to now first.
    free : agents ready less people waiting. most : calls looked at. pending, weight : as for the decision.
    wait_s : seconds that a person may wait.

    Returns
    -------
    (most,) float64 : element n is the risk of the call that follows n launches.
    """
    cdef forecast_t f
    cdef stand_t stand
    cdef Py_ssize_t n
    if not 0 <= row < estimates.campaigns:
        raise IndexError(f"row {row} of {estimates.campaigns} campaigns")
    if not 0.0 <= wait_s < 3600.0:
        raise ValueError(f"wait_s must be seconds, not {wait_s}")
    risks = np.zeros(max(most, 0))
    cdef double[::1] view = risks
    stand.free = free
    stand.pending = pending
    stand.weight = weight
    stand.wait_s = wait_s
    forecast(estimates, row, &stand, &f)
    for n in range(most):
        view[n] = marginal_risk(&f, <double>n)
    return risks


def terms_of(double mean, double var):
    """The distribution that a count of these moments is taken to have: (first value, probabilities from there on)."""
    cdef count_t count
    cdef double[MOST_TERMS] pmf
    cdef int shift, k, terms
    if not (mean >= 0.0 and 0.0 <= var < EXACT_BELOW):
        raise ValueError(f"wants a mean >= 0 and a variance from 0 to {EXACT_BELOW}, not {mean} and {var}")
    count.mean = mean
    count.var = var
    terms = distribution(&count, pmf, &shift)
    return shift, np.array([pmf[k] for k in range(terms)])
