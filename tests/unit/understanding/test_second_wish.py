"""Two wishes in one breath, and one matter told in two halves."""

from __future__ import annotations

import pytest

from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("帮我取消订单然后再开张发票", "cancel_order", "invoice"),
        ("我要退款另外帮我改一下收货地址", "refund_request", "change_address"),
        ("少了一杯饮料还有那个骑手态度特别差", "missing_item", "courier_complaint"),
        ("cancel my order and also send me an invoice", "cancel_order", "invoice"),
        ("东西坏了然后我要退款", "refund_request", ""),
        ("外卖还没到然后我要取消订单", "cancel_order", ""),
        ("I want to cancel and get my money back", "cancel_order", ""),
    ],
)
def test_a_second_wish(text: str, first: str, second: str, hear: Hear) -> None:
    heard = hear(text)
    assert heard.also == second
    if second:
        assert heard.intent == first
