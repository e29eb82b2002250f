"""Files that lie where they do no good: their names say that they are meant, and nobody reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr.dialogue.proofs.finding import Finding
from ivr.errors import Place


def overlooked(folder: Path) -> Iterator[Finding]:
    """Dialplans, sentences and prompts whose names don't end in `.yaml`."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix.lower() in (".yml", ".yaml") and file.suffix != ".yaml":
            yield Finding.at(Place(file), "is not read: its name doesn't end in `.yaml`", f"call it {file.stem}.yaml")
