"""The stage `speech`: scripts into recordings, in shards that are files; a shard that exists is not made again."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import humans
from training.engines import Engine
from training.engines.espeak import Espeak, releases
from training.engines.festival import Festival
from training.engines.flite import Flite
from training.languages import Language, language
from training.languages.english import preload
from training.profile import Part, Profile
from training.recordings import digits_of, of_collections, of_many_digits, sources, split_of
from training.scripts import Writer, random_words
from training.telephone import long_no_speech, no_speech
from training.utterances import Recording, Script
from training.vocabulary import own_vocabulary
from training.warping import draw_warp


@dataclass(frozen=True, slots=True)
class Shard:
    """A slice of one part of the corpus: its file name tells the part and the number."""

    part: Part
    number: int
    count: int

    @property
    def name(self) -> str:
        return f"{self.part.name}-{self.number:02d}"


def shards(profile: Profile) -> list[Shard]:
    """The corpus of a profile, cut into shards of `shard_size` utterances."""
    cut = []
    for part in profile.speech:
        for number, start in enumerate(range(0, part.utterances, profile.shard_size)):
            cut.append(Shard(part, number, min(profile.shard_size, part.utterances - start)))
    return cut


def seed_of(profile: Profile, name: str) -> int:
    """A seed that is the same in every run for the same shard."""
    return profile.seed * 1_000_003 + zlib.crc32(name.encode())


def engine(part: Part, speaks: Language, work: Path, folder: int) -> Engine:
    """The engine a part asks for."""
    match part.engine.partition(":")[::2]:
        case "espeak", release:
            return Espeak(releases()[release], speaks.code, work, folder, part.split)
        case "flite", _:
            return Flite(speaks, part.voices, part.split)
        case "festival", _:
            return Festival(speaks, part.voices, part.split)
        case "tacotron", _:
            from training.engines.tacotron import Tacotron  # PyTorch, which other engines do without

            return Tacotron(speaks, part.voices, part.split)
    raise ValueError(f"part {part.name}: no engine {part.engine}")


def human_recordings(
    profile: Profile, shard: Shard, speaks: Language, folder: Path, random_: random.Random
) -> Iterator[Recording]:
    """A shard of single human recordings (`human:single`) or of strings put together from digits (`human:strings`)."""
    part = shard.part
    found = sources(speaks.code, folder)
    mine = [s for s in found if split_of(s, profile.held_out, profile.held_share) == part.split]
    mine = of_collections(mine, part.voices)
    digits = digits_of(speaks, mine)
    many = of_many_digits(digits)
    match part.engine:
        case "human:single":
            shard_count = -(-part.utterances // profile.shard_size)
            yield from humans.recordings(speaks, mine[shard.number :: shard_count], part.copies, random_)
        case "human:isolated":
            for source in humans.drawn(digits, shard.count, random_):
                change = draw_warp(random_, source.voice) if part.split == "train" else None
                if (said := humans.single(speaks, source, change, random_)) is not None:
                    yield said
        case "human:strings":
            for _ in range(shard.count):
                length = random_.randint(1, 12) if part.split == "train" else random_.randint(4, 12)
                said = humans.string(speaks, many, length, random_, warped=part.split == "train")
                if said is not None:
                    yield said
        case _:
            raise ValueError(f"part {part.name}: no human material called {part.engine}")


def make(profile: Profile, shard: Shard, work: Path, human: Path | None) -> Path:
    """Makes one shard unless it exists; returns its file."""
    target = work / profile.language / "speech" / f"{shard.name}.npz"
    if target.exists():
        return target
    random_ = random.Random(seed_of(profile, shard.name))
    speaks = language(profile.language)
    if shard.part.engine.startswith("no-speech"):
        nothing, sound = (
            Script("noise", (), (), ()),
            long_no_speech if shard.part.engine.endswith(":long") else no_speech,
        )
        made = [Recording(nothing, "nobody", sound(random_)) for _ in range(shard.count)]
    elif shard.part.engine.startswith("human"):
        if human is None:
            raise FileNotFoundError("the profile uses human recordings: name their folder with --human")
        made = list(human_recordings(profile, shard, speaks, human, random_))
    else:
        made = list(synthetic(profile, shard, speaks, work, random_))
    write(target, made)
    return target


def synthetic(
    profile: Profile, shard: Shard, speaks: Language, work: Path, random_: random.Random
) -> Iterator[Recording]:
    """A shard spoken by an engine; what an engine fails to say is left out."""
    words = own_vocabulary(profile.language)
    if profile.language == "en":
        preload([*words, *random_words("en")], work / "en" / "transcripts.json")
    writer = Writer(speaks, words)
    speaking = engine(shard.part, speaks, work, seed_of(profile, shard.name) % 4 + 4 * shard.number)
    for _ in range(shard.count):
        script = writer.draw(shard.part.mix or profile.mix, random_)
        said = speaking.say(script, random_)
        if said is not None and len(said.samples) > 800:
            yield said
    if isinstance(speaking, Festival):
        speaking.close()


def write(target: Path, made: Sequence[Recording]) -> None:
    """Recordings as one file: samples end to end, and JSON that says who says what where."""
    target.parent.mkdir(parents=True, exist_ok=True)
    about = [[r.speaker, r.script.kind, r.script.words, r.script.readings, r.script.phones] for r in made]
    ends = np.cumsum([len(r.samples) for r in made])
    samples = np.concatenate([r.samples for r in made]) if made else np.zeros(0, np.int16)
    partial = target.with_suffix(".partial.npz")
    np.savez(partial, samples=samples, ends=ends, about=np.array(json.dumps(about, ensure_ascii=False)))
    partial.rename(target)


def read(path: Path) -> list[Recording]:
    """The recordings of a shard."""
    with np.load(path) as file:
        samples, ends, about = file["samples"], file["ends"], json.loads(str(file["about"]))
    pieces = np.split(samples, ends[:-1])
    return [
        Recording(
            Script(kind, tuple(words), tuple(map(tuple, readings)), tuple(map(tuple, phones))), speaker, np.array(piece)
        )
        for (speaker, kind, words, readings, phones), piece in zip(about, pieces, strict=True)
    ]
