"""Order numbers in the synthetic caller's voices, heard by the bundled recogniser, with no telephone between.

The sound goes through a telephone's band, coding and what else a line does, and is decoded with the grammar of the shipped
question for an order number: what comes out is what a call would get, for hundreds of numbers in a minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.bench.order_numbers import Case, Tally, call, shop
from ivr.bench.telephone_numbers import SPEEDS, VOICES
from ivr.caller.speaker import Line, Speaker
from ivr.demo.story import digits
from ivr.dialogue.digit_errors import ERRORS, DigitErrors, fit
from ivr.dialogue.loading import load_dialplans
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.order_number import readings_of
from ivr.dialogue.recognition import grammar_for
from ivr.events import Hypothesis
from ivr.speech.audio import TELEPHONE
from ivr.speech.conditions import condition
from ivr.speech.phrases import wanted
from ivr.speech.recogniser import Kind, Recogniser
from ivr.values import Language

CONDITIONS = ("telephone", "snr10", "loss5")
PITCHES = (40, 50, 60)
_FRAME_BYTES = TELEPHONE.bytes_per_second // 10
_REPAIRED_SPEED = 110  # who is asked again speaks slowly


@dataclass(frozen=True, slots=True)
class Heard:
    """A number as it was said, under a condition, and the N-best of both tries."""

    said: str
    condition: str
    tries: tuple[tuple[Hypothesis, ...], ...]

    def again(self, _said: str, place: int) -> tuple[Hypothesis, ...]:
        """What was heard in the first try and in the second."""
        return self.tries[place]

    def digits(self, language: Language) -> str:
        """The digits of the best reading of the first try."""
        found = readings_of(self.tries[0][:1], language)
        return found[0].digits if found else ""


async def hear_numbers(
    root: Path, language: Language, count: int, seed: int, tell: Callable[[], None] = lambda: None
) -> list[Heard]:
    """So many numbers, each in another voice and under another condition; the models are those of `root`."""
    understanding = load_dialplans(root / "dialplans", root / "prompts").spoken[language].understanding
    asked = Expectation(wants="slot", language=language, slot="order_number")
    phrases = wanted(language, grammar_for(understanding, asked))
    recogniser = Recogniser(root / "models" / f"{language}-small")
    speaker, dice = Speaker(), random.Random(f"{seed} heard {language}")
    found = []
    try:
        for place, number in enumerate(shop(dice, count)):
            as_if = CONDITIONS[place % len(CONDITIONS)]
            lines = [
                Line(digits(number, language), language, VOICES[place % len(VOICES)], speed, dice.choice(PITCHES))
                for speed in (dice.choice(SPEEDS), _REPAIRED_SPEED)
            ]
            await speaker.prepare(lines)
            tries = tuple(decoded(recogniser, phrases, speaker.sound(line), as_if, place) for line in lines)
            found.append(Heard(number, as_if, tries))
            tell()
    finally:
        await speaker.stop()
    return found


def decoded(
    recogniser: Recogniser, phrases: Sequence[str], sound: np.ndarray, as_if: str, seed: int, kind: Kind = "digits"
) -> tuple[Hypothesis, ...]:
    """What the recogniser makes of a sound that came by telephone; `kind` is what its confidences are promised for."""
    silence = np.zeros(TELEPHONE.rate // 3, np.int16)
    pcm = condition(as_if)(np.concatenate([silence, sound, silence]), seed).tobytes()
    utterance = recogniser.utterance(phrases, kind)
    for at in range(0, len(pcm), _FRAME_BYTES):
        utterance.feed(pcm[at : at + _FRAME_BYTES])
    return utterance.finish()


def tally(heard: Sequence[Heard], language: Language, seed: int) -> Tally:
    """What became of the numbers among 5,000 orders, said by strangers: no order of the caller's own helps."""
    orders = [each.said for each in heard] + shop(random.Random(f"{seed} others"))
    known = frozenset(orders)
    return Tally.of([call(Case(each.said, ()), known, language, each.again) for each in heard])


def fitted(heard: Sequence[Heard], language: Language) -> DigitErrors:
    """The table of errors refitted to what was heard."""
    return fit([(each.said, each.digits(language)) for each in heard], ERRORS[language])
