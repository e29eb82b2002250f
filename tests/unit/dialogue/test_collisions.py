"""Intents with a common sentence are found over all sentences, and no others are: held against writing all of them out."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from ivr.dialogue.proofs.collisions import collisions
from ivr.dialogue.templates import Lists, Node, matches, parse, sentence
from ivr.values import Language


def nodes(*templates: str, **lists: tuple[str, ...]) -> tuple[Node, ...]:
    parsed = Lists(lists, str)
    return tuple(parse(template, parsed) for template in templates)


def test_a_sentence_deep_in_large_templates_is_found() -> None:
    many = "(一|二|三|四|五|六|七|八)?" * 12
    shared = collisions({"one": nodes(f"{many}退(款|货)"), "other": nodes(f"[我要]{many}退货[吧]")}, "zh")
    assert shared.complete
    assert set(shared.sentences) == {("one", "other")}
    assert shared.sentences["one", "other"].endswith("退货")
    apart = collisions({"one": nodes(f"{many}退款"), "other": nodes(f"{many}退货")}, "zh")
    assert apart.complete
    assert apart.sentences == {}


def test_values_that_are_read_alike_collide() -> None:
    one, other = nodes("order {order_number}"), nodes("order {digits}")
    assert set(collisions({"a": one, "b": other}, "en").sentences) == {("a", "b")}
    assert collisions({"a": one, "b": nodes("order {money}")}, "en").sentences == {}


def made(dice: random.Random, depth: int) -> str:
    """A template at random, of few letters, so that collisions are neither sure nor rare."""
    parts = []
    for _ in range(dice.randint(1, 3)):
        match dice.randrange(4) if depth else 0:
            case 0:
                parts.append("".join(dice.choice("甲乙丙") for _ in range(dice.randint(1, 2))))
            case 1:
                parts.append(f"[{made(dice, depth - 1)}]")
            case 2:
                parts.append(f"({made(dice, depth - 1)}|{made(dice, depth - 1)})")
            case 3:
                parts.append("<who>")
    return "".join(parts)


@pytest.mark.parametrize("seed", range(60))
def test_it_agrees_with_writing_all_sentences_out(seed: int) -> None:
    dice = random.Random(seed)
    language: Language = "zh"
    intents = {name: nodes(made(dice, 2), made(dice, 1), who=("甲", "乙丙", "丙[甲]")) for name in ("a", "b", "c")}
    written = {
        name: {sentence(node, index) for node in each for index in range(node.size)} for name, each in intents.items()
    }
    expected = {(one, other) for one, other in combinations(written, 2) if (written[one] & written[other]) - {""}}
    found = collisions(intents, language)
    assert found.complete
    assert set(found.sentences) == expected
    for pair, said in found.sentences.items():
        assert all(any(matches(node, said) for node in intents[name]) for name in pair)
