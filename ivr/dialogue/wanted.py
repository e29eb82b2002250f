"""What the step asked for, taken from an utterance: yes or no, an option, a value, an order number (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ivr.dialogue import numbers_en, numbers_zh, order_number
from ivr.dialogue.answer_words import AnswerWords
from ivr.dialogue.answers import Said
from ivr.dialogue.corrected_number import plain_number
from ivr.dialogue.digits_asked import chosen, without_words
from ivr.dialogue.meaning import DIGIT_SLOTS, OUT_OF_SCOPE, UNIVERSALS, Completeness, Expectation, Interpretation, Slot
from ivr.dialogue.normal_text import plain
from ivr.dialogue.order_number import Decoded
from ivr.dialogue.slots import Found
from ivr.events import Hypothesis
from ivr.values import Digits, Money, Name, Value

if TYPE_CHECKING:
    from ivr.dialogue.understanding import Understanding

_ANOTHER_WISH = 0.88
_NAMED = 0.9  # an option that is in the sentence, letter by letter, is at least so sure
MISHEARD_DIGITS = 2
_BESIDE = ("help", "repeat", "wait")
_OF_WORDS = ("address", "name")  # a number is a sentence about an order, too
_IN_WORDS = ("address", "free")  # a mere yes to "which address?" is none
SHORTEST_TAIL = 4
PHONE = 11


def closed_up(text: str) -> str:
    """Mandarin as one string: recognisers put blanks between words."""
    return re.sub(
        r"(?<=[\u4e00-\u9fff〇])\s+(?=[\u4e00-\u9fff〇])|(?<=[\u4e00-\u9fff])\s+(?=\d)|(?<=\d)\s+(?=[\u4e00-\u9fff])",
        "",
        text,
    )


def answer(understanding: Understanding, said: Said, expectation: Expectation) -> Interpretation | None:
    """The answer to what the step wants, or None where the utterance holds none."""
    choices, options = understanding.choices, expectation.options
    if expectation.what_else and (asked := choices.what_else(said)) is not None:
        return asked
    if expectation.either and (any_of_them := choices.either(said)) is not None:
        return any_of_them
    if expectation.wants in ("slot", "intent") and (given_up := choices.never_mind(said)) is not None:
        return given_up
    match expectation.wants:
        case "yes_no":
            return _yes_no(understanding, said)
        case "choice" if options:
            named, placed = choices.option(said, options), choices.place(said, options)
            found = max((each for each in (named, placed) if each), key=lambda each: each.score, default=None)
            # "when will I get it" has a sound of "two" in it, and is a sentence of its own.
            guessed = found is not None and found.score < _NAMED and understanding.matcher.is_sentence(said.sentence)
            return None if guessed else found
        case "slot":
            return _slot(understanding, said, expectation)
        case _:
            return None


def order_slots(
    understanding: Understanding,
    bare: str,
    hypotheses: Sequence[Hypothesis],
    found: Sequence[Found],
    expectation: Expectation,
) -> tuple[Slot, ...]:
    """The order number of an utterance, decoded over N-best; none where no digits are meant as one."""
    meant = [each for each in found if each.kind == "order_number"]
    wanted = expectation.wants == "slot" and expectation.slot == "order_number"
    fragment = _correction(understanding, bare, expectation)
    if fragment is not None:
        return (_order(understanding, [Hypothesis(number, 1.0) for number in fragment], bare, expectation),)
    if not meant and not wanted:
        return ()
    spoken = [
        Hypothesis(plain_number(each.text, understanding.language, understanding.pattern), each.confidence)
        for each in hypotheses
    ]
    if not wanted:
        words = " ".join(
            ("尾号" if understanding.language == "zh" else "ending in ") * each.tail + each.text for each in meant
        )
        spoken = [Hypothesis(words, 1.0)]
    slot = _order(understanding, spoken, bare, expectation)
    return (slot,) if slot.decoded and any(len(r.digits) >= 3 for r in slot.decoded.readings) else ()


# "不取消了", "not the refund": what follows is what they don't want; "不，我要退款" and "no i want a refund" are a wish.
_REFUSED = re.compile(r"\s*(?:(?:不|别|没有)[了是的]*(?![了是的我你您帮给想能请这那麻先换改])|not\b)")


def completeness(text: str, expectation: Expectation, understanding: Understanding) -> Completeness:
    """How done an utterance is: digits to come count as in a number, a word that wants another as incomplete."""
    text = closed_up(text).strip(" ,.!?，。！？")
    if not text:
        return "incomplete"
    numeric = expectation.slot in DIGIT_SLOTS
    find = numbers_zh.find if understanding.language == "zh" else numbers_en.find
    numbers = without_words(find(text), text, understanding.language) if numeric else find(text)
    if numbers and numbers[-1].end >= len(text) - 1 and (numeric or len(numbers[-1].digits) >= 2):
        return _number_done(text, expectation, understanding)
    if expectation.wants == "yes_no" and understanding.choices.is_whole_answer(understanding.normal.text(text)):
        return "complete"  # 是, 不是 and 要 would want another word elsewhere
    if numeric and _says_so(text[numbers[-1].end if numbers else 0 :], understanding):
        return "complete"  # "I have no order number" ends with the words that want a number
    if not understanding.answer_words.is_unfinished(text):
        if not (numeric and numbers):
            return "complete"
        # Among digits, a word that nobody says there is one of them badly heard; among words, a digit is.
        length = len(text if understanding.language == "zh" else text.split())
        return "in_number" if 2 * sum(len(number.digits) for number in numbers) > length else "incomplete"
    # "My order number is …": the caller is looking for it.
    return "in_number" if numeric and expectation.wants == "slot" else "incomplete"


def _says_so(text: str, understanding: Understanding) -> bool:
    """Whether words beside a number are a wish or an answer as they stand."""
    sentence = understanding.normal.text(text)
    if not sentence.strip():
        return False
    return understanding.markers.anywhere(sentence) is not None or understanding.matcher.is_sentence(sentence)


def _number_done(text: str, expectation: Expectation, understanding: Understanding) -> Completeness:
    """How done a number is, a correction in the middle of it laid over what it corrects."""
    find = numbers_zh.find if understanding.language == "zh" else numbers_en.find
    said = plain_number(text, understanding.language, understanding.pattern)
    numbers, whole = find(said), understanding.pattern.length
    digits = "".join(number.digits for number in numbers)
    if expectation.wants == "slot":
        length = expectation.digits or {"order_number": whole, "phone": PHONE}.get(expectation.slot or "", 0)
        if order_number.looks_like_phone(digits) and names_phone(understanding.variants.find(text)):
            return "complete"
        if not length:
            return "complete" if len(digits) in (SHORTEST_TAIL, PHONE, whole) else "in_number"
    elif order_number.looks_like_phone(digits):
        return "complete"
    elif numbers[-1].value is not None and len(numbers[-1].digits) < whole:
        return "incomplete"  # an amount, an age, half an hour
    else:
        length = whole
    if len(digits) >= length or _names_own_order(said, len(digits), expectation, understanding):
        return "complete"
    # The end of a number was announced, and it is there; and nobody pauses for long before the last digit or two of a whole one.
    announced = len(digits) >= SHORTEST_TAIL and order_number.names_tail(said)
    return "incomplete" if announced or len(digits) >= length - MISHEARD_DIGITS else "in_number"


def names_phone(slots: Sequence[Slot]) -> bool:
    """Whether a telephone number was spoken of."""
    return any(slot.kind == "contact" for slot in slots)


def _names_own_order(text: str, digits: int, expectation: Expectation, understanding: Understanding) -> bool:
    """Whether the digits so far leave no doubt which of the caller's orders is meant, a tail only when heard as it is."""
    asked = expectation.slot == "order_number" or expectation.wants != "slot"
    if not asked or digits < SHORTEST_TAIL or not expectation.order_numbers:
        return False
    decoded = order_number.decode(
        [Hypothesis(text, 1.0)], understanding.pattern, expectation.order_numbers, understanding.language
    )
    if not decoded.likely:
        return False
    heard = decoded.readings[0].digits
    return decoded.likely.endswith(heard) if decoded.tail else True


def _yes_no(understanding: Understanding, said: Said) -> Interpretation | None:
    answered = understanding.choices.yes_no(said)
    if answered is None or answered.score == 1.0:
        return answered
    ranked = understanding.matcher.rank(said.sentence)
    parting = understanding.choices.consent.takes_leave(said.sentence)
    if ranked and ranked[0].intent == "goodbye" and answered.kind == "yes" and not parting:
        return answered
    if ranked and ranked[0].intent in UNIVERSALS and ranked[0].score >= _ANOTHER_WISH:
        return None
    if ranked and ranked[0].score >= _ANOTHER_WISH and ranked[0].intent not in ("yes", "no", OUT_OF_SCOPE, "thanks"):
        return answered if _REFUSED.match(said.sentence) else replace(answered, also=(ranked[0].intent,))
    return answered


def _slot(understanding: Understanding, said: Said, expectation: Expectation) -> Interpretation | None:
    found = next((each for each in said.slots if each.kind == expectation.slot), None)
    counted = expectation.slot == "digits" and expectation.digits
    slot = _digits(said, expectation) if counted else found or _open_slot(said, expectation, understanding.answer_words)
    if slot is None and expectation.slot == "variant" and not understanding.choices.is_whole_answer(said.sentence):
        slot = understanding.variants.answer(said.bare)
    exact = understanding.matcher.rank(said.sentence)[:1]
    wish = next((match for match in exact if match.score >= _ANOTHER_WISH), None)
    if slot is None or (slot.kind in _IN_WORDS and understanding.choices.is_whole_answer(said.sentence)):
        return None
    named = found is not None and found.kind == "variant"  # "换大一码" is a wish, too: the one under way
    if wish and not named and _outweighs(wish.intent, wish.score, slot):
        return None
    values = (slot, *(each for each in said.slots if each.kind != slot.kind))
    return Interpretation("slot", "", slot.confidence, slots=values, why=(f"a value for {slot.kind}",))


def _outweighs(intent: str, score: float, slot: Slot) -> bool:
    """Whether the utterance is rather a new wish than the value asked for."""
    if intent in ("yes", "no", "thanks", OUT_OF_SCOPE) or (intent == "order_status" and slot.kind not in _OF_WORDS):
        return False
    if intent in _BESIDE and slot.decoded is not None and _longest(slot.decoded) > order_number.LONGEST_TAIL:
        return False  # "I have no order number, will my phone do? One three eight …": help was asked for and given
    return score >= (1.0 if slot.kind in ("free", "name", "address", "variant") else 0.95)


def _longest(decoded: Decoded) -> int:
    return max((len(reading.digits) for reading in decoded.readings), default=0)


def _digits(said: Said, expectation: Expectation) -> Slot | None:
    """As many digits as the question asks for; fewer are no answer, and cost no try to prove who one is."""
    spoken, text = numbers_zh if expectation.language == "zh" else numbers_en, said.bare.strip(" ,.!?，。！？")
    numbers = [number.digits for number in without_words(spoken.find(text), text, expectation.language)]
    digits = chosen(numbers, [each.digits for each in spoken.digit_readings(text)], expectation.digits)
    return Slot("digits", Digits(digits), said.bare, 0.9) if digits else None


def _open_slot(said: Said, expectation: Expectation, words: AnswerWords) -> Slot | None:
    """Values that any words can be: names, addresses, free text; and plain numbers for money and counts."""
    zh, text = expectation.language == "zh", said.bare.strip(" ,.!?，。！？")
    numbers = (numbers_zh if zh else numbers_en).find(text)
    value = next((number.value for number in numbers if number.value is not None), None)
    made: Value = None
    match expectation.slot:
        case "free":
            made = text
        case "name":
            made = _name(text, said, words) if _bare(words.name(text)) else None
        case "address":
            made = _with_digits(_bare(words.address(text)), zh) if len(text) >= 2 else None
        case "money" if value is not None:
            made = Money(value * 100)
        case "count" if value is not None:
            made = value
        case "digits" | "phone" if readings := (numbers_zh if zh else numbers_en).digit_readings(text):
            made = Digits(readings[0].digits)
        case _:
            return None
    if made is None or expectation.slot is None:
        return None
    return Slot(expectation.slot, made, text, 0.8 if expectation.slot in ("free", "name", "address") else 0.85)


def _name(text: str, said: Said, words: AnswerWords) -> Name:
    """The name, with every way it was heard: a recogniser knows few names, and has the sounds of one rather than its letters.

    With and without what stands in front: 史 sounds like the 是 of "是陈明".
    """
    spoken = [_bare(closed_up(plain(each.text)))[:60] for each in said.hypotheses]
    readings = dict.fromkeys(each for whole in spoken for each in (_bare(words.name(whole)), whole) if each)
    return Name(_bare(words.name(text))[:60], readings=tuple(readings))


def _bare(text: str) -> str:
    return text.strip(" ,.，。")


def _with_digits(text: str, zh: bool) -> str:
    """An address with its house numbers in digits: 三号楼一零二 → 3号楼102."""
    for number in reversed((numbers_zh if zh else numbers_en).find(text)):
        after = text[number.end : number.end + 1]
        if not zh or len(number.digits) > 1 or after in ("号", "栋", "楼", "单", "室", "层", "幢", "座"):
            text = text[: number.start] + number.digits + text[number.end :]
    return text


def _correction(understanding: Understanding, bare: str, expectation: Expectation) -> tuple[str, ...] | None:
    """The numbers meant when a part of the one just read back is corrected."""
    said = understanding.markers.correction(bare)
    if said is None or len(expectation.heard) != understanding.pattern.length:
        return None
    find = numbers_zh.find if understanding.language == "zh" else numbers_en.find
    wrong, right = ("".join(number.digits for number in find(part)) for part in said)
    if not 2 <= len(right) < len(expectation.heard):
        return None
    return order_number.correct(expectation.heard, wrong, right, understanding.pattern)[:6] or None


def _order(understanding: Understanding, spoken: Sequence[Hypothesis], text: str, expectation: Expectation) -> Slot:
    decoded: Decoded = order_number.decode(
        spoken, understanding.pattern, expectation.order_numbers, understanding.language
    )
    value = Digits(decoded.settled) if decoded.settled else None
    whole = any(understanding.pattern.is_valid(reading.digits) for reading in decoded.readings)
    confidence = 0.95 if value else 0.85 if whole else 0.75
    return Slot("order_number", value, text.strip(), confidence, decoded)
