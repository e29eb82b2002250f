"""Mandarin sounds: toneless pinyin with what callers and recognisers don't tell apart folded together (pure)."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_FOLDS = (
    (re.compile(r"^(z|c|s)h"), r"\1"),  # zh/z, ch/c, sh/s
    (re.compile(r"^n(?=[aeiouv])"), "l"),  # n/l
    (re.compile(r"^r(?=[aeiou])"), "l"),  # r/l
    (re.compile(r"^hu(?=[aeio])"), "f"),  # hu/f
    (re.compile(r"(a|e|i|o)ng$"), r"\1n"),  # an/ang, en/eng, in/ing
)


@lru_cache(maxsize=20_000)
def syllable(char: str) -> str:
    """The toneless pinyin of one character; other characters stand for themselves."""
    return lazy_pinyin(char, style=Style.NORMAL, errors="default")[0] if "\u4e00" <= char <= "\u9fff" else char


@lru_cache(maxsize=20_000)
def folded(char: str) -> str:
    """The syllable with z/zh, c/ch, s/sh, n/l, r/l, hu/f, an/ang, en/eng, in/ing folded."""
    sound = syllable(char)
    for fold, plain in _FOLDS:
        sound = fold.sub(plain, sound)
    return sound


def sounds(text: str) -> tuple[str, ...]:
    """The folded syllables of a text."""
    return tuple(folded(char) for char in text)
