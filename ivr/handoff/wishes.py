"""What a waiting caller says, understood as a wish (pure).

The recogniser listens for these sentences and nothing else; what it is not sure of, and what holds more than a wish, is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ivr.events import Hypothesis
from ivr.handoff.events import Wish

Sentences = Mapping[Wish, Sequence[str]]
# Music, a television or a word to somebody else in the room are forced into the small grammar too, but with less confidence.
LEAST_CONFIDENCE = 0.6
# Hanging up on somebody who only sighed costs more than asking twice.
LEAST_TO_LEAVE = 0.8
UNKNOWN = "[unk]"


def phrases_of(sentences: Sentences) -> tuple[str, ...]:
    """All sentences, for the recogniser's grammar."""
    return tuple(dict.fromkeys(sentence for said in sentences.values() for sentence in said))


def wish_of(hypotheses: Sequence[Hypothesis], sentences: Sentences) -> Wish | None:
    """The wish in the best hypothesis; None when it holds none, or is too unsure."""
    if not hypotheses or UNKNOWN in hypotheses[0].text:
        return None
    best, said = hypotheses[0], _plain(hypotheses[0].text)
    for wish, ways in sentences.items():
        if any(_plain(way) == said for way in ways):
            least = LEAST_TO_LEAVE if wish == "goodbye" else LEAST_CONFIDENCE
            return wish if best.confidence >= least else None
    return None


def _plain(text: str) -> str:
    return re.sub(r"[\s'’]+", "", text.lower())
