"""`ivr check`: proves of the dialplans and prompts what would otherwise be found out by a caller (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ivr.dialogue.loading import Dialplans, Spoken
from ivr.dialogue.proofs.decided import Rules, decided
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.proofs.listening import listening
from ivr.dialogue.proofs.references import references
from ivr.dialogue.proofs.roads import roads
from ivr.dialogue.proofs.saying import saying
from ivr.dialogue.proofs.understood import understood
from ivr.dialogue.proofs.ways import explore
from ivr.document import nearest
from ivr.errors import Place
from ivr.values import Language


@dataclass(frozen=True, slots=True)
class House:
    """What dialplans must fit: the queues that agents serve, the languages answered in, the order desk's rules, the queues that close."""

    served: frozenset[str] = frozenset()
    languages: frozenset[Language] = frozenset()
    rules: Rules | None = None
    closing: frozenset[str] = frozenset()


def check(dialplans: Dialplans, start: str = "hotline", house: House | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong, in the order of files and lines; warnings last."""
    house = house or House()
    findings = [finding for spoken in dialplans.spoken.values() for finding in _check(dialplans, spoken, start, house)]
    for language in sorted(house.languages - dialplans.spoken.keys()):
        what = f"calls are answered in {language}, and there is no folder `{language}`"
        fix = "make it, or take the language out of `dialplan` in config.yaml"
        findings.append(Finding.at(Place(dialplans.folder), what, fix))
    return tuple(sorted(set(findings), key=lambda each: (each.warning, each)))


def _check(dialplans: Dialplans, spoken: Spoken, start: str, house: House) -> Iterator[Finding]:
    if start not in spoken.trees:
        fix = nearest(start, list(spoken.trees))
        yield Finding.at(Place(dialplans.folder), f"there is no start dialplan `{start}` in {spoken.language}", fix)
        return
    named = list(references(spoken, start, house.served, house.closing))
    yield from named
    yield from listening(spoken)
    yield from understood(spoken)
    if (
        any(not finding.warning for finding in named)
        and spoken.trees[start].file.start not in spoken.trees[start].steps
    ):
        return
    ways = explore(spoken, start)
    yield from roads(ways)
    yield from saying(ways, bool(house.closing))
    if house.rules is not None:
        yield from decided(ways, house.rules)


def faults(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that forbid to use the dialplans."""
    return tuple(finding for finding in findings if not finding.warning)
