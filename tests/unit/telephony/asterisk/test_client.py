"""The AMI link against a scripted peer: login, lists, time-outs, staleness, back-pressure, reconnecting."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from outpace.domain.errors import LinkDown, LocalProtocolError
from outpace.telephony.asterisk import client
from outpace.telephony.asterisk.client import AmiConnection, AmiLink, open_connection
from outpace.telephony.asterisk.settings import AsteriskSettings
from tests.lab.peer import Peer

WANTED = {"Hangup": ("Uniqueid", "Cause")}


class Handler:
    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []
        self.batches = 0
        self.ups: list[AmiConnection] = []
        self.downs: list[str] = []
        self.news = asyncio.Event()

    def on_event(self, row) -> None:
        self.rows.append(row)
        self.news.set()

    def on_batch_end(self) -> None:
        self.batches += 1

    async def on_up(self, connection) -> None:
        self.ups.append(connection)
        self.news.set()

    def on_down(self, reason) -> None:
        self.downs.append(reason)
        self.news.set()

    async def until(self, condition) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def peer():
    made = Peer()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def handler():
    return Handler()


def settings(peer, **changes) -> AsteriskSettings:
    return AsteriskSettings(**({"port": peer.port, "secret": "kept-to-ourselves"} | changes))


@pytest.fixture
async def connection(peer, handler):
    made = await open_connection(settings(peer), WANTED, handler)
    yield made
    made.drop("end of the test")
    await asyncio.sleep(0)


async def test_login_subscribes_to_what_is_wanted_only(peer, connection):
    login = peer.of("Login")[0]
    assert (login["Username"], login["Secret"]) == ("outpace", "kept-to-ourselves")
    assert login["Events"] == "system,call,user,originate"
    assert peer.of("Filter")[0]["Filter"].startswith("!Event: (")


async def test_a_refused_login_says_who_and_why_and_never_the_secret(peer, handler, caplog):
    peer.answers["Login"] = lambda action: [[("Response", "Error"), ("Message", "Authentication failed")]]
    with pytest.raises(LinkDown) as error:
        await open_connection(settings(peer), WANTED, handler)
    assert str(error.value) == f"login as 'outpace' at 127.0.0.1:{peer.port} refused: Authentication failed"
    assert "kept-to-ourselves" not in caplog.text + repr(settings(peer)) + str(settings(peer))


async def test_a_switch_that_does_not_boot_is_told_from_a_missing_right(peer, handler):
    peer.answers["Login"] = lambda action: [[("Response", "Success")]]
    with pytest.raises(LinkDown, match=r"has not booted in 0\.05 s \(or 'outpace' lacks read = system\)"):
        await open_connection(settings(peer, boot_timeout_s=0.05), WANTED, handler)


async def test_a_login_that_may_not_filter_goes_on(peer, handler, caplog):
    peer.answers["Filter"] = lambda action: [[("Response", "Error"), ("Message", "Permission denied")]]
    connection = await open_connection(settings(peer), WANTED, handler)
    assert "may not filter events (Permission denied)" in caplog.text
    connection.drop("end of the test")


async def test_something_that_is_not_ami_is_told(peer, handler):
    peer.banner = b"SSH-2.0-OpenSSH_9.2\r\n"
    with pytest.raises(LinkDown, match="the switch does not speak AMI"):
        await open_connection(settings(peer), WANTED, handler)


async def test_a_peer_that_says_nothing_is_given_up(peer, handler):
    peer.deaf.add("Login")
    with pytest.raises(LinkDown, match="no answer to Login"):
        await open_connection(settings(peer, connect_timeout_s=0.5), WANTED, handler)


async def test_wanted_events_come_in_order_and_others_not_at_all(peer, handler, connection):
    peer.push("Hangup", Uniqueid="a", Cause="16")
    peer.push("VarSet", Variable="x", Value="y")
    peer.push("Hangup", Uniqueid="b", Cause="17")
    await handler.until(lambda: len(handler.rows) == 2)
    assert handler.rows == [("Hangup", "a", "16"), ("Hangup", "b", "17")]
    assert handler.batches >= 1


async def test_a_list_is_gathered_by_its_action_id(peer, connection):
    peer.channels = [{"Uniqueid": "u1", "Channel": "PJSIP/a", "ChannelState": "6"}]
    answers = await asyncio.gather(connection.ask("CoreShowChannels"), connection.ask("CoreShowChannels"))
    for message, rows in answers:
        assert message.response == "Success"
        assert [row[2:4] for row in rows] == [("u1", "PJSIP/a")]
    assert answers[0][1][0][1] != answers[1][1][0][1]
    peer.answers["CoreShowChannels"] = lambda action: [[("Response", "Error"), ("Message", "no")]]
    message, rows = await connection.ask("CoreShowChannels")
    assert (message.response, rows) == ("Error", [])


async def test_an_action_without_an_answer_times_out(peer, connection):
    peer.deaf.add("Bridge")
    with pytest.raises(LinkDown, match="no answer to Bridge"):
        await connection.ask("Bridge", timeout_s=0.05)
    await connection.ask("Ping")
    assert connection.outstanding == 0


async def test_a_lost_connection_answers_everything(peer, connection):
    peer.deaf.add("Bridge")
    asked = asyncio.ensure_future(connection.ask("Bridge"))
    await peer.wait("Bridge")
    peer.hang_up()
    with pytest.raises(LinkDown, match="the switch closed the connection"):
        await asked
    with pytest.raises(LinkDown, match="the switch closed the connection"):
        await connection.ask("Ping")


async def test_a_value_that_would_break_the_protocol_is_not_sent(peer, connection):
    for value in ("a\r\nAction: Command", "a\nb", "a\0b"):
        with pytest.raises(LocalProtocolError):
            await connection.ask("Setvar", [("Value", value)])
    assert connection.outstanding == 0
    await connection.ask("Ping")
    assert peer.of("Setvar") == []


async def test_a_ping_without_an_answer_makes_the_link_stale(peer, handler):
    connection = await open_connection(settings(peer, ping_s=0.05, stale_s=0.5), WANTED, handler)
    await peer.wait("Ping", 2)
    assert connection.round_trip_s > 0.0
    peer.deaf.add("Ping")
    assert await asyncio.wait_for(connection.lost, 5) == "stale: a ping was not answered in 0.5 s"


async def test_what_is_written_to_a_full_transport_waits_in_order(peer, connection):
    connection.pause_writing()
    assert connection.paused
    asked = [asyncio.ensure_future(connection.ask("Setvar", [("Value", str(n))])) for n in range(3)]
    await asyncio.sleep(0.02)
    assert peer.of("Setvar") == []
    connection.resume_writing()
    await asyncio.gather(*asked)
    assert [action["Value"] for action in peer.of("Setvar")] == ["0", "1", "2"]


async def test_the_link_mends_itself_with_growing_pauses(peer, handler, monkeypatch):
    pauses = []
    real = asyncio.sleep

    async def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 6:
            await peer.start()
        await real(0)

    link = AmiLink(settings(peer, backoff_s=0.5, backoff_max_s=3.0), WANTED, handler)
    await link.open()
    monkeypatch.setattr(client.asyncio, "sleep", sleep)
    await peer.stop()
    await handler.until(lambda: len(handler.ups) == 2)
    assert pauses == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]
    assert handler.downs == ["the switch closed the connection"]
    # after a success it begins with the short pause again
    peer.hang_up()
    await handler.until(lambda: len(handler.ups) == 3)
    assert pauses[6] == 0.5
    assert link.reconnects == 2
    await link.close()
    await link.close()


async def test_the_link_goes_on_trying_when_the_state_of_the_switch_cannot_be_read(peer, handler):
    link = AmiLink(settings(peer, backoff_s=0.01, backoff_max_s=0.02), WANTED, handler)
    await link.open()
    real, tries = handler.on_up, []

    async def on_up(connection):
        tries.append(connection)
        if len(tries) == 1:
            raise ValueError("a channel list that makes no sense")
        await real(connection)

    handler.on_up = on_up
    peer.hang_up()
    await handler.until(lambda: len(handler.ups) == 2)
    assert len(tries) == 2
    assert tries[0].lost.done()
    await link.close()


async def test_the_first_connection_must_succeed(peer, handler):
    await peer.stop()
    link = AmiLink(settings(peer), WANTED, handler)
    with pytest.raises(LinkDown, match=f"no connection to Asterisk at 127.0.0.1:{peer.port}"):
        await link.open()
    assert (handler.ups, handler.downs) == ([], [])
    await link.close()


def test_it_runs_on_uvloop():
    async def scenario() -> tuple[float, str]:
        peer, handler = Peer(), Handler()
        await peer.start()
        connection = await open_connection(settings(peer, ping_s=0.05), WANTED, handler)
        await connection.ask("Ping")
        peer.push("Hangup", Uniqueid="a", Cause="16")
        await handler.until(lambda: handler.rows)
        connection.pause_writing()
        connection.resume_writing()
        await peer.stop()
        return len(handler.rows), await connection.lost

    assert uvloop.run(scenario()) == (1, "the switch closed the connection")
