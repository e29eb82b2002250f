"""The models one can get: the official ones, from `official_models.yaml`, and those that lie in the models folder already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from ivr.document import Document, nearest
from ivr.errors import ModelError
from ivr.speech.models import SpeechModel, inspect
from ivr.values import Language
from strict_yaml import Strict

_TABLE = Path(__file__).with_name("official_models.yaml")


class Official(Strict):
    """A published model; without `sha256` nobody published one."""

    name: str
    short: str
    language: Language
    bytes: int | None = None
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    about: str


class Catalogue(Strict):
    """The table of official models."""

    base: str
    models: tuple[Official, ...]

    def find(self, name: str) -> Official:
        """The model of a full or short name; raises ModelError with the names there are."""
        for model in self.models:
            if name in (model.name, model.short):
                return model
        raise ModelError(f"there is no official model `{name}`", nearest(name, [model.name for model in self.models]))

    def url(self, model: Official) -> str:
        """Where its archive lies."""
        return f"{self.base}/{model.name}.zip"


def catalogue(file: Path = _TABLE) -> Catalogue:
    """The official models."""
    return Document(file, error=ModelError).typed(Catalogue)


def installed(folder: Path) -> Iterator[tuple[str, SpeechModel | ModelError]]:
    """Every folder under the models folder, with what it holds or what is wrong with it."""
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if each.is_dir() and not each.name.startswith((".", "_")):
            try:
                yield each.name, inspect(each)
            except ModelError as fault:
                yield each.name, fault
