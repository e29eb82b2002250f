"""`ivr`: every command a person can give. A person's mistake ends in one line and exit status 2, never in a traceback."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr import config
from ivr.errors import HotlineError, UserError

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
DEFAULT_CONFIG = Path("config.yaml")


# Name → where it is. Only what is asked for is imported, so that every command starts quickly.
COMMANDS = {
    "serve": "ivr.__main__:serve",
    "demo": "ivr.demo.cli:demo",
    "call": "ivr.caller.cli:call",
    "chat": "ivr.dialogue.cli:chat",
    "hours": "ivr.hours_cli:hours",
    "parse": "ivr.dialogue.parse_cli:parse",
    "check": "ivr.dialogue.cli:check",
    "graph": "ivr.dialogue.cli:graph",
    "test": "ivr.dialogue.cli:test",
    "eval": "ivr.dialogue.parse_cli:eval_intents",
    "learn": "ivr.dialogue.parse_cli:learn",
    "schema": "ivr.dialogue.cli:schema",
    "forget": "ivr.forgetting:forget",
    "storm": "ivr.storm.cli:storm",
}
GROUPS = {
    "bench": "ivr.bench.command:bench",
    "models": "ivr.speech.cli:models",
    "prompts": "ivr.dialogue.prompts_cli:prompts",
    "orders": "order_lookup.cli:orders",
    "db": "order_lookup.cli:db",
    "agents": "ivr.console.cli:agents",
    "report": "ivr.records.cli:report",
}
# These write what customers said and who they are: nobody else on this machine may read it.
CONFIDENTIAL = frozenset({"serve", "part", "forget", "orders", "db", "agents", "report"})
OURS_ALONE = 0o077


def build(only: str = "") -> typer.Typer:
    """The command line: all of it, or the one command that was asked for."""
    app = typer.Typer(help="A telephone hotline robot for shops and food delivery.", no_args_is_help=True)
    app.callback()(lambda: None)
    for name, place in COMMANDS.items():
        if only in ("", name):
            app.command(name=name)(_found(place))
    for name, place in GROUPS.items():
        if only in ("", name):
            app.add_typer(_found(place), name=name)
    return app


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def serve(
    config_file: Config = DEFAULT_CONFIG,
    json_logs: Annotated[bool, typer.Option(help="Log lines as JSON, for machines.")] = not sys.stderr.isatty(),
) -> None:
    """Serve the hotline until SIGTERM; calls under way are finished first."""
    settings = config.load(config_file)

    import asyncio

    from rich.console import Console

    from ivr import logs
    from ivr.serve import Supervisor
    from ivr.serve import serve as run

    logs.set_up("supervisor", readable=not json_logs)
    console = Console(highlight=False)

    def ready(supervisor: Supervisor) -> None:
        sip = settings.sip
        host = sip.public_address or sip.address
        console.print(f"[bold green]The hotline serves[/] sip:{sip.user}@{host}:{sip.port}")
        if settings.console.enabled:
            console.print(f"Desk and figures: {settings.console.url}   Stop: Ctrl-C")
        if settings.console.enabled and not supervisor.has_accounts:
            console.print("Nobody can log in there yet: ivr agents add NAME --role supervisor")

    asyncio.run(run(settings, config_file, ready))


def part(arguments: list[str]) -> None:
    """One of the hotline's own processes, started by the supervisor: `ivr part NAME [INDEX] --config FILE`."""
    from ivr import logs
    from ivr.pulse import show_stacks_when_asked

    name, *rest = arguments
    settings = config.load(Path(rest[rest.index("--config") + 1]))
    index = int(rest[0]) if rest[0].isdigit() else 0
    logs.set_up(f"{name}-{index}" if name in ("worker", "recogniser") else name)
    show_stacks_when_asked()
    # Until it serves (`pulse.announce`): looking for garbage took a third of the time in which dialplans are read and proved.
    gc.disable()
    match name:
        case "proof":
            from ivr import proof

            proof.run(settings)
        case "worker":
            from ivr import worker

            worker.run(settings, index)
        case "recogniser":
            from ivr.speech import server

            server.run(settings, index)
        case "voice":
            from ivr.speech import voice_server

            voice_server.run(settings)
        case "console":
            from ivr.console import server as console_server

            console_server.run(settings)
        case _:
            raise UserError(f"there is no part `{name}`", "worker, recogniser, voice, console or proof")


def main() -> None:
    """Entry point of the `ivr` command."""
    if CONFIDENTIAL.intersection(sys.argv[1:2]):
        os.umask(OURS_ALONE)
    try:
        if sys.argv[1:2] == ["part"]:
            part(sys.argv[2:])
        else:
            asked = next((word for word in sys.argv[1:2] if word in COMMANDS or word in GROUPS), "")
            build(asked)()
    except HotlineError as fault:
        print(f"ivr: {fault}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
