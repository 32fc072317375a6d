"""A real Asterisk, a carrier and agents' phones (SIPp) on loopback, for tests. All files are under .lab."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
FRAGMENT = PROJECT / "outpace" / "telephony" / "asterisk" / "outpace.conf"
SECRET = "lab-secret"
COUNTRY = "49"

#: Ports that the two SIPps of a lab use for media.
MEDIA_PORTS = 10
_MEDIA_GIVEN: set[int] = set()
_GIVEN: set[int] = set()
_NAMES: Counter[str] = Counter()

#: Behaviours of the carrier, the first three digits of a national number (see sipp-carrier.xml).
SILENT, HUMAN, MACHINE, EARLY_MEDIA = 100, 101, 102, 103
RINGS, NO_PROVISIONAL, EARLY_BYE = 180, 181, 188

_GREETING = (
    "Hello, you have reached our voice mail. We cannot take your call right now. Please leave a message after the tone "
    "and we will call you back as soon as we can."
)
_VOICES = {
    "human.ul": ("Hello?", ["gain", "-6", "pad", "0.4", "6"]),
    "machine.ul": (_GREETING, ["gain", "-6", "pad", "0.2", "2"]),
}


def number(behaviour: int, serial: int, *, ring_ds: int = 0, talk_ds: int = 0) -> int:
    """An E.164 number that the carrier answers so: rings and talks so many tenths of a second (talk 0 = for ever)."""
    return int(f"{COUNTRY}{behaviour:03d}{ring_ds:02d}{talk_ds:03d}{serial:05d}")


def free_ports(count: int) -> list[int]:
    """Ports that are free for TCP and UDP now, all different, and that nobody in this process was given before.

    They lie below the ports that the system gives out by itself. Of those a client may be given the very one that it
    connects to, as long as nobody listens there: it is connected to itself then, and whoever was to listen cannot.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(12_000, 20_000)
        if port in _GIVEN:
            continue
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
        _GIVEN.add(port)
        found.append(port)
    return found


def free_media_ports() -> int:
    """The first of MEDIA_PORTS ports that are free for UDP and that no other lab of this process has been given.

    They lie above the lab's Asterisk's own range and below the ports that the system gives out by itself.
    """
    for first in range(28000, 32000, MEDIA_PORTS):
        if first in _MEDIA_GIVEN:
            continue
        held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(MEDIA_PORTS)]
        try:
            for port, one in enumerate(held, first):
                one.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
        _MEDIA_GIVEN.add(first)
        return first
    raise LabError("no free ports for media from 28000 to 31999")


class LabError(Exception):
    """The lab cannot be made; says what the command said."""


class Lab:
    """One Asterisk with its carrier and its agents' phones. `name` tells labs that run side by side apart."""

    def __init__(self, name: str = "main", *, suite: str = "sid") -> None:
        # a session may hold several labs of one name: each conftest that takes the fixture has its own
        _NAMES[name] += 1
        name = f"{name}{_NAMES[name]}"
        self.root = PROJECT / ".lab" / f"{name}-{os.getpid()}"
        _remove_orphans(PROJECT / ".lab", name)
        self.suite = suite
        self.cache = PROJECT / ".lab" / "cache"
        self.ami_port, sip, self._carrier_port, self._agent_port = free_ports(4)
        self._media = free_media_ports()
        self._sipp: list[subprocess.Popen[bytes]] = []
        self._env = os.environ | {
            "LAB_SUITE": suite,
            "LAB_CACHE": str(self.cache),
            "LAB_FRAGMENT": str(FRAGMENT),
            "LAB_AMI_PORT": str(self.ami_port),
            "LAB_SIP_PORT": str(sip),
            "LAB_CARRIER_PORT": str(self._carrier_port),
            "LAB_AGENT_PORT": str(self._agent_port),
            "LAB_SECRET": SECRET,
        }

    # ---- Asterisk ------------------------------------------------------------------------------------------------

    def _script(self, verb: str, *words: str, timeout: float = 300.0) -> str:
        done = subprocess.run(
            [str(HERE / "asterisk-lab.sh"), verb, str(self.root), *words],
            env=self._env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise LabError(f"asterisk-lab.sh {verb}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def start_asterisk(self) -> None:
        """Provision if needed, start, and wait until it has booted."""
        self._script("up")

    def stop_asterisk(self) -> None:
        """End it in good order."""
        self._script("down")

    def kill_asterisk(self) -> None:
        """kill -9, and wait until it is gone."""
        pid = int((self.root / "asterisk.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while runs(pid):
            if time.monotonic() > deadline:
                raise LabError(f"asterisk {pid} does not die")
            time.sleep(0.02)

    def pause_asterisk(self, *, on: bool) -> None:
        """Stop its process so that it answers nothing, or let it go on."""
        os.kill(int((self.root / "asterisk.pid").read_text()), signal.SIGSTOP if on else signal.SIGCONT)

    def cli(self, command: str) -> str:
        """One command of Asterisk's console."""
        return self._script("cli", command)

    def wait_until_idle(self) -> None:
        """Hang everything up and wait until no channel is left."""
        self.cli("channel request hangup all")
        deadline = time.monotonic() + 10
        while not self.cli("core show channels count").startswith("0 active channels"):
            if time.monotonic() > deadline:
                left = self.cli("core show channels concise")
                if any(not line.startswith("Surrogate/") for line in left.splitlines()):
                    raise LabError(f"channels are left: {left}")
                # the stand-in of a channel that a bridge took has lost its thread: it ends with the process only
                print(f"Asterisk is started again, to be rid of {left}")
                self.kill_asterisk()
                self.start_asterisk()
                return
            time.sleep(0.05)

    def log(self) -> str:
        """Asterisk's notices, warnings and errors."""
        path = self.root / "log" / "messages"
        return path.read_text(errors="replace") if path.exists() else ""

    # ---- SIPp ------------------------------------------------------------------------------------------------------

    def start_phones(self) -> None:
        """Start the carrier and the agents' phones."""
        self._start_sipp("carrier", self._carrier_port, self._media)
        self._start_sipp("agents", self._agent_port, self._media + 4)

    def _start_sipp(self, name: str, port: int, media_port: int) -> None:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        make_voices(folder)
        command = [
            "sipp", "-sf", str(HERE / "sipp-carrier.xml"), "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1",
            "-mp", str(media_port), "-aa", "-nostdin", "-default_behaviors", "all,-abortunexp", "-l", "15000",
            "-recv_timeout", "600000", "-buff_size", "8000000", "-trace_logs", "-log_file", "invites.log",
            "-trace_err", "-error_file", "errors.log",
        ]  # fmt: skip
        with (folder / "screen").open("wb") as screen:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=screen, stderr=subprocess.STDOUT
            )
        self._sipp.append(process)
        deadline = time.monotonic() + 30
        while not _udp_bound(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"sipp ({name}) did not start: {(folder / 'screen').read_text()[-2000:]}")
            time.sleep(0.02)

    def dialled(self) -> Counter[int]:
        """How many calls the carrier was offered, per E.164 number; retransmissions count once."""
        path = self.root / "carrier" / "invites.log"
        seen: set[tuple[str, str]] = set()
        for line in path.read_text(errors="replace").splitlines() if path.exists() else ():
            words = line.split()
            if "INVITE" in words:
                at = words.index("INVITE")
                seen.add((words[at + 1], words[at + 2]))
        return Counter(int(COUNTRY + digits) for digits, _ in seen)

    def close(self) -> None:
        """Stop everything that this lab has started."""
        for process in self._sipp:
            process.kill()
            process.wait()
        self._sipp.clear()
        if self.root.exists():
            self._script("down")


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended; one that only waits to be reaped has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:  # reaped, maybe while it was looked at
        return False


def _remove_orphans(folder: Path, name: str) -> None:
    # A run that was killed leaves its Asterisk behind; its own log is kept until the next run.
    for path in folder.glob(f"{name}-*"):
        owner = path.name.rpartition("-")[2]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            subprocess.run([str(HERE / "asterisk-lab.sh"), "down", str(path)], capture_output=True, check=False)
            shutil.rmtree(path, ignore_errors=True)


def install() -> None:
    """Install SIPp and the voices' tools where they are missing."""
    done = subprocess.run([str(HERE / "install.sh")], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise LabError(done.stderr[-2000:])


def make_voices(folder: Path) -> None:
    """Raw mu-law files that SIPp plays: somebody's hello, a machine's greeting, and an exchange's ringback."""
    for name, (text, effects) in _VOICES.items():
        if not (folder / name).exists():
            _run(["espeak-ng", "-v", "en", "-w", f"{name}.wav", text], folder)
            _run(["sox", f"{name}.wav", "-r", "8000", "-c", "1", "-t", "ul", name, *effects], folder)
    if not (folder / "ringback.ul").exists():
        tone = ["synth", "2", "sine", "440", "sine", "480", "remix", "-", "gain", "-12"]
        _run(["sox", "-n", "-r", "8000", "-c", "2", "-t", "ul", "ringback.ul", *tone], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise LabError(f"{command[0]}: {done.stderr[-1000:]}")


def _udp_bound(port: int) -> bool:
    wanted = f":{port:04X}"
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(wanted) for line in lines)
