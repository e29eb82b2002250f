"""Sentence templates: parsed, counted, matched without expanding, refused with the fix."""

from pathlib import Path

import pytest

from ivr.dialogue.grammar import load_grammar
from ivr.dialogue.templates import Lists, TemplateError, bounded, matches, parse, sample, sentence
from ivr.errors import DialplanError

LISTS = Lists({"who": ("你", "我"), "a": ("<b>",), "b": ("x<a>",)}, lambda text: text)


def test_every_sentence_is_matched_and_no_other() -> None:
    node = parse("[请]<who>(退|换)货吗?", LISTS)
    made = [sentence(node, index) for index in range(node.size)]
    assert len(set(made)) == node.size == 16
    assert all(matches(node, each) for each in made)
    assert not matches(node, "请他退货")
    assert not matches(node, "请我退货吗吗")


def test_samples_are_bounded_and_true() -> None:
    node = parse("<who><who><who><who><who>", LISTS)
    few = list(sample(node, 10))
    assert len(few) == 10
    assert all(matches(node, each) for each in few)


@pytest.mark.parametrize(
    ("template", "word"),
    [("(退", ")"), ("退]", "]"), ("<whoo>", "who"), ("{nonsense}", "slot"), ("<a>", "itself"), ("|" * 3 + ">", ">")],
)
def test_faults_say_what_and_how_to_mend(template: str, word: str) -> None:
    with pytest.raises(TemplateError) as fault:
        parse(template, LISTS)
    assert word in str(fault.value)
    assert fault.value.fix


def test_an_exploding_template_is_refused_with_its_count() -> None:
    with pytest.raises(TemplateError, match="1,024 sentences"):
        bounded("<who>" * 10, LISTS, most=1000)


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("intents/a.yaml", "intents:\n  x:\n    - '(a'\n", 3, "missing"),
        ("intents/a.yaml", "intent:\n  x: [a]\n", 1, "intents"),
        ("lists.yaml", "lists:\n  a: ['<b>']\n  b: ['<a>']\n", 2, "itself"),
        ("universals.yaml", "universals:\n  agentt: [a]\n", 2, "agent"),
        ("intents/a.yaml", "intents: {Bad Name: [a]}\n", 1, "a-z"),
        ("intents/a.yaml", "intents: [\n", 2, "YAML"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, name: str, text: str, line: int, word: str) -> None:
    (tmp_path / "intents").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DialplanError) as fault:
        load_grammar(tmp_path)
    assert fault.value.place
    assert fault.value.place.line == line
    assert word in str(fault.value)
    assert "\n" not in str(fault.value)


def test_an_empty_folder_is_an_empty_grammar(tmp_path: Path) -> None:
    assert dict(load_grammar(tmp_path).intents) == {}
