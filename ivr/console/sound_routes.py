"""The two routes for who may hear calls: `/calls/{id}/recording` of a call that is over, `/calls/{id}/live` of one that goes on."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from sqlalchemy.orm import Session

from ivr.accounts import Viewer, audit, still_logged_in
from ivr.console.house import House
from ivr.console.listening import LiveSound, LiveTracks, live_wav
from ivr.console.notices import notice
from ivr.console.sounds import Heard, Sound, audit_playing, heard_of

log = structlog.get_logger()
# Nothing of what is heard stays in the browser, nor is it for other sites.
_PRIVATE = {"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin"}


def sound_routes(house: House) -> APIRouter:
    """Both, for whoever `hears_calls`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/calls/{call_id}/recording")
    async def recording(request: Request, call_id: str) -> Response:
        viewer: Viewer = request.state.viewer
        if not viewer.hears_calls:
            return _refused(request, "not_allowed", 403)

        def look(session: Session, now: float) -> Heard:
            heard = heard_of(session, house, call_id, now)
            if heard.sound is Sound.KEPT:
                audit_playing(session, viewer, call_id, now)
            return heard

        heard = await house.write(look)
        if heard.sound is not Sound.KEPT:
            return _refused(request, f"sound.{heard.sound}", 404)
        return FileResponse(heard.wav, media_type="audio/wav", headers=_PRIVATE)

    @router.get("/calls/{call_id}/live")
    async def live(request: Request, call_id: str) -> Response:
        viewer: Viewer = request.state.viewer
        if not viewer.hears_calls:
            return _refused(request, "not_allowed", 403)
        heard = await house.read(lambda session, now: heard_of(session, house, call_id, now))
        if heard.sound is not Sound.LIVE:
            return _refused(request, f"sound.{heard.sound}", 404)
        if not house.listeners.take(call_id):
            return _refused(request, "sound_full", 429)
        return await _streamed(house, request, call_id, heard)

    return router


def _refused(request: Request, word: str, status: int) -> Response:
    return notice(request, word, status, headers=_PRIVATE)


async def _streamed(house: House, request: Request, call_id: str, heard: Heard) -> Response:
    """The stream, with who began it in the audit; its place is taken already, and given back when it ends."""
    viewer: Viewer = request.state.viewer
    tracks: LiveTracks | None = None
    try:
        tracks = await asyncio.to_thread(LiveTracks, heard.wav)
        began_at = house.clock()
        await house.write(lambda session, now: audit(session, viewer.name, "listen_in", call_id, now))
    except OSError:
        house.listeners.leave(call_id)
        return _refused(request, f"sound.{Sound.SILENT}", 404)
    except BaseException:
        house.listeners.leave(call_id)
        if tracks:
            tracks.close()
        raise

    async def goes_on() -> bool:
        return await house.read(lambda session, now: still_logged_in(session, viewer.session, now))

    async def over() -> None:
        house.listeners.leave(call_id)
        await _end(house, viewer, call_id, tracks, began_at)

    return LiveSound(live_wav(tracks, goes_on), over)


async def _end(house: House, viewer: Viewer, call_id: str, tracks: LiveTracks, began_at: float) -> None:
    """Close the files and write down from when to when it was."""
    await asyncio.to_thread(tracks.close)

    def write(session: Session, now: float) -> None:
        times = {"from_second": round(began_at, 1), "to_second": round(now, 1)}
        audit(session, viewer.name, "listened_in", call_id, now, **times)

    try:
        await house.write(write)
    except Exception:
        log.exception("console.audit_failed", account=viewer.name, call_id=call_id, listened_since=began_at)
