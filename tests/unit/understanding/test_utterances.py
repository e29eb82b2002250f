"""Utterances to learn from: read strictly, and what was learnt is of today's."""

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialogue.classifier import FILE_NAME, load
from ivr.dialogue.grammar import load_grammar
from ivr.dialogue.learning import source
from ivr.dialogue.templates import SLOT_MARKS
from ivr.dialogue.utterances import as_heard, load_utterances
from ivr.errors import DialplanError
from tests.unit.understanding.conftest import DIALPLANS


def _folder(tmp_path: Path, **files: str) -> Path:
    for kind in ("intents", "utterances"):
        (tmp_path / kind).mkdir()
    (tmp_path / "intents" / "all.yaml").write_text("intents: {praise: [great], complaint: [bad]}\n", encoding="utf-8")
    for name, text in files.items():
        (tmp_path / "utterances" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_values_in_utterances_become_marks(tmp_path: Path) -> None:
    folder = _folder(tmp_path, praise='utterances: ["{money} well spent", so good]\n')
    found = load_utterances(load_grammar(folder, "en"))
    assert found == {"praise": (SLOT_MARKS["money"] + " well spent", "so good")}


def test_an_utterance_is_made_plain_like_what_is_heard() -> None:
    grammar = load_grammar(DIALPLANS / "en", "en")
    assert as_heard("Where's Order 202611213827?!", grammar) == f"where is order {SLOT_MARKS['order_number']} "


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("prays", "utterances: [good]\n", 1, "praise"),
        ("praise", "utterance: [good]\n", 1, "utterances"),
        ("praise", "utterances:\n  - good\n  - {a: b}\n", 3, "utterances"),
        ("praise", "utterances:\n  - worth {mony}\n", 2, "money"),
        ("praise", "utterances:\n  - good\n  - nice\n  - Good\n", 4, "already"),
    ],
)
def test_a_fault_is_refused_with_its_place(tmp_path: Path, name: str, text: str, line: int, word: str) -> None:
    grammar = load_grammar(_folder(tmp_path, **{name: text}), "en")
    with pytest.raises(DialplanError) as fault:
        load_utterances(grammar)
    assert fault.value.place
    assert fault.value.place.line == line
    assert word in f"{fault.value} {fault.value.fix}"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_intent_has_utterances_and_the_classifier_learnt_from_them(language: str) -> None:
    grammar = load_grammar(DIALPLANS / language, language)  # type: ignore[arg-type]
    said = load_utterances(grammar)
    assert min(len(texts) for texts in said.values()) >= 30
    learned = load(DIALPLANS / language / FILE_NAME)
    assert learned
    assert learned.source == source(grammar), "run `ivr learn` and commit learned.npz"
    fewer = replace(grammar, sentences={**grammar.sentences, "thanks": ()})
    assert source(fewer) != learned.source
