"""YAML as hotline and order desk read it: every scalar a text, nothing where nothing is written, a mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from order_lookup import PolicyError
from strict_yaml import Document, Strict, document

FILE = Path("shop.yaml")
WRITTEN = "a: 0123\nb: 12:30\nc: no\nd: 1e3\ne: '~'\nf:\ng: ~\nh: null\ni: ''\n"
READ = {"a": "0123", "b": "12:30", "c": "no", "d": "1e3", "e": "~", "f": None, "g": None, "h": None, "i": ""}


@pytest.mark.parametrize("loader", [document.FAST, yaml.BaseLoader])
def test_every_scalar_is_a_text_and_nothing_is_nothing(monkeypatch: pytest.MonkeyPatch, loader: type) -> None:
    monkeypatch.setattr(document, "FAST", loader)
    assert Document(FILE, PolicyError, WRITTEN).data == READ


class Shop(Strict):
    """A schema with a key of an older version."""

    MOVED: ClassVar[dict[str, str]] = {"nome": "it is `name` now"}

    name: str
    open: bool = True


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [\n", "shop.yaml:2:1: not YAML: expected the node content, but found '<stream end>'"),
        ("name: &a [*a]\n", "shop.yaml:1:1: nested too deep — an alias (`*name`) can't stand inside what it names"),
        ("name: " + "[" * 5000, "shop.yaml:1:1: nested too deep — an alias (`*name`) can't stand inside what it names"),
        ("name: x\nname: y\n", "shop.yaml:2:1: key `name` is written twice — keep one of them"),
        ("nmae: x\n", "shop.yaml:1:1: unknown key `nmae` — did you mean `name`? allowed: name, open"),
        ("nome: x\n", "shop.yaml:1:1: `nome` is no key of this file any more — it is `name` now"),
        ("open: no\n", "shop.yaml:1:1: `name` is missing — add it"),
        ("name:\n", "shop.yaml:1:1: `name`: should be a text — nothing is written after the colon"),
        ("open: perhaps\nname: x\n", "shop.yaml:1:1: `open`: should be yes or no — it is now `perhaps`"),
    ],
)
def test_a_mistake_is_one_line_with_place_and_fix(text: str, told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Document(FILE, PolicyError, text).typed(Shop)
    assert str(caught.value).startswith(told)
