"""What customers said or may say, as examples to learn from: `dialplans/LANGUAGE/utterances/INTENT.yaml`, read strictly.

Unlike sentence templates they are no patterns and match nothing by themselves: the classifier generalises from them. Only
`ivr learn` and `ivr check` read them; a call never does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.dialogue import slots, wanted
from ivr.dialogue.grammar import Grammar
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.normal_text import plain
from ivr.dialogue.templates import SLOT_MARKS
from ivr.document import Document, nearest
from ivr.errors import DialplanError, Place
from strict_yaml import OneOrMore, Strict

FOLDER = "utterances"
_SLOT = re.compile(r"\{([^{}]*)\}")


class UtterancesFile(Strict):
    """Utterances of the intent that the file is named after; `{order_number}` and other values stand for any of their kind."""

    utterances: OneOrMore


def load_utterances(grammar: Grammar) -> Mapping[str, tuple[str, ...]]:
    """Utterances by intent, slots as marks; DialplanError for an unknown intent or slot, or one text under two intents."""
    found: dict[str, tuple[str, ...]] = {}
    first: dict[str, tuple[str, Place]] = {}
    for file in sorted((grammar.folder / FOLDER).glob("*.yaml")):
        if file.stem not in grammar.intents:
            raise DialplanError(f"no intent `{file.stem}`", nearest(file.stem, list(grammar.intents)), Place(file))
        document = Document(file, error=DialplanError)
        texts = document.typed(UtterancesFile).utterances
        for index, text in enumerate(texts):
            place = document.place("utterances", index)
            intent, where = first.setdefault(text.lower(), (file.stem, place))
            if where is not place:
                written = f"“{text}” is an utterance of `{intent}` already (line {where.line})"
                raise DialplanError(written, "leave it in one place", place)
        found[file.stem] = tuple(_marked(text, document, index) for index, text in enumerate(texts))
    return found


def as_heard(text: str, grammar: Grammar) -> str:
    """A text the way a caller's reaches the classifier: plain, values marked, fillers out."""
    bare = plain(text)
    if grammar.language == "zh":
        bare = wanted.closed_up(bare)
    found = slots.find(bare, Expectation(language=grammar.language))
    return grammar.normal.text(slots.marked(bare, found))


def _marked(text: str, document: Document, index: int) -> str:
    for name in _SLOT.findall(text):
        if name not in SLOT_MARKS:
            fix = nearest(name, list(SLOT_MARKS))
            raise DialplanError(f"unknown slot {{{name}}}", fix, document.place("utterances", index))
    return _SLOT.sub(lambda match: SLOT_MARKS[match[1]], text)
