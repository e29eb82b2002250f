"""What the caller wanted in one call, and whether the robot saw to it: the task part of the self-service rate (pure).

A matter is done when it was answered and nothing came of it that is still open. Open are: a refusal; a decision for a human;
an offer until one is carried out, and for good once all were declined (questions of where the order is excepted, which telling
answers); an action that the ledger has not as done; whatever a human was asked for. Tickets and callbacks are promises of work by
people and change nothing. A matter that comes up again is looked at anew, and a call is done when all of its matters are.
"""

from __future__ import annotations

TOLD = frozenset({"order_status", "delivery_time"})
LEFT_TO_PEOPLE = frozenset({"ticket", "open_ticket", "callback", "book_callback", "survey"})


class Matters:
    """The matters of one call, in the order in which they came up."""

    def __init__(self) -> None:
        self._done: dict[str, bool] = {}
        self._now = ""

    @property
    def all_done(self) -> bool:
        """Whether there was a matter, and none is open."""
        return bool(self._done) and all(self._done.values())

    def wanted(self, intent: str) -> None:
        """The caller wants this now; an answer will do unless more turns out to be needed."""
        self._now = intent
        self._done[intent] = True

    def decided(self, outcome: str, declined: bool) -> None:
        """The order desk decided: offer, refuse, inform or handoff; `declined`: the caller had turned offers down."""
        if outcome == "handoff" or self._now not in TOLD:
            self._is_done(outcome == "inform" and not declined)

    def acted(self, action: str, outcome: str) -> None:
        """An action was asked for, and this came of it."""
        if action not in LEFT_TO_PEOPLE:
            self._is_done(outcome == "done")

    def left_to_human(self) -> None:
        """A human was asked for, whatever came of it."""
        self._is_done(False)

    def _is_done(self, done: bool) -> None:
        if self._now:
            self._done[self._now] = done
