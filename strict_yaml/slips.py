"""What a person who writes YAML most likely slipped on, in words that say how to mend it (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

TAB = re.compile(r" *\t")
# Punctuation of a Chinese keyboard where YAML wants its own: after a key, around a mapping, between its entries.
FULL_WIDTH = re.compile(r"^\s*(?:- )?[\w.$\"'-]+(：)|[:-] (｛|［)|[{\[].*(，)\s*[\w\"']+:")
ASCII = {"：": ": ", "｛": "{", "［": "[", "，": ", "}
BRACKETS_FIRST = re.compile(r"^\s*(?:- |[\w.\"']+: )(?:\[[^\]]*\]|\{[^}]*\})\s*[^\s,#\]}]")
USUAL = "check indentation, quotes and colons"
LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def slip(text: str, line: int, problem: str) -> tuple[int, str]:
    """The line, counted from 1, and the fix of what the parser stumbled over at `line`: it may be written in the line before."""
    lines = re.split(r"\r\n|\r|\n", text)
    for number in (line, line - 1):
        written = lines[number - 1] if 0 < number <= len(lines) else ""
        if TAB.match(written):
            return number, "the line begins with a tab: indent with blanks"
        if found := FULL_WIDTH.search(written):
            sign = next(group for group in found.groups() if group)
            return number, f"`{sign}` is full-width: write `{ASCII[sign]}`"
        if BRACKETS_FIRST.match(written):
            return number, "put a text that begins with a bracket in quotes"
    if "',' or '" in problem:
        return line, "a bracket that was opened isn't closed, or a comma is missing, here or above"
    return line, USUAL


def expected(error: Mapping[str, Any], nearest: Callable[[str, list[str]], str]) -> str:
    """What a value should have been, of one of pydantic's errors; `nearest` says which right word was meant."""
    kind, limits = str(error["type"]), error.get("ctx") or {}
    if limits.get("pattern") == "^[1-9]$":
        return "should be a digit from 1 to 9"
    if kind in ("literal_error", "enum"):
        return nearest(str(error["input"]), re.findall(r"'([^']*)'", str(limits["expected"])))
    if kind in ("int_parsing", "int_type", "int_from_float"):
        return "should be a whole number"
    if kind in ("float_parsing", "float_type"):
        return "should be a number"
    if kind in ("bool_parsing", "bool_type"):
        return "should be yes or no"
    if kind in ("tuple_type", "list_type", "frozen_set_type", "set_type"):
        return "should be a list, [one, two] or a line `- one` each"
    if kind in ("dict_type", "model_type", "mapping_type"):
        return "should be `key: value` lines, or {key: value}"
    if kind == "string_type":
        return "should be a text"
    for limit, words in LIMITS.items():
        if limit in limits and kind.startswith(("greater_than", "less_than")):
            return f"should be {words} {limits[limit]}"
    return str(error["msg"]).removeprefix("Value error, ")
