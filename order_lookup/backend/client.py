"""Asks a shop's backend over HTTP: every answer comes in time and is JSON, or there is a clear error."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

import httpx
import structlog

from order_lookup.backend.breaker import Breaker
from order_lookup.backend.mapping import Mapping
from order_lookup.errors import BrokenError, DownError

_log = structlog.get_logger(__name__)
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_LARGEST_ANSWER = 2_000_000
_FIRST_PAUSE_SECONDS = 0.1


class BackendClient:
    """GET and POST with timeout, retries with jitter and a circuit breaker.

    POSTs carry a key that makes them once, so they are retried like GETs. The timeout is on the whole answer: a backend
    that sends a byte a second is down, too.
    """

    def __init__(self, mapping: Mapping) -> None:
        self._settings = mapping.backend
        self._breaker = Breaker(self._settings.breaker.failures, self._settings.breaker.open_seconds)
        self._http = httpx.AsyncClient(
            headers={"Accept": "application/json", **self._settings.headers},
            timeout=self._settings.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        )

    async def get(self, path: str) -> Any | None:
        """The JSON at a path; None for 404."""
        return await self._ask("GET", path, None, {})

    async def post(self, path: str, body: Any, key: str = "") -> Any | None:
        """The JSON answered to a POST; None for 404."""
        return await self._ask("POST", path, body, {"Idempotency-Key": _header(key)} if key else {})

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any | None:
        problem = ""
        for attempt in range(self._settings.retries + 1):
            if attempt:
                await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
            if not self._breaker.allows(time.monotonic()):
                raise DownError(f"the shop's backend is down: {problem or 'not asked for a while'}")
            try:
                answer = await self._once(method, path, body, headers)
            except DownError as error:
                problem = str(error)
                self._breaker.failed(time.monotonic())
                continue
            except BaseException:
                self._breaker.abandoned()
                raise
            self._breaker.succeeded()
            return _read(answer)
        _log.warning("backend_down", method=method, problem=problem)
        raise DownError(f"the shop's backend is down: {problem}")

    async def _once(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        """One answer; DownError for none, a late one, or one that says: later."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._whole(method, path, body, headers)
        except TimeoutError as error:
            raise DownError(f"no answer within {self._settings.timeout_seconds} s") from error
        except httpx.HTTPError as error:
            raise DownError(type(error).__name__) from error

    async def _whole(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        url = self._settings.url.rstrip("/") + path
        async with self._http.stream(method, url, json=body, headers=headers) as answer:
            if answer.status_code in _TRY_AGAIN:
                raise DownError(f"it answered {answer.status_code}")
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > _LARGEST_ANSWER:
                    raise BrokenError("the backend's answer is larger than 2 MB")
            return httpx.Response(answer.status_code, headers={"x-kind": _kind(answer)}, content=bytes(content))


def _kind(answer: httpx.Response) -> str:
    kind: str = answer.headers.get("content-type", "")
    return kind.split(";")[0].strip().lower()


def _read(answer: httpx.Response) -> Any | None:
    if answer.status_code == 404:
        return None
    if answer.status_code in (401, 403):
        raise DownError(f"the shop's backend doesn't let us in ({answer.status_code}): check backend.headers")
    if not answer.is_success and answer.status_code not in (409, 422):
        raise BrokenError(f"the backend answered {answer.status_code}")
    kind = answer.headers["x-kind"]
    if kind != "application/json" and not kind.endswith("+json"):
        raise BrokenError(f"the backend answered {kind or 'something without a type'}, not JSON")
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise BrokenError("the backend's answer isn't JSON") from error


def _header(key: str) -> str:
    """A key as a header's value: printable ASCII as it is, anything else in hex."""
    return key if key.isascii() and key.isprintable() else key.encode().hex()
