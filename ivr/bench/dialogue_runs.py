"""How fast dialplans load and are proved, and how fast utterances are understood: processor time, so a busy machine counts little."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ivr.caller.measures import percentile
from ivr.demo.stage import ROOT
from ivr.dialogue.check import check
from ivr.dialogue.loading import Dialplans, load_dialplans, load_tree
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.recognition import warm
from ivr.dialogue.understanding import Understanding
from ivr.events import Hypothesis
from ivr.values import Language

Made = TypeVar("Made")
UTTERANCES = 400
# Steps of every kind, as people mix them; `{n}` is the step's number, `{m}` the next one's.
KINDS = (
    "  s{n}: {{say: status_paid, then: s{m}}}\n",
    '  s{n}: {{ask: yes_no, say: offer_urge, on: {{"yes": s{m}, "no": s{m}}}}}\n',
    "  s{n}: {{branch: order.status, on: {{paid: s{m}, dispatched: s{m}}}, otherwise: s{m}}}\n",
    "  s{n}: {{look_up: order, with: {{number: $order_number}}, on: {{found: s{m}}}, otherwise: s{m}}}\n",
    "  s{n}: {{act: urge_delivery, say: offer_urge, with: {{order: $order.number}}, on: {{done: s{m}}}, otherwise: s{m}}}\n",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure in milliseconds, and its goal where it has one."""

    name: str
    milliseconds: float
    goal: float = 0.0


def all_of(steps: int, languages: Sequence[Language]) -> Iterator[Row]:
    """Every figure, in the order of showing."""
    loaded, milliseconds = timed(lambda: load_dialplans(ROOT / "dialplans", ROOT / "prompts"))
    yield Row("shipped dialplans load", milliseconds)
    _, milliseconds = timed(lambda: check(loaded))
    yield Row("shipped dialplans are proved", milliseconds, 2000)
    yield Row(f"a dialplan of {steps:,} steps loads", thousand(loaded, steps), 1000)
    for language in languages:
        yield from understanding(loaded, language)


def thousand(loaded: Dialplans, steps: int) -> float:
    """Milliseconds to load one tree of so many steps."""
    spoken = next(iter(loaded.spoken.values()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "long.yaml")
        file.write_text(long_tree(steps), encoding="utf-8")
        tree, milliseconds = timed(lambda: load_tree(file, spoken.settings, spoken.profiles))
    assert len(tree.steps) == steps + 1
    return milliseconds


def long_tree(steps: int) -> str:
    """A tree of so many steps of every kind, and an end."""
    made = "".join(KINDS[n % len(KINDS)].format(n=n, m=n + 1) for n in range(steps))
    return f"start: s0\nsteps:\n{made}  s{steps}: {{hang_up: settled}}\n"


def understanding(loaded: Dialplans, language: Language) -> Iterator[Row]:
    """What an utterance takes at an open question, over held-out sentences that nobody has said before."""
    understood = loaded.spoken[language].understanding
    warm(understood)
    texts = list(utterances(ROOT / "tests" / "utterances", language))
    open_question = Expectation(language=language)
    taken = [_taken(understood, text, open_question) for text in texts]
    many = f"{len(understood.grammar.intents)} intents, {len(texts)} utterances"
    yield Row(f"understanding {language}, p50 ({many})", percentile(taken, 0.5) or 0.0, 10)
    yield Row(f"understanding {language}, p95 ({many})", percentile(taken, 0.95) or 0.0, 10)


def _taken(understood: Understanding, text: str, expectation: Expectation) -> float:
    return timed(lambda: understood.understand((Hypothesis(text, 0.9),), expectation))[1]


def utterances(folder: Path, language: Language) -> Iterator[str]:
    """Some of the held-out sentences of a language, each once."""
    rows = [row for file in sorted(folder.glob("*.csv")) for row in csv.DictReader(file.open(encoding="utf-8"))]
    texts = sorted({row["text"] for row in rows if row.get("language") == language})
    yield from random.Random(1).sample(texts, min(UTTERANCES, len(texts)))


def timed(make: Callable[[], Made]) -> tuple[Made, float]:
    """What is made, and the milliseconds of this thread's processor time that it took."""
    began = time.thread_time()
    made = make()
    return made, (time.thread_time() - began) * 1000
