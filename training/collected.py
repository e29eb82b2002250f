"""Collections of recordings as collections.yaml describes them: what is said in each file, by whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from training.languages.mandarin import Mandarin, character_by_syllable
from training.scripts import random_words

DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a collection: the words said in it, by whom, and what kind of voice that is."""

    path: Path
    words: tuple[str, ...]
    speaker: str
    voice: str


class Collection(BaseModel):
    """One entry of collections.yaml, which explains the keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: str
    voice: Literal["man", "woman"]
    text: str | None = None
    measured: bool = False


@lru_cache(maxsize=1)
def collections() -> dict[str, Collection]:
    """collections.yaml."""
    text = (Path(__file__).parent / "collections.yaml").read_text("utf-8")
    return {name: Collection.model_validate(entry) for name, entry in yaml.safe_load(text).items()}


def collected(folder: Path, *, measured: bool = False) -> Iterator[Source]:
    """Every recording below `folder` that an entry of collections.yaml describes: those to learn from, or those to measure."""
    paths = sorted(path for path in folder.rglob("*.wav"))
    for name, collection in collections().items():
        if collection.measured is not measured:
            continue
        pattern = re.compile(collection.files)
        for path in paths:
            found = pattern.search(path.as_posix())
            words = _words(collection, path, found.groupdict()) if found else ()
            if found and words:
                yield Source(path, words, f"{name}/{found.groupdict().get('speaker') or 'one'}", collection.voice)


def _words(collection: Collection, path: Path, groups: dict[str, str]) -> tuple[str, ...]:
    """What is said in a file; empty where it can't be told."""
    if collection.text:
        beside = path.with_suffix(".txt")
        text = (
            (beside.read_text("utf-8") if beside.exists() else "")
            if collection.text == "beside"
            else _table(path.parents[1] / collection.text).get(path.name, "")
        )
        return _segmented("".join(re.findall(r"[\u4e00-\u9fff]", text)))
    for kind, value in groups.items():
        match kind:
            case "digit":
                return (DIGITS[int(value)],)
            case "syllable":
                return tuple(filter(None, [character_by_syllable().get(value)]))
            case "number":
                return (below_hundred(int(value)),)
            case "minute":
                return ("零" * (int(value) < 10) + below_hundred(int(value)) + "分",)
    return ()


def below_hundred(number: int) -> str:
    """0 to 99 as a quantity: 七, 十二, 四十, 五十九."""
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + ("" if not ones else DIGITS[ones])


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
    return tuple(Mandarin().segment(text, _known()))
