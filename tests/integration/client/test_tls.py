"""A node that has a certificate of its own: everything goes over TLS, and who does not know its authority is told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
import trustme

from outpace.client import AsyncClient, Client, ConnectionFailed, Retry, Snapshot
from tests.integration.api.floor import WAIT_S, Floor, node_file, open_floor
from tests.integration.client.user import KINDS, user_of

ONCE = Retry(attempts=1, first_s=0.01)
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def floor(tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Floor]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued = authority.issue_cert("127.0.0.1")
    for part in issued.cert_chain_pems:
        part.write_to_path(cert, append=True)
    issued.private_key_pem.write_to_path(key)
    file = node_file(tmp_path)
    file = msgspec.structs.replace(file, api=msgspec.structs.replace(file.api, tls_cert=str(cert), tls_key=str(key)))
    async with open_floor(file) as one:
        yield one


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@kinds
@pytest.mark.parametrize("checked", [True, False])
async def test_client_asks_uploads_and_listens(
    floor: Floor, authority: trustme.CA, kind: type[Client | AsyncClient], checked: bool
) -> None:
    assert floor.url.startswith("https://")
    async with user_of(kind, floor, verify=trusting(authority) if checked else False) as user:
        made = await user.ask("create_campaign", name="spring")
        rows = b"phone\n" + b"".join(b"+%d\n" % (49_301_000_000 + n) for n in range(20_000))
        job = await user.ask("import_list", made.campaign_id, rows, name="list", validation="possible")
        job = await user.until(lambda one: one.state not in ("queued", "running"), "get_job", job.job_id)
        assert job.result["added"] == 20_000
        async with user.listening(topics=["campaigns"]) as following:
            message = await following()
            assert isinstance(message, Snapshot)
            assert [update.key for update in message.updates] == [str(made.campaign_id)]


@kinds
async def test_certificate_of_an_unknown_authority_is_not_taken(floor: Floor, kind: type[Client | AsyncClient]) -> None:
    async with user_of(kind, floor, retry=ONCE) as user:
        with pytest.raises(ConnectionFailed, match=r"(?i)certificate"):
            await user.ask("get_me")


async def test_plain_words_are_cut_off_and_browsers_told_to_stay_with_tls(floor: Floor, authority: trustme.CA) -> None:
    reader, writer = await asyncio.open_connection(*floor.url.removeprefix("https://").split(":"))
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        assert not (await asyncio.wait_for(reader.read(), WAIT_S)).startswith(b"HTTP")
    writer.close()
    async with httpx.AsyncClient(base_url=floor.url, verify=trusting(authority)) as http:
        answer = await http.get("/health/live")
    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
