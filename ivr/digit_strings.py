"""Digit strings as people say, type and break them up, in Chinese, English and figures at once (pure).

How it works. A text is read from left to right as digits, and as what may stand between the digits of one number: pauses, fillers,
"and then", 后四位是. Teens, tens, hundreds and thousands are said for digits ("one thirty eight thirteen", 一百三十八), repeats are
spelt out ("double four", 三个八). What is neither ends the string. This is for masking, where a digit too many in a string does less harm
than one too few: what a caller means by a number is the understanding's (`dialogue/numbers_zh.py`, `numbers_en.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

ZH = {
    **dict.fromkeys("零〇洞○", "0"), **dict.fromkeys("一壹幺腰", "1"), **dict.fromkeys("二贰两俩", "2"), **dict.fromkeys("三叁", "3"),
    **dict.fromkeys("四肆", "4"), **dict.fromkeys("五伍", "5"), **dict.fromkeys("六陆", "6"), **dict.fromkeys("七柒拐", "7"),
    **dict.fromkeys("八捌", "8"), **dict.fromkeys("九玖勾", "9"),
}  # fmt: skip
UNITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9",
}  # fmt: skip
TEENS = {
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
    "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
}  # fmt: skip
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
SCALES = {"hundred": 2, "thousand": 3, "百": 2, "千": 3}  # and how many digits follow
# What a recogniser writes for a digit in Mandarin: believed between two digits.
HOMOPHONES_ZH = {
    **dict.fromkeys("玲令另林铃领灵凌", "0"), **dict.fromkeys("依医衣以易妖药摇耀", "1"), **dict.fromkeys("而儿耳尔饿", "2"),
    **dict.fromkeys("伞散山删", "3"), **dict.fromkeys("司思丝死事", "4"), **dict.fromkeys("舞吴午", "5"),
    **dict.fromkeys("留刘流柳", "6"), **dict.fromkeys("其期齐奇", "7"), **dict.fromkeys("爸巴霸", "8"), **dict.fromkeys("酒久旧", "9"),
}  # fmt: skip
# What a recogniser writes for a digit: believed between two single digits only, never at the edge of a string.
HOMOPHONES = {"to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1", "tree": "3", "free": "3"}

_WORDS = "|".join(sorted({**UNITS, **TEENS, **TENS, **REPEATS, **SCALES}, key=len, reverse=True))
_TOKEN = re.compile(
    rf"(?P<figures>\d+)|(?P<times>[两俩二三四五六七八九])\s*个\s*(?=[{''.join(ZH)}0-9])|(?P<zh>[{''.join(ZH)}])|(?P<ten>[十拾])"
    rf"|(?P<scale>(?:(?<=[{''.join(ZH)}十])|(?<=[{''.join(ZH)}十]\s))[百千])"
    rf"|(?P<en>(?<![a-z])(?:{_WORDS})(?![a-z'])(?:-(?=(?:{'|'.join(UNITS)})(?![a-z])))?)",
    re.IGNORECASE,
)
_HOMOPHONE = re.compile(
    rf"\s+(?P<word>{'|'.join(HOMOPHONES)})(?=\s+(?:{'|'.join([*UNITS, *HOMOPHONES])})(?![a-z']))"
    rf"|\s?(?P<sound>[{''.join(HOMOPHONES_ZH)}])(?=\s?[{''.join(ZH)}])",
    re.IGNORECASE,
)
_PLACE_ZH = (
    r"(?:(?:最前|最后|[前后末中]面?间?|尾号|开头|剩下)的?(?:[一二两三四五六七八九几0-9]位)?(?:数字?)?(?:就?是)?)"
)
_PLACE_EN = r"(?:the )?(?:rest|(?:first|last|next|final)(?: (?:two|three|four|five|six|few))?(?: digits| numbers)?)(?: is| are)?"
_JOIN = re.compile(
    r"(?:[\s,，、.。·…?？!！:：;；~\-－—–_/()（）+\u200b-\u200f\u2060\ufeff]"
    r"|点|嗯|呃|额|啊|哦|噢|唉|诶|那个|这个|就是|然后|接着|接下来|再来?|对的?|是的?|还有|好像|等一下|等等|我想想|横?杠|减号|加号|空格|转|的话|呢|吧"
    rf"|{_PLACE_ZH}"
    r"|(?<![a-z])(?:u+m+|u+h+|e+r+m*|a+h+|h+m+|and|then|dash|hyphen|space|comma|dot|pause|so|okay|ok|yes|yeah|right|plus|like|wait"
    rf"|is|it's|that's|i think|you know|let me see|hold on|followed by|extension|{_PLACE_EN})(?![a-z']))+",
    re.IGNORECASE,
)
# 三点二十五 is a time; whoever says 点 between parts of a number has said three digits before.
SHORTEST_BEFORE_DOT = 3
_LETTER_X = re.compile(r"[\s,，、-]*(?:[xXＸｘ×叉]|艾克斯|(?<![a-z])ex(?![a-z]))(?![a-z])")


@dataclass(slots=True)
class DigitString:
    """A string of digits and where it stands; `pairs`: said in teens and tens, as a date is; `scaled`: in hundreds, as an amount is."""

    start: int
    end: int
    digits: str
    pairs: bool = False
    parts: list[str] = field(default_factory=list)
    scaled: bool = False


def find(text: str) -> Iterator[DigitString]:
    """All digit strings in a text, left to right."""
    place = 0
    while (token := _TOKEN.search(text, place)) is not None:
        found = _string(text, token)
        yield found
        place = max(found.end, token.end())


def with_letter(text: str, found: DigitString) -> int:
    """Where a string ends together with the X of an identity card behind it; its own end without one."""
    letter = _LETTER_X.match(text, found.end)
    return letter.end() if letter else found.end


def _string(text: str, token: re.Match[str]) -> DigitString:
    """The string that begins with a token: as far as tokens follow, with nothing but joints in between."""
    tokens, end, parts = [token], token.end(), [0]
    while True:
        homophone = _HOMOPHONE.match(text, end) if _is_unit(tokens[-1]) else None
        if homophone:
            tokens.append(homophone)
        else:
            joint = _JOIN.match(text, end)
            after = _TOKEN.match(text, joint.end() if joint else end)
            if after is None or (joint and "点" in joint[0] and len(tokens) - parts[-1] < SHORTEST_BEFORE_DOT):
                break
            counted_on = joint is not None and joint[0].strip().lower() == "and" and _symbol(tokens[-1])[0] == "scale"
            if joint and not counted_on and any(character.isalpha() for character in joint[0]):
                parts.append(len(tokens))
            tokens.append(after)
        end = tokens[-1].end()
    symbols = [_symbol(each) for each in tokens]
    pieces = [_spelt(symbols[a:b]) for a, b in zip(parts, [*parts[1:], len(symbols)], strict=True)]
    pairs = (
        sum(kind in ("teen", "tens", "ten") for kind, _ in symbols)
        >= 2 * sum(kind == "digit" for kind, _ in symbols) / 3
    )
    scaled = any(kind == "scale" for kind, _ in symbols)
    return DigitString(token.start(), end, "".join(pieces), pairs, pieces, scaled)


def _is_unit(token: re.Match[str]) -> bool:
    """Whether it is a single digit, or was taken for one."""
    named = token.groupdict()
    return bool(named.get("zh") or named.get("word") or named.get("sound")) or (named.get("en") or "").lower() in UNITS


def _symbol(token: re.Match[str]) -> tuple[str, str]:
    named = {name: said for name, said in token.groupdict().items() if said is not None}
    name, said = next(iter(named.items()))
    word = said.lower().rstrip("-")
    match name:
        case "figures":
            return "figures", "".join(str(int(digit)) for digit in said)
        case "times":
            return "times", ZH[said]
        case "zh":
            return "digit", ZH[said]
        case "ten":
            return "ten", ""
        case "scale":
            return "scale", said
        case "word":
            return "digit", HOMOPHONES[word]
        case "sound":
            return "digit", HOMOPHONES_ZH[said]
    if word in REPEATS:
        return "times", str(REPEATS[word])
    if word in UNITS:
        return "digit", UNITS[word]
    return ("scale", word) if word in SCALES else ("teen", TEENS[word]) if word in TEENS else ("tens", TENS[word])


def _spelt(symbols: list[tuple[str, str]]) -> str:
    """Symbols as digits."""
    digits, times = "", 1
    for place, (kind, value) in enumerate(symbols):
        before = symbols[place - 1][0] if place else ""
        after = symbols[place + 1] if place + 1 < len(symbols) else ("", "")
        match kind:
            case "times":
                times = int(value)
                continue
            case "tens":  # thirty eight is 38, thirty alone 30
                value += "" if after[0] == "digit" and after[1] != "0" else "0"
            case "ten":  # 二十一 is 21, 二十 20, 十三 13, 十 10
                value = ("" if before == "digit" and digits[-1:] != "0" else "1") + (
                    "" if after[0] == "digit" and after[1] != "0" else "0"
                )
            case "scale":
                value = "0" * max(0, SCALES[value] - _counted(symbols[place + 1 :]))
        digits, times = digits + value * times, 1
    return digits


def _counted(symbols: list[tuple[str, str]]) -> int:
    """How many digits the words after a scale stand for: of "one thousand three hundred fifty three" all three, of "one hundred" none."""
    kinds = [kind for kind, _ in symbols[:2]] + [""] * 2
    match kinds[0], kinds[1]:
        case "digit", "scale":
            return SCALES[symbols[1][1]] + 1
        case ("tens" | "teen" | "ten", _) | ("digit", "ten"):
            return 2
        case "digit", "digit":
            return 2 if symbols[0][1] == "0" else 0
        case "digit", "":
            return 1
    return 0
