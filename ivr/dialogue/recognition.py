"""What the recogniser is told to expect: the phrases of a closed question, digits, or nothing at all (pure).

A closed question (yes or no, a choice, digits) is decoded against a phrase list, which small models hear far better than free
speech; universals and the shortest ways to say each intent are in the list too, so that a caller may still change their mind.
Words of danger are as well. Open questions decode freely.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from pypinyin import lazy_pinyin

from ivr.commands import Grammar
from ivr.dialogue import templates
from ivr.dialogue.meaning import DIGIT_SLOTS, UNIVERSALS, Expectation
from ivr.dialogue.understanding import Understanding
from ivr.events import Hypothesis
from ivr.values import Language

SAMPLED = 40
PER_ASIDE = 4
PER_ANSWER, PER_UNIVERSAL, PER_INTENT, PER_OPTION = 40, 6, 2, 12
LONGEST = {"zh": 6, "en": 20}
# A slot's own words in front of a number ("ends in …"), what callers say who haven't got it at hand, and hello to a line that seems
# dead, which without phrases of its own was an insult or a theft to the recogniser. Of 90 Mandarin numbers two more were heard right
# with the second sort; the third, with 三个 and the words for a telephone number, costs one of 60, and is heard itself. Of 240 English
# ones two fewer with these three, which is less than "just a moment" taken for "customer" costs; with twelve it was six of 150.
BESIDE_NUMBERS = {
    "zh": (
        *("尾号", "后四位", "订单号", "不对", "不是"),
        *("再说一遍", "等一下", "稍等", "等一下我找找", "稍等一下", "我找一下", "等我一下"),
        *("说慢一点", "没听清楚", "大声一点", "没有订单号", "不知道订单号", "我真的找不到"),
        *("喂", "喂喂", "听得到吗", "听得见吗", "两个", "三个", "四个", "手机号", "我手机号是", "能用手机号查吗"),
    ),
    "en": (
        *("ending in", "last four", "order number", "no", "sorry"),
        *("just a moment", "hold on a second", "say that again"),
    ),
}
# What callers put in front of their name, and what is said in place of one; no more, for each of them is taken for some name.
BESIDE_NAMES = {
    "zh": (
        *(
            "我叫",
            "我是",
            "我姓",
            "名字叫",
            "名字是",
            "姓名是",
            "收货人是",
            "收货人叫",
            "收件人是",
            "收件人叫",
            "下单人是",
            "叫做",
        ),
        *("人工", "转人工", "人工客服", "救命", "报警", "不知道", "再说一遍", "等一下", "不方便说", "没听清楚", "算了"),
    ),
    "en": (
        *("my name is", "the name is", "name is", "i am", "i'm", "it is", "it's", "that's", "this is"),
        *("agent", "a real person", "call the police", "i don't know", "say that again", "hold on", "never mind"),
    ),
}
# What a small model takes digits for: where digits are asked, phrases with such a word (such a syllable in a short Mandarin
# phrase) are left out, or "eight" becomes "raped" and 九 救命. Found by decoding some hundred numbers with the whole list.
_SOUND_LIKE_DIGITS: dict[Language, str] = {
    "zh": (
        "ling dong yi yao er liang san si wu liu qi guai ba jiu gou zan can dan shan qu xiu le chi ci zi shi fa cha tu pa"
    ),
    "en": (
        "to too do who you for fork food fire five's free say pay fake raped rape hate late paid ate wait ways was it hit did kill "
        "live i i'm am my a size sick sex six's screw won want even if on ever heaven support court straight please pissed rip ok "
        "breaking break broke hurry shit bitch bit bye me fuck fucking fucker"
    ),
}
# And what it takes plain answers for where yes or no is asked for: 对对 was 尾随, 同意 was 送医院, 好 was 锁号, 行 was 听不太清.
_SOUND_LIKE_ANSWERS: dict[Language, str] = {
    "zh": "尾随 送医院 锁号 我听不太清 太吵了听不清 你能余 余能",
    "en": "assault",
}
_LIKE_ANSWERS = {language: frozenset(phrases.split()) for language, phrases in _SOUND_LIKE_ANSWERS.items()}
_LIKE_DIGITS = {language: frozenset(words.split()) for language, words in _SOUND_LIKE_DIGITS.items()}
LONG_PHRASE = 4  # characters of Mandarin that digits aren't taken for
MARKS = frozenset(templates.SLOT_MARKS.values())


def grammar_for(understanding: Understanding, expectation: Expectation) -> Grammar:
    """The grammar for what a step wants to hear."""
    match expectation.wants:
        case "yes_no":
            asked = _what_else(understanding) if expectation.what_else else ()
            like = _LIKE_ANSWERS[understanding.language]
            beside = (phrase for phrase in common(understanding) if phrase not in like)
            return Grammar("limited", (*_answers(understanding), *asked, *beside))
        case "choice":
            said = [phrase for option in expectation.options for phrase in _option(understanding, option.phrases)]
            said += _places(understanding, len(expectation.options))
            said += _what_else(understanding) if expectation.what_else else ()
            said += _either(understanding) if expectation.either else ()
            return Grammar("limited", (*dict.fromkeys(said), *common(understanding)), digits="single")
        case "slot" if expectation.slot in DIGIT_SLOTS:
            language = expectation.language
            clear = [phrase for phrase in common(understanding) if not _like_digits(phrase, language)]
            return Grammar("limited", (*BESIDE_NUMBERS[language], *clear), digits="string")
        case "slot" if expectation.slot == "name":
            return Grammar("names", BESIDE_NAMES[expectation.language])
    return Grammar("open")


@lru_cache(maxsize=4096)
def _like_digits(phrase: str, language: Language) -> bool:
    """Whether digits could be taken for the phrase, or a part of it."""
    if language == "zh":
        return len(phrase) < LONG_PHRASE and not _LIKE_DIGITS["zh"].isdisjoint(lazy_pinyin(phrase))
    return not _LIKE_DIGITS["en"].isdisjoint(phrase.split())


@lru_cache(maxsize=8)
def common(understanding: Understanding) -> tuple[str, ...]:
    """What may be said at any step, in its short forms."""
    grammar = understanding.grammar
    found = dict.fromkeys(phrase for phrases in grammar.universals.anywhere.values() for phrase in phrases)
    found |= dict.fromkeys(phrase for phrases in grammar.universals.danger.values() for phrase in phrases)
    given_up = grammar.phrases(grammar.universals.never_mind)
    found |= dict.fromkeys(_shortest(understanding, given_up, PER_UNIVERSAL))
    for (
        nodes
    ) in grammar.asides.values():  # what callers say of them is said in whole sentences, not in the shortest that match
        found |= dict.fromkeys(phrase.strip() for phrase in some(nodes[0], PER_ASIDE))
    for intent, nodes in grammar.intents.items():
        if intent in UNIVERSALS:
            found |= dict.fromkeys(_shortest(understanding, nodes, PER_UNIVERSAL))
        elif intent not in ("yes", "no"):
            found |= dict.fromkeys(_shortest(understanding, nodes, PER_INTENT))
    return tuple(found)


@lru_cache(maxsize=8)
def _answers(understanding: Understanding) -> tuple[str, ...]:
    """Yes, no and what else is said to a closed question, as callers say it; without such words, a spread of the sentences for yes and no.

    A spread of templates lacks some of the plainest ("no", 确定) and has them made plain (好吧 is 好): of 232 answers in four synthetic
    Mandarin voices through a telephone's band, half with noise at 10 dB, 147 were understood with it, and 188 with the words of
    answers.yaml (好 was 锁号, a stolen account); of 204 in English 167 and 193.
    """
    if expected := understanding.grammar.answers.expected:
        return tuple(dict.fromkeys(expected))
    nodes = understanding.grammar.intents
    said = (_sampled(understanding, nodes.get(answer, ()), PER_ANSWER) for answer in ("yes", "no"))
    return tuple(dict.fromkeys(phrase for phrases in said for phrase in phrases))


@lru_cache(maxsize=8)
def _what_else(understanding: Understanding) -> tuple[str, ...]:
    """How callers ask for other choices, and turn down all of them."""
    grammar = understanding.grammar
    asked = _sampled(understanding, grammar.phrases(grammar.universals.what_else), PER_ANSWER)
    none = _shortest(understanding, grammar.intents.get("no", ()), PER_ANSWER)
    return tuple(dict.fromkeys((*asked, *none)))


@lru_cache(maxsize=8)
def _either(understanding: Understanding) -> tuple[str, ...]:
    """How callers say that any choice will do."""
    grammar = understanding.grammar
    return tuple(_sampled(understanding, grammar.phrases(grammar.universals.either), PER_OPTION))


@lru_cache(maxsize=32)
def _places(understanding: Understanding, count: int) -> tuple[str, ...]:
    """How callers choose the first, the second, the last of so many."""
    ordinals = understanding.grammar.universals.ordinals
    wanted = [*(str(place) for place in range(1, count + 1)), "last"]
    nodes = [understanding.grammar.phrases(ordinals[place]) for place in wanted if place in ordinals]
    return tuple(dict.fromkeys(phrase for each in nodes for phrase in _sampled(understanding, each, PER_OPTION)))


def spoken_phrases(understanding: Understanding) -> Iterator[str]:
    """A spread of everything that callers may say, values left out."""
    grammar = understanding.grammar
    for nodes in (*grammar.intents.values(), *grammar.asides.values()):
        for node in nodes:
            for said in some(node, PER_OPTION):
                yield "".join(" " if char in MARKS else char for char in said).strip()


def warm(understanding: Understanding) -> None:
    """Work out beforehand what the first caller would else wait for."""
    _answers(understanding)
    common(understanding)
    understanding.matcher.warm()
    understanding.asides.warm()
    understanding.understand((Hypothesis("？", 1.0),), Expectation(language=understanding.language))


def _option(understanding: Understanding, phrases: Iterable[str]) -> Iterator[str]:
    for node in understanding.grammar.phrases(tuple(phrases)):
        yield from (phrase.strip() for phrase in some(node, PER_OPTION))


def _sampled(understanding: Understanding, nodes: Iterable[templates.Node], most: int) -> list[str]:
    """Sentences of templates, short ones first."""
    return _short(understanding, (phrase for node in nodes for phrase in some(node, SAMPLED)), most)


def _shortest(understanding: Understanding, nodes: Iterable[templates.Node], most: int) -> list[str]:
    """The shortest sentence of each template, the shortest ones first."""
    return _short(understanding, (_least(node) for node in nodes), most)


def _short(understanding: Understanding, said: Iterable[str], most: int) -> list[str]:
    longest = LONGEST[understanding.language]
    fit = {phrase.strip() for phrase in said if not MARKS.intersection(phrase) and 0 < len(phrase.strip()) <= longest}
    return sorted(fit, key=lambda phrase: (len(phrase), phrase))[:most]


def some(node: templates.Node, most: int) -> list[str]:
    """At most so many sentences of a template, spread over its parts; all of them where there are no more."""
    match node:
        case templates.Text(text):
            return [text]
        case templates.SlotMark(kind):
            return [templates.SLOT_MARKS[kind]]
        case templates.Choice(options):
            return _spread([sentence for option in options for sentence in some(option, most)], most)
        case templates.Sequence(parts):
            built = [""]
            for part in parts:
                tails = some(part, most)
                built = _spread([head + tail for head in built for tail in tails], most)
            return built


def _spread(sentences: list[str], most: int) -> list[str]:
    step = max(1, -(-len(sentences) // most))
    return sentences[::step]


def _least(node: templates.Node) -> str:
    """The shortest sentence of a template, without writing out the others; one with a value is as long as it gets."""
    match node:
        case templates.Text(text):
            return text
        case templates.SlotMark(kind):
            return templates.SLOT_MARKS[kind]
        case templates.Choice(options):
            return min(
                (_least(option) for option in options), key=lambda each: (bool(MARKS.intersection(each)), len(each))
            )
        case templates.Sequence(parts):
            return "".join(_least(part) for part in parts)
