"""A person with everything that a hotline keeps of them, beside another one of whom nothing may be lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.config import Settings
from ivr.records.database import open_database
from ivr.records.staff import AuditRow
from ivr.records.tables import (
    AgentCommandRow,
    Base,
    CallRow,
    CasePostRow,
    EventRow,
    HandoffRow,
    LineRow,
    WrapUpRow,
)
from order_lookup import (
    Action,
    ActionRequest,
    CallbackRequest,
    CallerRef,
    Claim,
    ContactReport,
    SqlOrderSystem,
    TicketRequest,
    load_policies,
)
from order_lookup import tables as t
from order_lookup.demo import CASES
from order_lookup.messengers import FileMessenger
from order_lookup.poller import Poller

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
MOMENT = NOW.timestamp()
CALLED_AT = datetime(2020, 3, 10, 6, 0, tzinfo=UTC).timestamp()
ME, OTHER = CASES["refundable_parcel"], CASES["coupon_not_applied"]
HOME, SAID = "滨江大道九号五栋七〇一", f"住在五栋的{ME.customer}"


@dataclass(slots=True)
class Hotline:
    """Settings, both halves of the database, and a clock."""

    settings: Settings
    desk: SqlOrderSystem
    engine: Engine

    @property
    def recordings(self) -> Path:
        """Where recordings are."""
        return self.settings.path(self.settings.records.recordings)

    def everything(self) -> str:
        """A dump of all tables."""
        found = []
        with Session(self.engine) as session:
            for metadata in (Base.metadata, t.Base.metadata):
                for table in metadata.tables.values():
                    found += [f"{table.name} {dict(row)}" for row in session.execute(select(table)).mappings()]
        return "\n".join(found)

    async def close(self) -> None:
        """Let go."""
        await self.desk.close()
        self.engine.dispose()


async def open_hotline(url: str, folder: Path) -> Hotline:
    """A hotline over a filled shop."""
    (folder / "config.yaml").write_text(f"database: {{url: '{url}'}}\n", encoding="utf-8")
    settings = Settings.model_validate({"database": {"url": url}, "folder": folder})
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    return Hotline(settings, desk, open_database(url))


async def lives(hotline: Hotline) -> None:
    """Both have called, were helped, have a ticket that is closed, a call-back that was made, a letter that was sent."""
    desk = hotline.desk
    for case, intent, action, details in (
        (ME, "cancel_order", Action.CANCEL, {}),
        (OTHER, "change_address", Action.CHANGE_ADDRESS, {"address": "湖滨路1号"}),
    ):
        caller = CallerRef(f"call-{case.name}", case.phone)
        amount = (await desk.caller(caller)).orders[0].total.minor_units
        claim = Claim(phone_tail=case.phone[-4:], name=case.customer, amount_minor=amount)
        assert (await desk.verify(caller, claim)).passed
        assert (await desk.act(ActionRequest(caller, intent, action, case.order_number, details=details))).done
        request = TicketRequest(caller, "complaint", "service/complaint", f"{case.customer}：太慢", case.order_number)
        ticket = await desk.open_ticket(request)
        await desk.book_callback(CallbackRequest(caller, "general"))
        await desk.contact(ContactReport(caller, intent, "settled", True, case.order_number))
        await desk.append_ticket(ticket.number, "anna", f"{case.customer} {case.phone}")
        await desk.close_ticket(ticket.number, "anna", f"called {case.customer}")
    await desk.database.write(_all_is_over)
    letters = FileMessenger(hotline.settings.path(hotline.settings.orders.messages.file))
    await Poller(desk, letters).round()
    for case in (ME, OTHER):
        called(hotline, f"call-{case.name}", case.phone, case.customer)


def _all_is_over(session: Session) -> None:
    for callback in session.scalars(select(t.Callback)):
        callback.done_at = NOW
    for order in session.scalars(select(t.Order).where(t.Order.stage.in_(("paid", "accepted", "dispatched")))):
        order.stage, order.delivered_at = "closed", NOW
    mine = select(t.Phone.customer_id).where(t.Phone.number == ME.phone)
    session.add(t.Address(customer_id=session.scalars(mine).one(), recipient=ME.customer, text=HOME))
    session.scalars(select(t.Customer).where(t.Customer.id == mine.scalar_subquery())).one().email = "jing@example.com"


def called(hotline: Hotline, call_id: str, phone: str, name: str, ended: bool = True) -> None:
    """A call with all that hangs on it; its files too."""
    at = CALLED_AT
    folder = hotline.recordings
    (folder / "spill").mkdir(parents=True, exist_ok=True)
    (folder / f"{call_id}.wav").write_bytes(b"RIFF" + call_id.encode())
    entry = {"entry": "line", "call_id": call_id, "at": at, "row": line(9, f"住在五栋的{name}{phone}")}
    with (folder / "spill" / "17.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    with Session(hotline.engine) as session, session.begin():
        shown = f"{phone[:3]}****{phone[-4:]}"
        row = CallRow(id=call_id, caller=shown, started_at=at, ended_at=at + 60 if ended else None)
        row.case, row.recording = {"intent": "cancel_order", "customer.name": f"{name[:1]}*"}, f"{call_id}.wav"
        row.number = "" if ended else phone
        session.add(row)
        session.flush()
        session.add(LineRow(call_id=call_id, **line(1, f"我是{name}，住在五栋的{name}")))
        session.add(
            HandoffRow(
                call_id=call_id,
                queue="general",
                caller=f"+86{phone}",
                state="ended",
                enqueued_at=at,
                briefing={"who": name},
            )
        )
        session.add(
            WrapUpRow(call_id=call_id, handoff_id=1, agent_id=1, started_at=at, finished_at=at, note=f"{name}来电")
        )
        session.add(CasePostRow(call_id=call_id, created_at=at, due_at=at))
        session.add(
            AgentCommandRow(call_id=call_id, agent_id=1, command="note", arguments={"text": name}, created_at=at)
        )
        for text in (name, f"住在五栋的{name}"):
            session.add(EventRow(at=at, kind="line", call_id=call_id, data={"text": text}))
        session.add(AuditRow(at=at, account="sue", what="order_data_read", details={"path": f"/api/orders/{phone}"}))


def line(position: int, text: str) -> dict[str, object]:
    """A line of a transcript."""
    return {"position": position, "speaker": "caller", "text": text, "seconds": 1.0, "details": {}}


def traces(folder: Path, *words: str) -> Iterator[str]:
    """Files below a folder in which one of the words stands, as grep finds them."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            held = file.read_bytes()
            yield from (f"{file.relative_to(folder)}: {word}" for word in words if word.encode() in held)
