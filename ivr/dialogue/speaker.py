"""What the robot is about to say: prompts gathered step by step until one `Play` says them (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ivr.commands import Prompt
from ivr.dialogue.memory import Memory
from ivr.dialogue.prompts import PromptBook


class Speaker:
    """The prompts of the turn to come, and of the last one, so that it can be repeated."""

    def __init__(self, book: PromptBook, memory: Memory, rate: float = 1.0) -> None:
        self.book, self.memory, self.rate = book, memory, rate
        self._gathered: list[Prompt] = []
        self._last: tuple[Prompt, ...] = ()
        self._aside = False

    def say(self, prompt: str, now: datetime, variant: str = "", sensitive: bool = False) -> bool:
        """Gather a prompt, or its variant; False where there is nothing to say."""
        made = self.book.prompt(prompt, self.memory, now, variant=variant, rate=self.rate, sensitive=sensitive)
        if made is not None:
            self._gathered.append(made)
        return made is not None

    def borrow(self, book: PromptBook, prompt: str, now: datetime) -> None:
        """Gather a prompt of another language, in its voice, where it is written."""
        made = book.prompt(prompt, self.memory, now, rate=self.rate)
        self._gathered += [made] if made is not None else []

    def drop(self) -> None:
        """Say nothing of what was gathered."""
        self._gathered.clear()

    def again(self) -> None:
        """Gather what was said last, at the rate of now."""
        self._gathered += [replace(each, rate=self.rate) for each in self._last]

    def aside(self) -> None:
        """What is gathered is no question: asked to repeat, the robot says what it said before."""
        self._aside = True

    def take(self) -> tuple[Prompt, ...]:
        """Everything gathered, once."""
        taken = tuple(self._gathered)
        self._gathered.clear()
        if not self._aside:
            self._last = taken or self._last
        self._aside = False
        return taken
