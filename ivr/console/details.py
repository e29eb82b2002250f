"""What an action wants to know before it can be done: the size or colour wished for, a new address (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from order_lookup.phones import normal_phone

Problem = Literal["", "missing", "long", "wrong"]
# "换成黑色的" and "黑色" are the same wish: it is kept in the words in which the robot keeps it.
_BEFORE = re.compile(r"^(?:换货|换成|换|改成|改|成)+[ :：,，]*")
_AFTER = re.compile(r"[的吧。.,，!！ ]+$")


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail by the ledger's name, and how many characters it has at most."""

    name: str
    longest: int

    def problem(self, written: str) -> Problem:
        """What is wrong with what was written; empty when nothing is."""
        text = _plain(written)
        if len(text) > self.longest:
            return "long"
        if not (_wish(text) if self.name == "variant" else text):
            return "missing"
        return "wrong" if self.name == "phone" and not normal_phone(text) else ""

    def kept(self, written: str, language: str) -> str:
        """As the ledger keeps it: a wish in the robot's words ("换成大一码", "a larger size")."""
        text = _plain(written)
        if self.name != "variant":
            return text
        return f"换成{_wish(text)}" if language == "zh" else text


DETAILS: Mapping[str, Detail] = {
    "exchange": Detail("variant", 80),
    "change_address": Detail("address", 200),
    "change_phone": Detail("phone", 40),
    "change_note": Detail("note", 200),
}


def _plain(written: str) -> str:
    """One line of characters that can be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in written).split())


def _wish(text: str) -> str:
    return _AFTER.sub("", _BEFORE.sub("", text))
