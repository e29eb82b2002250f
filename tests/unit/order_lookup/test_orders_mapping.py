"""The parts of a shop's own backend, each by itself: the mapping, the breaker, the reference shop, the description in the docs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from order_lookup import (
    Action,
    BrokenError,
    PolicyError,
)
from order_lookup.backend import Mapping, load_mapping
from order_lookup.backend.breaker import Breaker
from order_lookup.backend.contract import ActionAsked
from order_lookup.backend.reference import Till, description

DOCS = Path(__file__).parents[3] / "docs" / "order-backend.openapi.json"


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("CNY", "12.50", 1250),
        ("JPY", 1250, 1250),
        ("JPY", "1250.00", 1250),
        ("KWD", "1.250", 1250),
        ("CLP", "1250", 1250),
        ("TND", "1.250", 1250),
        ("USD", "12.5", 1250),
    ],
)
def test_major_units_have_the_decimals_of_their_currency(currency: str, written: object, minor: int) -> None:
    """1,250 yen were read as 125,000, and a hundred times as much would have gone back."""
    mapping = Mapping.model_validate({"backend": {"url": "http://shop"}, "money": "major"})
    assert mapping.translate("order", {"currency": currency, "total_minor": written})["total_minor"] == minor
    assert mapping.translate("payment", {"amount_minor": written}, currency)["amount_minor"] == minor


@pytest.mark.parametrize(("currency", "written"), [("JPY", "12.50"), ("CNY", "1.005"), ("CNY", "1e3"), ("CNY", "NaN")])
def test_parts_of_a_minor_unit_are_no_amount(currency: str, written: str) -> None:
    mapping = Mapping.model_validate({"backend": {"url": "http://shop"}, "money": "major"})
    with pytest.raises(BrokenError, match="isn't an amount"):
        mapping.translate("payment", {"amount_minor": written}, currency)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("backend: {url: 'ftp://x'}", "1:11: `backend.url`"),
        ("backend:\n  url: http://x\n  timeout: 3", "3:3: unknown key `timeout` — did you mean `timeout_seconds`"),
        ("backend: {url: 'http://x'}\npaths: {order: '/o/{id}'}", "{id} is unknown"),
        ("backend: {url: 'http://x'}\nactions: [open_ticket]", "ours to do"),
        ("{}", "`backend` is missing"),
    ],
)
def test_mistakes_in_a_mapping_are_told_with_their_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_mapping(file)
    assert message in str(caught.value)


def test_the_breaker_opens_tries_once_and_closes() -> None:
    breaker = Breaker(failures=2, open_seconds=10)
    breaker.failed(0)
    assert breaker.allows(1)
    breaker.failed(1)
    assert not breaker.allows(10.9)
    assert breaker.allows(11)
    assert not breaker.allows(11)
    breaker.failed(11)
    assert not breaker.allows(20.9)
    assert breaker.allows(21)
    breaker.abandoned()
    assert breaker.allows(21)
    breaker.succeeded()
    assert breaker.allows(21)
    breaker.failed(22)
    assert breaker.allows(22)


def test_the_reference_shop_does_a_key_once() -> None:
    till, asked = Till(), ActionAsked(action=Action.REFUND_FULL, amount_minor=60)
    answers = [till.ring(key, "1", asked, 100) for key in ("a", "a", "b")]
    assert [answer.state for answer in answers] == ["done", "done", "declined"]
    assert till.refunded == {"1": 60}


def test_the_description_in_the_docs_is_up_to_date() -> None:
    shown, made = json.loads(DOCS.read_text(encoding="utf-8")), json.loads(description())
    for text in (shown, made):  # what the generator's version adds is no part of the contract
        text.pop("openapi")
        text["components"]["schemas"].pop("ValidationError", None)
        text["components"]["schemas"].pop("HTTPValidationError", None)
    assert shown == made, "run: python -m order_lookup.backend.reference > docs/order-backend.openapi.json"
