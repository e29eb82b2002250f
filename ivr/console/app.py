"""The console's web application: gate, login, API, figures and pages around one database."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from importlib.resources import files

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError

from ivr.config import Settings
from ivr.console.api import api_app
from ivr.console.figures import figures_route
from ivr.console.gate import Gate
from ivr.console.house import House, open_house
from ivr.console.login import login_routes
from ivr.console.notices import not_now
from ivr.console.pages import add_pages
from ivr.console.sound_routes import sound_routes
from ivr.console.watch import watch_over
from ivr.errors import RecordsError

log = structlog.get_logger()


def create_app(settings: Settings, house: House | None = None) -> FastAPI:
    """The application; opens the database, raises ConfigError when it does not open."""
    house = house or open_house(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(duty) for duty in (house.feed.run(), watch_over(house))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await house.looks.close()
            await house.orders.close()
            house.close()

    app = FastAPI(title="Hotline console", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.include_router(login_routes(house))
    app.include_router(figures_route(house))
    app.include_router(sound_routes(house))
    app.add_api_route("/api", _to_documentation, include_in_schema=False)
    app.add_api_route("/api/", _to_documentation, include_in_schema=False)
    app.mount("/api", api_app(house))
    app.mount("/static", StaticFiles(directory=str(files("ivr.console") / "static")))
    app.add_exception_handler(SQLAlchemyError, _database_away)
    app.add_exception_handler(RecordsError, _database_away)
    add_pages(house)
    # The pages keep nothing in the browser; the secret only signs NiceGUI's own cookie.
    secret = settings.console.secret or secrets.token_urlsafe(32)
    secure = settings.console.url.startswith("https:")
    ui.run_with(
        app,
        title="Hotline desk",
        storage_secret=secret,
        session_middleware_kwargs={"same_site": "lax", "https_only": secure},
        reconnect_timeout=20.0,
        message_history_length=2000,
        tailwind=False,
        dark=None,  # as the browser is
        show_welcome_message=False,
        binding_refresh_interval=None,
        cache_control_directives="private, max-age=3600",
    )
    app.add_middleware(Gate, house=house)
    return app


async def _to_documentation() -> Response:
    return RedirectResponse("/api/docs", 303)


async def _database_away(request: Request, fault: Exception) -> Response:
    log.error("console.database_refused", path=request.url.path, fault=str(fault))
    return not_now(request)
