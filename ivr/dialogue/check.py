"""`ivr check`: proves of the dialplans and prompts what would otherwise be found out by a caller (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.dialogue.loading import Dialplans, Spoken
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.proofs.listening import listening
from ivr.dialogue.proofs.references import references
from ivr.dialogue.proofs.roads import roads
from ivr.dialogue.proofs.saying import saying
from ivr.dialogue.proofs.understood import understood
from ivr.dialogue.proofs.ways import explore
from ivr.document import nearest
from ivr.errors import Place


def check(dialplans: Dialplans, start: str = "hotline", served: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """Everything that is wrong, in the order of files and lines; warnings last. `served`: the queues that agents serve."""
    findings = [finding for spoken in dialplans.spoken.values() for finding in _check(dialplans, spoken, start, served)]
    return tuple(sorted(set(findings), key=lambda each: (each.warning, each)))


def _check(dialplans: Dialplans, spoken: Spoken, start: str, served: frozenset[str]) -> Iterator[Finding]:
    if start not in spoken.trees:
        fix = nearest(start, list(spoken.trees))
        yield Finding.at(Place(dialplans.folder), f"there is no start dialplan `{start}` in {spoken.language}", fix)
        return
    named = list(references(spoken, start, served))
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
    yield from saying(ways)


def faults(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that forbid to use the dialplans."""
    return tuple(finding for finding in findings if not finding.warning)
