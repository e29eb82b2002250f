"""Who sends a written confirmation: a file for trying out, or the shop's own SMS gateway by webhook."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import httpx

from order_lookup.errors import DownError


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to send; `to` is a phone, or `staff:QUEUE`; `key` is the same however often it is tried."""

    key: str
    to: str
    template: str
    language: str
    body: str


class Messenger(Protocol):
    """Sends letters; a key that comes twice is sent once."""

    async def send(self, letter: Letter) -> None:
        """Send it; DownError when it should be tried again."""
        ...


class FileMessenger:
    """Writes letters into a file that only this user may read, a line of JSON each."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys: set[str] | None = None

    async def send(self, letter: Letter) -> None:
        """Append the letter unless it is there already."""
        await asyncio.to_thread(self._append, letter)

    def keys(self) -> set[str]:
        """The letters in the file, by key; a line cut short by a crash doesn't count, its letter is written again."""
        return {key for line in self._lines() if (key := _key(line))}

    def drop(self, keys: Set[str]) -> int:
        """Take letters out of the file again; how many."""
        try:
            with self._locked():
                lines = self._lines()
                kept = [line for line in lines if _key(line) not in keys]
                if len(kept) < len(lines):
                    new = self._file.with_name(self._file.name + ".new")
                    with open(new, "w", encoding="utf-8", opener=_private) as out:
                        out.writelines(f"{line}\n" for line in kept)
                    new.replace(self._file)
        except OSError as error:
            raise DownError(f"{self._file}: {error.strerror}") from error
        return len(lines) - len(kept)

    def _append(self, letter: Letter) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                if self._keys is None:
                    self._keys = self.keys()
                if letter.key in self._keys:
                    return
                with open(self._file, "a", encoding="utf-8", opener=_private) as out:
                    out.write(json.dumps(asdict(letter), ensure_ascii=False) + "\n")
        except OSError as error:
            raise DownError(f"{self._file}: {error.strerror}") from error
        self._keys.add(letter.key)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One writes at a time, of however many processes."""
        with open(self._file.with_name(self._file.name + ".lock"), "w", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _lines(self) -> list[str]:
        return self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _key(line: str) -> str:
    """Of the letter on a line; empty where there is none."""
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError):
        return ""


class WebhookMessenger:
    """Posts letters as JSON; the key goes along as Idempotency-Key, and 2xx means sent.

    The timeout is on the whole answer, of which only the status is read: a gateway that sends a byte a second is down, too.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, timeout_seconds: float = 5.0) -> None:
        self._url, self._timeout_seconds = url, timeout_seconds
        self._client = httpx.AsyncClient(
            headers=dict(headers or {}), timeout=timeout_seconds, follow_redirects=False, trust_env=False
        )

    async def send(self, letter: Letter) -> None:
        """Post the letter."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status = await self._post(letter)
        except TimeoutError as error:
            raise DownError(f"message webhook: no answer within {self._timeout_seconds:g} s") from error
        except httpx.HTTPError as error:
            raise DownError(f"message webhook: {type(error).__name__}") from error
        if not 200 <= status < 300:
            raise DownError(f"message webhook answered {status}")

    async def _post(self, letter: Letter) -> int:
        key = {"Idempotency-Key": letter.key.encode().hex()}
        async with self._client.stream("POST", self._url, json=asdict(letter), headers=key) as answer:
            return answer.status_code

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
