"""The caller's mouth: lines of text to speech, rendered before the call and kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ivr.caller.child import Child
from ivr.caller.codec import Samples
from ivr.caller.sound import levelled
from ivr.errors import UserError
from ivr.values import Language

VOICES: dict[Language, str] = {"zh": "cmn", "en": "gmw/en-US"}
ZH_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
EN_DIGITS = dict(
    zip("0123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
)


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say: the voice is an espeak-ng variant (f1–f5, m1–m8, Annie …)."""

    text: str
    language: Language = "zh"
    voice: str = "f2"
    words_per_minute: int = 150
    pitch: int = 50


class Speaker:
    """Renders lines in a helper process, each once."""

    def __init__(self) -> None:
        self._child = Child("ivr.caller.espeak")
        self._kept: dict[Line, Samples] = {}

    async def prepare(self, lines: Iterable[Line]) -> None:
        """Render what is not yet rendered; raises UserError for a voice that espeak-ng doesn't have."""
        for line in lines:
            if line not in self._kept:
                self._kept[line] = await self._render(line)

    def sound(self, line: Line) -> Samples:
        """A prepared line as 8 kHz PCM at the usual level."""
        return self._kept[line]

    async def stop(self) -> None:
        """End the helper process; what was rendered stays."""
        await self._child.stop()

    async def _render(self, line: Line) -> Samples:
        if not re.search(r"\w", line.text):
            raise UserError(f"`{line.text}` has nothing that can be spoken", "write words")
        voice = VOICES[line.language] + (f"+{line.voice}" if line.voice else "")
        head = {
            "text": spoken(line.text, line.language),
            "voice": voice,
            "words_per_minute": line.words_per_minute,
            "pitch": line.pitch,
        }
        reply, block = await self._child.ask(head)
        if "error" in reply:
            raise UserError(str(reply["error"]), "take a variant such as f2, f3, m1, m3 or Annie")
        return levelled(np.frombuffer(block, np.int16))


def spoken(text: str, language: Language) -> str:
    """The text with long numbers digit by digit in groups of four, as people say an order number."""
    digits, comma = (ZH_DIGITS, "，") if language == "zh" else (EN_DIGITS, ", ")

    def read(found: re.Match[str]) -> str:
        groups = re.findall(r"\d{1,4}", found[0])
        return comma.join(" ".join(digits[digit] for digit in group) for group in groups)

    return re.sub(r"\d{4,}", read, text)
