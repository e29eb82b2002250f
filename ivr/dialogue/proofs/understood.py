"""Proof that callers can be understood: universals not shadowed, the answers of a question and the intents distinguishable;
utterances that can be learnt from (pure but for reading those).

Short templates are compared by every sentence they stand for; of long ones a spread of them is taken, since two that collide do
so in many sentences.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue.loading import Spoken, Tree
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.recognition import some
from ivr.dialogue.utterances import load_utterances
from ivr.errors import DialplanError, Place

COMPARED = 30
ANSWERS = ("yes", "no")


def understood(spoken: Spoken) -> Iterator[Finding]:
    """Phrases of a question that mean something else everywhere, or the same as another answer; intents that collide."""
    for tree in spoken.trees.values():
        for name, step in tree.steps.items():
            if isinstance(step, plan.Ask) and step.ask == "choice":
                yield from _choices(spoken, tree, name, step)
    yield from _colliding(spoken)
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
        for phrase in dict.fromkeys(said.strip() for node in nodes for said in some(node, COMPARED)):
            if universal := spoken.understanding.markers.anywhere(phrase):
                what = f"“{phrase}” means {universal} everywhere, so `{choice}` can't be chosen with it"
                yield Finding.at(place, what, "word it differently")
            if not step.choices_from and taken.setdefault(phrase, choice) != choice:
                what = f"“{phrase}” chooses `{taken[phrase]}` and `{choice}`"
                yield Finding.at(place, what, "leave it in one of them")


def _colliding(spoken: Spoken) -> Iterator[Finding]:
    """Sentences that two intents have: the caller who says one can't be told apart."""
    grammar = spoken.understanding.grammar
    first: dict[str, tuple[str, int]] = {}
    told: set[tuple[str, str, int]] = set()
    for intent, nodes in grammar.intents.items():
        for index, node in enumerate(nodes):
            for sentence in some(node, COMPARED):
                other, where = first.setdefault(sentence, (intent, index))
                key = (other, intent, index)
                if not sentence.strip() or other == intent or key in told or (other in ANSWERS) != (intent in ANSWERS):
                    continue  # yes and no are only understood where they are asked for
                told.add(key)
                place = grammar.places[other, where]
                what = f"“{sentence.strip()}” is a sentence of `{intent}`, and of `{other}` at {place.file.name}:{place.line}"
                yield Finding.at(grammar.places[intent, index], what, "leave it in one of them", warning=True)
