"""The Kamailio binary: where it is, its files on disk, whether it accepts them, and how to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.resources import files as package_files
from pathlib import Path

import structlog

from ivr.config import Settings
from ivr.edge import configuration
from ivr.edge.certificate import check_certificate, not_valid_now
from ivr.errors import ConfigError, UserError

log = structlog.get_logger()
FOLDER = Path("var/edge")
SHARED_MEGABYTES, PRIVATE_MEGABYTES = "64", "8"


def find_kamailio(tls: bool = False) -> Path:
    """Kamailio's program; raises UserError with the line that installs it."""
    # Debian puts it into /usr/sbin, which is not on every user's PATH.
    found = shutil.which("kamailio", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    packages = "kamailio kamailio-tls-modules" if tls else "kamailio"
    if found is None:
        what = "more than one worker needs Kamailio as the edge, and it is not installed"
        raise UserError(what, f"apt-get install {packages}; or set `workers: 1`")
    # A Kamailio of one's own build may keep its modules elsewhere: its own check has the last word.
    modules = list(Path("/usr/lib").glob("**/kamailio/modules")) if tls else []
    if modules and not any((folder / "tls.so").exists() for folder in modules):
        raise UserError("`sip.tls` needs Kamailio's TLS module, and it is not installed", f"apt-get install {packages}")
    return Path(found)


def write(settings: Settings) -> Path:
    """Write the edge's files under var/edge and return the main one; secrets are readable by us only."""
    folder = settings.path(FOLDER)
    texts = dict(configuration.files(settings, folder))
    texts["kamailio.cfg"] = (package_files("ivr.edge") / "kamailio.cfg").read_text(encoding="utf-8")
    try:
        for name, text in texts.items():
            _write(folder / name, text)
    except OSError as fault:
        raise UserError(f"{folder}: can't be written: {fault.strerror}", "check the folder's owner and space") from None
    return folder / "kamailio.cfg"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(file.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(new, file)


def validate(kamailio: Path, file: Path) -> None:
    """Have Kamailio check its configuration; raises ConfigError with its first complaint."""
    done = subprocess.run([kamailio, "-c", "-f", file], capture_output=True, text=True, timeout=30)
    if done.returncode:
        complaints = [line for line in done.stderr.splitlines() if "ERROR" in line or "CRITICAL" in line]
        raise ConfigError(
            f"Kamailio refuses its configuration: {(complaints or ['no reason given'])[0]}", f"see {file}"
        )


def edge_command(settings: Settings) -> list[str]:
    """The command line of the edge, its files written and checked; raises UserError where something is missing."""
    kamailio = find_kamailio(tls=settings.sip.tls is not None)
    if tls := settings.sip.tls:
        check_certificate(settings.path(tls.certificate), settings.path(tls.key))
        if why := not_valid_now(settings.path(tls.certificate), datetime.now(UTC)):
            log.error("edge.certificate_not_valid", why=why)
    file = write(settings)
    validate(kamailio, file)
    memory = ["-m", SHARED_MEGABYTES, "-M", PRIVATE_MEGABYTES]
    return [str(kamailio), "-f", str(file), "-DD", "-E", *memory, "-Y", str(file.parent), "-w", str(file.parent)]
