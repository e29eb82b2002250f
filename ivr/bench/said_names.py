"""Names said in the synthetic caller's voices, heard by the bundled recogniser, and held against the name we know, with no telephone between.

Half of them come with words in front ("我叫 …"). Each is held against the right name, and against another person's of the same
length: in Mandarin with as many characters, in English with as many words.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.bench.heard_numbers import CONDITIONS, PITCHES
from ivr.bench.telephone_numbers import SPEEDS, VOICES
from ivr.caller.speaker import Line, Speaker
from ivr.dialogue.loading import load_dialplans
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.recognition import grammar_for
from ivr.dialogue.understanding import Understanding
from ivr.events import Hypothesis
from ivr.speech.audio import TELEPHONE
from ivr.speech.conditions import condition
from ivr.speech.phrases import NAME_READINGS, wanted
from ivr.speech.recogniser import Recogniser
from ivr.values import Language, Name
from order_lookup.claims import same_name
from order_lookup.spoken_names import same_by_sound

_FRAME_BYTES = TELEPHONE.bytes_per_second // 10
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔"
    "康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN = (
    "伟芳娜敏静强磊洋艳勇军杰娟涛明超秀霞平刚桂英华玉兰红建国文志丽春梅海燕婷雪琳浩宇轩子涵梓萱欣怡晨曦俊峰鹏飞鑫博晓东冬云龙凤琴珍莉荣思佳嘉诗瑶美玲倩颖婧雅慧立"
    "新宏斌彬辉永健康安宁一帆天翔昊然泽恩语桐若溪依诺淑贞月香金"
)
_FIRST = (
    "james mary robert jennifer michael linda david elizabeth william barbara richard susan joseph jessica thomas sarah charles karen "
    "daniel lisa matthew nancy anthony betty mark sandra paul ashley steven emily andrew donna kevin michelle brian carol george amanda "
    "edward melissa jason laura ryan cynthia jacob amy gary angela eric emma oliver sophia henry grace lucas mia anna alice hannah"
)
_LAST = (
    "smith johnson williams brown jones miller davis wilson anderson thomas taylor moore jackson martin lee thompson white harris clark "
    "lewis robinson walker young allen king wright scott hill green adams baker nelson carter mitchell roberts turner phillips campbell "
    "parker evans edwards collins stewart morris murphy cook rogers morgan cooper peterson bailey reed kelly howard cox ward"
)
_BEFORE: dict[Language, tuple[str, ...]] = {"zh": ("我叫", "收货人是"), "en": ("my name is ", "it's ")}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many names were said, the shares of them that proved, and of other people's names that were taken for them."""

    said: int
    right: float
    other: float
    as_written: float  # what would prove if letters counted, as they do where a colleague types the name


def names(language: Language, count: int, dice: random.Random) -> list[str]:
    """So many names, drawn at random."""
    if language == "zh":
        return [dice.choice(_SURNAMES) + "".join(dice.choices(_GIVEN, k=dice.choice((1, 2, 2)))) for _ in range(count)]
    return [f"{dice.choice(_FIRST.split())} {dice.choice(_LAST.split())}".title() for _ in range(count)]


async def measure(root: Path, language: Language, count: int, seed: int) -> Tally:
    """So many names said, each once; the models are those of `root`."""
    understanding = load_dialplans(root / "dialplans", root / "prompts").spoken[language].understanding
    recogniser, speaker = Recogniser(root / "models" / f"{language}-small"), Speaker()
    dice = random.Random(f"{seed} names {language}")
    known = names(language, count, dice)
    right = other = written = 0
    try:
        for place, name in enumerate(known):
            heard = await _heard(understanding, recogniser, speaker, name, place, dice)
            stranger = dice.choice([each for each in known if each != name and _alike(each, name)])
            right += same_by_sound(heard.readings, name)
            other += same_by_sound(heard.readings, stranger)
            written += same_name(heard.text, name)
    finally:
        await speaker.stop()
    return Tally(count, right / count, other / count, written / count)


def _alike(one: str, other: str) -> bool:
    return (len(one) if not one.isascii() else 0) == (len(other) if not other.isascii() else 0)


async def _heard(
    understanding: Understanding, recogniser: Recogniser, speaker: Speaker, name: str, place: int, dice: random.Random
) -> Name:
    """The name as the dialogue has it after one answer; empty where it has none."""
    language = understanding.language
    asked = Expectation(wants="slot", language=language, slot="name")
    said = (dice.choice(_BEFORE[language]) if place % 2 else "") + name
    line = Line(said, language, VOICES[place % len(VOICES)], dice.choice(SPEEDS), dice.choice(PITCHES))
    await speaker.prepare([line])
    silence = np.zeros(TELEPHONE.rate // 3, np.int16)
    sound = np.concatenate([silence, speaker.sound(line), silence])
    pcm = condition(CONDITIONS[place % len(CONDITIONS)])(sound, place).tobytes()
    utterance = recogniser.utterance(
        wanted(language, grammar_for(understanding, asked)), "names", alternatives=NAME_READINGS
    )
    for piece in _pieces(pcm):
        utterance.feed(piece)
    return _understood(understanding, utterance.finish(), asked)


def _pieces(pcm: bytes) -> Iterator[bytes]:
    yield from (pcm[at : at + _FRAME_BYTES] for at in range(0, len(pcm), _FRAME_BYTES))


def _understood(understanding: Understanding, hypotheses: tuple[Hypothesis, ...], asked: Expectation) -> Name:
    slot = understanding.understand(hypotheses, asked).slot("name")
    return slot.value if slot is not None and isinstance(slot.value, Name) else Name("")
