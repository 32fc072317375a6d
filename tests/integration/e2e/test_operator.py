"""What an operator may do to a run on a real switch: drain it, stop it, and start a second one by mistake."""

from __future__ import annotations

import pytest

from outpace.domain.outcomes import Outcome
from tests.integration.e2e.rig import (
    ANSWERED,
    Kind,
    Run,
    adds_up,
    attempts_of,
    dialled,
    numbers_of,
    ours,
    report,
    write_campaign,
    write_list,
)
from tests.integration.e2e.supervisor import supervised
from tests.lab.lab import RINGS, SILENT

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NO_ANSWER = frozenset({Outcome.NO_ANSWER})
NOT_TO_THE_END = frozenset({Outcome.LOST, Outcome.CANCELLED})


def check(lab, folder, numbers):
    attempts = attempts_of(folder)
    assert sorted(a.number for a in attempts) == sorted(numbers)
    counts = dialled(lab, numbers)
    assert max(counts.values()) == 1
    assert [a.number for a in attempts if not counts[a.number] and a.outcome is not Outcome.LOST] == []
    other = [(a.number, a.outcome) for a in attempts if a.outcome not in numbers[a.number].outcomes | NOT_TO_THE_END]
    assert other == []
    adds_up(report(folder, "--all"))
    assert ours(lab) == []


@supervised
def test_a_drained_and_a_stopped_run_are_gone_on_with(lab, tmp_path):
    kinds = (Kind(70, SILENT, ANSWERED, ring_ds=3, talk_ds=8), Kind(12, RINGS, NO_ANSWER))
    numbers = numbers_of(kinds, seed=31)
    write_list(tmp_path / "list.csv", numbers)
    file = write_campaign(tmp_path, lab.ami_port)
    with Run(file) as run:
        run.until(lambda seen: seen["outpace_connected_total"] >= 8 and seen['outpace_calls{state="talking"}'] >= 3)
        run.drain()
        assert run.finish() == 0, run.said()
    drained = report(tmp_path)
    adds_up(drained)
    assert 8 <= drained["attempts"] < len(numbers)
    # calls in hand went on to their own end
    assert {a.outcome for a in attempts_of(tmp_path)} <= {Outcome.CONNECTED, Outcome.ABANDONED, Outcome.NO_ANSWER}
    assert ours(lab) == []
    with Run(file) as run:
        run.until(lambda seen: min(seen['outpace_calls{state="ringing"}'], seen['outpace_calls{state="talking"}']) >= 2)
        run.drain()
        run.until(lambda seen: seen['outpace_campaign_state{state="draining"}'] == 1)
        run.drain()
        assert run.finish() == 130, run.said()
    with Run(file) as run:
        assert run.finish() == 0, run.said()
    check(lab, tmp_path, numbers)


@supervised
def test_a_second_engine_takes_the_pool_and_the_first_dials_no_more(lab, tmp_path):
    kinds = (Kind(120, SILENT, ANSWERED, ring_ds=3, talk_ds=6), Kind(60, 486, frozenset({Outcome.BUSY}), ring_ds=2))
    numbers = numbers_of(kinds, seed=32)
    write_list(tmp_path / "list.csv", numbers)
    file = write_campaign(tmp_path, lab.ami_port)
    with Run(file) as first:
        first.until(lambda seen: seen["outpace_connected_total"] >= 5)
        with Run(file) as second:
            assert first.finish() == 3, first.said()
            assert "another engine" in first.said() or "is at epoch" in first.said()
            assert second.finish() == 0, second.said()
    assert len(attempts_of(tmp_path)) > report(tmp_path)["attempts"] > 0
    check(lab, tmp_path, numbers)
