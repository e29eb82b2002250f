"""The stage `evaluate`: the table of goals on speakers that were never trained on, with stock vosk.

Test material comes from the `test` parts of the profile (voices and engines apart from training; people kept out), goes
through µ-law, and is clean, noisy, band-limited or has lost packets. Calibration uses the `dev` parts only.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training import corpus
from training.languages import Language, language
from training.profile import Profile
from training.recognition import Decoder, Heard, alignment, edits
from training.scripts import step_grammars
from training.sound import Wave, to_samples
from training.telephone import clicks, lose_packets, mu_law, music, noise, power, telephone_band, tones
from training.utterances import RATE_HZ, Recording, Samples

UNKNOWN = "[unk]"
CONDITIONS = ("clean", "telephone", "snr20", "snr10", "snr5", "loss5")
DIGIT_VALUES = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"幺": 1, "洞": 0, "两": 2}
DIGIT_VALUES |= {
    w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
} | {"oh": 0}
GOALS: dict[str, dict[str, float]] = {
    "zh": {
        "digit strings, clean": 99, "digit strings, snr20": 98.5, "digit strings, snr10": 96,
        "step phrases, clean": 99, "step phrases, snr20": 98, "sentences, clean": 95,
        "human isolated digits": 97, "human digit strings": 93, "false accepts": 5, "no speech": 0,
    },
    "en": {
        "digit strings, clean": 99, "digit strings, snr20": 98, "digit strings, snr10": 95,
        "step phrases, clean": 98, "step phrases, snr20": 97, "sentences, clean": 93,
        "human isolated digits": 97, "human digit strings": 93, "false accepts": 5, "no speech": 0,
    },
}  # fmt: skip


def condition(name: str, samples: Samples, seed: int) -> Samples:
    """The utterance between 0.3 s of quiet, in a call of the named condition, through µ-law at a common level."""
    random_ = random.Random(seed)
    wave = samples.astype(np.float64) / 32768
    wave = wave / (np.abs(wave).max() + 1e-9) * 0.4
    wave = np.concatenate([np.zeros(RATE_HZ * 3 // 10), wave, np.zeros(RATE_HZ * 4 // 10)])
    match name:
        case "telephone":
            wave = telephone_band(wave)
        case "loss5":
            wave = lose_packets(random_, wave, 0.05)
        case _ if name.startswith("snr"):
            wave = wave + noise(random_, len(wave)) * power(wave) * 10 ** (-int(name[3:]) / 20)
        case "clean":
            wave = wave + noise(random_, len(wave)) * 1e-4
        case _:
            raise ValueError(f"no such condition: {name}")
    return to_samples(mu_law(wave))


def digit_values(words: Sequence[str]) -> list[str]:
    """Spoken digits as values, so that 幺 and 一, oh and zero are the same; double and triple repeat what follows."""
    values: list[str] = []
    times = 1
    for word in words:
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        values += [str(DIGIT_VALUES.get(word, word))] * times
        times = 1
    return values


def characters(words: Sequence[str]) -> list[str]:
    """What is compared: single characters in Mandarin, words in English, unknown words apart."""
    return [c for w in words if w != UNKNOWN for c in (w if not w.isascii() else [w])]


@dataclass(slots=True)
class Tally:
    """Counts of one row of the table."""

    units: int = 0
    errors: int = 0
    utterances: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, said: Sequence[str], heard: Sequence[str], about: str = "") -> None:
        self.pairs.update(alignment(said, heard))
        mistakes = edits(said, heard)
        self.units, self.errors, self.utterances = self.units + len(said), self.errors + mistakes, self.utterances + 1
        if mistakes:
            self.wrong += 1
            self.examples.append(f"{about}: {' '.join(said)} → {' '.join(heard)}")

    def confusions(self) -> dict[str, dict[str, int]]:
        """How often each unit was heard as each, the empty one being nothing: {said: {heard: times}}."""
        table: dict[str, dict[str, int]] = {}
        for (said, heard), times in sorted(self.pairs.items()):
            table.setdefault(said, {})[heard] = times
        return table

    @property
    def accuracy(self) -> float:
        """Units right, in per cent; insertions count as errors."""
        return 100 * (1 - self.errors / max(1, self.units))

    @property
    def utterances_right(self) -> float:
        return 100 * (1 - self.wrong / max(1, self.utterances))


def digit_grammar(speaks: Language) -> list[str]:
    """Each digit an entry of its own, and the unknown."""
    return [*speaks.digits, *(("double", "triple") if speaks.code == "en" else ()), UNKNOWN]


def known(decoder: Decoder, phrases: Sequence[str]) -> list[str]:
    """Phrases as grammar entries the model can use: a Mandarin phrase that is no word becomes its characters."""
    usable = []
    for phrase in phrases:
        text = phrase if phrase.isascii() or decoder.knows(phrase) else " ".join(phrase)
        if all(decoder.knows(w) for w in text.split()):
            usable.append(text)
    return usable


class Evaluation:
    """One model against the dev or test material of a profile."""

    def __init__(self, profile: Profile, work: Path, model: Path, split: str, limit: int) -> None:
        self.profile, self.split, self.limit = profile, split, limit
        self.speaks = language(profile.language)
        self.decoder = Decoder(model)
        self.speech_seconds = self.decode_seconds = 0.0
        folder = work / profile.language / "speech"
        self.recordings = [
            (shard.part.engine, recording)
            for shard in corpus.shards(profile)
            if shard.part.split == split
            for recording in corpus.read(folder / f"{shard.name}.npz")
        ]

    def chosen(self, wanted: Callable[[str, Recording], bool]) -> list[Recording]:
        """Up to `limit` recordings, the same ones each time, drawn over all parts."""
        found = [r for engine, r in self.recordings if wanted(engine, r)]
        random.Random(4).shuffle(found)
        return found[: self.limit]

    def hear(self, samples: Samples, grammar: Sequence[str] | None) -> Heard:
        heard = self.decoder.hear(samples, grammar)
        self.speech_seconds += len(samples) / RATE_HZ
        self.decode_seconds += heard.seconds
        return heard

    def digits(self, name: str, wanted: Callable[[str, Recording], bool]) -> Tally:
        """Digit strings of 4–12 (or what is wanted) with the digit grammar."""
        tally, grammar = Tally(), digit_grammar(self.speaks)
        for number, recording in enumerate(self.chosen(wanted)):
            heard = self.hear(condition(name, recording.samples, number), grammar)
            said = digit_values(recording.script.words)
            tally.add(said, digit_values([w for w in heard.words if w != UNKNOWN]), recording.speaker)
        return tally

    def steps(self, name: str) -> Tally:
        """Phrases in the grammar of their step; a unit is a whole phrase."""
        tally = Tally()
        grammars = {k: [*known(self.decoder, v), UNKNOWN] for k, v in step_grammars(self.speaks.code).items()}
        for number, recording in enumerate(self.chosen(lambda _, r: r.script.kind.startswith("step:"))):
            grammar = grammars[recording.script.kind.removeprefix("step:")]
            heard = self.hear(condition(name, recording.samples, number), grammar)
            joint = "" if self.speaks.code == "zh" else " "
            tally.add([joint.join(recording.script.words)], [joint.join(heard.words)], recording.speaker)
        return tally

    def sentences(self, name: str) -> Tally:
        """Hotline sentences in free decoding: characters in Mandarin, words in English."""
        tally = Tally()
        for number, recording in enumerate(self.chosen(lambda _, r: r.script.kind == "sentence")):
            heard = self.hear(condition(name, recording.samples, number), None)
            tally.add(characters(recording.script.words), characters(heard.words), recording.speaker)
        return tally

    def human_words(self) -> Tally:
        """Words of people, each in a grammar of fifty of them; words kept out of training (the speaker may be in it)."""
        tally = Tally()
        usable = self.chosen(
            lambda e, r: (
                e == "human:single"
                and r.script.words[0] not in self.speaks.digits
                and bool(known(self.decoder, r.script.words))
            )
        )
        phrases = [known(self.decoder, r.script.words)[0] for r in usable]
        for number, recording in enumerate(usable):
            others = random.Random(number).sample(phrases, min(49, len(phrases)))
            grammar = list(dict.fromkeys([phrases[number], *others, UNKNOWN]))
            heard = self.hear(condition("clean", recording.samples, number), grammar)
            tally.add([recording.script.words[0]], ["".join(heard.words)], recording.speaker)
        return tally

    def false_accepts(self) -> Tally:
        """Words at random against step grammars: right is only nothing or the unknown."""
        tally = Tally()
        grammars = [[*known(self.decoder, v), UNKNOWN] for _, v in sorted(step_grammars(self.speaks.code).items())]
        for number, recording in enumerate(self.chosen(lambda _, r: r.script.kind == "words")):
            heard = self.hear(condition("clean", recording.samples, number), grammars[number % len(grammars)])
            accepted = [w for w in heard.words if w != UNKNOWN]
            tally.add([""], ["".join(accepted)], f"{recording.speaker} {recording.script.text}")
        return tally

    def no_speech(self, minutes: float) -> tuple[int, list[str]]:
        """Words heard in so many minutes of noise, music, ringback, keys, knocks and silence, in free and step decoding."""
        heard_words: list[str] = []
        count = 0
        steps = [*known(self.decoder, step_grammars(self.speaks.code)["yes_no"]), UNKNOWN]
        for number, (name, wave) in enumerate(quiet_minutes(minutes)):
            for grammar in (None, [*digit_grammar(self.speaks)[:-1], *steps]):
                heard = self.hear(to_samples(mu_law(wave)), grammar)
                words = [w for w in heard.words if w != UNKNOWN]
                count += len(words)
                heard_words += [f"{name} {number}: {' '.join(words)}"] if words else []
        return count, heard_words


def quiet_minutes(minutes: float) -> Iterator[tuple[str, Wave]]:
    """Ten-second pieces in which nobody speaks."""
    random_, size = random.Random(99), 10 * RATE_HZ
    kinds: dict[str, Callable[[random.Random, int], Wave]] = {
        "noise": lambda r, n: noise(r, n) * 10 ** (r.uniform(-60, -26) / 20),
        "music": lambda r, n: music(r, n) * 10 ** (r.uniform(-40, -20) / 20),
        "tones": lambda r, n: tones(r, n) * 10 ** (r.uniform(-30, -12) / 20),
        "knocks": lambda r, n: clicks(r, n) * 10 ** (r.uniform(-30, -12) / 20),
        "silence": lambda _, n: np.zeros(n),
    }
    for number in range(int(minutes * 6)):
        name = list(kinds)[number % len(kinds)]
        yield name, kinds[name](random_, size)
