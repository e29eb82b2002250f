"""A Mandarin script as the symbols of ttskit's synthesiser, and whether its attention went through all of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from training.languages.mandarin import sandhi
from training.utterances import Script

# The first symbols of the network's table: padding, end, joint, initials, finals, tones.
SYMBOLS = (
    *("_", "~", "-"),
    *(
        "aa",
        "b",
        "c",
        "ch",
        "d",
        "ee",
        "f",
        "g",
        "h",
        "ii",
        "j",
        "k",
        "l",
        "m",
        "n",
        "oo",
        "p",
        "q",
        "r",
        "s",
        "sh",
        "t",
        "uu",
    ),
    *(
        "vv",
        "x",
        "z",
        "zh",
        "a",
        "ai",
        "an",
        "ang",
        "ao",
        "e",
        "ei",
        "en",
        "eng",
        "er",
        "i",
        "ia",
        "ian",
        "iang",
        "iao",
        "ie",
    ),
    *(
        "in",
        "ing",
        "iong",
        "iu",
        "ix",
        "iy",
        "iz",
        "o",
        "ong",
        "ou",
        "u",
        "ua",
        "uai",
        "uan",
        "uang",
        "ueng",
        "ui",
        "un",
        "uo",
    ),
    *("v", "van", "ve", "vn", "ng", "uong", "1", "2", "3", "4", "5"),
)
# Comma and full stop in the same table.
PAUSE, STOP = 131, 130

RETROFLEX, SIBILANT = ("zh", "ch", "sh"), ("z", "c", "s")
INITIALS = (*RETROFLEX, *"bpmfdtnlgkhjqxrzcs")
SHORTENED = {"iou": "iu", "uei": "ui", "uen": "un", "io": "o"}

SYLLABLE_FRAMES = (5, 45)
"""Frames of 11.6 ms: a syllable under 58 ms was swallowed, one over 520 ms was stuck."""


def symbols_of(syllable: str) -> tuple[str, str, str]:
    """A syllable in pinyin with its tone as the network's initial, final and tone."""
    sound, tone = syllable[:-1].replace("ü", "v"), syllable[-1]
    if sound in ("n", "ng"):
        return "ee", "ng", tone
    if sound.startswith("yu"):
        return "vv", "v" + sound[2:], tone
    if sound[0] in "yw":
        vowel = {"y": "i", "w": "u"}[sound[0]]
        final = sound[1:] if sound[1] == vowel else vowel + sound[1:]
        return 2 * vowel, SHORTENED.get(final, final), tone
    initial = next((i for i in INITIALS if sound.startswith(i)), "")
    final = sound[len(initial) :]
    if not initial:
        return 2 * sound[0], final, tone
    if initial in ("j", "q", "x") and final.startswith("u"):
        return initial, "v" + final[1:], tone
    if final == "i":
        final = "ix" if initial in RETROFLEX else "iy" if initial in SIBILANT else "iz" if initial == "r" else "i"
    return initial, final, tone


def symbols(script: Script, random_: random.Random) -> tuple[list[int], list[int]]:
    """The network's input, and where in it each syllable ends; digits come in groups, other words with a pause now and then."""
    characters = [c for w in script.words for c in w]
    spoken = iter(sandhi([s for r in script.readings for s in r], characters))
    group = random_.choice([1, 3, 3, 4, 4, 20, 20]) if script.kind == "digits" else 0
    ids: list[int] = []
    ends: list[int] = []
    for number, word in enumerate(script.words):
        if number and (number % group == 0 if group else random_.random() < 0.08):
            ids += [PAUSE, SYMBOLS.index("-")]
        for _ in word:
            ids += [SYMBOLS.index(s) for s in (*symbols_of(next(spoken)), "-")]
            ends.append(len(ids))
    return [*ids, STOP, SYMBOLS.index("-"), SYMBOLS.index("~"), SYMBOLS.index("_")], ends


def complete(path: Sequence[int], ends: Sequence[int]) -> bool:
    """Whether each syllable had its time, and none came back; `path` is the symbol attended to in each frame."""
    if any(after < before - 1 for before, after in pairwise(path)):
        return False
    shortest, longest = SYLLABLE_FRAMES
    spent = [sum(end - 4 <= at < end for at in path) for end in ends]
    return all(shortest <= frames <= longest for frames in spent)
