"""The simulated carrier: commands and time go in, facts come out. Sans-IO, no clock, no Python object per call.

Each call is a row with one timer: the earliest of its state's next step, the far end's hang-up (or, unanswered, our
ring time-out) and the dead-man's timer. All that happens is drawn from the dial's ordinal within its campaign, so the
k-th dial has the same fate under every policy.

The carrier is the network and the switch in one. It outlives the dialer: without a link its calls go on, facts are
lost, and who is left unconnected is met by the dead-man's timer as in the real dialplan.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from outpace.domain._words cimport (
    COMMAND_CLOSE_AGENT_LEG, COMMAND_CONNECT_AGENT, COMMAND_HANG_UP, COMMAND_OPEN_AGENT_LEG, COMMAND_ORIGINATE,
    COMMAND_PLAY_MESSAGE, COMMAND_QUERY_CALL, FACT_AGENT_CONNECTED, FACT_AGENT_LEG_LOST, FACT_AGENT_LEG_UP,
    FACT_AGENT_RELEASED, FACT_CALL_ANSWERED, FACT_CALL_ENDED, FACT_CALL_PROCEEDING, FACT_CALL_QUERIED,
    FACT_CALL_RINGING, FACT_CONNECT_FAILED, FACT_CPA_VERDICT, FACT_MESSAGE_ENDED,
    FACT_ORIGINATE_REFUSED, LEG_NONE, LEG_OPENING, LEG_UP, OUTCOME_CANCELLED,
    OUTCOME_NO_ANSWER, OUTCOME_NONE, PRESENCE_ANSWERED, PRESENCE_BRIDGED, PRESENCE_GONE, PRESENCE_UNANSWERED,
    REFUSED_BY_SWITCH, REFUSED_DUPLICATE, REFUSED_LINK_DOWN, REFUSED_NO_CIRCUIT, VERDICT_FAX, VERDICT_MACHINE,
    VERDICT_PERSON, VERDICT_UNSURE, command_t, fact_t,
)
from outpace.telephony.simulated._facts cimport FactBuffer
from outpace.telephony.simulated._lines cimport KIND_SIP, SEIZED_GLARE, CardLines, Lines
from outpace.telephony.simulated._plan cimport (
    NATURE_BUSY, NATURE_CONGESTION, NATURE_FAX, NATURE_LIVE, NATURE_MACHINE, NATURE_MUTE, NATURE_NO_ANSWER,
    NATURE_NOBODY, NATURE_SILENT, TIME_AMD, TIME_ANSWER, TIME_ANSWER_DELAY, TIME_BACK_OFF, TIME_BRIDGE, TIME_BUSY,
    TIME_DEAD_AIR, TIME_INCOMING_HOLD, TIME_LEG, TIME_MACHINE_PATIENCE, TIME_MACHINE_TALK, TIME_MESSAGE,
    TIME_NO_ANSWER, TIME_PATIENCE, TIME_PROCEEDING, TIME_RINGING, TIME_TALK, Plan, coded_t, decoded, ending_of,
    ending_t,
)
from outpace.telephony.simulated._random cimport (
    ROLE_CLASSIFY, ROLE_FAULT, ROLE_LATENCY, ROLE_OUTCOME, ROLE_PATIENCE, ROLE_RING, ROLE_SETUP, ROLE_TALK, ROLES,
    stream_base, uniform_at,
)
from outpace.telephony.simulated._timers cimport NEVER, IdIndex, TimerHeap, resized

from outpace.domain.config import TrunkKind

# after the recorded message the dialplan hangs up by itself if nobody else does
cdef int64_t LINGER_NS = 1_000_000_000


cdef inline bint answers(int32_t nature) noexcept:
    return nature <= NATURE_FAX or nature == NATURE_SILENT or nature == NATURE_NOBODY


cdef inline bint rings(const call_t* call) noexcept:
    # coded numbers ring before whatever they do
    if call.nature == NATURE_MUTE:
        return False
    return answers(call.nature) or call.nature == NATURE_NO_ANSWER or call.coded_leave_ns != 0


cdef class CarrierCore:
    """The carrier without its Python face, which is _carrier.SimulatedCarrier; a driver in C takes facts here."""

    def __cinit__(self):
        self.calls = NULL
        self.free_rows = NULL
        self.legs = NULL
        self.streams = NULL

    def __init__(self, profile, trunk_groups, *, seed, dead_man_s=3.0):
        self.seed = seed
        self.dead_man_ns = round(dead_man_s * 1e9)
        self.profile = profile
        self.facts = FactBuffer()
        self.timers = TimerHeap()
        self.lines = []
        self.capacity = self.free_count = 0
        self.set_lines(trunk_groups)
        self.call_rows = IdIndex()
        self.leg_rows = IdIndex()
        self.leg_count = self.leg_capacity = self.stream_count = self.stream_capacity = 0
        self.plans = []
        self.default_plan = Plan(profile)
        self.own_plans = {}
        self.kept = {}
        self.congested = self.seizures = 0
        self.card_base = stream_base(self.seed, 0, ROLE_FAULT)
        self.link = False
        memset(self.stats_, 0, sizeof(self.stats_))

    def __dealloc__(self):
        free(self.calls)
        free(self.free_rows)
        free(self.legs)
        free(self.streams)

    cdef int set_lines(self, trunk_groups) except -1:
        # the groups' settings from now on; groups are added, never removed
        cdef int32_t row, wanted
        cdef dict known = {(<Lines>lines).trunk_group_id: lines for lines in self.lines}
        wanted = sum(group.channels for group in trunk_groups)
        if wanted > self.capacity:
            self.calls = <call_t*>resized(self.calls, wanted * sizeof(call_t))
            self.free_rows = <int32_t*>resized(self.free_rows, wanted * sizeof(int32_t))
            memset(&self.calls[self.capacity], 0, (wanted - self.capacity) * sizeof(call_t))
            for row in range(wanted - 1, self.capacity - 1, -1):
                self.free_rows[self.free_count] = row
                self.free_count += 1
            self.capacity = wanted
            self.timers.reserve(2 * wanted)
        for group in trunk_groups:
            if group.id in known:
                (<Lines>known[group.id]).set_group(group)
            elif group.kind is TrunkKind.SIP:
                self.lines.append(Lines(group))
            else:
                self.lines.append(CardLines(group, self.profile.voice_card))
        return 0

    # ---- commands ------------------------------------------------------------------------------------------------

    cdef int64_t next_ns(self) noexcept:
        return self.timers.next_ns()

    cdef int command(self, const command_t* command, int64_t now_ns) except -1:
        cdef int32_t kind = command.kind, row
        if kind == COMMAND_ORIGINATE:
            return self.originate(command, now_ns)
        if not self.link:
            return 0    # nobody hears it
        if kind == COMMAND_CONNECT_AGENT:
            return self.connect_agent(command, now_ns)
        if kind == COMMAND_OPEN_AGENT_LEG:
            return self.open_leg(command.agent_id, now_ns)
        if kind == COMMAND_CLOSE_AGENT_LEG:
            return self.drop_leg(command.agent_id, 16, now_ns)
        row = self.call_rows.find(command.call_id)
        if kind == COMMAND_HANG_UP and row >= 0:
            return self.hang_up(row, command.code, now_ns)
        if kind == COMMAND_PLAY_MESSAGE and row >= 0 and self.calls[row].state in (CLASSIFYING, WAITING):
            return self.play(row, now_ns)
        if kind in (COMMAND_QUERY_CALL, COMMAND_HANG_UP, COMMAND_PLAY_MESSAGE):
            # what cannot be done is answered with how things stand
            return self.query(command.call_id, now_ns)
        raise ValueError(f"not a command to a switch: kind {kind}")

    cdef int originate(self, const command_t* command, int64_t now_ns) except -1:
        cdef int32_t row, i
        cdef call_t* call
        if command.call_id == 0:
            raise ValueError("call id 0 is no call")
        if not self.link:
            return self.refuse(command.call_id, REFUSED_LINK_DOWN, now_ns)
        if self.call_rows.find(command.call_id) >= 0:
            return self.refuse(command.call_id, REFUSED_DUPLICATE, now_ns)
        for i in range(<int32_t>len(self.lines)):
            if (<Lines>self.lines[i]).trunk_group_id == command.agent_id:
                break
        else:
            return self.refuse(command.call_id, REFUSED_BY_SWITCH, now_ns)
        if self.free_count == 0:
            return self.refuse(command.call_id, REFUSED_NO_CIRCUIT, now_ns)
        row = self.free_rows[self.free_count - 1]
        self.free_count -= 1
        call = &self.calls[row]
        memset(call, 0, sizeof(call_t))
        call.call_id = command.call_id
        call.state = SEIZING
        call.lines = i
        call.channel = call.leg = -1
        call.step_ns = call.dead_ns = NEVER
        call.leave_ns = now_ns + command.extra
        call.number = command.number
        call.classify = command.extra2 != 0
        call.stream = self.stream_of(command.lead_id)
        self.call_rows.add(command.call_id, row)
        return self.seize(row, now_ns)

    cdef int seize(self, int32_t row, int64_t now_ns) except -1:
        # take a channel and dial, or back off and try another, or give up
        cdef call_t* call = &self.calls[row]
        cdef Lines lines = <Lines>self.lines[call.lines]
        cdef double u_glare = 1.0
        cdef int64_t hold_ns = 0
        cdef int32_t channel
        if lines.kind != KIND_SIP:
            self.seizures += 1
            u_glare = uniform_at(self.card_base, self.seizures, 0)
            hold_ns = self.default_plan.time_at(TIME_INCOMING_HOLD, uniform_at(self.card_base, self.seizures, 1))
        channel = lines.seize(row, now_ns, u_glare, hold_ns)
        if channel >= 0:
            call.channel = channel
            self.dial(call, lines, now_ns)
        elif channel == SEIZED_GLARE and call.tries < self.default_plan.glare_retries:
            call.tries += 1
            call.step_ns = now_ns + self.default_plan.time_at(
                TIME_BACK_OFF, uniform_at(self.card_base, self.seizures, 2))
        else:
            self.refuse(call.call_id, REFUSED_NO_CIRCUIT, now_ns)
            self.vacate(row)
            return 0
        return self.arm(row)

    cdef int dial(self, call_t* call, Lines lines, int64_t now_ns) except -1:
        # decide the fate of the call and let the network take it
        cdef Plan plan = <Plan>self.plans[call.stream]
        cdef coded_t coded
        cdef double relative
        if not lines.admits(now_ns):
            # beyond the carrier's rate: taken, and at once congested; the draws of real dials are not shifted
            self.congested += 1
            self.stats_[STAT_CONGESTED] += 1
            call.k = -self.congested
            call.nature = NATURE_CONGESTION
        elif plan.coded:
            coded = decoded(call.number)
            call.nature = coded.nature
            call.sip_status = coded.sip_status
            call.coded_ring_ns = coded.ring_ns
            call.coded_leave_ns = coded.leave_ns
            call.k = self.streams[call.stream].dials
        else:
            call.k = self.streams[call.stream].dials
            self.streams[call.stream].dials += 1
            relative = 1.0
            if self.population is not None:
                relative = self.population.chance_at(self.population.segment_of(call.number), now_ns)
            call.nature = plan.nature_of(self.draw(call, ROLE_OUTCOME, 0), relative)
        self.stats_[STAT_ORIGINATED] += 1
        call.step_ns = now_ns + plan.time_at(TIME_PROCEEDING, self.draw(call, ROLE_SETUP, 0))
        return 0

    cdef int refuse(self, int64_t call_id, int32_t reason, int64_t now_ns) except -1:
        # told even without a link: it is the near end that refuses then
        self.stats_[STAT_NO_CIRCUIT if reason == REFUSED_NO_CIRCUIT else STAT_REFUSED] += 1
        self.facts.push(FACT_ORIGINATE_REFUSED, call_id, 0, now_ns).code = reason
        return 0

    cdef int connect_agent(self, const command_t* command, int64_t now_ns) except -1:
        cdef int32_t row = self.call_rows.find(command.call_id), leg = self.leg_rows.find(command.agent_id)
        cdef bint leg_up = leg >= 0 and self.legs[leg].state == LEG_UP
        cdef call_t* call
        if row < 0 or not leg_up or self.legs[leg].call >= 0 or self.calls[row].state not in (
            CLASSIFYING, WAITING, PLAYING
        ):
            self.emit(FACT_CONNECT_FAILED, command.call_id, command.agent_id, now_ns).code = not leg_up
            return 0
        call = &self.calls[row]
        call.state = CONNECTING
        call.agent_id = command.agent_id
        call.leg = leg
        call.dead_ns = NEVER
        call.step_ns = now_ns + (<Plan>self.plans[call.stream]).time_at(TIME_BRIDGE, self.draw(call, ROLE_LATENCY, 0))
        self.legs[leg].call = row
        return self.arm(row)

    cdef int play(self, int32_t row, int64_t now_ns) except -1:
        cdef call_t* call = &self.calls[row]
        call.state = PLAYING
        call.dead_ns = NEVER
        call.step_ns = now_ns + (<Plan>self.plans[call.stream]).time_at(TIME_MESSAGE, self.draw(call, ROLE_LATENCY, 1))
        return self.arm(row)

    cdef int hang_up(self, int32_t row, int32_t cause, int64_t now_ns) except -1:
        cdef bint sip = (<Lines>self.lines[self.calls[row].lines]).kind == KIND_SIP
        cdef bint unanswered = self.calls[row].state < CLASSIFYING
        return self.end(row, now_ns, OUTCOME_CANCELLED, cause if cause else 16, 487 if sip and unanswered else 0)

    cdef int query(self, int64_t call_id, int64_t now_ns) except -1:
        cdef int32_t row = self.call_rows.find(call_id)
        cdef fact_t* fact = self.emit(FACT_CALL_QUERIED, call_id, 0, now_ns)
        fact.code = PRESENCE_GONE
        if row >= 0:
            fact.code = presence_of(&self.calls[row])
            fact.agent_id = bridged_agent(&self.calls[row])
        return 0

    # ---- the call's way ------------------------------------------------------------------------------------------

    cdef int run(self, int64_t now_ns) except -1:
        # let everything up to now_ns happen, in the order of time
        cdef int64_t when_ns
        cdef int32_t item
        while self.timers.next_ns() <= now_ns:
            when_ns = self.timers.next_ns()
            item = self.timers.next_item()
            if item & 1 == 0:
                self.fire(item >> 1, when_ns)
            else:
                self.timers.clear(item)
                self.legs[item >> 1].state = LEG_UP
                self.emit(FACT_AGENT_LEG_UP, 0, self.legs[item >> 1].agent_id, when_ns)
        return 0

    cdef int arm(self, int32_t row) except -1:
        cdef call_t* call = &self.calls[row]
        # even timers are calls', odd ones legs', so that either table may grow
        self.timers.set(2 * row, min(call.step_ns, min(call.leave_ns, call.dead_ns)))
        return 0

    cdef int fire(self, int32_t row, int64_t when_ns) except -1:
        # of equal times the step comes first: who answers as the time-out runs out has answered
        cdef call_t* call = &self.calls[row]
        if call.step_ns <= when_ns:
            self.step(row, when_ns)
        elif call.leave_ns <= when_ns:
            self.leave(row, when_ns)
        else:
            self.dead_man(row, when_ns)
        if call.call_id:
            self.arm(row)
        return 0

    cdef int step(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef int32_t state = call.state
        call.step_ns = NEVER
        if state == SEIZING:
            return self.seize(row, when_ns) if call.channel < 0 else self.proceed(row, when_ns)
        if state == DIALLED:
            return self.ring_or_end(row, when_ns)
        if state == RINGING:
            if answers(call.nature):
                return self.pick_up(row, when_ns)
            return self.end_unanswered(row, when_ns)
        if state == CLASSIFYING:
            return self.verdict(row, when_ns)
        if state == CONNECTING:
            return self.bridge(row, when_ns)
        if state == PLAYING:
            self.emit(FACT_MESSAGE_ENDED, call.call_id, 0, when_ns)
            call.state = WAITING
            call.leave_ns = min(call.leave_ns, when_ns + LINGER_NS)
            return 0
        return self.end(row, when_ns, OUTCOME_NONE, 16, 0)   # talked, or heard the farewell

    cdef int proceed(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef Plan plan = <Plan>self.plans[call.stream]
        cdef int which
        self.emit(FACT_CALL_PROCEEDING, call.call_id, 0, when_ns)
        call.state = DIALLED
        if rings(call):
            call.step_ns = when_ns + plan.time_at(TIME_RINGING, self.draw(call, ROLE_SETUP, 1))
        elif call.nature != NATURE_MUTE:
            which = TIME_BUSY + call.nature - NATURE_BUSY
            call.step_ns = when_ns + plan.time_at(which, self.draw(call, ROLE_RING, 0))
        return 0

    cdef int ring_or_end(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef Plan plan = <Plan>self.plans[call.stream]
        cdef int which = TIME_NO_ANSWER
        if not rings(call):
            return self.end_unanswered(row, when_ns)
        self.emit(FACT_CALL_RINGING, call.call_id, 0, when_ns)
        call.state = RINGING
        if call.coded_leave_ns:
            call.step_ns = NEVER if call.coded_ring_ns < 0 else when_ns + call.coded_ring_ns
        else:
            if call.nature <= NATURE_FAX:
                which = TIME_ANSWER + call.nature - NATURE_LIVE
            call.step_ns = when_ns + plan.time_at(which, self.draw(call, ROLE_RING, 0))
        call.picked_up_ns = call.step_ns
        if (<Lines>self.lines[call.lines]).guessed:
            self.guess(call, when_ns)
        return 0

    cdef int guess(self, call_t* call, int64_t when_ns) except -1:
        # a line without answer supervision: the card listens, is late, and may be wrong
        cdef double u = self.draw(call, ROLE_FAULT, 0)
        cdef int64_t delay_ns = self.default_plan.time_at(TIME_ANSWER_DELAY, self.draw(call, ROLE_FAULT, 1))
        if answers(call.nature):
            if u < self.default_plan.missed_answer:
                call.nature = NATURE_MUTE
                call.step_ns = NEVER
            else:
                call.step_ns += delay_ns
        elif call.nature == NATURE_NO_ANSWER and u < self.default_plan.false_answer:
            call.nature = NATURE_NOBODY
            call.picked_up_ns = when_ns
            call.step_ns = when_ns + delay_ns
        return 0

    cdef int pick_up(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef Plan plan = <Plan>self.plans[call.stream]
        cdef int which = TIME_MACHINE_PATIENCE
        if call.coded_leave_ns:
            call.leave_ns = NEVER if call.coded_leave_ns < 0 else call.picked_up_ns + call.coded_leave_ns
        else:
            if call.nature == NATURE_LIVE:
                which = TIME_PATIENCE
            elif call.nature == NATURE_NOBODY:
                which = TIME_NO_ANSWER
            call.leave_ns = call.picked_up_ns + plan.time_at(which, self.draw(call, ROLE_PATIENCE, 0))
            if call.classify and call.nature == NATURE_LIVE and plan.patience_from_verdict:
                call.leave_ns += plan.time_at(TIME_AMD, self.draw(call, ROLE_CLASSIFY, 0))
        if call.leave_ns <= when_ns:
            # gone again before the card noticed
            return self.end(row, when_ns, OUTCOME_NO_ANSWER, 19, 0)
        self.stats_[STAT_ANSWERED_LIVE if call.nature in (NATURE_LIVE, NATURE_SILENT) else STAT_ANSWERED_OTHER] += 1
        self.emit(FACT_CALL_ANSWERED, call.call_id, 0, when_ns)
        if not call.classify:
            return self.wait(row, when_ns)
        call.state = CLASSIFYING
        call.step_ns = when_ns + plan.time_at(TIME_AMD, self.draw(call, ROLE_CLASSIFY, 0))
        return 0

    cdef int wait(self, int32_t row, int64_t when_ns) except -1:
        # nobody talks: the far end's patience and the dead-man's timer run
        cdef call_t* call = &self.calls[row]
        call.state = WAITING
        call.step_ns = NEVER
        if call.ready_ns == 0:
            call.ready_ns = when_ns
        if self.dead_man_ns:
            call.dead_ns = max(when_ns, call.ready_ns + self.dead_man_ns)
        return 0

    cdef int verdict(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef Plan plan = <Plan>self.plans[call.stream]
        cdef double u = self.draw(call, ROLE_CLASSIFY, 1)
        cdef int32_t heard = VERDICT_UNSURE
        cdef fact_t* fact
        if call.nature == NATURE_LIVE:
            heard = VERDICT_MACHINE if u < plan.false_positive else VERDICT_PERSON
        elif call.nature == NATURE_MACHINE or call.nature == NATURE_FAX:
            heard = VERDICT_MACHINE if call.nature == NATURE_MACHINE else VERDICT_FAX
            if u < plan.false_negative:
                heard = VERDICT_PERSON
        call.taken_for_machine = heard == VERDICT_MACHINE or heard == VERDICT_FAX
        fact = self.emit(FACT_CPA_VERDICT, call.call_id, 0, when_ns)
        fact.code = heard
        fact.extra = max(call.picked_up_ns, when_ns - plan.closing_silence_ns)
        if heard != VERDICT_UNSURE:
            fact.extra2 = min(fact.extra, call.picked_up_ns + plan.speech_start_ns)
        return self.wait(row, when_ns)

    cdef int bridge(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef Plan plan = <Plan>self.plans[call.stream]
        call.state = TALKING
        self.stats_[STAT_CONNECTED] += 1
        self.emit(FACT_AGENT_CONNECTED, call.call_id, call.agent_id, when_ns)
        if call.coded_leave_ns:
            return 0    # a coded callee hangs up when its number says
        call.leave_ns = NEVER
        if call.nature == NATURE_NOBODY:
            plan = self.default_plan
        call.step_ns = when_ns + plan.time_at(
            TIME_TALK if call.nature == NATURE_LIVE else
            TIME_DEAD_AIR if call.nature == NATURE_NOBODY else TIME_MACHINE_TALK, self.draw(call, ROLE_TALK, 0))
        return 0

    cdef int leave(self, int32_t row, int64_t when_ns) except -1:
        # our ring time-out, or the far end hangs up
        cdef call_t* call = &self.calls[row]
        if call.state < CLASSIFYING:
            if call.channel < 0:
                self.refuse(call.call_id, REFUSED_NO_CIRCUIT, when_ns)
                return self.vacate(row)
            call.nature = NATURE_NO_ANSWER
            call.sip_status = 0
            return self.end_unanswered(row, when_ns)
        if call.state != TALKING and not call.taken_for_machine:
            self.stats_[STAT_CALLER_LEFT] += 1
        return self.end(row, when_ns, OUTCOME_NONE, 16, 0)

    cdef int dead_man(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        if call.taken_for_machine:
            return self.end(row, when_ns, OUTCOME_NONE, 16, 0)
        self.stats_[STAT_DEAD_MAN] += 1
        self.kept[call.call_id] = when_ns
        call.state = FAREWELL
        call.dead_ns = NEVER
        call.step_ns = when_ns + (<Plan>self.plans[call.stream]).time_at(TIME_MESSAGE, self.draw(call, ROLE_LATENCY, 1))
        return 0

    cdef int end_unanswered(self, int32_t row, int64_t when_ns) except -1:
        cdef call_t* call = &self.calls[row]
        cdef ending_t how = ending_of((<Lines>self.lines[call.lines]).kind, call.nature, call.sip_status)
        return self.end(row, when_ns, how.outcome, how.hangup_cause, how.tech_cause)

    cdef int end(self, int32_t row, int64_t when_ns, int32_t outcome, int32_t cause, int32_t tech) except -1:
        cdef call_t* call = &self.calls[row]
        cdef fact_t* fact
        if call.state == TALKING:
            self.emit(FACT_AGENT_RELEASED, call.call_id, call.agent_id, when_ns)
        if call.leg >= 0:
            self.legs[call.leg].call = -1
        self.stats_[STAT_ENDED] += 1
        fact = self.emit(FACT_CALL_ENDED, call.call_id, 0, when_ns)
        fact.code = outcome if call.state < CLASSIFYING else OUTCOME_NONE
        fact.extra = cause | <int64_t>tech << 16
        return self.vacate(row)

    cdef int vacate(self, int32_t row) except -1:
        cdef call_t* call = &self.calls[row]
        if call.channel >= 0:
            (<Lines>self.lines[call.lines]).release(call.channel)
        self.call_rows.remove(call.call_id)
        self.timers.clear(2 * row)
        call.call_id = 0
        self.free_rows[self.free_count] = row
        self.free_count += 1
        return 0

    # ---- legs, streams, draws ------------------------------------------------------------------------------------

    cdef int open_leg(self, int64_t agent_id, int64_t now_ns) except -1:
        cdef int32_t row = self.leg_rows.find(agent_id)
        cdef leg_t* leg
        if row < 0:
            if self.leg_count == self.leg_capacity:
                self.legs = <leg_t*>resized(self.legs, (2 * self.leg_capacity + 16) * sizeof(leg_t))
                self.leg_capacity = 2 * self.leg_capacity + 16
                self.timers.reserve(2 * self.leg_capacity)
            row = self.leg_count
            self.leg_count += 1
            self.leg_rows.add(agent_id, row)
            self.legs[row].agent_id = agent_id
            self.legs[row].state = LEG_NONE
            self.legs[row].call = -1
            self.legs[row].openings = 0
        leg = &self.legs[row]
        if leg.state == LEG_UP:
            self.emit(FACT_AGENT_LEG_UP, 0, agent_id, now_ns)   # adopted
        elif leg.state == LEG_NONE:
            leg.state = LEG_OPENING
            leg.openings += 1
            self.timers.set(2 * row + 1, now_ns + self.default_plan.time_at(
                TIME_LEG, uniform_at(stream_base(self.seed, agent_id, ROLE_LATENCY), leg.openings, 2)))
        return 0

    cdef int drop_leg(self, int64_t agent_id, int32_t cause, int64_t now_ns) except -1:
        cdef int32_t row = self.leg_rows.find(agent_id), of_call
        cdef call_t* call
        if row >= 0:
            of_call = self.legs[row].call
            self.legs[row].state = LEG_NONE
            self.timers.clear(2 * row + 1)
            if of_call >= 0:
                call = &self.calls[of_call]
                if call.state == TALKING:
                    self.end(of_call, now_ns, OUTCOME_NONE, 16, 0)  # the dialplan goes on to its hang-up
                else:
                    self.emit(FACT_CONNECT_FAILED, call.call_id, agent_id, now_ns).code = 1
                    self.legs[row].call = call.leg = -1
                    call.agent_id = 0
                    self.wait(of_call, now_ns)
                    self.arm(of_call)
        self.emit(FACT_AGENT_LEG_LOST, 0, agent_id, now_ns).code = cause
        return 0

    cdef int32_t stream_of(self, int64_t campaign_id) except -1:
        # a pool has few campaigns: a linear search finds them
        cdef int32_t i
        for i in range(self.stream_count):
            if self.streams[i].campaign_id == campaign_id:
                return i
        if self.stream_count == self.stream_capacity:
            self.streams = <stream_t*>resized(self.streams, (2 * self.stream_capacity + 4) * sizeof(stream_t))
            self.stream_capacity = 2 * self.stream_capacity + 4
        self.streams[self.stream_count].campaign_id = campaign_id
        self.streams[self.stream_count].dials = 0
        for i in range(<int32_t>ROLES):
            self.streams[self.stream_count].base[i] = stream_base(self.seed, campaign_id, i)
        self.plans.append(self.own_plans.get(campaign_id, self.default_plan))
        self.stream_count += 1
        return self.stream_count - 1

    cdef double draw(self, const call_t* call, int role, uint64_t index) noexcept:
        return uniform_at(self.streams[call.stream].base[role], call.k, index)

    cdef fact_t* emit(self, int32_t kind, int64_t call_id, int64_t agent_id, int64_t when_ns) except NULL:
        cdef fact_t* fact = self.facts.push(kind, call_id, agent_id, when_ns)
        if not self.link:
            self.facts.count -= 1   # written beyond the end: nobody reads it
            self.stats_[STAT_FACTS_LOST] += 1
        return fact


cdef int32_t presence_of(const call_t* call) noexcept:
    if call.state < CLASSIFYING:
        return PRESENCE_UNANSWERED
    return PRESENCE_BRIDGED if call.state == TALKING else PRESENCE_ANSWERED


cdef int64_t bridged_agent(const call_t* call) noexcept:
    return call.agent_id if call.state == TALKING else 0
