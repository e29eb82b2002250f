"""The recogniser process: our models behind vosk-server's WebSocket protocol.

    →  {"config": {"sample_rate": 8000, "phrase_list": ["一", …], "words": 1, "max_alternatives": 5}}
    →  binary: 16-bit mono PCM                      ←  {"partial": "…"}, or a result where vosk saw a pause
    →  {"reset" : 1}                                ←  the result so far; the utterance begins anew
    →  {"eof" : 1}                                  ←  the last result, then the connection is closed

One utterance per connection, one reply per message. The path is the language (`/zh`, `/en`), which a real vosk-server ignores.
Beyond it, and ignored by it: `"segments": 0` asks for one result at the end instead of one per pause; `"kind"` (limited, open,
digits) names the calibration; with the kind `names` any sounds are heard, and the phrases of `"beside"`; results carry
`"hypotheses"` with probabilities; GET /health and /metrics answer over HTTP.

Decoding runs in as many threads as there are cores and releases the GIL. Long messages are decoded in slices that queue like
everybody's, so a caller who sends ten seconds at once delays nobody by more than a slice. What a phrase list left doubtful is
heard again at other speeds (`rehearing`), all of them at once, and not at all while jobs wait for a thread.
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
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
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
from ivr.config import Settings
from ivr.errors import UserError
from ivr.events import Hypothesis
from ivr.pulse import announce, beat
from ivr.speech.loading import load_recognisers
from ivr.speech.protocol import BadRequest, Wishes, order_in
from ivr.speech.recogniser import Copy, Recogniser, Utterance
from ivr.speech.vosk_results import segment, written

log = structlog.get_logger(__name__)

SLICE_SECONDS = 0.25
# A slice is decoded in milliseconds, on the busiest machine in a second or two.
LONGEST_JOB_SECONDS = 10.0
_COUNTED = (
    *("connections_open", "utterances", "utterances_dropped", "bad_requests", "audio_ms", "decode_us"),
    *("queue_us", "jobs", "rehearings", "rehearings_left_out"),
)
Result = TypeVar("Result")


class RecogniserServer:
    """Serves the models given, by language; the first is for every other path, as vosk-server has only one."""

    def __init__(self, recognisers: Mapping[str, Recogniser], threads: int | None = None) -> None:
        self.recognisers = dict(recognisers)
        self.counts: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
        self._threads, self._under_way = threads or os.cpu_count() or 1, 0
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="decode")
        self._lacking: set[str] = set()
        self._begun: dict[object, float] = {}

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
            order = order_in(message)
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
        kind: Any = wishes.kind if wishes.kind in ("limited", "open", "digits", "names") else None
        phrases = wishes.beside if kind == "names" else wishes.phrases
        utterance = await self._work(
            lambda: recogniser.utterance(phrases, kind, wishes.rate, wishes.alternatives, wishes.segments)
        )
        new = [phrase for phrase in utterance.lacking if phrase not in self._lacking][:50]
        if new and len(self._lacking) < 10_000:
            self._lacking.update(new)
            log.warning("phrases_lack_words", model=recogniser.model.name, phrases=new, fix="run `ivr models check`")
        return utterance

    async def _decode(self, utterance: Utterance, wishes: Wishes, pcm: bytes) -> str:
        self.counts["audio_ms"] += len(pcm) * 1000 // (2 * wishes.rate)
        results, words = [], ""
        for part, last in _slices(pcm, wishes.rate):
            result, words = await self._work(partial(_step, utterance, part, last))
            results += [result] if result else []
        if not results:
            return json.dumps({"partial": words}, ensure_ascii=False)
        # One reply per message: pauses inside one message, rare as they are, are told as one.
        return _with_hypotheses(utterance, results[-1]) if len(results) == 1 else _merged(utterance, results)

    async def _end(self, utterance: Utterance) -> str:
        result = await self._work(utterance.last_result)
        if copies := utterance.copies():
            if self._under_way >= self._threads:
                self.counts["rehearings_left_out"] += 1
            else:
                self.counts["rehearings"] += 1
                await asyncio.gather(*map(self._hear_again, copies))
                utterance.settle(copies)
        return _told(utterance, json.loads(result), utterance.last_readings)

    async def _hear_again(self, copy: Copy) -> None:
        for part, _last in _slices(copy.pcm, copy.utterance.rate):
            await self._work(partial(copy.utterance.feed, part))
        await self._work(copy.utterance.last_result)

    async def _work(self, job: Callable[[], Result]) -> Result:
        asked = time.perf_counter()
        self._under_way += 1

        def timed() -> tuple[Result, float, float]:
            began, start = time.perf_counter(), time.thread_time()
            self._begun[timed] = began
            try:
                return job(), time.thread_time() - start, began - asked
            finally:
                del self._begun[timed]

        try:
            result, spent, waited = await asyncio.get_running_loop().run_in_executor(self._pool, timed)
        finally:
            self._under_way -= 1
        self.counts["decode_us"] += round(spent * 1e6)
        self.counts["queue_us"] += round(waited * 1e6)
        self.counts["jobs"] += 1
        return result

    async def works(self) -> bool:
        """Whether no thread is at one job for longer than any job takes."""
        now = time.perf_counter()
        return now - min(list(self._begun.values()), default=now) < LONGEST_JOB_SECONDS

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


def _step(utterance: Utterance, pcm: bytes, last: bool) -> tuple[str | None, str]:
    """Decode a slice: vosk's result if it saw a pause, and after the message's last slice the words so far."""
    result = utterance.feed(pcm)
    return result, utterance.partial if last and not result else ""


def _slices(pcm: bytes, rate: int) -> Iterator[tuple[bytes, bool]]:
    """The sound in pieces of a moment each, and whether it is the last of them."""
    size = int(SLICE_SECONDS * rate) * 2
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size], at + size >= len(pcm)


def _with_hypotheses(utterance: Utterance, result: str) -> str:
    return _told(utterance, json.loads(result), segment(result).readings)


def _told(utterance: Utterance, data: dict[str, Any], readings: tuple[Hypothesis, ...]) -> str:
    data["hypotheses"] = written(utterance.probable(readings))
    return json.dumps(data, ensure_ascii=False)


def _merged(utterance: Utterance, results: list[str]) -> str:
    """Several results as one without N-best: texts and words in a row."""
    readings = [each.readings[0] for each in map(segment, results) if each.readings]
    words = [{"word": w.text, "start": w.start_seconds, "end": w.end_seconds} for each in readings for w in each.words]
    return _with_hypotheses(
        utterance, json.dumps({"text": " ".join(each.text for each in readings), "result": words}, ensure_ascii=False)
    )


async def serve_forever(settings: Settings, index: int = 0) -> None:
    """Serve until SIGTERM or SIGINT; a client sends what was under way to another server, so stop the workers first."""
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
            beating = asyncio.create_task(beat(server.works))
            await stop.wait()
            beating.cancel()
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
