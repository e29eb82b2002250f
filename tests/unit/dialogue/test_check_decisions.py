"""`ivr check` where the order desk decides: every wish that reaches it has rules, and every rule has words."""

from __future__ import annotations

from pathlib import Path

from small_shop import TREE, WORDS, load

from ivr.dialogue.check import House, check

RULES = {"refund_request": frozenset({"refund_now"}), "status": frozenset({"on_its_way"})}
DECIDES = TREE.replace(
    "status: {look_up: order, on: {found: told, unknown: lost, ambiguous: lost}}",
    "status: {look_up: decision, with: {intent: $intent}, on: {offer: say, refuse: say, inform: say, handoff: lost}}\n"
    "  say: {say: reason, then: score}",
).replace("  told: {say: told, then: score}\n", "")
DECIDED = WORDS + 'reason: "{reason}"\nword.order_needed: ""\nword.order_not_found: ""\n'


def decided_findings(folder: Path, tree: str, prompts: str = DECIDED) -> list[str]:
    return [str(each) for each in check(load(folder, hotline=tree, prompts=prompts), house=House(rules=RULES))]


def test_every_wish_that_reaches_the_order_desk_has_rules(tmp_path: Path) -> None:
    assert decided_findings(tmp_path / "a", DECIDES, DECIDED + "word.on_its_way: 在路上。\n") == []
    own = DECIDES.replace("status: status}", "status: status, stauts: status}")
    told = decided_findings(tmp_path / "b", own, DECIDED + "word.on_its_way: 在路上。\nword.stauts: 进度\n")
    (fault,) = [each for each in told if "warning" not in each]
    assert "hotline.yaml" in fault
    assert "the order desk has no rules for `stauts` — did you mean `status`?" in fault
    assert "rules in decisions.yaml" in fault
    named = own.replace("stauts: status}", "stauts: rename}").replace(
        "  say: {", "  rename: {remember: {intent: status}, then: status}\n  say: {"
    )
    words = DECIDED + "word.on_its_way: 在路上。\nword.stauts: 进度\n"
    assert [each for each in decided_findings(tmp_path / "c", named, words) if "no rules" in each] == []


def test_an_action_of_the_ledger_is_about_something_with_rules(tmp_path: Path) -> None:
    tree = DECIDES.replace("    intent: refund_request\n", "")
    told = [each for each in decided_findings(tmp_path, tree) if "no rules" in each]
    assert len(told) == 1
    assert "the order desk has no rules for `refund` — did you mean `refund_request`?" in told[0]


def test_a_decision_about_nothing_is_found(tmp_path: Path) -> None:
    told = decided_findings(tmp_path, DECIDES.replace(" with: {intent: $intent},", ""))
    assert any("step `status` doesn't say about what — add `intent: $intent`" in each for each in told)


def test_a_rule_that_nothing_is_said_of_is_warned_of(tmp_path: Path) -> None:
    (told,) = decided_findings(tmp_path, DECIDES)
    assert "warning: nothing is said of 1 rules of decisions.yaml in zh: on_its_way" in told
