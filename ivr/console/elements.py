"""The few elements the pages are made of. Text is always text: nothing here takes HTML."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.client import Client
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import ValueChangeEventArguments

from order_lookup import Money

Click = Callable[[], Awaitable[None]] | Callable[[], None]
_BETWEEN_HANZI = re.compile(r"(?<=[\u4e00-\u9fff0-9]) +(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff]) +(?=[0-9])")
ASK_BROWSER_SECONDS = 5.0
_SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}


class Text(TextElement):
    """An element of any tag with plain text in it."""

    def __init__(self, words: str, classes: str = "", tag: str = "span") -> None:
        super().__init__(tag=tag, text=words)
        self.classes(classes)


def box(classes: str = "", tag: str = "div") -> ui.element:
    """A container."""
    return ui.element(tag).classes(classes)


def since(moment: float, classes: str = "num") -> None:
    """A clock that counts up in the browser."""
    ui.element("span").classes(classes).props(f"data-since={moment}")


def until(moment: float, classes: str = "num") -> None:
    """Seconds left, counted down in the browser."""
    ui.element("span").classes(classes).props(f"data-until={moment}")


def button(words: str, on_click: Click, classes: str = "", key: str = "", of: str = "") -> ui.button:
    """A button of the desk, with its shortcut where it has one; in a list, who doesn't see it hears what of it is `of`."""
    made = ui.button(words, on_click=on_click, color=None).classes(f"b {classes}").props("unelevated no-caps")
    if of:
        made.props["aria-label"] = f"{words} {of}"
    if key:
        made.props(f"aria-keyshortcuts={key}")
        with made:
            Text(key, tag="kbd").props("aria-hidden=true")
    return made


def number_to_call(number: str) -> None:
    """A telephone number in full, which a softphone dials by a click."""
    dialled = "".join(character for character in number if character in "+0123456789")
    with ui.element("a").props(f"href=tel:{dialled}").classes("num"):
        Text(number)


def head(title: str, right: str = "") -> ui.element:
    """A panel's headline."""
    with box("head") as row:
        Text(title, tag="h2")
        if right:
            Text(right, "right num")
    return row


def tag(words: str, kind: str = "") -> None:
    """A small label."""
    Text(words, f"tag {kind}")


def row(key: str, value: str, classes: str = "") -> None:
    """A key and its value, in a box of class `rows`."""
    Text(key, "k")
    Text(value, f"v {classes}")


def empty(words: str) -> None:
    """Where there is nothing, say so."""
    Text(words, "empty", tag="div")


def choice(options: Mapping[str, str], label: str, value: str | None = None) -> ui.select:
    """A drop-down of words."""
    return ui.select(dict(options), label=label or None, value=value).props("dense outlined options-dense")


def draft(field: ui.input | ui.textarea, name: str, proposed: str = "") -> None:
    """Have the browser keep what is half written here, by this name, until `draft_done`: a restart of the console loses no words."""
    field.props["data-draft"] = name
    field.props["data-proposed"] = proposed


def draft_choice(client: Client, field: ui.select, name: str) -> None:
    """The same for a drop-down, whose value is kept here: the browser is asked what had been chosen before."""
    key, proposed = json.dumps(f"draft:{name}"), field.value

    async def restore() -> None:
        with contextlib.suppress(TimeoutError):
            kept = await client.run_javascript(f"return sessionStorage.getItem({key})", timeout=ASK_BROWSER_SECONDS)
            if kept in field.options and field.value == proposed:
                field.value = kept

    def keep(event: ValueChangeEventArguments[Any]) -> None:
        client.run_javascript(f"sessionStorage.setItem({key}, {json.dumps(event.value)})")

    field.on_value_change(keep)
    ui.timer(0, restore, once=True)


def draft_done(client: Client, name: str) -> None:
    """What was written is kept elsewhere by now, or not wanted: the browser forgets it."""
    client.run_javascript(f"sessionStorage.removeItem({json.dumps('draft:' + name)})")


def readable(words: str) -> str:
    """Recognised speech as it is written: no spaces between Chinese characters."""
    return _BETWEEN_HANZI.sub("", words)


def money(amount: Money) -> str:
    """An amount as written, e.g. ¥12.50."""
    number, currency = str(amount).split()
    return f"{_SYMBOLS.get(currency, currency + ' ')}{number}"


def moment(seconds: float, zone: ZoneInfo, with_day: bool = False) -> str:
    """A time of day in the shop's zone."""
    return datetime.fromtimestamp(seconds, zone).strftime("%m-%d %H:%M" if with_day else "%H:%M")


def length(seconds: float) -> str:
    """A duration, e.g. 3:07."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
