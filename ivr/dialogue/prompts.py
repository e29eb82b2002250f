"""What the robot says: prompt ids to words, tried in turn, with variables in their spoken form.

A text may hold `{variable}` and optional parts in square brackets, which are left out when a variable in them is not known.
A sentence outside brackets whose variable is not known is left out too, so a call never stumbles over a missing value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ivr.commands import Prompt
from ivr.dialogue.dialplan import Names, Part
from ivr.dialogue.memory import Memory
from ivr.dialogue.speaking import either, spoken
from ivr.document import Document
from ivr.errors import DialplanError, Place
from ivr.values import Language

VARIABLE = re.compile(r"\{([^{}\s]+)\}")
OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
# What can be said of a list as a whole: its items with their keys, or as alternatives.
LIST_FORMS = ("menu", "or")
# A word of the product's own (`late_delivery`), which nobody should hear as it is.
IDENTIFIER = re.compile(r"[a-z]+(_[a-z0-9]+)+")
# A sentence with the punctuation that ends it; a full stop ends one only before a space (3.5, p.m. stay whole inside).
SENTENCE = re.compile(r".+?(?:[。！？；!?;]|\.(?=\s|$)|$)\s*", re.DOTALL)


class Words(Part):
    """One prompt in one language: what is said first, when nobody answers, when the answer wasn't understood, and as help."""

    text: str
    no_input: Names = ()
    no_match: Names = ()
    keys: str = ""
    help: str = ""

    def texts(self) -> Iterator[str]:
        """Everything that can be said."""
        yield from (self.text, *self.no_input, *self.no_match, self.keys, self.help)


@dataclass(frozen=True, slots=True)
class PromptBook:
    """The prompts of one language, and where each is written."""

    language: Language
    words: Mapping[str, Words]
    places: Mapping[str, Place]

    def __contains__(self, prompt: object) -> bool:
        return prompt in self.words

    def recordable(self) -> Iterator[tuple[str, str]]:
        """The texts that are always said alike, with the name that a recording of each must have; words and subjects are said within others."""
        for name, words in self.words.items():
            if name.startswith(("word.", "about.")):
                continue
            variants = [(name, words.text), (f"{name}.keys", words.keys), (f"{name}.help", words.help)]
            for kind in ("no_input", "no_match"):
                texts: tuple[str, ...] = getattr(words, kind)
                variants += [(f"{name}.{kind}.{number}", text) for number, text in enumerate(texts, 1)]
            yield from ((each, text) for each, text in variants if text and not _varies(text))

    def text(self, prompt: str, variant: str = "") -> str | None:
        """The words of `id`, or of `id` and a variant: `no_input.1`, `no_match.2`, `keys`, `help`; None where not written."""
        words = self.words.get(prompt)
        if words is None:
            return None
        kind, _, number = variant.partition(".")
        match kind:
            case "":
                return words.text
            case "no_input" | "no_match":
                tries: tuple[str, ...] = getattr(words, kind)
                return tries[min(int(number), len(tries)) - 1] if tries else None
            case _:
                return str(getattr(words, kind)) or None

    def prompt(
        self,
        prompt: str,
        memory: Memory,
        now: datetime,
        *,
        variant: str = "",
        rate: float = 1.0,
        sensitive: bool = False,
    ) -> Prompt | None:
        """The prompt with its variables filled in; None where there is nothing to say."""
        template = self.text(prompt, variant)
        if template is None:
            return None
        said = self.filled(template, memory, now)
        name = f"{prompt}.{variant}" if variant else prompt
        return (
            Prompt(name, said, self.language, rate, recordable=not _varies(template), sensitive=sensitive)
            if said
            else None
        )

    def filled(self, template: str, memory: Memory, now: datetime) -> str:
        """A text with its variables said, without the parts that can't be."""
        text = OPTIONAL.sub(lambda part: part[1] if self._known(part[1], memory) else "", template)
        kept = [sentence for sentence in SENTENCE.findall(text) if self._known(sentence, memory)]
        said = VARIABLE.sub(lambda found: self.said(found[1], memory, now), "".join(kept)).strip()
        return said.replace(".m..", ".m.")  # a sentence that ends with "p.m."

    def said(self, name: str, memory: Memory, now: datetime) -> str:
        """A variable aloud; a word of ours through its label `word.<word>`, which may hold variables itself."""
        owner, _, part = name.rpartition(".")
        if part in LIST_FORMS and isinstance(items := memory[owner], tuple):
            named = tuple(self._labelled(item, memory, now) for item in items)
            return self._menu(named) if part == "menu" else either(named, self.language)
        value = memory[name]
        if isinstance(value, str):
            return self._labelled(value, memory, now)
        if isinstance(value, tuple):
            value = tuple(self._labelled(item, memory, now) for item in value)
        return spoken(value, self.language, now)

    def _labelled(self, word: str, memory: Memory, now: datetime) -> str:
        label = self.text(f"word.{word}")
        return word if label is None else self.filled(label, memory, now)

    def _menu(self, items: tuple[str, ...]) -> str:
        """The items of a list with their keys: 牛肉面请按1，奶茶请按2."""
        named = enumerate(items, 1)
        if self.language == "zh":
            return "，".join(f"{item}请按{key}" for key, item in named)
        return ", ".join(f"for {item} press {key}" for key, item in named)

    def _known(self, text: str, memory: Memory) -> bool:
        """Whether every variable of a text can be said: it has a value, and no bare word of ours without a label."""
        return all(self._sayable(memory[_owner(name)]) for name in VARIABLE.findall(text))

    def _sayable(self, value: object) -> bool:
        if isinstance(value, str) and IDENTIFIER.fullmatch(value):
            return f"word.{value}" in self.words
        return value is not None


def _owner(name: str) -> str:
    """The value that a variable says: of a list's own forms (`list.menu`, `list.or`) the list."""
    owner, _, part = name.rpartition(".")
    return owner if part in LIST_FORMS else name


def _varies(text: str) -> bool:
    return bool(VARIABLE.search(text) or OPTIONAL.search(text))


def variables(text: str) -> tuple[str, ...]:
    """The variables a text can't do without: those outside square brackets."""
    return tuple(VARIABLE.findall(OPTIONAL.sub("", text)))


def load_prompts(folder: Path, language: Language) -> PromptBook:
    """All prompts of a language's folder; raises DialplanError for what can't be read or is written twice."""
    words: dict[str, Words] = {}
    places: dict[str, Place] = {}
    for file in sorted(folder.glob("*.yaml")):
        document = Document(file, error=DialplanError)
        if not isinstance(document.data, dict):
            raise DialplanError("should be `prompt id: words` lines", "see dialplans/README.md", Place(file))
        for name, written in document.data.items():
            place = document.place(name)
            if name in words:
                raise DialplanError(f"prompt `{name}` is written twice", f"the other is at {places[name]}", place)
            words[name] = Words(text=written) if isinstance(written, str) else _typed(document, name)
            places[name] = place
    if not words:
        raise DialplanError("has no prompts", f"write {folder / 'all.yaml'}, see dialplans/README.md", Place(folder))
    return PromptBook(language, words, places)


def _typed(document: Document, name: str) -> Words:
    if not isinstance(document.data[name], dict):
        raise DialplanError(
            f"prompt `{name}` should be a text, or keys under it",
            f"allowed: {', '.join(Words.model_fields)}",
            document.place(name),
        )
    return document.typed(Words, name)
