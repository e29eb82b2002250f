"""What is shipped: the dialplans pass their own proofs, every conversation goes as written, every decision has its words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from ivr import config
from ivr.dialogue import vocabulary
from ivr.dialogue.check import House, check, faults
from ivr.dialogue.conversation import play
from ivr.dialogue.dialplan import Remember
from ivr.dialogue.library import house
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.test_runner import coverage, play_all
from ivr.values import Language
from order_lookup import load_policies
from order_lookup.words import Intent

ROOT = Path(__file__).parents[3]
CONVERSATIONS = sorted((ROOT / "tests/conversations").glob("*.yaml"))
FACTS = {"shop": "好食多", "shop_en": "Goodmart"}


@pytest.fixture(scope="module")
def shipped() -> Dialplans:
    return load_dialplans(ROOT / "dialplans", ROOT / "prompts")


def test_the_shipped_dialplans_are_proved(shipped: Dialplans) -> None:
    assert [str(finding) for finding in faults(check(shipped))] == []


def test_a_callback_that_was_promised_in_the_queue_is_not_promised_again() -> None:
    text = (ROOT / "dialplans/hotline.yaml").read_text(encoding="utf-8")
    steps = yaml.load(text, Loader=yaml.BaseLoader)["steps"]  # for which `on` is a word
    ways = {step["on"]["callback"] for step in steps.values() if "hand_off" in step}
    meanwhile = steps["freeze_meanwhile"]  # asked between the promise and the goodbye
    ways = ways - {"freeze_meanwhile"} | {meanwhile["otherwise"], meanwhile["on"]["declined"]}
    assert [(steps[way]["say"], steps[way]["hang_up"]) for way in ways] == [("farewell", "callback")]


def test_every_queue_of_the_dialplans_is_one_of_the_order_desk_and_of_an_agent(shipped: Dialplans) -> None:
    served = config.load(ROOT / "config.yaml").queues
    assert vocabulary.QUEUES == load_policies().values.queues.keys() == served
    assert [finding.what for finding in check(shipped, house=House(served)) if "queue" in finding.what] == []


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda file: file.stem)
async def test_a_conversation_goes_as_written(shipped: Dialplans, file: Path) -> None:
    played = await play(file, shipped, FACTS)
    assert played.fault == "", f"\n{played.fault}"


def test_a_conversation_that_goes_otherwise_is_shown(shipped: Dialplans, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("about: wrong\ndesk: nobody\ntalk:\n  - robot: 再见\n  - key: 0\n  - does: hang_up settled\n")
    (tmp_path / "desks").mkdir()
    (tmp_path / "desks/nobody.yaml").write_text("look_up:\n  caller: {outcome: unknown, verification: none}\n")
    (played,) = play_all([wrong], shipped, FACTS)
    assert "-robot: 再见" in played.fault
    assert "+does: hand_off general 4" in played.fault


def test_a_conversation_without_a_desk_has_an_empty_one(shipped: Dialplans, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text(
        "about: alone\ntalk:\n  - robot: 请问有什么可以帮您\n  - key: 0\n  - robot: 转接\n  - does: hand_off general 4\n"
    )
    (played,) = play_all([alone], shipped, FACTS)
    assert played.fault == ""


def test_the_conversations_come_through_most_steps(shipped: Dialplans) -> None:
    covered = coverage(play_all(CONVERSATIONS, shipped, FACTS), shipped)
    assert covered.steps / covered.all_steps > 0.9, covered.untried


@pytest.mark.parametrize("language", get_args(Language))
def test_every_rule_of_the_order_desk_has_its_words(shipped: Dialplans, language: Language) -> None:
    decisions = yaml.safe_load((ROOT / "order_lookup/decisions.yaml").read_text(encoding="utf-8"))
    rules = [rule["rule"] for intent in decisions["intents"].values() for rule in intent["rules"]]
    rules += [escalation["rule"] for escalation in decisions["escalations"]]
    assert [rule for rule in rules if f"word.{rule}" not in shipped.spoken[language].prompts] == []


@pytest.mark.parametrize("language", get_args(Language))
def test_every_intent_has_a_step_and_a_name(shipped: Dialplans, language: Language) -> None:
    spoken = shipped.spoken[language]
    served = {intent for tree in spoken.trees.values() for intent in tree.file.intents}
    steps = [step for tree in spoken.trees.values() for step in tree.steps.values()]
    served |= {str(step.remember.get("intent")) for step in steps if isinstance(step, Remember)}
    assert {intent.value for intent in Intent} - served - {"out_of_scope"} == set()
    assert [intent for intent in Intent if f"word.{intent}" not in spoken.prompts] == []


@pytest.mark.parametrize(
    ("intent", "queue"), [("food_safety", "safety"), ("personal_safety", "safety"), ("account_stolen", "account")]
)
def test_danger_goes_to_its_own_people_first(shipped: Dialplans, intent: str, queue: str) -> None:
    for spoken in shipped.spoken.values():
        tree = spoken.trees["hotline"]
        step = tree.steps[tree.file.intents[intent]]
        assert (getattr(step, "hand_off", None), getattr(step, "priority", None)) == (queue, "0")


def test_the_prompts_of_a_handoff_are_the_ones_it_says() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "ivr" / "handoff").glob("*.py"))
    named = vocabulary.HANDOFF_PROMPTS.keys() | vocabulary.CLOSED_PROMPTS.keys()
    said = {prompt for prompt in named if f'"{prompt}"' in sources}
    assert said == named
    written = set(re.findall(r"^handoff\.\w+", (ROOT / "prompts/zh/handoff.yaml").read_text(encoding="utf-8"), re.M))
    assert written == said
    assert set(re.findall(r'(?:say|offer|take_message)\("(handoff\.\w+)"', sources)) <= said


def test_the_order_desk_decides_about_every_wish_of_the_shipped_dialplans(shipped: Dialplans) -> None:
    settings = config.load(ROOT / "config.yaml")
    assert [each.what for each in check(shipped, house=house(settings)) if "rules" in each.what] == []
