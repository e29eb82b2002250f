"""Logging in and out: plain pages that work before anything else is loaded."""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
import secrets
from importlib.resources import files
from typing import Annotated
from urllib.parse import quote, urlsplit

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from ivr import accounts, guesses
from ivr.console.gate import COOKIE
from ivr.console.house import House
from ivr.console.limits import Limiter
from ivr.console.notices import notice
from ivr.console.words import Words, language_of, words
from ivr.records import agents

log = structlog.get_logger()
_PRE = "desk_login"
TEMPLATE = (files("ivr.console") / "login.html").read_text(encoding="utf-8")


def login_routes(house: House) -> APIRouter:
    """`/login`, `/logout` and `/session`; both changes carry a token against forged requests."""
    router = APIRouter(include_in_schema=False)
    limiter = Limiter(failures=20, window_seconds=60.0)
    # Each check takes argon2 64 MiB and half a core: two at once are enough for the start of a shift.
    checking = asyncio.Semaphore(2)
    secure = house.settings.console.url.startswith("https:")

    @router.get("/login")
    async def form(request: Request, next: str = "/", lang: str = "", over: str = "") -> Response:
        """`over`: an open page noticed that its session had ended."""
        language = language_of(request, lang)
        return _page(language, _inside(next), secure, words(language)["login_over"] if over else "")

    @router.post("/login")
    async def enter(
        request: Request,
        name: Annotated[str, Form(max_length=64)],
        password: Annotated[str, Form(max_length=400)],
        form_token: Annotated[str, Form(max_length=64)],
        next: Annotated[str, Form(max_length=200)] = "/",
    ) -> Response:
        said = words(language_of(request))
        expected = request.cookies.get(_PRE, "")
        if not expected or not secrets.compare_digest(expected.encode(), form_token.encode()):
            return _page(said.language, _inside(next), secure, said["login_again"], 403, name)
        address = request.client.host if request.client else ""
        old, device = request.cookies.get(COOKIE), request.cookies.get(_device_cookie(name), "")
        login = None
        async with checking:
            # Asked only now: of many attempts at once, those that wait here learn of the failures before them.
            known = bool(device) and await house.read(lambda session, now: guesses.is_known(session, name, device, now))
            if not known and not limiter.allows(address, house.clock()):
                return _page(said.language, _inside(next), secure, said["login_wait"], 429, name)
            made = await house.write(lambda session, now: guesses.attempt(session, name, address, device, now))
            if await asyncio.to_thread(accounts.is_right, made, password):
                login = await house.write(lambda session, now: accounts.log_in(session, made, password, address, now))
            elif not known:
                limiter.failed(address, house.clock())
        if login is None:
            await house.write(lambda session, now: accounts.refuse(session, made, name, address, now))
            log.warning("console.login_failed", account=name, address=address)
            return _page(said.language, _inside(next), secure, said["login_wrong"], 401, name)
        if old:
            await house.write(lambda session, _: accounts.log_out(session, accounts.digest(old)))
        return _welcome(login, name, _inside(next), secure)

    _add_leaving(router, house)
    return router


def _welcome(login: accounts.Login, name: str, target: str, secure: bool) -> Response:
    """Into the house, with the cookies of the session and of a device that has logged in before."""
    response = RedirectResponse(target, 303)
    longest = int(accounts.LONGEST_SECONDS)
    response.set_cookie(COOKIE, login.token, max_age=longest, httponly=True, samesite="lax", secure=secure)
    response.set_cookie(
        _device_cookie(name),
        login.device,
        max_age=int(guesses.DEVICE_SECONDS),
        path="/login",
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    response.delete_cookie(_PRE, path="/login")
    return response


def _device_cookie(name: str) -> str:
    """A desk that several people share is known for each of them."""
    return f"desk_device_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _add_leaving(router: APIRouter, house: House) -> None:
    """How a page learns that its session ended, and the way out."""

    @router.get("/session")
    async def session() -> Response:
        """For a page that lost its socket: nothing to say to who is logged in; the gate refuses the others with 401."""
        return Response(status_code=204)

    @router.post("/logout")
    async def leave(request: Request, csrf: Annotated[str, Form(max_length=64)]) -> Response:
        viewer = request.state.viewer
        if not secrets.compare_digest(viewer.csrf.encode(), csrf.encode()):
            return notice(request, "old_form", 403)
        await house.write(lambda session, now: _leave(session, viewer, now))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response


def _leave(session: Session, viewer: accounts.Viewer, now: float) -> None:
    """End the session; with an agent's last one, their shift is over, and no caller rings at an empty desk."""
    accounts.log_out(session, viewer.session)
    if viewer.agent is not None and not accounts.is_logged_in(session, viewer.account, now):
        agents.set_state(session, viewer.agent, "offline", "", now)


def _inside(target: str) -> str:
    """Where to go after the login: a path of ours, or the start page; never another site."""
    parts = urlsplit(target)
    good = target.startswith("/") and not target.startswith(("//", "/\\", "/login", "/logout"))
    printable = target.isascii() and target.isprintable() and "\\" not in target
    return target if good and printable and not parts.netloc else "/"


def _page(
    language: str, target: str, secure: bool, problem: str = "", status: int = 200, account: str = ""
) -> HTMLResponse:
    """The form; after a wrong password the account stays, and the cursor is where the password goes."""
    said: Words = words(language)
    token = secrets.token_urlsafe(24)
    values = {
        "language": "zh-CN" if language == "zh" else "en",
        "title": said["login_title"], "name": said["login_name"], "password": said["login_password"],
        "enter": said["login_enter"], "forgotten": said["login_forgotten"], "problem": problem, "hidden": "" if problem else "hidden",
        "next": target, "next_quoted": quote(target), "token": token, "account": account,
        "focus_name": "" if account else "autofocus", "focus_password": "autofocus" if account else "",
        "other": "en" if language == "zh" else "zh", "other_name": "English" if language == "zh" else "中文",
    }  # fmt: skip
    text = re.sub(r"\{\{(\w+)\}\}", lambda name: html.escape(values[name[1]]), TEMPLATE)
    response = HTMLResponse(text, status, {"Cache-Control": "no-store"})
    response.set_cookie(_PRE, token, max_age=3600, path="/login", httponly=True, samesite="strict", secure=secure)
    response.set_cookie("desk_language", language, max_age=31_536_000, samesite="lax", secure=secure)
    return response
