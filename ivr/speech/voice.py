"""Prompts as WAV files (`ivr.ports.Voice`): a human's recording first, whole or in pieces, then the prompt cache, then the voice process.

The cache is looked into here, so prompts that were said before go on while the voice process is down.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from ivr.commands import Prompt
from ivr.config import Settings, VoiceSettings
from ivr.errors import AudioFormatError, VoiceUnavailable
from ivr.speech.audio import read_wav
from ivr.speech.pieces import Piece, fingerprint
from ivr.speech.prompt_cache import PRIVATE_SECONDS, PromptCache, Speaking, words_per_minute
from ivr.speech.recordings import Recordings, together
from ivr.values import Language

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 1.0
SAY_SECONDS = 5.0
BACKGROUND_SECONDS = 120.0


class CachedVoice:
    """Finds or makes the WAV file of a prompt; `voices` replaces the settings' voices (the synthetic caller's own voice)."""

    def __init__(
        self,
        settings: VoiceSettings,
        cache: Path,
        prompts: Path | None = None,
        voices: Mapping[Language, str] | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self._settings, self._address = settings, address
        self._recordings = Recordings(prompts) if prompts else None
        self._cache = PromptCache(cache)
        self._voices: dict[Language, str] = {"zh": settings.zh, "en": settings.en, **(voices or {})}
        self._private: dict[Path, float] = {}

    @classmethod
    def of(cls, settings: Settings, voices: Mapping[Language, str] | None = None) -> CachedVoice:
        """The voice that config.yaml describes."""
        cache, prompts = settings.path(settings.voice.cache), settings.path(settings.dialplan.prompts)
        return cls(settings.voice, cache, prompts, voices)

    async def wav(self, prompt: Prompt) -> Path:
        """Return an 8 kHz mono 16-bit WAV of the prompt; raises VoiceUnavailable."""
        recorded = await self._recorded(prompt)
        if recorded:
            return recorded
        if prompt.sensitive:
            return await self._private_file(prompt)
        return self._cached(prompt) or await self._ask(prompt, background=False)

    async def render_all(self, prompts: Iterable[Prompt]) -> int:
        """Make prompts ahead, behind those that calls wait for; returns how many were new. Raises VoiceUnavailable."""
        new = 0
        for prompt in prompts:
            if prompt.sensitive or await self._recorded(prompt) or self._cached(prompt):
                continue
            await self._ask(prompt, background=True)
            new += 1
        return new

    def forget(self, file: Path) -> None:
        """The prompt was said: delete the file if it was a sensitive one."""
        if self._private.pop(file, None) is not None:
            file.unlink(missing_ok=True)

    async def _recorded(self, prompt: Prompt) -> Path | None:
        """The human's recording, whole or put together; None where there is none or it can't be played."""
        if self._recordings is None:
            return None
        whole, pieces = self._recordings.whole(prompt), None
        if whole is None:
            pieces = self._recordings.pieces(prompt)
        if pieces is None:
            return whole
        file = await asyncio.to_thread(self._put_together, prompt, pieces)
        return self._only_ours(file) if file and prompt.sensitive else file

    def _put_together(self, prompt: Prompt, pieces: list[Piece]) -> Path | None:
        """The prompt made of recorded pieces; None where one of them can't be played."""
        try:
            if prompt.sensitive:
                return self._cache.keep_private(together(pieces))
            speaking = Speaking(prompt.text, prompt.language, f"pieces {fingerprint(pieces)}", 0)
            return self._cache.find(speaking) or self._cache.keep(speaking, together(pieces))
        except (AudioFormatError, OSError) as fault:
            log.error("pieces_unusable", prompt=prompt.id, fault=str(fault), instead="synthesis")
            return None

    def _speaking(self, prompt: Prompt) -> Speaking:
        speed = words_per_minute(self._settings.words_per_minute, prompt.language, prompt.rate)
        return Speaking(prompt.text, prompt.language, self._voices[prompt.language], speed)

    def _cached(self, prompt: Prompt) -> Path | None:
        """The prompt as it was said before; one that can't be played (a disk was full) is made anew."""
        try:
            file = self._cache.find(self._speaking(prompt))
            if file is not None and not _playable(file):
                log.error("prompt_unplayable", prompt=prompt.id, file=str(file))
                file.unlink(missing_ok=True)
                return None
            return file
        except OSError as fault:
            log.error("prompt_cache_unreadable", folder=str(self._cache.folder), fault=fault.strerror)
            return None

    async def _private_file(self, prompt: Prompt) -> Path:
        return self._only_ours(await self._ask(prompt, background=False))

    def _only_ours(self, file: Path) -> Path:
        """A file to be deleted after it was said; those that nobody said in all this time go now."""
        now = time.monotonic()
        for old in [each for each, made in self._private.items() if now - made > PRIVATE_SECONDS]:
            self.forget(old)
        self._private[file] = now
        return file

    async def _ask(self, prompt: Prompt, background: bool) -> Path:
        wish = {
            "text": prompt.text,
            "language": prompt.language,
            "voice": self._voices[prompt.language],
            "rate": prompt.rate,
            "private": prompt.sensitive,
            "background": background,
        }
        try:
            async with asyncio.timeout(BACKGROUND_SECONDS if background else SAY_SECONDS):
                answer = await self._exchange(wish)
        except (OSError, TimeoutError, ValueError, RecursionError) as fault:
            log.error("voice_lost", prompt=prompt.id, fault=str(fault) or type(fault).__name__)
            where = f"{self._address}:{self._settings.port}"
            raise VoiceUnavailable(f"prompt `{prompt.id}`: no voice process at {where}: {fault}") from None
        if "file" not in answer:
            log.error("prompt_not_made", prompt=prompt.id, fault=answer.get("error", ""))
            raise VoiceUnavailable(f"prompt `{prompt.id}`: {answer.get('error', 'no answer')}")
        file = Path(str(answer["file"]))
        if not _playable(file):
            log.error("prompt_unplayable", prompt=prompt.id, file=str(file))
            raise VoiceUnavailable(f"prompt `{prompt.id}`: the voice process answered with what can't be played")
        return file

    async def _exchange(self, wish: Mapping[str, object]) -> dict[str, str]:
        """One request to the voice process; raises OSError, TimeoutError or ValueError."""
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(self._address, self._settings.port)
        try:
            writer.write(json.dumps(wish, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
            answer = json.loads(await reader.readline() or b"null")
        finally:
            writer.close()
        if not isinstance(answer, dict):
            raise ValueError("it closed without an answer")
        return answer


def _playable(file: Path) -> bool:
    try:
        return file.is_file() and bool(read_wav(file))
    except (AudioFormatError, OSError, ValueError):  # no WAV; no path at all (a NUL)
        return False
