"""The stage `people`: digits of people who are only measured, alone and put together to strings, and numbers said in one go."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training import humans
from training.evaluation import UNKNOWN, Tally, condition, digit_grammar, digit_values
from training.languages import Language, language
from training.profile import Profile
from training.recognition import Decoder
from training.recordings import Source, digits_of, sources, split_of
from training.utterances import Recording

STRINGS_PER_SPEAKER = 12


@dataclass(slots=True)
class Row:
    """One collection: how many people said what, and how much of it was heard."""

    speakers: int = 0
    alone: Tally = field(default_factory=Tally)
    strings: Tally = field(default_factory=Tally)


def measure(model: Path, code: str, folder: Path) -> dict[str, Row]:
    """Every collection of a language that collections.yaml only measures, through µ-law at 8 kHz with the digit grammar."""
    speaks, decoder = language(code), Decoder(model)
    grammar = digit_grammar(speaks)
    by_speaker: dict[str, list[Source]] = defaultdict(list)
    for source in digits_of(speaks, sources(code, folder, measured=True)):
        by_speaker[source.speaker].append(source)
    rows: dict[str, Row] = defaultdict(Row)
    for speaker, said_by in sorted(by_speaker.items()):
        row = rows[speaker.split("/")[0]]
        row.speakers += 1
        random_ = random.Random(speaker)
        for tally, said in (
            (row.alone, _alone(speaks, said_by, random_)),
            (row.strings, _strings(speaks, said_by, random_)),
        ):
            for number, recording in enumerate(said):
                heard = decoder.hear(condition("clean", recording.samples, number), grammar)
                words = [word for word in heard.words if word != UNKNOWN]
                tally.add(digit_values(recording.script.words), digit_values(words), speaker)
    return dict(rows)


def in_one_go(model: Path, profile: Profile, folder: Path) -> dict[str, Tally]:
    """Numbers of two digits and more that people kept for tests said as one utterance, by collection; none where there are none."""
    speaks, decoder = language(profile.language), Decoder(model)
    grammar, said_by = digit_grammar(speaks), random.Random(1)
    tallies: dict[str, Tally] = defaultdict(Tally)
    for source in sources(profile.language, folder):
        kept = split_of(source, profile.held_out, profile.held_share) == "test"
        if not kept or len(source.words) < 2 or not set(source.words) <= set(speaks.digits):
            continue
        if (said := humans.single(speaks, source, None, said_by)) is not None:
            tally = tallies[source.speaker.split("/")[0]]
            heard = decoder.hear(condition("clean", said.samples, tally.utterances), grammar)
            words = [word for word in heard.words if word != UNKNOWN]
            tally.add(digit_values(source.words), digit_values(words), source.speaker)
    return dict(tallies)


def _alone(speaks: Language, recorded: Sequence[Source], random_: random.Random) -> Iterator[Recording]:
    for source in recorded:
        if (said := humans.single(speaks, source, None, random_)) is not None:
            yield said


def _strings(speaks: Language, recorded: Sequence[Source], random_: random.Random) -> Iterator[Recording]:
    for _ in range(STRINGS_PER_SPEAKER):
        length = random_.randint(4, 12)
        if (said := humans.string(speaks, recorded, length, random_, warped=False)) is not None:
            yield said


def table(rows: dict[str, Row]) -> str:
    """Markdown: per cent of digits right, insertions counted, per collection and over all."""
    whole = Row(sum(row.speakers for row in rows.values()))
    lines = ["| people | who | digits alone | | digits of strings | |", "|---|---|---|---|---|---|"]
    for name, row in rows.items():
        for into, tally in ((whole.alone, row.alone), (whole.strings, row.strings)):
            into.units, into.errors = into.units + tally.units, into.errors + tally.errors
        lines.append(_line(name, row))
    return "\n".join([*lines, _line("all", whole)])


def table_in_one_go(tallies: Mapping[str, Tally]) -> str:
    """Markdown: per cent of digits and of whole numbers right, per collection; a sentence where nobody said one."""
    if not tallies:
        return "Nobody kept for tests says a number of several digits in one go."
    rows = [
        f"| {name} | {t.accuracy:.1f} | of {t.units} | {t.utterances_right:.1f} | of {t.utterances} |"
        for name, t in sorted(tallies.items())
    ]
    return "\n".join(["| people | digits | | whole numbers | |", "|---|---|---|---|---|", *rows])


def _line(name: str, row: Row) -> str:
    figures = (f"{tally.accuracy:.1f} | of {tally.units}" for tally in (row.alone, row.strings))
    return f"| {name} | {row.speakers} | {' | '.join(figures)} |"
