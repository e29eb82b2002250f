"""Teaches the classifier from the sentences and utterances of a language: `ivr learn` writes `learned.npz` beside the YAML.

Sentences are drawn from the templates, utterances taken as written, and both are also taken as unclean as they arrive
(`unclean`), with a way to begin in front or an order number behind. The same seed gives the same file. No I/O but reading
the utterances; numpy only.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.dialogue.classifier import Classifier
from ivr.dialogue.features import FAR_PAIR, Features
from ivr.dialogue.grammar import Grammar
from ivr.dialogue.meaning import OUT_OF_SCOPE
from ivr.dialogue.templates import SLOT_MARKS, Lists, Node, parse, sentence
from ivr.dialogue.unclean import unclean
from ivr.dialogue.utterances import as_heard, load_utterances

PER_INTENT = 2000
PER_UTTERANCE = 6
EPOCHS = 6
BATCH = 128
RATE = 0.25
DECAY = 5e-6
DROPPED = 0.2  # the share of a sentence's features that is left out at random, so that none is relied on alone
RARELY = 2  # a feature seen less often than this is not learnt,
RARE_PAIR = 8  # nor a pair of words anywhere, of which there are too many
_TINY = 1e-6
_CODE = ("learning", "features", "classifier", "unclean", "phonetic_zh", "phonetic_en")
_BARE = (OUT_OF_SCOPE, "yes", "no", "thanks", "goodbye")  # these have nothing in front


def learn(grammar: Grammar, seed: int = 4) -> Classifier:
    """The classifier of a grammar; takes about a minute for forty intents on one core."""
    rng, said = random.Random(seed), load_utterances(grammar)
    samples = [
        (text, intent) for intent, nodes in grammar.intents.items() for text in _drawn(grammar, intent, nodes, rng)
    ]
    samples += [
        (text, intent) for intent, texts in said.items() for one in texts for text in _varied(grammar, intent, one, rng)
    ]
    samples += [(text, OUT_OF_SCOPE) for text in _beginnings(grammar)]
    rng.shuffle(samples)
    words = _vocabulary(grammar, samples)
    normal = grammar.normal
    lists = {name: [normal.literal(each) for each in phrases] for name, phrases in grammar.lists.lists.items()}
    features = Features(grammar.language, lists, words)
    classes = tuple(sorted({intent for _, intent in samples}))
    rows = [features.of(text) for text, _ in samples]
    counted = Counter(feature for row in rows for feature in row)
    index = {feature: at for at, feature in enumerate(sorted(f for f, n in counted.items() if n >= _least(f)))}
    data = [np.array([index[f] for f in row if f in index], dtype=np.int64) for row in rows]
    labels = np.array([classes.index(intent) for _, intent in samples])
    weights, bias = _fit(data, labels, len(index), len(classes), seed)
    return Classifier(classes, index, weights, bias, frozenset(words), source(grammar))


def _least(feature: str) -> int:
    return RARE_PAIR if feature.startswith(FAR_PAIR) else RARELY


def source(grammar: Grammar) -> str:
    """Twelve hex digits that change with any sentence, utterance or list, and with the code that learns from them."""
    taught = (
        sorted(grammar.sentences.items()),
        sorted(grammar.lists.lists.items()),
        sorted(load_utterances(grammar).items()),
    )
    digest = hashlib.sha256(repr((taught, grammar.lists.fillers, sorted(grammar.lists.informal.items()))).encode())
    for name in _CODE:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()[:12]


def _drawn(grammar: Grammar, intent: str, nodes: Sequence[Node], rng: random.Random) -> Iterator[str]:
    """Sentences of an intent: each template about equally often, clean and unclean."""
    begin = _begin_with(grammar)
    number = PER_INTENT * (6 if intent == OUT_OF_SCOPE else 1)
    for at in range(number if nodes else 0):
        node = nodes[at % len(nodes)]
        text = sentence(node, rng.randrange(node.size))
        if intent not in _BARE and rng.random() < 0.3:
            text = rng.choice(begin) + text
        if rng.random() < 0.06:
            text += SLOT_MARKS["order_number"] + grammar.normal.blank
        if rng.random() < 0.5:
            text = unclean(text, grammar.language, rng)
        if text.strip():
            yield text[:200]


def _varied(grammar: Grammar, intent: str, utterance: str, rng: random.Random) -> Iterator[str]:
    """An utterance as written, and several times as it may arrive."""
    clean, begin = as_heard(utterance, grammar), _begin_with(grammar)
    if not clean.strip():
        return
    yield clean
    for _ in range(PER_UTTERANCE - 1):
        text = clean
        if intent not in _BARE and rng.random() < 0.3:
            text = rng.choice(begin) + text
        yield unclean(text, grammar.language, rng) if rng.random() < 0.7 else text


def _begin_with(grammar: Grammar) -> list[str]:
    """Ways to begin that say nothing of the intent: the lists `ask`, `tell`, `want` and `how`, where there are any."""
    lists = Lists(grammar.lists.lists, grammar.normal.literal)
    found: list[str] = []
    for name in ("ask", "tell", "i_want", "can_you", "want", "how"):
        for phrase in grammar.lists.lists.get(name, ()):
            found.append(sentence(parse(phrase, lists), 0))
    return [each for each in found if each.strip()] or [""]


def _beginnings(grammar: Grammar) -> Iterator[str]:
    """Beginnings alone, order words alone and nothing at all: none of them says what the caller wants."""
    for text in _begin_with(grammar):
        yield from (text, text)
    lists = Lists(grammar.lists.lists, grammar.normal.literal)
    for name in ("order", "goods", "meal", "driver", "rider", "seller", "shop_party"):
        for phrase in grammar.lists.lists.get(name, ()):
            node = parse(phrase, lists)
            yield sentence(node, 0)
    yield from ("",) * 200


def _vocabulary(grammar: Grammar, samples: Sequence[tuple[str, str]]) -> set[str]:
    """The words (characters) of the sentences as written, misspellings left out by their rarity."""
    counted: Counter[str] = Counter()
    for text, _ in samples:
        counted.update(set(text) if grammar.language == "zh" else set(text.split()))
    written = " ".join(one for ones in grammar.sentences.values() for one in ones)
    written += " ".join(one for ones in grammar.lists.lists.values() for one in ones)
    cleaned = "".join(char if char.isalnum() or char == "'" else " " for char in written)
    known = set(cleaned) if grammar.language == "zh" else set(grammar.normal.text(cleaned[:1]).split())
    if grammar.language == "en":
        known = {word for piece in cleaned.split() for word in grammar.normal.literal(piece).split()}
    return {word for word in known | {w for w, n in counted.items() if n >= 60} if word.strip()}


def _fit(
    data: Sequence[NDArray[np.int64]], labels: NDArray[np.int64], rows: int, classes: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Softmax regression by AdaGrad on mini-batches."""
    rng = np.random.default_rng(seed)
    weights, bias = np.zeros((rows, classes), np.float32), np.zeros(classes, np.float32)
    seen, seen_bias = np.full_like(weights, _TINY), np.full_like(bias, _TINY)
    for epoch in range(EPOCHS):
        rate = RATE * (1 - epoch / EPOCHS) + 0.02
        order = rng.permutation(len(data))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            kept = [data[at][rng.random(len(data[at])) > DROPPED] for at in batch]
            flat = np.concatenate(kept) if kept else np.zeros(0, np.int64)
            owner = np.repeat(np.arange(len(batch)), [len(each) for each in kept])
            scale = np.array([max(len(each), 1) ** -0.5 for each in kept], np.float32)
            sums = _summed(weights[flat], owner, len(batch))
            error = _softmax(sums * scale[:, None] + bias)
            error[np.arange(len(batch)), labels[batch]] -= 1
            touched, place = np.unique(flat, return_inverse=True)
            by_row = np.argsort(place, kind="stable")
            slope = _summed((error * scale[:, None])[owner[by_row]], place[by_row], len(touched))
            slope += DECAY * len(batch) * weights[touched]
            seen[touched] += slope**2
            weights[touched] -= rate * slope / np.sqrt(seen[touched])
            gradient = error.sum(axis=0)
            seen_bias += gradient**2
            bias -= rate * gradient / np.sqrt(seen_bias)
    return weights, bias


def _summed(values: NDArray[np.float32], owner: NDArray[np.int64], owners: int) -> NDArray[np.float32]:
    """Rows added up by their owner; rows of one owner lie together, and an owner may have none."""
    result = np.zeros((owners, values.shape[1]), np.float32)
    if len(owner):
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        result[owner[starts]] = np.add.reduceat(values, starts, axis=0)
    return result


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return result
