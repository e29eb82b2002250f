"""Draws what to say: digit strings, hotline sentences, phrases, numbers, and words at random for everything else."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from training import spoken
from training.languages import Language
from training.languages.mandarin import common_characters
from training.templates import expand, hotline_text
from training.utterances import Script

WORD_LIST = Path("/usr/share/dict/american-english-small")


@lru_cache(maxsize=2)
def random_words(language: str) -> tuple[str, ...]:
    """Words of the language at large, so that every sound is heard in every neighbourhood."""
    if language == "en":
        lines = WORD_LIST.read_text("utf-8").split("\n")
        return tuple(w for w in lines if w.isascii() and w.isalpha() and w.islower() and 2 <= len(w) <= 12)
    from pypinyin.phrases_dict import phrases_dict

    common = set(common_characters())
    return tuple(sorted(p for p in phrases_dict if 2 <= len(p) <= 4 and all(c in common for c in p)))


def sentence(language: str, random_: random.Random) -> str:
    """One sentence of a hotline caller, any intent equally likely."""
    slots, intents = hotline_text(language)
    special = spoken.chinese_special if language == "zh" else spoken.english_special
    template = random_.choice(intents[random_.choice(sorted(intents))])
    return expand(template, slots, random_, lambda name: special(name, random_))


@lru_cache(maxsize=2)
def step_grammars(language: str) -> dict[str, tuple[str, ...]]:
    """Grammars of typical steps by name, universals included (text/steps.yaml)."""
    text = (Path(__file__).parent / "text" / "steps.yaml").read_text("utf-8")
    steps: dict[str, list[str]] = yaml.load(text, yaml.BaseLoader)[language]
    universals = steps.pop("universals")
    return {name: (*phrases, *universals) for name, phrases in steps.items()}


class Writer:
    """Draws scripts of a language; `vocabulary` is what Mandarin sentences are segmented with."""

    def __init__(self, language: Language, vocabulary: Sequence[str] = ()) -> None:
        self._language = language
        self._vocabulary = frozenset(vocabulary)

    def words(self, text: str) -> list[str]:
        """A text as words."""
        return (
            text.split()
            if self._language.code == "en"
            else self._language.segment(text.replace(" ", ""), self._vocabulary)
        )

    def draw(self, mix: Mapping[str, float], random_: random.Random) -> Script:
        """One script, its kind drawn with the weights of `mix`."""
        while True:
            kind = random_.choices(list(mix), weights=list(mix.values()))[0]
            script = self.of_kind(kind, random_)
            if script is not None and sum(map(len, script.phones)) <= 60:
                return script

    def of_kind(self, kind: str, random_: random.Random) -> Script | None:
        """One script of a kind, or None when what was drawn cannot be pronounced."""
        code, language = self._language.code, self._language
        digits = spoken.chinese_digits if code == "zh" else spoken.english_digits
        match kind:
            case "digits":
                return language.script(
                    kind, digits(random_, random_.choice([2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12])), random_
                )
            case "isolated":
                return language.script(kind, [random_.choice(language.digits)], random_)
            case "number":
                name = random_.choice(["number", "money", "date", "time", "small"])
                special = spoken.chinese_special if code == "zh" else spoken.english_special
                return language.script("phrase", self.words(special(name, random_) or ""), random_)
            case "sentence":
                return language.script(kind, self.words(sentence(code, random_)), random_)
            case "step":
                grammar = random_.choice(sorted(step_grammars(code)))
                phrase = random_.choice(step_grammars(code)[grammar])
                return language.script(f"step:{grammar}", [phrase] if code == "zh" else phrase.split(), random_)
            case "words":
                count = random_.randint(1, 4) if code == "zh" else random_.randint(1, 7)
                return language.script(kind, random_.choices(random_words(code), k=count), random_)
            case "characters":
                return language.script(kind, random_.choices(common_characters(), k=random_.randint(1, 6)), random_)
        raise ValueError(f"no such kind of script: {kind}")
