"""Any commands at any times: every call has its facts in order, one end, and leaves nothing behind."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outpace.domain.commands import CloseAgentLeg, ConnectAgent, HangUp, OpenAgentLeg, Originate, PlayMessage, QueryCall
from outpace.domain.config import AnswerSupervision, TrunkGroup, TrunkKind
from outpace.domain.events import (
    AgentConnected,
    AgentLegLost,
    AgentLegUp,
    AgentReleased,
    CallAnswered,
    CallEnded,
    CallProceeding,
    CallQueried,
    CallRinging,
    ConnectFailed,
    CpaVerdict,
    MessageEnded,
    OriginateRefused,
    TrunkCapacity,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.distributions import DistributionSettings
from outpace.telephony.simulated.profile import Amd, CarrierProfile, Mix, Times, VoiceCard

S = 1_000_000_000
CHANNELS = 6
AGENTS = (1, 2)
MIX = Mix(
    live=0.4, machine=0.1, fax=0.05, no_answer=0.2, busy=0.1, invalid=0.05, congestion=0.04, rejected=0.03, failed=0.03
)
ANY = DistributionSettings(kind="exponential", mean=3.0)
PROFILE = CarrierProfile(
    name="any",
    mix=MIX,
    times=Times(proceeding=0.1, ringing=0.2, answer=ANY, talk=ANY, patience=20.0, message=ANY, bridge=0.05, leg=0.1),
    amd=Amd(delay=0.5, false_positive=0.1, false_negative=0.1),
    voice_card=VoiceCard(channels_per_span=2, glare=0.1, back_off=0.3, false_answer=0.3, missed_answer=0.1),
)

#: The states of the model, and which facts may come in them.
MAY_FOLLOW = {
    "launched": {CallProceeding, OriginateRefused, CallEnded},
    "proceeding": {CallRinging, CallEnded},
    "ringing": {CallAnswered, CallEnded},
    "answered": {CpaVerdict, AgentConnected, MessageEnded, CallEnded},
    "bridged": {AgentReleased},
    "released": {CallEnded},
}


class CarrierMachine(RuleBasedStateMachine):
    """The carrier beside a dictionary of what has been told of each call."""

    @initialize(
        kind=st.sampled_from(list(TrunkKind)), seed=st.integers(0, 2**64 - 1), dead_man_s=st.sampled_from([0.0, 3.0])
    )
    def start(self, kind, seed, dead_man_s):
        guessed = kind is TrunkKind.ANALOGUE
        supervision = AnswerSupervision.GUESSED if guessed else AnswerSupervision.TRUSTED
        group = TrunkGroup(id=1, name="lines", kind=kind, channels=CHANNELS, cps=100.0, answer_supervision=supervision)
        self.kind = kind
        self.now = 1000 * S
        self.carrier = SimulatedCarrier(PROFILE, [group], seed=seed, dead_man_s=dead_man_s)
        self.carrier.set_link(True, self.now)
        self.carrier.advance(self.now)
        self.carrier.submit([OpenAgentLeg(agent) for agent in AGENTS], self.now)
        self.calls: dict[int, str] = {}
        self.agent_of: dict[int, int] = {}
        self.connecting: dict[int, int] = {}
        self.up: set[int] = set()
        self.capacity = CHANNELS
        self.last_id = 0

    def learn(self):
        last = 0
        for event in self.carrier.advance(self.now):
            at = getattr(event, "switch_ns", 0)
            if at:
                assert last <= at <= self.now
                last = at
            if isinstance(event, TrunkCapacity):
                self.capacity = event.channels
            elif isinstance(event, ConnectFailed | CallQueried | AgentLegUp | AgentLegLost):
                self.check_answer(event)
            else:
                self.follow(event)

    def check_answer(self, event):
        if isinstance(event, AgentLegUp):
            self.up.add(event.agent_id)
        elif isinstance(event, AgentLegLost):
            self.up.discard(event.agent_id)
        elif isinstance(event, ConnectFailed):
            if self.connecting.get(event.call_id) == event.agent_id:
                del self.connecting[event.call_id]
        else:
            assert (event.presence is CallPresence.GONE) == (event.call_id not in self.calls)

    def follow(self, event):
        call = event.call_id
        if isinstance(event, OriginateRefused) and event.reason is Refusal.DUPLICATE:
            assert call in self.calls
            return
        assert type(event) in MAY_FOLLOW[self.calls[call]], (self.calls[call], event)
        if isinstance(event, OriginateRefused):
            del self.calls[call]
        elif isinstance(event, CallEnded):
            self.connecting.pop(call, None)
            answered = self.calls.pop(call) in ("answered", "released")
            assert (event.outcome is Outcome.NONE) == answered
            assert 1 <= event.hangup_cause <= 127
        elif isinstance(event, AgentConnected):
            assert event.agent_id not in self.agent_of.values()
            assert self.connecting.pop(call) == event.agent_id
            self.agent_of[call] = event.agent_id
            self.calls[call] = "bridged"
        elif isinstance(event, AgentReleased):
            assert self.agent_of.pop(call) == event.agent_id
            self.calls[call] = "released"
        elif isinstance(event, CallProceeding | CallRinging | CallAnswered):
            self.calls[call] = type(event).__name__.removeprefix("Call").lower()

    @rule(classify=st.booleans(), timeout_s=st.integers(5, 30))
    def dial(self, classify, timeout_s):
        self.last_id += 1
        self.calls[self.last_id] = "launched"
        self.carrier.submit([Originate(self.last_id, 1, 1, 49_301, "", timeout_s * S, classify)], self.now)
        self.learn()

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def dial_again(self, data):
        call = data.draw(st.sampled_from(sorted(self.calls)))
        self.carrier.submit([Originate(call, 1, 1, 49_301, "", 9 * S, False)], self.now)
        self.learn()

    @rule(data=st.data(), act=st.sampled_from(["hang up", "play", "query"]))
    def command(self, data, act):
        call = data.draw(st.sampled_from([*sorted(self.calls), 99]))
        made = {"hang up": HangUp(call, 16), "play": PlayMessage(call, "sorry"), "query": QueryCall(call)}[act]
        self.carrier.submit([made], self.now)
        self.learn()

    @rule(data=st.data(), agent=st.sampled_from(AGENTS))
    def connect(self, data, agent):
        call = data.draw(st.sampled_from([*sorted(self.calls), 99]))
        busy = {*self.connecting.values(), *self.agent_of.values()}
        alone = {one.call_id for one in self.carrier.kept_results()}
        waiting = self.calls.get(call) == "answered" and call not in self.connecting and call not in alone
        possible = waiting and agent in self.up and agent not in busy
        self.carrier.submit([ConnectAgent(call, agent)], self.now)
        refused = self.carrier.advance(self.now)
        assert bool(refused) != possible
        if possible:
            self.connecting[call] = agent
        else:
            (failed,) = refused
            assert failed == ConnectFailed(call, agent, agent not in self.up, self.now)

    @rule(agent=st.sampled_from(AGENTS), up=st.booleans())
    def leg(self, agent, up):
        self.carrier.submit([OpenAgentLeg(agent) if up else CloseAgentLeg(agent)], self.now)
        self.learn()

    @rule(span=st.integers(0, 2), on=st.booleans())
    def alarm(self, span, on):
        if self.kind is not TrunkKind.SIP:
            self.carrier.set_alarm(1, span, on, self.now)
            self.learn()

    @rule(seconds=st.floats(0.0, 8.0))
    def wait(self, seconds):
        self.now += round(seconds * S)
        self.learn()

    @invariant()
    def the_carrier_knows_the_same_calls(self):
        if hasattr(self, "carrier"):
            live = {one.call_id: one for one in self.carrier.live_calls()}
            assert set(live) == set(self.calls)
            assert self.carrier.stats["live"] == len(live) <= CHANNELS
            assert {call: one.agent_id for call, one in live.items() if one.agent_id} == self.agent_of
            assert self.carrier.next_event_ns() > self.now

    def teardown(self):
        if hasattr(self, "carrier"):
            self.carrier.submit([HangUp(call, 16) for call in self.calls], self.now)
            self.learn()
            assert self.calls == {}


CarrierMachine.TestCase.settings = settings(stateful_step_count=60)
TestCarrierMachine = CarrierMachine.TestCase
