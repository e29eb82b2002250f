"""What a human has to read aloud so that no prompt needs the synthesiser (pure): whole texts, and pieces of those that vary.

Pieces are what stands between the variables of a text, the labels of our own words, and the units that numbers, sums, times and
days are said with. What shops have of their own (goods, streets, names) can be recorded as pieces, too: the file's name is what
is said. A prompt is put together where all of it was recorded (`ivr/speech/pieces.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.dialogue import speaking
from ivr.dialogue.prompts import SENTENCE, PromptBook
from ivr.values import Language

# A file's name has at most 255 bytes, its ending among them.
LONGEST_BYTES = 200
# What parts one piece from the next: a variable, or the edge of what may be left out.
_BETWEEN = re.compile(r"\{[^{}\s]+\}|[\[\]]")
_CLAUSE = re.compile(r".+?(?:[，,；;]\s*|$)")
_SPOKEN = re.compile(r"\w", re.UNICODE)
_CLOSED = re.compile(r"[。！？；!?;.…]\s*$")
_LEADING = re.compile(r"^[\W_]+", re.UNICODE)
_TRAILING = re.compile(r"[\s，、：,:—“”\"‘’「」《》()（）-]+$", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Text:
    """One thing to read: a whole prompt by its name, or a piece, whose name is what it says."""

    name: str
    text: str
    piece: bool


def to_read(book: PromptBook, names: tuple[str, ...] = ()) -> list[Text]:
    """Everything to read for a language's prompts, whole texts first, each once; `names` are the shop's own (its name, its goods)."""
    whole = [Text(name, text, piece=False) for name, text in book.recordable()]
    pieces: dict[object, str] = {}
    for each in (*fragments(book), *names, *units(book.language)):
        pieces.setdefault(_sound(each), each)
    return [*whole, *(Text(each, each, piece=True) for each in pieces.values())]


def _sound(text: str) -> object:
    """What is alike for two texts that one recording says: "All right" and "all right"."""
    return tuple(_SPOKEN.findall(text.lower())), bool(_CLOSED.search(text))


def fragments(book: PromptBook) -> Iterator[str]:
    """The fixed parts of the texts that vary, and the labels that are said within others."""
    whole = {name for name, _ in book.recordable()}
    for name, words in book.words.items():
        for text in words.texts():
            if not text or (name in whole and not _BETWEEN.search(text)):
                continue
            for part in _BETWEEN.split(text):
                yield from filter(None, map(_trimmed, _short(part)))


def _short(part: str) -> Iterator[str]:
    """The sentences of a part; one too long for a file's name in its clauses."""
    for sentence in SENTENCE.findall(part):
        if len(sentence.encode()) <= LONGEST_BYTES:
            yield sentence
        else:
            yield from _CLAUSE.findall(sentence)


def _trimmed(part: str) -> str:
    """Without the punctuation around it, but for the mark that ends a sentence: there the voice falls."""
    return _TRAILING.sub("", _LEADING.sub("", part)) if _SPOKEN.search(part) else ""


def units(language: Language) -> tuple[str, ...]:
    """What values are said with: enough for every number, sum, moment and length of time of `speaking`."""
    return _units_zh() if language == "zh" else _units_en()


def _units_zh() -> tuple[str, ...]:
    tens = [f"{digit}十" for digit in "二三四五六七八九"]
    months = [f"{speaking.number_zh(month)}月" for month in range(1, 13)]
    days = [f"{speaking.number_zh(day)}日" for day in range(1, 32)]
    weekdays = [f"{week}周{day}" for week in ("", "下") for day in "一二三四五六日"]
    hours = [f"{speaking.count_zh(hour)}点" for hour in range(13)]
    moments = [
        *speaking.ZH_NEAR_DAYS.values(),
        *(part for _, part in speaking.ZH_PARTS),
        *weekdays,
        *months,
        *days,
        *hours,
    ]
    return (
        *"零幺二三四五六七八九一两十百千万",
        *tens,
        *("元", "角", "分", "负", *(unit for code, unit in speaking.ZH_CURRENCIES.items() if code != "CNY")),
        *moments,
        *("年", "半", "天", "小时", "分钟", "是", "否", "和", "还是", "请按"),
    )


def _units_en() -> tuple[str, ...]:
    money = [name for pair in speaking.CURRENCIES.values() for name in pair]
    singular = [name.removesuffix("s") for name in money if name.endswith("s")]
    days = [speaking.ordinal_en(day) for day in range(1, 32)]
    return (
        *speaking.EN_DIGITS,
        *speaking.EN_TEENS,
        *speaking.EN_TENS[2:],
        *("hundred", "thousand", "million", "and", "minus"),
        *dict.fromkeys((*money, *singular)),
        *speaking.EN_NEAR_DAYS.values(),
        *speaking.EN_WEEKDAYS,
        *speaking.EN_MONTHS,
        *days,
        *("at", "noon", "oh", "a.m.", "p.m."),
        *("day", "days", "hour", "hours", "minute", "minutes"),
        *("yes", "no", "or", "for", "press"),
    )
