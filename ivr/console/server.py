"""The console's process: serves the pages until it is told to stop; says `ready` and `alive`, and hears what the supervisor knows."""

from __future__ import annotations

import asyncio
import socket

import structlog
import uvicorn

from ivr.config import Settings
from ivr.console.app import create_app
from ivr.console.house import House, open_house
from ivr.console.patience import PatientProtocol
from ivr.console.upkeep import hear_supervisor
from ivr.pulse import announce, beat

log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn that says when it serves, and that it goes on serving."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house
        self._beside: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            announce()
            self._beside = [asyncio.create_task(work) for work in (beat(), hear_supervisor(self._house))]


def run(settings: Settings) -> None:
    """Serve until SIGTERM."""
    house = open_house(settings)
    config = uvicorn.Config(
        create_app(settings, house),
        host=settings.console.address,
        port=settings.console.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ws_max_size=2**20,
        http=PatientProtocol,
    )
    Server(config, house).run()
