"""Two hosts of one hotline on this machine: each with a name and an address of its own, and one PostgreSQL behind both."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil

from ivr.demo.stage import Stage


@dataclass(slots=True)
class Host(Stage):
    """A stage that believes to be a machine called `name`; the shop is in the database already."""

    name: str = ""

    def _fill(self) -> None:
        """Whoever made the database has."""

    def _command(self) -> list[str]:
        rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        rename = ["unshare", *rights, "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return [*rename, *Stage._command(self)]

    def fail(self) -> None:
        """Lose the whole machine at once, as a power cut does."""
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        parent.suspend()  # or it would start anew what dies first
        victims = [*parent.children(recursive=True), parent]
        for victim in victims:
            with contextlib.suppress(psutil.Error):
                victim.kill()
        psutil.wait_procs(victims, 10)


class Gateway:
    """Takes what is POSTed and counts it by its `Idempotency-Key`."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.url = ""

    @contextlib.contextmanager
    def open(self) -> Iterator[Gateway]:
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                taken[str(self.headers["Idempotency-Key"])] += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/"
        try:
            yield self
        finally:
            server.shutdown()
