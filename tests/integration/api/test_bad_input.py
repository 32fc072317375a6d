"""Whatever a client sends, the node answers or cuts it off, and serves the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import msgspec
import pytest

from outpace.api import binding, connections
from outpace.api.context import BODIES_MAX, UPLOADS_MAX
from outpace.api.settings import ApiSettings
from outpace.domain.access import Role
from outpace.domain.errors import ConfigError
from tests.integration.api.floor import Floor, node_file, open_floor
from tests.integration.server.house import until


async def said(floor: Floor, data: bytes, *, wait_s: float = 5.0) -> bytes:
    """What a connection answers to bytes, until it is closed or nothing more comes."""
    host, port = floor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    # begun before the writing: who is cut off while it writes has lost what it had not begun to read
    answer = asyncio.create_task(asyncio.wait_for(reader.read(65_536), wait_s))
    await asyncio.sleep(0)
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(ConnectionError):
            return await answer
        return b""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\nX: b\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_request_are_refused(floor: Floor, data: bytes) -> None:
    answer = await said(floor, data)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401")) or answer == b""
    assert (await floor.get("/v1/me"))["role"] == "operator"


async def test_head_without_end_is_cut_off(floor: Floor) -> None:
    long = b"GET /v1/me HTTP/1.1\r\nX: " + b"a" * (2 * connections.HEAD_MAX)
    assert (await said(floor, long)).startswith(b"HTTP/1.1 431")
    many = b"GET /v1/me HTTP/1.1\r\n" + b"X: a\r\n" * connections.HEAD_MAX
    assert (await said(floor, many)).startswith(b"HTTP/1.1 431")


async def test_head_that_does_not_come_is_not_waited_for(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.1)
    assert (await said(floor, b"GET /v1/me HTT")).startswith(b"HTTP/1.1 408")
    assert (await said(floor, b"")).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("path", ["/console/vendor/uplot.js", "/openapi.json"])
async def test_who_reads_no_answer_is_cut_off(floor: Floor, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(connections, "STALLED_S", 0.3)
    gone: set[tuple[str, int]] = set()
    lost = connections.HttpProtocol.connection_lost

    def note(self: connections.HttpProtocol, exc: Exception | None) -> None:
        lost(self, exc)
        if self.client is not None:
            gone.add(self.client)

    monkeypatch.setattr(connections.HttpProtocol, "connection_lost", note)
    host, port = floor.url.removeprefix("http://").split(":")
    token = floor.tokens[Role.OPERATOR]
    asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode() * 200
    loop = asyncio.get_running_loop()
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.setblocking(False)
        await loop.sock_connect(one, (host, int(port)))
        await loop.sock_sendall(one, asked)
        assert (await floor.get("/v1/me"))["role"] == "operator"
        await until(lambda: one.getsockname() in gone)
        read = 0
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(loop.sock_recv(one, 1 << 16), 5.0):
                read += len(data)
    whole = len((await floor.send("GET", path)).content)
    assert read < 200 * whole // 2
    figures = (await floor.send("GET", "/metrics", role=Role.MONITOR)).text
    assert "\noutpace_api_requests_in_flight 1.0\n" in figures  # that one


async def test_body_that_comes_in_drops_is_not_waited_for(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "BODY_S", 0.3)
    host, port = floor.url.removeprefix("http://").split(":")
    head = (
        "POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
        f"Authorization: Bearer {floor.tokens[Role.OPERATOR]}\r\n\r\n"
    ).encode()
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head)

    async def drip() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    try:
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5.0)
    finally:
        dripping.cancel()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("most", "path", "media"),
    [
        (BODIES_MAX, "/v1/campaigns/validate", "application/json"),
        (UPLOADS_MAX, "/v1/suppression/imports", "text/csv"),
    ],
)
async def test_slow_bodies_of_one_token_keep_nobody_out(floor: Floor, most: int, path: str, media: str) -> None:
    host, port = floor.url.removeprefix("http://").split(":")

    async def post(role: Role) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nContent-Length: 1000\r\n"
            f"Authorization: Bearer {floor.tokens[role]}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(head.encode())
            return await reader.readuntil(b"\r\n")
        finally:
            writer.close()

    slow = [asyncio.create_task(post(Role.OPERATOR)) for _ in range(most + 1)]
    done, _ = await asyncio.wait(slow, timeout=5.0, return_when=asyncio.FIRST_COMPLETED)
    assert [one.result().split()[1] for one in done] == [b"429"]
    other = asyncio.create_task(post(Role.SUPERVISOR))
    await asyncio.sleep(0.2)
    assert not other.done()  # it is read
    for one in (*slow, other):
        one.cancel()
    await asyncio.gather(*slow, other, return_exceptions=True)


async def test_large_body_behind_a_small_head_is_taken(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    job = await floor.imported(campaign_id, (f"+{49_301_000_000 + n}" for n in range(20_000)))
    assert job["result"]["added"] == 20_000


@pytest.mark.parametrize(
    "path",
    [
        b"/v1/campaigns/%ff",
        b"/v1/campaigns/1%2f..%2f2",
        b"/v1/../v1/me",
        b"/v1/campaigns/" + b"9" * 4000,
        b"/v1/suppression/%00",
        b"/console/..%2f..%2fetc%2fpasswd",
        b"/v1/campaigns?limit=\xc3\xa9",
        b"/v1/leads?number=%2B49&campaign_id=-1",
    ],
)
async def test_paths_of_any_kind_are_answered(floor: Floor, path: bytes) -> None:
    token = floor.tokens[Role.OPERATOR].encode()
    answer = await said(floor, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"404", b"405", b"422"), answer


async def test_thousands_of_requests_at_once_are_answered_or_refused(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    async with open_floor(file) as floor:
        host, port = floor.url.removeprefix("http://").split(":")
        request = (
            f"GET /v1/campaigns HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"Authorization: Bearer {floor.tokens[Role.OPERATOR]}\r\n\r\n"
        ).encode()

        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request)
            answer = await reader.read()
            writer.close()
            return answer

        answers = [answer for _ in range(4) for answer in await asyncio.gather(*(ask() for _ in range(250)))]
        statuses = {answer.split(b" ", 2)[1] for answer in answers}
        assert statuses <= {b"200", b"429", b"503"}
        assert b"200" in statuses
        assert (await floor.get("/v1/health"))["ready"]


async def test_client_that_leaves_in_the_middle_of_an_export_costs_nothing(floor: Floor) -> None:
    campaign_id = await floor.campaign(leads=60, agents=3)
    await floor.post(f"/v1/campaigns/{campaign_id}/start")
    await floor.until(f"/v1/campaigns/{campaign_id}", lambda view: view["state"] == "completed")
    token = floor.tokens[Role.OPERATOR]
    for _ in range(5):
        request = f"GET /v1/attempts/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        assert (await said(floor, request.encode())).startswith(b"HTTP/1.1 200")
    assert (await floor.get("/v1/health"))["ready"]


async def test_two_operators_change_one_campaign_and_one_is_told(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    address = f"/v1/campaigns/{campaign_id}"
    changes = [{"reserve": n} for n in range(8)]
    answers = await asyncio.gather(
        *(floor.send("PATCH", address, json=change, headers={"If-Match": '"1"'}) for change in changes)
    )
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(412)) == (1, 7)
    winner = changes[statuses.index(200)]
    view = await floor.get(address)
    assert (view["version"], view["settings"]["reserve"]) == (2, winner["reserve"])


async def test_agent_with_two_tabs_has_one_desk(tmp_path: Path) -> None:
    async with open_floor(node_file(tmp_path, live=1.0, talk=600.0)) as floor:
        await floor.campaign(leads=20, agents=1, dispositions=["sale", "none"])
        desk = "/v1/agents/1/desk"
        async with floor.stream("", Role.AGENT) as one, floor.stream("", Role.AGENT) as other:
            await one.recv(), await other.recv()
            await floor.post("/v1/campaigns/1/start")
            talking = await floor.until(desk, lambda view: view["agent"]["state"] == "talking", role=Role.AGENT)
            # logged in already, whichever tab asks; both hear of the call
            again = await floor.post(f"{desk}/log-in", role=Role.AGENT)
            assert again["call"]["call"]["call_id"] == talking["call"]["call"]["call_id"]
            call_id = talking["call"]["call"]["call_id"]
            for stream in (one, other):
                async with asyncio.timeout(20.0):
                    while call_id not in str(await stream.recv()):
                        pass
            # both give their verdict: the later word holds, and it is one call's
            said = [{"call_id": call_id, "disposition": name} for name in ("sale", "none")]
            for body in said:
                await floor.post(f"{desk}/disposition", body, role=Role.AGENT)
            assert (await floor.get(desk, Role.AGENT))["call"]["disposition"] == "none"
            # one tab hangs up and goes on; the other speaks of a call that is over
            await floor.post(f"/v1/calls/{call_id}/hang-up", role=Role.AGENT)
            following = await floor.until(
                desk,
                lambda view: view["agent"]["state"] == "talking" and view["call"]["call"]["call_id"] != call_id,
                role=Role.AGENT,
            )
            late = await floor.send("POST", f"/v1/calls/{call_id}/hang-up", role=Role.AGENT)
            assert late.status_code == 404
            both = await asyncio.gather(
                *(floor.send("POST", f"{desk}/{word}", role=Role.AGENT) for word in ("ready", "not-ready"))
            )
            assert [answer.status_code for answer in both] == [200, 200]
            assert (await floor.get(desk, Role.AGENT))["agent"]["call_id"] == following["call"]["call"]["call_id"]
            await floor.post(f"{desk}/log-out", role=Role.AGENT)
            assert (await floor.get(desk, Role.AGENT))["agent"]["next_state"] == "logged_out"


@pytest.mark.parametrize(
    "body",
    [
        b"\x00" * 5000,
        b"\xff\xfe" + "phone\n+4930123456\n".encode("utf-16-le"),
        b"phone\n" + b"9" * 3_000_000 + b"\n",
        b'phone,name\n"+4930123456,"never closed\n' + b"x,y\n" * 1000,
        b"PK\x03\x04" + bytes(range(256)) * 40,
    ],
)
async def test_list_of_any_bytes_ends_in_words(floor: Floor, body: bytes) -> None:
    await floor.campaign()
    headers = {"Content-Type": "text/csv"}
    job = await floor.post("/v1/campaigns/1/imports?name=odd&validation=possible", content=body, headers=headers)
    ended = await floor.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] in ("done", "failed"))
    (one,) = (await floor.get("/v1/lists"))["items"]
    assert one["state"] == ended["state"]
    assert ended["error"] if ended["state"] == "failed" else one["rejected"] or one["added"]
    assert "Traceback" not in ended["error"]
    assert "worker ended" not in ended["error"]
    assert not list(floor.server.folder.glob("*[0-9].csv"))
    assert (await floor.get("/v1/health"))["ready"]


async def test_address_that_is_taken_is_told(tmp_path: Path, floor: Floor) -> None:
    (tmp_path / "other").mkdir()
    port = int(floor.url.rsplit(":", 1)[1])
    file = node_file(tmp_path / "other")
    with pytest.raises(ConfigError, match="cannot listen on"):
        async with open_floor(msgspec.structs.replace(file, api=ApiSettings(port=port))):
            pass


async def test_certificate_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    settings = ApiSettings(port=0, tls_cert=str(tmp_path / "no.pem"), tls_key=str(tmp_path / "no.key"))
    with pytest.raises(ConfigError, match=r"no\.pem"):
        async with open_floor(msgspec.structs.replace(file, api=settings)):
            pass
