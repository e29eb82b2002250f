"""Fills a database with the demo shop."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from order_lookup import numbers
from order_lookup import tables as t
from order_lookup.database import upgrade, writing
from order_lookup.demo.cases import CASES, DemoCase
from order_lookup.demo.draft import Draft, Scene
from order_lookup.demo.goods import FIRST_NAMES, GIVEN, GOODS, KITCHENS, LAST_NAMES, MEALS, SHOPS, STREETS, SURNAMES
from order_lookup.demo.scenes import FOOD_SCENES, PARCEL_SCENES
from order_lookup.errors import MistakeError
from order_lookup.words import Kind, Tier

CUSTOMERS = 500
ORDERS = 5000
_SEED = 20_270
_HIGH_VALUE_PIECES = 3
_TIERS = (Tier.STANDARD,) * 12 + (Tier.SILVER,) * 5 + (Tier.GOLD,) * 2 + (Tier.VIP,)


def fill(engine: Engine, now: datetime, customers: int = CUSTOMERS, orders: int = ORDERS) -> None:
    """Put the demo shop into an empty database, its times relative to now; MistakeError when it isn't empty."""
    upgrade(engine)
    with Session(writing(engine)) as session, session.begin():
        if session.scalar(select(func.count()).select_from(t.Customer)):
            raise MistakeError("the database has customers already: use another file, or --fresh to replace them all")
        _Filling(session, now).run(customers, orders)


def clear(engine: Engine) -> None:
    """Take every row of the order desk out of the database."""
    upgrade(engine)
    with Session(writing(engine)) as session, session.begin():
        for table in reversed(t.Base.metadata.sorted_tables):
            session.execute(delete(table))


class _Filling:
    """One run; `dice` decides everything that isn't fixed, so every run decides the same."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now, self.dice = session, now, random.Random(_SEED)
        self.numbers = self._free_numbers()
        self.contacts: Iterator[int] = count(1)

    def run(self, customers: int, orders: int) -> None:
        """Merchants and couriers, the named cases, then the crowd."""
        self.shops = [[t.Merchant(name=n[e], phone="4000000000") for n in SHOPS] for e in (0, 1)]
        self.kitchens = [[t.Merchant(name=n[e], phone="4000000001") for n in KITCHENS] for e in (0, 1)]
        self.couriers = [
            [t.Courier(name=name, phone=f"1370000{place:04d}") for place, name in enumerate(names)]
            for names in ([f"{surname}师傅" for surname in SURNAMES], FIRST_NAMES)
        ]
        self.session.add_all(
            [*self.shops[0], *self.shops[1], *self.kitchens[0], *self.kitchens[1], *self.couriers[0], *self.couriers[1]]
        )
        self.session.flush()
        for case in CASES.values():
            self._case(case)
        people = [self._customer(place) for place in range(max(1, customers - len(CASES)))]
        self.session.flush()
        for place in range(orders - len(CASES)):
            self._order_of_the_crowd(people[place % len(people)])
            if place % 500 == 0:
                self.session.flush()
        self.session.flush()

    def _case(self, case: DemoCase) -> None:
        person = self._person(case.customer, case.phone, case.language, case.tier, case.elder)
        pieces = _HIGH_VALUE_PIECES if case.name == "high_value" else 1
        self._order(person, case.order_number, case.kind, case.goods, pieces, case.scene)

    def _customer(self, place: int) -> t.Customer:
        english = place % 8 == 7
        parts = (FIRST_NAMES, LAST_NAMES) if english else (SURNAMES, GIVEN)
        name = (" " if english else "").join(self.dice.choice(part) for part in parts)
        return self._person(
            name,
            f"139{place:04d}{(place * 7919) % 10000:04d}",
            "en" if english else "zh",
            self.dice.choice(_TIERS),
            elder=place % 15 == 3,
        )

    def _person(self, name: str, phone: str, language: str, tier: Tier, elder: bool) -> t.Customer:
        row = t.Customer(
            name=name,
            tier=tier.value,
            language=language,
            elder=elder,
            currency="CNY",
            spend_year_minor=self.dice.randrange(10_000, 2_000_000),
            created_at=self.now - timedelta(days=self.dice.randrange(30, 1500)),
        )
        row.phones = [t.Phone(number=phone)]
        self.session.add(row)
        return row

    def _order_of_the_crowd(self, person: t.Customer) -> None:
        kind = Kind.FOOD if self.dice.random() < 0.3 else Kind.PARCEL
        scene = self.dice.choice(FOOD_SCENES if kind is Kind.FOOD else PARCEL_SCENES)
        goods = self.dice.randrange(len(MEALS if kind is Kind.FOOD else GOODS))
        self._order(person, next(self.numbers), kind, goods, self.dice.choice((1, 1, 1, 2)), scene)

    def _order(self, person: t.Customer, number: str, kind: Kind, goods: int, pieces: int, scene: Scene) -> None:
        english = person.language == "en"
        item = self._item(kind, goods, pieces)
        fee = 500 if kind is Kind.FOOD else 0
        street = STREETS[self.dice.randrange(len(STREETS))]
        house = self.dice.randrange(1, 200)
        order = t.Order(
            number=number,
            customer_id=person.id,
            kind=kind.value,
            currency="CNY",
            total_minor=item.price_minor * pieces + fee,
            delivery_fee_minor=fee,
            recipient=person.name,
            phone=person.phones[0].number,
            address=f"{house} {street[1]}" if english else f"{street[0]}{house}号",
            items=[item],
        )
        sellers = (self.kitchens if kind is Kind.FOOD else self.shops)[english]
        order.merchant_id = self.dice.choice(sellers).id
        draft = Draft(order, self.now, english, self.dice, courier_id=self.dice.choice(self.couriers[english]).id)
        scene(draft)
        self._save(draft, person)

    def _item(self, kind: Kind, goods: int, pieces: int) -> t.Item:
        name, name_en, price = (MEALS if kind is Kind.FOOD else GOODS)[goods][:3]
        fresh = kind is Kind.PARCEL and GOODS[goods][3]
        return t.Item(
            name=name, name_en=name_en, quantity=pieces, price_minor=price, price_now_minor=price, fresh=fresh
        )

    def _save(self, draft: Draft, person: t.Customer) -> None:
        if person.id is None:
            self.session.flush()
            draft.order.customer_id = person.id
        self.session.add(draft.order)
        if not draft.extras and not draft.contacts:
            return
        self.session.flush()
        for row in draft.extras:
            row.customer_id = person.id  # type: ignore[attr-defined]
            setattr(row, "intended_order_id" if isinstance(row, t.Coupon) else "order_id", draft.order.id)
        self.session.add_all(draft.extras)
        for intent, solved, hours in draft.contacts:
            self.session.add(
                t.Contact(
                    call_id=f"demo-{next(self.contacts)}",
                    customer_id=person.id,
                    order_id=draft.order.id,
                    phone=person.phones[0].number,
                    intent=intent,
                    outcome="unsolved",
                    solved=solved,
                    at=draft.ago(hours=hours),
                )
            )

    def _free_numbers(self) -> Iterator[str]:
        taken = {case.order_number for case in CASES.values()}
        while True:
            number = numbers.DEFAULT.complete(str(self.dice.randrange(10**10, 10**11)))
            if number not in taken:
                taken.add(number)
                yield number
