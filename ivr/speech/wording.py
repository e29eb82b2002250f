"""Which words of the dialplans a model lacks: everything a caller may say there, with its place.

What callers may say is written in lists: under `zh:` or `en:` keys of the common trees (answers of a choice), and in the files of
a language's own folder (sentences, lists, universals). The notation of sentence templates is taken off, slots are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.document import Document
from ivr.errors import DialplanError, Place, UserError
from ivr.speech.phrases import unknown_parts
from ivr.values import Language

EXAMPLES = "utterances"
_NOT_LITERAL = re.compile(r"\{[^}]*\}|<[^>]*>|[\[\]()|]")
_NAMES = frozenset({"over", "apart", "afterwards", "outranks"})  # hold names of intents, which nobody says
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Lacking:
    """A word the model has no way to hear, the first place that wants it, and what is written around it."""

    word: str
    place: Place
    phrase: str


def lacking(source: Path, language: Language, words: Collection[str]) -> list[Lacking]:
    """The words that are missing, each once; raises UserError for a source that can't be read."""
    found: dict[str, Lacking] = {}
    texts = sorted(_texts(source, language), key=lambda each: EXAMPLES in each[1].file.parts)
    for text, place in texts:
        for literal in _NOT_LITERAL.split(text):
            for word in unknown_parts(literal, words):
                found.setdefault(word, Lacking(word, place, literal.strip()))
    return list(found.values())


def is_example(lacking: Lacking, source: Path) -> bool:
    """Whether it is wanted by utterances to learn from only, and those are not what was asked about."""
    return EXAMPLES in lacking.place.file.parts and EXAMPLES not in source.parts


def _texts(source: Path, language: Language) -> Iterator[tuple[str, Place]]:
    if not source.exists():
        raise UserError("there is no such file or folder", "name a dialplan or the folder `dialplans`", Place(source))
    files = sorted(source.rglob("*.yaml")) if source.is_dir() else [source]
    if not files:
        raise UserError("holds no YAML files", "name a dialplan or the folder `dialplans`", Place(source))
    for file in files:
        document = Document(file, error=DialplanError)
        folders = {part for part in file.parts[-4:-1] if part in ("zh", "en")}
        if folders <= {language}:
            for text, path in _listed(document.data, (), bool(folders), language):
                yield text, document.place(*path)


def _listed(
    node: Any, path: tuple[str | int, ...], own: bool, language: Language
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The strings in lists that are the language's own."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _NAMES:
                continue
            yield from _listed(value, (*path, key), own or key == language, language)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if not isinstance(item, str):
                yield from _listed(item, (*path, index), own, language)
            elif own and (_HAN if language == "zh" else _LATIN).search(item):
                yield item, (*path, index)
