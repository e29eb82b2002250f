"""No prompt is longer to listen to than a caller bears: each is said by the product's own voice, at its pace."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import VoiceSettings
from ivr.dialogue.prompts import OPTIONAL, VARIABLE, load_prompts
from ivr.speech.audio import TELEPHONE
from ivr.speech.synthesis import Synthesiser
from ivr.speech.voice_server import speaking
from ivr.values import Language

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
PROMPTS = Path(__file__).parents[3] / "prompts"
LONGEST_SECONDS = 12.0
# What a variable is filled with is short in most places; where it is a list of things, the caller has asked for it.
FILLED = {"zh": "5分钟", "en": "five minutes"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_prompt_is_said_in_twelve_seconds(synthesiser: Synthesiser, language: Language) -> None:
    settings = VoiceSettings()
    long: dict[str, tuple[float, str]] = {}
    for name, words in load_prompts(PROMPTS / language, language).words.items():
        for text in filter(None, words.texts()):
            said = VARIABLE.sub(FILLED[language], OPTIONAL.sub(r"\1", text))
            order = speaking(settings, {"text": said, "language": language})
            pcm = synthesiser.speak(order.text, order.voice, order.words_per_minute, order.pitch)
            if (seconds := len(pcm) / TELEPHONE.bytes_per_second) >= LONGEST_SECONDS:
                long[name] = (round(seconds, 1), said)
    assert long == {}
