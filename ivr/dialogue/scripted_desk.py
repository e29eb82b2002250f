"""An order desk that answers as a YAML file says: for tests of conversations, deterministic to the last word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from ivr.dialogue.dialplan import Part
from ivr.document import Document
from ivr.errors import DialplanError
from ivr.ports import Answer
from ivr.values import Digits, Money, Name, Value

Written = dict[str, str | list[str]]


class DeskFile(Part):
    """What the desk knows: per look-up and action an outcome and values; `decision.<intent>` before `decision`, `verify.name` before
    `verify`.

    A decision with several `offers` tells of the first; `decision.<intent>.<offer>` has what is different about another.
    """

    orders: Annotated[tuple[str, ...], Field(description="the numbers that exist")] = ()
    look_up: dict[str, Written] = Field(default_factory=dict)
    act: dict[str, Written] = Field(default_factory=dict)


class ScriptedDesk:
    """`ports.OrderDesk` from a file. An order is found by its number or its tail, by a phone once a `verify` has passed."""

    def __init__(self, written: DeskFile, zone: ZoneInfo) -> None:
        self._file, self._zone = written, zone
        self.done: list[tuple[str, str]] = []
        self._proven = False

    async def look_up(self, call_id: str, what: str, arguments: Mapping[str, Value]) -> Answer:
        """The answer that is written."""
        if what == "existing_orders":
            candidates = arguments.get("candidates")
            found = (
                tuple(each for each in candidates if each in self._file.orders) if isinstance(candidates, tuple) else ()
            )
            return Answer("found" if found else "none", {"orders": found})
        intent = _text(arguments.get("intent"))
        about = intent or _text(arguments.get("claim_kind"))
        written = self._file.look_up.get(f"{what}.{about}") or self._file.look_up.get(what)
        if written is None:
            return Answer("unknown")
        if what == "decision":
            written = self._offered(written, intent, arguments)
        answer = self._answer(written)
        self._proven = self._proven or (what == "verify" and answer.outcome == "passed")
        if what == "order" and not (_is_it(answer, arguments) and (self._proven or not arguments.get("phone"))):
            return Answer("unknown")
        return answer

    async def act(self, call_id: str, action: str, intent: str, arguments: Mapping[str, Value]) -> Answer:
        """The outcome that is written; an action that isn't is refused."""
        self.done.append((action, _text(arguments.get("order"))))
        written = self._file.act.get(action)
        return self._answer(written) if written else Answer("refused")

    async def contact(self, call_id: str, outcome: str, facts: Mapping[str, Value]) -> None:
        """The call is over."""
        self.done.append(("contact", outcome))

    def _offered(self, written: Written, intent: str, arguments: Mapping[str, Value]) -> Written:
        """The decision without the offers not to make, telling of the one asked for or the first: `decision.<intent>.<offer>`."""
        alone = [named] if isinstance(named := written.get("offer.name"), str) else []
        without, offers = arguments.get("without"), written.get("offers", alone)
        left = [name for name in offers if not isinstance(without, tuple) or name not in without]
        told = _text(arguments.get("offer"))
        told = told if told in left else next(iter(left), "")
        kept = {**written, "offers": left} if "offers" in written else written
        if told == written.get("offer.name", ""):
            return kept
        kept = {name: value for name, value in kept.items() if not name.startswith("offer.")}
        if not told and kept.get("outcome") == "offer":
            kept["outcome"] = "inform"
        return {**kept, **self._file.look_up.get(f"decision.{intent}.{told}", {})}

    def _answer(self, written: Written) -> Answer:
        values = {name: self._value(text) for name, text in written.items() if name != "outcome"}
        return Answer(str(written.get("outcome", "found")), values)

    def _value(self, written: str | list[str]) -> Value:
        """`¥35.80` is money, `#1234` digits, `@王小明` a name, `2026-11-21 18:00` a time, `25 min` a span, `12` a number, `yes` and `no` themselves."""
        if isinstance(written, list):
            return tuple(written)
        if re.fullmatch(r"¥\d+(\.\d\d)?", written):
            return Money(round(float(written[1:]) * 100))
        if re.fullmatch(r"#\d+", written):
            return Digits(written[1:])
        if re.fullmatch(r"@.+", written):
            return Name(written[1:])
        if re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", written):
            return datetime.fromisoformat(written).replace(tzinfo=self._zone)
        if span := re.fullmatch(r"(\d{1,9}) min", written):
            return timedelta(minutes=int(span[1]))
        if re.fullmatch(r"\d{1,9}", written):
            return int(written)
        return {"yes": True, "no": False}.get(written, written)


def load_desk(file: Path) -> DeskFile:
    """A desk from its file; raises DialplanError."""
    return Document(file, error=DialplanError).typed(DeskFile)


def _is_it(answer: Answer, arguments: Mapping[str, Value]) -> bool:
    number = _text(answer.values.get("order.number"))
    asked = _text(arguments.get("number")) or _text(arguments.get("tail"))
    return not asked or number.endswith(asked)


def _text(value: Value) -> str:
    return value.text if isinstance(value, Digits | Name) else "" if value is None else str(value)
