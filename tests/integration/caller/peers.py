"""Foreign phones for the synthetic caller to meet: baresip and SIPp, bound to loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from ivr.caller import sound

# How long something may take to happen: it costs nothing where it happens at once, and the machine may be slow or busy.
PATIENCE_SECONDS = 30.0
BARESIP = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
rtp_ports 27900-27990
audio_player aufile,{folder}/heard.wav
audio_source aufile,{folder}/tone.wav
audio_alert aufile,{folder}/none.wav
module_path {modules}
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
"""


def needed(program: str) -> str:
    """The path of a program of Debian's; these tests are about real peers, so without one they fail."""
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is not installed: apt-get install {'sip-tester' if program == 'sipp' else program}")
    return found


def text(log: Path) -> str:
    """What was written so far."""
    return log.read_text(errors="replace")


async def written_to(log: Path, words: str) -> None:
    """Wait until the words are there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while words not in text(log):
        assert time.monotonic() < deadline, f"no `{words}` in: {text(log)[-2000:]}"
        await asyncio.sleep(0.05)


def _modules() -> Path:
    """Debian keeps them in /usr/lib or in the folder of the architecture."""
    return next(path for path in Path("/usr/lib").glob("**/baresip/modules") if path.is_dir())


@contextlib.asynccontextmanager
async def baresip(folder: Path, port: int, hertz: float = 440) -> AsyncIterator[Path]:
    """A phone that answers by itself and plays a tone; gives the path of its log."""
    (folder / "config").write_text(BARESIP.format(port=port, folder=folder, modules=_modules()))
    (folder / "accounts").write_text("<sip:bare@127.0.0.1>;regint=0;answermode=auto\n")
    (folder / "contacts").write_text("")
    sound.write_wav(folder / "tone.wav", sound.tone(hertz, 20))
    log = folder / "log"
    with log.open("wb") as written:
        command = (needed("baresip"), "-f", str(folder), "-4")
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=written, stderr=written)
        try:
            await written_to(log, "baresip is ready")
            yield log
        finally:
            process.terminate()
            await process.wait()


class Sipp:
    """A SIPp run under way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def finish(self, within_seconds: float = 75) -> tuple[int, str]:
        """Its exit status (0: every call went as its scenario says) and what it printed."""
        output, _ = await asyncio.wait_for(self._process.communicate(), within_seconds)
        return self._process.returncode or 0, output.decode(errors="replace")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


@contextlib.asynccontextmanager
async def sipp(folder: Path, port: int, *arguments: str, scenario: str = "") -> AsyncIterator[Sipp]:
    """SIPp with one call, by a scenario of its own XML or by built-in ones named in the arguments."""
    extra: Sequence[str] = ()
    if scenario:
        file = folder / "scenario.xml"
        file.write_text(scenario)
        extra = ("-sf", str(file))
    common = ("-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin", "-trace_err", "-timeout", "60s")
    pipe, environment = asyncio.subprocess.PIPE, {**os.environ, "TERM": "dumb"}
    process = await asyncio.create_subprocess_exec(
        needed("sipp"), *common, *extra, *arguments, cwd=folder, env=environment, stdout=pipe, stderr=pipe
    )
    running = Sipp(process)
    try:
        yield running
    finally:
        running.kill()
