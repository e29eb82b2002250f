"""`ivr`: every command a person can give. A person's mistake ends in one line and exit status 2, never in a traceback."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ivr import config
from ivr.errors import HotlineError, UserError

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
DEFAULT_CONFIG = Path("config.yaml")


def build() -> typer.Typer:
    """The command line with all its parts; imported here so that the hotline's own processes start without them."""
    from ivr.bench import bench
    from ivr.caller.cli import call
    from ivr.console.cli import agents
    from ivr.demo.cli import demo
    from ivr.dialogue.cli import chat, check, graph, prompts, schema, test
    from ivr.dialogue.parse_cli import eval_intents, parse
    from ivr.records.cli import report
    from ivr.speech.cli import models
    from order_lookup.cli import db, orders

    app = typer.Typer(help="A telephone hotline robot for shops and food delivery.", no_args_is_help=True)
    app.command()(serve)
    app.command()(demo)
    app.command()(call)
    app.command()(chat)
    app.command()(parse)
    app.command()(check)
    app.command()(graph)
    app.command()(test)
    app.command(name="eval")(eval_intents)
    app.command()(schema)
    app.command()(bench)
    for name, part in {
        "models": models,
        "prompts": prompts,
        "orders": orders,
        "db": db,
        "agents": agents,
        "report": report,
    }.items():
        app.add_typer(part, name=name)
    return app


def serve(
    config_file: Config = DEFAULT_CONFIG,
    json_logs: Annotated[bool, typer.Option(help="Log lines as JSON, for machines.")] = not sys.stderr.isatty(),
) -> None:
    """Serve the hotline until SIGTERM; calls under way are finished first."""
    import asyncio

    from rich.console import Console

    from ivr import logs
    from ivr.serve import Supervisor
    from ivr.serve import serve as run

    settings = config.load(config_file)
    logs.set_up("supervisor", readable=not json_logs)
    console = Console(highlight=False)

    def ready(supervisor: Supervisor) -> None:
        sip = settings.sip
        host = sip.public_address or sip.address
        console.print(f"[bold green]The hotline serves[/] sip:{sip.user}@{host}:{sip.port}")
        if settings.console.enabled:
            console.print(f"Desk and figures: {settings.console.url}   Stop: Ctrl-C")

    asyncio.run(run(settings, config_file, ready))


def part(arguments: list[str]) -> None:
    """One of the hotline's own processes, started by the supervisor: `ivr part NAME [INDEX] --config FILE`."""
    from ivr import logs

    name, *rest = arguments
    settings = config.load(Path(rest[rest.index("--config") + 1]))
    index = int(rest[0]) if rest[0].isdigit() else 0
    logs.set_up(name if name in ("voice", "console") else f"{name}-{index}")
    match name:
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
            raise UserError(f"there is no part `{name}`", "worker, recogniser, voice or console")


def main() -> None:
    """Entry point of the `ivr` command."""
    try:
        if sys.argv[1:2] == ["part"]:
            part(sys.argv[2:])
        else:
            build()()
    except HotlineError as fault:
        print(f"ivr: {fault}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
