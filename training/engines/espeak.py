"""eSpeak (three releases, in process by ctypes) with its own voice variants and with variants we draw.

A variant file shifts formants, pitch and voice source. eSpeak lists at most about 350 voices, so a process sees a private
data folder with the stock variants and some ninety of ours; other processes see other ones.
"""

from __future__ import annotations

import ctypes
import os
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.sound import to_telephone_rate
from training.utterances import Recording, Samples, Script

SYNCHRONOUS, UTF8, PHONEMES, POS_CHARACTER = 2, 1, 0x100, 1
SPEED, PITCH, PITCH_RANGE, WORD_GAP = 1, 3, 4, 7
VARIANTS_PER_FOLDER = 90
HELD_OUT = frozenset(
    [
        "Alicia",
        "Denis",
        "klatt4",
        "m3",
        "f4",
        "Mario",
        "belinda",
        "steph2",
        "edward",
        "anika",
        "Gene",
        "quincy",
        "robosoft3",
        "max",
        "Michael",
        "f2",
    ]
)
"""Stock variants that are never trained on: the even ones of the sorted list are the dev set, the odd ones the test set."""
ODD_VOICES = frozenset(
    [
        "whisper",
        "whisperf",
        "AnxiousAndy",
        "Demonic",
        "Mr serious",
        "croak",
        "UniRobot",
        "anikaRobot",
        "fast",
        "Storm",
        "grandma",
        "grandpa",
        "Nguyen",
    ]
)
"""Whispered or trick voices no caller sounds like."""
ACCENTS = {"zh": ("cmn-latn-pinyin",), "en": ("en-us",) * 6 + ("en-gb",) * 3 + ("en-gb-x-rp", "en-gb-scotland")}
OLD_ACCENTS = {"zh": ("zh",), "en": ("en-us",) * 3 + ("en", "en-rp", "en-sc")}

NORTHERN = (("j'@", "'ar"), ("'i@", "'a@r"))
BEFORE_GLIDE = {
    "b": "p",
    "p": "ph",
    "m": "m",
    "d": "t",
    "t": "th",
    "n": "n",
    "l": "l",
    "j": "tS;",
    "q": "tS;h",
    "x": "S;",
    "y": "j",
}
TONES = {"1": "55", "2": "35", "3": "21", "4": "51", "5": "11"}
"""-ing with a glide, [iəŋ], and an open er, [aɹ], as the north says them and eSpeak does not: its phonemes, initials and tones."""


@dataclass(frozen=True, slots=True)
class Release:
    """An eSpeak shared library and the data folder that belongs to it."""

    name: str
    library: Path
    data: Path


def releases() -> dict[str, Release]:
    """The eSpeak releases installed here, by version."""
    system = Path("/usr/lib/x86_64-linux-gnu")
    found = {
        "1.51": Release("1.51", system / "libespeak-ng.so.1", system / "espeak-ng-data"),
        "1.48": Release("1.48", system / "libespeak.so.1", system / "espeak-data"),
    }
    try:
        import espeakng_loader

        found["1.52"] = Release("1.52", Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path()))
    except ImportError:
        pass
    return {k: r for k, r in found.items() if r.library.exists() and r.data.exists()}


def draw_variant(name: str, random_: random.Random) -> str:
    """The text of a voice variant file: a person of either sex with a random tract, pitch and voice source."""
    female = random_.random() < 0.5
    tract = random_.uniform(104, 128) if female else random_.uniform(84, 108)
    pitch = random_.uniform(130, 210) if female else random_.uniform(60, 120)
    lines = ["language variant", f"name {name}", f"pitch {pitch:.0f} {pitch * random_.uniform(1.2, 1.9):.0f}"]
    if random_.random() < 0.35:
        lines.append(f"klatt {random_.randint(1, 5)}")
    lines += [
        f"formant {n} {tract + random_.uniform(-8, 8):.0f} {random_.uniform(70, 150):.0f} {random_.uniform(75, 150):.0f}"
        for n in range(9)
    ]
    optional: list[tuple[float, Callable[[], str]]] = [
        (0.5, lambda: f"voicing {random_.randint(60, 130)}"),
        (0.5, lambda: f"consonants {random_.randint(60, 130)} {random_.randint(60, 130)}"),
        (0.4, lambda: f"flutter {random_.randint(0, 10)}"),
        (0.4, lambda: f"roughness {random_.randint(0, 4)}"),
        (0.25, lambda: "breath " + " ".join(str(random_.randint(0, 12)) for _ in range(8))),
        (0.15, lambda: f"echo {random_.randint(10, 60)} {random_.randint(5, 40)}"),
    ]
    lines += [line() for chance, line in optional if random_.random() < chance]
    return "\n".join(lines) + "\n"


def private_data(release: Release, folder: Path, seed: int) -> Path:
    """A copy of the release's data with drawn variants `rv0`… beside the stock ones; the folder eSpeak must be given."""
    data = folder / release.data.name
    if (data / "ready").exists():
        return folder
    shutil.rmtree(data, ignore_errors=True)
    (data / "voices").mkdir(parents=True)
    for entry in release.data.iterdir():
        if entry.name not in ("voices", "lang"):
            (data / entry.name).symlink_to(entry)
    for group in ("sit", "gmw"):
        if (release.data / "lang" / group).is_dir():
            shutil.copytree(release.data / "lang" / group, data / "lang" / group)
    if release.name == "1.48":
        shutil.copytree(release.data / "voices", data / "voices", dirs_exist_ok=True)
    else:
        shutil.copytree(release.data / "voices" / "!v", data / "voices" / "!v")
    random_ = random.Random(seed)
    for n in range(VARIANTS_PER_FOLDER):
        (data / "voices" / "!v" / f"rv{n}").write_text(draw_variant(f"rv{n}", random_))
    (data / "ready").touch()
    return folder


def northern(syllable: str, accent: tuple[str, str]) -> str:
    """A pinyin syllable in -ing, or er, as eSpeak's phonemes in a northern accent; any other as it is."""
    glide, er = accent
    if said := re.fullmatch(r"([bpmdtnljqxy])ing([1-5])(,?)", syllable):
        return f"[[{BEFORE_GLIDE[said[1]]}{glide}{TONES[said[2]]}N]]{said[3]}"
    if said := re.fullmatch(r"er([1-5])(,?)", syllable):
        return f"[[{er}{TONES[said[1]]}]]{said[2]}"
    return syllable


class Espeak:
    """One eSpeak release in this process. The library has global state: one instance per process."""

    def __init__(self, release: Release, language: str, work: Path, folder: int, split: str) -> None:
        home = private_data(release, work / "espeak" / release.name / str(folder), seed=1000 + folder)
        os.environ["ESPEAK_DATA_PATH"] = str(home)
        self._library = ctypes.CDLL(str(release.library))
        self.rate_hz = self._library.espeak_Initialize(SYNCHRONOUS, 0, str(home).encode(), 0)
        if self.rate_hz <= 0:
            raise RuntimeError(f"eSpeak {release.name} did not start with data in {home}")
        self._pieces: list[bytes] = []
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = callback(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)
        self._language, self._split, self._folder, self._release = language, split, folder, release.name
        self._accents = (OLD_ACCENTS if release.name == "1.48" else ACCENTS)[language]
        stock = sorted(p.name for p in (home / release.data.name / "voices" / "!v").iterdir())
        stock = [v for v in stock if v not in ODD_VOICES and not v.startswith("rv")]
        self._trained = [v for v in stock if v not in HELD_OUT]
        self._held = {"dev": sorted(HELD_OUT & set(stock))[0::2], "test": sorted(HELD_OUT & set(stock))[1::2]}

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: object) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    def _variant(self, random_: random.Random) -> str:
        if self._split != "train":
            return random_.choice(self._held[self._split])
        if random_.random() < 0.7:
            return f"rv{random_.randrange(VARIANTS_PER_FOLDER)}"
        return random_.choice([*self._trained, "", "", ""])

    def say(self, script: Script, random_: random.Random) -> Recording | None:
        """The script in a drawn voice, speed and pitch; training varies them more than tests do."""
        variant = self._variant(random_)
        accent = random_.choice(self._accents)
        training = self._split == "train"
        speed = random_.gauss(180, 42) if training else random_.uniform(130, 240)
        if script.kind == "isolated":
            speed *= 0.8
        gap = random_.choice([1, 2, 3, 5]) if random_.random() < 0.08 else 0
        self._set(SPEED, int(min(320, max(85, speed))))
        self._set(PITCH, random_.randint(15, 85) if training else random_.randint(30, 70))
        self._set(PITCH_RANGE, random_.randint(25, 80) if training else 50)
        self._set(WORD_GAP, gap)
        samples = self._speak(accent + ("+" + variant if variant else ""), self._text(script, random_))
        if samples is None:
            return None
        name = f"{variant}.{self._folder}" if variant.startswith("rv") else variant or "plain"
        return Recording(script, f"espeak-{self._release}/{accent}+{name}", samples)

    def _set(self, parameter: int, value: int) -> None:
        self._library.espeak_SetParameter(parameter, value, 0)

    def _text(self, script: Script, random_: random.Random) -> str:
        """What eSpeak reads: pinyin with tone digits (some tones wrong on purpose) or words; a comma now and then."""
        said = []
        accent = random_.choice((None, *NORTHERN)) if self._language == "zh" and self._split == "train" else None
        for number, reading in enumerate(script.readings):
            syllables = list(reading)
            if self._language == "zh":
                syllables = [
                    s[:-1] + random_.choice("1234") if self._split == "train" and random_.random() < 0.1 else s
                    for s in syllables
                ]
            if number + 1 < len(script.readings) and random_.random() < 0.12:
                syllables[-1] += ","
            said += [northern(s, accent) for s in syllables] if accent else syllables
        return " ".join(said).replace("v", "ü") if self._language == "zh" else " ".join(said)

    def _speak(self, voice: str, text: str) -> Samples | None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            return None
        self._pieces.clear()
        raw = text.encode() + b"\0"
        self._library.espeak_Synth(raw, len(raw), 0, POS_CHARACTER, 0, UTF8 | PHONEMES, None, None)
        samples = np.frombuffer(b"".join(self._pieces), dtype="<i2")
        return to_telephone_rate(samples, self.rate_hz) if len(samples) > self.rate_hz // 10 else None
