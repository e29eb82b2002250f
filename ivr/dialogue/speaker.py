"""What the robot is about to say: prompts gathered step by step until one `Play` says them (pure)."""

from __future__ import annotations

from datetime import datetime

from ivr.commands import Prompt
from ivr.dialogue.memory import Memory
from ivr.dialogue.prompts import PromptBook


class Speaker:
    """The prompts of the turn to come, and of the last question, so that it can be repeated."""

    def __init__(self, book: PromptBook, memory: Memory) -> None:
        self.book, self.memory = book, memory
        self.rate = 1.0
        self.sensitive = False
        self._gathered: list[Prompt] = []
        self._last: tuple[Prompt, ...] = ()

    def say(self, prompt: str, now: datetime, variant: str = "") -> bool:
        """Gather a prompt, or its variant; False where there is nothing to say."""
        made = self.book.prompt(prompt, self.memory, now, variant=variant, rate=self.rate, sensitive=self.sensitive)
        if made is not None:
            self._gathered.append(made)
        return made is not None

    def again(self) -> None:
        """Gather what was said last, at the rate of now."""
        self._gathered += [
            Prompt(each.id, each.text, each.language, self.rate, each.recordable, each.sensitive) for each in self._last
        ]

    def take(self) -> tuple[Prompt, ...]:
        """Everything gathered, once."""
        taken = tuple(self._gathered)
        self._gathered.clear()
        self._last = taken or self._last
        return taken
