"""The policies of the shop, read from policies.yaml and decisions.yaml, validated and frozen.

Whose policies they are, the shop's name and clock, stands in config.yaml, where the rest of the hotline has it from.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    NonNegativeInt,
    PositiveInt,
    model_validator,
)  # fmt: skip

from order_lookup.currencies import currency_code
from order_lookup.decision_rules import DecisionBook
from order_lookup.errors import PolicyError
from order_lookup.message_texts import OPTIONAL, MessageName, MessageTexts
from order_lookup.money import Money
from order_lookup.numbers import CheckScheme, NumberPattern
from order_lookup.words import Action, Level, Tier
from order_lookup.working_time import AroundTheClock, WorkingTime
from strict_yaml import Document, Strict, nearest

FOLDER = Path(__file__).parent


def _level(value: object) -> object:
    if isinstance(value, str):
        if value.upper() not in Level.__members__:
            raise ValueError(f"no such level; {nearest(value, [level.name.lower() for level in Level])}")
        return Level.named(value)
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone: write it like Asia/Shanghai") from error
    return value


LevelName = Annotated[Level, BeforeValidator(_level)]
Percent = Annotated[int, Field(ge=0, le=1000)]


class Shop(Strict):
    """Who we are and whose clock we speak by, under the names of config.yaml; by default the demo shop."""

    name_zh: str = Field("好食多", alias="shop")
    name_en: str = Field("Goodmart", alias="shop_en")
    timezone: Annotated[str, BeforeValidator(_zone)] = Field("Asia/Shanghai", alias="time_zone")

    @property
    def zone(self) -> ZoneInfo:
        """The zone for speech."""
        return ZoneInfo(self.timezone)


class Numbers(Strict):
    """The shape of an order number."""

    digits: Annotated[int, Field(ge=4, le=24)]
    prefix: Annotated[str, Field(pattern=r"^[0-9]*$")]
    check: CheckScheme

    @property
    def pattern(self) -> NumberPattern:
        """As the pure helpers take it."""
        return NumberPattern(self.digits, self.prefix, self.check)


class SituationThresholds(Strict):
    """From when each rule of situations.py speaks."""

    late_food_minutes: PositiveInt
    late_parcel_hours: PositiveInt
    courier_still_minutes: PositiveInt
    merchant_silent_minutes: PositiveInt
    not_dispatched_hours: PositiveInt
    not_dispatched_long_hours: PositiveInt
    stalled_hours: PositiveInt
    not_received_hours: PositiveInt
    refund_days: PositiveInt
    price_protection_days: PositiveInt
    duplicate_minutes: PositiveInt
    invoice_days: PositiveInt
    return_days: PositiveInt
    return_opened_days: NonNegativeInt
    return_settled_days: PositiveInt = 10
    repeat_hours: PositiveInt
    unsolved_contacts: PositiveInt
    high_value_minor: PositiveInt
    broken_promises: PositiveInt


class VerificationPolicy(Strict):
    """What each level may hear and order."""

    failures: PositiveInt
    window_hours: PositiveInt
    facts: dict[str, LevelName]
    actions: dict[Action, LevelName]

    def for_fact(self, name: str) -> Level:
        """The level that may hear a fact."""
        return self.facts.get(name, Level.LOW)

    def for_action(self, action: Action) -> Level:
        """The level that may order an action."""
        return self.actions.get(action, Level.LOW)


class CancelFees(Strict):
    """Per cent of a meal's total kept when it is cancelled."""

    accepted: Annotated[int, Field(ge=0, le=100)]
    dispatched: Annotated[int, Field(ge=0, le=100)]


class RefundPolicy(Strict):
    """How far the robot decides by itself."""

    robot_limit_minor: dict[Tier, NonNegativeInt]
    robot_day_limit_minor: dict[Tier, NonNegativeInt] = Field(
        default_factory=dict
    )  # a tier that isn't named has no limit for the day
    cancel_fee_percent: CancelFees


class LateStep(Strict):
    """From this much lateness on, this share of the total."""

    food_minutes: PositiveInt
    parcel_hours: PositiveInt
    percent: Percent


class CompensationPolicy(Strict):
    """What lateness is worth, with caps per order and per customer and month."""

    late_steps: Annotated[list[LateStep], Field(min_length=1)]
    minimum_minor: NonNegativeInt
    order_cap_minor: PositiveInt
    month_cap_minor: dict[Tier, NonNegativeInt]
    tier_percent: dict[Tier, Percent]
    goodwill_minor: PositiveInt
    coupon_days: PositiveInt

    @model_validator(mode="after")
    def _steps_climb(self) -> Self:
        for before, after in zip(self.late_steps, self.late_steps[1:], strict=False):
            if after.food_minutes <= before.food_minutes or after.parcel_hours <= before.parcel_hours:
                raise ValueError("late_steps must climb: each step later than the one before")
        return self


class QueuePolicy(Strict):
    """A queue of agents; priority 0 is the most urgent."""

    priority: Annotated[int, Field(ge=0, le=9)]
    vip: str | None = None


class TicketCategory(Strict):
    """Who owns tickets of a category, how soon they are due; `by_clock`: it can't wait for the morning."""

    queue: str
    due_hours: PositiveInt
    of: Annotated[list[str], Field(min_length=1)]
    serious: bool = False
    by_clock: bool = False


class TicketPolicy(Strict):
    """Categories, reminders, escalation."""

    remind_minutes: PositiveInt
    supervisor_minutes: PositiveInt
    serious_callback_minutes: PositiveInt
    categories: dict[str, TicketCategory]


class SpecialRule(Strict):
    """What changes while a special period lasts."""

    late_percent: Annotated[int, Field(ge=100, le=1000)]
    compensate: bool
    warn_hours: NonNegativeInt
    announcement_zh: str
    announcement_en: str
    warn_zh: str
    warn_en: str


class CalendarEntry(Strict):
    """A special period known beforehand; local dates, both ends included."""

    name: str
    rule: str
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("`to` is before `from`")
        return self


class SpecialPolicy(Strict):
    """Rules by name and the calendar."""

    rules: dict[str, SpecialRule]
    calendar: list[CalendarEntry]


class PolicyFile(Strict):
    """policies.yaml."""

    MOVED: ClassVar[dict[str, str]] = {
        "shop": "name_zh, name_en and timezone are `shop`, `shop_en` and `time_zone` "
        "of config.yaml now, currency is the key `currency` here; move them and delete this section"
    }

    currency: Annotated[str, AfterValidator(currency_code)]
    numbers: Numbers
    situations: SituationThresholds
    verification: VerificationPolicy
    refunds: RefundPolicy
    compensation: CompensationPolicy
    queues: dict[str, QueuePolicy]
    tickets: TicketPolicy
    special: SpecialPolicy
    messages: dict[MessageName, MessageTexts]

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, category in self.tickets.categories.items():
            if category.queue not in self.queues:
                raise ValueError(
                    f"tickets.categories.{name}: no queue {category.queue!r}; {nearest(category.queue, [*self.queues])}"
                )
        for name, queue in self.queues.items():
            if queue.vip is not None and queue.vip not in self.queues:
                raise ValueError(f"queues.{name}.vip: no queue {queue.vip!r}; {nearest(queue.vip, [*self.queues])}")
        if missing_texts := sorted(set(get_args(MessageName)) - OPTIONAL - self.messages.keys()):
            raise ValueError(f"messages: {', '.join(missing_texts)} is missing")
        if lacking := [name for name in ("after_sales", "general") if name not in self.queues]:
            raise ValueError(f"queues: {lacking[0]} is missing")
        for entry in self.special.calendar:
            if entry.rule not in self.special.rules:
                raise ValueError(
                    f"special.calendar: no rule {entry.rule!r}; {nearest(entry.rule, [*self.special.rules])}"
                )
        for where, table in (
            ("refunds.robot_limit_minor", self.refunds.robot_limit_minor),
            ("compensation.month_cap_minor", self.compensation.month_cap_minor),
            ("compensation.tier_percent", self.compensation.tier_percent),
        ):
            if missing := [tier.value for tier in Tier if tier not in table]:
                raise ValueError(f"{where}: says nothing about {', '.join(missing)}")
        return self


class ShopPolicies(PolicyFile):
    """policies.yaml, the shop it is for, and when its people are at work."""

    shop: Shop
    working: InstanceOf[WorkingTime] = Field(default_factory=AroundTheClock)

    def due(self, queue: str, now: datetime, span: timedelta, by_clock: bool = False) -> datetime:
        """When something is due that the people of a queue have so much time for."""
        return now + span if by_clock else self.working.after(queue, now, span)


class Policies(Strict):
    """All policies: thresholds and texts, and the book of decisions that stands on them."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    values: ShopPolicies
    book: DecisionBook

    def money(self, minor_units: int) -> Money:
        """An amount in the shop's currency."""
        return Money(minor_units, self.values.currency)


def load_policies(folder: Path | None = None, shop: Shop | None = None, working: WorkingTime | None = None) -> Policies:
    """The policies of a folder (default: the ones that ship) for a shop; PolicyError names file, line and fix."""
    place = folder or FOLDER
    written = Document(place / "policies.yaml", PolicyError).typed(PolicyFile)
    values = ShopPolicies(shop=shop or Shop(), working=working or AroundTheClock(), **dict(written))
    tickets = frozenset(f"{name}/{sub}" for name, category in values.tickets.categories.items() for sub in category.of)
    book = DecisionBook.read(place / "decisions.yaml", values.queues.keys(), tickets)
    return Policies(values=values, book=book)
