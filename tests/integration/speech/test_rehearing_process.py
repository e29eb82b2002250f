"""Doubtful sound is heard again at other speeds, by vosk itself: what is clear is not, and nobody waits for it on a busy server."""

from __future__ import annotations

import asyncio
import json

import pytest
from speech_processes import ROOT, Say
from websockets.asyncio.client import connect

from ivr.speech.audio import read_wav
from ivr.speech.phrases import DIGIT_WORDS
from ivr.speech.protocol import END_OF_FILE
from ivr.speech.recogniser import Recogniser
from ivr.speech.server import RecogniserServer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PORT = 15214
DIGITS = (*DIGIT_WORDS["zh"], "[unk]")
DOUBTFUL = ROOT / "tests" / "clips" / "zh" / "12-digits-snr5.wav"  # 一九二六, 5 dB above the noise


@pytest.fixture(scope="module")
def mandarin() -> Recogniser:
    return Recogniser(ROOT / "models" / "zh-small")


@pytest.fixture(scope="module")
def doubtful() -> bytes:
    return read_wav(DOUBTFUL)


def test_what_is_doubtful_is_put_together_from_three_hearings(mandarin: Recogniser, doubtful: bytes) -> None:
    once = mandarin.utterance(DIGITS)
    once.feed(doubtful)
    once.last_result()
    hearings = [once.last_readings]
    copies = once.copies()
    assert [len(each.pcm) / len(doubtful) for each in copies] == pytest.approx([0.85, 1.15], rel=0.01)
    for each in copies:
        each.utterance.feed(each.pcm)
        each.utterance.last_result()
        hearings.append(each.utterance.last_readings)
    once.settle(copies)
    best = once.last_readings[0]
    votes = [reading.confidence for readings in hearings for reading in readings if reading.text == best.text]
    assert best.text == "一 九 二 六"
    assert len(votes) > 1, "it was heard at more than one speed"
    assert best.confidence == pytest.approx(sum(votes) / 3)
    assert best.words[-1].end_seconds < len(doubtful) / 16000


def test_what_is_clear_is_heard_once(mandarin: Recogniser, say: Say) -> None:
    utterance = mandarin.utterance(DIGITS)
    utterance.feed(say("三八二七"))
    utterance.last_result()
    assert utterance.last_readings[0].text == "三 八 二 七"
    assert utterance.copies() == []


def test_free_speech_and_nothing_are_heard_once(mandarin: Recogniser, doubtful: bytes) -> None:
    for phrases, sound in (((), doubtful), (DIGITS, bytes(32000))):
        utterance = mandarin.utterance(phrases)
        utterance.feed(sound)
        utterance.last_result()
        assert utterance.copies() == []


def test_a_long_remark_is_heard_once(mandarin: Recogniser, doubtful: bytes) -> None:
    utterance = mandarin.utterance(DIGITS)
    for _ in range(1 + 9 * 16000 // len(doubtful)):
        utterance.feed(doubtful)
    utterance.last_result()
    assert utterance.last_readings
    assert utterance.copies() == []


async def listen(sound: bytes) -> dict[str, object]:
    """One utterance through the protocol, its sound in one message."""
    async with connect(f"ws://127.0.0.1:{PORT}/zh", proxy=None, max_size=2**22) as socket:
        wish = {"sample_rate": 8000, "phrase_list": DIGITS, "max_alternatives": 5, "segments": 0, "kind": "digits"}
        await socket.send(json.dumps({"config": wish}, ensure_ascii=False))
        await socket.send(sound)
        await socket.recv()
        await socket.send(END_OF_FILE)
        answer: dict[str, object] = json.loads(await socket.recv())
        return answer


async def test_the_server_hears_again_unless_others_wait(mandarin: Recogniser, doubtful: bytes) -> None:
    server = RecogniserServer({"zh": mandarin}, threads=1)
    async with server.listening(PORT):
        alone = await listen(doubtful)
        assert (server.counts["rehearings"], server.counts["rehearings_left_out"]) == (1, 0)
        other = asyncio.create_task(listen(doubtful * 30))
        while server.counts["utterances"] < 2:  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.001)
        busy = await listen(doubtful)
        assert (server.counts["rehearings"], server.counts["rehearings_left_out"]) == (1, 1)
        await other
    server.close()
    assert alone["alternatives"] == busy["alternatives"], "vosk's own result is that of the first hearing"
    assert alone["hypotheses"] != busy["hypotheses"]
