"""Which of what was said is personal: numbers of telephones, cards and papers, e-mail addresses, where somebody lives (pure).

Kept, for staff need them: order, parcel and ticket numbers that are said to be such, dates, times, amounts; and anything of fewer than
seven digits, unless it is said to be a telephone or a paper. When in doubt it is hidden all but its last four digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr import digit_strings
from ivr.addresses import hide_emails, hide_places
from ivr.digit_strings import DigitString

SHORTEST, SHORTEST_NAMED = 7, 5
# "Two thousand three hundred, then three thousand" are amounts; of a telephone in hundreds a digit or two may be taken otherwise.
SHORTEST_COUNTED, LONGEST_AMOUNTS = 7, 10
_NAMED = re.compile(
    r"(?P<personal>手机|电话|号码|联系方式|微信|身份证|银行卡|信用卡|卡号|证件|护照|通行证|台胞证|驾照|驾驶证|社保|账号|打给我"
    r"|\b(?:tele)?phone|\bmobile|\bcell|\bcard|\bid\b|\bidentity|\bpassport|\blicen[cs]e|\bdrivers?|\bsocial security"
    r"|\baccount|\bnumber|\bunder|\b(?:call|text|reach|ring) me)"
    r"|(?P<matter>订单(?:号码?|编号)?|单号|运单(?:号码?)?|快递(?:单号|号码?)?|工单(?:号码?)?|流水号|登记号|发票(?:号码?)?"
    r"|\bwritten down, under number"
    r"|\b(?:order|tracking|parcel|ticket|reference|receipt|invoice|confirmation)s?(?: (?:number|no|id))?)",
    re.IGNORECASE,
)
_CONTEXT = 28
_RECEIPT = re.compile(r"(?<![A-Za-z])[TC]$")
_CURRENCY_BEFORE = re.compile(r"[¥￥$€£]\s*$|\b(?:CNY|RMB|USD|EUR|GBP|HKD)\s*$", re.IGNORECASE)
_CURRENCY_AFTER = re.compile(
    r"\s*(?:块|元|角|毛钱|人民币|美元|欧元|英镑|万|亿|(?:yuan|rmb|dollars?|bucks?|euros?|pounds?|cents?|thousand|million)\b)",
    re.IGNORECASE,
)
# Dates and times in figures, and amounts with their cents, are no part of a digit string.
_FIGURES = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s*([-/.年])\s*(?:1[0-2]|0?[1-9])\s*[-/.月]\s*(?:3[01]|[12]\d|0?[1-9])(?!\d)\s*日?(?:[T ]+\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?"
    r"|(?<!\d)(?:[01]?\d|2[0-3])[:：][0-5]\d(?:[:：][0-5]\d)?(?!\d)"
    r"|[¥￥$€£]\s*\d{1,9}(?:,\d{3})*(?:\.\d{1,2})?(?!\d)"
    r"|(?<![\d.])\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?(?![\d,])"
)
_SECRET = re.compile(
    r"(?:验证码|安全码|密码|\b(?:cvv|cvc|security code|pin|passcode|verification code|one[- ]time code))\W*(?:是|为|就是|is|code)?\s*$",
    re.I,
)
_MOBILE = re.compile(r"1[3-9]\d{9}")
MOST_PIECES, SHORTEST_PIECE, _GAP = 6, 3, 16
_YEARS = range(2018, 2041)


def mask_number(number: str) -> str:
    """Digits with the middle hidden: 11-digit phones keep 3 and 4, anything else of 5 or more keeps its last four."""
    digits = re.sub(r"\D", "", number)
    if len(digits) < SHORTEST_NAMED:
        return number
    if len(digits) == 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return "*" * (len(digits) - 4) + digits[-4:]


def hide(text: str) -> str:
    """The text without what is personal in it."""
    text = hide_places(hide_emails(text))
    pieces, place = [], 0
    for kept in _FIGURES.finditer(text):
        pieces += [_hide_numbers(text, place, kept.start()), kept[0]]
        place = kept.end()
    return "".join([*pieces, _hide_numbers(text, place, len(text))])


def _hide_numbers(text: str, start: int, end: int) -> str:
    """The numbers of a stretch of the text; what stands before it says what they are."""
    stretch, pieces, place = text[start:end], [], 0
    for found in _put_together(list(digit_strings.find(stretch))):
        before = text[max(0, start + found.start - _CONTEXT) : start + found.start]
        until = digit_strings.with_letter(stretch, found)
        letter = "X" if until > found.end and 14 <= len(found.digits) <= 17 else ""
        until = until if letter else found.end
        if _SECRET.search(before) and 3 <= len(found.digits) <= 8:
            pieces += [stretch[place : found.start], "***"]
            place = until
        elif _is_personal(found, before, text[start + until : start + until + _CONTEXT]):
            pieces += [stretch[place : found.start], _shown(found.digits + letter)]
            place = until
    return "".join([*pieces, stretch[place:]])


def _put_together(strings: list[DigitString]) -> Iterator[DigitString]:
    """Pieces of a mobile number with whatever was said in between: 一三八你记一下一三二六完了是一九四四."""
    place = 0
    while place < len(strings):
        whole = _whole(strings[place : place + MOST_PIECES])
        yield whole or strings[place]
        place += sum(each.start < whole.end for each in strings[place : place + MOST_PIECES]) if whole else 1


def _whole(pieces: list[DigitString]) -> DigitString | None:
    """The mobile number that pieces make, beginning with the first; None when they make none."""
    digits, last = pieces[0].digits, pieces[0]
    for piece in pieces[1:]:
        if piece.start - last.end > _GAP or len(digits) < SHORTEST_PIECE:
            return None
        if len(piece.digits) < SHORTEST_PIECE:
            continue  # 一下 is no piece
        digits, last = digits + piece.digits, piece
        if _MOBILE.fullmatch(digits):
            return DigitString(pieces[0].start, piece.end, digits)
    return None


def _shown(number: str) -> str:
    return mask_number(number) if number[-1] != "X" else "*" * (len(number) - 4) + number[-4:]


def _is_personal(found: DigitString, before: str, after: str) -> bool:
    digits = found.digits
    named = max(_NAMED.finditer(before), key=lambda each: each.end(), default=None)
    personal = named is not None and named["personal"] is not None
    if len(digits) < (SHORTEST_NAMED if personal else SHORTEST):
        return False
    if found.scaled and len(digits) < (SHORTEST_COUNTED if personal else LONGEST_AMOUNTS) and not _MOBILE.match(digits):
        return False
    if _RECEIPT.search(before) and len(digits) in (7, 8) and not personal:
        return False
    if _CURRENCY_BEFORE.search(before) or _CURRENCY_AFTER.match(after):
        return len(digits) > 9
    if not personal and (_is_date(digits, found.pairs) or _is_span_of_time(found)):
        return False
    return personal or named is None or _may_be_somebodys(digits)


def _may_be_somebodys(digits: str) -> bool:
    """Of a number that is said to be an order's: whether it looks like a telephone, a bank card or an identity card all the same."""
    national = digits.removeprefix("00").removeprefix("86") if len(digits) > 11 else digits
    mobile = re.fullmatch(r"0?1[3-9]\d{9}", national) is not None
    landline = re.fullmatch(r"0[1-9]\d{8,10}|[2-9]\d\d[2-9]\d{6}", digits) is not None
    card = len(digits) >= 15 and (
        _luhn(digits) or re.fullmatch(r"[1-8]\d{5}(?:19|20)?\d{2}(?:0[1-9]|1[0-2])\d{5,6}", digits) is not None
    )
    return mobile or landline or card or len(digits) > 20


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_date(digits: str, pairs: bool) -> bool:
    """Of a date of these years in eight digits: 20261121; said in pairs, 21 11 20 26, too. A birthday isn't."""
    if len(digits) != 8:
        return False
    orders = [(digits[:4], digits[4:6], digits[6:])]
    if pairs:
        orders += [(digits[4:], digits[2:4], digits[:2]), (digits[4:], digits[:2], digits[2:4])]
    return any(int(year) in _YEARS and 1 <= int(month) <= 12 and 1 <= int(day) <= 31 for year, month, day in orders)


def _is_span_of_time(found: DigitString) -> bool:
    """Between twelve thirty and thirteen fifteen."""
    return (
        found.pairs
        and len(found.parts) == 2
        and all(re.fullmatch(r"(?:1?\d|2[0-3])[0-5]\d", part) for part in found.parts)
    )
