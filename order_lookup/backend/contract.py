"""What we expect a shop's backend to say; a mapping file translates what it says instead."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from order_lookup.words import Action, Kind, Stage, Tier

Minor = Annotated[int, Field(ge=0, le=10**12, description="Minor units (fen, cents), never negative")]
Positive = Annotated[int, Field(gt=0, le=10**12, description="Minor units (fen, cents), more than nothing")]
Text = Annotated[str, Field(max_length=400)]
Name = Annotated[str, Field(max_length=120)]
Number = Annotated[str, Field(min_length=1, max_length=40)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Said(BaseModel):
    """Something a backend says; what we don't know is left aside."""

    model_config = ConfigDict(extra="ignore")


class ItemSaid(Said):
    """A line of an order."""

    name: Name
    name_en: Name = ""
    quantity: Annotated[int, Field(gt=0, le=100_000)] = 1
    price_minor: Minor
    price_now_minor: Minor | None = None
    fresh: bool = False
    in_stock: bool = True


class ScanSaid(Said):
    """The parcel was seen."""

    at: datetime
    code: Annotated[str, Field(max_length=40)] = "scan"
    place: Name = ""


class ShipmentSaid(Said):
    """The newest delivery."""

    carrier: Name = ""
    tracking: Annotated[str, Field(max_length=40)] | None = None
    courier: Name | None = None
    proof: Literal["none", "signature", "photo", "locker"] = "none"
    metres_left: Annotated[int, Field(ge=0)] | None = None
    courier_moved_at: datetime | None = None
    courier_cancelled_at: datetime | None = None
    eta_at: datetime | None = None
    scans: Annotated[list[ScanSaid], Field(max_length=200)] = []


class PaymentSaid(Said):
    """Money that came in."""

    method: Annotated[str, Field(max_length=40)] = "other"
    amount_minor: Positive
    paid_at: datetime
    reference: Annotated[str, Field(min_length=1, max_length=64)]


class RefundSaid(Said):
    """Money going back; `reference` is the receipt that the action was answered with."""

    amount_minor: Positive
    reason: Annotated[str, Field(max_length=40)] = "refund"
    state: Literal["planned", "sent", "done", "failed", "unknown"] = "done"
    requested_at: datetime
    due_at: datetime | None = None
    arrived_at: datetime | None = None
    reference: Annotated[str, Field(max_length=120)] | None = None


class CouponSaid(Said):
    """A coupon meant for this order."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    amount_minor: Positive
    expires_at: datetime
    used: bool = False


class InvoiceSaid(Said):
    """An invoice asked for."""

    title: Name = ""
    requested_at: datetime
    due_at: datetime | None = None
    issued_at: datetime | None = None


class CustomerSaid(Said):
    """Somebody who orders.

    With an `id` the phones are theirs alone from now on: a number that changed hands brings no orders along. Without one, who
    shares a phone is one customer.
    """

    id: Annotated[str, BeforeValidator(str), Field(max_length=80)] = ""
    name: Name
    phones: Annotated[list[str], Field(min_length=1, max_length=20)]
    tier: Tier = Tier.STANDARD
    language: Literal["zh", "en"] = "zh"
    elder: bool = False
    spend_year_minor: Minor = 0
    messages_refused: bool = False


class OrderSaid(Said):
    """The whole order, with its customer."""

    number: Number
    customer: CustomerSaid
    kind: Kind
    stage: Stage
    currency: Currency
    total_minor: Minor
    delivery_fee_minor: Minor = 0
    merchant: Name = ""
    placed_at: datetime
    paid_at: datetime | None = None
    accepted_at: datetime | None = None
    promised_at: datetime | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    opened: bool = False
    recipient: Name = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    address: Text = ""
    note: Text = ""
    items: Annotated[list[ItemSaid], Field(max_length=500)] = []
    shipment: ShipmentSaid | None = None
    payments: Annotated[list[PaymentSaid], Field(max_length=100)] = []
    refunds: Annotated[list[RefundSaid], Field(max_length=100)] = []
    coupons: Annotated[list[CouponSaid], Field(max_length=100)] = []
    invoices: Annotated[list[InvoiceSaid], Field(max_length=100)] = []


class BriefSaid(Said):
    """An order in a line."""

    number: Number
    kind: Kind
    stage: Stage
    currency: Currency
    total_minor: Minor
    placed_at: datetime
    merchant: Name = ""
    items: list[str] = []
    items_en: list[str] = []


class NumbersAsked(BaseModel):
    """Candidates of a number heard on the telephone: which of them exist?"""

    numbers: Annotated[list[Number], Field(max_length=500)]


class ActionAsked(BaseModel):
    """An action to carry out; the header Idempotency-Key makes it once."""

    action: Action
    amount_minor: Minor | None = None
    currency: Currency | None = None
    details: dict[str, str] = {}


class ActionSaid(Said):
    """What came of it; `pending` is asked for again under the same key."""

    state: Literal["done", "declined", "pending"]
    receipt: Annotated[str, Field(max_length=120)] = ""
    reason: Annotated[str, Field(max_length=400)] = ""
