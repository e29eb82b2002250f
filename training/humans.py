"""People as speakers: their recordings as they are, as other people would have said them, and put together to strings."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from training.languages import Language
from training.recordings import Source
from training.sound import Wave, to_samples, trim
from training.utterances import RATE_HZ, Recording
from training.warping import Warp, draw_warp, warp


@lru_cache(maxsize=4096)
def load(source: Source) -> tuple[Wave, int]:
    """The recording as float samples in ±1, its channels as one, trimmed, and its rate in Hz."""
    wave, rate_hz = _read(source.path)
    return (glide(_read(source.begins)[0], wave, rate_hz) if source.begins else wave), rate_hz


def _read(path: Path) -> tuple[Wave, int]:
    channels, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
    wave = channels.mean(axis=1)
    peak = float(np.abs(wave).max()) or 1.0
    return trim(to_samples(wave / peak * 0.9), threshold=500, margin=rate_hz // 25).astype(np.float64) / 32768, rate_hz


def glide(begin: Wave, end: Wave, rate_hz: int) -> Wave:
    """The first half of one syllable faded over 60 ms into the last two thirds of another: li and leng make [liəŋ]."""
    head, tail = begin[: len(begin) // 2], end[len(end) // 3 :]
    return join([head, tail], 0.06, rate_hz)


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


def drawn(pool: Sequence[Source], count: int, random_: random.Random) -> Iterator[Source]:
    """So many recordings, each speaker as likely as every other, however much of each there is."""
    by_speaker: dict[str, list[Source]] = {}
    for source in pool:
        by_speaker.setdefault(source.speaker, []).append(source)
    for _ in range(count):
        yield random_.choice(by_speaker[random_.choice(list(by_speaker))])


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


def join(pieces: Sequence[Wave], overlap_seconds: float, rate_hz: int = RATE_HZ) -> Wave:
    """The pieces one after another, each faded into the next over at most `overlap_seconds`."""
    result = pieces[0]
    for piece in pieces[1:]:
        overlap = min(int(overlap_seconds * rate_hz), len(result) // 3, len(piece) // 3)
        if overlap:
            ramp = np.linspace(0, 1, overlap)
            blended = result[-overlap:] * (1 - ramp) + piece[:overlap] * ramp
            result = np.concatenate([result[:-overlap], blended, piece[overlap:]])
        else:
            result = np.concatenate([result, piece])
    return result


def recordings(
    language: Language, chosen: Sequence[Source], copies: int, random_: random.Random
) -> Iterator[Recording]:
    """Every source once as it is, then `copies` times as other people."""
    for source in chosen:
        for copy in range(copies + 1):
            change = None if copy == 0 else draw_warp(random_, source.voice)
            if (said := single(language, source, change, random_)) is not None:
                yield said
