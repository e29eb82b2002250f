"""Entries that could not be written, in files beside the recordings; whoever writes, takes over or erases holds the folder's lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import structlog

from ivr.records.processes import lives_here, own_name

log = structlog.get_logger()
Entry = dict[str, Any]
CLAIM_SECONDS = 30.0


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def keep(folder: Path, entry: Entry) -> None:
    """Keep an entry for the next process, or in the log if even that fails."""
    try:
        with _locked(folder), (folder / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    except OSError as fault:
        log.error("records.spill_failed", fault=str(fault), entry=entry)


def take_over(folder: Path) -> Iterator[tuple[Path, list[Entry]]]:
    """What earlier processes could not write, file by file; whoever has written what is in one removes it.

    A file is claimed by renaming it, which keeps two from taking it. One that somebody claimed who died is claimed again.
    """
    if not folder.exists():
        return
    for file in sorted((*folder.glob("*.jsonl"), *(each for each in folder.glob("*.claimed-*") if _orphaned(each)))):
        # A name of its own: in a container, where numbers of processes come again, two files would get the same one.
        claimed = folder / f"{uuid.uuid4().hex}.claimed-{own_name('spool')}"
        try:
            with _locked(folder):
                file.rename(claimed)
                claimed.touch()
            lines = claimed.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            continue  # another process was faster
        except (OSError, ValueError) as fault:
            log.error("records.replay_failed", file=str(file), fault=str(fault))
            continue
        yield claimed, [entry for entry in map(_entry, lines) if entry is not None]


def _orphaned(claimed: Path) -> bool:
    """Whether whoever claimed it died; a claim of a moment ago may be another host's, where the folder is shared."""
    try:
        young = time.time() - claimed.stat().st_mtime < CLAIM_SECONDS
    except FileNotFoundError:
        return False
    return not young and not lives_here(claimed.name.partition(".claimed-")[2])


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
        for file in (*folder.glob("*.jsonl"), *folder.glob("*.claimed-*")):
            lines = file.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _call_of(line) not in calls]
            if len(kept) < len(lines):
                new = file.with_name(f"{file.name}.new")
                new.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
                new.replace(file)
                dropped += len(lines) - len(kept)
    return dropped


def waiting(folder: Path) -> int:
    """How many entries wait for a process that writes them."""
    return sum(len(text.splitlines()) for text in map(_read, _files(folder)))


def count(folder: Path, calls: Collection[str]) -> int:
    """How many entries of these calls wait."""
    return sum(_call_of(line) in calls for text in map(_read, _files(folder)) for line in text.splitlines())


def _files(folder: Path) -> tuple[Path, ...]:
    return (*folder.glob("*.jsonl"), *folder.glob("*.claimed-*")) if folder.exists() else ()


def _read(file: Path) -> str:
    """What is in it; nothing where somebody has written it to the database meanwhile."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _call_of(line: str) -> str:
    """Of the entry on a line; empty where a crash cut it short."""
    try:
        return str(json.loads(line)["call_id"])
    except (ValueError, KeyError, TypeError):
        return ""
