"""Entries that could not be written, in files beside the recordings; whoever writes, takes over or erases holds the folder's lock.

    PID.jsonl            left by a process that ended while the database was away: for the next that starts, or a living one that looks
    PID.refused.jsonl    what the database can't take: tried again by whoever starts, for a newer program may know better
    PID.claimed-PROCESS  somebody writes it now; who died at it is told by the name (`processes`), and another one claims it

Some entries of a claimed file may be in the database already: whoever writes it looks (`journal.write`, `again`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import structlog

from ivr.records.processes import lives_here, own_name

log = structlog.get_logger()
Entry = dict[str, Any]
CLAIM_SECONDS = 30.0
_LEFT, _REFUSED, _CLAIMED = ".jsonl", ".refused.jsonl", ".claimed-"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def keep(folder: Path, entry: Entry, refused: bool = False) -> None:
    """Keep an entry for another process, or in the log if even that fails."""
    file = folder / f"{os.getpid()}{_REFUSED if refused else _LEFT}"
    try:
        with _locked(folder):
            _append(file, f"{json.dumps(entry, ensure_ascii=False)}\n".encode())
    except OSError as fault:
        log.error("records.spill_failed", fault=str(fault), entry=entry)


def _append(file: Path, line: bytes) -> None:
    """All of it or nothing: half a line, left by a full disk, would spoil the next one too."""
    with file.open("ab", buffering=0) as out:
        size = out.seek(0, os.SEEK_END)
        try:
            if out.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            out.truncate(size)
            raise


def take_over(folder: Path, quiet_seconds: float = 0.0) -> Iterator[tuple[Path, list[Entry]]]:
    """What other processes could not write, file by file; whoever has written what is in one removes it.

    A file is claimed by renaming it, which keeps two from taking it. One that somebody claimed who died is claimed again. With
    `quiet_seconds` what was written to lately is let alone, for more may come, and so is what the database refused.
    """
    if not folder.exists():
        return
    left = (file for file in folder.glob(f"*{_LEFT}") if not quiet_seconds or _is_quiet(file, quiet_seconds))
    for file in sorted((*left, *(each for each in folder.glob(f"*{_CLAIMED}*") if _orphaned(each)))):
        pid = re.split(r"[.-]", file.name)[0]  # another file of the same process may be claimed already
        claimed = folder / f"{pid}-{secrets.token_hex(4)}{_CLAIMED}{own_name('spool')}"
        try:
            with _locked(folder):
                file.rename(claimed)
                claimed.touch()
            lines = _lines(claimed)
        except FileNotFoundError:
            continue  # another process was faster
        except OSError as fault:
            log.error("records.replay_failed", file=str(file), fault=str(fault))
            continue
        yield claimed, [entry for entry in map(_entry, lines) if entry is not None]


def give_back(claimed: Path) -> None:
    """Leave a claimed file for others: what is in it could not be written."""
    with contextlib.suppress(OSError):
        claimed.rename(claimed.with_name(f"{claimed.name.partition(_CLAIMED)[0]}{_LEFT}"))


def _is_quiet(file: Path, seconds: float) -> bool:
    """Whether nobody has written to it for so long, whichever way the clock was set; refused ones are for who starts."""
    with contextlib.suppress(FileNotFoundError):
        return not file.name.endswith(_REFUSED) and abs(time.time() - file.stat().st_mtime) > seconds
    return False


def _orphaned(claimed: Path) -> bool:
    """Whether whoever claimed it died; a claim of a moment ago may be another host's, where the folder is shared."""
    return _is_quiet(claimed, CLAIM_SECONDS) and not lives_here(claimed.name.partition(_CLAIMED)[2])


def _entry(line: str) -> Entry | None:
    """The entry on a line; None where a crash cut it short."""
    try:
        entry = json.loads(line)
    except ValueError:
        log.error("records.entry_cut_short", characters=len(line))
        return None
    return entry if isinstance(entry, dict) else None


def drop(folder: Path, calls: Collection[str]) -> int:
    """Take the entries of calls out again, claimed ones too; how many. A file is replaced whole or stays as it was."""
    if not folder.exists():
        return 0
    dropped = 0
    with _locked(folder):
        for file in _files(folder):
            lines = _lines(file)
            kept = [line for line in lines if _call_of(line) not in calls]
            if len(kept) < len(lines):
                new = file.with_name(f"{file.name}.new")
                new.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
                new.replace(file)
                dropped += len(lines) - len(kept)
    return dropped


def waiting(folder: Path) -> int:
    """How many entries wait for a process that writes them."""
    return sum(len(_lines(file)) for file in _files(folder) if not file.name.endswith(_REFUSED))


def refused(folder: Path) -> int:
    """How many entries the database can't take."""
    return sum(len(_lines(file)) for file in _files(folder) if file.name.endswith(_REFUSED))


def count(folder: Path, calls: Collection[str]) -> int:
    """How many entries of these calls wait."""
    return sum(_call_of(line) in calls for file in _files(folder) for line in _lines(file))


def _files(folder: Path) -> tuple[Path, ...]:
    return (*folder.glob(f"*{_LEFT}"), *folder.glob(f"*{_CLAIMED}*")) if folder.exists() else ()


def _lines(file: Path) -> list[str]:
    """One for each entry, the last perhaps cut short by a crash; none where somebody has written all to the database meanwhile.

    JSON escapes no other ends of lines than this one.
    """
    try:
        return [line for line in file.read_text(encoding="utf-8", errors="replace").split("\n") if line]
    except FileNotFoundError:
        return []


def _call_of(line: str) -> str:
    """Of the entry on a line; empty where a crash cut it short."""
    try:
        return str(json.loads(line)["call_id"])
    except (ValueError, KeyError, TypeError):
        return ""
