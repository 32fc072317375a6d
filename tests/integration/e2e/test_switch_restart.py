"""A switch that dies, or stands still, in the middle of a run: the run goes on by itself, and says why it waited."""

from __future__ import annotations

import json
import time

import pytest

from outpace.domain.outcomes import LimitedBy, Outcome
from outpace.engine.explain import reason_in_words
from tests.integration.e2e.rig import (
    ANSWERED,
    Kind,
    Run,
    adds_up,
    attempts_of,
    bridges,
    dialled,
    numbers_of,
    ours,
    report,
    write_campaign,
    write_list,
)
from tests.integration.e2e.supervisor import supervised
from tests.lab.lab import SILENT

pytestmark = [pytest.mark.lab, pytest.mark.slow]

KINDS = (
    Kind(120, SILENT, ANSWERED, ring_ds=6, talk_ds=6),
    Kind(40, 486, frozenset({Outcome.BUSY}), ring_ds=4),
    Kind(40, 404, frozenset({Outcome.INVALID})),
)
#: Enough lines that some ring at any time.
LINES = {"ratio": 3.0}
#: What the switch's death may make of a call that it had in hand.
CUT = frozenset({Outcome.LOST, Outcome.CANCELLED, Outcome.FAILED})


def switch_is_down(seen: dict[str, float]) -> bool:
    return seen['outpace_limited_by{reason="switch_down"}'] == 1 and seen["outpace_switch_link_up"] == 0


def dialling(seen: dict[str, float]) -> bool:
    in_state = [seen[f'outpace_calls{{state="{state}"}}'] for state in ("ringing", "talking")]
    return seen["outpace_connected_total"] >= 10 and min(in_state) >= 2


def goes_on(run: Run, down: dict[str, float]) -> dict[str, float]:
    """Wait until people are connected who were not when the switch was gone; the metrics then.

    Talking agents alone prove nothing: until the link is there again the engine goes on believing in the calls of
    before, which may have outlived the link.
    """
    return run.until(lambda seen: seen["outpace_connected_total"] >= down["outpace_connected_total"] + 3)


def check(lab, folder, numbers) -> list[int]:
    """Everything adds up and nobody was called twice; returns the numbers of calls that the fault has cut."""
    attempts = attempts_of(folder)
    assert sorted(a.number for a in attempts) == sorted(numbers)
    counts = dialled(lab, numbers)
    assert max(counts.values()) == 1
    assert [a.number for a in attempts if not counts[a.number] and a.outcome is not Outcome.LOST] == []
    other = [a for a in attempts if a.outcome not in numbers[a.number].outcomes]
    assert [(a.number, a.outcome) for a in other if a.outcome not in CUT] == []
    adds_up(report(folder))
    assert ours(lab) == []
    assert bridges(lab) == []
    assert lab.cli("database show outpace").strip().endswith("0 results found.")
    return [a.number for a in other]


def test_the_campaign_survives_the_switchs_death(lab, tmp_path):
    numbers = numbers_of(KINDS, seed=11)
    write_list(tmp_path / "list.csv", numbers)
    with Run(write_campaign(tmp_path, lab.ami_port, campaign=LINES)) as run:
        run.until(dialling)
        lab.kill_asterisk()
        down = run.until(switch_is_down)
        assert down['outpace_campaign_state{state="running"}'] == 1
        launched = down['outpace_commands_total{kind="Originate"}']
        # nothing is dialled while nobody is there to dial
        again = run.until(lambda seen: seen["outpace_pump_turns_total"] > down["outpace_pump_turns_total"] + 2)
        assert again['outpace_commands_total{kind="Originate"}'] == launched
        run.until(lambda seen: f"bound by {reason_in_words(LimitedBy.SWITCH_DOWN)}" in run.said())
        lab.start_asterisk()
        up = goes_on(run, down)
        assert (up["outpace_switch_link_up"], up["outpace_switch_reconnects"]) == (1, 1)
        assert run.finish() == 0, run.said()
    told = [json.loads(line)["message"] for line in run.log().splitlines()]
    assert any(line.startswith("link to Asterisk down: ") for line in told)
    cut = check(lab, tmp_path, numbers)
    print(f"\nthe switch's death cut {len(cut)} of {len(numbers)} calls")
    assert len(cut) < 40


def hang_up_the_forgotten(lab, run) -> None:
    """Until the run ends, hang up calls that last: the carrier lets them talk for 0.6 s.

    Now and then a hang-up gets lost around the moments in which the switch stood still. To the switch such a call
    lives, and so it does to outpace; networks end them by session or media timers, the lab's later than we wait.
    """
    deadline = time.monotonic() + 90
    while run.process.poll() is None:
        assert time.monotonic() < deadline, run.said()[-3000:]
        for words in (line.split("!") for line in ours(lab)):
            if "carrier" in words[0] and int(words[11]) > 10:
                lab.cli(f"channel request hangup {words[0]}")
        time.sleep(0.3)


@supervised
def test_the_campaign_survives_a_switch_that_stands_still(lab, tmp_path):
    numbers = numbers_of((*KINDS, Kind(1, SILENT, ANSWERED)), seed=12)
    write_list(tmp_path / "list.csv", numbers)
    settings = {"ping_s": 0.3, "stale_s": 1.0, "connect_timeout_s": 1.0}
    with Run(write_campaign(tmp_path, lab.ami_port, campaign=LINES, switch=settings)) as run:
        run.until(dialling)
        lab.pause_asterisk(on=True)
        try:
            down = run.until(switch_is_down)
        finally:
            lab.pause_asterisk(on=False)
        goes_on(run, down)
        hang_up_the_forgotten(lab, run)
        assert run.finish() == 0, run.said()
    assert "stale: a ping was not answered in 1 s" in run.log()
    cut = check(lab, tmp_path, numbers)
    print(f"\nthe pause cut {len(cut)} of {len(numbers)} calls")
    assert len(cut) < 40
