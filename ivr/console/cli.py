"""`ivr agents`: accounts of those who answer, watch and run the hotline, and tokens of the systems that ask it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr import accounts, config
from ivr.accounts import Role
from ivr.config import Settings
from ivr.errors import UserError
from ivr.records.agent_states import came_into
from ivr.records.agents import enrol
from ivr.records.database import open_database
from ivr.records.staff import AccountRow, TokenRow
from ivr.records.tables import AgentRow

agents = typer.Typer(help="Accounts of agents and supervisors; API tokens.", no_args_is_help=True)
Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
DEFAULT_CONFIG = Path("config.yaml")
_out = Console(highlight=False)


def _opened(file: Path) -> tuple[Settings, Engine]:
    settings = config.load(file)
    engine = open_database(settings.database_url)
    enrol(engine, settings.agents)
    return settings, engine


@contextmanager
def _changing(file: Path) -> Iterator[Session]:
    """The hotline's database, for one change that is kept whole or not at all."""
    _, engine = _opened(file)
    with Session(engine) as session, session.begin():
        yield session


def _asked_password() -> str:
    """From a terminal without echo and twice; from a pipe, its first line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@agents.command()
def add(
    name: str,
    role: Annotated[Role, typer.Option(help="What they are here for.")] = Role.AGENT,
    uri: Annotated[str, typer.Option(help="The agent's telephone, e.g. sip:anna@10.0.0.9.")] = "",
    queues: Annotated[str, typer.Option(help="Queues served, separated by commas.")] = "general",
    skills: Annotated[str, typer.Option(help="Skills, separated by commas.")] = "",
    languages: Annotated[str, typer.Option(help="Languages, separated by commas.")] = "zh,en",
    config_file: Config = DEFAULT_CONFIG,
) -> None:
    """Add somebody who may log in; the password is asked for, or read from standard input."""
    password = _asked_password()
    with _changing(config_file) as session:
        agent = session.scalar(select(AgentRow).where(AgentRow.name == name))
        if role is Role.AGENT and agent is None:
            if not uri:
                raise UserError(f"where does {name}'s telephone ring?", "add --uri sip:NAME@HOST")
            agent = AgentRow(name=name, state="offline", since=time.time())
            session.add(agent)
            session.flush()
            came_into(session, agent.id, agent.state, agent.since)
        if agent is not None and uri:
            agent.uri, agent.queues = _checked(uri), _split(queues)
            agent.skills, agent.languages = _split(skills), _split(languages)
        session.flush()
        accounts.add_account(session, name, password, role, agent, time.time())
    _out.print(f"{name} can log in as {role.value}.", markup=False)


def _checked(uri: str) -> str:
    if not uri.startswith(("sip:", "sips:")) or any(ord(character) <= 32 for character in uri) or len(uri) > 255:
        raise UserError(f"`{uri}` is no SIP address", "write it like sip:anna@10.0.0.9")
    return uri


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@agents.command()
def password(name: str, config_file: Config = DEFAULT_CONFIG) -> None:
    """Change a password; whoever is logged in with the old one is logged out."""
    with _changing(config_file) as session:
        accounts.set_password(session, name, _asked_password())
    _out.print(f"{name} has a new password.", markup=False)


@agents.command()
def disable(name: str, config_file: Config = DEFAULT_CONFIG) -> None:
    """Let somebody in no more, from now on; what they did stays in the audit."""
    with _changing(config_file) as session:
        accounts.disable(session, name, time.time())
    _out.print(f"{name} is logged out and can't log in.", markup=False)


@agents.command()
def enable(name: str, config_file: Config = DEFAULT_CONFIG) -> None:
    """Let somebody in again, or at once after wrong passwords."""
    with _changing(config_file) as session:
        accounts.enable(session, name)
    _out.print(f"{name} can log in.", markup=False)


@agents.command()
def revoke(token: str, config_file: Config = DEFAULT_CONFIG) -> None:
    """Take an API token back, by its name."""
    with _changing(config_file) as session:
        accounts.revoke(session, token)
    _out.print(f"The token {token} opens nothing any more.", markup=False)


@agents.command(name="list")
def list_all(config_file: Config = DEFAULT_CONFIG) -> None:
    """Everybody, with telephone, queues and state; and the API tokens."""
    settings, engine = _opened(config_file)
    zone = ZoneInfo(settings.time_zone)
    table = Table("name", "role", "telephone", "queues", "skills", "languages", "state")
    tokens = Table("token", "scopes", "last used")
    with Session(engine) as session:
        roles = {row.agent_id or row.name: row for row in session.scalars(select(AccountRow))}
        for agent in session.scalars(select(AgentRow).order_by(AgentRow.name)):
            account = roles.pop(agent.id, None)
            served = (", ".join(part) for part in (agent.queues, agent.skills, agent.languages))
            table.add_row(agent.name, _role(account) if account else "(phone only)", agent.uri, *served, agent.state)
        for account in roles.values():
            table.add_row(account.name, _role(account), "", "", "", "", "")
        for each in session.scalars(select(TokenRow).order_by(TokenRow.name)):
            used = datetime.fromtimestamp(each.used_at, zone).strftime("%Y-%m-%d %H:%M") if each.used_at else "never"
            tokens.add_row(each.name, ", ".join(each.scopes), used)
    _out.print(table)
    if tokens.row_count:
        _out.print(tokens)


def _role(account: AccountRow) -> str:
    return f"{account.role} (disabled)" if account.disabled else account.role


@agents.command()
def token(
    name: str,
    scope: Annotated[list[str], typer.Option(help=f"What it may read: {', '.join(accounts.SCOPES)}; repeatable.")],
    config_file: Config = DEFAULT_CONFIG,
) -> None:
    """Make an API token; it is shown this once."""
    with _changing(config_file) as session:
        made = accounts.add_token(session, name, scope, time.time())
    print(made)
