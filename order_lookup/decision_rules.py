"""The book of decisions: decisions.yaml, validated.

For each intent an ordered list of rules; the first whose conditions hold decides. A rule says what may be offered, whose
queue a human comes from, and which ticket category a matter belongs to. `escalations` come before the rules of the
intents they name, `extras` add offers to whatever was decided. The last rule of every intent has no condition, so that
each intent × situation pair is decided; the book is refused otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from order_lookup.errors import MistakeError, PolicyError
from order_lookup.offer_names import ALWAYS_POSSIBLE, OfferName
from order_lookup.words import Intent, Kind, Situation, Stage
from strict_yaml import Document, Strict, nearest, told

# As long as the ledger's column; the names are the dialplans'.
IntentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Conditions(Strict):
    """When a rule speaks: all of `when`, one of `any`, none of `unless`, and the order of this kind and stage."""

    when: frozenset[Situation] = frozenset()
    any: frozenset[Situation] = frozenset()
    unless: frozenset[Situation] = frozenset()
    kind: Kind | None = None
    stage: frozenset[Stage] = frozenset()

    @property
    def always(self) -> bool:
        """Whether nothing is asked."""
        return not (self.when or self.any or self.unless or self.kind or self.stage)

    def hold(self, situations: frozenset[Situation], kind: Kind | None, stage: Stage | None) -> bool:
        """Whether the rule speaks; a condition on kind or stage never holds without an order."""
        if self.kind is not None and kind is not self.kind:
            return False
        if self.stage and stage not in self.stage:
            return False
        if self.any and not self.any & situations:
            return False
        return self.when <= situations and not self.unless & situations


class Rule(Conditions):
    """One row of the book."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    offer: tuple[OfferName, ...] = ()
    handoff: str | None = None
    ticket: str | None = None
    refuses: bool = False


class IntentRules(Strict):
    """How an intent is decided."""

    needs_order: bool = False
    claims: frozenset[Situation] = frozenset()  # what the caller says is so by asking for this
    ticket: str
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class Escalation(Rule):
    """A rule that comes before the rules of the intents it names (all if none)."""

    intents: frozenset[IntentName] = frozenset()


class Extra(Conditions):
    """Offers added to what an intent's rule has decided."""

    intents: Annotated[frozenset[IntentName], Field(min_length=1)]
    offer: Annotated[tuple[OfferName, ...], Field(min_length=1)]


class DecisionBook(Strict):
    """decisions.yaml."""

    escalations: tuple[Escalation, ...]
    extras: tuple[Extra, ...]
    intents: dict[IntentName, IntentRules]

    @classmethod
    def read(cls, path: Path, queues: Collection[str], tickets: Collection[str]) -> Self:
        """The book of a file; PolicyError with file and line for anything it can't mean."""
        document = Document(path, PolicyError)
        book = document.typed(cls)
        _Proof(document, frozenset(queues), frozenset(tickets)).check(book)
        return book

    def of(self, intent: str) -> IntentRules:
        """An intent's rules; MistakeError for one that isn't in the book."""
        if intent not in self.intents:
            near = nearest(intent, [*self.intents])
            raise MistakeError(told(f"decisions.yaml decides nothing about the intent `{intent[:40]}`", near))
        return self.intents[intent]

    def reasons(self, intent: str) -> frozenset[str]:
        """The names of all rules that may decide about an intent."""
        escalations = {each.rule for each in self.escalations if intent in each.intents}
        return frozenset(escalations | {rule.rule for rule in self.of(intent).rules})

    def rule(self, intent: str, situations: frozenset[Situation], kind: Kind | None, stage: Stage | None) -> Rule:
        """The rule that decides."""
        for escalation in self.escalations:
            if intent in escalation.intents and escalation.hold(situations, kind, stage):
                return escalation
        return next(rule for rule in self.of(intent).rules if rule.hold(situations, kind, stage))

    def extra_offers(
        self, intent: str, situations: frozenset[Situation], kind: Kind | None, stage: Stage | None
    ) -> tuple[OfferName, ...]:
        """What is offered besides."""
        return tuple(
            name
            for extra in self.extras
            if intent in extra.intents and extra.hold(situations, kind, stage)
            for name in extra.offer
        )


class _Proof:
    """Proves that a book decides everything and names only what exists."""

    def __init__(self, document: Document, queues: frozenset[str], tickets: frozenset[str]) -> None:
        self.document, self.queues, self.tickets = document, queues, tickets
        self.seen: set[str] = set()

    def check(self, book: DecisionBook) -> None:
        """PolicyError at the first thing wrong."""
        for intent in Intent:
            if intent not in book.intents:
                own = [name for name in book.intents if name not in set(Intent)]
                meant = [name for name in get_close_matches(intent.value, own, n=1, cutoff=0.7)]
                fix = f"is `{meant[0]}` meant?" if meant else "every intent must be decided"
                self._fail(("intents", *meant), f"no rules for {intent.value}", fix)
        for place, escalation in enumerate(book.escalations):
            self._rule(escalation, ("escalations", place))
            self._known(book, escalation.intents, ("escalations", place, "intents"))
        for place, extra in enumerate(book.extras):
            self._known(book, extra.intents, ("extras", place, "intents"))
        for name, rules in book.intents.items():
            self._intent(name, rules)

    def _known(self, book: DecisionBook, named: Collection[str], where: tuple[str | int, ...]) -> None:
        for intent in sorted(named):
            if intent not in book.intents:
                self._fail(where, f"there are no rules for `{intent}`", nearest(intent, [*book.intents]))

    def _intent(self, intent: str, rules: IntentRules) -> None:
        where = ("intents", intent)
        if rules.ticket not in self.tickets:
            self._fail((*where, "ticket"), f"no ticket category `{rules.ticket}`", self._near(rules.ticket))
        for place, rule in enumerate(rules.rules):
            self._rule(rule, (*where, "rules", place))
            last = place == len(rules.rules) - 1
            if rule.always and not last:
                what, fix = f"`{rule.rule}` always holds", "the rules after it are never reached: move it to the end"
                self._fail((*where, "rules", place), what, fix)
            if last and not rule.always:
                what, fix = f"`{rule.rule}` is the last rule and may not hold", "the last rule must have no condition"
                self._fail((*where, "rules", place), what, fix)

    def _rule(self, rule: Rule, where: tuple[str | int, ...]) -> None:
        if rule.rule in self.seen:
            self._fail((*where, "rule"), f"the name `{rule.rule}` is taken", "each rule needs its own")
        self.seen.add(rule.rule)
        if rule.handoff is not None and rule.handoff not in self.queues:
            self._fail((*where, "handoff"), f"no queue `{rule.handoff}`", nearest(rule.handoff, [*self.queues]))
        if rule.ticket is not None and rule.ticket not in self.tickets:
            self._fail((*where, "ticket"), f"no ticket category `{rule.ticket}`", self._near(rule.ticket))
        if rule.refuses and not rule.handoff and not ALWAYS_POSSIBLE & set(rule.offer):
            choices = ", ".join(sorted(ALWAYS_POSSIBLE))
            self._fail(where, f"`{rule.rule}` refuses without a substitute", f"hand off or offer one of {choices}")

    def _near(self, ticket: str) -> str:
        return nearest(ticket, [*self.tickets])

    def _fail(self, where: tuple[str | int, ...], what: str, fix: str) -> None:
        raise PolicyError(what, fix, self.document.place(*where))
