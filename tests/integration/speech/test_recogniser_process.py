"""Recognition end to end: our recogniser process, a foreign vosk-server, and what happens when one dies, hangs or is flooded."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from speech_processes import ROOT, Process, Say, http
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ivr.commands import Grammar
from ivr.errors import SpeechUnavailable
from ivr.speech.client import CONNECT_SECONDS, FINISH_SECONDS, WebSocketListener

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PORT, OWN, FOREIGN = 15210, 15211, 15212
DIGITS = Grammar("limited", digits="string")
NUMBER = "三八二七"


def written(folder: Path, port: int) -> Path:
    file = folder / "config.yaml"
    file.write_text(f"speech: {{port: {port}, models: {ROOT / 'models'}}}\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The recogniser that the tests of this file share."""
    file = written(tmp_path_factory.mktemp("recogniser"), PORT)
    begun = Process(["-m", "ivr.speech.server", "--config", str(file)], file.with_name("shared.log"))
    begun.wait_for("recogniser_ready")
    yield begun
    assert begun.kill(signal.SIGTERM) == 0


@pytest.fixture
def recogniser(tmp_path: Path, start: Callable[..., Process]) -> Callable[[], Process]:
    """Start a recogniser on port OWN that a test may break."""
    file = written(tmp_path, OWN)

    def begin() -> Process:
        process = start("-m", "ivr.speech.server", "--config", str(file))
        process.wait_for("recogniser_ready")
        return process

    return begin


def listener(*ports: int, language: str = "zh") -> WebSocketListener:
    return WebSocketListener({language: [f"ws://127.0.0.1:{port}/{language}" for port in ports]})


async def recognise(
    listening: WebSocketListener, pcm: bytes, grammar: Grammar, language: str = "zh", pace: float = 0.0
):
    utterance = listening.start(language, grammar)
    for at in range(0, len(pcm), 960):
        utterance.feed(pcm[at : at + 960])
        await asyncio.sleep(pace)
    return await utterance.finish()


async def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.02)


async def test_a_number_is_heard_live(say: Say) -> None:
    async with listener(PORT) as listening:
        assert listening.available
        utterance, pcm, partials = listening.start("zh", DIGITS), say(NUMBER), []
        for at in range(0, len(pcm), 960):
            utterance.feed(pcm[at : at + 960])
            await asyncio.sleep(0.03)
            partials.append(utterance.partial)
        await until(lambda: utterance.partial.split() == list(NUMBER))
        best, *_ = await utterance.finish()
    assert best.text.split() == list(NUMBER)
    assert 0 < best.confidence <= 1
    assert [word.text for word in best.words] == list(NUMBER)
    assert 0.3 < best.words[0].start_seconds < best.words[-1].end_seconds < len(pcm) / 16000
    assert len({partial for partial in partials if partial}) > 1, "partials grow while the caller speaks"
    health = json.loads(http(f"http://127.0.0.1:{PORT}/health"))
    assert health["ok"]
    assert health["utterances"] >= 1
    assert "recogniser_audio_ms" in http(f"http://127.0.0.1:{PORT}/metrics")


async def test_ten_callers_are_heard_side_by_side(say: Say) -> None:
    async with listener(PORT) as listening:
        heard = await asyncio.gather(*(recognise(listening, say(NUMBER), DIGITS, pace=0.005) for _ in range(10)))
    assert [each[0].text.split() for each in heard] == [list(NUMBER)] * 10


async def test_languages_and_grammars_are_kept_apart(say: Say) -> None:
    urls = {"zh": [f"ws://127.0.0.1:{PORT}/zh"], "en": [f"ws://127.0.0.1:{PORT}/en"]}
    async with WebSocketListener(urls) as listening:
        chinese, english, other = await asyncio.gather(
            recognise(listening, say("退款"), Grammar("limited", ("退款", "转人工", "龘龘"))),
            recognise(listening, say("three eight two", "en-gb"), DIGITS, "en"),
            recognise(listening, say(NUMBER), Grammar("limited", ("龘龘",))),
        )
    assert chinese[0].text.replace(" ", "") == "退款"
    assert english[0].text == "three eight two"
    assert other == ()


async def test_silence_and_no_sound_at_all_are_no_words() -> None:
    async with listener(PORT) as listening:
        assert await recognise(listening, bytes(32000), DIGITS) == ()
        assert await recognise(listening, b"", DIGITS) == ()


@pytest.mark.parametrize("alternatives", [1, 5])
async def test_a_foreign_vosk_server_drops_in_by_url(start, say: Say, alternatives: int) -> None:
    """With pauses long enough for vosk to cut: the segments come back as one utterance."""
    server = start("tests/integration/speech/vosk_server.py", str(ROOT / "models" / "zh-small"), str(FOREIGN))
    server.wait_for("ready")
    pcm = say(NUMBER) + bytes(32000) + say("五六")
    async with WebSocketListener({"zh": [f"ws://127.0.0.1:{FOREIGN}"]}, alternatives) as listening:
        best, *_ = await recognise(listening, pcm, DIGITS, pace=0.001)
        phrase, *_ = await recognise(listening, say("退款"), Grammar("limited", ("退款", "转人工")))
        assert await recognise(listening, bytes(32000), DIGITS) == ()
    assert best.text.split() == [*NUMBER, "五", "六"]
    assert best.words[-1].end_seconds > 4
    assert 0 < best.confidence <= 1
    assert phrase.text.replace(" ", "") == "退款"


async def test_the_protocol_is_vosk_servers_own(say: Say) -> None:
    """A plain client: results at pauses, one reply per message, reset, and the end by its exact text."""
    async with connect(f"ws://127.0.0.1:{PORT}", proxy=None) as socket:
        await socket.send(json.dumps({"config": {"sample_rate": 8000, "words": 1, "max_alternatives": 0}}))
        replies = []
        for _ in range(2):
            pcm = say(NUMBER)
            for at in range(0, len(pcm), 4000):
                await socket.send(pcm[at : at + 4000])
                replies.append(json.loads(await socket.recv()))
            await socket.send('{"reset" : 1}')
            replies.append(json.loads(await socket.recv()))
        await socket.send('{"eof" : 1}')
        replies.append(json.loads(await socket.recv()))
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    said = " ".join(reply["text"] for reply in replies if reply.get("text"))
    assert said.split() == list(NUMBER) * 2
    words = [word for reply in replies for word in reply.get("result", ())]
    assert {"word", "start", "end", "conf"} <= words[0].keys()


async def test_killed_recogniser_costs_nothing_while_another_lives(recogniser, say: Say) -> None:
    first = recogniser()
    async with listener(OWN, PORT) as listening:
        utterances = [listening.start("zh", DIGITS) for _ in range(2)]
        pcm = say(NUMBER)
        for at in range(0, len(pcm), 960):
            for utterance in utterances:
                utterance.feed(pcm[at : at + 960])
            await asyncio.sleep(0.01)
            if at == len(pcm) // 960 // 2 * 960:
                first.kill()
        heard = await asyncio.gather(*(utterance.finish() for utterance in utterances))
        assert listening.available
    assert [each[0].text.split() for each in heard] == [list(NUMBER)] * 2


async def test_lost_and_restored(recogniser, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.speech.client.FINISH_SECONDS", FINISH_SECONDS)
    process = recogniser()
    async with listener(OWN) as listening:
        under_way = listening.start("zh", DIGITS)
        under_way.feed(say(NUMBER))
        await asyncio.sleep(0.2)
        process.kill()
        await until(lambda: not listening.available)
        began = time.monotonic()
        with pytest.raises(SpeechUnavailable):
            await under_way.finish()
        fresh = listening.start("zh", DIGITS)
        with pytest.raises(SpeechUnavailable):
            await fresh.finish()
        assert time.monotonic() - began < 20
        monkeypatch.setattr("ivr.speech.client.FINISH_SECONDS", 60.0)
        recogniser()
        await until(lambda: listening.available)
        best, *_ = await recognise(listening, say(NUMBER), DIGITS)
        assert best.text.split() == list(NUMBER)


async def test_a_recogniser_that_hangs_is_given_up(recogniser, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.speech.client.FINISH_SECONDS", FINISH_SECONDS)
    monkeypatch.setattr("ivr.speech.client.CONNECT_SECONDS", CONNECT_SECONDS)
    process = recogniser()
    async with listener(OWN) as listening:
        process.send(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(SpeechUnavailable):
            await recognise(listening, say(NUMBER), DIGITS)
        assert time.monotonic() - began < 30
        assert not listening.available
        process.send(signal.SIGCONT)
        await until(lambda: listening.available)


@pytest.mark.parametrize(
    "message",
    [
        "garbage",
        "[]",
        '{"config": {"sample_rate": "fast"}}',
        '{"config": {"phrase_list": [1, 2]}}',
        '{"config": {"sample_rate": 1}}',
    ],
)
async def test_garbage_is_told_and_let_go(message: str) -> None:
    async with connect(f"ws://127.0.0.1:{PORT}/zh", proxy=None) as socket:
        await socket.send(message)
        assert "error" in json.loads(await socket.recv())
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    async with connect(f"ws://127.0.0.1:{PORT}/zh", proxy=None) as socket:
        await socket.send(b"\x01" * 333)
        assert "partial" in json.loads(await socket.recv())


async def test_web_pages_are_refused() -> None:
    with pytest.raises(InvalidStatus):
        await connect(f"ws://127.0.0.1:{PORT}/zh", proxy=None, origin="http://evil.example")


def test_bad_settings_are_one_line_and_exit_status_2(tmp_path: Path, start) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"speech: {{port: {PORT}, zh: nowhere, models: {tmp_path}}}\n", encoding="utf-8")
    process = start("-m", "ivr.speech.server", "--config", str(config))
    assert process.wait() == 2
    said = process.log.read_text()
    assert "speech.zh" in said
    assert str(tmp_path / "nowhere") in said
    assert "Traceback" not in said


def test_a_port_in_use_is_one_line_and_exit_status_2(tmp_path: Path, start) -> None:
    second = start("-m", "ivr.speech.server", "--config", str(written(tmp_path, PORT)))
    assert second.wait() == 2
    assert f"port {PORT} can't be used" in second.log.read_text()
    assert "Traceback" not in second.log.read_text()
