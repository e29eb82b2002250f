"""Recordings of people: where they are, what they say, and who is kept for tests."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from training.collected import Source, collected
from training.languages import Language
from training.languages.mandarin import character_by_syllable
from training.sound import Wave, to_samples, trim
from training.utterances import RATE_HZ, Recording
from training.warping import Warp, draw_warp, warp

LONE_COLLECTION = "audio-cmn/"
STUDENTS_WORDS = ("数字", "语音", "语言", "识别", "中国", "总工", "北京", "背景", "上海", "商行", "复旦", "饭店")
ENGLISH_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def sources(language: str, folder: Path) -> list[Source]:
    """The human recordings for a language below `folder`, sorted by name; training/README.md says what belongs there."""
    if language == "en":
        found = []
        for path in sorted(folder.rglob("[0-9]_*_*.wav")):
            digit, speaker, _ = path.stem.split("_")
            found.append(Source(path, (ENGLISH_DIGITS[int(digit)],), f"fsdd/{speaker}", "man"))
        return found
    return [*_words_of_one_woman(folder), *_syllables(folder), *_words_of_students(folder), *collected(folder)]


def _words_of_one_woman(folder: Path) -> Iterator[Source]:
    """audio-cmn: `cmn-<word>.opus`."""
    for path in sorted(folder.rglob("cmn-*.opus")):
        text = path.stem.removeprefix("cmn-")
        if re.fullmatch(r"[\u4e00-\u9fff]+", text):
            yield Source(path, (text,), "audio-cmn/yue-tan", "woman")


def _syllables(folder: Path) -> Iterator[Source]:
    """Each syllable for a character that is read so, digits first: audio-cmn's `cmn-<syllable><tone>.mp3` and

    mp3-chinese-pinyin-sound's `<syllable><tone>.mp3`.
    """
    characters = character_by_syllable()
    for pattern, speaker in (("cmn-*[1-4].mp3", "syllabs/chen-wang"), ("[a-z]*[1-4].mp3", "pinyin-sound/one")):
        for path in sorted(folder.rglob(pattern)):
            syllable = path.stem.removeprefix("cmn-")
            if syllable in characters and path.stem.startswith("cmn-") == pattern.startswith("cmn-"):
                yield Source(path, (characters[syllable],), speaker, "woman")


def _words_of_students(folder: Path) -> Iterator[Source]:
    """DSPSpeech-20: `<student>-<word>-<take>.wav`, twelve Mandarin words (the eight English ones are left out)."""
    for path in sorted(folder.rglob("[0-9]*-[0-9][0-9]-[0-9][0-9].wav")):
        student, word, _ = path.stem.split("-")
        if int(word) < len(STUDENTS_WORDS):
            yield Source(path, (STUDENTS_WORDS[int(word)],), f"dspspeech/{student}", "man")


def split_of(source: Source, held_out: dict[str, list[str]], held_share: float) -> str:
    """train, dev or test: by speaker, and for the woman of audio-cmn by word (digits and short words all train)."""
    for split, speakers in held_out.items():
        if source.speaker.split("/")[1] in speakers:
            return split
    if held_share and source.speaker.startswith(LONE_COLLECTION) and len(source.words[0]) > 1:
        draw = int(hashlib.sha256(source.path.name.encode()).hexdigest()[:8], 16) / 2**32
        if draw < held_share:
            return "dev" if draw < held_share / 2 else "test"
    return "train"


@lru_cache(maxsize=4096)
def load(source: Source) -> tuple[Wave, int]:
    """The recording as float samples in ±1, its channels as one, trimmed, and its rate in Hz."""
    channels, rate_hz = soundfile.read(source.path, dtype="float64", always_2d=True)
    wave = channels.mean(axis=1)
    peak = float(np.abs(wave).max()) or 1.0
    return trim(to_samples(wave / peak * 0.9), threshold=500, margin=rate_hz // 25).astype(np.float64) / 32768, rate_hz


def single(language: Language, source: Source, change: Warp | None, random_: random.Random) -> Recording | None:
    """A recording as it is, or as another person would have said it."""
    script = language.script("isolated", source.words, random_)
    if script is None:
        return None
    wave, rate_hz = load(source)
    if len(wave) < rate_hz // 10:
        return None
    told = warp(wave, rate_hz, change or Warp(1, 1, 1))
    return Recording(script, source.speaker, to_samples(told / (np.abs(told).max() + 1e-9) * 0.7))


def string(
    language: Language, pool: Sequence[Source], length: int, random_: random.Random, *, warped: bool
) -> Recording | None:
    """A digit string put together from one speaker's single digits, joined with gaps or run together."""
    speaker = random_.choice(sorted({s.speaker for s in pool}))
    mine = [s for s in pool if s.speaker == speaker]
    chosen = [random_.choice(mine) for _ in range(length)]
    person = draw_warp(random_, mine[0].voice)
    pieces: list[Wave] = []
    hurry = random_.uniform(1.0, 1.8) if warped else 1.0
    gap = random_.choice([0.0, 0.0, random_.uniform(0, 0.12), random_.uniform(0.05, 0.3)]) if warped else 0.08
    overlap_limit = random_.choice([0.0, 0.02, 0.05]) if warped else 0.0
    for source in chosen:
        wave, rate_hz = load(source)
        change = Warp(1, 1, 1)
        if warped:
            change = Warp(person.pitch * random_.uniform(0.93, 1.07), person.tract, hurry * random_.uniform(0.9, 1.15))
        wave = warp(wave, rate_hz, change)
        pieces.append(wave / (np.sqrt(np.mean(wave**2)) + 1e-9) * 0.1 * random_.uniform(0.7, 1.3))
        pieces.append(np.zeros(int(max(0.0, random_.gauss(gap, gap / 4)) * RATE_HZ)))
    script = language.script("digits", [w for s in chosen for w in s.words], random_)
    joined = join(pieces[:-1], overlap_limit)
    return Recording(script, speaker, to_samples(np.clip(joined, -1, 1))) if script else None


def join(pieces: Sequence[Wave], overlap_seconds: float) -> Wave:
    """The pieces one after another, each faded into the next over at most `overlap_seconds`."""
    result = pieces[0]
    for piece in pieces[1:]:
        overlap = min(int(overlap_seconds * RATE_HZ), len(result) // 3, len(piece) // 3)
        if overlap:
            ramp = np.linspace(0, 1, overlap)
            blended = result[-overlap:] * (1 - ramp) + piece[:overlap] * ramp
            result = np.concatenate([result[:-overlap], blended, piece[overlap:]])
        else:
            result = np.concatenate([result, piece])
    return result


def of_collections(sources_: Sequence[Source], collections: Sequence[str]) -> list[Source]:
    """The recordings of some collections; all of them where none is named."""
    return [s for s in sources_ if not collections or s.speaker.split("/")[0] in collections]


def digits_of(language: Language, sources_: Sequence[Source]) -> list[Source]:
    """The recordings of single digits."""
    return [s for s in sources_ if s.words[0] in language.digits]


def recordings(
    language: Language, chosen: Sequence[Source], copies: int, random_: random.Random
) -> Iterator[Recording]:
    """Every source once as it is, then `copies` times as other people."""
    for source in chosen:
        for copy in range(copies + 1):
            change = None if copy == 0 else draw_warp(random_, source.voice)
            if (said := single(language, source, change, random_)) is not None:
                yield said
