"""Sentence templates: `[optional] (one|other) <list> {slot} maybe?`, counted before they are expanded (pure).

A `?` makes what stands before it optional: a group, a list, or the last character (English: word).

A template is a tree. It is never expanded as a whole: `count` says how many sentences it stands for, `sentence(n)` builds
the n-th, `pattern` gives the regular expression that matches them all. English words keep one blank between them, so the
text matched by a pattern ends with a blank after each word (`Style.blank`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from ivr.document import nearest

MOST_SENTENCES = 1_000_000_000
SLOT_MARKS: Mapping[str, str] = {
    "order_number": "\ue000", "digits": "\ue001", "money": "\ue002", "date": "\ue003", "time": "\ue004",
    "count": "\ue005", "phone": "\ue006", "name": "\ue007",
}  # fmt: skip


class TemplateError(ValueError):
    """A template that can't be used, with the fix."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{what} — {fix}")


@dataclass(frozen=True, slots=True)
class Text:
    """Words as written."""

    text: str


@dataclass(frozen=True, slots=True)
class SlotMark:
    """A value: `{order_number}`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; an optional part is a choice with an empty one."""

    options: tuple[Node, ...]


Node = Text | SlotMark | Sequence | Choice


class Lists:
    """Named lists of templates, parsed when first used; a list that contains itself is refused."""

    def __init__(self, items: Mapping[str, tuple[str, ...]], normal: Callable[[str], str]) -> None:
        self._items, self.normal = items, normal
        self._parsed: dict[str, Node] = {}
        self._open: list[str] = []

    def node(self, name: str) -> Node:
        """The list as a choice; TemplateError for an unknown or circular one."""
        if name in self._open:
            circle = " → ".join([*self._open[self._open.index(name) :], name])
            raise TemplateError(f"list <{name}> contains itself: {circle}", "break the circle")
        if name not in self._items:
            raise TemplateError(f"unknown list <{name}>", nearest(name, list(self._items)))
        if name not in self._parsed:
            self._open.append(name)
            try:
                self._parsed[name] = Choice(tuple(parse(item, self) for item in self._items[name]))
            finally:
                self._open.pop()
        return self._parsed[name]


def parse(template: str, lists: Lists) -> Node:
    """A template as a tree; TemplateError with the column and the fix when it is malformed."""
    tokens = [part for part in re.split(r"([\[\]()|<>{}?])", template.replace("？", "?")) if part]
    node, rest = _choice(tokens, 0, lists, template)
    if rest < len(tokens):
        raise TemplateError(f"`{tokens[rest]}` closes nothing in `{template}`", "open it or remove it")
    return node


def count(node: Node) -> int:
    """How many sentences a template stands for."""
    match node:
        case Sequence(parts):
            return prod(count(part) for part in parts)
        case Choice(options):
            return sum(count(option) for option in options)
        case _:
            return 1


def bounded(template: str, lists: Lists, most: int = MOST_SENTENCES) -> Node:
    """A template as a tree, refused with its count when it explodes."""
    node = parse(template, lists)
    if (number := count(node)) > most:
        raise TemplateError(f"`{template}` makes {number:,} sentences, more than {most:,}", "split it up")
    return node


def sentence(node: Node, index: int) -> str:
    """The sentence of an index below `count`, in the order of writing; English words end with a blank."""
    match node:
        case Text(text):
            return text
        case SlotMark(kind):
            return SLOT_MARKS[kind]
        case Choice(options):
            for option in options:
                if index < (number := count(option)):
                    return sentence(option, index)
                index -= number
            raise IndexError(index)
        case Sequence(parts):
            built: list[str] = []
            for part in reversed(parts):
                index, here = divmod(index, count(part))
                built.append(sentence(part, here))
            return "".join(reversed(built))


def sample(node: Node, most: int) -> Iterator[str]:
    """At most so many sentences, evenly spread over all that the template stands for."""
    number = count(node)
    if number <= most:
        yield from (sentence(node, index) for index in range(number))
    else:
        # A stride that shares no factor with the count visits every optional part both ways.
        yield from (sentence(node, (index * 7919 + index * index * 31) % number) for index in range(most))


def pattern(node: Node) -> str:
    """The regular expression of all sentences."""
    match node:
        case Text(text):
            return re.escape(text)
        case SlotMark(kind):
            loose = {"order_number": ("order_number", "digits", "phone"), "digits": ("digits", "count")}
            return "[" + "".join(SLOT_MARKS[name] for name in loose.get(kind, (kind,))) + "] ?"
        case Choice(options):
            return "(?:" + "|".join(dict.fromkeys(pattern(option) for option in options)) + ")"
        case Sequence(parts):
            return "".join(pattern(part) for part in parts)


def _choice(tokens: list[str], at: int, lists: Lists, template: str) -> tuple[Node, int]:
    options: list[Node] = []
    while True:
        parts, at = _sequence(tokens, at, lists, template)
        options.append(parts)
        if at >= len(tokens) or tokens[at] != "|":
            return (options[0] if len(options) == 1 else Choice(tuple(options))), at
        at += 1


def _sequence(tokens: list[str], at: int, lists: Lists, template: str) -> tuple[Node, int]:
    parts: list[Node] = []
    while at < len(tokens) and tokens[at] not in "])|":
        part, at = _part(tokens, at, lists, template)
        if at < len(tokens) and tokens[at] == "?":
            at += 1
            last = part.text if isinstance(part, Text) else ""
            if isinstance(part, Text) and (kept := _but_last(last)):
                parts.append(Text(kept))
                part = Text(last.removeprefix(kept))
            part = Choice((part, Text("")))
        if part != Text(""):
            parts.append(part)
    return (parts[0] if len(parts) == 1 else Sequence(tuple(parts))), at


def _part(tokens: list[str], at: int, lists: Lists, template: str) -> tuple[Node, int]:
    match tokens[at]:
        case "[":
            inner, after = _choice(tokens, at + 1, lists, template)
            return Choice((inner, Text(""))), _closed(tokens, after, "]", template)
        case "(":
            inner, after = _choice(tokens, at + 1, lists, template)
            return inner, _closed(tokens, after, ")", template)
        case "<":
            after = _closed(tokens, at + 2, ">", template)
            return lists.node(tokens[at + 1].strip()), after
        case "{":
            kind, after = "".join(tokens[at + 1 : at + 2]).strip(), _closed(tokens, at + 2, "}", template)
            if kind not in SLOT_MARKS:
                raise TemplateError(f"unknown slot {{{kind}}}", nearest(kind, list(SLOT_MARKS)))
            return SlotMark(kind), after
        case ">" | "}" | "?" as token:
            raise TemplateError(f"`{token}` closes nothing in `{template}`", "open it or remove it")
        case text:
            return Text(lists.normal(text)), at + 1


def _but_last(text: str) -> str:
    """A text without its last word, or without its last character where words aren't parted."""
    words = text.split()
    return "".join(word + " " for word in words[:-1]) if text.endswith(" ") else text[:-1]


def _closed(tokens: list[str], at: int, bracket: str, template: str) -> int:
    if at >= len(tokens) or tokens[at] != bracket:
        raise TemplateError(f"`{bracket}` is missing in `{template}`", "close what was opened")
    return at + 1
