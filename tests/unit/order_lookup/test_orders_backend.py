"""A shop's own backend: what it must say, what happens when it doesn't, and that nothing is done twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from order_lookup import (
    Action,
    ActionRequest,
    BrokenError,
    CallerRef,
    Claim,
    DownError,
    Foreign,
    Found,
    LedgerState,
    Money,
    OrderQuery,
    Policies,
    PolicyError,
    SqlOrderSystem,
    TicketRequest,
)
from order_lookup.backend import HttpOrderSystem, Mapping, load_mapping
from order_lookup.backend.reference import Till, create_app
from order_lookup.database import open_engine
from order_lookup.demo import CASES
from order_lookup.numbers import DEFAULT

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
ME = CASES["refundable_parcel"]
EXAMPLE = Path(__file__).parents[3] / "order_lookup" / "backend" / "example.yaml"
ALIKE = (
    "late_food", "stalled_parcel", "duplicate_payment", "delivered_not_received", "english_in_transit", "refund_overdue",
    "price_dropped", "invoice_missing", "out_of_stock", "courier_cancelled", "coupon_not_applied",
)  # fmt: skip
CANCEL = ActionRequest(CallerRef("call-1", ME.phone), "cancel_order", Action.CANCEL, ME.order_number)
Handler = Callable[[httpx.Request], httpx.Response]


class Shop:
    """The reference backend in this process, with a switch for how it behaves."""

    def __init__(self, file: Path) -> None:
        self.till = Till()
        self.inner = httpx.ASGITransport(create_app(open_engine(f"sqlite:///{file}"), self.till, lambda: NOW))
        self.answer: Handler | None = None
        self.requests: list[httpx.Request] = []

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.answer is not None:
            return self.answer(request)
        answer = await self.inner.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Shop:
    return Shop(Path(shutil.copy(template, tmp_path / "theirs.db")))


def system(shop: Shop, folder: Path, policies: Policies, mapping: Mapping | None = None) -> HttpOrderSystem:
    chosen = mapping or load_mapping(EXAMPLE)
    settings = chosen.backend.model_copy(update={"retries": 1, "fresh_seconds": 0.001})
    made = HttpOrderSystem(
        chosen.model_copy(update={"backend": settings}), f"sqlite:///{folder}/mirror.db", policies, lambda: NOW
    )
    made._client._http = httpx.AsyncClient(transport=httpx.MockTransport(shop.handle), headers=settings.headers)
    return made


@pytest.fixture
async def desk(shop: Shop, tmp_path: Path, policies: Policies, empty_template: Path) -> AsyncIterator[HttpOrderSystem]:
    shutil.copy(empty_template, tmp_path / "mirror.db")
    made = system(shop, tmp_path, policies)
    yield made
    await made.close()


async def test_it_answers_as_our_own_database_does(desk: HttpOrderSystem) -> None:
    facts = await desk.caller(ME.phone)
    assert facts.customer is not None
    assert facts.customer.name == ME.customer
    assert [order.number for order in facts.orders] == [ME.order_number]
    assert isinstance(await desk.find(OrderQuery(CANCEL.caller, tail=ME.tail)), Found)
    assert isinstance(await desk.find(OrderQuery(CANCEL.caller, number=CASES["vip"].order_number)), Foreign)
    unknown = await desk.find(OrderQuery(CANCEL.caller, number=DEFAULT.complete("1")))
    assert not isinstance(unknown, Found | Foreign)
    found = await desk.existing(
        [ME.order_number, CASES["late_food"].order_number, DEFAULT.complete("1")], CANCEL.caller
    )
    assert {number: order.mine for number, order in found.items()} == {
        ME.order_number: True,
        CASES["late_food"].order_number: False,
    }


async def test_each_demo_case_is_decided_as_over_our_own_tables(
    desk: HttpOrderSystem, database_file: Path, policies: Policies
) -> None:
    direct = SqlOrderSystem(f"sqlite:///{database_file}", policies, lambda: NOW)
    for name in ALIKE:
        case = CASES[name]
        caller = CallerRef("call", case.phone)
        ours = await direct.decide("refund_request", case.order_number, caller)
        theirs = await desk.decide("refund_request", case.order_number, caller)
        assert (theirs.reason, theirs.situations, theirs.offers) == (ours.reason, ours.situations, ours.offers)
        assert dict(theirs.facts) == dict(ours.facts)
    await direct.close()


async def test_an_action_is_carried_out_once_under_our_key(desk: HttpOrderSystem, shop: Shop) -> None:
    assert (await desk.verify(CANCEL.caller, Claim(name=ME.customer))).passed
    first, second = await desk.act(CANCEL), await desk.act(CANCEL)
    assert (first.state, first.amount, first.receipt) == (LedgerState.DONE, Money(8900), "REF000001")
    assert second.repeated
    assert shop.till.refunded == {ME.order_number: 8900}
    posts = [request for request in shop.requests if request.method == "POST"]
    assert len(posts) == 1
    assert posts[0].headers["Idempotency-Key"].startswith("call-1:cancel_order:")
    assert (await desk.decide("refund_status", ME.order_number, CANCEL.caller)).facts["refunded"] == Money(8900)


async def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_key(desk: HttpOrderSystem, shop: Shop) -> None:
    await desk.verify(CANCEL.caller, Claim(name=ME.customer))
    inner = shop.inner
    lost = 0

    class Lossy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal lost
            answer = await inner.handle_async_request(request)
            if request.method == "POST" and lost < 2:
                lost += 1
                raise httpx.ReadError("connection reset")
            return answer

    shop.inner = Lossy()  # type: ignore[assignment]
    assert (await desk.act(CANCEL)).state is LedgerState.UNKNOWN
    assert [result.state for result in await desk.local.finish(untouched_seconds=-1)] == [LedgerState.DONE]
    assert shop.till.refunded == {ME.order_number: 8900}


def page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/html"}, text="<html>Welcome to nginx</html>")


def json_of(value: Any, status: int = 200) -> Handler:
    return lambda request: httpx.Response(status, json=value)


def order_with(**change: Any) -> Handler:
    body = {
        "number": ME.order_number,
        "customer": {"name": "张静", "phones": [ME.phone]},
        "kind": "parcel",
        "stage": "paid",
        "currency": "CNY",
        "total_minor": 100,
        "placed_at": "2027-03-10T12:00:00+08:00",
    }
    return json_of({name: value for name, value in (body | change).items() if value is not ...})


BROKEN: list[tuple[str, Handler]] = [
    ("html", page),
    ("torn json", lambda r: httpx.Response(200, headers={"content-type": "application/json"}, text='{"number": "3')),
    ("a list", json_of([1, 2])),
    ("a string", json_of("ok")),
    ("error 500", json_of({}, 500)),
    ("redirect", lambda r: httpx.Response(302, headers={"location": "http://evil.example/"})),
    ("another order", order_with(number="302610726346")),
    ("negative amount", order_with(total_minor=-1)),
    ("amount as text", order_with(total_minor="a lot")),
    ("no stage", order_with(stage=...)),
    ("unknown stage", order_with(stage="lost in space")),
    ("no such time", order_with(placed_at="yesterday")),
    ("customer is null", order_with(customer=None)),
    ("customer without phone", order_with(customer={"name": "x", "phones": ["anonymous"]})),
    ("address of 10 kB", order_with(address="x" * 10_000)),
    ("items is a number", order_with(items=3)),
    ("huge", lambda r: httpx.Response(200, headers={"content-type": "application/json"}, content=b" " * 3_000_000)),
    ("deep", lambda r: httpx.Response(200, headers={"content-type": "application/json"}, content=b"[" * 100_000)),
    (
        "a payment reference twice",
        order_with(
            payments=[{"amount_minor": 1, "paid_at": "2027-03-10T12:00:00Z", "reference": "same"} for _ in range(2)]
        ),
    ),
]


@pytest.mark.parametrize("answer", [a for _, a in BROKEN], ids=[name for name, _ in BROKEN])
async def test_nonsense_is_a_clear_error_and_changes_nothing(
    answer: Handler, desk: HttpOrderSystem, shop: Shop
) -> None:
    shop.answer = answer
    with pytest.raises(BrokenError) as caught:
        await desk.decide("order_status", ME.order_number, CANCEL.caller)
    assert len(str(caught.value)) < 300
    shop.answer = None
    assert (await desk.decide("order_status", ME.order_number, CANCEL.caller)).reason == "status_paid"


@pytest.mark.parametrize("status", [401, 403, 429, 502, 503, 504])
async def test_a_backend_that_refuses_is_down_and_tickets_work_all_the_same(
    status: int, desk: HttpOrderSystem, shop: Shop
) -> None:
    shop.answer = json_of({}, status)
    with pytest.raises(DownError):
        await desk.caller(ME.phone)
    ticket = await desk.open_ticket(TicketRequest(CANCEL.caller, "order_status", "logistics/late", "backend down"))
    assert ticket.number.startswith("T")


async def test_nonsense_after_an_action_leaves_it_unknown(desk: HttpOrderSystem, shop: Shop) -> None:
    await desk.verify(CANCEL.caller, Claim(name=ME.customer))
    inner = shop.inner

    class Garbling(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await inner.handle_async_request(request)
            return page(request) if request.method == "POST" else answer

    shop.inner = Garbling()  # type: ignore[assignment]
    assert (await desk.act(CANCEL)).state is LedgerState.UNKNOWN
    shop.inner = inner
    assert (await desk.act(CANCEL)).done
    assert shop.till.refunded == {ME.order_number: 8900}


async def test_a_refusal_is_a_failure(desk: HttpOrderSystem, shop: Shop) -> None:
    await desk.verify(CANCEL.caller, Claim(name=ME.customer))
    shop.till.refunded[ME.order_number] = 1
    assert (await desk.act(CANCEL)).state is LedgerState.FAILED


@pytest.mark.parametrize(
    ("intent", "action", "details"),
    [
        ("change_address", Action.CHANGE_ADDRESS, {"address": "滨江大道9号"}),
        ("cancel_order", Action.CANCEL, {}),
        ("order_status", Action.URGE_DELIVERY, {}),
        ("account_stolen", Action.FREEZE_ACCOUNT, {}),
    ],
)
async def test_what_the_backend_does_not_do_is_not_told_as_done(
    desk: HttpOrderSystem, shop: Shop, intent: str, action: Action, details: dict[str, str]
) -> None:
    """With `actions: [refund_full]` an address was changed in our copy of the order and nowhere else."""
    desk.local._carrier._mapping = desk._mapping.model_copy(update={"actions": frozenset({Action.REFUND_FULL})})  # type: ignore[attr-defined]
    amount = (await desk.caller(CANCEL.caller)).orders[0].total.minor_units
    await desk.verify(CANCEL.caller, Claim(phone_tail=ME.phone[-4:], name=ME.customer, amount_minor=amount))
    result = await desk.act(ActionRequest(CANCEL.caller, intent, action, ME.order_number, details=details))
    assert result.state is LedgerState.FAILED
    assert not shop.till.done


def _say(order: dict[str, Any], **customer: object) -> Handler:
    """A backend with this one order, and a customer as given."""
    told = order | {"customer": order["customer"] | customer}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/orders":
            return httpx.Response(200, json=[told])
        return httpx.Response(200, json=told) if request.url.path.endswith(told["number"]) else httpx.Response(404)

    return answer


async def test_a_number_that_changed_hands_brings_no_orders_along(desk: HttpOrderSystem, shop: Shop) -> None:
    """The new owner of a telephone heard of the former owner's orders, and could cancel them."""
    desk._mapping = desk._mapping.model_copy(
        update={"backend": desk._mapping.backend.model_copy(update={"fresh_seconds": 1e-9})}
    )
    former = CallerRef("call-1", ME.phone)
    assert [order.number for order in (await desk.caller(former)).orders] == [ME.order_number]
    theirs = json.loads((await desk._client._http.get(f"http://shop/orders/{ME.order_number}")).content)
    other = theirs | {"number": DEFAULT.complete("1"), "payments": [], "refunds": [], "shipment": None}
    shop.answer = _say(other, id="new", name="新人", phones=[ME.phone, "13900001111"])
    new = CallerRef("call-2", ME.phone)
    assert [order.number for order in (await desk.caller(new)).orders] == [other["number"]]
    assert (await desk.verify(new, Claim(phone_tail=ME.phone[-4:]))).passed
    stolen = await desk.act(ActionRequest(new, "cancel_order", Action.CANCEL, ME.order_number))
    assert (stolen.state, stolen.refused) == (None, "not_found")
    shop.answer = _say(theirs, phones=["13900002222"])
    moved = await desk.caller(CallerRef("call-3", "13900002222"))
    assert [order.number for order in moved.orders] == [ME.order_number]
    assert moved.customer is not None
    assert moved.customer.name == ME.customer


async def test_their_words_are_translated(shop: Shop, tmp_path: Path, policies: Policies) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(
        "backend: {url: 'http://shop.example/v2', headers: {X-Key: '${SHOP_KEY}'}}\n"
        "paths: {order: '/o/{number}'}\n"
        "fields:\n  order: {number: orderNo, placed_at: times.created, total_minor: price, customer: buyer, currency: cur}\n"
        "  customer: {phones: tels}\n"
        "values: {stage: {WAIT_SHIP: paid}, kind: {'1': parcel}}\nmoney: major\n",
        encoding="utf-8",
    )
    with pytest.raises(PolicyError, match=r"mapping.yaml:1:52: the environment has no SHOP_KEY"):
        load_mapping(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEY", "s3cret")
        desk = system(shop, tmp_path, policies, load_mapping(file))
    await desk.local.database.prepare()
    shop.answer = json_of(
        {
            "orderNo": ME.order_number, "kind": 1, "stage": "WAIT_SHIP", "price": 89.5, "cur": "CNY",
            "times": {"created": "2027-03-10T13:00:00"}, "buyer": {"name": "张静", "tels": [ME.phone]},
        }
    )  # fmt: skip
    decision = await desk.decide("order_status", ME.order_number, CANCEL.caller)
    assert decision.facts["total"] == Money(8950)
    assert decision.facts["placed_at"] == datetime(2027, 3, 10, 5, 0, tzinfo=UTC)  # without a zone: the shop's
    assert str(shop.requests[-1].url) == f"http://shop.example/v2/o/{ME.order_number}"
    assert shop.requests[-1].headers["X-Key"] == "s3cret"
    await desk.close()


async def test_odd_numbers_never_leave_their_place_in_a_path(desk: HttpOrderSystem, shop: Shop) -> None:
    half = await desk.decide("order_status", "\ud83d", CANCEL.caller)
    assert half.reason == "order_not_found"
    await desk.decide("order_status", "../../admin?x=1#", CANCEL.caller)
    assert shop.requests[-1].url.raw_path == b"/orders/..%2F..%2Fadmin%3Fx%3D1%23"


async def test_an_open_breaker_answers_at_once(desk: HttpOrderSystem, shop: Shop) -> None:
    shop.answer = json_of({}, 503)
    for _ in range(4):
        with pytest.raises(DownError):
            await desk.caller(ME.phone)
    asked = len(shop.requests)
    with pytest.raises(DownError, match="not asked for a while"):
        await desk.caller(ME.phone)
    assert len(shop.requests) == asked
