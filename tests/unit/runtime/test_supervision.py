from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from outpace.runtime.supervision import supervised


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The service manager's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.setblocking(False)
        yield made


def heard(manager: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(manager.recv(100).decode())
        except BlockingIOError:
            return found


async def test_the_manager_hears_of_start_pulse_and_stop(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "20000"}
    async with supervised(environ):
        await asyncio.sleep(0.06)
        first, *pulses = heard(manager)
        assert first == "READY=1"
        assert 2 <= len(pulses) <= 8
        assert set(pulses) == {"WATCHDOG=1"}
    assert heard(manager) == ["STOPPING=1"]
    await asyncio.sleep(0.03)
    assert heard(manager) == []


@pytest.mark.parametrize(
    "watchdog", [{}, {"WATCHDOG_USEC": "ten"}, {"WATCHDOG_USEC": "10000", "WATCHDOG_PID": str(os.getpid() + 1)}]
)
async def test_without_a_watchdog_there_is_no_pulse(manager: socket.socket, watchdog: dict[str, str]) -> None:
    async with supervised({"NOTIFY_SOCKET": manager.getsockname(), **watchdog}):
        await asyncio.sleep(0.02)
    assert heard(manager) == ["READY=1", "STOPPING=1"]


async def test_a_name_without_a_file_is_meant_by_an_at_sign() -> None:
    name = f"outpace-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        async with supervised({"NOTIFY_SOCKET": "@" + name}):
            pass
        assert manager.recv(100) == b"READY=1"


async def test_nobody_there_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with supervised({}):
        pass
    assert not caplog.records
    async with supervised({"NOTIFY_SOCKET": str(tmp_path / "nobody")}):
        pass
    assert "cannot be told" in caplog.text


async def test_a_manager_that_does_not_read_is_not_waited_for(manager: socket.socket) -> None:
    async with asyncio.timeout(5), supervised({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "20"}):
        await asyncio.sleep(0.1)
    assert heard(manager)[0] == "READY=1"
