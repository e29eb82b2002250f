"""The recogniser process: our models behind vosk-server's WebSocket protocol.

    →  {"config": {"sample_rate": 8000, "phrase_list": ["一", …], "words": 1, "max_alternatives": 5}}
    →  binary: 16-bit mono PCM                      ←  {"partial": "…"}, or a result where vosk saw a pause
    →  {"reset" : 1}                                ←  the result so far; the utterance begins anew
    →  {"eof" : 1}                                  ←  the last result, then the connection is closed

One utterance per connection, one reply per message. The path is the language (`/zh`, `/en`), which a real vosk-server ignores.
Beyond it, and ignored by it: `"segments": 0` asks for one result at the end instead of one per pause; `"kind"` (limited, open,
digits) names the calibration; results carry `"hypotheses"` with probabilities; GET /health and /metrics answer over HTTP.

Decoding runs in as many threads as there are cores and releases the GIL. Long messages are decoded in slices that queue like
everybody's, so a caller who sends ten seconds at once delays nobody by more than a slice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ivr import config
from ivr.children import announce
from ivr.config import Settings
from ivr.errors import ModelError, UserError
from ivr.speech.models import tried
from ivr.speech.recogniser import Recogniser, Utterance
from ivr.speech.vosk_results import segment, written

log = structlog.get_logger(__name__)

SLICE_SECONDS = 0.25
_MOST_PHRASES = 5000
_MOST_ALTERNATIVES = 20
Result = TypeVar("Result")


class BadRequest(Exception):
    """The client sent something outside the protocol; it is told and let go."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client configured; vosk-server's defaults."""

    rate: int = 8000
    phrases: tuple[str, ...] = ()
    kind: str = ""
    alternatives: int = 0
    segments: bool = True

    def updated(self, wish: Mapping[str, Any]) -> Wishes:
        """With a `config` message applied; raises BadRequest."""
        try:
            rate = int(float(wish.get("sample_rate", self.rate)))
            alternatives = int(wish.get("max_alternatives", self.alternatives))
            phrases = tuple(wish.get("phrase_list", self.phrases) or ())
            segments = bool(wish.get("segments", self.segments))
        except (TypeError, ValueError):
            raise BadRequest("config: sample_rate and max_alternatives are numbers, phrase_list a list") from None
        if not 4000 <= rate <= 48000 or not 0 <= alternatives <= _MOST_ALTERNATIVES:
            raise BadRequest(f"config: sample_rate 4000 to 48000, max_alternatives 0 to {_MOST_ALTERNATIVES}")
        if len(phrases) > _MOST_PHRASES or not all(isinstance(each, str) for each in phrases):
            raise BadRequest(f"config: phrase_list holds at most {_MOST_PHRASES} strings")
        return Wishes(rate, phrases, str(wish.get("kind", self.kind)), alternatives, segments)


class RecogniserServer:
    """Serves the models given, by language; the first is for every other path, as vosk-server has only one."""

    def __init__(self, recognisers: Mapping[str, Recogniser], threads: int | None = None) -> None:
        self.recognisers = dict(recognisers)
        self.counts: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="decode")
        self._lacking: set[str] = set()

    @asynccontextmanager
    async def listening(self, port: int, address: str = "127.0.0.1") -> AsyncIterator[Server]:
        """Serve on a port until left. Browsers are refused: no web page may listen in through a visitor's own machine."""
        async with serve(
            self._connection,
            address,
            port,
            process_request=self._plain_http,
            origins=[None],
            compression=None,
            max_size=4 * 2**20,
            ping_interval=20,
            close_timeout=1,
        ) as server:
            yield server

    def close(self) -> None:
        """Let the decoding threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _connection(self, socket: ServerConnection) -> None:
        self.counts["connections_open"] += 1
        try:
            await self._conversation(socket)
        except ConnectionClosed:
            self.counts["utterances_dropped"] += 1
        except BadRequest as fault:
            self.counts["bad_requests"] += 1
            await socket.send(json.dumps({"error": str(fault)}))
            await socket.close(1003, str(fault)[:120])
        finally:
            self.counts["connections_open"] -= 1

    async def _conversation(self, socket: ServerConnection) -> None:
        recogniser = self._by_path(socket.request.path if socket.request else "/")
        wishes, utterance = Wishes(), None
        async for message in socket:
            order = _order(message)
            if "config" in order:
                wishes = wishes.updated(order["config"] if isinstance(order["config"], dict) else {})
                continue
            utterance = utterance or await self._begin(recogniser, wishes)
            if isinstance(message, bytes):
                await socket.send(await self._decode(utterance, wishes, message))
                continue
            await socket.send(await self._end(utterance))
            if "eof" in order:
                return
            utterance = None

    async def _begin(self, recogniser: Recogniser, wishes: Wishes) -> Utterance:
        self.counts["utterances"] += 1
        kind: Any = wishes.kind if wishes.kind in ("limited", "open", "digits") else None
        utterance = await self._work(
            lambda: recogniser.utterance(wishes.phrases, kind, wishes.rate, wishes.alternatives, wishes.segments)
        )
        new = [phrase for phrase in utterance.lacking if phrase not in self._lacking][:50]
        if new and len(self._lacking) < 10_000:
            self._lacking.update(new)
            log.warning("phrases_lack_words", model=recogniser.model.name, phrases=new, fix="run `ivr models check`")
        return utterance

    async def _decode(self, utterance: Utterance, wishes: Wishes, pcm: bytes) -> str:
        self.counts["audio_ms"] += len(pcm) * 1000 // (2 * wishes.rate)
        size = int(SLICE_SECONDS * wishes.rate) * 2
        results = []
        for at in range(0, len(pcm), size):
            piece = pcm[at : at + size]
            result = await self._work(partial(utterance.feed, piece))
            results += [result] if result else []
        if not results:
            return json.dumps({"partial": await self._work(lambda: utterance.partial)}, ensure_ascii=False)
        # One reply per message: pauses inside one message, rare as they are, are told as one.
        return _with_hypotheses(utterance, results[-1]) if len(results) == 1 else _merged(utterance, results)

    async def _end(self, utterance: Utterance) -> str:
        return _with_hypotheses(utterance, await self._work(utterance.last_result))

    async def _work(self, job: Callable[[], Result]) -> Result:
        began = time.thread_time  # measured inside the thread: the decoder's own seconds, not the time in the queue

        def timed() -> tuple[Result, float]:
            start = began()
            return job(), began() - start

        result, seconds = await asyncio.get_running_loop().run_in_executor(self._pool, timed)
        self.counts["decode_us"] += round(seconds * 1e6)
        return result

    def _by_path(self, path: str) -> Recogniser:
        language = path.split("?")[0].strip("/").split("/")[0]
        return self.recognisers.get(language) or next(iter(self.recognisers.values()))

    def _plain_http(self, socket: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?")[0]
        if path not in ("/health", "/metrics"):
            return None
        body = json.dumps(self.health()) if path == "/health" else self.metrics()
        kind = "application/json" if path == "/health" else "text/plain; version=0.0.4"
        headers = Headers(
            [("Content-Type", kind), ("Content-Length", str(len(body.encode()))), ("Connection", "close")]
        )
        return Response(HTTPStatus.OK.value, "OK", headers, body.encode())

    def health(self) -> dict[str, Any]:
        """What the supervisor and the console ask for."""
        models = {language: each.model.name for language, each in self.recognisers.items()}
        return {"ok": True, "models": models, **self.counts, "real_time_factor": self.real_time_factor()}

    def real_time_factor(self) -> float:
        """Decoder seconds per second of sound, since the start."""
        return round(self.counts["decode_us"] / 1000 / max(1, self.counts["audio_ms"]), 4)

    def metrics(self) -> str:
        """The counters in Prometheus' text format."""
        lines = [f"recogniser_{name} {value}" for name, value in sorted(self.counts.items())]
        return "\n".join([*lines, f"recogniser_real_time_factor {self.real_time_factor()}", ""])


def _order(message: str | bytes) -> dict[str, Any]:
    """A text message as JSON with one of the known keys; empty for sound."""
    if isinstance(message, bytes):
        return {}
    try:
        order = json.loads(message)
    except ValueError:
        raise BadRequest("text messages are JSON") from None
    if not isinstance(order, dict) or not {"config", "eof", "reset"} & order.keys():
        raise BadRequest("text messages are config, eof or reset")
    return order


def _with_hypotheses(utterance: Utterance, result: str) -> str:
    data = json.loads(result)
    data["hypotheses"] = written(utterance.probable(segment(result).readings))
    return json.dumps(data, ensure_ascii=False)


def _merged(utterance: Utterance, results: list[str]) -> str:
    """Several results as one without N-best: texts and words in a row."""
    readings = [each.readings[0] for each in map(segment, results) if each.readings]
    words = [{"word": w.text, "start": w.start_seconds, "end": w.end_seconds} for each in readings for w in each.words]
    return _with_hypotheses(
        utterance, json.dumps({"text": " ".join(each.text for each in readings), "result": words}, ensure_ascii=False)
    )


def load_recognisers(settings: Settings) -> dict[str, Recogniser]:
    """The models of config.yaml that are folders, by language; raises ModelError with the key that named them."""
    folders = {language: name for language, name in named_models(settings).items() if "://" not in name}
    loaded: dict[str, Recogniser] = {}
    for language, name in folders.items():
        folder = settings.path(settings.speech.models) / name
        try:
            loaded[language] = Recogniser(tried(folder))
        except ModelError as fault:
            raise ModelError(f"speech.{language}: {fault.what}", fault.fix, fault.place) from None
    return loaded


def named_models(settings: Settings) -> dict[str, str]:
    """What config.yaml names per language: a folder or a URL."""
    return {"zh": settings.speech.zh, "en": settings.speech.en}


async def serve_forever(settings: Settings, index: int = 0) -> None:
    """Serve until SIGTERM or SIGINT; utterances under way are finished within a few seconds."""
    recognisers = load_recognisers(settings)
    if not recognisers:
        log.info("recogniser_not_needed", reason="every language is a URL")
        return
    server, port = RecogniserServer(recognisers), settings.speech.port + index
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with server.listening(port):
            log.info("recogniser_ready", port=port, models=server.health()["models"])
            announce()
            await stop.wait()
    except OSError as fault:
        fix = "stop what uses it, or change speech.port in config.yaml"
        raise UserError(f"port {port} can't be used: {fault.strerror}", fix) from None
    finally:
        server.close()


def run(settings: Settings, index: int = 0) -> None:
    """The process: recogniser number `index` listens on `speech.port` + `index` of this machine alone."""
    asyncio.run(serve_forever(settings, index))


def main() -> int:
    """`python -m ivr.speech.server --config config.yaml [--index N]`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", type=Path)
    parser.add_argument("--index", type=int, default=0)
    arguments = parser.parse_args()
    try:
        run(config.load(arguments.config) if arguments.config else Settings(), arguments.index)
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
