"""Utterances made comparable: one script, one spelling, no fillers (pure).

Whatever comes in (recognised speech, typed text, an attacker's bytes) leaves as at most `MOST_CHARACTERS` characters of
simplified hanzi, lower-case Latin words, digits and slot marks; everything else is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

import opencc

from ivr.values import Language

MOST_CHARACTERS = 300
_SIMPLIFIED = opencc.OpenCC("t2s")
_PLACEHOLDER = re.compile(r"\{\{[^{}]{1,60}\}\}|\[[A-Za-z_ ]{1,40}\]")
_MARKS = "\ue000-\ue00f"
_NOT_ZH = re.compile(rf"[^\u4e00-\u9fff〇a-z0-9{_MARKS}]+")
_NOT_EN = re.compile(rf"[^a-z0-9'{_MARKS}]+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})
_ENDINGS = (
    ("n't", " not"),
    ("'re", " are"),
    ("'ll", " will"),
    ("'ve", " have"),
    ("'m", " am"),
    ("'d", " would"),
    ("'s", ""),
)
_IRREGULAR = {
    "can't": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us",
    **{f"{word}'s": f"{word} is" for word in (
        "it", "that", "what", "where", "who", "how", "when", "there", "here", "he", "she", "this", "everything", "nothing",
        "something", "why",
    )},
}  # fmt: skip


def plain(text: str) -> str:
    """Any text in one form of Unicode, simplified, lower case, without control characters; cut to a bearable length."""
    if text.isascii() and text.isprintable():
        return text[: 2 * MOST_CHARACTERS].lower().replace("`", "'")
    text = unicodedata.normalize("NFKC", text[: 4 * MOST_CHARACTERS]).lower().translate(_APOSTROPHES)
    text = "".join(
        char if unicodedata.category(char)[0] != "C" or "\ue000" <= char <= "\ue00f" else " " for char in text
    )
    return str(_SIMPLIFIED.convert(text))[: 2 * MOST_CHARACTERS]


# In whose writing an utterance is: enough of the one and nothing of the other.
_HAN, _LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[a-z]{2,}")
_ENOUGH = 2


def in_other_writing(text: str, language: Language) -> bool:
    """Whether a plain text is in the writing of a language that isn't spoken here: "where is my parcel" on a Mandarin call."""
    own, other = (_HAN, _LATIN) if language == "zh" else (_LATIN, _HAN)
    return own.search(text) is None and len(other.findall(text)) >= _ENOUGH


_STAND_INS = (
    ("order|number|invoice", " \ue000 "),
    ("amount|price", " \ue002 "),
    ("city|country|address", " my city "),
    ("account", " premium "),
    ("", " "),
)


def without_placeholders(text: str) -> str:
    """The text with `{{Order Number}}` and the like, as text corpora have them, made the mark or word they stand for."""

    def stand_in(match: re.Match[str]) -> str:
        return next(word for names, word in _STAND_INS if re.search(names, match[0], re.IGNORECASE))

    return _PLACEHOLDER.sub(stand_in, text[: 4 * MOST_CHARACTERS])


class NormalZh:
    """Mandarin: characters without blanks or punctuation, fillers taken out."""

    blank = ""

    def __init__(self, fillers: Collection[str] = ()) -> None:
        ordered = sorted((filler for filler in fillers if filler), key=len, reverse=True)
        self._fillers = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The utterance without fillers (with them, where nothing else is left)."""
        bare = _NOT_ZH.sub("", text)[:MOST_CHARACTERS]
        return (self._fillers.sub("", bare) if self._fillers else bare) or bare

    def literal(self, text: str) -> str:
        """A piece of a template, treated the same way."""
        bare = _NOT_ZH.sub("", plain(text))
        return self._fillers.sub("", bare) if self._fillers else bare


class NormalEn:
    """English: words with one blank after each; short forms written out, informal spellings made formal."""

    blank = " "

    def __init__(self, fillers: Collection[str] = (), informal: Mapping[str, str] | None = None) -> None:
        self._fillers, self._informal = frozenset(fillers), informal or {}

    def text(self, text: str) -> str:
        """The utterance without fillers (with them, where nothing else is left)."""
        words = self.words(text)
        kept = [word for word in words if word not in self._fillers] or words
        return "".join(word + " " for word in kept)[:MOST_CHARACTERS]

    def literal(self, text: str) -> str:
        """A piece of a template, treated the same way."""
        return "".join(word + " " for word in self.words(plain(text)) if word not in self._fillers)

    def words(self, text: str) -> list[str]:
        """The words of a plain text, short forms and informal ones written out."""
        spaced = re.sub(rf"([{_MARKS}])", r" \1 ", text)
        result: list[str] = []
        for word in _NOT_EN.sub(" ", spaced).split():
            result.extend(self._formal(word.strip("'")))
        return result

    def _formal(self, word: str) -> list[str]:
        if word in self._informal:
            return self._informal[word].split()
        if word in _IRREGULAR:
            return _IRREGULAR[word].split()
        for ending, full in _ENDINGS:
            if word.endswith(ending) and len(word) > len(ending):
                return (word.removesuffix(ending) + full).split()
        return [word.replace("'", "")] if word.replace("'", "") else []
