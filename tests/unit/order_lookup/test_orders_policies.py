"""Policies: mistakes are told with file, line and fix; what ships is sound."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from order_builders import NOW

from order_lookup import ActionRequest, CallerRef, PolicyError, SqlOrderSystem, load_policies
from order_lookup.demo import CASES
from order_lookup.errors import MistakeError
from order_lookup.policies import FOLDER
from order_lookup.words import Action, LedgerState, Level


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("policies.yaml", "decisions.yaml"):
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("policies.yaml", "late_food_minutes: 10", "late_food_minuts: 10", "unknown key `late_food_minuts` — did you mean `late_food_minutes`"),
        ("policies.yaml", "late_food_minutes: 10", "late_food_minutes: soon", "whole number"),
        ("policies.yaml", "late_food_minutes: 10", "late_food_minutes: -1", "more than 0"),
        ("policies.yaml", "currency: CNY", "currency: CNY\nshop: {name_zh: 好食多}", "`shop` is no key of this file any more — name_zh"),
        ("policies.yaml", "currency: CNY", "shop:\n  name_zh: 好食多\n  currency: CNY", "`shop_en` and `time_zone` of config.yaml"),
        ("policies.yaml", "尾号{tail}已取消", "尾号{tial}已取消", "{tial} can't be filled in; did you mean `tail`"),
        ("policies.yaml", "尾号{tail}已取消", "尾号{tail已取消", "messages.cancel"),
        ("policies.yaml", "【{shop}】送您", "【{shop.zone}】送您", "{shop.zone} can't be filled in"),
        ("policies.yaml", "  done:\n    zh: 【{shop}】您的请求", "  dome:\n    zh: 【{shop}】您的请求", "dome"),
        ("policies.yaml", "    vip: 400000", "    vipp: 400000", "vipp"),
        ("policies.yaml", "currency: CNY", "currency: yuan", "`currency`: no currency of ISO 4217; write CNY"),
        ("policies.yaml", "currency: CNY", "currency: RMB", "`currency`: no currency of ISO 4217; write CNY"),
        ("policies.yaml", "currency: CNY", "currency: ¥", "write its three letters, such as CNY"),
        ("policies.yaml", "check: damm", "check: dam", "did you mean `damm`"),
        ("policies.yaml", "address: high", "address: hihg", "did you mean `high`"),
        ("policies.yaml", "failures: 3", "failures: 3\n  failures: 4", "key `failures` is written twice"),
        ("policies.yaml", "rule: holiday, from: 2027-02-05", "rule: hollyday, from: 2027-02-05", "did you mean `holiday`"),
        ("policies.yaml", "from: 2027-02-05, to: 2027-02-12", "from: 2027-02-12, to: 2027-02-05", "`to` is before `from`"),
        ("policies.yaml", "{food_minutes: 20, parcel_hours: 24", "{food_minutes: 10, parcel_hours: 24", "must climb"),
        ("policies.yaml", "vip: 200000", "vvip: 200000", "vvip"),
        ("policies.yaml", "  senior: {priority: 4}\n", "", "no queue 'senior'"),
        ("policies.yaml", "numbers:", "numbers: [", "not YAML"),
        ("decisions.yaml", "when: [out_of_stock], offer", "when: [out_of_stok], offer", "out_of_stok"),
        ("decisions.yaml", "rule: status_late,", "rule: status_stalled,", "the name `status_stalled` is taken"),
        ("decisions.yaml", "handoff: safety", "handoff: safty", "did you mean `safety`"),
        ("decisions.yaml", "ticket: quality/food", "ticket: quality/fod", "did you mean `quality/food`"),
        ("decisions.yaml", "{rule: thanks_answered}", "{rule: thanks_answered, when: [vip]}", "the last rule must have no condition"),
        ("decisions.yaml", "{rule: status_cancelled, stage: [cancelled]}", "{rule: status_cancelled}", "never reached"),
        ("decisions.yaml", "refuses: yes, offer: [coupon_goodwill, open_ticket]}", "refuses: yes, offer: [coupon_goodwill]}", "without a substitute"),
        ("decisions.yaml", "  goodbye:\n    ticket: other/question\n    rules:\n      - {rule: goodbye_answered}\n", "", "no rules for goodbye"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_fix(folder: Path, file: str, old: str, new: str, message: str) -> None:
    target = folder / file
    text = target.read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policies(folder)
    told = str(caught.value)
    assert told.startswith(f"{target}:")
    assert message in told
    assert "\n" not in told


def test_the_line_is_the_line_of_the_mistake(folder: Path) -> None:
    target = folder / "policies.yaml"
    target.write_text(
        target.read_text(encoding="utf-8").replace("stalled_hours: 48", "stalled_hours: x"), encoding="utf-8"
    )
    with pytest.raises(PolicyError) as caught:
        load_policies(folder)
    assert caught.value.place.line == line_of(target, "stalled_hours")


@pytest.mark.parametrize("damage", ["missing", "binary", "empty"])
def test_a_file_that_isnt_there_or_isnt_text(folder: Path, damage: str) -> None:
    target = folder / "policies.yaml"
    target.unlink()
    if damage != "missing":
        target.write_bytes(b"\xff\xfe\x00" if damage == "binary" else b"")
    with pytest.raises(PolicyError, match=r"policies\.yaml:1:1: "):
        load_policies(folder)


def test_what_moves_money_or_tells_personal_data_needs_more_than_a_caller_id() -> None:
    rules = load_policies().values.verification
    for action in (Action.CANCEL, Action.REFUND_FULL, Action.REFUND_PARTIAL, Action.RESHIP, Action.CHANGE_ADDRESS):
        assert rules.for_action(action) >= Level.MEDIUM
    assert rules.for_fact("address") is Level.HIGH


OWN = """intents:
  leaking_bottle:
    needs_order: yes
    ticket: quality/injury
    rules:
      - {rule: bottle_arrived, stage: [delivered, closed], offer: [reship]}
      - {rule: bottle_not_there_yet}
"""


def test_a_shop_may_have_intents_of_its_own(folder: Path) -> None:
    target = folder / "decisions.yaml"
    target.write_text(target.read_text(encoding="utf-8").replace("intents:\n  order_status:", OWN + "  order_status:"))
    policies = load_policies(folder)
    assert policies.book.reasons("leaking_bottle") == {"bottle_arrived", "bottle_not_there_yet"}
    with pytest.raises(
        MistakeError, match="decides nothing about the intent `leaking_botle` — did you mean `leaking_bottle`"
    ):
        policies.book.of("leaking_botle")


async def test_an_own_intent_is_decided_and_acted_for(folder: Path, database_file: Path) -> None:
    target, case = folder / "decisions.yaml", CASES["return_open"]
    own = OWN.replace("offer: [reship]", "offer: [open_ticket]")
    target.write_text(target.read_text(encoding="utf-8").replace("intents:\n  order_status:", own + "  order_status:"))
    system = await SqlOrderSystem.open(f"sqlite:///{database_file}", load_policies(folder), clock=lambda: NOW)
    try:
        caller = CallerRef("call-1", case.phone)
        decision = await system.decide("leaking_bottle", case.order_number, caller)
        assert (decision.intent, decision.reason) == ("leaking_bottle", "bottle_arrived")
        wish = {"summary": "the bottle leaks"}
        asked = ActionRequest(caller, "leaking_bottle", Action.OPEN_TICKET, case.order_number, details=wish)
        done = await system.act(asked)
        assert done.state is LedgerState.DONE
        with pytest.raises(MistakeError, match="decides nothing about the intent `leaky`"):
            await system.decide("leaky", case.order_number, caller)
    finally:
        await system.close()


def test_an_intent_that_is_misspelt_is_told_where_it_stands(folder: Path) -> None:
    target = folder / "decisions.yaml"
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("intents:\n  order_status:", "intents:\n  order_staus:"))
    with pytest.raises(PolicyError, match="no rules for order_status — is `order_staus` meant") as caught:
        load_policies(folder)
    assert caught.value.place.line == line_of(target, "  order_staus:")
    target.write_text(text.replace("intents: [order_status]\n", "intents: [order_staus]\n", 1))
    with pytest.raises(PolicyError, match="there are no rules for `order_staus` — did you mean `order_status`"):
        load_policies(folder)
