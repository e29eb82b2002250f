"""Getting a model: download (resumed where it broke off), check, unpack without trusting the archive, load on trial, put in place.

The archive stays beside the models as `.NAME.zip.part` until it is whole and right; a model appears in one step or not at all.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import httpx

from ivr.errors import ModelError, Place
from ivr.speech.catalogue import Official
from ivr.speech.models import SpeechModel, inspect, tried

Progress = Callable[[int, int | None], None]

TRIES = 4
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MOST_UNPACKED_BYTES = 12 * 1024**3
_MOST_FILES = 500
_RESUMABLE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout)


def get(model: Official, url: str, folder: Path, progress: Progress, pause_seconds: float = 1.0) -> SpeechModel:
    """Fetch a model into `folder`/NAME; raises ModelError, and leaves what arrived so that the next attempt goes on."""
    _check_room(model, folder)
    part = folder / f".{model.name}.zip.part"
    tries, arrived = 0, _size(part)
    while True:
        try:
            _download(url, part, model, progress)
            break
        except _RESUMABLE as fault:
            # A line that breaks off every minute is slow, not hopeless: only tries that brought nothing count.
            tries, arrived = (1 if _size(part) > arrived else tries + 1), _size(part)
            if tries == TRIES:
                what = f"{url} broke off ({type(fault).__name__}), {arrived / 1e6:.1f} MB are here"
                raise ModelError(what, f"run `ivr models get {model.name}` again: it goes on from there") from None
            time.sleep(pause_seconds * tries)
        except (httpx.TransportError, httpx.InvalidURL) as fault:
            raise ModelError(f"{url} can't be reached: {fault}", _elsewhere(model, url)) from None
    return install(model, part, folder, remove=True)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _elsewhere(model: Official, url: str) -> str:
    return f"fetch {url} on a machine with internet and run `ivr models get {model.name} --from FILE.zip`"


def _check_room(model: Official, folder: Path) -> None:
    if (folder / model.name).exists():
        raise ModelError("is there already", "remove the folder to fetch it again", Place(folder / model.name))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as fault:
        raise ModelError(
            f"can't be made: {fault.strerror}", "check `speech.models` in config.yaml", Place(folder)
        ) from None
    needed = 3 * (model.bytes or 0)
    if free < needed:
        raise ModelError(f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free", "make room", Place(folder))


def _download(url: str, part: Path, model: Official, progress: Progress) -> None:
    have = _size(part)
    if model.bytes and have >= model.bytes:
        return  # whole, or wrong: the checks decide
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True) as answer:
        if answer.status_code == 416:
            return
        if answer.status_code not in (200, 206):
            what = f"{url} answered {answer.status_code} {answer.reason_phrase}"
            raise ModelError(what, _elsewhere(model, url))
        goes_on = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if goes_on else 0
        length = answer.headers.get("Content-Length", "")
        total = model.bytes or (have + int(length) if length.isdigit() else None)
        _save(answer, part, have, total, progress)


def _save(answer: httpx.Response, part: Path, have: int, total: int | None, progress: Progress) -> None:
    try:
        with part.open("ab" if have else "wb") as out:
            for piece in answer.iter_raw():
                out.write(piece)
                have += len(piece)
                progress(have, total)
    except OSError as fault:
        raise ModelError(f"can't be written: {fault.strerror}", "make room, then run it again", Place(part)) from None


def install(model: Official, archive: Path, folder: Path, remove: bool = False) -> SpeechModel:
    """Check an archive and put the model in place; `remove` deletes the archive, right or wrong. Raises ModelError."""
    target, unpacked = folder / model.name, folder / f".{model.name}.unpacking"
    if target.exists():
        raise ModelError("is there already", "remove the folder to install it again", Place(target))
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        _check_archive(model, archive)
        unpack(archive, unpacked)
        found = unpacked / model.name if (unpacked / model.name).is_dir() else _only_folder(unpacked)
        tried(found)
        found.rename(target)
    except OSError as fault:
        raise ModelError(
            f"can't be unpacked: {fault.strerror}", "make room, then run it again", Place(folder)
        ) from None
    except ModelError:
        if remove:
            archive.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    if remove:
        archive.unlink(missing_ok=True)
    return inspect(target)


def _check_archive(model: Official, archive: Path) -> None:
    try:
        size = archive.stat().st_size
    except OSError as fault:
        raise ModelError(f"can't be read: {fault.strerror}", "check the file's name", Place(archive)) from None
    if model.bytes and size != model.bytes:
        what = f"has {size:,} bytes, {model.name} has {model.bytes:,}"
        raise ModelError(what, "fetch it again", Place(archive))
    if model.sha256:
        with archive.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != model.sha256:
            what = f"has SHA-256 {digest[:12]}…, {model.name} has {model.sha256[:12]}…"
            raise ModelError(what, "it is damaged or not what it claims to be: fetch it again", Place(archive))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ZIP whose paths stay inside `folder`; raises ModelError for anything else, before a byte is written."""
    try:
        with zipfile.ZipFile(archive) as content:
            members = content.infolist()
            for member in members:
                _check_member(archive, member)
            if len(members) > _MOST_FILES or sum(each.file_size for each in members) > _MOST_UNPACKED_BYTES:
                raise ModelError("unpacks to more than a model can be", "don't use this file", Place(archive))
            content.extractall(folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as fault:
        raise ModelError(f"is no sound ZIP archive: {fault}", "fetch it again", Place(archive)) from None


def _check_member(archive: Path, member: zipfile.ZipInfo) -> None:
    path, mode = PurePosixPath(member.filename.replace("\\", "/")), member.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or ":" in member.filename or stat.S_ISLNK(mode):
        raise ModelError(
            f"holds a path that leads out of it: {member.filename!r}", "don't use this file", Place(archive)
        )


def _only_folder(unpacked: Path) -> Path:
    folders = [each for each in unpacked.iterdir() if each.is_dir()]
    return folders[0] if len(folders) == 1 else unpacked
