"""Sentence templates: `[optional] (one|other) <list> {slot} maybe?`, counted before they are expanded (pure).

A `?` makes what stands before it optional: a group, a list, or the last character (English: word).

A template is a tree. It is never expanded as a whole: `size` says how many sentences it stands for, `sentence(n)` builds
the n-th, `matches` says whether a text is one of them. English words are each followed by a blank, in templates and texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import prod

from ivr.document import nearest

# Signs of a Chinese keyboard mean what their like on another means.
FULL_WIDTH = str.maketrans("？（）｜［］｛｝＜＞", "?()|[]{}<>")
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


class Text:
    """Words as written."""

    __slots__ = ("size", "text")
    __match_args__ = ("text",)
    size: int

    def __init__(self, text: str) -> None:
        self.text, self.size = text, 1


class SlotMark:
    """A value: `{order_number}`, and the marks it may stand for."""

    __slots__ = ("kind", "marks", "size")
    __match_args__ = ("kind",)
    size: int

    def __init__(self, kind: str) -> None:
        loose = {"order_number": ("order_number", "digits", "phone"), "digits": ("digits", "count", "order_number")}
        self.kind, self.size = kind, 1
        self.marks = frozenset(SLOT_MARKS[name] for name in loose.get(kind, (kind,)))


class Sequence:
    """Parts one after another."""

    __slots__ = ("parts", "size")
    __match_args__ = ("parts",)
    size: int

    def __init__(self, parts: tuple[Node, ...]) -> None:
        self.parts = parts
        self.size = prod(part.size for part in parts)


class Choice:
    """One of several; an optional part is a choice with an empty one. Plain words are kept by their first character."""

    __slots__ = ("options", "size", "trees", "words")
    __match_args__ = ("options",)
    size: int

    def __init__(self, options: tuple[Node, ...]) -> None:
        self.options = options
        self.size = sum(option.size for option in options)
        self.trees = tuple(option for option in options if not isinstance(option, Text))
        self.words: dict[str, list[str]] = {}
        for option in options:
            if isinstance(option, Text):
                self.words.setdefault(option.text[:1], []).append(option.text)


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
            raise TemplateError(
                f"unknown list <{name}>", nearest(name, list(self._items)) if self._items else "write it in lists.yaml"
            )
        if name not in self._parsed:
            self._open.append(name)
            try:
                self._parsed[name] = Choice(tuple(parse(item, self) for item in self._items[name]))
            finally:
                self._open.pop()
        return self._parsed[name]


def parse(template: str, lists: Lists) -> Node:
    """A template as a tree; TemplateError with the column and the fix when it is malformed."""
    tokens = [part for part in re.split(r"([\[\]()|<>{}?])", template.translate(FULL_WIDTH)) if part]
    node, rest = _choice(tokens, 0, lists, template)
    if rest < len(tokens):
        raise TemplateError(f"`{tokens[rest]}` closes nothing in `{template}`", "open it or remove it")
    return node


def bounded(template: str, lists: Lists, most: int = MOST_SENTENCES) -> Node:
    """A template as a tree, refused with its count when it explodes."""
    node = parse(template, lists)
    if (number := node.size) > most:
        raise TemplateError(f"`{template}` makes {number:,} sentences, more than {most:,}", "split it up")
    return node


def sentence(node: Node, index: int) -> str:
    """The sentence of an index below the node's size, in the order of writing; English words end with a blank."""
    match node:
        case Text(text):
            return text
        case SlotMark(kind):
            return SLOT_MARKS[kind]
        case Choice(options):
            for option in options:
                if index < option.size:
                    return sentence(option, index)
                index -= option.size
            raise IndexError(index)
        case Sequence(parts):
            built: list[str] = []
            for part in reversed(parts):
                index, here = divmod(index, part.size)
                built.append(sentence(part, here))
            return "".join(reversed(built))


def sample(node: Node, most: int) -> Iterator[str]:
    """At most so many sentences, evenly spread over all that the template stands for."""
    number = node.size
    if number <= most:
        yield from (sentence(node, index) for index in range(number))
    else:
        # A stride that shares no factor with the count visits every optional part both ways.
        yield from (sentence(node, (index * 7919 + index * index * 31) % number) for index in range(most))


def matches(node: Node, text: str) -> bool:
    """Whether the text is one of the template's sentences, without expanding it."""
    return len(text) in _ends(node, text, 0, {})


def vocabulary(node: Node, words: Callable[[str], Iterable[str]], known: dict[int, frozenset[str]]) -> frozenset[str]:
    """All words that the template's sentences are made of, as `words` cuts a text; lists met before are in `known`."""
    match node:
        case Text(text):
            return frozenset(words(text))
        case SlotMark():
            return node.marks | {" "}
        case Sequence(parts) | Choice(parts):
            if id(node) not in known:
                known[id(node)] = frozenset[str]().union(*(vocabulary(part, words, known) for part in parts))
            return known[id(node)]


def _ends(node: Node, text: str, start: int, known: dict[tuple[int, int], frozenset[int]]) -> frozenset[int]:
    """Where the template can end in the text, begun at `start`; lists met twice are looked up in `known`."""
    if isinstance(node, Text):
        return frozenset((start + len(node.text),)) if text.startswith(node.text, start) else frozenset()
    if isinstance(node, SlotMark):
        after = start + 1 + text.startswith(" ", start + 1)
        return frozenset((after,)) if text[start : start + 1] in node.marks else frozenset()
    key = (id(node), start)
    if key not in known:
        known[key] = _ends_of_parts(node, text, start, known)
    return known[key]


def _ends_of_parts(
    node: Sequence | Choice, text: str, start: int, known: dict[tuple[int, int], frozenset[int]]
) -> frozenset[int]:
    if isinstance(node, Choice):
        words = [*node.words.get(text[start : start + 1], ()), *node.words.get("", ())]
        found = {start + len(word) for word in words if text.startswith(word, start)}
        return frozenset(found.union(*(_ends(tree, text, start, known) for tree in node.trees)))
    here = frozenset((start,))
    for part in node.parts:
        here = frozenset(end for begin in here for end in _ends(part, text, begin, known))
        if not here:
            break
    return here


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
        if not (isinstance(part, Text) and not part.text):
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
