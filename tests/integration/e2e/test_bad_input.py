"""What comes from outside and is wrong: refused with a reason, and it never harms the calls of others."""

from __future__ import annotations

import asyncio
import re
import sqlite3

import pytest

from outpace.domain.events import AgentLoggedIn
from outpace.domain.outcomes import Outcome
from outpace.runtime.campaign_file import load
from outpace.runtime.node import Ending, Node
from outpace.store.lead_import import import_csv
from outpace.store.sqlite import SqliteStore
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
from tests.integration.e2e.wire import Wire
from tests.lab.lab import RINGS, SILENT, free_ports

pytestmark = pytest.mark.lab

BUSY = frozenset({Outcome.BUSY})
EVIL = "x\r\nAction: Command\r\nCommand: core stop now\r\n\r\nAction: Originate\r\nChannel: Local/${SHELL(id)}@evil\r\n"
#: Names of fields that outpace sends; whatever else stands at the start of a line came from somewhere else.
FIELDS = frozenset(
    {
        "Account",
        "Action",
        "ActionID",
        "Async",
        "CallerID",
        "Cause",
        "Channel",
        "Channel1",
        "Channel2",
        "ChannelId",
        "Context",
        "Events",
        "Exten",
        "Family",
        "Filter",
        "Key",
        "Operation",
        "Priority",
        "Secret",
        "Timeout",
        "Tone",
        "Username",
        "Value",
        "Variable",
    }
)
ACTIONS = frozenset(
    {
        "Bridge",
        "CoreShowChannels",
        "DBDel",
        "DBGetTree",
        "Filter",
        "Hangup",
        "Login",
        "Originate",
        "Ping",
        "Redirect",
        "Setvar",
    }
)


def list_of(folder, kinds, *, seed):
    numbers = numbers_of(kinds, seed=seed)
    write_list(folder / "list.csv", numbers)
    return numbers


@supervised
def test_a_refused_login_says_so_and_dials_nobody(lab, tmp_path):
    numbers = list_of(tmp_path, [Kind(3, 486, BUSY)], seed=21)
    with Run(write_campaign(tmp_path, lab.ami_port, switch={"secret": "wrong"})) as run:
        assert run.finish() == 4
    assert f"outpace: login as 'outpace' at 127.0.0.1:{lab.ami_port} refused: Authentication failed" in run.said()
    assert "Traceback" not in run.said()
    assert dialled(lab, numbers) == {}
    assert attempts_of(tmp_path) == []


def test_a_switch_that_is_not_there_says_so(tmp_path):
    list_of(tmp_path, [Kind(3, 486, BUSY)], seed=22)
    (nobody,) = free_ports(1)
    with Run(write_campaign(tmp_path, nobody)) as run:
        assert run.finish() == 4
    assert f"outpace: no connection to Asterisk at 127.0.0.1:{nobody}: " in run.said()
    assert "Traceback" not in run.said()


@supervised
def test_what_a_lead_says_never_reaches_the_wire(lab, tmp_path):
    kinds = [Kind(6, SILENT, ANSWERED, talk_ds=3), Kind(6, 486, BUSY)]
    numbers = numbers_of(kinds, seed=23)
    write_list(tmp_path / "list.csv", numbers, name=EVIL, note="a=b&CHANNEL(hangup)${EPOCH}|System(rm)", reference=EVIL)
    with (tmp_path / "list.csv").open("a", newline="") as file:
        file.writelines(f'"+49{digits}\r\nAction: Command"\r\n' for digits in (4860000000001, 4860000000002))
    with Wire(lab.ami_port) as wire, Run(write_campaign(tmp_path, wire.port)) as run:
        assert run.finish() == 0, run.said()
        sent = wire.sent.decode("ascii")
    database = sqlite3.connect(tmp_path / "store.db")
    try:
        kept = database.execute("SELECT DISTINCT attributes FROM leads").fetchall()
    finally:
        database.close()
    assert "core stop now" in kept[0][0]  # it is in the store, whole
    lines = [line for line in sent.split("\r\n") if line]
    assert {line.partition(": ")[0] for line in lines} <= FIELDS
    assert {line.removeprefix("Action: ") for line in lines if line.startswith("Action: ")} <= ACTIONS
    assert [line for line in lines if re.search(r"evil|SHELL|System|EPOCH|core stop|customer", line)] == []
    # the control: what is meant to be sent was seen on the wire
    originates = [line for line in lines if line.startswith("Channel: PJSIP/") and line.endswith("@carrier")]
    assert len(originates) == len(numbers)
    assert dialled(lab, numbers) == dict.fromkeys(numbers, 1)
    assert {a.outcome for a in attempts_of(tmp_path)} <= ANSWERED | BUSY
    adds_up(report(tmp_path))


@supervised
async def test_an_agent_who_logs_in_twice_is_refused_and_keeps_one_leg(lab, tmp_path):
    list_of(tmp_path, [Kind(4, RINGS, frozenset({Outcome.NO_ANSWER}))], seed=24)
    setup = load(write_campaign(tmp_path, lab.ami_port, agents=3))
    with SqliteStore(tmp_path / "store.db") as store:
        import_csv(
            store, store.campaign_id("calls"), tmp_path / "list.csv", setup.lead_list.options(), 1,
            rejects_path=tmp_path / "rejects",
        )  # fmt: skip
    node = Node(setup)
    task = asyncio.create_task(node.run())

    async def until(holds):
        async with asyncio.timeout(20):
            while not (node.board and holds()):
                assert not task.done(), task.exception()
                await asyncio.sleep(0.02)

    await until(lambda: node.progress().calls.get("ringing") and node.progress().agents == {"ready": 3})
    node.pump.post([AgentLoggedIn(1), AgentLoggedIn(1)])
    await until(lambda: node.pump.refused["AgentLoggedIn"] == 2)
    assert sum("outpace-agent-" in line for line in await asyncio.to_thread(ours, lab)) == 3
    assert node.progress().agents == {"ready": 3}
    assert await task is Ending.COMPLETED
    adds_up(await asyncio.to_thread(report, tmp_path))
    assert await asyncio.to_thread(ours, lab) == []
