"""Two wishes in one breath, or three, and one matter told in two halves."""

from __future__ import annotations

import pytest

from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("帮我取消订单然后再开张发票", "cancel_order", ("invoice",)),
        ("我要退款另外帮我改一下收货地址", "refund_request", ("change_address",)),
        ("少了一杯饮料还有那个骑手态度特别差", "missing_item", ("courier_complaint",)),
        ("cancel my order and also send me an invoice", "cancel_order", ("invoice",)),
        ("我要退款然后开张发票还有投诉骑手", "refund_request", ("invoice", "courier_complaint")),
        ("查一下订单到哪了，另外开张发票，还有帮我改一下收货地址", "order_status", ("invoice", "change_address")),
        (
            "I want to cancel my order and also send me an invoice and also change my delivery address",
            "cancel_order",
            ("invoice", "change_address"),
        ),
        ("东西坏了然后我要退款", "refund_request", ()),
        ("外卖还没到然后我要取消订单", "cancel_order", ()),
        ("I want to cancel and get my money back", "cancel_order", ()),
    ],
)
def test_other_wishes(text: str, first: str, others: tuple[str, ...], hear: Hear) -> None:
    heard = hear(text)
    assert heard.also == others
    if others:
        assert heard.intent == first
