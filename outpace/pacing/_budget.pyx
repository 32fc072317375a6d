"""The abandonment budget: who answered, who of them was abandoned, and what that leaves under the cap.

The rule's own ledger and clock. A window is the calendar day, the last hours, or a block of days; civil time is turned
into nanoseconds by `refresh`, so that inside a decision whole numbers are compared. Who may look at what:

- *pacing* steers by the balance, cap x answered - abandoned, and counts everybody who was abandoned.
- *the law* counts whom the rule counts. The ratio, its upper bound, the drops left and the hard stop are of that.
"""
from libc.math cimport INFINITY, ceil, isfinite
from libc.stdint cimport INT64_MAX, int32_t, int64_t

from outpace.pacing._bounds cimport drops_to_bound_c, drops_to_target_c, upper_c

import math

import numpy as np

from outpace.domain.config import CapWindow, Guard
from outpace.domain.outcomes import AbandonReason
from outpace.pacing.budget_state import BudgetState
from outpace.pacing.cap_window import period_at

cdef enum:
    KIND_DAY = 0
    KIND_ROLLING = 1
    KIND_BLOCK = 2
    MINUTES = 31                 # of the answer rate: thirty, and the one that runs
    MAX_SLOTS = 1440             # of a rolling window, less the one that runs
    HISTORY = 2977               # quarters of an hour: 31 days, the longest rolling window, and the one that runs

cdef int64_t NS_PER_MINUTE = 60_000_000_000
cdef int64_t NS_PER_QUARTER = 900_000_000_000
cdef int64_t NS_PER_DAY = 86_400_000_000_000
cdef double NS_PER_S = 1e9
cdef double RATE_S = 1800.0      # the memory of the answer rate
cdef double RATE_LEAST_S = 60.0
# A rolling window has no end by which the cap could be met. Once it is full, a ratio over the cap is past mending if
# half an hour of people who are all connected would not bring it back.
cdef double REPAIR_S = 1800.0
# A block's credit from earlier days may raise one day's allowance by half; its debts are spread over the days left.
cdef double CREDIT_SHARE = 0.5

# what the rule's window holds, but for the buckets
_LEDGER = ("counted", "today", "first_ns", "bucket", "window_begin_ns", "window_ns", "day_begin_ns", "day_ns")

_KINDS = {CapWindow.DAY: KIND_DAY, CapWindow.ROLLING: KIND_ROLLING, CapWindow.BLOCK: KIND_BLOCK}


def _window(rule):
    # what the ledger of a rule is made by; the rest says how it is read
    return rule.window, rule.hours, rule.days, rule.since, rule.timezone


cdef class Budget:
    """The ledgers of `len(rules)` campaigns, a row each.

    `count` and `look` are what pacers and the engine call in C. Whoever lets time pass calls `refresh(now_ns)` when
    now_ns >= due_ns, before it counts or looks.

    Hard stop (`spent`): the ratio would stay over the cap even if everybody were connected who can still be expected to
    answer in the window, at the answer rate of the last half hour. A block expects of each day left what its past days
    had. A rolling window that is not full yet is taken as one that ends when it is; a full one is given half an hour. A
    cap of 0 is always spent, a cap of 1 never.

    With guard = bound it is also spent while one more abandonment would put the bound over the cap. A fresh window thus
    starts with nobody abandoned until enough have answered: 156 at a cap of 3 % and a confidence of 95 %.

    Parameters
    ----------
    rules : sequence of Abandonment, one per campaign.
    """

    def __init__(self, rules):
        self._begin(rules)

    def _begin(self, rules):
        # empty ledgers
        self.rules = tuple(rules)
        self.campaigns = len(self.rules)
        self.due_ns = 0
        self._read_rules()
        count = self.campaigns
        ring = max((int(slots) for slots in self.slots), default=0)
        self.columns = {
            "cap": np.array([rule.cap for rule in self.rules], np.float64),
            "counted": np.zeros((count, COUNTED), np.int64),
            "today": np.zeros((count, COUNTED), np.int64),
            "buckets": np.zeros((count, ring, COUNTED), np.int64),
            "minutes": np.zeros((count, MINUTES), np.int64),
            "history": np.zeros((count, HISTORY, COUNTED), np.int32),
        }
        for name in (
            "ends_ns", "first_ns", "bucket", "minute", "rate_began_ns", "quarter", "window_begin_ns", "window_ns",
            "day_begin_ns", "day_ns",
        ):
            self.columns[name] = np.zeros(count, np.int64)
        self.cap = self.columns["cap"]
        self.counted = self.columns["counted"]
        self.today = self.columns["today"]
        self.buckets = self.columns["buckets"]
        self.minutes = self.columns["minutes"]
        self.history = self.columns["history"]
        self.quarter = self.columns["quarter"]
        self.ends_ns = self.columns["ends_ns"]
        self.first_ns = self.columns["first_ns"]
        self.bucket = self.columns["bucket"]
        self.minute = self.columns["minute"]
        self.rate_began_ns = self.columns["rate_began_ns"]
        self.window_begin_ns = self.columns["window_begin_ns"]
        self.window_ns = self.columns["window_ns"]
        self.day_begin_ns = self.columns["day_begin_ns"]
        self.day_ns = self.columns["day_ns"]
        self.known = np.full((count, 2), -1, np.int64)
        self.known_cap = np.zeros(count)
        self.known_bound = np.ones(count)
        self.known_drops = np.zeros(count, np.int64)

    def _read_rules(self):
        # A rolling window is kept in at most MAX_SLOTS buckets of whole minutes, so it reaches back up to one bucket
        # further than its length: a minute for 24 h, half an hour for 30 days.
        rolling = [rule.window is CapWindow.ROLLING for rule in self.rules]
        minutes = [math.ceil(rule.hours * 60) if rolls else 0 for rule, rolls in zip(self.rules, rolling, strict=True)]
        widths = [max(1, -(-length // MAX_SLOTS)) for length in minutes]
        self.kind = np.array([_KINDS[rule.window] for rule in self.rules], np.int64)
        self.counts_caller_left = np.array([rule.counts_caller_left for rule in self.rules], np.int64)
        self.guards_bound = np.array([rule.guard is Guard.BOUND for rule in self.rules], np.int64)
        self.confidence = np.array([rule.confidence for rule in self.rules], np.float64)
        self.length_ns = np.array([length * NS_PER_MINUTE for length in minutes], np.int64)
        self.width_ns = np.array([width * NS_PER_MINUTE for width in widths], np.int64)
        self.slots = np.array(
            [-(-length // width) + 1 if length else 0 for length, width in zip(minutes, widths, strict=True)], np.int64
        )

    # hot: counting and looking
    cdef void count(self, Py_ssize_t row, int32_t what, int64_t now_ns) noexcept nogil:
        cdef Py_ssize_t i
        cdef int64_t recent
        self.roll(row, now_ns)
        recent = self.minutes[row, self.minute[row] % MINUTES]
        if recent == 0:
            for i in range(MINUTES):
                recent += self.minutes[row, i]
            if recent == 0:
                self.rate_began_ns[row] = now_ns
        self.minutes[row, self.minute[row] % MINUTES] += 1
        self.roll_history(row, now_ns)
        self.history[row, self.quarter[row] % HISTORY, what] += 1
        if self.counted[row, 0] + self.counted[row, 1] + self.counted[row, 2] == 0:
            self.first_ns[row] = now_ns
        self.counted[row, what] += 1
        if self.kind[row] == KIND_BLOCK:
            self.today[row, what] += 1
        elif self.kind[row] == KIND_ROLLING:
            self.buckets[row, self.bucket[row] % self.slots[row], what] += 1

    cdef void roll(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # Empty what is too old. A time before the latest one counts as the latest.
        cdef int64_t latest = now_ns // NS_PER_MINUTE
        cdef int64_t i, slot
        for i in range(max(self.minute[row], latest - MINUTES) + 1, latest + 1):
            self.minutes[row, i % MINUTES] = 0
        self.minute[row] = max(self.minute[row], latest)
        if self.kind[row] != KIND_ROLLING:
            return
        latest = now_ns // self.width_ns[row]
        for i in range(max(self.bucket[row], latest - self.slots[row]) + 1, latest + 1):
            slot = i % self.slots[row]
            self.counted[row, 0] -= self.buckets[row, slot, 0]
            self.counted[row, 1] -= self.buckets[row, slot, 1]
            self.counted[row, 2] -= self.buckets[row, slot, 2]
            self.buckets[row, slot, 0] = 0
            self.buckets[row, slot, 1] = 0
            self.buckets[row, slot, 2] = 0
        self.bucket[row] = max(self.bucket[row], latest)

    cdef void roll_history(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef int64_t latest = now_ns // NS_PER_QUARTER
        cdef int64_t i
        for i in range(max(self.quarter[row], latest - HISTORY) + 1, latest + 1):
            self.history[row, i % HISTORY, 0] = 0
            self.history[row, i % HISTORY, 1] = 0
            self.history[row, i % HISTORY, 2] = 0
        self.quarter[row] = max(self.quarter[row], latest)

    cdef void look(self, Py_ssize_t row, int64_t now_ns, budget_t* out) noexcept nogil:
        cdef int64_t close_ns = self.ends_ns[row]
        cdef double come
        out.cap = self.cap[row]
        out.rate = self.answer_rate(row, now_ns)
        out.seconds_left = INFINITY
        if self.kind[row] != KIND_ROLLING and self.day_ns[row] > 0:
            out.seconds_left = max(0.0, (self.day_ns[row] - now_ns) / NS_PER_S)
        if close_ns > now_ns:
            out.seconds_left = min(out.seconds_left, (close_ns - now_ns) / NS_PER_S)
        self.sum_window(row, now_ns, out)
        self.bound_ratio(row, out)
        out.slack = out.balance
        if out.cap <= 0 or out.cap >= 1:
            out.spent = out.cap <= 0
            return
        come = out.answered + self.answers_to_come(row, out, now_ns)
        out.spent = come > 0 and out.legal_abandoned / come > out.cap
        if self.guards_bound[row]:
            out.slack = min(out.balance, <double>out.drops_left)
            out.spent = out.spent or out.drops_left == 0

    cdef void sum_window(self, Py_ssize_t row, int64_t now_ns, budget_t* out) noexcept nogil:
        cdef int64_t connected = self.counted[row, 0]
        cdef int64_t no_agent = self.counted[row, 1]
        cdef int64_t caller_left = self.counted[row, 2]
        cdef int64_t i, slot, latest
        if self.kind[row] == KIND_ROLLING:
            # what has become too old since the last count
            latest = now_ns // self.width_ns[row]
            for i in range(max(self.bucket[row], latest - self.slots[row]) + 1, latest + 1):
                slot = i % self.slots[row]
                connected -= self.buckets[row, slot, 0]
                no_agent -= self.buckets[row, slot, 1]
                caller_left -= self.buckets[row, slot, 2]
        out.abandoned = no_agent + caller_left
        out.answered = connected + out.abandoned
        out.legal_abandoned = out.abandoned if self.counts_caller_left[row] else no_agent
        if self.kind[row] == KIND_BLOCK:
            out.balance = (
                out.cap * (self.today[row, 0] + self.today[row, 1] + self.today[row, 2])
                - (self.today[row, 1] + self.today[row, 2]) + self.carried(row)
            )
        else:
            out.balance = out.cap * out.answered - out.abandoned

    cdef double answer_rate(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # the thirty minutes before the one that runs, and what has run of it; from the first answer on if that is later
        cdef int64_t latest = max(now_ns // NS_PER_MINUTE, self.minute[row])
        cdef int64_t answers = 0
        cdef double seconds
        cdef int64_t i
        for i in range(max(0, latest - MINUTES + 1), self.minute[row] + 1):
            answers += self.minutes[row, i % MINUTES]
        if answers == 0:
            return 0.0
        seconds = RATE_S + (now_ns - latest * NS_PER_MINUTE) / NS_PER_S
        seconds = min(seconds, (now_ns - self.rate_began_ns[row]) / NS_PER_S)
        return answers / max(seconds, RATE_LEAST_S)

    cdef double carried(self, Py_ssize_t row) noexcept nogil:
        # the share of the block's balance of earlier days that falls to today
        cdef int64_t abandoned = (
            self.counted[row, 1] + self.counted[row, 2] - self.today[row, 1] - self.today[row, 2]
        )
        cdef int64_t answered = self.counted[row, 0] - self.today[row, 0] + abandoned
        cdef double balance = self.cap[row] * answered - abandoned
        cdef double days_left
        if answered <= 0:
            return 0.0
        days_left = max(1.0, ceil((self.window_ns[row] - self.day_begin_ns[row]) / <double>NS_PER_DAY - 0.5))
        if balance < 0:
            return balance / days_left
        return min(balance / days_left, CREDIT_SHARE * self.cap[row] * answered / self.days_past(row))

    cdef double days_past(self, Py_ssize_t row) noexcept nogil:
        # days of the block before today, from its first answer on
        return max(1.0, ceil((self.day_begin_ns[row] - self.first_ns[row]) / <double>NS_PER_DAY))

    cdef double answers_to_come(self, Py_ssize_t row, const budget_t* seen, int64_t now_ns) noexcept nogil:
        # people who can still be expected to answer before the window ends
        cdef double today, others, days
        cdef int64_t answered_today = self.today[row, 0] + self.today[row, 1] + self.today[row, 2]
        if self.kind[row] == KIND_ROLLING:
            return seen.rate * max(REPAIR_S, (self.first_ns[row] + self.length_ns[row] - now_ns) / NS_PER_S)
        today = seen.rate * seen.seconds_left if isfinite(seen.seconds_left) else seen.rate * REPAIR_S
        if self.kind[row] == KIND_DAY:
            return today
        days = max(0.0, ceil((self.window_ns[row] - self.day_ns[row]) / <double>NS_PER_DAY - 0.5))
        others = seen.answered - answered_today
        if others > 0:
            others /= self.days_past(row)
            if answered_today == 0:
                today = others
            return today + days * others
        return today + days * (answered_today + today)

    cdef void bound_ratio(self, Py_ssize_t row, budget_t* out) noexcept nogil:
        # the bound and the drops left change with the counts and the cap only
        if (
            self.known[row, 0] != out.legal_abandoned or self.known[row, 1] != out.answered
            or self.known_cap[row] != out.cap
        ):
            self.known_bound[row] = upper_c(out.legal_abandoned, out.answered, self.confidence[row])
            if self.guards_bound[row]:
                self.known_drops[row] = drops_to_bound_c(
                    out.legal_abandoned, out.answered, out.cap, self.confidence[row], self.known_drops[row]
                )
            else:
                self.known_drops[row] = drops_to_target_c(out.legal_abandoned, out.answered, out.cap)
            self.known[row, 0] = out.legal_abandoned
            self.known[row, 1] = out.answered
            self.known_cap[row] = out.cap
        out.bound = self.known_bound[row]
        out.drops_left = self.known_drops[row]
    # end hot

    def refresh(self, int64_t now_ns):
        """Turn the days and windows that have ended at `now_ns`, and note in `due_ns` when the next one ends."""
        cdef Py_ssize_t row
        self.due_ns = INT64_MAX
        for row in range(self.campaigns):
            if self.kind[row] == KIND_ROLLING:
                continue
            if now_ns >= self.day_ns[row]:
                self._turn(row, period_at(self.rules[row], now_ns))
            self.due_ns = min(self.due_ns, self.day_ns[row])

    def _turn(self, Py_ssize_t row, period):
        # what was counted before the first look at the clock is of the first window
        if self.day_ns[row] > 0:
            self.today[row, :] = 0
            if period.begins_ns != self.window_begin_ns[row]:
                self.counted[row, :] = 0
                self.first_ns[row] = 0
        self.window_begin_ns[row], self.window_ns[row] = period.begins_ns, period.ends_ns
        self.day_begin_ns[row], self.day_ns[row] = period.day_begins_ns, period.day_ends_ns

    def record(self, Py_ssize_t row, reason, int64_t now_ns):
        """Count one person who answered; AbandonReason.NONE = was connected. Refreshes when that is due.

        Raises
        ------
        IndexError : no such row.
        ValueError : no such reason.
        """
        self._check(row)
        what = AbandonReason(reason)
        if now_ns >= self.due_ns:
            self.refresh(now_ns)
        self.count(row, what, now_ns)

    def load(self, Py_ssize_t row, int64_t connected, int64_t no_agent, int64_t caller_left, int64_t at_ns):
        """Count people of an earlier run who answered at about `at_ns`; those before the present window are only kept.

        The answer rate is not theirs: it is of this run. Refreshes when that is due at `at_ns`.

        Raises
        ------
        IndexError : no such row.
        ValueError : a negative count or time.
        """
        cdef int64_t quarter = at_ns // NS_PER_QUARTER
        self._check(row)
        if min(connected, no_agent, caller_left, at_ns) < 0:
            raise ValueError(f"counts and times are not negative: {connected}, {no_agent}, {caller_left}, {at_ns}")
        if at_ns >= self.due_ns:
            self.refresh(at_ns)
        if connected + no_agent + caller_left == 0:
            return
        counts = np.array((connected, no_agent, caller_left), np.int64)
        self.roll_history(row, at_ns)
        if quarter > self.quarter[row] - HISTORY:
            kept = self.columns["history"][row, quarter % HISTORY]
            kept[:] = np.minimum(kept + counts, np.iinfo(np.int32).max)
        self._fill(row, counts, at_ns)

    def _fill(self, Py_ssize_t row, counts, int64_t at_ns):
        # the ledger of the present window
        cdef int64_t slot
        if at_ns < self.window_begin_ns[row]:
            return
        if self.kind[row] == KIND_ROLLING:
            self.roll(row, at_ns)
            slot = at_ns // self.width_ns[row]
            if slot <= self.bucket[row] - self.slots[row]:
                return
            self.columns["buckets"][row, slot % self.slots[row]] += counts
        elif self.kind[row] == KIND_BLOCK and at_ns >= self.day_begin_ns[row]:
            self.columns["today"][row] += counts
        if not self.columns["counted"][row].any() or at_ns < self.first_ns[row]:
            self.first_ns[row] = at_ns
        self.columns["counted"][row] += counts

    def change(self, rules, int64_t now_ns):
        """Go on under other rules, one per campaign in the same order; those behind them are of new campaigns.

        Where the window stays the same, so does its ledger. Another window begins with those who have answered in it so
        far, as far as 31 days back; who answered in one quarter of an hour counts as of its beginning. Refreshes.
        """
        cdef Py_ssize_t row
        before, old, behind = self.rules, self.columns, self.campaigns
        same = [_window(one) == _window(other) for one, other in zip(before, rules, strict=False)]
        if all(same) and len(rules) == behind:
            self.rules = tuple(rules)
            self._read_rules()
            self.columns["cap"][:] = [rule.cap for rule in rules]
            self.known[:, :] = -1
            return
        self._begin(rules)
        for name in ("ends_ns", "minutes", "minute", "rate_began_ns", "history", "quarter"):
            self.columns[name][:behind] = old[name]
        for row in range(behind):
            if same[row]:
                for name in _LEDGER:
                    self.columns[name][row] = old[name][row]
                slots = int(self.slots[row])
                self.columns["buckets"][row, :slots] = old["buckets"][row, :slots]
        self.refresh(now_ns)
        for row in range(behind):
            if not same[row]:
                self._refill(row)

    def _refill(self, Py_ssize_t row):
        latest = int(self.quarter[row])
        for quarter in range(max(0, latest - HISTORY + 1), latest + 1):
            counts = self.columns["history"][row, quarter % HISTORY]
            if counts.any():
                self._fill(row, counts.astype(np.int64), quarter * NS_PER_QUARTER)

    def restore(self, columns):
        """Take over the columns of another Budget, but for the caps, which are of the rules.

        Raises
        ------
        KeyError : a column is missing. ValueError : its shape differs, as after a change of the windows.
        """
        for name, column in self.columns.items():
            if np.shape(columns[name]) != column.shape:
                raise ValueError(f"column {name!r} is {np.shape(columns[name])}, not {column.shape}")
        for name, column in self.columns.items():
            if name != "cap":
                column[...] = columns[name]
        self.due_ns = min(
            (int(end) for end, kind in zip(self.day_ns, self.kind, strict=True) if kind != KIND_ROLLING),
            default=INT64_MAX,
        )
        self.known[:, :] = -1

    def state(self, Py_ssize_t row, int64_t now_ns):
        """The campaign's budget at `now_ns`, as people ask for it. IndexError: no such row."""
        cdef budget_t seen
        self._check(row)
        self.look(row, now_ns, &seen)
        rolls = self.kind[row] == KIND_ROLLING
        return BudgetState(
            cap=seen.cap,
            answered=seen.answered,
            abandoned=seen.abandoned,
            legal_abandoned=seen.legal_abandoned,
            ratio=seen.legal_abandoned / <double>seen.answered if seen.answered else 0.0,
            bound=seen.bound,
            drops_left=None if seen.drops_left == INT64_MAX else seen.drops_left,
            balance=seen.balance,
            answers_per_s=seen.rate,
            seconds_left=seen.seconds_left if isfinite(seen.seconds_left) else None,
            window_begins_ns=max(0, now_ns - self.length_ns[row]) if rolls else self.window_begin_ns[row],
            window_ends_ns=self.window_ns[row],
            spent=seen.spent,
        )

    def _check(self, Py_ssize_t row):
        if not 0 <= row < self.campaigns:
            raise IndexError(f"row {row} of {self.campaigns} campaigns")
