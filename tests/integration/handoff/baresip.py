"""baresip as a customer: dials, speaks a recording, keeps what it hears, and follows a REFER without knowing Replaces."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
rtp_ports {rtp}-{last_rtp}
audio_player aufile,{folder}/heard.wav
audio_source aufile,{folder}/says.wav
audio_alert aufile,{folder}/none.wav
module_path {modules}
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
"""


def _modules() -> Path:
    """Debian keeps them in /usr/lib or in the folder of the architecture."""
    return next(path for path in Path("/usr/lib").glob("**/baresip/modules") if path.is_dir())


@contextlib.asynccontextmanager
async def baresip(folder: Path, port: int, rtp: int, *commands: str) -> AsyncIterator[Path]:
    """Speaks `says.wav` of the folder in every call; gives the path of its log."""
    values = {"port": port, "rtp": rtp, "last_rtp": rtp + 20, "folder": folder, "modules": _modules()}
    (folder / "config").write_text(CONFIG.format(**values))
    (folder / "accounts").write_text("<sip:13800004567@127.0.0.1>;regint=0;answermode=auto\n")
    (folder / "contacts").write_text("")
    program = shutil.which("baresip") or pytest.fail("baresip is not installed: apt-get install baresip-core")
    asked = [argument for command in commands for argument in ("-e", command)]
    log = folder / "log"
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            program, "-f", str(folder), "-4", *asked, stdin=asyncio.subprocess.PIPE, stdout=written, stderr=written
        )
        try:
            yield log
        finally:
            process.terminate()
            await process.wait()
