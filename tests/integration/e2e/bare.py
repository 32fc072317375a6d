"""A bare AMI client: originates, and sends Bridge as soon as it reads that the call is answered. It does nothing else.

It is what the time from answer to bridge is measured against: on the same switch, at the same time, by the switch's
own time stamps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tests.lab.lab import COUNTRY, SECRET

Message = dict[str, str]


class BareClient:
    """Calls numbers one after another on each of a few standing legs.

    Attributes
    ----------
    waits_s : from Newstate Up to the second BridgeEnter, per call.
    """

    def __init__(self, port: int, agents: list[int], numbers: Iterator[int]) -> None:
        self._port = port
        self._agents = agents
        self._numbers = numbers
        self._legs: dict[str, str] = {}  # channel id of a leg -> its channel
        self._calls: dict[str, str] = {}  # channel id of a call -> its leg's channel id
        self._answered: dict[str, float] = {}
        self._entered: dict[str, int] = {}
        self._serial = 0
        self._stopping = False
        self.waits_s: list[float] = []

    async def run(self) -> None:
        """Call until `stop`, then hang up the legs."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await reader.readline()
        self._send("Login", Username="outpace", Secret=SECRET, Events="call,system")
        for agent in self._agents:
            self._originate(f"bare-agent-{agent}", f"PJSIP/agent{agent}", "outpace-agent")
        try:
            while self._calls or not self._stopping:
                self._take(await _message(reader))
            for channel in self._legs.values():
                self._send("Hangup", Channel=channel)
            while self._legs:
                self._take(await _message(reader))
        finally:
            self._writer.close()
            await self._writer.wait_closed()

    def stop(self) -> None:
        """Begin no more calls; `run` returns when the last has ended."""
        self._stopping = True

    def _send(self, action: str, **fields: str) -> None:
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self._writer.write("\r\n".join(lines).encode())

    def _originate(self, channel_id: str, channel: str, context: str) -> None:
        self._send(
            "Originate", Channel=channel, ChannelId=channel_id, Context=context, Exten="wait", Priority="1",
            Variable="OUTPACE_LIMIT=5", Async="true",
        )  # fmt: skip

    def _call(self, leg: str) -> None:
        if self._stopping:
            return
        self._serial += 1
        channel_id = f"bare-{self._serial:06d}"
        self._calls[channel_id] = leg
        digits = str(next(self._numbers)).removeprefix(COUNTRY)
        self._originate(channel_id, f"PJSIP/{digits}@carrier", "outpace-call")

    def _take(self, message: Message) -> None:
        event, uniqueid = message.get("Event"), message.get("Uniqueid", "")
        if not uniqueid.startswith("bare-"):
            return
        if event == "Newstate" and message["ChannelState"] == "6":
            if uniqueid in self._calls:
                leg = self._legs[self._calls[uniqueid]]
                self._send("Bridge", Channel1=leg, Channel2=message["Channel"], Tone="no")
                self._answered[uniqueid] = float(message["Timestamp"])
            elif uniqueid not in self._legs:
                self._legs[uniqueid] = message["Channel"]
                self._call(uniqueid)
        elif event == "BridgeEnter":
            # "": the call ended before its leg was told of
            of_leg = (call for call, leg in self._calls.items() if leg == uniqueid)
            call = uniqueid if uniqueid in self._calls else next(of_leg, "")
            self._entered[call] = self._entered.get(call, 0) + 1
            if call in self._answered and self._entered[call] == 2:
                self.waits_s.append(float(message["Timestamp"]) - self._answered[call])
        elif event == "Hangup" and uniqueid in self._calls:
            self._call(self._calls.pop(uniqueid))
        elif event == "Hangup":
            self._legs.pop(uniqueid, None)


async def _message(reader: asyncio.StreamReader) -> Message:
    block = (await reader.readuntil(b"\r\n\r\n")).decode()
    return dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
