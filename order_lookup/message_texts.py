"""What is written to a customer once something is done, and which values it may name."""

from __future__ import annotations

from string import Formatter
from typing import Literal, Self

from pydantic import model_validator

from strict_yaml import Strict, nearest

MessageName = Literal["cancel", "refund", "coupon", "done", "unreached"]
# Policies of before there was this text go on without it: nobody is written to then.
OPTIONAL = frozenset({"unreached"})
MESSAGE_VALUES = ("shop", "tail", "amount", "days", "receipt")


class MessageTexts(Strict):
    """A message in both languages."""

    zh: str
    en: str

    @model_validator(mode="after")
    def _can_be_filled_in(self) -> Self:
        """A text that can't would only be noticed once the money has gone."""
        for text in (self.zh, self.en):
            for _, name, written_as, conversion in Formatter().parse(text):
                if name is not None and (name not in MESSAGE_VALUES or written_as or conversion):
                    raise ValueError(f"{{{name}}} can't be filled in; {nearest(name, [*MESSAGE_VALUES])}")
        return self
