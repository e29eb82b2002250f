"""A backend as we expect it, over the demo shop: for tests, for trying out, and as the OpenAPI description.

`python -m order_lookup.backend.reference` prints the description; `… reference serve --port 18110` serves it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Query
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from order_lookup import gathering
from order_lookup import tables as t
from order_lookup.backend.contract import ActionAsked, ActionSaid, BriefSaid, NumbersAsked, OrderSaid
from order_lookup.demo import fill
from order_lookup.facts import OrderFacts
from order_lookup.phones import normal_phone
from order_lookup.views import plain
from order_lookup.words import REFUNDS, Action, Stage

_SHOWN = 20
Key = Annotated[str, Header(alias="Idempotency-Key", description="The same for every retry of one action")]


@dataclass(slots=True)
class Till:
    """What the reference shop has done, by key: asked twice, it answers the same and does nothing."""

    done: dict[str, ActionSaid] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)

    def ring(self, key: str, number: str, asked: ActionAsked, paid: int) -> ActionSaid:
        """Carry an action out once; a refund above what was paid is declined."""
        if key in self.done:
            return self.done[key]
        amount = (asked.amount_minor or 0) if asked.action in REFUNDS else 0
        if self.refunded.get(number, 0) + amount > paid:
            return self.done.setdefault(key, ActionSaid(state="declined", reason="more than was paid"))
        self.refunded[number] = self.refunded.get(number, 0) + amount
        return self.done.setdefault(key, ActionSaid(state="done", receipt=f"REF{len(self.done) + 1:06d}"))


def create_app(engine: Engine, till: Till, clock: Callable[[], datetime]) -> FastAPI:
    """The reference backend over a filled database."""
    app = FastAPI(
        title="Order backend",
        version="1",
        description="What the hotline's order desk expects of a shop's own order system. Amounts are in minor units; "
        "times are ISO 8601 with a zone (without one they are the shop's). Unknown fields are ignored.",
    )

    _add_orders(app, engine)
    _add_actions(app, engine, till, clock)
    return app


def _add_orders(app: FastAPI, engine: Engine) -> None:
    @app.get("/orders", summary="The newest orders of a phone number, at most 20")
    def orders(phone: Annotated[str, Query(max_length=40)]) -> list[OrderSaid]:
        with Session(engine) as session:
            customer = gathering.customer_of_phone(session, normal_phone(phone))
            if customer is None:
                return []
            wanted = select(t.Order).where(t.Order.customer_id == customer.id).order_by(t.Order.placed_at.desc())
            return [_order(session, row) for row in session.scalars(wanted.limit(_SHOWN))]

    @app.post("/orders/existing", summary="Which of these numbers exist")
    def existing(asked: NumbersAsked) -> list[BriefSaid]:
        with Session(engine) as session:
            rows = session.scalars(select(t.Order).where(t.Order.number.in_(asked.numbers))).all()
            return [_brief(plain(summary)) for summary in gathering.summaries(session, rows)]

    @app.get("/orders/{number}", summary="An order with everything that is known of it")
    def order(number: str) -> OrderSaid:
        with Session(engine) as session:
            row = gathering.order_row(session, number)
            if row is None:
                raise HTTPException(404, "no such order")
            return _order(session, row)


def _add_actions(app: FastAPI, engine: Engine, till: Till, clock: Callable[[], datetime]) -> None:
    @app.post("/orders/{number}/actions", summary="Carry an action out, once per key")
    def act(number: str, asked: ActionAsked, key: Key) -> ActionSaid:
        with Session(engine) as session, session.begin():
            row = gathering.order_row(session, number)
            if row is None:
                raise HTTPException(404, "no such order")
            paid = gathering.order_facts(session, row).paid.minor_units
            said = till.ring(key, number, asked, paid)
            if said.state == "done" and asked.action is Action.CANCEL:
                row.stage, row.cancelled_at = Stage.CANCELLED.value, row.cancelled_at or clock()
            return said

    @app.post("/account/actions", summary="Carry an action on a customer's account out, once per key")
    def act_on_account(phone: str, asked: ActionAsked, key: Key) -> ActionSaid:
        with Session(engine) as session:
            if gathering.customer_of_phone(session, normal_phone(phone)) is None:
                raise HTTPException(404, "no such customer")
        return till.ring(key, "", asked, 0)


def demo_engine(now: datetime) -> Engine:
    """The demo shop in memory."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    fill(engine, now, customers=45, orders=60)
    return engine


def description() -> str:
    """The OpenAPI description as JSON."""
    app = create_app(create_engine("sqlite://"), Till(), lambda: datetime.now(UTC))
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1) + "\n"


def _order(session: Session, row: t.Order) -> OrderSaid:
    customer = session.get_one(t.Customer, row.customer_id)
    phones = session.scalars(select(t.Phone.number).where(t.Phone.customer_id == customer.id)).all()
    facts = gathering.order_facts(session, row)
    said: dict[str, Any] = _flat(plain(facts))
    said["customer"] = {
        "id": str(customer.id),
        "name": customer.name,
        "phones": list(phones),
        "tier": customer.tier,
        "language": customer.language,
        "elder": customer.elder,
        "spend_year_minor": customer.spend_year_minor,
    }
    references = select(t.Payment.reference).where(t.Payment.order_id == row.id).order_by(t.Payment.paid_at)
    for payment, reference in zip(said["payments"], session.scalars(references), strict=True):
        payment["reference"] = reference
    said["coupons"] = _coupons(facts)
    said["currency"] = row.currency
    return OrderSaid.model_validate(said)


def _coupons(facts: OrderFacts) -> list[dict[str, Any]]:
    return [_flat(plain(coupon)) for coupon in facts.coupons if coupon.intended]


def _flat(value: Any) -> Any:
    """Our JSON with money as `…_minor` beside one currency."""
    if isinstance(value, list):
        return [_flat(one) for one in value]
    if not isinstance(value, dict):
        return value
    flat: dict[str, Any] = {}
    for name, one in value.items():
        if isinstance(one, dict) and set(one) == {"minor_units", "currency"}:
            flat[f"{name}_minor"] = one["minor_units"]
        else:
            flat[name] = _flat(one)
    return flat


def _brief(summary: dict[str, Any]) -> BriefSaid:
    return BriefSaid.model_validate({**_flat(summary), "currency": summary["total"]["currency"]})


def main(arguments: list[str]) -> None:
    """Print the description, or serve."""
    if not arguments:
        print(description(), end="")
        return
    import uvicorn

    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else 18110
    now = datetime.now(UTC)
    app = create_app(demo_engine(now), Till(), lambda: datetime.now(UTC))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
