"""The journal's writing side: every fact with its time, every launch, the digest every few seconds.

Records gather in memory and go to a thread that writes them; the loop never waits for the disk. If the disk can't keep
up, the journal leaves a gap rather than stall the calls: it closes the file, and goes on in a new one, which opens
with the engine's whole state, as soon as the thread has caught up.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from outpace.domain.commands import WriteIntent
from outpace.domain.config import Pool
from outpace.domain.events import AnyEvent
from outpace.runtime.journal_file import MAGIC, SUFFIX, Header, Turn, append_record, file_name

log = logging.getLogger(__name__)

_CHUNK_BYTES = 256 * 1024
_QUEUE_CHUNKS = 256


class Recorded(Protocol):
    """What the journal needs of an engine."""

    @property
    def pool(self) -> Pool: ...
    def snapshot(self) -> bytes: ...
    def digest(self) -> bytes: ...


class Journal:
    """Writes the turns of one engine to a rotating set of files.

    Parameters
    ----------
    folder : where the files go; made when missing.
    file_bytes : bytes of turns after which the next file is begun; the state at a file's head comes on top.
    keep : files kept, the oldest go first; those of earlier runs count too.
    digest_every_ns : engine time between two digests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        version: str,
        file_bytes: int = 64 * 1024 * 1024,
        keep: int = 20,
        digest_every_ns: int = 5_000_000_000,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._version = version
        self._file_bytes = file_bytes
        self._chunk_bytes = min(_CHUNK_BYTES, file_bytes)
        self._keep = keep
        self._digest_every_ns = digest_every_ns
        self._buffer = bytearray()
        self._in_file = 0
        self._number = 0
        self._next_digest_ns = 0
        self._gap = False
        self._queue: queue.Queue[tuple[Path, bytes] | bytes | None] = queue.Queue(_QUEUE_CHUNKS)
        self._thread = threading.Thread(target=self._write, name="outpace-journal", daemon=True)
        self._broken = False
        self.bytes_written = 0
        self.turns = 0
        self.gaps = 0

    def open(self, engine: Recorded, epoch: int, now_ns: int) -> None:
        """Start: the first file opens with the engine's state."""
        self._engine = engine
        self._epoch = epoch
        self._opened_ns = now_ns
        self._thread.start()
        self._begin_file(now_ns, continues=False)

    def turn(self, now_ns: int, facts: Sequence[AnyEvent], launches: Sequence[WriteIntent]) -> None:
        """Append one turn of the pump; call it after the tick and after the commands were taken."""
        if self._broken:
            return
        if self._gap:
            # The state in the new file's header includes this turn already.
            self._resume(now_ns)
            return
        digest = b""
        if now_ns >= self._next_digest_ns:
            digest = self._engine.digest()
            self._next_digest_ns = now_ns + self._digest_every_ns
        append_record(self._buffer, Turn(now_ns, list(facts), list(launches), digest))
        self.turns += 1
        # With every digest too, so that a killed process takes no more than the last seconds with it.
        if len(self._buffer) >= self._chunk_bytes or (digest and self._queue.empty()):
            self.flush()
            if self._in_file >= self._file_bytes and not self._gap:
                self._end_file(now_ns)
                if not self._gap:
                    self._begin_file(now_ns, continues=True)

    def flush(self) -> None:
        """Hand what has gathered to the writing thread."""
        if not self._buffer:
            return
        try:
            self._queue.put_nowait(bytes(self._buffer))
            self._in_file += len(self._buffer)
        except queue.Full:
            self._leave_gap()
        self._buffer.clear()

    def close(self, now_ns: int) -> None:
        """Write a last digest and wait for the thread."""
        if not self._thread.is_alive():
            return
        if not self._gap:
            self._end_file(now_ns)
        self._queue.put(None)
        self._thread.join(10.0)

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the journal."""
        return {
            "bytes_total": float(self.bytes_written),
            "turns_total": float(self.turns),
            "gaps_total": float(self.gaps),
            "waiting_chunks": float(self._queue.qsize()),
            "broken": float(self._broken),
        }

    def _end_file(self, now_ns: int) -> None:
        # With a digest, so that every file can be verified to its end without the next one.
        append_record(self._buffer, Turn(now_ns, digest=self._engine.digest(), ticked=False))
        self.flush()

    def _begin_file(self, now_ns: int, *, continues: bool) -> None:
        self._number += 1
        header = Header(
            version=self._version,
            epoch=self._epoch,
            number=self._number,
            continues=continues,
            now_ns=now_ns,
            pool=self._engine.pool,
            snapshot=self._engine.snapshot(),
            digest=self._engine.digest(),
        )
        self._next_digest_ns = now_ns + self._digest_every_ns
        head = bytearray(MAGIC)
        append_record(head, header)
        path = self._folder / file_name(self._opened_ns, self._epoch, self._number)
        try:
            # In one piece: no file is without its header.
            self._queue.put_nowait((path, bytes(head)))
            self._in_file = 0
        except queue.Full:
            self._number -= 1
            self._leave_gap()

    def _leave_gap(self) -> None:
        self._gap = True
        self.gaps += 1
        log.warning("the journal's disk does not keep up; the journal has a gap", extra={"gaps": self.gaps})

    def _resume(self, now_ns: int) -> None:
        if self._queue.qsize() <= _QUEUE_CHUNKS // 2:
            self._gap = False
            self._begin_file(now_ns, continues=False)

    # ---- in the thread -----------------------------------------------------------------------------------------

    def _write(self) -> None:
        file: BinaryIO | None = None
        try:
            while (item := self._queue.get()) is not None:
                if self._broken:
                    continue
                try:
                    if isinstance(item, tuple):
                        path, item = item
                        if file is not None:
                            file.close()
                        self._prune()
                        file = path.open("wb")
                    if file is not None:
                        file.write(item)
                        file.flush()
                        self.bytes_written += len(item)
                except OSError:
                    self._broken = True
                    log.exception("the journal can't be written and is switched off")
        finally:
            if file is not None:
                file.close()

    def _prune(self) -> None:
        files = sorted(self._folder.glob(f"*{SUFFIX}"))
        for path in files[: max(0, len(files) - self._keep + 1)]:
            path.unlink(missing_ok=True)
