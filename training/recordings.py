"""Recordings of people: where they are, what they say and who is kept for tests, as collections.yaml describes them."""

from __future__ import annotations

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from training.languages import Language
from training.languages.mandarin import Mandarin, character_by_syllable
from training.scripts import random_words
from training.spoken import CHINESE_DIGITS, ONES, chinese_number, english_number

SUFFIXES = (".wav", ".mp3", ".opus")
GLIDING = {"零": ("li2", "leng2")}
"""A digit the north says with a glide, [liəŋ], which the dictionary's [liŋ] lacks: the syllables that begin and end it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a collection: the words said in it, by whom, and what kind of voice that is.

    `begins` is the file whose beginning is put in place of its own (`humans.glide`).
    """

    path: Path
    words: tuple[str, ...]
    speaker: str
    voice: str
    begins: Path | None = None


class Collection(BaseModel):
    """One entry of collections.yaml, which explains the keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: str
    voice: Literal["man", "woman"]
    language: Literal["zh", "en"] = "zh"
    speaker: str = "one"
    words: tuple[str, ...] = ()
    text: str | None = None
    held_by_word: bool = False
    women: str = ""
    tested: str = ""
    measured: bool = False


@lru_cache(maxsize=1)
def collections() -> dict[str, Collection]:
    """collections.yaml."""
    text = (Path(__file__).parent / "collections.yaml").read_text("utf-8")
    return {name: Collection.model_validate(entry) for name, entry in yaml.safe_load(text).items()}


def sources(language: str, folder: Path, *, measured: bool = False) -> list[Source]:
    """The recordings of a language below `folder`, to learn from or only to measure: by collection, then by path."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    found = []
    for name, collection in collections().items():
        if (collection.language, collection.measured) != (language, measured):
            continue
        for path in paths:
            match = re.search(collection.files, path.relative_to(folder).as_posix())
            if match and (words := _words(collection, path, match.groupdict())):
                speaker = match.groupdict().get("speaker") or collection.speaker
                found.append(Source(path, words, f"{name}/{speaker}", _voice(collection, speaker)))
        found += _gliding(name, collection, found)
    return found


def _gliding(name: str, collection: Collection, found: Sequence[Source]) -> list[Source]:
    """The gliding digits of a speaker who recorded single syllables, from two of them."""
    if "?P<syllable>" not in collection.files:
        return []
    mine = {s.path.stem.removeprefix("cmn-"): s.path for s in found if s.speaker == f"{name}/{collection.speaker}"}
    return [
        Source(mine[end], (digit,), f"{name}/{collection.speaker}", collection.voice, begins=mine[begin])
        for digit, (begin, end) in GLIDING.items()
        if begin in mine and end in mine
    ]


def of_collections(sources_: Sequence[Source], names: Sequence[str]) -> list[Source]:
    """The recordings of some collections; all of them where none is named."""
    return [s for s in sources_ if not names or s.speaker.split("/")[0] in names]


def digits_of(language: Language, sources_: Sequence[Source]) -> list[Source]:
    """The recordings of single digits."""
    return [s for s in sources_ if len(s.words) == 1 and s.words[0] in language.digits]


def of_many_digits(digits: Sequence[Source], least: int = 4) -> list[Source]:
    """Digits by people who said at least so many different ones: enough to put strings together."""
    said: dict[str, set[str]] = defaultdict(set)
    for source in digits:
        said[source.speaker].add(source.words[0])
    return [s for s in digits if len(said[s.speaker]) >= least]


def split_of(source: Source, held_out: dict[str, list[str]], held_share: float) -> str:
    """train, dev or test: by speaker, or by word where a collection says so (its digits and short words all train)."""
    name, speaker = source.speaker.split("/")
    for split, speakers in held_out.items():
        if speaker in speakers:
            return split
    if (tested := collections()[name].tested) and re.search(tested, speaker):
        return "test"
    if held_share and collections()[name].held_by_word and len(source.words[0]) > 1:
        draw = int(hashlib.sha256(source.path.name.encode()).hexdigest()[:8], 16) / 2**32
        if draw < held_share:
            return "dev" if draw < held_share / 2 else "test"
    return "train"


def _words(collection: Collection, path: Path, groups: dict[str, str]) -> tuple[str, ...]:
    """What is said in a file; empty where it can't be told."""
    if collection.text:
        said = _text(collection.text, path)
        return _segmented(said) if collection.language == "zh" else _english(said)
    for kind, value in groups.items():
        if value is None:
            continue
        match kind:
            case "word":
                return (value,)
            case "place":
                return collection.words[int(value) : int(value) + 1]
            case "digit":
                return ((CHINESE_DIGITS if collection.language == "zh" else ONES)[int(value)],)
            case "syllable":
                return tuple(filter(None, [character_by_syllable().get(value)]))
            case "number":
                return _number(collection.language, int(value))
            case "minute":
                return _minute(collection.language, int(value))
    return ()


def _voice(collection: Collection, speaker: str) -> str:
    return "woman" if collection.women and re.search(collection.women, speaker) else collection.voice


def _number(language: str, value: int) -> tuple[str, ...]:
    return (_quantity(value),) if language == "zh" else tuple(english_number(value, random.Random(value)).split())


def _minute(language: str, value: int) -> tuple[str, ...]:
    """Minutes below ten with what stands before them: 零五分, oh five."""
    if language == "zh":
        return ("零" * (value < 10) + _quantity(value) + "分",)
    return ("oh",) * (value < 10) + _number("en", value)


def _quantity(number: int) -> str:
    return chinese_number(number, random.Random(number))


def _text(where: str, path: Path) -> str:
    """The sentence said in a file, from the .txt beside it or from the table `where`."""
    if where != "beside":
        return _table(path.parents[1] / where).get(path.name, "")
    beside = path.with_suffix(".txt")
    return beside.read_text("utf-8") if beside.exists() else ""


@lru_cache(maxsize=4)
def _table(file: Path) -> dict[str, str]:
    """The sentences of a table by file name."""
    rows = (line.split("\t") for line in file.read_text("utf-8").splitlines())
    return {Path(row[0]).name: row[1] for row in rows if len(row) > 1}


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(random_words("zh"))


def _segmented(text: str) -> tuple[str, ...]:
    """A sentence in words whose readings the dictionary has."""
    return tuple(Mandarin().segment("".join(re.findall(r"[\u4e00-\u9fff]", text)), _known()))


def _english(text: str) -> tuple[str, ...]:
    """The words of a sentence that is written out; nothing where a figure or a sign might be read in several ways."""
    return () if re.search(r"[^A-Za-z',.?!\s-]", text) else tuple(re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower()))
