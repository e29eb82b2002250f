"""How complete the words so far are: what decides how much silence ends an utterance."""

from __future__ import annotations

import pytest

from ivr.dialogue.understanding import Expectation, Understanding


@pytest.mark.parametrize(
    ("partial", "wanted", "expected"),
    [
        ("三八二", {"wants": "slot", "slot": "order_number"}, "in_number"),
        ("二零二六一一二一三八二七", {"wants": "slot", "slot": "order_number"}, "complete"),
        ("我想", {}, "incomplete"),
        ("我要退款", {}, "complete"),
        ("订单尾号", {}, "incomplete"),
        ("我的订单号是", {"wants": "slot", "slot": "order_number"}, "in_number"),
        ("二零二六一一二一三八", {"wants": "slot", "slot": "order_number"}, "incomplete"),
        ("二零二六一一二一三", {"wants": "slot", "slot": "order_number"}, "in_number"),
        ("不是", {"wants": "yes_no"}, "complete"),
        ("要", {"wants": "yes_no"}, "complete"),
        ("不是", {}, "incomplete"),
        ("我想", {"wants": "yes_no"}, "incomplete"),
        # A correction counts for what it corrects: four digits of twelve are still to come.
        ("二零二六一一二一不对一一二一", {"wants": "slot", "slot": "order_number"}, "in_number"),
        ("二零二六一一二一不对一一二一三八二七", {"wants": "slot", "slot": "order_number"}, "complete"),
        # In noise the digit being said is any word for a while.
        ("三零二六幺了", {"wants": "slot", "slot": "order_number"}, "in_number"),
        ("三零二六幺妈拆", {"wants": "slot", "slot": "order_number"}, "in_number"),
        ("太了四余能地址", {"wants": "slot", "slot": "order_number"}, "incomplete"),  # English, to a Mandarin ear
        ("三零二六转人工", {"wants": "slot", "slot": "order_number"}, "complete"),
        # Whole sentences, though they end with words that elsewhere want a number after them.
        ("没有订单号", {"wants": "slot", "slot": "order_number"}, "complete"),
        ("我不知道订单号", {"wants": "slot", "slot": "order_number"}, "complete"),
        # Who announces the end has said it with four digits; in one breath with a wish, four digits are the first group.
        ("尾号三八二一", {"wants": "slot", "slot": "order_number"}, "incomplete"),
        ("查订单尾号三八二一", {}, "incomplete"),
        ("我要查订单订单号是三零二六", {}, "in_number"),
        ("我要查订单订单号是二零二六一一二一三八二七七", {}, "complete"),
        ("用手机号查一下一三八零二一九九二零六", {}, "complete"),
        ("我手机号是一三八零二一九九二零六", {"wants": "slot", "slot": "order_number"}, "complete"),
        ("一三八零二一九九二零六", {"wants": "slot", "slot": "order_number"}, "incomplete"),
        ("我买手机花了三千五百", {}, "incomplete"),
    ],
)
def test_how_complete_a_beginning_is(
    shipped: dict[str, Understanding], partial: str, wanted: dict[str, str], expected: str
) -> None:
    assert shipped["zh"].completeness(partial, Expectation(language="zh", **wanted)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("partial", "expected"),
    [
        ("二零二六一一二一三八二七", "complete"),
        ("二零二六一一二三八二七", "complete"),  # one digit was not heard, and no other order comes near
        ("二零二六一一二一", "in_number"),
        ("三八二七", "complete"),
        ("三八二九", "in_number"),  # a tail must be heard as it is
    ],
)
def test_digits_that_can_only_mean_one_of_the_callers_orders_are_complete(
    shipped: dict[str, Understanding], partial: str, expected: str
) -> None:
    asked = Expectation(
        wants="slot", slot="order_number", language="zh", order_numbers=("202611213827", "202611095140")
    )
    assert shipped["zh"].completeness(partial, asked) == expected
