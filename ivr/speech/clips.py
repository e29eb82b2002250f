"""Test clips: sound files with what is said in them, listed in a `manifest.yaml` beside them or by `.txt` files of the same name.

- {file: digits/0001.wav, text: 三 八 二, kind: digits, condition: clean, speaker: s01}
- {file: phrases/0007.wav, text: 转人工, kind: phrase, grammar: [转人工, 查订单]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import RootModel

from ivr.document import Document
from ivr.errors import ModelError, Place, UserError
from strict_yaml import Strict

Kind = Literal["digits", "phrase", "sentence", "isolated", "oog", "noise"]


class _Entry(Strict):
    file: Path
    text: str = ""
    kind: Kind = "sentence"
    condition: str = "clean"
    speaker: str = ""
    grammar: tuple[str, ...] = ()


class _Manifest(RootModel[tuple[_Entry, ...]]):
    pass


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound file and what is said in it; `grammar` are the phrases it is decoded with (kinds phrase and oog)."""

    file: Path
    text: str
    kind: Kind
    condition: str = "clean"
    speaker: str = ""
    grammar: tuple[str, ...] = ()


def clips_in(sources: Iterable[Path]) -> list[Clip]:
    """The clips of manifests, folders and WAV files; raises UserError when there are none."""
    found = [clip for source in sources for clip in _clips(source)]
    if not found:
        raise UserError(
            "no clips were given", "name a manifest.yaml, its folder, or WAV files with .txt files beside them"
        )
    return found


def _clips(source: Path) -> Iterator[Clip]:
    if source.is_dir():
        manifest = source / "manifest.yaml"
        yield from _listed(manifest) if manifest.exists() else map(_plain, sorted(source.rglob("*.wav")))
    elif source.suffix in (".yaml", ".yml"):
        yield from _listed(source)
    else:
        yield _plain(source)


def _listed(manifest: Path) -> Iterator[Clip]:
    for entry in Document(manifest, error=UserError).typed(_Manifest).root:
        file = manifest.parent / entry.file
        if not file.is_file():
            raise UserError(
                f"{entry.file} is not there", "the manifest names it: restore or remove it", Place(manifest)
            )
        yield Clip(file, entry.text, entry.kind, entry.condition, entry.speaker, entry.grammar)


def _plain(file: Path) -> Clip:
    try:
        text = file.with_suffix(".txt").read_text(encoding="utf-8").strip()
    except OSError:
        raise ModelError(
            "has no text to compare with", f"write what is said into {file.stem}.txt", Place(file)
        ) from None
    return Clip(file, text, "sentence")
