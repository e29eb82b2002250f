"""Where a call is in its dialplans: a stack of trees, the questions gone by, and how often each was asked (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """A step of a tree."""

    tree: str
    step: str

    def __str__(self) -> str:
        return f"{self.tree}.{self.step}"


Stack = tuple[Frame, ...]


class Position:
    """The stack of one call; the last frame is where it is, those before wait for their calls to return."""

    def __init__(self, tree: str, step: str) -> None:
        self.stack: Stack = (Frame(tree, step),)
        self._asked: list[Stack] = []
        self._visits: Counter[Frame] = Counter()
        self.trail: list[Frame] = [self.here]

    @property
    def here(self) -> Frame:
        """The step being carried out."""
        return self.stack[-1]

    def go(self, step: str) -> None:
        """Move to another step of this tree."""
        self.stack = (*self.stack[:-1], Frame(self.here.tree, step))
        self.trail.append(self.here)

    def enter(self, tree: str, start: str) -> None:
        """Begin another tree; this step waits."""
        self.stack = (*self.stack, Frame(tree, start))
        self.trail.append(self.here)

    def leave(self) -> bool:
        """Go back to the step that called; False in the outermost tree, where there is none."""
        if len(self.stack) == 1:
            return False
        self.stack = self.stack[:-1]
        return True

    def jump(self, stack: Stack, step: str) -> None:
        """Drop what was under way above a stack, and go to a step of its last tree."""
        self.stack = (*stack[:-1], Frame(stack[-1].tree, step))
        self.trail.append(self.here)

    def restore(self, stack: Stack) -> None:
        """Be where the call was before."""
        self.stack = stack
        self.trail.append(self.here)

    def asked(self) -> int:
        """Note that the question of this step is asked, for `back`; how often it was since the matter began."""
        if not self._asked or self._asked[-1] != self.stack:
            self._asked.append(self.stack)
        self._visits[self.here] += 1
        return self._visits[self.here]

    def back(self) -> bool:
        """Go to the question before this one; False where there is none."""
        if len(self._asked) < 2:
            return False
        self._asked.pop()
        self.stack = self._asked.pop()
        self.trail.append(self.here)
        self._visits[self.here] -= 1
        return True

    def no_way_back(self) -> None:
        """Something was done: questions before it can't be gone back to."""
        self._asked.clear()

    def fresh_matter(self) -> None:
        """Something new begins: questions may be asked again."""
        self._visits.clear()
