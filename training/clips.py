"""The stages `clips` and `test-clips`: a few minutes of committed test audio, and the committed models' table on it.

Clips are 8 kHz 16-bit WAV files that went through µ-law. manifest.yaml lists `{file, text, kind, condition, speaker, grammar}`; kind is
digits, phrase, sentence, isolated, oog (words outside of the grammar) or noise; without a grammar decoding is free.
"""

from __future__ import annotations

import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from training import corpus
from training.evaluation import (
    UNKNOWN,
    Tally,
    characters,
    condition,
    digit_grammar,
    digit_values,
    known,
    quiet_minutes,
)
from training.languages import language
from training.profile import Profile
from training.recognition import Decoder
from training.scripts import step_grammars
from training.sound import to_samples
from training.telephone import mu_law
from training.utterances import RATE_HZ, Recording, Samples

PLAN = (
    ("digits", ("clean", "telephone", "snr20", "snr10", "snr5", "loss5"), 3),
    ("step", ("clean", "telephone", "snr20", "snr10"), 4),
    ("sentence", ("clean", "snr20"), 5),
    ("words", ("clean",), 4),
)
"""Kinds of test material, their conditions, and clips per condition."""
PRODUCT_PLAN = (("step", ("clean", "snr20"), 40), ("words", ("clean",), 60))
"""What the product's recogniser is measured on with step grammars."""
CALIBRATION_PLAN = tuple(
    (kind, ("clean", "telephone", "snr10", "snr5"), count)
    for kind, count in (("digits", 20), ("step", 25), ("sentence", 20), ("words", 12))
)
"""What confidence is measured on: the dev split, half of it noisy."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One entry of the manifest and its sound."""

    samples: Samples
    text: str
    kind: str
    condition: str
    speaker: str
    grammar: tuple[str, ...] = ()


def write_wave(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())


def grammar_of(recording: Recording, code: str, number: int) -> tuple[str, tuple[str, ...]]:
    """The manifest's kind and grammar for a recording."""
    kind, steps = recording.script.kind, step_grammars(code)
    if kind in ("digits", "isolated") or recording.script.words[0] in language(code).digits:
        return ("digits" if len(recording.script.words) > 1 else "isolated"), tuple(digit_grammar(language(code)))
    if kind.startswith("step:"):
        return "phrase", (*steps[kind.removeprefix("step:")], UNKNOWN)
    if kind == "words":
        return "oog", (*list(steps.values())[number % len(steps)], UNKNOWN)
    return "sentence", ()


def choose(profile: Profile, work: Path, split: str, plan: Sequence[tuple[str, tuple[str, ...], int]]) -> list[Clip]:
    """The clips of a language, by plan from synthetic speech of a split, some human ones, and a little of no speech."""
    random_, code = random.Random(31), profile.language
    parts = [s for s in corpus.shards(profile) if s.part.split == split]
    found = [(s.part.engine, r) for s in parts for r in corpus.read(work / code / "speech" / f"{s.name}.npz")]
    found = [(e, r) for e, r in found if len(r.samples) < 5.5 * RATE_HZ]
    clips: list[Clip] = []

    def add(recording: Recording, name: str) -> None:
        kind, grammar = grammar_of(recording, code, len(clips))
        joint = "" if code == "zh" and kind == "phrase" else " "
        said = condition(name, recording.samples, len(clips))
        clips.append(Clip(said, joint.join(recording.script.words), kind, name, recording.speaker, grammar))

    for kind, conditions, count in plan:
        pool = [r for e, r in found if r.script.kind.startswith(kind) and not e.startswith("human")]
        pool = [r for r in pool if kind != "digits" or len(r.script.words) >= 4]
        for name in conditions:
            for recording in random_.sample(pool, min(count, len(pool))):
                add(recording, name)
    for engine, count in (("human:isolated", 10), ("human:strings", 4)):
        pool = [r for e, r in found if e == engine]
        for recording in random_.sample(pool, min(count, len(pool))):
            add(recording, "clean")
    for name, sound in list(quiet_minutes(1))[:5]:
        clips.append(Clip(to_samples(mu_law(sound[: 4 * RATE_HZ])), "", "noise", "clean", name))
    return clips


def write_clips(
    profile: Profile,
    work: Path,
    folder: Path,
    split: str = "test",
    plan: Sequence[tuple[str, tuple[str, ...], int]] = PLAN,
) -> int:
    """Writes clips and manifest.yaml; returns their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.wav"):
        old.unlink()
    rows = []
    for number, clip in enumerate(choose(profile, work, split, plan)):
        name = f"{number:02d}-{clip.kind}-{clip.condition}.wav"
        write_wave(folder / name, clip.samples)
        row: dict[str, object] = {"file": name, "text": clip.text, "kind": clip.kind, "condition": clip.condition}
        row["speaker"] = clip.speaker
        if clip.grammar:
            row["grammar"] = list(clip.grammar)
        rows.append(row)
    text = yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, default_flow_style=None, width=10_000)
    (folder / "manifest.yaml").write_text(text, "utf-8")
    return len(rows)


def read_manifest(folder: Path) -> list[Clip]:
    """The clips of a folder with their sound."""
    clips = []
    for row in yaml.safe_load((folder / "manifest.yaml").read_text("utf-8")):
        with wave.open(str(folder / row["file"])) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        grammar = tuple(row.get("grammar", ()))
        clips.append(Clip(samples, row["text"], row["kind"], row["condition"], row["speaker"], grammar))
    return clips


def judge(clip: Clip, heard: Sequence[str], tally: Tally) -> None:
    """Counts one clip: digits and words by edits, phrases whole, out-of-grammar speech and noise by silence."""
    words = [w for w in heard if w != UNKNOWN]
    match clip.kind:
        case "digits" | "isolated":
            tally.add(digit_values(clip.text.split()), digit_values(words), clip.speaker)
        case "phrase":
            tally.add([clip.text.replace(" ", "")], ["".join(heard).replace(" ", "")], clip.speaker)
        case "sentence":
            tally.add(characters(clip.text.split()), characters(words), clip.speaker)
        case _:
            tally.add([""], ["".join(words)], clip.speaker)


def decode_clips(code: str, model: Path, folder: Path) -> dict[tuple[str, str], Tally]:
    """Decodes the committed clips and prints accuracy by kind and condition; returns the tallies."""
    decoder = Decoder(model)
    tallies: dict[tuple[str, str], Tally] = {}
    for clip in read_manifest(folder):
        grammar = [*known(decoder, [g for g in clip.grammar if g != UNKNOWN]), UNKNOWN] if clip.grammar else None
        heard = decoder.hear(clip.samples, grammar)
        judge(clip, heard.words, tallies.setdefault((clip.kind, clip.condition), Tally()))
    print(f"{model.name} on {folder.name}: kind, condition, units right, clips right")
    for (kind, name), tally in tallies.items():
        print(f"  {kind:9s} {name:10s} {tally.accuracy:6.1f} %  {tally.utterances - tally.wrong}/{tally.utterances}")
    del code
    return tallies
