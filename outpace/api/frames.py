"""Updates as finished WebSocket frames: encoded and framed once, however many listen.

What a server sends is not masked, so its frame is the same for everybody who may see the same.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from outpace.api.masking import hide_plain
from outpace.runtime.control import Update

_FRAMES_KEPT = 4096
_ENCODER = msgspec.json.Encoder()


def frame(text: bytes) -> bytes:
    """A text message as a server's WebSocket frame (RFC 6455 section 5.2): final, not masked."""
    length = len(text)
    if length < 126:
        return struct.pack("!BB", 0x81, length) + text
    if length < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, length) + text
    return struct.pack("!BBQ", 0x81, 127, length) + text


class FrameCache:
    """Frames of the last updates, one for those who see numbers and one for those who do not."""

    def __init__(self) -> None:
        self._frames: tuple[dict[int, tuple[Update, bytes]], ...] = ({}, {})
        self._last: list[tuple[Sequence[Update], bytes]] = [((), b""), ((), b"")]

    def of(self, batch: Sequence[Update], *, masked: bool) -> bytes:
        """The frames of a batch; the door gives the same one to all who listen to the same and keep up."""
        known, frames = self._last[masked]
        if known is not batch:
            frames = b"".join([self._one(update, masked=masked) for update in batch])
            self._last[masked] = batch, frames
        return frames

    def _one(self, update: Update, *, masked: bool) -> bytes:
        frames = self._frames[masked]
        known = frames.get(id(update))
        if known is None:
            shown = msgspec.structs.replace(update, data=_hidden(update.data)) if masked else update
            known = update, frame(b'{"type":"update",' + _ENCODER.encode(shown)[1:])
            frames[id(update)] = known  # which keeps the update, and so its id
            if len(frames) > _FRAMES_KEPT:
                del frames[next(iter(frames))]
        return known[1]


def opening(updates: Sequence[Update], *, resumed: bool, masked: bool) -> bytes:
    """The frame of a stream's first message: all there is, or what was missed."""
    told = [msgspec.structs.replace(one, data=_hidden(one.data)) if masked else one for one in updates]
    return frame(_ENCODER.encode({"type": "resumed" if resumed else "snapshot", "updates": told}))


def _hidden(data: Any) -> Any:
    return hide_plain(msgspec.to_builtins(data))


def texts_of(frames: bytes) -> list[str]:
    """The texts of frames that were made by `frame`."""
    texts, place = [], 0
    while place < len(frames):
        length, place = frames[place + 1], place + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, place = int.from_bytes(frames[place : place + size], "big"), place + size
        texts.append(frames[place : place + length].decode())
        place += length
    return texts
