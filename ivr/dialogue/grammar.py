"""What callers say, as operations people write it: intents, lists, universals, from YAML (pure but for reading the files).

dialplans/LANGUAGE/intents/*.yaml   sentences by intent
dialplans/LANGUAGE/lists.yaml       <lists>, fillers, informal spellings
dialplans/LANGUAGE/universals.yaml  what is understood at every step, yes and no, words of danger
dialplans/LANGUAGE/consent.yaml     yes and no with more behind them, and what takes them back
dialplans/LANGUAGE/answers.yaml     what is said around an answer, and how scores are said
dialplans/LANGUAGE/asides.yaml      questions that are answered at any step, beside the matter
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ivr.dialogue.answer_words import AnswersFile
from ivr.dialogue.consent import ConsentFile
from ivr.dialogue.meaning import Danger, Universal
from ivr.dialogue.normal_text import NormalEn, NormalZh
from ivr.dialogue.templates import Lists, Node, TemplateError, bounded
from ivr.document import Document
from ivr.errors import DialplanError, Place
from ivr.values import Language
from strict_yaml import OneOrMore as Phrases

Model = TypeVar("Model", bound=BaseModel)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IntentsFile(_File):
    """Sentence templates by intent."""

    intents: dict[str, Phrases] = {}


class AsidesFile(_File):
    """Sentence templates of questions asked beside the matter, by the name of the aside; by that of a universal, it is meant."""

    asides: dict[str, Phrases] = {}


class ListsFile(_File):
    """`lists` are used in templates as <name>; `fillers` are dropped; `informal` spellings are written out."""

    lists: dict[str, Phrases] = {}
    fillers: Phrases = ()
    informal: dict[str, str] = {}


class Declared(_File):
    """Words that declare an intent, what only looks like them ("or else …"), and the questions they outweigh."""

    words: Phrases
    unless: Phrases = ()
    over: Phrases


class Joined(_File):
    """Words that join two wishes, and the intents that may be joined: `apart` with any other, `afterwards` behind any other."""

    joints: Phrases = ()
    apart: Phrases = ()
    afterwards: Phrases = ()


class UniversalsFile(_File):
    """`universals` and `answers` are templates of whole utterances; `anywhere` are words that mean it wherever they stand;
    `danger` words likewise; `unless` takes out what only looks like one of them. `negations` come before a thing not wanted,
    `negatable` says which things those are and their intents, `corrections` come before a thing said anew. `ordinals` choose by
    place ("1", "2", … or "last"), `what_else` asks for other choices, `either` takes any, `never_mind` gives the matter up: templates of whole
    utterances, where a question takes them. Who says nothing but `greetings` hears the question again. `declared` words say what a
    caller has come for, whatever question the rest of the sentence sounds like; `second_wish` when two things are wanted in one breath. A sentence
    of two intents belongs to the one that `outranks` the other."""

    universals: dict[Universal, Phrases] = {}
    anywhere: dict[Universal, Phrases] = {}
    answers: dict[str, Phrases] = {}
    danger: dict[Danger, Phrases] = {}
    unless: Phrases = ()
    declared: dict[str, Declared] = {}
    second_wish: Joined = Joined()
    outranks: dict[str, Phrases] = {}
    negations: Phrases = ()
    negatable: dict[str, str] = {}
    corrections: Phrases = ()
    ordinals: dict[Annotated[str, Field(pattern=r"^([1-8]|last)$")], Phrases] = {}
    what_else: Phrases = ()
    either: Phrases = ()
    never_mind: Phrases = ()
    greetings: Phrases = ()


@dataclass(frozen=True, slots=True)
class Grammar:
    """Everything of one language's folder, checked: templates parse, lists exist, nothing explodes."""

    language: Language
    intents: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: ListsFile = field(default_factory=ListsFile)
    universals: UniversalsFile = field(default_factory=UniversalsFile)
    consent: ConsentFile = field(default_factory=ConsentFile)
    answers: AnswersFile = field(default_factory=AnswersFile)
    places: Mapping[tuple[str, int], Place] = field(default_factory=dict)
    asides: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def normal(self) -> NormalZh | NormalEn:
        """How utterances and templates of this grammar are made comparable."""
        if self.language == "zh":
            return NormalZh(self.lists.fillers)
        return NormalEn(self.lists.fillers, self.lists.informal)

    def phrases(self, templates: tuple[str, ...]) -> tuple[Node, ...]:
        """Templates of a choice or a test as trees; DialplanError when malformed."""
        lists = Lists(self.lists.lists, self.normal.literal)
        return tuple(_node(template, lists, None) for template in templates)


def load_grammar(folder: Path, language: Language | None = None) -> Grammar:
    """The grammar of a language's folder; what is not there is empty. Raises DialplanError with place and fix."""
    spoken: Language = language or ("en" if folder.name == "en" else "zh")
    lists = _typed(folder / "lists.yaml", ListsFile)
    universals = _typed(folder / "universals.yaml", UniversalsFile)
    consent = _typed(folder / "consent.yaml", ConsentFile)
    answers = _typed(folder / "answers.yaml", AnswersFile)
    empty = Grammar(spoken, lists=lists, universals=universals)
    parsed = Lists(lists.lists, empty.normal.literal)
    _check_lists(folder / "lists.yaml", lists, parsed)
    _check_places(folder / "universals.yaml", universals, parsed)
    sentences, places = _sentences(folder)
    nodes = {
        intent: tuple(_node(one, parsed, places[intent, index]) for index, one in enumerate(ones))
        for intent, ones in sentences.items()
    }
    asides = _asides(folder / "asides.yaml", parsed)
    return Grammar(spoken, nodes, sentences, lists, universals, consent, answers, places, asides, folder)


def _sentences(folder: Path) -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, int], Place]]:
    """Sentences by intent over all files, universals among them, and where each is written."""
    sentences: dict[str, tuple[str, ...]] = {}
    places: dict[tuple[str, int], Place] = {}
    for file in sorted((folder / "intents").glob("*.yaml")):
        _add(Document(file, error=DialplanError), IntentsFile, "intents", sentences, places)
    file = folder / "universals.yaml"
    if file.exists():
        document = Document(file, error=DialplanError)
        for key in ("universals", "answers"):
            _add(document, UniversalsFile, key, sentences, places)
    return sentences, places


def _asides(file: Path, parsed: Lists) -> dict[str, tuple[Node, ...]]:
    """The sentences of asides; they are no intents, and nothing is learnt from them."""
    if not file.exists():
        return {}
    document = Document(file, error=DialplanError)
    return {
        name: tuple(_node(each, parsed, document.place("asides", name, at)) for at, each in enumerate(templates))
        for name, templates in document.typed(AsidesFile).asides.items()
    }


def _add(
    document: Document,
    model: type[BaseModel],
    key: str,
    sentences: dict[str, tuple[str, ...]],
    places: dict[tuple[str, int], Place],
) -> None:
    for intent, templates in getattr(document.typed(model), key).items():
        if not _NAME.fullmatch(intent):
            raise DialplanError(f"`{intent}` is no name", "write a-z, 0-9 and _", document.place(key, intent))
        known = sentences.get(intent, ())
        for index in range(len(templates)):
            places[intent, len(known) + index] = document.place(key, intent, index)
        sentences[intent] = known + tuple(templates)


def _check_lists(file: Path, lists: ListsFile, parsed: Lists) -> None:
    document = Document(file, error=DialplanError) if file.exists() else None
    for name in lists.lists:
        try:
            parsed.node(name)
        except TemplateError as fault:
            place = document.place("lists", name) if document else None
            raise DialplanError(fault.what, fault.fix, place) from None


def _check_places(file: Path, universals: UniversalsFile, parsed: Lists) -> None:
    """Templates that aren't intents are made where they are used; what is wrong with one is said now, with its line."""
    if not (universals.ordinals or universals.what_else or universals.either or universals.never_mind):
        return
    document = Document(file, error=DialplanError)
    for key in ("what_else", "either", "never_mind"):
        templates: Phrases = getattr(universals, key)
        for index, template in enumerate(templates):
            _node(template, parsed, document.place(key, index))
    for name, templates in universals.ordinals.items():
        for index, template in enumerate(templates):
            _node(template, parsed, document.place("ordinals", name, index))


def _node(template: str, lists: Lists, place: Place | None) -> Node:
    try:
        return bounded(template, lists)
    except TemplateError as fault:
        raise DialplanError(fault.what, fault.fix, place) from None
    except RecursionError:
        raise DialplanError("a template is nested too deeply", "split it up", place) from None


def _typed(file: Path, model: type[Model]) -> Model:
    return Document(file, error=DialplanError).typed(model) if file.exists() else model()
