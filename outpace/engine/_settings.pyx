"""Settings that change while the engine runs, and the texts that calls and commands refer to by number.

Rows are never moved, so what refers to a row goes on: calls in flight, agents and their timers, hoppers, ledgers,
estimates, decisions. Tables get longer and settings other; only here, a few times an hour.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport AGENT_READY, AGENT_TALKING, COMMAND_RELEASE_LEADS, command_t
from outpace.engine._hopper cimport Hopper
from outpace.engine._orders cimport Orders
from outpace.engine._outtake cimport unpack
from outpace.pacing._estimates cimport (
    OBSERVED_TALK_BEGAN, OBSERVED_TALK_CUT, OBSERVED_WRAP_UP_BEGAN, OBSERVED_WRAP_UP_CUT,
)
from outpace.pacing._pacer cimport Pacer, PacingSnapshot

from outpace.engine._state import campaign_masks
from outpace.pacing import make_pacer

# what a pacer is made of; the cap is the budget's
_OF_PACERS = ("mode", "ratio", "ratio_counts", "reserve", "connect_limit_s", "cancels")


cdef class Settings(Orders):
    """Changes the pool in place."""

    def __init__(self, pool, *, int64_t epoch):
        super().__init__(pool, epoch=epoch)
        self.caller_ids = {}
        self.messages = {}
        self.texts = []
        self._learn_texts(pool)

    def _learn_texts(self, pool):
        cdef Py_ssize_t row
        # calls keep the number of their caller ID: those that a group had before stay in front of those it has
        for row, group in enumerate(pool.trunk_groups):
            present = tuple(group.caller_ids) or ("",)
            known = self.caller_ids.get(group.id, ())
            first = self.trunks.caller_first[row]
            if known[first : first + self.trunks.caller_ids[row]] != present:
                self.caller_ids[group.id] = known + present
                self.trunks.name_callers(row, len(known), len(present))
        for campaign in pool.campaigns:
            # no message is never played, but an earlier one may still be to be
            if campaign.message or campaign.id not in self.messages:
                self.messages[campaign.id] = campaign.message

    cdef object command(self, const command_t* command):
        return unpack(command, self.attempts, self.caller_ids, self.messages, self.texts)

    cdef int64_t keep_text(self, text) except -1:
        # its number, from 1 on; kept until the commands are taken
        if self.command_count == 0:
            self.texts.clear()
        self.texts.append(text)
        return len(self.texts)

    def change_tables(self, before, after, int64_t now_ns):
        """Take over the settings of `after`; `before` is the pool as it is. `go_on` follows when all is in place."""
        cdef int32_t row
        masks = campaign_masks(after)
        served = self.agents.columns["campaigns"][: len(before.agents)].tolist()
        self.add_rows(after, masks, now_ns)
        for row in range(<int32_t>len(served)):
            if served[row] != masks[row]:
                self.change_agent(row, served[row], masks[row], now_ns)
        for row, was in enumerate(before.campaigns):
            campaign = after.campaigns[row]
            if campaign.hopper_size != was.hopper_size:
                self.shrink_hopper(row, campaign.hopper_size, now_ns)
                self.campaigns.hoppers[row] = self.campaigns.hoppers[row].resized(campaign.hopper_size)
            if any(getattr(campaign, name) != getattr(was, name) for name in _OF_PACERS):
                self._change_pacer(row, was, campaign)
        self._learn_texts(after)
        self.snapshot_arrays = PacingSnapshot(self.campaigns.count, self.estimates, self.budget)

    cdef int change_agent(self, int32_t row, uint64_t before, uint64_t after, int64_t now_ns) except -1:
        # a campaign that loses the agent must not wait for the end of the present talk, one that gets the agent may
        cdef bint talks = self.agents.state[row] == AGENT_TALKING
        cdef int32_t cut = OBSERVED_TALK_CUT if talks else OBSERVED_WRAP_UP_CUT
        cdef int32_t began = OBSERVED_TALK_BEGAN if talks else OBSERVED_WRAP_UP_BEGAN
        cdef int32_t campaign
        if not self.agents.observed[row]:
            return 0
        for campaign in range(<int32_t>self.campaigns.count):
            if (before ^ after) & (<uint64_t>1 << campaign):
                self.estimates.observe(
                    campaign, began if after & (<uint64_t>1 << campaign) else cut, self.agents.since_ns[row], 1.0,
                    now_ns,
                )
        return 0

    cdef int shrink_hopper(self, int32_t campaign, int64_t size, int64_t now_ns) except -1:
        # whole batches go back, the latest first
        cdef Hopper hopper = <Hopper>self.campaigns.hoppers[campaign]
        cdef command_t* command
        cdef int32_t batch
        while hopper.count() - hopper.registers[2] > size:
            batch = hopper.batch[(hopper.registers[0] + hopper.count() - 1) % hopper.places]
            command = self.emit(COMMAND_RELEASE_LEADS)
            command.agent_id = self.campaigns.campaign_id[campaign]
            command.extra = hopper.token[batch]
            hopper.drop_batch(batch)
            self.requeue(campaign, now_ns)
        return 0

    def _change_pacer(self, Py_ssize_t row, before, after):
        pacer = self.campaigns.pacers[row]
        if type(pacer) is not type(make_pacer(before)):
            return                               # one of somebody's own, which knows its own settings
        fresh = make_pacer(after)
        if type(fresh) is type(pacer):
            for name, column in fresh.columns.items():
                column[:] = pacer.columns[name]
        self.campaigns.pacers[row] = fresh
        if (<Pacer>fresh).interval_ns == 0:
            self.timers.cancel(self.pacing_slots + <int32_t>row)

    def go_on(self, int64_t now_ns):
        """Do what the new settings allow or forbid: lines for trunk groups, idle agents and those who wait."""
        cdef int32_t row
        for row in range(<int32_t>self.trunks.count):
            self.drain_trunk(row, now_ns)
        ready = []
        row = self.agents.registers[0]
        while row >= 0:
            ready.append(row)
            row = self.agents.next[row]
        for row in ready:
            if self.agents.state[row] == AGENT_READY:
                self.offer_waiting(row, now_ns)
        self.mark_dirty_mask(<uint64_t>-1)
