"""What a sentence shows to the classifier: words, neighbours, sounds, and the concepts (lists) its words belong to (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from ivr.dialogue.phonetic_en import Speller, sound, stem
from ivr.dialogue.phonetic_zh import sounds
from ivr.values import Language

_LONGEST_PHRASE = 6
_FAR_WORDS = 24
FAR_PAIR = "w"  # the mark of two words that stand anywhere in a sentence


def _pieces(word: str) -> Iterator[str]:
    """Four letters at a time: what related words have in common, and what a misspelt one still has."""
    return (word[at : at + 4] for at in range(len(word) - 3))


class Concepts:
    """Which lists the parts of a text belong to; each unit is a character's sound (zh) or a word's stem (en)."""

    def __init__(self, lists: Mapping[str, Iterable[Sequence[str]]]) -> None:
        self._names: dict[tuple[str, ...], list[str]] = {}
        for name, phrases in lists.items():
            for phrase in phrases:
                if 0 < len(phrase) <= _LONGEST_PHRASE and name not in self._names.setdefault(tuple(phrase), []):
                    self._names[tuple(phrase)].append(name)

    def find(self, units: Sequence[str]) -> list[str]:
        """The lists in order of appearance; at each place the longest phrase counts."""
        found: list[str] = []
        at = 0
        while at < len(units):
            for length in range(min(_LONGEST_PHRASE, len(units) - at), 0, -1):
                names = self._names.get(tuple(units[at : at + length]))
                if names:
                    found.extend(names)
                    break
            else:
                length = 1
            at += length
        return list(dict.fromkeys(found))


class Features:
    """Features of normalised text of one language."""

    def __init__(self, language: Language, lists: Mapping[str, Iterable[str]], vocabulary: Iterable[str] = ()) -> None:
        self.language = language
        self.speller = Speller(vocabulary)
        self._concepts = Concepts(
            {name: [self._units(phrase) for phrase in phrases] for name, phrases in lists.items()}
        )

    def of(self, text: str) -> list[str]:
        """The features of a sentence, each once; no longer runs of words, or it learns whole sentences by heart."""
        found = self._of_zh(text) if self.language == "zh" else self._of_en(text)
        return list(dict.fromkeys(found))

    def _units(self, text: str) -> Sequence[str]:
        if self.language == "zh":
            return sounds(text)
        return [stem(word) for word in text.split()]

    def _of_zh(self, text: str) -> list[str]:
        spoken = sounds(text)
        edged = ("^", *spoken, "$")
        found = [f"u{char}" for char in text] + [f"s{sound}" for sound in spoken]
        found += [f"b{text[at : at + 2]}" for at in range(len(text) - 1)]
        found += [f"p{one} {two}" for one, two in pairwise(edged)]
        return found + self._of_concepts(spoken)

    def _of_en(self, text: str) -> list[str]:
        words = [self.speller.correct(word) for word in text.split()]
        stems = [stem(word) for word in words]
        edged = ("^", *stems, "$")
        found = [f"u{each}" for each in stems] + [f"s{sound(word)}" for word in words if len(word) > 3]
        found += [f"b{one} {two}" for one, two in pairwise(edged)]
        found += [f"g{piece}" for word in words if len(word) > 3 for piece in _pieces(f"<{word}>")]
        # English holds apart what belongs together: "has my ... been sent", "take ... off".
        far = sorted(dict.fromkeys(stems[:_FAR_WORDS]))
        found += [f"{FAR_PAIR}{one} {two}" for one, two in combinations(far, 2)]
        return found + self._of_concepts(stems)

    def _of_concepts(self, units: Sequence[str]) -> list[str]:
        return [f"c{each}" for each in self._concepts.find(units)]
