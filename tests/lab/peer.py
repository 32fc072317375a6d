"""A scripted AMI peer on loopback, for what a real switch does too seldom or too late to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Action = dict[str, str]
Lines = list[tuple[str, str]]


class Peer:
    """Speaks AMI as Asterisk does, from answers that a test may change while it runs.

    Attributes
    ----------
    actions : all that was asked, in order. channels : rows of CoreShowChannels. kept : AstDB entries.
    answers : action name -> function of the action that gives messages (lists of headers) instead of the usual ones.
    deaf : action names that are not answered. stamp : Timestamp of pushed events.
    """

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.channels: list[Action] = []
        self.kept: dict[str, str] = {}
        self.answers: dict[str, Callable[[Action], list[Lines]]] = {}
        self.deaf: set[str] = set()
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.stamp = "1795321036.000000"
        self.port = 0
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._news = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection; `start` opens the same port again."""
        if self._server is not None:
            self._server.close()
            self.hang_up()
            await self._server.wait_closed()
            self._server = None

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def push(self, event: str, **fields: str) -> None:
        """An event to every connection. `_` in a name stands for `-`."""
        lines = [("Event", event), ("Timestamp", self.stamp), *((k.replace("_", "-"), v) for k, v in fields.items())]
        for writer in self._writers:
            writer.write(_message(lines))

    def of(self, name: str) -> list[Action]:
        """The actions of a name."""
        return [action for action in self.actions if action["Action"] == name]

    async def wait(self, name: str, count: int = 1) -> Action:
        """The count-th action of a name, as soon as it is there."""
        async with asyncio.timeout(5):
            while len(self.of(name)) < count:
                self._news.clear()
                await self._news.wait()
        return self.of(name)[count - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        writer.write(self.banner)
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                cut = [line.partition(":") for line in block.removesuffix("\r\n\r\n").split("\r\n")]
                pairs = [(name, value.strip()) for name, _, value in cut]
                action = dict(pairs)  # of a repeated header, the last
                action["Variables"] = ",".join(value for name, value in pairs if name == "Variable")
                self.actions.append(action)
                self._news.set()
                if action["Action"] not in self.deaf:
                    for lines in self._answer(action):
                        writer.write(_message(lines))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, action: Action) -> list[Lines]:
        name, mine = action["Action"], ("ActionID", action.get("ActionID", ""))
        if name in self.answers:
            return [[*lines, mine] for lines in self.answers[name](action)]
        if name == "CoreShowChannels":
            rows = [[("Event", "CoreShowChannel"), mine, *row.items()] for row in self.channels]
            return _list(mine, rows, "CoreShowChannelsComplete")
        if name == "DBGetTree":
            rows = [
                [("Event", "DBGetTreeResponse"), ("Key", f"/outpace/{key}"), ("Val", value), mine]
                for key, value in self.kept.items()
            ]
            return _list(mine, rows, "DBGetTreeComplete")
        done: list[Lines] = [[("Response", "Success"), mine]]
        return [*done, [("Event", "FullyBooted"), ("Status", "Fully Booted")]] if name == "Login" else done


def _list(mine: tuple[str, str], rows: list[Lines], end: str) -> list[Lines]:
    start = [("Response", "Success"), mine, ("EventList", "start")]
    return [start, *rows, [("Event", end), mine, ("EventList", "Complete")]]


def _message(lines: Lines) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + b"\r\n"
