"""Sentence templates: a line of text with alternatives, options and slots, expanded at random.

`(a|b)` is one of, `[a]` and `a?` are a or nothing, `{name}` or `<name>` is one entry of a list of that name (a template too). `{digits:4-12}` is a
digit string and `{number}`, `{money}`, `{date}`, `{time}`, `{name}` come from the language's spoken numbers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

Slots = Mapping[str, Sequence[str]]
SPECIAL = re.compile(r"[()\[\]|{}]")


@lru_cache(maxsize=4)
def hotline_text(language: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The language's slots and, by intent, its sentence templates (text/<language>.yaml)."""
    text = (Path(__file__).parent / "text" / f"{language}.yaml").read_text("utf-8")
    loaded = yaml.load(text, yaml.BaseLoader)  # every scalar a string: `yes` and `no` are intents here
    return loaded["slots"], loaded["intents"]


def parse(template: str) -> list[object]:
    """A template as nested lists: strings, ("slot", name), ("choice", [branches])."""
    sequence, at = _sequence(template, 0, "")
    if at != len(template):
        raise ValueError(f"unbalanced bracket at {at} in template: {template}")
    return sequence


def _sequence(text: str, at: int, closing: str) -> tuple[list[object], int]:
    branches: list[list[object]] = [[]]
    while at < len(text):
        symbol = text[at]
        if symbol == closing:
            return ([("choice", branches)] if len(branches) > 1 else branches[0]), at
        if symbol in "([":
            inner, at = _sequence(text, at + 1, ")" if symbol == "(" else "]")
            if at >= len(text):
                raise ValueError(f"bracket never closed in template: {text}")
            branches[-1].append(("choice", [inner, []]) if symbol == "[" else ("choice", [inner]))
        elif symbol == "{":
            end = text.index("}", at)
            branches[-1].append(("slot", text[at + 1 : end]))
            at = end
        elif symbol == "<":
            end = text.index(">", at)
            branches[-1].append(("slot", text[at + 1 : end]))
            at = end
        elif symbol == "?" and branches[-1]:
            branches[-1].append(("choice", [[branches[-1].pop()], []]))
        elif symbol == "|":
            branches.append([])
        elif symbol in ")]}":
            raise ValueError(f"stray {symbol} at {at} in template: {text}")
        else:
            branches[-1].append(symbol)
        at += 1
    return ([("choice", branches)] if len(branches) > 1 else branches[0]), at


@lru_cache(maxsize=20_000)
def _parsed(template: str) -> tuple[Any, ...]:
    return tuple(parse(template))


def expand(template: str, slots: Slots, random_: random.Random, special: Callable[[str], str | None]) -> str:
    """One random text of the template; `special` makes slots that are no list (digits, money…), None: unknown."""
    return " ".join(_expand(_parsed(template), slots, random_, special).split())


def _expand(parts: Sequence[Any], slots: Slots, random_: random.Random, special: Callable[[str], str | None]) -> str:
    result = []
    for part in parts:
        match part:
            case str():
                result.append(part)
            case ("choice", branches):
                result.append(_expand(random_.choice(branches), slots, random_, special))
            case ("slot", name):
                if name in slots:
                    result.append(expand(random_.choice(slots[name]), slots, random_, special))
                elif (made := special(name)) is not None:
                    result.append(made)
                else:
                    raise ValueError(f"a template uses the slot {{{name}}}, which is not defined")
            case _:
                raise TypeError(part)
    return "".join(result)


def literals(template: str) -> list[str]:
    """The runs of plain text of a template in any of the usual notations, in order."""
    return [run.strip() for run in re.split(r"[()\[\]|<>]|\{[^}]*\}", template) if run.strip()]
