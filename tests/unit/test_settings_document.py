"""docs/settings.md names every key of config.yaml, so that whoever adds one writes it down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from ivr.config import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
ELSEWHERE = {"folder", "retention"}  # not a key of the file; a document of its own


@pytest.fixture(scope="module")
def named() -> set[str]:
    """Every name in code marks, a path by its parts, too."""
    marked = re.findall(r"`([^`]+)`", DOCUMENT.read_text(encoding="utf-8"))
    return {part for each in marked for part in (each, *each.split("."))}


@pytest.mark.parametrize("section", [name for name in Settings.model_fields if name not in ELSEWHERE])
def test_every_key_has_a_line(section: str, named: set[str]) -> None:
    model = Settings.model_fields[section].annotation
    keys = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {section: None}
    assert not [key for key in keys if key not in named]
