"""The voice process: text in, the path of a WAV file in the prompt cache out, over a local TCP port, one JSON line each way.

    →  {"text": "您好", "language": "zh", "rate": 1.0, "voice": "cmn", "private": false, "background": false}
    ←  {"file": "…/ab/zh-ab….wav"}   or   {"error": "…"}
    →  {"health": 1}                 ←  {"ok": true, "said": 12, …}

One engine, one thread, one prompt at a time; live calls go before prompts that are made ahead (`background`). Where to write is
never up to the client. While the cache's disk is full, prompts are kept in memory: they are all that callers hear of us. A prompt
that hangs ends the process, and the supervisor starts it anew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from ivr import config, logs
from ivr.config import Settings, VoiceSettings
from ivr.errors import ConfigError, UserError, VoiceUnavailable
from ivr.pulse import announce, beat
from ivr.speech.prompt_cache import KEEP_SECONDS, PromptCache, Speaking, words_per_minute
from ivr.speech.synthesis import Synthesiser

log = structlog.get_logger(__name__)

HANG_SECONDS = 15.0
SWEEP_SECONDS = 3600.0
MEMORY = Path("/dev/shm")
_LINE_BYTES = 64 * 1024


def speaking(settings: VoiceSettings, order: dict[str, Any]) -> Speaking:
    """A request as what is said and how; raises VoiceUnavailable on one that makes no sense."""
    language, text = order.get("language"), order.get("text")
    if language not in ("zh", "en") or not isinstance(text, str):
        raise VoiceUnavailable("a request needs `text` and `language` (zh, en)")
    try:
        rate = float(order.get("rate", 1.0))
    except (TypeError, ValueError):
        raise VoiceUnavailable("`rate` is a number") from None
    voice = str(order.get("voice") or (settings.zh if language == "zh" else settings.en))
    return Speaking(text, language, voice, words_per_minute(settings.words_per_minute, language, rate))


class VoiceServer:
    """Answers requests in the order of their urgency."""

    def __init__(self, settings: VoiceSettings, cache: PromptCache) -> None:
        self.settings, self.cache = settings, cache
        self._memory: PromptCache | None = None
        self.counts: Counter[str] = Counter()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._queue: asyncio.PriorityQueue[tuple[int, int, dict[str, Any], asyncio.Future[str]]] = (
            asyncio.PriorityQueue()
        )
        self._order = itertools.count()
        self._synthesiser: Synthesiser | None = None

    async def prepare(self) -> None:
        """Load the engine and check the voices of the settings; raises UserError."""
        loop = asyncio.get_running_loop()
        self._synthesiser = await loop.run_in_executor(self._thread, Synthesiser)
        for key, voice in (("zh", self.settings.zh), ("en", self.settings.en)):
            try:
                self._synthesiser.check_voice(voice)
            except UserError as fault:
                raise ConfigError(f"voice.{key}: {fault.what}", fault.fix) from None

    async def work(self) -> None:
        """Say what is asked for, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            _, _, order, answer = await self._queue.get()
            if answer.cancelled():
                continue
            try:
                file = await loop.run_in_executor(self._thread, self._say, order)
            except (VoiceUnavailable, UserError) as fault:
                self._settle(answer, fault)
            except OSError as fault:
                log.error("prompt_not_written", folder=str(self.cache.folder), fault=fault.strerror)
                self._settle(answer, VoiceUnavailable(f"{self.cache.folder} can't be written: {fault.strerror}"))
            else:
                self._settle(answer, str(file))

    def _settle(self, answer: asyncio.Future[str], outcome: str | Exception) -> None:
        self.counts["failed" if isinstance(outcome, Exception) else "answered"] += 1
        if not answer.done():
            answer.set_exception(outcome) if isinstance(outcome, Exception) else answer.set_result(outcome)

    def _say(self, order: dict[str, Any]) -> Path:
        wish, private = speaking(self.settings, order), bool(order.get("private"))
        if cached := None if private else self._found(wish):
            return cached
        assert self._synthesiser, "prepare() comes first"
        self._synthesiser.check_voice(wish.voice)
        watchdog = threading.Timer(HANG_SECONDS, _give_up, (wish.text,))
        watchdog.start()
        try:
            pcm = self._synthesiser.speak(wish.text, wish.voice, wish.words_per_minute, wish.pitch)
        finally:
            watchdog.cancel()
        self.counts["synthesised"] += 1
        try:
            return _kept(self.cache, wish, pcm, private)
        except OSError as fault:
            log.error("prompt_not_written", folder=str(self.cache.folder), fault=fault.strerror, instead="memory")
            if self._memory is None:
                self._memory = PromptCache(Path(tempfile.mkdtemp(prefix="hotline-prompts-", dir=MEMORY)))
            return _kept(self._memory, wish, pcm, private)

    def _found(self, wish: Speaking) -> Path | None:
        for cache in (self.cache, self._memory):
            with contextlib.suppress(OSError):  # one that can't be read is told of when it is written to
                if cache and (file := cache.find(wish)):
                    return file
        return None

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one client, line by line."""
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._reply(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # it went away, its line is longer than any prompt, or this process is asked to end
        finally:
            writer.close()

    async def _reply(self, line: bytes) -> dict[str, Any]:
        try:
            order = json.loads(line)
        except ValueError:
            order = None
        if not isinstance(order, dict):
            return {"error": "a request is one line of JSON"}
        if "health" in order:
            return {"ok": True, "waiting": self._queue.qsize(), **self.counts}
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((int(bool(order.get("background"))), next(self._order), order, answer))
        try:
            return {"file": await answer}
        except (VoiceUnavailable, UserError) as fault:
            return {"error": str(fault)}

    async def works(self) -> bool:
        """Comes back when the engine's thread has done what it was at."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: True)

    async def sweep(self) -> None:
        """Keep the cache clean, now and every hour; of memory nothing is kept for longer."""
        while True:
            try:
                removed = await asyncio.to_thread(self.cache.sweep)
                if self._memory:
                    removed += await asyncio.to_thread(self._memory.sweep, time.time() + KEEP_SECONDS - SWEEP_SECONDS)
                log.debug("prompts_swept", removed=removed)
            except OSError as fault:
                log.error("prompts_not_swept", folder=str(self.cache.folder), fault=fault.strerror)
            await asyncio.sleep(SWEEP_SECONDS)

    def close(self) -> None:
        """Give the memory back."""
        if self._memory:
            shutil.rmtree(self._memory.folder, ignore_errors=True)


def _kept(cache: PromptCache, wish: Speaking, pcm: bytes, private: bool) -> Path:
    return cache.keep_private(pcm) if private else cache.keep(wish, pcm)


def _give_up(text: str) -> None:
    """End the process at once: the thread that hangs in the engine can't be ended otherwise. The supervisor starts it anew."""
    log.critical("prompt_hangs", characters=len(text), seconds=HANG_SECONDS)
    os._exit(70)


async def serve_forever(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = VoiceServer(settings.voice, PromptCache(settings.path(settings.voice.cache)))
    await server.prepare()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = settings.voice.port
    try:
        listening = await asyncio.start_server(server.connection, "127.0.0.1", port, limit=_LINE_BYTES)
    except OSError as fault:
        fix = "stop what uses it, or change voice.port in config.yaml"
        raise UserError(f"port {port} can't be used: {fault.strerror}", fix) from None
    tasks = [asyncio.create_task(work) for work in (server.work(), server.sweep(), beat(server.works))]
    log.info("voice_ready", port=port, cache=str(server.cache.folder))
    announce()
    await stop.wait()
    listening.close()
    for task in tasks:
        task.cancel()
    server.close()


def run(settings: Settings) -> None:
    """The process: listens on `voice.port` of this machine alone."""
    asyncio.run(serve_forever(settings))


def main() -> int:
    """`python -m ivr.speech.voice_server --config config.yaml`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", type=Path)
    arguments = parser.parse_args()
    logs.set_up("voice", readable=True)  # to stderr: what goes to stdout while a prompt is made is lost (synthesis)
    try:
        run(config.load(arguments.config) if arguments.config else Settings())
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
