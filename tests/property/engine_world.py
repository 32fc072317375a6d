"""A small pool and a store and switch of whims, for the properties of the engine."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from outpace import Agent, Campaign, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import (
    Abandonment,
    CallingHours,
    CapWindow,
    ConnectClock,
    DialMode,
    Guard,
    MachineAction,
    RatioCounts,
    RetryRule,
)
from outpace.domain.outcomes import CallPresence, IntentRefusal, Outcome, Refusal, Verdict

S = 1_000_000_000
T0 = 1_700_000_000 * S  # Tuesday, 14 November 2023, 22:13:20 UTC

POOL = Pool(
    campaigns=(
        Campaign(id=1, name="precise", reserve=1, hopper_size=6, connect_limit_s=2.0, wrap_up_max_s=3.0),
        Campaign(
            id=2, name="ratio", mode=DialMode.RATIO, ratio=2.0, ratio_counts=RatioCounts.LOGGED_IN, amd=True,
            connect_clock=ConnectClock.GREETING_END, message="sorry", machine_action=MachineAction.MESSAGE,
            message_max_s=4.0, hopper_size=5, trunk_groups=(2, 1),
            retry={"no_answer": RetryRule(wait_s=5.0), "busy": RetryRule(wait_s=0.0), "lost": RetryRule(wait_s=1.0)},
        ),
        Campaign(
            id=3, name="hours", hopper_size=4, trunk_groups=(1, 2), message="sorry", dispositions=("sale", "none"),
            calling_hours=CallingHours(timezone="UTC", start="22:12", end="22:14", days=(2, 3, 4)),
        ),
        Campaign(
            id=4, name="predictive", mode=DialMode.PREDICTIVE, hopper_size=6, trunk_groups=(2,), wrap_up_max_s=2.0,
            cancels=True, abandonment=Abandonment(cap=0.2, window=CapWindow.ROLLING, hours=1.0),
        ),
    ),
    trunk_groups=(
        TrunkGroup(id=1, name="slow", channels=4, cps=2.0, burst=2, max_pending=3, caller_ids=("491", "492")),
        TrunkGroup(id=2, name="quick", channels=5, cps=40.0, burst=1, max_pending=4),
    ),
    agents=(
        Agent(id=1, name="a", campaigns=(1,)),
        Agent(id=2, name="b", campaigns=(1, 2)),
        Agent(id=3, name="c", campaigns=(2, 3)),
        Agent(id=4, name="d", campaigns=(1, 2, 3, 4)),
        Agent(id=5, name="e", campaigns=(3, 4)),
    ),
    max_calls=10,
)  # fmt: skip

ABSURD = (0, 1, -1, T0 - 3600 * S, T0 + 2, T0 + 10**15, 2**62, -(2**62))
switch_times = st.sampled_from(ABSURD)
agents = st.integers(1, 5)
agents_to_come = st.integers(1, 7)
some_agent = st.sampled_from((1, 2, 3, 4, 5, 6, 0, 9, -1))
campaigns = st.integers(1, 4)
campaigns_to_come = st.integers(1, 6)


spans = st.builds(
    e.LedgerSpan,
    st.integers(0, 8).map(lambda n: T0 - n * 900 * S),
    st.integers(0, 9),
    st.integers(0, 2),
    st.integers(0, 2),
)


def call_facts(call: int) -> st.SearchStrategy[e.Event]:
    """Any fact that a switch or a store can utter about a call."""
    return st.one_of(
        st.builds(e.IntentDurable, st.just(call)),
        st.builds(
            e.IntentRefused, st.just(call), st.sampled_from((IntentRefusal.NUMBER_OPEN, IntentRefusal.LEASE_LOST))
        ),
        st.builds(e.OriginateRefused, st.just(call), st.sampled_from(Refusal), switch_times),
        st.builds(e.CallProceeding, st.just(call), switch_times),
        st.builds(e.CallRinging, st.just(call), switch_times),
        st.builds(e.CallAnswered, st.just(call), switch_times),
        st.builds(
            e.CpaVerdict, st.just(call), st.sampled_from((*Verdict, 9, -1)), switch_times, switch_times, switch_times
        ),
        st.builds(e.AgentConnected, st.just(call), some_agent, switch_times),
        st.builds(e.ConnectFailed, st.just(call), some_agent, st.booleans(), switch_times),
        st.builds(e.AgentReleased, st.just(call), some_agent, switch_times),
        st.builds(e.MessageEnded, st.just(call), switch_times),
        st.builds(e.CallEnded, st.just(call), st.sampled_from((*Outcome, 99, -7)), st.integers(0, 127)),
        st.builds(e.CallQueried, st.just(call), st.sampled_from((*CallPresence, 8)), some_agent, switch_times),
        st.builds(e.AttemptRecorded, st.just(call)),
        st.builds(e.IntentWithdrawn, st.just(call)),
    )


agent_facts = st.one_of(
    st.builds(e.AgentLoggedIn, agents_to_come),
    st.builds(e.AgentLoggedOut, agents_to_come),
    st.builds(e.AgentReady, agents_to_come),
    st.builds(e.AgentNotReady, agents_to_come, st.integers(0, 9)),
)
leg_facts = st.one_of(st.builds(e.AgentLegUp, some_agent), st.builds(e.AgentLegLost, some_agent))
pool_facts = st.one_of(
    st.just(e.LinkUp()),
    st.just(e.LinkDown("gone")),
    st.builds(e.TrunkCapacity, st.sampled_from((1, 2, 7)), st.integers(-1, 6)),
    st.builds(
        e.PacingChanged,
        campaigns,
        st.sampled_from((0.5, 1.0, 3.0)),
        st.integers(0, 2),
        st.sampled_from((None, 0.0, 0.5)),
    ),
    st.builds(e.LeaseLost, st.integers(0, 4), st.integers(0, 9)),
    st.builds(e.LeaseRenewed, st.integers(0, 4), st.integers(0, 9), st.sampled_from(ABSURD[3:6])),
    st.builds(e.LeaseRefused, st.integers(0, 5), st.booleans()),
    st.builds(e.LedgerLoaded, campaigns, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.lists(spans)),
)
campaign_facts = st.one_of(
    st.builds(e.CampaignStarted, campaigns_to_come),
    st.builds(e.CampaignPaused, campaigns_to_come),
    st.builds(e.CampaignDraining, campaigns_to_come),
    st.builds(e.CampaignStopped, campaigns_to_come),
    st.builds(e.CampaignCompleted, campaigns_to_come),
    st.builds(e.LeadsAdded, campaigns_to_come),
    st.builds(e.HotLeads, campaigns_to_come),
    st.builds(e.NumberSuppressed, st.integers(49_000_000_001, 49_000_000_030), st.integers(0, 6)),
)

_windows = st.builds(
    Abandonment,
    cap=st.sampled_from((0.0, 0.03, 0.2, 1.0)),
    window=st.sampled_from(CapWindow),
    hours=st.sampled_from((1.0, 24.0)),
    days=st.sampled_from((2, 30)),
    guard=st.sampled_from(Guard),
    counts_caller_left=st.booleans(),
)
_hours = st.sampled_from((
    None, CallingHours(timezone="UTC", start="00:00", end="24:00", days=(1, 2, 3, 4, 5, 6, 7)),
    CallingHours(timezone="Asia/Shanghai", start="06:13", end="06:14", days=(3,)),
))  # fmt: skip

#: One setting of a campaign and the values that it may have; those that depend on each other come together.
CAMPAIGN_CHANGES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"mode": st.sampled_from(DialMode), "message": st.just("goodbye")}),
    st.fixed_dictionaries({"mode": st.sampled_from(DialMode), "message": st.just("sorry"), "reserve": st.just(0)}),
    st.fixed_dictionaries({"ratio": st.sampled_from((0.5, 3.0)), "ratio_counts": st.sampled_from(RatioCounts)}),
    st.fixed_dictionaries({"reserve": st.integers(0, 2)}),
    st.fixed_dictionaries({"hopper_size": st.integers(1, 9)}),
    st.fixed_dictionaries({"trunk_groups": st.sampled_from(((1,), (2,), (1, 2), (2, 1)))}),
    st.fixed_dictionaries({"abandonment": _windows}),
    st.fixed_dictionaries({"calling_hours": _hours}),
    st.fixed_dictionaries({"amd": st.booleans(), "connect_clock": st.just(ConnectClock.ANSWER)}),
    st.fixed_dictionaries({"connect_limit_s": st.sampled_from((0.5, 2.0, 9.0)), "cancels": st.booleans()}),
    st.fixed_dictionaries({"wrap_up_max_s": st.sampled_from((0.0, 2.0)), "message_max_s": st.just(2.0)}),
    st.fixed_dictionaries({"retry": st.sampled_from(({}, {"busy": RetryRule(wait_s=0.0, max_attempts=9)}))}),
    st.fixed_dictionaries({"dispositions": st.just(("a", "b", "c")), "ring_timeout_s": st.sampled_from((5.0, 30.0))}),
)
GROUP_CHANGES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"channels": st.integers(1, 8)}),
    st.fixed_dictionaries({"cps": st.sampled_from((0.5, 2.0, 50.0)), "burst": st.sampled_from((1, 3))}),
    st.fixed_dictionaries({"max_pending": st.integers(1, 5)}),
    st.fixed_dictionaries({"caller_ids": st.sampled_from(((), ("493",), ("491", "494", "495")))}),
)


@st.composite
def changed_pools(draw: st.DrawFn, pool: Pool) -> Pool:
    """The pool after somebody has changed one thing or added one."""
    campaigns, groups, agents = list(pool.campaigns), list(pool.trunk_groups), list(pool.agents)
    what = draw(st.integers(0, 8))
    if what <= 3:
        place = draw(st.integers(0, len(campaigns) - 1))
        campaigns[place] = msgspec.structs.replace(campaigns[place], **draw(CAMPAIGN_CHANGES))
    elif what == 4:
        place = draw(st.integers(0, len(groups) - 1))
        groups[place] = msgspec.structs.replace(groups[place], **draw(GROUP_CHANGES))
    elif what == 5:
        place = draw(st.integers(0, len(agents) - 1))
        serves = draw(st.sets(st.integers(1, len(campaigns)), min_size=1))
        agents[place] = msgspec.structs.replace(agents[place], campaigns=tuple(sorted(serves)))
    elif what == 6 and len(campaigns) < 6:
        mode = draw(st.sampled_from(DialMode))
        new = Campaign(id=len(campaigns) + 1, name="new", mode=mode, message="new", hopper_size=3, trunk_groups=(2,))
        campaigns.append(new)
    elif what == 7 and len(agents) < 7:
        agents.append(Agent(id=len(agents) + 1, name="new", campaigns=(draw(st.integers(1, len(campaigns))), 1)))
    elif len(groups) < 3:
        groups.append(TrunkGroup(id=3, name="new", channels=2))
        campaigns[0] = msgspec.structs.replace(campaigns[0], trunk_groups=(3, 1))
    return msgspec.structs.replace(
        pool, campaigns=tuple(campaigns), trunk_groups=tuple(groups), agents=tuple(agents)
    )  # fmt: skip


class Store:
    """Leases whatever it is asked for, under tokens; leads have numbers of their own."""

    def __init__(self) -> None:
        self.token = 0
        self.lead = 0

    def lease(self, asked: c.LeaseLeads, count: int, deadline_ns: int, next_due_ns: int = 0) -> e.LeadsLeased:
        """The answer to a LeaseLeads, with so many leads."""
        self.token += 1
        leads = list(range(self.lead + 1, self.lead + 1 + count))
        self.lead += count
        return e.LeadsLeased(
            asked.campaign_id,
            self.token,
            deadline_ns,
            leads,
            [49_000_000_000 + lead for lead in leads],
            [0] * count,
            next_due_ns,
            hot=asked.hot,
            hots=0 if asked.hot else self.token % 3 * count // 6,
            callbacks=min(asked.callbacks if asked.hot else count // 3, count),
        )


def next_fact(command: c.AnyCommand) -> e.Event | None:
    """What usually follows a command that names a call or a leg."""
    if isinstance(command, c.WriteIntent):
        return e.IntentDurable(command.call_id)
    if isinstance(command, c.Originate):
        return e.CallRinging(command.call_id)
    if isinstance(command, c.ConnectAgent):
        return e.AgentConnected(command.call_id, command.agent_id)
    if isinstance(command, c.PlayMessage):
        return e.MessageEnded(command.call_id)
    if isinstance(command, c.HangUp):
        return e.CallEnded(command.call_id, Outcome.NO_ANSWER, 16)
    if isinstance(command, c.OpenAgentLeg):
        return e.AgentLegUp(command.agent_id)
    if isinstance(command, c.RecordAttempt):
        return e.AttemptRecorded(command.call_id)
    return None
