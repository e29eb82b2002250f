"""The order desk as a call sees it: `order_lookup`'s values as outcome words and flat values for dialplans.

look_up   arguments                                       outcomes                      values
caller    phone, language (to name things in)             known | unknown               customer.*, announcement
existing_orders  candidates (tuple of numbers)            found | none                  orders
order     number | tail | item | date | phone | none      found | unknown | ambiguous   order.*, situations, verification
          (the newest)
decision  intent, order, offer (which to tell of),        offer | refuse | inform | handoff  reason, offer.*, offers, remedies,
          without (offers not to make)                                                   fact.*, handoff.*
verify    claim_kind (phone_tail, name, amount), claim,   passed | failed | locked      verification
          order | phone (whom it is about)

act       every action of the order desk, by its name or an alias below; `ticket`, `callback` and `survey` besides.
          outcomes done | refused | failed | unknown; values action.*
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import order_lookup as orders
from ivr import desk_answers
from ivr.ports import Answer
from ivr.values import Digits, Language, Money, Name, Value
from order_lookup.words import Action, Level

ALIASES = {
    "refund": "refund_full",
    "partial_refund": "refund_partial",
    "price_protection": "refund_price_drop",
    "coupon": "issue_coupon",
    "invoice": "send_invoice",
}
RECENT = 5


@dataclass(slots=True)
class Session:
    """What this desk remembers of a call under way: who calls, and in which language to name things."""

    caller: orders.CallerRef
    language: Language = "zh"
    level: Level = Level.NONE
    ticket: str = "other/question"
    facts: dict[str, Value] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)  # the order's own name of an item, by the one the caller heard


class Desk:
    """`ports.OrderDesk` on an OrderSystem."""

    def __init__(self, system: orders.OrderSystem, time_zone: str) -> None:
        self._system, self._zone = system, ZoneInfo(time_zone)
        self._sessions: dict[str, Session] = {}

    async def look_up(self, call_id: str, what: str, arguments: Mapping[str, Value]) -> Answer:
        """Answer a question of fact or policy."""
        session = self._session(call_id)
        match what:
            case "caller":
                return await self._caller(
                    call_id, str(arguments.get("phone") or ""), desk_answers.text(arguments, "language")
                )
            case "existing_orders":
                return await self._existing(session, arguments)
            case "order":
                return await self._order(session, arguments)
            case "decision":
                return await self._decision(session, arguments)
            case "verify":
                return await self._verify(
                    session,
                    desk_answers.text(arguments, "claim_kind"),
                    desk_answers.text(arguments, "claim"),
                    arguments,
                )
        raise ValueError(f"the order desk knows no look-up `{what}`")

    async def act(self, call_id: str, action: str, intent: str, arguments: Mapping[str, Value]) -> Answer:
        """Have something done once, and say what the ledger says of it.

        Some of it comes after the call's end (the callback of who hung up while waiting): nothing is remembered for that.
        """
        session, order = self._known(call_id, arguments), desk_answers.text(arguments, "order") or None
        match ALIASES.get(action, action):
            case "survey":
                session.facts["satisfaction"] = arguments.get("score")
                return Answer("done", {"satisfaction": arguments.get("score")})
            case "ticket" | "open_ticket":
                summary = desk_answers.text(arguments, "summary") or intent
                category = desk_answers.text(arguments, "category") or session.ticket
                request = orders.TicketRequest(self._whose(call_id, arguments), intent, category, summary, order)
                ticket = await self._system.open_ticket(request)
                return Answer(
                    "done", {"action.receipt": Digits(ticket.number), "action.due_at": self._local(ticket.due_at)}
                )
            case "callback" | "book_callback":
                queue = desk_answers.text(arguments, "queue") or "general"
                wanted = orders.CallbackRequest(self._whose(call_id, arguments), queue, None, order)
                booked = await self._system.book_callback(wanted)
                return Answer("done", {"action.due_at": self._local(booked.due_at)})
            case name:
                return await self._act(session, Action(name), intent, order, arguments)

    async def contact(self, call_id: str, outcome: str, facts: Mapping[str, Value]) -> None:
        """Remember the call, and forget what was kept for it."""
        session = self._sessions.pop(call_id, None)
        if session is None or "callback.of" in facts:  # that we called them is no contact of theirs
            return
        intent = str(facts.get("intent") or "out_of_scope")
        number = str(facts.get("order.number") or facts.get("order") or "") or None
        report = orders.ContactReport(session.caller, intent, outcome, outcome == "settled", number)
        await self._system.contact(report)

    def _whose(self, call_id: str, arguments: Mapping[str, Value]) -> orders.CallerRef:
        """Who a promise is made to; what is promised after the call's end brings the number along (`phone`)."""
        known = self._known(call_id, arguments).caller
        return known if known.phone else orders.CallerRef(call_id, desk_answers.text(arguments, "phone"))

    def _known(self, call_id: str, arguments: Mapping[str, Value]) -> Session:
        """The call's session, or one for this moment only."""
        return self._sessions.get(call_id) or Session(orders.CallerRef(call_id, desk_answers.text(arguments, "phone")))

    def _session(self, call_id: str) -> Session:
        return self._sessions.setdefault(call_id, Session(orders.CallerRef(call_id)))

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)

    def _value(self, value: object) -> Value:
        return desk_answers.value(value, self._zone)

    async def _caller(self, call_id: str, phone: str, language: str) -> Answer:
        session = self._session(call_id)
        session.caller = orders.CallerRef(call_id, phone)
        session.language = "en" if language == "en" else "zh"
        facts = await self._system.caller(session.caller)
        session.level = facts.level
        announcements = facts.announcements_en if session.language == "en" else facts.announcements_zh
        values: dict[str, Value] = {
            "announcement": " ".join(announcements) or None,
            "verification": desk_answers.level(facts.level),
        }
        if facts.customer is None:
            return Answer("unknown", values)
        values |= {
            "customer.name": Name(facts.customer.name),
            "customer.language": facts.customer.language,
            "customer.vip": facts.vip,
            "customer.elder": facts.elder,
            "customer.tier": facts.customer.tier.value,
            "customer.orders": tuple(order.number for order in facts.orders[:RECENT]),
            "customer.open_tickets": len(facts.tickets),
            "customer.contacts": len(facts.contacts),
        }
        return Answer("known", values)

    async def _existing(self, session: Session, arguments: Mapping[str, Value]) -> Answer:
        # Working them out may take some tenths of a second, in which every other call of this worker would stand still.
        candidates = await asyncio.to_thread(arguments.get, "candidates")
        numbers = candidates if isinstance(candidates, tuple) else ()
        found = await self._system.existing(numbers, session.caller)
        return Answer("found" if found else "none", {"orders": tuple(found)})

    async def _order(self, session: Session, arguments: Mapping[str, Value]) -> Answer:
        query = orders.OrderQuery(
            session.caller,
            number=desk_answers.text(arguments, "number"),
            tail=desk_answers.text(arguments, "tail"),
            item=desk_answers.text(arguments, "item"),
            day=desk_answers.day(arguments.get("date")),
            phone=desk_answers.text(arguments, "phone"),
        )
        match await self._system.find(query):
            case orders.Found(order):
                return await self._found(session, order)
            case orders.Ambiguous(candidates):
                numbers = tuple(candidate.order.number for candidate in candidates)
                return Answer("ambiguous", {"orders": numbers, "count": len(numbers)})
        return Answer("unknown")

    async def _found(self, session: Session, order: orders.OrderSummary) -> Answer:
        decision = await self._system.decide("order_status", order.number, session.caller)
        values = self._facts("order", decision)
        values |= {
            "order.number": Digits(order.number),
            "order.kind": order.kind.value,
            "order.status": order.stage.value,
            "order.items": desk_answers.items(order, session.language),
            "order.merchant": order.merchant or None,
            "order.amount": self._value(order.total),
            "order.placed_at": self._local(order.placed_at),
            "situations": tuple(sorted(situation.value for situation in decision.situations)),
            "verification": desk_answers.level(decision.level),
        }
        values["order.late_minutes"] = values.get("order.minutes_late")
        values["order.late_by"] = desk_answers.late_by(decision)
        session.level = decision.level
        return Answer("found", values)

    async def _decision(self, session: Session, arguments: Mapping[str, Value]) -> Answer:
        intent, order = desk_answers.text(arguments, "intent"), desk_answers.text(arguments, "order")
        decision = await self._system.decide(intent, order or None, session.caller)
        session.ticket, session.level = decision.ticket, decision.level
        without = arguments.get("without")
        declined = without if isinstance(without, tuple) else ()
        done_with = {offer.action for offer in decision.offers if offer.name in declined}
        offers = tuple(offer for offer in decision.offers if offer.action not in done_with)
        values = self._facts("fact", decision)
        values["fact.late_by"] = desk_answers.late_by(decision)
        values |= {
            "reason": decision.reason,
            "situations": tuple(sorted(situation.value for situation in decision.situations)),
            "verification": desk_answers.level(decision.level),
            "level_needed": desk_answers.level(decision.level_needed),
            "offers": tuple(offer.name for offer in offers),
            "remedies": desk_answers.remedies(offers),
            "ticket.category": decision.ticket,
        }
        if offers:
            wanted = desk_answers.text(arguments, "offer")
            chosen = next((offer for offer in offers if offer.name == wanted), offers[0])
            values |= self._offer(session, chosen)
        if decision.handoff:
            handoff = decision.handoff
            values |= {"handoff.queue": handoff.queue, "handoff.priority": handoff.priority}
            values["handoff.reason"] = handoff.reason
        return Answer(desk_answers.outcome(decision, offers), values)

    def _facts(self, prefix: str, decision: orders.Decision) -> dict[str, Value]:
        values = {f"{prefix}.{name}": self._value(value) for name, value in decision.facts.items()}
        if isinstance(courier := values.get(f"{prefix}.courier"), str):
            values[f"{prefix}.courier"] = Name(courier, masked=False)  # said in pinyin to English ears
        return values

    def _offer(self, session: Session, offer: orders.Offer) -> dict[str, Value]:
        named = desk_answers.named(offer.choices, session.language)
        session.items |= named
        return {
            "offer.name": offer.name,
            "offer.action": offer.action.value,
            "offer.amount": self._value(offer.amount) if offer.amount else None,
            "offer.condition": offer.condition or None,
            "offer.items": tuple(named) or None,
            "offer.confirm": "explicit" if offer.needs_confirmation else "implicit",
            "offer.level_needed": desk_answers.level(offer.level_needed),
        }

    async def _verify(self, session: Session, kind: str, claim: str, arguments: Mapping[str, Value]) -> Answer:
        number = desk_answers.text(arguments, "order")
        match kind:
            case "phone_tail":
                stated = orders.Claim(phone_tail=claim, order_number=number)
            case "name":
                phone = "" if number else desk_answers.text(arguments, "phone")
                said = arguments.get("claim")
                heard = said.readings if isinstance(said, Name) else ()
                stated = orders.Claim(name=claim, order_number=number, phone=phone, name_heard=heard)
            case "amount":
                stated = orders.Claim(order_number=number, amount_minor=int(claim) if claim.isdigit() else None)
            case _:
                raise ValueError(f"the order desk verifies nobody by `{kind}`")
        verification = await self._system.verify(session.caller, stated)
        session.level = verification.level
        outcome = "passed" if verification.passed else "locked" if verification.exhausted else "failed"
        values: dict[str, Value] = {"verification": desk_answers.level(verification.level)}
        return Answer(outcome, values | {"verification.tries_left": verification.failures_left})

    async def _act(
        self, session: Session, action: Action, intent: str, order: str | None, arguments: Mapping[str, Value]
    ) -> Answer:
        known = {"order", "offer", "amount", "item"}
        details = {
            key: desk_answers.text(arguments, key) for key, value in arguments.items() if key not in known and value
        }
        amount, item = arguments.get("amount"), desk_answers.text(arguments, "item")
        request = orders.ActionRequest(
            session.caller,
            intent,
            action,
            order,
            offer=desk_answers.text(arguments, "offer"),
            amount=orders.Money(amount.minor_units, amount.currency) if isinstance(amount, Money) else None,
            item=session.items.get(item, item),
            details=details,
        )
        result = await self._system.act(request)
        return Answer(desk_answers.ledger_word(result), desk_answers.acted(result, self._zone))
