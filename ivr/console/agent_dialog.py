"""What a supervisor can do for an agent: other queues when one is overrun, off duty for who forgot, a new password for who forgot that."""

from __future__ import annotations

import secrets

from nicegui import ui
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.accounts import Role, audit, set_password
from ivr.console import reading
from ivr.console.actions import Handler
from ivr.console.elements import Text, box, button
from ivr.console.screen import Screen
from ivr.console.views import AgentView
from ivr.records import agents
from ivr.records.staff import AccountRow

# What can't be mistaken for another when it is read out; twelve of these are 58 bits.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """One to be told to somebody: three groups of four."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def managing(screen: Screen, agent: AgentView) -> Handler:
    """A dialog about one agent."""

    async def ask() -> None:
        said = screen.said
        everybody = await screen.house.read(lambda session, _: reading.agents(session))
        known = sorted({queue for each in everybody for queue in each.queues})
        with screen.client, ui.dialog(value=True) as dialog, box("card"):
            dialog.props["aria-label"] = f"{said['manage']} {agent.name}"
            Text(f"{agent.name} · {said.of('state', agent.state)}", tag="h2")
            options = {queue: said.of("queue", queue) for queue in known}
            queues = ui.select(options, label=said["queues"], value=list(agent.queues), multiple=True)
            queues.props("dense outlined options-dense use-chips")
            if agent.name in {each.name for each in screen.house.settings.agents}:
                Text(said["queues_until_restart"], "dim", tag="div")
            with box("line"):
                button(said["queues_keep"], screen.acting(_queues(screen, agent, queues, dialog)), "main")
                if agent.state in ("available", "away"):
                    button(said["go_off_duty"], screen.acting(_off_duty(screen, agent, dialog)))
                button(said["password_new"], screen.acting(_password(screen, agent)))
                button(said["cancel"], dialog.close)

    return ask


def _queues(screen: Screen, agent: AgentView, chosen: ui.select, dialog: ui.dialog) -> Handler:
    async def keep() -> None:
        wanted = [str(queue) for queue in chosen.value or ()]
        if not wanted:
            chosen.run_method("showPopup")  # who serves no queue is simply off duty
            return
        dialog.close()

        def write(session: Session, now: float) -> None:
            agents.set_queues(session, agent.id, wanted, now)
            audit(session, screen.viewer.name, "agent_queues", None, now, agent=agent.name, queues=wanted)

        await screen.house.write(write)

    return keep


def _off_duty(screen: Screen, agent: AgentView, dialog: ui.dialog) -> Handler:
    async def send() -> None:
        dialog.close()

        def write(session: Session, now: float) -> bool:
            audit(session, screen.viewer.name, "agent_off_duty", None, now, agent=agent.name)
            return agents.set_state(session, agent.id, "offline", "", now)

        if not await screen.house.write(write):
            screen.notify(screen.said["switch_refused"])

    return send


def _password(screen: Screen, agent: AgentView) -> Handler:
    """A new one, shown once; who is logged in with the old one is logged out."""

    async def ask() -> None:
        said, password = screen.said, new_password()

        def write(session: Session, now: float) -> bool:
            # An agent's own account only: nobody becomes an admin by setting an admin's password.
            theirs = (AccountRow.name == agent.name, AccountRow.agent_id == agent.id, AccountRow.role == Role.AGENT)
            if session.scalar(select(AccountRow.id).where(*theirs)) is None:
                return False
            set_password(session, agent.name, password)
            audit(session, screen.viewer.name, "password_set", None, now, agent=agent.name)
            return True

        if not await screen.house.write(write):
            return screen.notify(said["password_no_account"])
        with screen.client, ui.dialog(value=True) as dialog, box("card"):
            dialog.props["aria-label"] = said["password_new"]
            Text(f"{said['password_new']} · {agent.name}", tag="h2")
            Text(password, "num password", tag="div")
            Text(said["password_shown_once"], "dim", tag="div")
            with box("line"):
                button(said["sound_close"], dialog.close, "main")

    return ask
