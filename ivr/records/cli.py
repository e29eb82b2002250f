"""`ivr report`: what happened, for people and for other systems."""

from __future__ import annotations

import getpass
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr import config
from ivr.config import Settings
from ivr.errors import UserError
from ivr.records.database import open_database
from ivr.records.figures_cli import agents, figures, stuck
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow, LineRow
from ivr.records.vcon import vcon

report = typer.Typer(help="Calls and promises: what happened.", no_args_is_help=True)
Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
DEFAULT_CONFIG = Path("config.yaml")
console = Console(highlight=False)


@report.command()
def calls(
    config_file: Config = DEFAULT_CONFIG,
    last: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The latest calls with how they ended."""
    settings = config.load(config_file)
    with Session(open_database(settings.database_url)) as session:
        rows = session.scalars(select(CallRow).order_by(CallRow.started_at.desc()).limit(last)).all()
        found = [_plain(row, settings) for row in rows]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table("call", "began", "seconds", "caller", "language", "about", "disposition")
    for row in found:
        table.add_row(
            *(str(row[key]) for key in ("id", "began", "seconds", "caller", "language", "intent", "disposition"))
        )
    console.print(table)


@report.command()
def call(
    call_id: str,
    config_file: Config = DEFAULT_CONFIG,
    as_vcon: Annotated[bool, typer.Option("--vcon", help="As an IETF vCon.")] = False,
) -> None:
    """One call: its transcript, or the whole of it as a vCon; the first letters of its id are enough."""
    settings = config.load(config_file)
    with Session(open_database(settings.database_url)) as session:
        row = _find(session, call_id)
        if as_vcon:
            container = vcon(session, row.id, settings.path(settings.records.recordings), settings.console.url)
            _seen(session, row.id, "vcon_downloaded")
            print(json.dumps(container, ensure_ascii=False, indent=2))
            return
        _seen(session, row.id, "transcript_opened")
        console.print_json(json.dumps(_plain(row, settings), ensure_ascii=False))
        for line in session.scalars(select(LineRow).where(LineRow.call_id == row.id).order_by(LineRow.position)):
            console.print(f"{line.seconds:7.2f}  {line.speaker:<7}{line.text}", markup=False)


report.command()(figures)
report.command()(agents)
report.command()(stuck)


@report.command()
def audit(
    config_file: Config = DEFAULT_CONFIG,
    last: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    account: Annotated[str, typer.Option(help="Only what this account, or `token NAME`, did.")] = "",
    call_id: Annotated[str, typer.Option("--call", help="Only what was done with this call.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Who did or saw what: logins, transcripts opened, numbers shown, calls heard, vCons downloaded, orders looked at."""
    settings = config.load(config_file)
    wanted = select(AuditRow).order_by(AuditRow.id.desc()).limit(last)
    wanted = wanted.where(AuditRow.account == account) if account else wanted
    wanted = wanted.where(AuditRow.call_id == call_id) if call_id else wanted
    zone, table, lines = ZoneInfo(settings.time_zone), Table("at", "account", "what", "call", "details"), []
    with Session(open_database(settings.database_url)) as session:
        for row in session.scalars(wanted):
            at = datetime.fromtimestamp(row.at, zone).isoformat(" ", "seconds")
            lines.append(
                {"at": at, "account": row.account, "what": row.what, "call": row.call_id, "details": row.details}
            )
            details = ", ".join(f"{key}: {value}" for key, value in row.details.items())
            table.add_row(at[:19], *(Text(each) for each in (row.account, row.what, row.call_id or "", details)))
    if as_json:
        print(json.dumps(lines, ensure_ascii=False, indent=2))
    else:
        console.print(table)


@report.command()
def promises(config_file: Config = DEFAULT_CONFIG) -> None:
    """What was promised to customers and is still open, the most urgent first."""
    from order_lookup.reports import open_promises

    settings = config.load(config_file)
    table = Table("due", "customer", "order", "promise")
    for promise in open_promises(settings.database_url):
        due = promise.due_at.astimezone(ZoneInfo(settings.time_zone)).strftime("%m-%d %H:%M")
        table.add_row(due, promise.customer, promise.order_number or "", promise.what)
    console.print(table)


def _seen(session: Session, call_id: str, what: str) -> None:
    """Into the audit before it is shown: whoever has a shell here has an account of this machine, not of the desk."""
    session.add(
        AuditRow(at=time.time(), account=f"shell {getpass.getuser()}"[:64], what=what, call_id=call_id, details={})
    )
    session.commit()


def _find(session: Session, call_id: str) -> CallRow:
    matching = session.scalars(select(CallRow).where(CallRow.id.startswith(call_id, autoescape=True)).limit(2)).all()
    if len(matching) != 1:
        what = "there is no call" if not matching else "several calls begin with"
        raise UserError(f"{what} `{call_id}`", "`ivr report calls` lists them")
    return matching[0]


def _plain(row: CallRow, settings: Settings) -> dict[str, object]:
    began = datetime.fromtimestamp(row.started_at, ZoneInfo(settings.time_zone))
    return {
        "id": row.id,
        "began": began.strftime("%Y-%m-%d %H:%M:%S"),
        "seconds": round((row.ended_at or row.started_at) - row.started_at, 1),
        "caller": row.caller,
        "language": row.language,
        "intent": str(row.case.get("intent") or ""),
        "disposition": row.disposition or ("under way" if row.ended_at is None else ""),
        "recording": str(settings.path(settings.records.recordings) / row.recording) if row.recording else "",
    }
