from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec
import pytest

from outpace.domain.commands import HangUp, LeaseLeads, SaveEstimates, SwitchCommand, WriteIntent
from outpace.domain.config import Abandonment, Campaign, CapWindow, DialMode, Pool, RetryRule, TrunkGroup
from outpace.domain.events import CallAdopted, EstimatesLoaded, LeadsLeased, LedgerLoaded
from outpace.domain.outcomes import AbandonReason, CallPresence, Outcome
from outpace.runtime.recovery import recover, settle
from outpace.runtime.store_worker import StoreWorker
from outpace.store.memory import MemoryStore
from outpace.store.port import SPAN_NS, NewLead, OpenIntent
from outpace.telephony.adapter import KeptResult, LiveCall, TelephonyAdapter
from tests.unit.store.build import attempt

S = 1_000_000_000
NOW = 5_000 * S
PLAIN = Campaign(id=1, name="plain")
AGAIN = Campaign(
    id=2, name="again", retry={"lost": RetryRule(wait_s=60.0, max_attempts=3), "abandoned": RetryRule(wait_s=90.0)}
)
POOL = Pool(campaigns=(PLAIN, AGAIN), trunk_groups=(TrunkGroup(id=1, name="t"),))
FIRST = 1 << 32


def intent(sequence: int, campaign_id: int = 1, attempt_number: int = 1) -> OpenIntent:
    return OpenIntent(
        call_id=FIRST + sequence,
        campaign_id=campaign_id,
        lead_id=sequence,
        number=4410000 + sequence,
        lease_token=9,
        trunk_group_id=1,
        attempt_number=attempt_number,
        intent_ns=4_000 * S,
        pool=POOL.name,
    )


def test_settle_when_the_call_lives_adopts_it() -> None:
    live = [LiveCall(FIRST + 1, CallPresence.BRIDGED, 7)]
    settlement = settle([intent(1)], live, [], POOL, NOW)
    assert settlement.adopted == (
        CallAdopted(FIRST + 1, 1, 1, 4410001, 1, 1, CallPresence.BRIDGED, 7, 9, 4_000 * S),
    )  # fmt: skip
    assert (settlement.records, settlement.hang_up, settlement.forget) == ((), (), ())


def test_settle_when_a_result_was_kept_charges_it_as_abandoned() -> None:
    kept = [KeptResult(FIRST + 1, AbandonReason.NO_AGENT_IN_TIME, 4_010 * S)]
    (record,) = settle([intent(1)], [], kept, POOL, NOW).records
    assert record.outcome is Outcome.ABANDONED
    assert record.abandon_reason is AbandonReason.NO_AGENT_IN_TIME
    assert (record.answered_ns, record.connected_ns, record.ended_ns) == (4_010 * S, 0, NOW)
    assert record.retry_at_ns == 0


def test_settle_when_nothing_is_known_closes_as_lost_without_another_try() -> None:
    (record,) = settle([intent(1)], [], [], POOL, NOW).records
    assert record.outcome is Outcome.LOST
    assert record.abandon_reason is AbandonReason.NONE
    assert (record.answered_ns, record.retry_at_ns) == (0, 0)
    assert (record.call_id, record.lead_id, record.number, record.lease_token) == (FIRST + 1, 1, 4410001, 9)


def test_settle_hangs_up_what_is_lost_should_it_come_late() -> None:
    live = [LiveCall(FIRST + 2, CallPresence.ANSWERED)]
    assert settle([intent(1), intent(2)], live, [], POOL, NOW).hang_up == (FIRST + 1,)


def test_settle_leaves_another_pool_its_calls() -> None:
    theirs = [msgspec.structs.replace(intent(n), pool="night") for n in (1, 2, 3)]
    live = [LiveCall(FIRST + 1, CallPresence.BRIDGED, 7), LiveCall(FIRST + 4, CallPresence.BRIDGED, 8)]
    kept = [KeptResult(FIRST + 2, AbandonReason.NO_AGENT_IN_TIME, 4_010 * S)]
    settlement = settle([*theirs, intent(4)], live, kept, POOL, NOW)
    assert [call.call_id for call in settlement.adopted] == [FIRST + 4]
    assert (settlement.records, settlement.hang_up, settlement.forget) == ((), (), ())


def test_settle_adopts_no_more_than_the_table_holds() -> None:
    small = msgspec.structs.replace(POOL, max_calls=1)
    live = [LiveCall(FIRST + n, CallPresence.UNANSWERED) for n in (1, 2)]
    settlement = settle([intent(1), intent(2)], live, [], small, NOW)
    assert [call.call_id for call in settlement.adopted] == [FIRST + 1]
    assert (settlement.hang_up, settlement.lost) == ((FIRST + 2,), 1)


class SlowSwitch:
    """Makes a call's channel only after it was asked the first time; another call ends in between."""

    def __init__(self) -> None:
        first, late = LiveCall(FIRST + 1, CallPresence.UNANSWERED), LiveCall(FIRST + 2, CallPresence.UNANSWERED)
        self.lists = [[first], [late]]
        self.submitted: list[SwitchCommand] = []

    async def snapshot(self) -> list[LiveCall]:
        return self.lists.pop(0)

    async def kept_results(self) -> list[KeptResult]:
        return []

    def submit(self, commands: Iterable[SwitchCommand]) -> None:
        self.submitted += commands


async def test_recover_looks_a_second_time_for_calls_that_the_switch_did_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("outpace.runtime.recovery.SECOND_LOOK_S", 0.0)
    store = MemoryStore()
    campaign_id = store.campaign_id("plain")
    store.add_leads(campaign_id, [NewLead(4410000 + n) for n in range(3)], NOW)
    epoch = store.open_pool(POOL.name, NOW)
    (leased,) = store.execute([LeaseLeads(campaign_id, 3)], NOW)
    assert isinstance(leased, LeadsLeased)
    store.execute(
        [
            WriteIntent(epoch << 32 | n, campaign_id, lead_id, number, leased.token, 1, 1)
            for n, lead_id, number in zip((1, 2, 3), leased.lead_ids, leased.numbers, strict=True)
        ],
        NOW,
    )
    store.open_pool(POOL.name, NOW)
    worker, switch = StoreWorker(lambda: store, lambda _: None, lambda _: None), SlowSwitch()
    await worker.start()
    facts = await recover(worker, cast("TelephonyAdapter", switch), POOL, NOW)
    await worker.close()
    assert [fact.call_id for fact in facts if isinstance(fact, CallAdopted)] == [FIRST + 1, FIRST + 2]
    assert [(record.call_id, record.outcome) for record in store.attempts(campaign_id)] == [(FIRST + 3, Outcome.LOST)]
    assert switch.submitted == [HangUp(FIRST + 3, 16)]


@pytest.mark.parametrize(
    ("rule", "spans"),
    [
        (Abandonment(), 1),
        (Abandonment(window=CapWindow.ROLLING, hours=1.0), 0),
        (Abandonment(window=CapWindow.ROLLING, hours=100.0), 2),
        (Abandonment(window=CapWindow.BLOCK, days=2), 1),
        (Abandonment(window=CapWindow.BLOCK, days=5), 2),
    ],
)
async def test_recover_tells_what_the_store_knows_of_the_campaigns_past(rule: Abandonment, spans: int) -> None:
    now_ns = 1_000_000 * S
    store = MemoryStore()
    campaign_id = store.campaign_id("plain")
    epoch = store.open_pool("p", now_ns)
    ended = [attempt(epoch << 32 | n, campaign_id, outcome=Outcome.CONNECTED, ended_ns=now_ns - hours * 3600 * S)
             for n, hours in enumerate((30, 90), 1)]  # fmt: skip
    store.execute([*ended, SaveEstimates(campaign_id, 7, b"learned")], now_ns)
    pool = Pool(campaigns=(Campaign(id=campaign_id, name="plain", abandonment=rule),), trunk_groups=POOL.trunk_groups)
    worker = StoreWorker(lambda: store, lambda _: None, lambda _: None)
    await worker.start()
    facts = await recover(worker, cast("TelephonyAdapter", SlowSwitch()), pool, now_ns)
    await worker.close()
    ledger, estimates = facts
    assert isinstance(ledger, LedgerLoaded)
    assert (ledger.connected, len(ledger.spans)) == (2, spans)
    assert all(span.from_ns % SPAN_NS == 0 and span.connected == 1 for span in ledger.spans)
    assert estimates == EstimatesLoaded(campaign_id, 7, b"learned")


def test_settle_of_a_kept_result_of_an_agentless_call_was_heard_and_is_no_abandonment() -> None:
    campaign = Campaign(id=1, name="news", mode=DialMode.AGENTLESS, message="news", retry={"abandoned": RetryRule()})
    pool = Pool(campaigns=(campaign,), trunk_groups=POOL.trunk_groups)
    kept = [KeptResult(FIRST + 1, AbandonReason.NO_AGENT_IN_TIME, 4_010 * S)]
    (record,) = settle([intent(1)], [], kept, pool, NOW).records
    assert (record.outcome, record.abandon_reason, record.retry_at_ns) == (Outcome.NOTIFIED, AbandonReason.NONE, 0)
    assert record.answered_ns == 4_010 * S


@pytest.mark.parametrize(("attempt_number", "retry_at_ns"), [(1, NOW + 60 * S), (2, NOW + 60 * S), (3, 0)])
def test_settle_of_a_lost_call_follows_the_campaigns_rule(attempt_number: int, retry_at_ns: int) -> None:
    (record,) = settle([intent(1, 2, attempt_number)], [], [], POOL, NOW).records
    assert record.retry_at_ns == retry_at_ns


def test_settle_of_a_kept_result_follows_the_rule_for_abandoned() -> None:
    kept = [KeptResult(FIRST + 1, AbandonReason.NO_AGENT_IN_TIME, 4_010 * S)]
    (record,) = settle([intent(1, 2)], [], kept, POOL, NOW).records
    assert record.retry_at_ns == NOW + 90 * S


def test_settle_hangs_up_what_belongs_to_no_open_intent() -> None:
    live = [LiveCall(FIRST + 8, CallPresence.UNANSWERED), LiveCall(FIRST + 1, CallPresence.ANSWERED)]
    settlement = settle([intent(1)], live, [], POOL, NOW)
    assert settlement.hang_up == (FIRST + 8,)
    assert settlement.lost == 0
    assert [call.call_id for call in settlement.adopted] == [FIRST + 1]


def test_settle_of_a_campaign_that_is_not_here_hangs_up_and_closes_as_lost() -> None:
    live = [LiveCall(FIRST + 1, CallPresence.BRIDGED, 7)]
    settlement = settle([intent(1, campaign_id=77)], live, [], POOL, NOW)
    assert settlement.adopted == ()
    assert settlement.hang_up == (FIRST + 1,)
    assert settlement.lost == 1


def test_settle_of_a_trunk_group_that_is_not_here_hangs_up_and_closes_as_lost() -> None:
    live = [LiveCall(FIRST + 1, CallPresence.BRIDGED, 7)]
    settlement = settle([msgspec.structs.replace(intent(1), trunk_group_id=5)], live, [], POOL, NOW)
    assert settlement.adopted == ()
    assert settlement.hang_up == (FIRST + 1,)
    assert settlement.lost == 1


def test_settle_forgets_every_kept_result_also_of_calls_settled_before() -> None:
    kept = [KeptResult(FIRST + n, AbandonReason.NO_AGENT_IN_TIME, 4_010 * S) for n in (1, 5)]
    settlement = settle([intent(1)], [], kept, POOL, NOW)
    assert settlement.forget == (FIRST + 1, FIRST + 5)
    assert [record.call_id for record in settlement.records] == [FIRST + 1]


def test_settle_when_a_call_lives_and_a_result_was_kept_lets_the_switch_finish_and_charges_it() -> None:
    # the second call was settled before, by an engine that died before it could forget the result
    live = [LiveCall(FIRST + 1, CallPresence.ANSWERED), LiveCall(FIRST + 2, CallPresence.ANSWERED)]
    kept = [KeptResult(FIRST + n, AbandonReason.NO_AGENT_IN_TIME, 4_010 * S) for n in (1, 2)]
    settlement = settle([intent(1)], live, kept, POOL, NOW)
    assert [(record.call_id, record.outcome) for record in settlement.records] == [(FIRST + 1, Outcome.ABANDONED)]
    assert (settlement.adopted, settlement.hang_up) == ((), ())
    assert settlement.forget == (FIRST + 1, FIRST + 2)
