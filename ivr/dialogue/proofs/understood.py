"""Proof that callers can be understood: universals not shadowed, the answers of a question and the intents distinguishable;
utterances that can be learnt from (pure but for reading those).

The phrases of a question's choices are compared by every sentence they stand for, up to `COMPARED` of each template; intents
over all sentences, however many (see `collisions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue.grammar import Grammar
from ivr.dialogue.loading import Spoken, Tree
from ivr.dialogue.proofs.collisions import collisions
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.recognition import some
from ivr.dialogue.templates import matches
from ivr.dialogue.utterances import load_utterances
from ivr.errors import DialplanError, Place

COMPARED = 30
ANSWERS = ("yes", "no")
# A comma of a Chinese keyboard parts nothing in YAML.
ENUMERATION = re.compile("[，、]")


def understood(spoken: Spoken) -> Iterator[Finding]:
    """Phrases of a question that mean something else everywhere, or the same as another answer; intents that collide."""
    for tree in spoken.trees.values():
        for name, step in tree.steps.items():
            if isinstance(step, plan.Ask) and step.ask == "choice":
                yield from _choices(spoken, tree, name, step)
    try:
        load_utterances(spoken.understanding.grammar)
    except DialplanError as fault:
        yield Finding.at(fault.place or Place(spoken.understanding.grammar.folder), fault.what, fault.fix)


def _choices(spoken: Spoken, tree: Tree, name: str, step: plan.Ask) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for choice, option in step.choices.items():
        place = tree.place(name, "choices", choice, spoken.language)
        try:
            nodes = spoken.understanding.grammar.phrases(getattr(option, spoken.language))
        except DialplanError as fault:
            yield Finding.at(place, fault.what, fault.fix)
            continue
        for said in getattr(option, spoken.language):
            if ENUMERATION.search(said):
                yield Finding.at(place, f"“{said}” is one phrase, which nobody says whole", "part phrases by `, `")
        for phrase in dict.fromkeys(said.strip() for node in nodes for said in some(node, COMPARED)):
            if universal := spoken.understanding.markers.anywhere(phrase):
                what = f"“{phrase}” means {universal} everywhere, so `{choice}` can't be chosen with it"
                yield Finding.at(place, what, "word it differently")
            if not step.choices_from and taken.setdefault(phrase, choice) != choice:
                what = f"“{phrase}” chooses `{taken[phrase]}` and `{choice}`"
                yield Finding.at(place, what, "leave it in one of them")


def colliding(spoken: Spoken) -> Iterator[Finding]:
    """Pairs of intents with a sentence in common: the caller who says it can't be told apart. A second of work: `ivr check` alone."""
    grammar = spoken.understanding.grammar
    # Yes and no are only understood where they are asked for.
    intents = {intent: nodes for intent, nodes in grammar.intents.items() if intent not in ANSWERS}
    searched = collisions(intents, spoken.language)
    outranks = grammar.universals.outranks
    for (intent, other), sentence in sorted(searched.sentences.items()):
        if other in outranks.get(intent, ()) or intent in outranks.get(other, ()):
            continue
        place, there = _written(grammar, intent, sentence), _written(grammar, other, sentence)
        what = f"“{sentence.strip()}” is a sentence of `{intent}`, and of `{other}` at {there.file.name}:{there.line}"
        yield Finding.at(place, what, "leave it in one of them, or say under `outranks` whose it is", warning=True)
    yield from _asides(spoken)
    if not searched.complete:
        place = next(iter(grammar.places.values()))
        yield Finding.at(
            place, "too many sentences to compare all intents", "shorten lists, or split templates", warning=True
        )


def _asides(spoken: Spoken) -> Iterator[Finding]:
    """Asides that are answered whatever the matter, and are a wish or another aside word for word: the wish would never be followed."""
    grammar = spoken.understanding.grammar
    answers = {name: one for tree in spoken.trees.values() for name, one in tree.file.asides.items()}
    always = {name for name, one in answers.items() if isinstance(one, str) or plan.OTHERWISE in one}
    wishes = {intent for tree in spoken.trees.values() for intent in tree.file.intents}
    nodes = {**grammar.asides, **{intent: grammar.intents[intent] for intent in wishes if intent in grammar.intents}}
    searched = collisions(nodes, spoken.language)
    for (one, other), sentence in sorted(searched.sentences.items()):
        if {one, other} & always & grammar.asides.keys() and {one, other} - grammar.asides.keys() <= wishes:
            aside = one if one in grammar.asides else other
            what = f"“{sentence.strip()}” is asked beside the matter as `{aside}`, and is a sentence of `{({one, other} - {aside}).pop()}`"
            yield Finding.at(Place(grammar.folder / "asides.yaml"), what, "leave it in one of them", warning=True)


def _written(grammar: Grammar, intent: str, sentence: str) -> Place:
    """The first template of an intent that has a sentence."""
    nodes = grammar.intents[intent]
    return grammar.places[intent, next(index for index, node in enumerate(nodes) if matches(node, sentence))]
