"""The console's process: serves the pages until it is told to stop, and says `ready` on standard output."""

from __future__ import annotations

import socket

import structlog
import uvicorn

from ivr.children import announce
from ivr.config import Settings
from ivr.console.app import create_app
from ivr.console.patience import PatientProtocol

log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn that says when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            announce()


def run(settings: Settings) -> None:
    """Serve until SIGTERM."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.console.address,
        port=settings.console.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ws_max_size=2**20,
        http=PatientProtocol,
    )
    Server(config).run()
