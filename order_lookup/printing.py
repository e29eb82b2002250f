"""The order desk's values as tables in a terminal, or as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Column, Table

from order_lookup.answers import Decision
from order_lookup.bench import Measured
from order_lookup.listings import OrderView
from order_lookup.money import Money
from order_lookup.port import OrderSummary
from order_lookup.views import plain

console = Console(highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Any value of the order desk, for machines."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def print_orders(found: tuple[OrderSummary, ...], zone: ZoneInfo) -> None:
    """Orders, a line each; times in the shop's zone."""
    number, placed, total = (Column(name, no_wrap=True) for name in ("number", "placed", "total"))
    table = Table(number, "kind", "stage", placed, total, "items", "from")
    for order in found:
        items = "、".join(order.items)
        table.add_row(
            order.number,
            order.kind,
            order.stage,
            _local(order.placed_at, zone),
            str(order.total),
            items,
            order.merchant,
        )
    console.print(table)


def print_order(view: OrderView, zone: ZoneInfo) -> None:
    """The whole order."""
    table = Table(title=f"Order {view.order.number}", show_header=False)
    for name, value in plain(view.order).items():
        if value not in (None, "", [], False):
            table.add_row(name, _short(getattr(view.order, name), value, zone))
    if view.customer is not None:
        table.add_row("customer", f"{view.customer.name} · {view.customer.tier} · {view.customer.language}")
    table.add_row("unusual", ", ".join(sorted(view.situations)) or "nothing")
    console.print(table)


def print_bench(measured: Measured) -> None:
    """How long look-ups took; under load, CPU time says more than the clock."""
    load = " ".join(f"{each:.1f}" for each in measured.load)
    title = f"{measured.orders:,} orders, filled in {measured.fill_seconds:.0f} s; load {load}"
    table = Table("look-up", "median ms", "95 % ms", "worst ms", "95 % CPU ms", title=title)
    for one in measured.timings:
        shown = (one.median_ms, one.p95_ms, one.worst_ms, one.cpu_p95_ms)
        table.add_row(one.name, *(f"{value:.2f}" for value in shown))
    console.print(table)


def print_decision(decision: Decision, zone: ZoneInfo) -> None:
    """What would be said and offered, and why."""
    table = Table(title=f"{decision.intent} → {decision.reason}", show_header=False)
    table.add_row("unusual", ", ".join(sorted(decision.situations)) or "nothing")
    for offer in decision.offers:
        parts = [str(offer.amount) if offer.amount else "", offer.condition, f"needs {offer.level_needed.name.lower()}"]
        table.add_row(f"offer: {offer.name}", " · ".join(part for part in parts if part))
    if decision.handoff:
        table.add_row("handoff", f"{decision.handoff.queue}, priority {decision.handoff.priority}")
    table.add_row("ticket", decision.ticket)
    for name, value in decision.facts.items():
        table.add_row(name, _short(value, plain(value), zone))
    if decision.withheld:
        table.add_row("withheld", ", ".join(sorted(decision.withheld)))
    console.print(table)


def _short(value: object, plain_value: object, zone: ZoneInfo) -> str:
    match value:
        case Money():
            return str(value)
        case datetime():
            return _local(value, zone)
    return plain_value if isinstance(plain_value, str) else json.dumps(plain_value, ensure_ascii=False)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
