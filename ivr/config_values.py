"""What single settings must look like, so that a slip is told at the start with its line and not in the first call."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ivr.document import Document
from ivr.errors import ConfigError


def _like(pattern: str, what: str) -> Callable[[str], str]:
    """A check that the whole text fits the pattern; `what` says how to write it."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(what)
        return text

    return check


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a path or empty; a folder of zones
        raise ValueError("there is no such time zone: write one like Asia/Shanghai or UTC") from None
    return name


def none_or_some_beats(seconds: float) -> float:
    """A limit below five seconds would take a busy moment for death."""
    if 0 < seconds < 5:
        raise ValueError("write 5 or more, or 0 for never")
    return seconds


def _some(listed: tuple[str, ...]) -> tuple[str, ...]:
    if not listed:
        raise ValueError("name at least one")
    return listed


def _patterns(listed: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in listed:
        try:
            re.compile(pattern)
        except re.error as fault:
            raise ValueError(f"`{pattern}` is no regular expression ({fault}): write one like 1[3-9]\\d{{9}}") from None
    return listed


Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, AfterValidator(_like(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*", "write a name"))]
SipUri = Annotated[str, AfterValidator(_like(r"sips?:[^\s<>\"\x00-\x1f\x7f]+", "write it like sip:anna@10.0.0.9"))]
DialString = Annotated[
    str,
    AfterValidator(
        _like(
            r"|sips?:[^\s<>\"\x00-\x1f\x7f]*\{number\}[^\s<>\"\x00-\x1f\x7f]*",
            "write it like sip:{number}@trunk.example",
        )
    ),
]
Patterns = AfterValidator(_patterns)
Registrar = Annotated[
    str, AfterValidator(_like(r"(sips?:)?[^\s<>\"@]+", "write the registrar's address like sip:pbx.example.com"))
]
# It goes into a header of the INVITE to the agent's telephone (`handoff/headers.py`), which takes no more and nothing else.
DeskAddress = Annotated[
    str,
    AfterValidator(
        _like(r"https?://(?=[^/?#])[!-;=?-~]{1,400}", "write it like https://desk.example.com, in letters a to z")
    ),
]
NoneOrWebAddress = Annotated[
    str, AfterValidator(_like(r"|https?://[^\s/?#]+\S*", "write it like https://example.com/x"))
]
Some = AfterValidator(_some)


def filled(value: Any, document: Document, path: tuple[str | int, ...], secrets: bool) -> Any:
    """The value with `${NAME}` replaced from the environment."""
    if isinstance(value, dict):
        return {key: filled(item, document, (*path, key), secrets) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [filled(item, document, (*path, index), secrets) for index, item in enumerate(value)]

    def variable(match: re.Match[str]) -> str:
        if match[1] not in os.environ and not secrets:
            return match[0]
        if match[1] not in os.environ:
            fix = f"export {match[1]}=… before starting, or write the value"
            raise ConfigError(f"environment variable `{match[1]}` is not set", fix, document.place(*path))
        return os.environ[match[1]]

    return re.sub(r"\$\{(\w+)\}", variable, value) if isinstance(value, str) else value


Seconds = Annotated[float, Field(ge=0, le=86_400)]
WatchdogSeconds = Annotated[float, Field(ge=0, le=3600), AfterValidator(none_or_some_beats)]
Days = Annotated[int, Field(ge=1, le=36_500)]
LAST_PORT = 65_535
Port = Annotated[int, Field(ge=1, le=LAST_PORT)]


class Section(BaseModel):
    """A part of the settings: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
