"""The reference in dialplans/README.md says what the code has, and the JSON Schema takes what is shipped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.prompts import Words
from ivr.dialogue.schema import KINDS, schema
from ivr.document import Document

ROOT = Path(__file__).parents[3]
README = (ROOT / "dialplans/README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading, up to the next of its level or above."""
    level = "### " if f"\n### {title}\n" in README else "## "
    rest = README.split(f"\n{level}{title}\n", 1)[1]
    return rest.split(f"\n{level}", 1)[0].split("\n## ", 1)[0]


TITLES = {"remember": "remember, forget", "forget": "remember, forget"}


@pytest.mark.parametrize("verb", plan.VERBS)
def test_every_key_of_every_step_is_in_the_reference(verb: str) -> None:
    text = section(TITLES.get(verb, verb))
    model = plan.VERBS[verb]
    inherited = set(plan.Step.model_fields) | set(plan.Manner.model_fields)
    keys = {field.alias or name for name, field in model.model_fields.items()} - inherited
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_every_setting_is_in_the_reference() -> None:
    text = section("Settings")
    keys = {*plan.Manner.model_fields, *plan.DefaultsFile.model_fields} - {"settings"}
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_trees_prompts_and_what_is_always_are_in_the_reference() -> None:
    tree = section("A tree")
    assert [key for key in (*plan.TreeFile.model_fields, *plan.Always.model_fields) if f"`{key}`" not in tree] == []
    assert [key for key in Words.model_fields if f"`{key}`" not in section("Prompts")] == []
    assert [prompt for prompt in words.OWN_PROMPTS if f"`{prompt}`" not in section("Prompts")] == []


def test_every_word_of_the_order_desk_is_in_the_reference() -> None:
    text = section("look_up")
    for name, query in words.LOOK_UPS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        assert [word for word in (*query.arguments, *query.outcomes) if f"`{word}`" not in row] == []
    assert [word for word in words.ACT_OUTCOMES if f"`{word}`" not in section("act")] == []
    assert [word for word in words.HANDOFF_OUTCOMES if f"`{word}`" not in section("hand_off")] == []
    assert [word for word in get_args(plan.Wanted) if f"`{word}`" not in section("ask")] == []
    assert [word for word in get_args(plan.Disposition) if f"`{word}`" not in section("hang_up")] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_takes_what_is_shipped_and_refuses_a_misspelt_key(kind: str) -> None:
    made = json.loads(json.dumps(schema(kind)))
    jsonschema.Draft202012Validator.check_schema(made)
    validator = jsonschema.Draft202012Validator(made)
    files = {
        "dialplan": [file for file in (ROOT / "dialplans").glob("*.yaml") if file.stem != "defaults"],
        "defaults": [ROOT / "dialplans/defaults.yaml"],
        "prompts": list((ROOT / "prompts").glob("*/*.yaml")),
    }[kind]
    assert files
    for file in files:
        written = _as_an_editor_reads(Document(file).data)
        assert [error.message for error in validator.iter_errors(written)] == [], file
    wrong = {
        "dialplan": {"start": "a", "steps": {"a": {"sya": "hello"}}},
        "defaults": {"stetings": {}},
        "prompts": {"p": {"txt": ""}},
    }
    assert not validator.is_valid(wrong[kind])


def _as_an_editor_reads(value: object) -> object:
    """YAML 1.2: numbers are numbers, `yes` and `on` are words."""
    if isinstance(value, dict):
        return {key: _as_an_editor_reads(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_an_editor_reads(item) for item in value]
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value
