"""Whole campaigns over SQLite and the simulated switch, faster than time."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from outpace.domain.config import DialMode
from outpace.domain.errors import StaleEpoch
from outpace.domain.events import LedgerLoaded
from outpace.engine.engine import ESTIMATES_FORMAT
from outpace.engine.explain import Decision
from outpace.runtime import loops
from outpace.runtime.audit import audit
from outpace.runtime.board import Progress
from outpace.runtime.campaign_file import Setup
from outpace.runtime.decisions import decisions_in
from outpace.runtime.journal_file import MAGIC, JournalFile, Turn, append_record, journal_files
from outpace.runtime.node import Ending
from outpace.runtime.replay import replay
from outpace.store.reporting import report
from outpace.store.sqlite import SqliteStore
from tests.integration.runtime.conftest import Floor
from tests.integration.runtime.floor import node_of, setup_of, until


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_run_dials_every_lead_and_adds_up(campaign_file: Floor, tmp_path: Path, loop: loops.Loop) -> None:
    setup = setup_of(campaign_file())
    seen: list[Progress] = []

    async def dial() -> Ending:
        return await node_of(setup).run(seen.append, every_s=0.05)

    assert loops.run(dial(), loop) is Ending.COMPLETED
    with SqliteStore(setup.store.path, create=False) as store:
        assert audit(store, 1, ended=True) == []
        figures = report(store, 1)
        attempts = list(store.attempts(1))
        run = store.last_run(1)
    assert figures.leads == 150
    assert figures.leads_by_state["completed"] == figures.connected > 30
    assert figures.leads_by_state["completed"] + figures.leads_by_state["exhausted"] + figures.leads_by_state[
        "invalid"
    ] == 150  # fmt: skip
    assert figures.outcomes["no_answer"] > 0
    assert figures.outcomes["busy"] > 0
    assert figures.dispositions == {0: figures.connected}
    assert len({one.call_id for one in attempts}) == len(attempts) == figures.attempts
    assert all(one.attempt_number <= 2 for one in attempts)
    assert run is not None
    assert run.ended_ns >= run.started_ns > 0
    assert seen[0].leads_left == 150
    assert max(progress.calls.get("talking", 0) for progress in seen) > 1


def test_run_of_a_complete_campaign_ends_at_once_and_dials_nobody(campaign_file: Floor) -> None:
    setup = setup_of(campaign_file(leads=20))

    async def dial() -> Ending:
        return await node_of(setup).run()

    assert loops.run(dial()) is Ending.COMPLETED
    with SqliteStore(setup.store.path, create=False) as store:
        before = len(list(store.attempts(1)))
    assert loops.run(dial()) is Ending.COMPLETED
    with SqliteStore(setup.store.path, create=False) as store:
        assert len(list(store.attempts(1))) == before
        assert report(store, 1).attempts == 0
        assert audit(store, 1, ended=True) == []


def test_drain_ends_calls_in_hand_and_leaves_the_rest_for_the_next_run(campaign_file: Floor) -> None:
    setup = setup_of(campaign_file(leads=300))

    async def dial(drain: bool) -> Ending:
        node = node_of(setup)

        def look(progress: Progress) -> None:
            if drain and progress.attempts >= 20:
                node.drain()

        return await node.run(look, every_s=0.02)

    assert loops.run(dial(drain=True)) is Ending.DRAINED
    with SqliteStore(setup.store.path, create=False) as store:
        assert audit(store, 1, ended=True) == []
        left = store.counts(1)
    assert left["new"] > 0
    assert loops.run(dial(drain=False)) is Ending.COMPLETED
    with SqliteStore(setup.store.path, create=False) as store:
        assert audit(store, 1, ended=True) == []


def test_stop_leaves_conversations_for_recovery(campaign_file: Floor) -> None:
    setup = setup_of(campaign_file(leads=200, speed=10.0))

    async def dial() -> Ending:
        node = node_of(setup)

        def look(progress: Progress) -> None:
            if progress.calls.get("talking", 0) >= 3:
                node.stop()

        return await node.run(look, every_s=0.02)

    assert loops.run(dial()) is Ending.STOPPED
    with SqliteStore(setup.store.path, create=False) as store:
        assert audit(store, 1, ended=False) == []
        assert all(intent.call_id >> 32 == 1 for intent in store.open_intents())


def test_pause_launches_nothing_until_resume(campaign_file: Floor) -> None:
    setup = setup_of(campaign_file(leads=120))
    paused: list[int] = []

    async def dial() -> Ending:
        node = node_of(setup)

        async def operator() -> None:
            await until(lambda: node.board is not None and node.progress().attempts >= 5)
            node.pause()
            await asyncio.sleep(0.4)
            paused.append(node.engine.counters()["campaigns"][1]["launches"])
            await asyncio.sleep(0.2)
            paused.append(node.engine.counters()["campaigns"][1]["launches"])
            node.resume()

        task = asyncio.create_task(operator())
        ending = await node.run()
        await task
        return ending

    assert loops.run(dial()) is Ending.COMPLETED
    assert paused[0] == paused[1] < 120


def test_journal_replays_to_the_same_digests_from_every_file(campaign_file: Floor, tmp_path: Path) -> None:
    setup = setup_of(campaign_file(leads=300, speed=200.0, file_mb=0.03))

    node = node_of(setup)

    async def dial() -> Ending:
        return await node.run()

    assert loops.run(dial()) is Ending.COMPLETED
    files = journal_files(tmp_path / "journal")
    result = replay(tmp_path / "journal")
    assert result.difference == ""
    assert (result.files, result.runs, result.damaged) == (len(files), 1, [])
    assert 2 <= len(files) < 20
    counted = node.engine.counters()
    assert result.launches == counted["campaigns"][1]["launches"]
    with SqliteStore(setup.store.path, create=False) as store:  # a store that lags has intents withdrawn
        assert result.launches == len(list(store.attempts(1))) + counted["withdrawn_intents"]
    for path in files:
        alone = replay(path)
        assert alone.difference == ""
        assert alone.digests >= 2


def in_mode(setup: Setup, mode: DialMode, message: str = "") -> Setup:
    campaign = msgspec.structs.replace(setup.campaign, mode=mode, message=message)
    return msgspec.structs.replace(setup, campaign=campaign)


def test_what_pacing_learned_comes_back_at_the_next_start(campaign_file: Floor, tmp_path: Path) -> None:
    setup = in_mode(setup_of(campaign_file(leads=300)), DialMode.PREDICTIVE)
    learned: list[dict[str, float]] = []

    async def dial(drain_at: int) -> Ending:
        node = node_of(setup)

        def look(progress: Progress) -> None:
            if len(learned) % 2 == 0:
                learned.append(node.engine.estimates.summary(0))
            if progress.attempts >= drain_at:
                node.drain()

        ending = await node.run(look, every_s=0.02)
        learned.append(node.engine.estimates.summary(0))
        return ending

    assert loops.run(dial(120)) is Ending.DRAINED
    with SqliteStore(setup.store.path, create=False) as store:
        saved = store.estimates(1)
        answered = store.ledger(1)
    assert saved is not None
    assert saved.format == ESTIMATES_FORMAT
    assert loops.run(dial(1000)) is Ending.COMPLETED
    cold, end, warm, _ = learned
    assert abs(warm["live_rate"] - end["live_rate"]) < abs(warm["live_rate"] - cold["live_rate"])
    assert abs(warm["mean_talk_s"] - end["mean_talk_s"]) < abs(warm["mean_talk_s"] - cold["mean_talk_s"])
    assert replay(tmp_path / "journal").difference == ""
    first = next(turn for turn in JournalFile(journal_files(tmp_path / "journal")[-1]).turns() if turn.facts)
    loaded = next(fact for fact in first.facts if isinstance(fact, LedgerLoaded))
    assert sum(span.connected for span in loaded.spans) == loaded.connected == answered.connected > 0


def test_agentless_run_plays_the_message_to_whoever_answers(campaign_file: Floor, tmp_path: Path) -> None:
    setup = in_mode(setup_of(campaign_file(leads=150)), DialMode.AGENTLESS, "hello")

    async def dial() -> Ending:
        return await node_of(setup).run()

    assert loops.run(dial()) is Ending.COMPLETED
    with SqliteStore(setup.store.path, create=False) as store:
        assert audit(store, 1, ended=True) == []
        figures = report(store, 1)
        leads = store.counts(1)
    assert figures.outcomes["notified"] == leads["completed"] > 30
    assert (figures.answered, figures.connected, figures.abandoned) == (0, 0, 0)
    assert replay(tmp_path / "journal").difference == ""


def test_journal_tells_every_decision_once(campaign_file: Floor, tmp_path: Path) -> None:
    setup = setup_of(campaign_file(leads=300, speed=200.0, file_mb=0.03))
    ring: list[Decision] = []

    async def dial() -> Ending:
        node = node_of(setup)
        ending = await node.run()
        ring.extend(node.engine.decisions(1))
        return ending

    assert loops.run(dial()) is Ending.COMPLETED
    found, result = decisions_in(tmp_path / "journal", whole=True)
    assert (result.difference, result.files > 1) == ("", True)
    decisions = [one.decision for one in found]
    assert [one.sequence for one in decisions] == list(range(1, len(decisions) + 1))
    assert sum(one.count for one in decisions) == result.launches
    assert decisions[-len(ring) :] == ring
    # the newest file begins with the decisions that the engine still held
    newest, alone = decisions_in(tmp_path / "journal")
    assert (alone.files, newest) == (1, found[-len(newest) :])
    assert len(newest) >= min(len(ring), 256)


def test_decisions_of_one_run_after_another(campaign_file: Floor, tmp_path: Path) -> None:
    setup = setup_of(campaign_file(leads=400))  # far more than the first run dials before it is looked at

    async def dial(decisions: int) -> None:
        node = node_of(setup)
        task = asyncio.create_task(node.run())
        await until(lambda: hasattr(node, "engine") and node.engine.counters()["decisions"] >= decisions)
        node.drain()
        await task

    for _ in range(2):
        loops.run(dial(3))
    found, result = decisions_in(tmp_path / "journal", whole=True)
    assert (result.difference, result.runs) == ("", 2)
    assert {one.epoch for one in found} == {1, 2}
    for epoch in (1, 2):
        sequences = [one.decision.sequence for one in found if one.epoch == epoch]
        assert sequences == list(range(1, len(sequences) + 1))
        assert len(sequences) >= 3


def test_replay_tells_the_first_difference(campaign_file: Floor, tmp_path: Path) -> None:
    setup = setup_of(campaign_file(leads=60))

    async def dial() -> Ending:
        return await node_of(setup).run()

    loops.run(dial())
    (path,) = journal_files(tmp_path / "journal")
    file = JournalFile(path)
    turns = list(file.turns())
    spoilt = next(index for index, turn in enumerate(turns) if turn.facts and turn.launches)
    turns[spoilt] = Turn(turns[spoilt].now_ns, [], turns[spoilt].launches)
    buffer = bytearray(MAGIC)
    for record in (file.header, *turns):
        append_record(buffer, record)
    path.write_bytes(buffer)
    result = replay(path)
    assert not result.same
    assert result.turns > spoilt
    assert path.name in result.difference


def test_metrics_can_be_scraped_while_it_runs(campaign_file: Floor) -> None:
    setup = setup_of(campaign_file(leads=200))
    scrapes: list[str] = []

    async def dial() -> Ending:
        node = node_of(setup, metrics_port=0)

        async def scrape() -> None:
            await until(lambda: node.metrics is not None and node.progress().attempts >= 20)
            url = f"http://127.0.0.1:{node.metrics.port}/metrics"
            for _ in range(2):
                text = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=5).read().decode())
                scrapes.append(text)

        task = asyncio.create_task(scrape())
        ending = await node.run()
        await task
        return ending

    assert loops.run(dial()) is Ending.COMPLETED
    first, second = ({f.name: f for f in text_string_to_metric_families(text)} for text in scrapes)
    assert all(family.name.startswith("outpace_") and family.documentation for family in first.values())
    value = {
        sample.name: sample.value
        for family in first.values()
        for sample in family.samples
        if sample.labels in ({}, {"campaign": "test"})
    }
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
    assert [name for name in first if f"`{name}`" not in page and f"`{name}_total`" not in page] == []
    assert value["outpace_answered_total"] >= 1
    assert value["outpace_leads_left"] < 200
    assert value["outpace_engine_link_up"] == 1
    assert value["outpace_pump_lag_seconds_count"] == value["outpace_pump_facts_total"] > 0
    states = {sample.labels["state"]: sample.value for sample in first["outpace_agents"].samples}
    assert sum(states.values()) == 12
    assert second["outpace_pump_facts"].samples[0].value >= first["outpace_pump_facts"].samples[0].value


def test_a_second_engine_takes_the_pool_and_the_first_stops(campaign_file: Floor) -> None:
    setup = setup_of(campaign_file(leads=300, speed=20.0))

    async def dial() -> None:
        first, second = node_of(setup), node_of(setup)
        running = asyncio.create_task(first.run())
        await until(lambda: first.board is not None and first.progress().attempts >= 10)
        taking = asyncio.create_task(second.run())
        with pytest.raises(StaleEpoch):
            await running
        await until(lambda: second.board is not None)
        second.drain()
        assert await taking is Ending.DRAINED

    loops.run(dial())
    with SqliteStore(setup.store.path, create=False) as store:
        assert audit(store, 1, ended=True) == []
        assert len({one.call_id for one in store.attempts(1)}) == len(list(store.attempts(1)))
