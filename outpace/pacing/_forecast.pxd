from outpace.pacing._estimates cimport Estimates

cdef enum:
    STEPS = 40               # seconds ahead at which a new call may be answered
    MAY_CANCEL_AGE = 15      # seconds: no rule allows a ringing call to be taken back earlier
    MOST_TERMS = 128         # of a distribution that is summed term by term

# A count that will be known later, by its first two moments.
cdef struct count_t:
    double mean
    double var

# Where things stand.
cdef struct stand_t:
    double free                  # agents ready less people waiting
    double pending               # calls decided on and not launched yet; they count as new
    double weight                # of new calls
    double wait_s                # how long a person may wait for an agent

# What is expected at each second ahead, before anything is launched now.
cdef struct forecast_t:
    int first, last              # steps at which a new call may be answered at all
    double total                 # share of new calls answered within the steps
    double free                  # as it stands
    double uncertainty           # relative variance of the answers' level
    double[STEPS] share          # of new calls answered in the step
    double people                # answers of the calls in flight, over the steps
    double[STEPS] new_mean       # of one new call: answered by the middle of the step, and the agent not free again
    count_t[STEPS] answers       # the same of the calls in flight
    count_t[STEPS] releases      # agents who become free by then and the wait that is allowed
    int[STEPS] terms             # length of the released agents' distribution below; 0 = it is taken as normal
    int[STEPS] shift             # agents that are free with certainty: the distribution begins there
    double[STEPS][MOST_TERMS] free_cdf

cdef void forecast(Estimates estimates, Py_ssize_t row, const stand_t* stand, forecast_t* out) noexcept nogil
cdef double marginal_risk(const forecast_t* f, double launches) noexcept nogil
cdef int distribution(const count_t* count, double* pmf, int* shift) noexcept nogil
cdef double old_calls(Estimates estimates, Py_ssize_t row, double* worth) noexcept nogil
