"""What is known of an order and its customer, frozen at one moment: the input of every rule (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from order_lookup.goods_back import STANDING, ExchangeFacts, ReturnFacts
from order_lookup.money import Money
from order_lookup.words import OPEN_STATES, Action, Kind, Level, Stage, Tier


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A line of the order; prices are per piece."""

    name: str
    name_en: str
    quantity: int
    price: Money
    price_now: Money
    fresh: bool = False
    in_stock: bool = True


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """The parcel was seen."""

    at: datetime
    code: str
    place: str


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """The delivery that counts: the newest one; scans oldest first."""

    carrier: str
    proof: str = "none"
    tracking: str | None = None
    courier: str | None = None
    metres_left: int | None = None
    courier_moved_at: datetime | None = None
    courier_cancelled_at: datetime | None = None
    eta_at: datetime | None = None
    scans: tuple[ScanFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """Money that came in."""

    method: str
    amount: Money
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money going back; `state` as in the ledger."""

    amount: Money
    reason: str
    state: str
    requested_at: datetime
    due_at: datetime
    arrived_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether the money is spoken for: everything but a failed refund."""
        return self.state in STANDING


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """A coupon issued because of this order (`intended` False) or meant for it and not used (`intended` True)."""

    code: str
    amount: Money
    reason: str
    expires_at: datetime
    intended: bool
    used: bool


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice asked for."""

    title: str
    requested_at: datetime
    due_at: datetime
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromiseFacts:
    """What the customer was told would happen, and by when."""

    what: str
    made_at: datetime
    due_at: datetime
    kept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """An earlier call."""

    call_id: str
    intent: str
    outcome: str
    solved: bool
    at: datetime
    order_number: str | None = None


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """An open matter."""

    number: str
    category: str
    subcategory: str
    queue: str
    state: str
    due_at: datetime
    order_number: str | None = None


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """An action asked for earlier, from whatever call; `state` as in the ledger, `item` where it was about one."""

    action: str
    state: str
    offer: str = ""
    item: str = ""

    @property
    def stands(self) -> bool:
        """Whether it was done or may still be done."""
        return self.state in STANDING

    @property
    def under_way(self) -> bool:
        """Whether nobody knows yet what becomes of it."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """The customer; `compensated` is what they were given, or will be, this calendar month.

    `refunded_today` is what the robot has sent back to them, or will, within 24 hours.
    """

    id: int
    name: str
    tier: Tier
    language: str
    elder: bool
    spend_year: Money
    compensated: Money
    frozen: bool = False
    refunded_today: Money | None = None

    @property
    def vip(self) -> bool:
        """Whether this customer goes first."""
        return self.tier is Tier.VIP


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The whole order as a good clerk sees it."""

    number: str
    kind: Kind
    stage: Stage
    total: Money
    placed_at: datetime
    delivery_fee: Money
    merchant: str = ""
    paid_at: datetime | None = None
    accepted_at: datetime | None = None
    promised_at: datetime | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    opened: bool = False
    recipient: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    items: tuple[ItemFacts, ...] = ()
    shipment: ShipmentFacts | None = None
    payments: tuple[PaymentFacts, ...] = ()
    refunds: tuple[RefundFacts, ...] = ()
    coupons: tuple[CouponFacts, ...] = ()
    invoices: tuple[InvoiceFacts, ...] = ()
    promises: tuple[PromiseFacts, ...] = ()
    tickets: tuple[TicketFacts, ...] = ()
    actions: tuple[ActionFacts, ...] = ()
    exchanges: tuple[ExchangeFacts, ...] = ()
    returns: tuple[ReturnFacts, ...] = ()

    @property
    def exchange(self) -> ExchangeFacts | None:
        """The exchange that counts: the newest that stands."""
        standing = [exchange for exchange in self.exchanges if exchange.stands]
        return max(standing, key=lambda exchange: exchange.noted_at, default=None)

    @property
    def going_back(self) -> ReturnFacts | None:
        """The return that is under way: the newest that stands, until money has gone back for it."""
        standing = [each for each in self.returns if each.stands]
        newest = max(standing, key=lambda each: each.noted_at, default=None)
        if newest is None or any(
            r.stands and r.requested_at >= newest.noted_at and r.reason != "duplicate_payment" for r in self.refunds
        ):
            return None
        return newest

    def stands(self, action: Action) -> bool:
        """Whether such an action was done or may still be done."""
        return any(past.action == action and past.stands for past in self.actions)

    @property
    def paid(self) -> Money:
        """All money that came in."""
        return self._sum(p.amount for p in self.payments)

    @property
    def refunded(self) -> Money:
        """All money spoken for to go back."""
        return self._sum(r.amount for r in self.refunds if r.stands)

    @property
    def refundable(self) -> Money:
        """What may still go back; never below nothing."""
        return (self.paid - self.refunded).at_most(self.paid)

    @property
    def worth(self) -> Money:
        """What the order still comes to: its total without what went back for it, never below nothing."""
        back = self._sum(r.amount for r in self.refunds if r.stands and r.reason != "duplicate_payment")
        return (self.total - back).at_most(self.total)

    @property
    def overpaid(self) -> Money:
        """What was paid above the order's total and not yet sent back as such."""
        back = self._sum(r.amount for r in self.refunds if r.stands and r.reason == "duplicate_payment")
        return (self.paid - self.total - back).at_most(self.refundable)

    def _sum(self, amounts: Iterable[Money]) -> Money:
        total = Money(0, self.total.currency)
        for amount in amounts:
            total += amount
        return total


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """All that a decision looks at; `periods` are the special rules in force (storm, sale, holiday)."""

    order: OrderFacts | None
    customer: CustomerFacts | None
    level: Level
    now: datetime
    periods: frozenset[str] = frozenset()
    contacts: tuple[ContactFacts, ...] = ()
