"""Processes the telephone is tested with: the phone itself, people's softphones, SIPp, baresip and Kamailio."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# How long something may take to happen: it costs nothing where it happens at once, and the machine may be slow or busy.
PATIENCE_SECONDS = 30.0


def _free(ports: range) -> Iterator[int]:
    """One after another, over and over, those that nobody uses."""
    return filter(_nobodys, itertools.cycle(ports))


def _nobodys(port: int) -> bool:
    with contextlib.ExitStack() as probes:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind is socket.SOCK_STREAM)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


# These belong to these tests, below the ports that the kernel gives to others; each peer takes fresh ones, so that runs don't
# meet old packets.
SIP_PORTS = _free(range(15000, 15190, 2))
RTP_PORTS = _free(range(22000, 26000, 50))


def program(name: str, package: str = "") -> str:
    """The path of one of Debian's programs; these tests are about real peers, so they fail without it."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    return found or pytest.fail(f"{name} is not installed: apt-get install {package or name}")


def until(true: Callable[[], Any], within: float = PATIENCE_SECONDS, what: str = "") -> Any:
    """Wait for something to become true, and return it."""
    deadline = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < deadline, what or "did not happen in time"
        time.sleep(0.02)
    return found


class Peer:
    """A process that writes one JSON event per line, `at` the time of its own clock, which is the same as ours."""

    def __init__(self, script: str, *arguments: str) -> None:
        command = [sys.executable, str(HERE / script), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self.events: list[dict[str, Any]] = []
        self.noise: list[str] = []
        self._news = threading.Condition()
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            with self._news:
                if line.startswith('{"event"'):
                    self.events.append(json.loads(line))
                else:
                    self.noise.append(line.rstrip())
                self._news.notify_all()

    def write(self, line: str) -> None:
        """Give it a command."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def all(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The events of a kind so far."""
        with self._news:
            return [one for one in self.events if one["event"] == event and fields.items() <= one.items()]

    def wait(self, event: str, within: float = PATIENCE_SECONDS, after: int = 0, **fields: Any) -> dict[str, Any]:
        """The first event of a kind (after so many others of it), waited for."""
        deadline = time.monotonic() + within
        while len(found := self.all(event, **fields)) <= after:
            assert self.process.poll() is None, f"it died with {self.process.returncode}: {self.noise[-5:]}"
            assert time.monotonic() < deadline, f"no {event} {fields} in {self._told()}"
            with self._news:
                self._news.wait(0.05)
        return found[after]

    def _told(self) -> list[dict[str, Any]]:
        return [{**one, "pcm": "…"} if "pcm" in one else one for one in self.events if one["event"] != "AudioHeard"][
            -12:
        ]

    def kill(self) -> None:
        """End it the hard way."""
        self.process.kill()
        self.process.wait()


class Robot(Peer):
    """The telephone under test."""

    def __init__(self, **settings: Any) -> None:
        self.port = settings.setdefault("port", next(SIP_PORTS))
        settings.setdefault("rtp_port", next(RTP_PORTS))
        super().__init__("robot.py", json.dumps(settings))
        self.uri = f"sip:hotline@127.0.0.1:{self.port}"
        self.wait("Started", within=60)

    def order(self, method: str, *arguments: Any) -> Any:
        """Call a method of the phone and return what it returned; whatever it told before has arrived then."""
        return self.ordered(method, *arguments)["value"]

    def ordered(self, method: str, *arguments: Any) -> dict[str, Any]:
        """Call a method of the phone; what it returned, and when."""
        before = len(self.all("Returned", method=method))
        self.write(json.dumps([method, *arguments], default=str))
        return self.wait("Returned", after=before, method=method)

    def refuses(self, method: str, *arguments: Any) -> str:
        """Call a method that must raise, and return what it said."""
        before = len(self.all("Raised"))
        self.write(json.dumps([method, *arguments], default=str))
        return str(self.wait("Raised", after=before)["what"])

    def loudness(self, leg: int) -> int:
        """The loudest sample of the latest frame heard from a leg."""
        frames = self.all("AudioHeard", leg=leg)
        return loudest(frames[-1]) if frames else 0

    def heard_louder(self, leg: int, than: int) -> bool:
        """Whether any frame so far was louder."""
        return any(loudest(frame) > than for frame in self.all("AudioHeard", leg=leg))

    def close(self) -> int:
        """Close it by the book and return its exit status."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(PATIENCE_SECONDS)


class Softphone(Peer):
    """A person's phone that answers by itself, says one tone and tells those it hears."""

    def __init__(self, hertz: int) -> None:
        self.port = next(SIP_PORTS)
        super().__init__("softphone.py", str(self.port), str(next(RTP_PORTS)), str(hertz))
        self.uri = f"sip:phone@127.0.0.1:{self.port}"
        self.wait("Started", within=60)

    def hears(self, *tones: int, within: float = PATIENCE_SECONDS) -> None:
        """Wait until these tones are heard, and no other."""

        def told() -> list[dict[str, Any]]:
            return self.all("Hears")[-1:]

        until(lambda: told() and told()[0]["tones"] == list(tones), within, f"hears {told()} and not {tones}")


def loudest(frame: dict[str, Any]) -> int:
    """The loudest sample of an AudioHeard."""
    return max(map(abs, memoryview(bytes.fromhex(frame["pcm"])).cast("h")))


@contextlib.contextmanager
def robot(**settings: Any) -> Iterator[Robot]:
    """A telephone that must end cleanly."""
    with bystander(**settings) as own:
        yield own
        assert own.close() == 0


@contextlib.contextmanager
def bystander(**settings: Any) -> Iterator[Robot]:
    """A telephone that is only there for another one; it ends fast."""
    own = Robot(**settings)
    try:
        yield own
    finally:
        own.kill()


@contextlib.contextmanager
def softphone(hertz: int) -> Iterator[Softphone]:
    """A person's phone."""
    own = Softphone(hertz)
    try:
        yield own
    finally:
        own.kill()


class Sipp:
    """A SIPp run under way."""

    def __init__(self, folder: Path, scenario: str, target: int, *arguments: str, calls: int = 1) -> None:
        file = folder / f"scenario-{time.monotonic_ns()}.xml"
        file.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="test">\n{scenario}\n</scenario>\n')
        self.port = next(SIP_PORTS)
        own = ["-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1", "-mp", str(next(RTP_PORTS))]
        limits = ["-m", str(calls), "-l", str(calls), "-r", "20", "-timeout", "60s", "-timeout_error", "-nostdin"]
        command = [program("sipp", "sip-tester"), f"127.0.0.1:{target}", "-sf", str(file), *own, *limits, *arguments]
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def succeeds(self, within: float = 75.0) -> None:
        """Wait for its end, and see that every call went as the scenario says."""
        output, _ = self._process.communicate(timeout=within)
        assert self._process.returncode == 0, output[-3000:]


# How long silence is listened to where no answer is what is right.
SILENCE_SECONDS = 0.6


def answer_to(message: str, port: int, source: str = "127.0.0.1", within: float = 15.0) -> str:
    """The first line answered to a raw UDP packet; `PORT` and `SOURCE` in it are filled in; empty for silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((source, 0))
        own.settimeout(within)
        text = message.replace("PORT", str(own.getsockname()[1])).replace("SOURCE", source)
        own.sendto(text.replace("\n", "\r\n").encode(), ("127.0.0.1", port))
        try:
            return own.recv(4096).decode(errors="replace").split("\r\n")[0]
        except TimeoutError:
            return ""


def flood(message: str, port: int, times: int, source: str = "127.0.0.1") -> None:
    """A raw UDP packet so many times, as fast as they go."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((source, 0))
        text = message.replace("PORT", str(own.getsockname()[1])).replace("SOURCE", source)
        for _ in range(times):
            own.sendto(text.replace("\n", "\r\n").encode(), ("127.0.0.1", port))


OPTIONS = """OPTIONS sip:hotline@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP SOURCE:PORT;branch=z9hG4bKPORT;rport
From: <sip:a@example.org>;tag=1
To: <sip:hotline@127.0.0.1>
Call-ID: PORT
CSeq: 1 OPTIONS
Max-Forwards: 70
User-Agent: test
Content-Length: 0

"""


@contextlib.contextmanager
def kamailio(command: list[str], port: int, log: Path, asking: str = OPTIONS) -> Iterator[subprocess.Popen[bytes]]:
    """A Kamailio that answers OPTIONS on a port before it is used."""
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=written, stderr=written)
    try:
        said = "Kamailio does not answer"
        until(lambda: answer_to(asking, port, within=0.3) or process.poll() is not None, what=said)
        assert process.poll() is None, log.read_text()[-1500:]
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


BARESIP = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
sip_verify_server no
net_interface 127.0.0.1
rtp_ports {rtp}-{rtp_end}
audio_player aubridge,echo
audio_source aubridge,echo
audio_alert aubridge,alert
module_path {modules}
module g711.so
module g722.so
module aubridge.so
module_tmp account.so
module_app menu.so
"""


@contextlib.contextmanager
def baresip(folder: Path, *commands: str) -> Iterator[subprocess.Popen[bytes]]:
    """baresip on loopback, which says whatever it hears; its log is in the folder."""
    port, rtp = next(SIP_PORTS), next(RTP_PORTS)
    modules = next(path for path in Path("/usr/lib").glob("**/baresip/modules") if path.is_dir())
    values = {"port": port, "rtp": rtp, "rtp_end": rtp + 40, "folder": folder, "modules": modules}
    (folder / "config").write_text(BARESIP.format(**values))
    (folder / "accounts").write_text("<sip:bare@127.0.0.1>;regint=0;answermode=auto\n")
    (folder / "contacts").write_text("")
    asked = [argument for command in commands for argument in ("-e", command)]
    with (folder / "baresip.log").open("wb") as log:
        process = subprocess.Popen(
            [program("baresip"), "-f", str(folder), "-4", *asked], stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
