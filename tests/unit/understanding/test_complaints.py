"""What a complaint is about is no wish for the same again; a complaint that ends in a wish is that wish."""

from __future__ import annotations

import pytest

from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    "text",
    [
        "你们上次退款拖了半个月，我要投诉",
        "投诉你们，退款退了一个月才到账",
        "我要投诉客服，说好退款的又反悔",
        "客服说给我退款结果没退，我要投诉这个客服",
        "我要投诉，我的退款被你们拒绝了",
        "退货退了三次都没人来取，我要投诉",
        "不是要退款，我是要投诉你们",
        "取消订单都要折腾半天，投诉你们",
        "发票开了一个月没开出来，我要投诉",
        "I want to complain, your last refund took a month",
        "I want to complain about the refund process, it is terrible",
        "my refund took two weeks last time and I want to make a complaint",
        "it took three calls to cancel an order, I want to make a complaint",
        "I'm not asking for a refund, I want to complain",
    ],
)
def test_a_complaint_with_its_reason(text: str, hear: Hear) -> None:
    heard = hear(text)
    assert (heard.intent, heard.verdict) == ("complaint", "accept")


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("东西太差了，我要投诉，给我退款", "refund_request"),
        ("送来都凉了，我要投诉，你们必须退款", "refund_request"),
        ("等了两个小时，什么破服务，退钱", "refund_request"),
        ("this is awful I want to complain and I want my money back", "refund_request"),
        ("我的退款拖了半个月了还没到账", "refund_status"),
        ("退款今天再不到账我就投诉你们", "refund_status"),
        ("我要投诉商家不给退款", "merchant_complaint"),
    ],
)
def test_a_complaint_that_ends_in_a_wish(text: str, wish: str, hear: Hear) -> None:
    heard = hear(text)
    assert (heard.intent, heard.verdict) == (wish, "accept")
