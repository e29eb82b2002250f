"""A voice process that answers rubbish, and prompts in the cache that can't be played: never an unknown fault, never silence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.commands import Prompt
from ivr.config import VoiceSettings
from ivr.errors import AudioFormatError, VoiceUnavailable
from ivr.mouth import Mouth
from ivr.speech.audio import write_wav
from ivr.speech.voice import CachedVoice
from tests.fakes import FakePhone, FakeVoice

SAID = Prompt("hello", "您好", "zh")


@pytest_asyncio.fixture
async def answering() -> AsyncIterator[Callable[[bytes], object]]:
    """Makes a voice process that gives this answer to everything; returns its port."""
    servers = []

    async def start(answer: bytes) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(answer)
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"\xff\xfe\x00rubbish\n",
        b"null\n",
        b"[1]\n",
        b"{}\n",
        b'{"file": 5}\n',
        b'{"file": null}\n',
        b'{"file": "/no/such.wav"}\n',
        b'{"file": "/etc/passwd"}\n',
        b'{"file": "/dev/zero"}\n',
        b'{"file": "a\\u0000b"}\n',
        b'{"file": "/tmp"}\n',
        b'{"file": ["x"]}\n',
        b"[" * 60_000 + b"\n",
        b"x" * 1_000_000,
    ],
)
async def test_rubbish_is_a_voice_that_is_not_there(
    answering: Callable[[bytes], object], tmp_path: Path, answer: bytes
) -> None:
    port = await answering(answer)  # type: ignore[misc]
    voice = CachedVoice(VoiceSettings(port=port), tmp_path / "cache")
    with pytest.raises(VoiceUnavailable):
        await voice.wav(SAID)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x24\x00\x00\x00WAVEfmt "])
async def test_a_prompt_that_can_not_be_played_is_made_anew(
    answering: Callable[[bytes], object], tmp_path: Path, content: bytes
) -> None:
    """As a disk that was full may leave it; every call heard an apology there, for a month."""
    made = tmp_path / "made.wav"
    write_wav(made, bytes(1600))
    port = await answering(json.dumps({"file": str(made)}).encode() + b"\n")  # type: ignore[misc]
    voice = CachedVoice(VoiceSettings(port=port), tmp_path / "cache")
    broken = voice._cache.file(voice._speaking(SAID))
    broken.parent.mkdir(parents=True)
    broken.write_bytes(content)
    assert await voice.wav(SAID) == made
    assert not broken.exists()


async def test_what_the_phone_can_not_play_is_told() -> None:
    """The file was swept away in between: nobody said that it ended, and the caller heard nothing any more."""
    phone, failed = FakePhone(), []

    def broken(*_: object) -> int:
        raise AudioFormatError("gone.wav: can't be played", "")

    phone.play = broken  # type: ignore[assignment,method-assign]
    mouth = Mouth(phone, FakeVoice(), 1, lambda prompt: None, lambda: None, failed.append)
    mouth.say((SAID,))
    await asyncio.sleep(0.05)
    assert [type(fault) for fault in failed] == [AudioFormatError]
