"""The engine's state: all tables, the timers, the scalars, and the buffer of commands. No rule lives here.

The engine is built in layers, each a class over the one below: state, agents, calls, gate, decisions, core. A layer
calls down directly and up only through the few methods that are declared here.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport abort, free, realloc
from libc.string cimport memset

import numpy as np

from outpace.domain._words cimport ABANDON_CALLER_LEFT, command_t
from outpace.engine._campaigns cimport CampaignTable
from outpace.engine._tables cimport FLAG_QUERIED, AgentTable, CallTable
from outpace.engine._timers cimport TimerHeap
from outpace.engine._trunks cimport TrunkTable
from outpace.pacing._answer_model cimport AnswerModel
from outpace.pacing._budget cimport COUNTED_CONNECTED, Budget
from outpace.pacing._estimates cimport Estimates

cdef int64_t WATCHED_NS = 5_000_000_000       # a longer gap is time that the estimates have not counted

#: Registers by the names under which counters and metrics show them.
REGISTER_PLACES = {
    "now_ns": REG_NOW, "epoch": REG_EPOCH, "sequence": REG_SEQUENCE, "link_up": REG_LINK_UP, "fenced": REG_FENCED,
    "unrecorded": REG_UNRECORDED, "facts": REG_FACTS, "forbidden_facts": REG_FORBIDDEN, "stray_facts": REG_STRAY,
    "queries": REG_QUERIES, "lost_calls": REG_LOST, "clock_jumps": REG_CLOCK_JUMPS, "decisions": REG_DECISIONS,
    "withdrawn_intents": REG_WITHDRAWN, "leases_expired": REG_LEASE_EXPIRED, "dirty": REG_DIRTY,
    "window_ns": REG_WINDOW_NS,
}


def campaign_masks(pool):
    """Whom each agent of a pool serves, in the pool's order: bit c stands for the campaign of row c."""
    place = {campaign.id: row for row, campaign in enumerate(pool.campaigns)}
    return [sum(1 << place[number] for number in set(agent.campaigns)) for agent in pool.agents]


cdef class EngineState:
    """All mutable state of one pool.

    Parameters
    ----------
    pool : Pool. Settings.
    epoch : int, >= 1 and < 2**31. Issued by the store; the upper half of every attempt id.
    """

    def __init__(self, pool, *, int64_t epoch):
        if not 1 <= epoch < 2**31:
            raise ValueError(f"epoch must be from 1 to 2**31 - 1, not {epoch}")
        self.trunks = TrunkTable(pool.trunk_groups)
        self.campaigns = CampaignTable(pool.campaigns, self.trunks.ids)
        self.agents = AgentTable([agent.id for agent in pool.agents], campaign_masks(pool))
        self.calls = CallTable(pool.max_calls)
        self.timers = TimerHeap(self._lay_out_timers())
        self.estimates = Estimates(self.campaigns.count)
        self.answer_model = AnswerModel(self.campaigns.count)
        self.budget = Budget([campaign.abandonment for campaign in pool.campaigns])
        self.registers_array = np.zeros(REGISTERS, np.int64)
        self.registers = self.registers_array
        self.registers[REG_EPOCH] = epoch
        self.relate()

    def _lay_out_timers(self):
        # a slot for every call, agent, campaign's lease, trunk group's rate and campaign's pacing clock
        self.agent_slots = <int32_t>self.calls.capacity
        self.campaign_slots = self.agent_slots + <int32_t>self.agents.count
        self.trunk_slots = self.campaign_slots + <int32_t>self.campaigns.count
        self.pacing_slots = self.trunk_slots + <int32_t>self.trunks.count
        return self.pacing_slots + <int32_t>self.campaigns.count

    def add_rows(self, pool, masks, int64_t now_ns):
        """Take the pool's settings into the tables, with rows for whatever is new behind them; what is there stays."""
        counts = (self.calls.capacity, self.agents.count, self.campaigns.count, self.trunks.count, self.campaigns.count)
        firsts = (0, self.agent_slots, self.campaign_slots, self.trunk_slots, self.pacing_slots)
        self.trunks.change(pool.trunk_groups, now_ns)
        self.campaigns.change(pool.campaigns, self.trunks.ids)
        self.agents.change([agent.id for agent in pool.agents], masks)
        slots = self._lay_out_timers()
        places = (0, self.agent_slots, self.campaign_slots, self.trunk_slots, self.pacing_slots)
        if slots != len(self.timers.deadline_array):
            self.timers.move(slots, zip(firsts, counts, places, strict=True))
        if self.campaigns.count > self.estimates.campaigns:
            self.estimates.grow(self.campaigns.count)
            self.answer_model.grow(self.campaigns.count)
        self.budget.change([campaign.abandonment for campaign in pool.campaigns], now_ns)
        self.relate()

    cdef int relate(self) except -1:
        # who shares agents or lines with whom: what one campaign does is news to the others
        cdef Py_ssize_t agent, campaign, place
        self.campaigns.agents_in[:, :] = 0
        self.trunks.users[:] = 0
        for campaign in range(self.campaigns.count):
            self.campaigns.partners[campaign] = <uint64_t>1 << campaign
            for agent in range(self.agents.count):
                if self.agents.campaigns[agent] & (<uint64_t>1 << campaign):
                    self.campaigns.agents_in[campaign, self.agents.state[agent]] += 1
                    self.campaigns.partners[campaign] |= self.agents.campaigns[agent]
            for place in range(self.campaigns.trunk_count[campaign]):
                self.trunks.users[self.campaigns.trunk_rows[campaign, place]] |= <uint64_t>1 << campaign
        return 0

    def __dealloc__(self):
        free(self.commands)
        free(self.attempts)

    # hot
    cdef command_t* emit(self, int32_t kind) noexcept nogil:
        cdef command_t* command
        if self.command_count == self.command_space:
            self.command_space = 2 * self.command_space + 256
            self.commands = <command_t*>realloc(self.commands, self.command_space * sizeof(command_t))
            if self.commands == NULL:
                abort()
        command = &self.commands[self.command_count]
        self.command_count += 1
        memset(command, 0, sizeof(command_t))
        command.kind = kind
        return command

    cdef void emit_call(self, int32_t kind, int32_t row, int32_t code) noexcept nogil:
        cdef command_t* command = self.emit(kind)
        command.call_id = self.calls.life[row].call_id
        command.code = code

    cdef void clear_commands(self) noexcept nogil:
        self.command_count = 0
        self.attempt_count = 0

    cdef void set_call_state(self, int32_t row, int32_t state) noexcept nogil:
        cdef int32_t campaign = self.calls.campaign[row]
        self.campaigns.in_state[campaign, self.calls.state[row]] -= 1
        self.campaigns.in_state[campaign, state] += 1
        self.calls.state[row] = <signed char>state
        # a question asked before says nothing of the new state
        self.calls.flags[row] &= ~FLAG_QUERIED
        self.calls.queries[row] = 0
        self.mark_dirty(campaign)

    cdef void arm_call(self, int32_t row, int64_t deadline_ns) noexcept nogil:
        self.timers.arm(row, deadline_ns)

    cdef void count_connected(self, int32_t campaign, int64_t now_ns) noexcept nogil:
        self.campaigns.count_connected(campaign, now_ns)
        self.budget.count(campaign, COUNTED_CONNECTED, now_ns)

    cdef void count_abandoned(self, int32_t campaign, int32_t reason, int64_t now_ns) noexcept nogil:
        self.campaigns.count_abandoned(campaign, reason, now_ns)
        self.budget.count(campaign, reason, now_ns)      # COUNTED_* are the numbers of the reasons

    cdef void count_left_unheard(self, int32_t campaign, int64_t now_ns) noexcept nogil:
        # Who leaves while nobody knows yet whether it is a person wanted no agent: pacing has not counted on them and
        # could do nothing for them. They are in the budget only where the rule counts them.
        self.campaigns.count_abandoned(campaign, ABANDON_CALLER_LEFT, now_ns)
        if self.budget.counts_caller_left[campaign]:
            self.budget.count(campaign, ABANDON_CALLER_LEFT, now_ns)

    cdef bint is_watched(self, int32_t campaign, int64_t now_ns) noexcept nogil:
        # Whether pacing has been counting the time that calls and agents take. Without it (a mode without a clock, a
        # campaign that does not run, a link that was down) an end teaches nothing: a hazard is events over time.
        return now_ns - self.estimates.advanced_ns[campaign] <= WATCHED_NS

    cdef void mark_dirty(self, int32_t campaign) noexcept nogil:
        if self.campaigns.count > 1:
            self.mark_dirty_mask(self.campaigns.partners[campaign])
        self.campaigns.dirty[campaign] = 1
        self.registers[REG_DIRTY] = 1

    cdef void mark_dirty_mask(self, uint64_t campaigns) noexcept nogil:
        cdef int32_t row
        self.registers[REG_DIRTY] = 1
        for row in range(<int32_t>self.campaigns.count):
            if campaigns & (<uint64_t>1 << row):
                self.campaigns.dirty[row] = 1
    # end hot

    cdef void offer_waiting(self, int32_t agent, int64_t now_ns) noexcept nogil:
        pass

    cdef void connect_failed(self, int32_t row, bint leg_lost, int64_t now_ns) noexcept nogil:
        pass

    cdef void leg_broke(self, int32_t row, int64_t now_ns) noexcept nogil:
        pass

    def use_answer_model(self, AnswerModel model not None):
        """Weigh leads by another model, before the first fact. ValueError when it is not of as many campaigns."""
        if model.campaigns != self.campaigns.count:
            raise ValueError(f"{self.campaigns.count} campaigns, a model of {model.campaigns}")
        self.answer_model = model

    def arrays(self):
        """Every array that holds mutable state, by name, in a fixed order; what snapshot and digest read."""
        found = {"registers": self.registers_array}
        for table, columns in (
            ("calls", self.calls.columns), ("agents", self.agents.columns), ("trunks", self.trunks.columns),
            ("campaigns", self.campaigns.columns), ("estimates", self.estimates.columns),
            ("answer_model", self.answer_model.columns),
            ("budget", self.budget.columns),
            *((f"pacer{row}", pacer.columns) for row, pacer in enumerate(self.campaigns.pacers)),
        ):
            found.update({f"{table}.{name}": column for name, column in columns.items()})
        for table, ids in (("calls", self.calls.ids), ("agents", self.agents.ids)):
            found[f"{table}.ids.keys"] = ids.keys_array
            found[f"{table}.ids.rows"] = ids.rows_array
        for name in ("deadline", "order", "heap", "position", "registers"):
            found[f"timers.{name}"] = getattr(self.timers, f"{name}_array")
        for row, hopper in enumerate(self.campaigns.hoppers):
            found.update({f"hopper{row}.{name}": column for name, column in hopper.columns.items()})
        return found
