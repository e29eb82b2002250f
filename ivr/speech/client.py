"""The worker's side of recognition: a client of vosk-server's WebSocket protocol.

The protocol wants a connection per utterance, so the next one is always open already (a *spare*, per language): an utterance
begins without waiting, and a spare that breaks says at once that the recogniser is gone. While it is gone, one light attempt a
second finds out when it is back. Sound that comes before a connection stands is kept; when a connection breaks in the middle,
the whole utterance is sent again to the next server of the list, so a recogniser that dies costs no words while another lives.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.protocol import State

from ivr.commands import Grammar
from ivr.config import Settings
from ivr.errors import SpeechUnavailable
from ivr.events import Hypothesis
from ivr.speech.phrases import configured
from ivr.speech.protocol import END_OF_FILE
from ivr.speech.vosk_results import UNKNOWN, Segment, joined, segment
from ivr.values import Language

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 1.0
FINISH_SECONDS = 3.0
PROBE_SECONDS = 1.0
SOON_SECONDS = 0.05
MOST_UNANSWERED = 2
# Frames come every 20 ms; a message of 60 ms costs the recogniser no more than one of 20.
LEAST_BYTES = 960
_BROKEN = (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidURI)


class _Servers:
    """The servers of one language: hands out connections, keeps one spare, knows whether any can be reached."""

    def __init__(self, language: Language, urls: Sequence[str]) -> None:
        self.language, self._urls = language, list(urls)
        self.reachable = False
        self._next = 0
        self._spare: ClientConnection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self.first_try = asyncio.Event()

    def open(self) -> None:
        """Begin to keep a spare connection."""
        self._keeper = self._keeper or asyncio.create_task(self._keep(), name=f"speech-{self.language}")

    async def close(self) -> None:
        """Let the spare connection go."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._spare:
            await self._spare.close()

    async def take(self) -> ClientConnection:
        """A fresh connection: the spare, or a new one to the first server that answers; raises SpeechUnavailable."""
        spare, self._spare = self._spare, None
        self._wanted.set()
        if spare and spare.state is State.OPEN:
            return spare
        return await self._connected()

    def suspect(self) -> None:
        """A server took an utterance and never answered: find out anew whether it lives."""
        self._now_reachable(False, ", ".join(self._urls), TimeoutError("no answer"))
        if self._spare:
            self._spare.transport.abort()

    async def _connected(self) -> ClientConnection:
        fault: Exception | None = None
        for _ in self._urls:
            url = self._urls[self._next % len(self._urls)]
            self._next += 1
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await connect(url, proxy=None, compression=None, max_size=2**22, close_timeout=1)
            except _BROKEN as broken:
                fault = broken
                continue
            self._now_reachable(True, url)
            return connection
        self._now_reachable(False, ", ".join(self._urls), fault)
        raise SpeechUnavailable(f"no recogniser for {self.language} at {', '.join(self._urls)}: {fault}")

    def _now_reachable(self, reachable: bool, where: str, fault: Exception | None = None) -> None:
        if reachable is not self.reachable or not self.first_try.is_set():
            say = log.info if reachable else log.error
            say(
                "speech_reached" if reachable else "speech_lost",
                language=self.language,
                url=where,
                fault=str(fault or ""),
            )
        self.reachable = reachable
        self.first_try.set()

    async def _keep(self) -> None:
        while True:
            try:
                self._spare = self._spare or await self._connected()
            except SpeechUnavailable:
                await asyncio.sleep(PROBE_SECONDS)
                continue
            self._wanted.clear()
            taken = asyncio.create_task(self._wanted.wait())
            broken = asyncio.create_task(self._spare.wait_closed())
            await asyncio.wait((taken, broken), return_when=asyncio.FIRST_COMPLETED)
            if not taken.done():
                self._spare = None  # it died unused: try the servers again, almost at once
                await asyncio.sleep(SOON_SECONDS)
            taken.cancel()
            broken.cancel()


class Utterance:
    """One utterance on its way to a recogniser (`ivr.ports.Recognition`)."""

    def __init__(self, servers: _Servers, config: str, most: int) -> None:
        self._servers, self._config, self._most = servers, config, most
        self._sound: list[bytes] = []
        self._more = asyncio.Event()
        self._ended = False
        self._segments: list[Segment] = []
        self._partial = ""
        self._sent, self._replies, self._replies_due = 0, 0, -1
        self._task = asyncio.create_task(self._recognise(), name="utterance")
        # Somebody who never asks for the result must not make asyncio complain of it.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def partial(self) -> str:
        """The words so far, separated by spaces."""
        said = [each.readings[0].text for each in self._segments if each.readings]
        words = [word for word in self._partial.split() if word != UNKNOWN]
        return " ".join([*said, *words])

    @property
    def failed(self) -> bool:
        """Whether it is known already that `finish` will raise."""
        return self._task.done() and not self._task.cancelled() and self._task.exception() is not None

    def feed(self, pcm: bytes) -> None:
        """Add audio (8 kHz, 16-bit, mono); never blocks."""
        if pcm and not self._ended:
            self._sound.append(pcm)
            self._more.set()

    async def finish(self) -> tuple[Hypothesis, ...]:
        """End the utterance and return its N-best; raises SpeechUnavailable."""
        self._ended = True
        self._more.set()
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                await asyncio.shield(self._task)
        except TimeoutError:
            self._task.cancel()
            self._servers.suspect()
            raise SpeechUnavailable(f"the recogniser did not answer within {FINISH_SECONDS} s") from None
        return joined(self._segments, self._most)

    def cancel(self) -> None:
        """Forget the utterance."""
        self._ended = True
        self._task.cancel()

    async def _recognise(self) -> None:
        for last_try in (False, True):
            connection = await self._servers.take()
            try:
                await self._talk(connection)
                return
            except _BROKEN as fault:
                if last_try:
                    raise SpeechUnavailable(f"the recogniser broke off twice: {fault}") from None
                log.warning("utterance_sent_again", language=self._servers.language, fault=str(fault))
            finally:
                with suppress(*_BROKEN):
                    connection.transport.abort()

    async def _talk(self, connection: ClientConnection) -> None:
        self._segments, self._partial = [], ""
        self._sent, self._replies, self._replies_due = 0, 0, -1
        await connection.send(self._config)
        sender = asyncio.create_task(self._send(connection))
        try:
            await self._receive(connection)
        finally:
            sender.cancel()

    async def _send(self, connection: ClientConnection) -> None:
        """Send all sound, then the end; from then on it is known how many replies are due.

        Each message gets a reply, so a recogniser that lags behind shows: while `MOST_UNANSWERED` wait, sound gathers here and
        goes out as one larger message, which costs the recogniser less.
        """
        at = 0
        while True:
            waiting, ended = b"".join(self._sound[at:]), self._ended
            if self._sent - self._replies >= MOST_UNANSWERED or not (ended or len(waiting) >= LEAST_BYTES):
                self._more.clear()
                await self._more.wait()
                continue
            at = len(self._sound)
            self._sent += 1
            if not waiting:
                self._replies_due = self._sent
                await connection.send(END_OF_FILE)
                return
            await connection.send(waiting)

    async def _receive(self, connection: ClientConnection) -> None:
        """Take one reply per message; the reply to the end is the last. Raises what broke the connection."""
        while self._replies != self._replies_due:
            self._take(str(await connection.recv()))
            self._replies += 1
            self._more.set()

    def _take(self, reply: str) -> None:
        try:
            data = json.loads(reply)
        except ValueError:
            raise SpeechUnavailable(f"the recogniser answered {reply[:80]!r}") from None
        if "error" in data:
            raise SpeechUnavailable(f"the recogniser refused: {data['error']}")
        if "partial" in data:
            self._partial = str(data["partial"])
        else:
            self._segments.append(segment(reply))
            self._partial = ""


class WebSocketListener:
    """Recognition by vosk-servers, ours or real ones (`ivr.ports.Listener`); `open` it inside the event loop."""

    def __init__(self, urls: Mapping[Language, Sequence[str]], alternatives: int = 5) -> None:
        self._servers = {language: _Servers(language, each) for language, each in urls.items()}
        self._alternatives = alternatives

    @classmethod
    def of(cls, settings: Settings) -> WebSocketListener:
        """The listener that config.yaml describes."""
        speech = settings.speech
        ports = range(speech.port, speech.port + speech.recognisers)
        named: dict[Language, str] = {"zh": speech.zh, "en": speech.en}
        urls = {
            language: [name] if "://" in name else [f"ws://127.0.0.1:{port}/{language}" for port in ports]
            for language, name in named.items()
        }
        return cls(urls, speech.alternatives)

    async def open(self) -> None:
        """Connect ahead; returns when every language was tried once, reached or not."""
        for servers in self._servers.values():
            servers.open()
        await asyncio.gather(*(servers.first_try.wait() for servers in self._servers.values()))

    async def close(self) -> None:
        """Let the connections go."""
        await asyncio.gather(*(servers.close() for servers in self._servers.values()))

    async def __aenter__(self) -> WebSocketListener:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def available(self) -> bool:
        """Whether the last attempt to reach it succeeded, for every language."""
        return all(servers.reachable for servers in self._servers.values())

    def reachable(self, language: Language) -> bool:
        """The same for one language."""
        return self._servers[language].reachable

    def start(self, language: Language, grammar: Grammar) -> Utterance:
        """Begin an utterance; connecting happens behind it, audio is kept meanwhile."""
        wish = configured(language, grammar, self._alternatives)
        config, most = json.dumps({"config": wish}, ensure_ascii=False), wish["max_alternatives"]
        return Utterance(self._servers[language], config, most)
