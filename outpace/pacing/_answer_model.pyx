"""Per-lead answer probability: the chance that a person answers this lead now, relative to the leads dialled lately.

An online logistic regression on small categories with a Gaussian belief in each weight (mean and variance): one step of
an extended Kalman filter a call, with the covariances between weights left out. A weight that has seen little moves
fast and is shrunk to nothing; one that has seen much moves slowly; all of them forget, each at the pace of its own use.

What the weights say is never used as it stands. Each call's outcome is first compared with what each group of weights
had said of it (progressive validation): the slope of the outcomes on the saying is 1 where the group is right and 0
where it is noise, and it is used only as far as it is significant. What moves all leads alike (the level, the hour, the
weekday) is left out: the level is for the pacer's own estimators, and two that follow it would count it twice.
"""
from libc.math cimport exp, log
from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport FEATURE_ATTEMPTS, FEATURE_KIND, FEATURE_LIST, FEATURE_OUTCOME, FEATURE_SEGMENT

import msgspec
import numpy as np

cdef double FIRST_LEVEL = -1.0986122886681098   # log odds of 1 call in 4
cdef double LEVEL_VARIANCE = 4.0
cdef double LEVEL_MEMORY = 100.0                # calls
cdef double WEIGHT_MEMORY = 5000.0              # calls in which the weight was in play
cdef double SLOPE_MEMORY = 4096.0               # calls
cdef double REFERENCE_MEMORY = 512.0            # calls
cdef double SIGNIFICANT = 6.0                   # squared z of a slope below which it is taken for chance
cdef double MOST_SLOPE = 1.5
cdef double LEAST_WEIGHT = 0.05
cdef double MOST_WEIGHT = 10.0

#: Groups of weights that tell leads apart, as `trust` names them.
TOLD_GROUPS = ("kind", "attempts", "outcome", "list", "segment", "kind_hour", "segment_part")

# precision of each weight before anything is learned: a category shifts the log odds by some tenths, two together less
cdef double[668] PRIOR


cdef int FORMAT = 1                             # of the bytes that `dump` gives


class _Saved(msgspec.Struct, frozen=True):
    format: int
    columns: dict[str, bytes]


cdef int fill_prior() noexcept:
    cdef int place
    for place in range(WEIGHTS):
        if place < AT_ATTEMPTS:
            PRIOR[place] = 1.0 / 0.25
        elif place < AT_KIND_HOUR:
            PRIOR[place] = 1.0 / 0.2
        elif place < AT_SEGMENT_PART:
            PRIOR[place] = 1.0 / 0.1
        elif place < AT_HOUR:
            PRIOR[place] = 1.0 / 0.07
        elif place < AT_WEEKDAY:
            PRIOR[place] = 1.0 / 0.2
        else:
            PRIOR[place] = 1.0 / 0.05
    PRIOR[AT_INTERCEPT] = 1.0 / LEVEL_VARIANCE
    return 0


fill_prior()


# hot
cdef void find_places(int64_t features, int32_t hour_slot, int* places) noexcept nogil:
    # the weight of each group that is in play
    cdef int kind = <int>(features >> FEATURE_KIND & 3)
    cdef int segment = <int>(features >> FEATURE_SEGMENT & 63)
    cdef int hour = hour_slot % 24
    places[0] = AT_KIND + kind
    places[1] = AT_ATTEMPTS + <int>(features >> FEATURE_ATTEMPTS & 7)
    places[2] = AT_OUTCOME + <int>(features >> FEATURE_OUTCOME & 15)
    places[3] = AT_LIST + <int>(features >> FEATURE_LIST & 63)
    places[4] = AT_SEGMENT + segment
    places[5] = AT_KIND_HOUR + 24 * kind + hour
    places[6] = AT_SEGMENT_PART + 6 * segment + hour // 4
    places[7] = AT_HOUR + hour
    places[8] = AT_WEEKDAY + hour_slot // 24


cdef double chance_of(double log_odds) noexcept nogil:
    return 1.0 / (1.0 + exp(-log_odds))
# end hot


cdef class AnswerModel:
    """Answer models of `campaigns` campaigns, one a row.

    `features` are those of `outpace.domain.features`; `hour_slot` is weekday x 24 + hour in the campaign's zone at the
    moment of the launch, Monday 0 o'clock = 0.
    """

    def __init__(self, Py_ssize_t campaigns):
        if campaigns < 0:
            raise ValueError(f"campaigns must not be negative: {campaigns}")
        self.campaigns = campaigns
        self.columns = {
            "mean": np.zeros((campaigns, WEIGHTS)),
            "precision": np.tile(np.array([PRIOR[place] for place in range(WEIGHTS)]), (campaigns, 1)),
            "share": np.zeros((campaigns, WEIGHTS)),
            "centre": np.zeros((campaigns, TOLD)),
            "slope": np.zeros((campaigns, TOLD)),
            "slope_precision": np.ones((campaigns, TOLD)),
            "state": np.zeros((campaigns, STATES)),
        }
        self.columns["mean"][:, AT_INTERCEPT] = FIRST_LEVEL
        self.columns["state"][:, STATE_LEVEL] = FIRST_LEVEL
        self.columns["state"][:, STATE_LEVEL_PRECISION] = 1.0 / LEVEL_VARIANCE
        self.columns["state"][:, STATE_RATIO_MEAN] = 1.0
        self._bind()

    def _bind(self):
        self.mean = self.columns["mean"]
        self.precision = self.columns["precision"]
        self.share = self.columns["share"]
        self.centre = self.columns["centre"]
        self.slope = self.columns["slope"]
        self.slope_precision = self.columns["slope_precision"]
        self.state = self.columns["state"]

    def grow(self, Py_ssize_t campaigns):
        """Room for more campaigns that nothing is known of; what is known of those there are stays."""
        cdef AnswerModel fresh = AnswerModel(campaigns - self.campaigns)
        self.campaigns = campaigns
        self.columns = {name: np.concatenate((column, fresh.columns[name])) for name, column in self.columns.items()}
        self._bind()

    # hot
    cdef double weight(self, Py_ssize_t row, int64_t features, int32_t hour_slot) noexcept nogil:
        cdef double ratio
        cdef int[GROUPS] places
        find_places(features, hour_slot, places)
        ratio = self.relative(row, places) / self.state[row, STATE_RATIO_MEAN]
        return min(max(ratio, LEAST_WEIGHT), MOST_WEIGHT)

    cdef double relative(self, Py_ssize_t row, const int* places) noexcept nogil:
        # the chance relative to that of an average lead; 1.0 to the bit where no group is trusted
        cdef double level = self.state[row, STATE_LEVEL]
        cdef double deviation = 0.0
        cdef Py_ssize_t i
        for i in range(TOLD):
            deviation += self.trusted(row, i) * (self.mean[row, places[i]] - self.centre[row, i])
        return chance_of(level + deviation) / chance_of(level)

    cdef double trusted(self, Py_ssize_t row, Py_ssize_t group) noexcept nogil:
        # a slope shrunk by its uncertainty (positive part James-Stein), and none at all below significance
        cdef double slope = self.slope[row, group]
        cdef double squared_z = slope * slope * self.slope_precision[row, group]
        if slope <= 0.0 or squared_z <= SIGNIFICANT:
            return 0.0
        return min(slope, MOST_SLOPE) * (1.0 - SIGNIFICANT / squared_z)

    cdef void learn(self, Py_ssize_t row, int64_t features, int32_t hour_slot, bint answered) noexcept nogil:
        cdef double pace = 1.0 / REFERENCE_MEMORY
        cdef double level = chance_of(self.state[row, STATE_LEVEL])
        cdef double ratio, chance
        cdef int[GROUPS] places
        cdef double[TOLD] deviations
        cdef Py_ssize_t i
        find_places(features, hour_slot, places)
        ratio = self.relative(row, places)
        chance = level * ratio
        self.state[row, STATE_CALLS] += 1.0
        self.state[row, STATE_LOSS] -= log(chance if answered else 1.0 - chance)
        self.state[row, STATE_LEVEL_LOSS] -= log(level if answered else 1.0 - level)
        self.state[row, STATE_RATIO_MEAN] += pace * (ratio - self.state[row, STATE_RATIO_MEAN])
        for i in range(TOLD):
            deviations[i] = self.mean[row, places[i]] - self.centre[row, i]
        self.calibrate(row, deviations, answered)
        self.adapt(row, places, answered)
        self.adapt_centre(row, places)

    cdef void calibrate(self, Py_ssize_t row, const double* deviations, bint answered) noexcept nogil:
        # level and slopes: a Kalman step on what was said of the call before its outcome was known
        cdef double log_odds = self.state[row, STATE_LEVEL]
        cdef double variance = 1.0 / self.state[row, STATE_LEVEL_PRECISION]
        cdef double total = variance
        cdef double keep = 1.0 - 1.0 / SLOPE_MEMORY
        cdef double chance, known, scale, error, precision, slope
        cdef Py_ssize_t i
        for i in range(TOLD):
            log_odds += self.slope[row, i] * deviations[i]
            total += deviations[i] * deviations[i] / self.slope_precision[row, i]
        chance = chance_of(log_odds)
        known = chance * (1.0 - chance)
        scale = 1.0 + known * total
        error = (answered - chance) / scale
        self.state[row, STATE_LEVEL] = min(max(self.state[row, STATE_LEVEL] + variance * error, -12.0), 12.0)
        variance -= variance * variance * known / scale
        self.state[row, STATE_LEVEL_PRECISION] = max((1.0 - 1.0 / LEVEL_MEMORY) / variance, 1.0 / LEVEL_VARIANCE)
        for i in range(TOLD):
            variance = 1.0 / self.slope_precision[row, i]
            slope = self.slope[row, i] + variance * deviations[i] * error
            variance -= variance * variance * deviations[i] * deviations[i] * known / scale
            precision = keep / variance + 1.0 - keep       # forgets towards 0 +- 1
            self.slope[row, i] = slope * keep / variance / precision
            self.slope_precision[row, i] = precision

    cdef void adapt(self, Py_ssize_t row, const int* places, bint answered) noexcept nogil:
        # the weights in play: a Kalman step each, then a little of what they know is forgotten for the prior
        cdef double log_odds = self.mean[row, AT_INTERCEPT]
        cdef double variance = 1.0 / self.precision[row, AT_INTERCEPT]
        cdef double total = variance
        cdef double keep = 1.0 - 1.0 / WEIGHT_MEMORY
        cdef double chance, known, scale, error, precision, moved
        cdef Py_ssize_t i
        for i in range(GROUPS):
            log_odds += self.mean[row, places[i]]
            total += 1.0 / self.precision[row, places[i]]
        chance = chance_of(log_odds)
        known = chance * (1.0 - chance)
        scale = 1.0 + known * total
        error = (answered - chance) / scale
        # the intercept forgets within some hundred calls, so that a change of the level is nobody else's
        log_odds = self.mean[row, AT_INTERCEPT] + variance * error
        self.mean[row, AT_INTERCEPT] = min(max(log_odds, -12.0), 12.0)
        variance -= variance * variance * known / scale
        self.precision[row, AT_INTERCEPT] = max((1.0 - 1.0 / LEVEL_MEMORY) / variance, PRIOR[AT_INTERCEPT])
        for i in range(GROUPS):
            variance = 1.0 / self.precision[row, places[i]]
            log_odds = self.mean[row, places[i]] + variance * error
            variance -= variance * variance * known / scale
            precision = keep / variance + (1.0 - keep) * PRIOR[places[i]]
            log_odds *= keep / variance / precision
            if i < TOLD:
                moved = log_odds - self.mean[row, places[i]]
                self.centre[row, i] += self.share[row, places[i]] * moved
            self.mean[row, places[i]] = log_odds
            self.precision[row, places[i]] = precision

    cdef void adapt_centre(self, Py_ssize_t row, const int* places) noexcept nogil:
        # the first calls count alike
        cdef double pace = max(1.0 / REFERENCE_MEMORY, 1.0 / (1.0 + self.state[row, STATE_CALLS]))
        cdef Py_ssize_t i
        for i in range(AT_HOUR):
            self.share[row, i] *= 1.0 - pace
        for i in range(TOLD):
            self.share[row, places[i]] += pace
            self.centre[row, i] += pace * (self.mean[row, places[i]] - self.centre[row, i])
    # end hot

    # ---- the same for callers in Python --------------------------------------------------------------------------

    def weight_of(self, int64_t features, int hour_slot, Py_ssize_t row=0):
        """Chance that a person answers, relative to the mean of the leads dialled lately.

        Returns
        -------
        float in [0.05, 10]; 1.0 as long as nothing is known that stands the test.

        Raises
        ------
        IndexError : no such row or hour slot.
        """
        self._check(row, hour_slot)
        return self.weight(row, features, hour_slot)

    def observe(self, int64_t features, int hour_slot, bint answered, Py_ssize_t row=0):
        """A call has had a person (`answered`) or has come to nothing. IndexError as in `weight_of`."""
        self._check(row, hour_slot)
        self.learn(row, features, hour_slot, answered)

    def trust(self, Py_ssize_t row=0):
        """How far each group of weights is followed, by its name: 0 = not at all, 1 = to the letter, at most 1.5.

        Raises
        ------
        IndexError : no such row.
        """
        self._check(row, 0)
        return {name: self.trusted(row, group) for group, name in enumerate(TOLD_GROUPS)}

    def dump(self, Py_ssize_t row):
        """What was learned of a campaign, as bytes for `load`. IndexError: no such row."""
        self._check(row, 0)
        kept = {name: column[row].tobytes() for name, column in self.columns.items()}
        return msgspec.msgpack.encode(_Saved(FORMAT, kept))

    def load(self, Py_ssize_t row, bytes data not None):
        """Put what was learned before in place of what is known of a campaign.

        Raises
        ------
        IndexError : no such row.
        ValueError : the bytes are not of this format, or no model ever held such values; nothing has changed then.
        """
        self._check(row, 0)
        try:
            saved = msgspec.msgpack.decode(data, type=_Saved)
        except msgspec.MsgspecError as error:
            raise ValueError(f"answer model cannot be read: {error}") from error
        if saved.format != FORMAT or set(saved.columns) != set(self.columns):
            raise ValueError("answer model of another format")
        values = {}
        for name, column in self.columns.items():
            if len(saved.columns[name]) != column[row].nbytes:
                raise ValueError(f"answer model of another size: {name}")
            values[name] = np.frombuffer(saved.columns[name])
            if not np.isfinite(values[name]).all() or (name.endswith("precision") and (values[name] <= 0.0).any()):
                raise ValueError(f"answer model holds an impossible value: {name}")
        if min(values["state"][[STATE_LEVEL_PRECISION, STATE_RATIO_MEAN]]) <= 0.0:
            raise ValueError("answer model holds an impossible value: state")
        for name, column in self.columns.items():
            column[row] = values[name]

    def log_losses(self, Py_ssize_t row=0):
        """Calls learned from, and their mean log loss: of what was said of them before, and of the level alone.

        Returns
        -------
        (calls, model, level) : int >= 0 and two floats in nats a call, 0.0 without calls.

        Raises
        ------
        IndexError : no such row.
        """
        self._check(row, 0)
        calls = self.state[row, STATE_CALLS]
        share = 1.0 / max(calls, 1.0)
        return int(calls), self.state[row, STATE_LOSS] * share, self.state[row, STATE_LEVEL_LOSS] * share

    def _check(self, Py_ssize_t row, int hour_slot):
        if not 0 <= row < self.campaigns:
            raise IndexError(f"row {row} of {self.campaigns} campaigns")
        if not 0 <= hour_slot < HOUR_SLOTS:
            raise IndexError(f"hour slot {hour_slot} of {HOUR_SLOTS}")
