"""What a human recorded piece by piece, put together to whole prompts: "您的订单" + "三" + "五" + "已经送达" (pure, but for `PieceFolder`).

How it works: a recording's file name says what is heard in it. A prompt's text is cut into words, each with the pause that its
punctuation asks for, and the fewest recordings that say all of them in turn are chosen. A recording whose name ends like a
sentence (`三。`) is for the end of one, where the voice falls, and is preferred there. Where a word is missing nothing is put
together: a sentence in two voices is worse than one in the synthesiser's. So is one that leaves something out: what is neither a
word nor punctuation (`%`, `¥`, `3.5`) is a word that no recording has.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.values import Language

COMMA_SECONDS = 0.15
SENTENCE_SECONDS = 0.35
# A prompt said slower (`rate` below 1) is the same recordings further apart.
SLOWER_SECONDS = 0.3

# A Han character (the ideographs, 〇, their supplements); a figure with its sign, point or stroke; a word in other letters; a mark.
_HAN = r"[〇㐀-\u9fff\U00020000-\U0003ffff]"
_TOKEN = re.compile(rf"{_HAN}|[-−+]?\d+(?:[.,:/~−-]\d+)*|(?:(?!{_HAN})[^\W\d_])+(?:'[^\W\d_]+)*|\S")
# Punctuation by its Unicode class, but said all the same; and the other way round.
_SPOKEN_MARKS, _SILENT_MARKS = frozenset("%&#@*/\\‰‱_"), frozenset("~")
_SHORT = re.compile(r"\b([a-z])\.([a-z])\.", re.IGNORECASE)
_CLOSING = frozenset("。！？；!?;….")
_PAUSING = frozenset("，、：,:—")
_DIGITS: dict[Language, Sequence[str]] = {
    "zh": tuple("零一二三四五六七八九"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: a Han character, or a word in Latin letters; `closes` where a sentence ends with it."""

    text: str
    pause_seconds: float = 0.0
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """What the name of a recording says: its words, and whether they end a sentence."""

    words: Words
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording, and the silence that follows it."""

    file: Path
    pause_seconds: float


def words(text: str, language: Language) -> list[Word]:
    """The words of a text, however a Mac or an input method writes it; a single digit is a word (按1 is 按一), other figures are as they are."""
    found: list[Word] = []
    for token in _TOKEN.findall(_SHORT.sub(r"\1\2", unicodedata.normalize("NFKC", text).replace("’", "'"))):
        if _is_said(token):
            digit = token.isdecimal() and len(token) == 1
            found.append(Word(_DIGITS[language][int(token)] if digit else token.lower()))
        elif found:
            last = found[-1]
            closes = last.closes or token in _CLOSING
            pause = SENTENCE_SECONDS if closes else COMMA_SECONDS if token in _PAUSING else 0.0
            found[-1] = Word(last.text, max(last.pause_seconds, pause), closes)
    return found


def _is_said(token: str) -> bool:
    """Whether it is heard: no punctuation, and no mark that nobody sees."""
    unheard = unicodedata.category(token[-1])[0] in "PCM" or token in _SILENT_MARKS
    return not unheard or token in _SPOKEN_MARKS


def plain(text: str, language: Language) -> Words:
    """A text's words alone, to compare what is said."""
    return tuple(word.text for word in words(text, language))


def name(stem: str, language: Language) -> Name:
    """What a recording's file name, without its ending, says."""
    said = words(stem, language)
    return Name(tuple(word.text for word in said), bool(said) and said[-1].closes)


def file_name(text: str) -> str:
    """The name, without its ending, of the recording that says a text: what every file system takes, the end of a sentence kept."""
    closed = re.sub(r"[?!]+$", ".", text.strip())
    return re.sub(r'[/\\:*?"“”<>|\0]', "", closed).strip("，、：,— ")


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to say the first words of a text: its recordings, and how many sentences end in one that doesn't fall."""

    pieces: tuple[Piece, ...] = ()
    flat: int = 0

    @property
    def cost(self) -> tuple[int, int]:
        return len(self.pieces), self.flat

    def then(self, piece: Piece, flat: bool) -> _Way:
        return _Way((*self.pieces, piece), self.flat + flat)


def cut(said: Sequence[Word], recorded: Mapping[Name, Path]) -> list[Piece] | None:
    """The fewest recordings that say the words, or None where some have none; one for an end of a sentence stands there only."""
    longest = max((len(each.words) for each in recorded), default=0)
    ways: list[_Way | None] = [_Way()]
    for end in range(1, len(said) + 1):
        last = said[end - 1]
        best: _Way | None = None
        for start in range(max(0, end - longest), end):
            before, spoken = ways[start], tuple(word.text for word in said[start:end])
            falling = recorded.get(Name(spoken, closing=True)) if last.closes else None
            file = falling or recorded.get(Name(spoken))
            if before is None or file is None:
                continue
            way = before.then(Piece(file, last.pause_seconds), last.closes and falling is None)
            best = way if best is None or way.cost < best.cost else best
        ways.append(best)
    whole = ways[-1]
    return list(whole.pieces) if whole is not None and whole.pieces else None


class PieceFolder:
    """The recordings in a folder; a change in it is seen when next asked."""

    def __init__(self, folder: Path, language: Language) -> None:
        self._folder, self._language = folder, language
        self._changed = -1
        self._recorded: dict[Name, Path] = {}

    def pieces(self, text: str) -> list[Piece] | None:
        """The recordings that say a text, in turn; None where words lack."""
        self._look()
        return cut(words(text, self._language), self._recorded) if self._recorded else None

    def _look(self) -> None:
        try:
            changed = self._folder.stat().st_mtime_ns
        except OSError:
            changed = -1
        if changed == self._changed:
            return
        files = sorted(self._folder.glob("*.wav")) if changed != -1 else []
        named = {name(file.stem, self._language): file for file in files if not file.name.startswith(".")}
        self._recorded = {each: file for each, file in named.items() if each.words}
        self._changed = changed


def fingerprint(pieces: Sequence[Piece]) -> str:
    """What tells these recordings, as they are now, from any others; raises OSError."""
    seen = []
    for piece in pieces:
        file = os.stat(piece.file)  # the size, too: what an image was built of may all be of one date
        seen.append((str(piece.file), file.st_mtime_ns, file.st_size, piece.pause_seconds))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
