"""Questions asked beside the matter, which are answered at any step before the robot's own question is put again (pure).

"Is this call recorded?", "am I talking to a robot?", "how long will that take?" are no wish: whoever asks them in the middle of a refund
wants the refund all the same. Their sentences are those of `asides.yaml`. They are matched as they stand, or nearly so where nothing else
was understood, and the classifier never learns them: they can't be taken for a wish, nor cost one.
"""

from __future__ import annotations

from ivr.dialogue.grammar import Grammar
from ivr.dialogue.matching import Sentences

_NEARLY = 0.9
_SAMPLES = 200  # of each template: some ten milliseconds, where nothing else was understood
# Short sentences resemble too much.
_LONG_ENOUGH = {"zh": 5, "en": 14}


class Asides:
    """The questions of one language that may be asked beside the matter."""

    def __init__(self, grammar: Grammar) -> None:
        self._long_enough = _LONG_ENOUGH[grammar.language]
        self._asides = {name: Sentences(grammar.language, nodes, _SAMPLES) for name, nodes in grammar.asides.items()}

    def warm(self) -> None:
        """Make what is else made at the first use, so that no caller waits for it."""
        for sentences in self._asides.values():
            sentences.likeness("-")
            sentences.is_exact("-")

    def named(self, sentence: str) -> str:
        """The aside that the sentence is, word for word; empty where it is none."""
        return next((name for name, sentences in self._asides.items() if sentences.is_exact(sentence)), "")

    def near(self, sentence: str) -> str:
        """The aside that the sentence nearly is; empty where it is too short to say, or like none."""
        if len(sentence.strip()) < self._long_enough or not self._asides:
            return ""
        scores = {name: sentences.likeness(sentence)[0] for name, sentences in self._asides.items()}
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] >= _NEARLY else ""
