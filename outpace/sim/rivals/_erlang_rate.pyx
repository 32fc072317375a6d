"""Erlang rate: the classic open loop, with the model's share of abandoned calls as its one parameter."""
from libc.math cimport floor
from libc.stdint cimport int64_t

from outpace.pacing._erlang_inverse cimport load_for_abandoned_c
from outpace.pacing._pacer cimport PacingSnapshot, decision_t
from outpace.pacing.pacers._erlang_rate cimport ErlangPacer
from outpace.sim.rivals._counting cimport tell

cdef double LEAST_LIVE = 0.001


cdef class ErlangRate(ErlangPacer):
    """Dial at the largest answer rate at which M/M/n+M abandons no more than `share`, divided by the live rate.

    What the dial mode `erlang` does, for a share of one's own choice and without an eye on the ledger. n: agents free,
    talking or wrapping up; handle time: mean talk and wrap-up; patience: exponential. Once in 5 s the model is asked.

    Parameters
    ----------
    share : float, in (0, 1). patience_s : float, 0.01 to 3600. Seconds.
    """

    cdef readonly double share

    def __init__(self, double share, double patience_s=2.0):
        if not 0.0 < share < 1.0:
            raise ValueError(f"share must lie between 0 and 1, not {share}")
        super().__init__(patience_s)
        self.share = share

    # hot
    cdef double model_rate(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        cdef double agents = <double>(max(0, snapshot.ready[row]) + snapshot.talking[row] + snapshot.wrap_up[row])
        cdef double handle_s = snapshot.estimates.mean_talk_s(row) + snapshot.estimates.mean_wrap_up_s(row)
        if agents <= 0.0:
            return 0.0
        return load_for_abandoned_c(agents, handle_s, self.patience_s, self.share) / (
            handle_s * max(LEAST_LIVE, snapshot.estimates.live_rate(row))
        )

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        tell(snapshot, row, <int64_t>floor(self.credit[0]), out)
        out.live_rate = snapshot.estimates.live_rate(row)
    # end hot
