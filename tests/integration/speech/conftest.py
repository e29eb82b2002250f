"""Real speech for the tests: the hotline's own voice, spoken in this process once per sentence."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from speech_processes import Process, Say

from ivr.speech.synthesis import Synthesiser

SILENCE = bytes(16_000)


@pytest.fixture(scope="session")
def synthesiser() -> Synthesiser:
    """The product's voice; a process has room for one."""
    return Synthesiser()


@pytest.fixture(scope="session")
def say(synthesiser: Synthesiser) -> Say:
    """Telephone PCM of a text, with half a second of silence around it."""

    @lru_cache
    def spoken(text: str, voice: str = "cmn", words_per_minute: int = 165) -> bytes:
        return SILENCE + synthesiser.speak(text, voice, words_per_minute) + SILENCE

    return spoken


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call gives up after seconds; the tests wait for what a slow or busy machine does at last, and say where giving up is meant."""
    monkeypatch.setattr("ivr.speech.client.CONNECT_SECONDS", 30.0)
    monkeypatch.setattr("ivr.speech.client.FINISH_SECONDS", 60.0)
    monkeypatch.setattr("ivr.speech.voice.CONNECT_SECONDS", 30.0)
    monkeypatch.setattr("ivr.speech.voice.SAY_SECONDS", 60.0)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start a process; all are gone after the test."""
    started: list[Process] = []

    def begin(*command: str) -> Process:
        started.append(Process(list(command), tmp_path / f"{len(started)}.log"))
        return started[-1]

    yield begin
    for each in started:
        each.send(signal.SIGCONT)
        each.kill()
