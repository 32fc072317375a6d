"""The simulated carrier as Python sees it: commands and times in, events out, and what a lab may do to it."""
cimport cython
from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport (
    FACT_LINK_DOWN, FACT_LINK_UP, FACT_TRUNK_CAPACITY, LEG_NONE, OUTCOME_FAILED, command_t,
)
from outpace.telephony.simulated._core cimport STATS, CarrierCore, bridged_agent, call_t, presence_of
from outpace.telephony.simulated._facts cimport command_of
from outpace.telephony.simulated._lines cimport KIND_ISDN_PRI, CardLines, Lines
from outpace.telephony.simulated._plan cimport Plan

from outpace.domain.errors import UnknownId
from outpace.domain.outcomes import AbandonReason, CallPresence
from outpace.telephony.adapter import KeptResult, LiveCall

cdef tuple STAT_NAMES = (
    "originated", "no_circuit", "congested", "refused", "answered_live", "answered_other", "connected", "ended",
    "caller_left", "dead_man", "facts_lost",
)
assert len(STAT_NAMES) == STATS


@cython.final
cdef class SimulatedCarrier(CarrierCore):
    """A carrier, its lines and the legs of the agents. What happens in it is told in _core.

    Parameters
    ----------
    profile : CarrierProfile. What becomes of dialled numbers; a campaign may have its own (`set_profile`).
    trunk_groups : the lines. Groups that are not SIP are voice cards.
    seed : int. Equal seeds, commands and times give equal facts.
    dead_man_s : float. How long an answered call may stay unconnected before the recorded message is played and the
        result kept; the campaigns' connect limit plus a second. 0 = there is no such timer.

    A new carrier has no link: the driver calls `set_link(True, now_ns)` first.
    """

    def submit(self, commands, now_ns):
        """Carry out commands to a switch, in order; their facts come from `advance`. TypeError: not such a command."""
        cdef command_t command
        for one in commands:
            command_of(one, &command)
            self.command(&command, now_ns)

    def advance(self, now_ns):
        """Let time pass up to `now_ns` and return what happened, in order; `switch_ns` says when."""
        self.run(now_ns)
        return self.facts.take()

    def next_event_ns(self):
        """When `advance` is wanted next; 2**63 - 1 = nothing pending."""
        return self.facts.facts[0].switch_ns if self.facts.count else self.timers.next_ns()

    def live_calls(self):
        """Every call on the switch, by call id."""
        cdef int32_t row
        cdef call_t* call
        found = []
        for row in range(self.capacity):
            call = &self.calls[row]
            if call.call_id:
                found.append(LiveCall(call.call_id, CallPresence(presence_of(call)), bridged_agent(call)))
        return sorted(found, key=lambda one: one.call_id)

    def kept_results(self):
        """What the dead-man's timer has kept, oldest first."""
        return [KeptResult(call_id, AbandonReason.NO_AGENT_IN_TIME, at_ns) for call_id, at_ns in self.kept.items()]

    def forget(self, call_ids):
        """Drop kept results."""
        for call_id in call_ids:
            self.kept.pop(call_id, None)

    def set_population(self, population):
        """Whom the numbers belong to: a Population, or None where all numbers are alike. Calls in hand go on."""
        self.population = population

    @property
    def stats(self):
        """Monotone counters by name, and `live`, the calls up now."""
        counted = {name: self.stats_[i] for i, name in enumerate(STAT_NAMES)}
        counted["live"] = self.capacity - self.free_count
        return counted

    @property
    def link_is_up(self):
        """Whether commands are heard and facts told."""
        return self.link

    def set_link(self, bint up, int64_t now_ns):
        """Cut or restore the link. LinkUp is followed by the capacity of every trunk group."""
        if up == self.link:
            return
        if up:
            self.link = True
            self.emit(FACT_LINK_UP, 0, 0, now_ns)
            for lines in self.lines:
                self.emit(FACT_TRUNK_CAPACITY, 0, (<Lines>lines).trunk_group_id, now_ns).extra = (<Lines>lines).usable()
        else:
            self.emit(FACT_LINK_DOWN, 0, 0, now_ns)
            self.link = False

    def set_profile(self, profile, campaign_id=0):
        """Draw from another profile from now on: for one campaign, or (0) for all that have none of their own."""
        cdef Plan plan = Plan(profile)
        cdef int32_t i
        if campaign_id:
            self.own_plans[campaign_id] = plan
        else:
            self.default_plan = plan
        for i in range(self.stream_count):
            self.plans[i] = self.own_plans.get(self.streams[i].campaign_id, self.default_plan)

    def set_trunk_groups(self, trunk_groups, *, double dead_man_s, int64_t now_ns):
        """Other settings of the lines and the dead-man's timer from now on; new groups are added, none is removed.

        Calls in hand keep their channel. With a link, the capacity of new and changed groups is told.
        """
        cdef Lines lines
        before = {(<Lines>one).trunk_group_id: (<Lines>one).channels for one in self.lines}
        self.set_lines(trunk_groups)
        self.dead_man_ns = round(dead_man_s * 1e9)
        for lines in self.lines:
            if self.link and before.get(lines.trunk_group_id) != lines.channels:
                self.emit(FACT_TRUNK_CAPACITY, 0, lines.trunk_group_id, now_ns).extra = lines.usable()

    def lose_leg(self, int64_t agent_id, int64_t now_ns):
        """The agent's phone is gone. UnknownId: no such leg is up or opening."""
        cdef int32_t leg = self.leg_rows.find(agent_id)
        if leg < 0 or self.legs[leg].state == LEG_NONE:
            raise UnknownId(f"agent {agent_id} has no leg")
        self.drop_leg(agent_id, 27, now_ns)

    def set_alarm(self, int64_t trunk_group_id, int32_t span, bint on, int64_t now_ns):
        """Put a span into alarm or out of it. Calls on it end; UnknownId: no such voice card group or span."""
        cdef CardLines card = None
        cdef int32_t channel, last
        for lines in self.lines:
            if isinstance(lines, CardLines) and (<Lines>lines).trunk_group_id == trunk_group_id:
                card = <CardLines>lines
        if card is None or not 0 <= span < card.spans:
            raise UnknownId(f"no span {span} in trunk group {trunk_group_id}")
        if card.alarm[span] == on:
            return
        card.alarm[span] = on
        last = min(card.channels, (span + 1) * card.channels_per_span)
        for channel in range(span * card.channels_per_span, last):
            if on and card.holder[channel] >= 0:
                # ISDN: the data link is lost, T309 runs out (Q.931 section 5.8.9); else the network is out of order
                self.end(card.holder[channel], now_ns, OUTCOME_FAILED, 27 if card.kind == KIND_ISDN_PRI else 38, 0)
        self.emit(FACT_TRUNK_CAPACITY, 0, trunk_group_id, now_ns).extra = card.usable()
