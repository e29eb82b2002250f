"""The words a model knows: of the hotline text, of the dialplans, digits and numbers, and single characters or common words."""

from __future__ import annotations

import csv
import hashlib
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ivr.errors import UserError
from training.languages.mandarin import LATIN, common_characters
from training.places import ROOT, places
from training.scripts import sentence, step_grammars
from training.spoken import chinese_special, english_special
from training.templates import expand, literals

NUMERALS = frozenset("零一二三四五六七八九十百千万两幺洞点")
CHINESE_RUN = re.compile(r"[\u4e00-\u9fff]+")
CHINESE_SPOKEN = re.compile(rf"[\u4e00-\u9fff]+|(?<![a-z])(?:{'|'.join(LATIN)})(?![a-z])")
"""What a Mandarin model can hear of a text in small letters."""
ENGLISH_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
LONGEST_PHRASE = 8
"""A Mandarin phrase of a dialplan of up to so many characters becomes a word of its own: it is recognised better whole."""
SENTENCES_TO_READ = 30_000
UTTERANCES = "utterances"
"""The dialplans' folder of sentences: their words are heard, but no sentence is a word of its own."""
OUTRANKS = "outranks"
"""The dialplans' key that holds names of intents, which nobody says."""


def scalars(node: object) -> Iterator[str]:
    """All strings of a YAML document that may be said, keys left out."""
    match node:
        case str():
            yield node
        case dict():
            for key, value in node.items():
                yield from scalars(value) if key != OUTRANKS else ()
        case list():
            for value in node:
                yield from scalars(value)


def read_yaml(path: Path) -> list[Any]:
    """All documents of a YAML file with every scalar a string; a UserError names a file that is no YAML."""
    try:
        return list(yaml.load_all(path.read_text("utf-8"), yaml.BaseLoader))
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: not valid YAML: {reason}") from error


def dialplan_texts(language: str, root: Path = ROOT) -> list[str]:
    """Every plain run of text in the language's intents and grammars, without notation."""
    folder = root / "dialplans" / language
    paths = [p for p in sorted(folder.rglob("*.yaml")) if UTTERANCES not in p.parts]
    return [run for path in [*paths, root / "prompts" / language / "words.yaml"] for run in runs(path)]


def utterance_texts(language: str, root: Path = ROOT) -> list[str]:
    """Every plain run of text in what callers may say at length: the dialplans' utterances and those of development."""
    texts = [run for path in sorted((root / "dialplans" / language / UTTERANCES).rglob("*.yaml")) for run in runs(path)]
    said = root / "tests" / "utterances" / f"dev_{language}.csv"
    if said.exists():
        with said.open(encoding="utf-8", newline="") as file:
            texts += [run for row in csv.DictReader(file) for run in literals(row["text"])]
    return texts


def runs(path: Path) -> list[str]:
    """The plain runs of text in all strings of a YAML file; none if there is no file."""
    return [run for text in scalars(read_yaml(path)) for run in literals(text)] if path.exists() else []


def dialplan_sentences(language: str, each: int, random_: random.Random, root: Path = ROOT) -> list[str]:
    """`each` random sentences of every template of the dialplans, and each of their utterances once.

    What has a slot that is not known here is left out.
    """
    folder = root / "dialplans" / language
    lists: dict[str, list[str]] = {}
    for document in mappings(folder / "lists.yaml"):
        lists.update({name: [v] if isinstance(v, str) else v for name, v in document.get("lists", {}).items()})
    special = chinese_special if language == "zh" else english_special
    sentences: list[str] = []
    for path in sorted(folder.rglob("*.yaml")):
        times = 1 if UTTERANCES in path.parts else each
        for template in scalars(read_yaml(path)) if path.name != "lists.yaml" else ():
            try:
                sentences += [
                    expand(template, lists, random_, lambda name: special(name, random_)) for _ in range(times)
                ]
            except ValueError:
                continue
    return sentences


def mappings(path: Path) -> list[dict[str, dict[str, list[str]]]]:
    """The documents of a YAML file that may be missing, those that are mappings."""
    documents = read_yaml(path) if path.exists() else []
    return [d for d in documents if isinstance(d, dict)]


def chinese_runs(texts: list[str]) -> list[str]:
    """The runs of Chinese characters of the texts, each once, in order."""
    return list(dict.fromkeys(run for text in texts for run in CHINESE_RUN.findall(text)))


def mixes_numerals(word: str) -> bool:
    """Whether a word is a number or contains one: numbers are written one numeral per word (一下 and the like stay)."""
    count = sum(c in NUMERALS for c in word)
    return count > 1 or (count == 1 and (len(word) > 2 or word[0] not in "一点" or word[-1] in "月日号点元块分"))


def whole_with_numeral(phrase: str) -> bool:
    """Whether a phrase with a single numeral is better a word of its own: 再说一遍, 星期三, 第二个."""
    return len(phrase) > 2 and sum(c in NUMERALS for c in phrase) == 1


@lru_cache(maxsize=2)
def hotline_words(language: str) -> tuple[str, ...]:
    """The words of the hotline sentences, the most frequent first; kept in work/ until the templates change."""
    templates = (ROOT / "training" / "text" / f"{language}.yaml").read_bytes()
    kept = places().work / language / f"hotline-words-{hashlib.sha256(templates).hexdigest()[:12]}.txt"
    if kept.exists():
        return tuple(kept.read_text("utf-8").split("\n"))
    words = count_hotline_words(language)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("\n".join(words), "utf-8")
    return words


def count_hotline_words(language: str) -> tuple[str, ...]:
    """The words of many random sentences; Mandarin is segmented by jieba, numbers left out of its words."""
    random_ = random.Random(7)
    counts: Counter[str] = Counter()
    if language == "en":
        for _ in range(SENTENCES_TO_READ):
            counts.update(sentence(language, random_).split())
        return tuple(w for w, _ in counts.most_common())
    import jieba

    jieba.setLogLevel(logging.WARNING)
    for _ in range(SENTENCES_TO_READ):
        counts.update(w for w in jieba.lcut(sentence(language, random_)) if CHINESE_RUN.fullmatch(w))
    return tuple(w for w, _ in counts.most_common() if len(w) == 1 or not mixes_numerals(w))


def chinese_phrases(texts: list[str], *, whole: bool = True) -> list[str]:
    """The words (by jieba) of dialplan texts, and with `whole` short phrases as words of their own."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    words: dict[str, None] = {}
    for run in chinese_runs(texts):
        if (
            whole
            and len(run) <= LONGEST_PHRASE
            and (len(run) == 1 or not mixes_numerals(run) or whole_with_numeral(run))
        ):
            words[run] = None
        words.update((w, None) for w in jieba.lcut(run) if len(w) == 1 or not mixes_numerals(w))
    return list(words)


def own_vocabulary(language: str) -> list[str]:
    """The words of the recipe's own text, whatever the dialplans say; the training material is drawn with these."""
    steps = [p for phrases in step_grammars(language).values() for p in phrases]
    if language == "zh":
        return list(dict.fromkeys([*hotline_words("zh"), *NUMERALS, *chinese_phrases(steps)]))
    return list(dict.fromkeys([*hotline_words("en"), *(w for p in steps for w in p.split())]))


def free_vocabulary(language: str) -> list[str]:
    """The words of free decoding: the recipe's own and those of the dialplans."""
    texts, said = dialplan_texts(language), utterance_texts(language)
    if language == "zh":
        own = [*own_vocabulary("zh"), *LATIN, *chinese_phrases(texts), *chinese_phrases(said, whole=False)]
        return list(dict.fromkeys(own))
    heard = [w for t in texts for w in ENGLISH_WORD.findall(t.lower())]
    counted = Counter(w for t in said for w in set(ENGLISH_WORD.findall(t.lower())))
    # A word of a single utterance is a name or a slip more often than not.
    return list(dict.fromkeys([*own_vocabulary("en"), *heard, *(w for w, n in counted.items() if n > 1)]))


def vocabulary(language: str) -> list[str]:
    """Every word a run-time grammar may use: the free ones, and characters (Mandarin) or common words (English)."""
    if language == "zh":
        return list(dict.fromkeys([*free_vocabulary("zh"), *common_characters()]))
    from training.languages.english import common_words

    return list(dict.fromkeys([*free_vocabulary("en"), *common_words()]))
