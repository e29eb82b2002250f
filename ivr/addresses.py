"""E-mail addresses, and where somebody lives, in what people say (pure). All patterns are bounded: what is said may be hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.digit_strings import TEENS, TENS, UNITS, ZH

HIDDEN = "＊＊＊"
_N = "".join(ZH) + r"十百\d"

# ---- e-mail: the part behind the @ stays, from where it was written or said backwards to the word that led to it goes ----
_WRITTEN = re.compile(r"[\w.+-]{1,64}\s?@\s?([\w-]{1,60}(?:\.[\w-]{1,60}){1,5})")
_LABEL = rf"(?:[a-z0-9-]{{1,40}}|[{''.join(ZH)}]{{1,12}})"
_DOT = r"(?:\s{0,3}(?:\.|点儿?)\s{0,3}|\s{1,3}dot\s{1,3})"
_TOP = r"(?:com|cn|net|org|edu|gov|io|me|de|uk|co|hk|tw)"
_SPOKEN = re.compile(
    rf"(?:(?<![a-z])at(?![a-z])|艾特|@|圈\s?a|小老鼠)\s{{0,3}}(?P<domain>{_LABEL}(?:\s{_LABEL})?(?:{_DOT}{_LABEL}){{0,3}}?{_DOT}{_TOP}(?:{_DOT}(?:cn|uk|hk|tw))?)(?![a-z])",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"邮箱|箱|邮件|地址|是|到|叫|给|[，。,;；]"
    r"|(?<![a-z'])(?:is|it's|to|e-?mail|mail|address|me|use|under|my|the|send|write|and|or|yes|so|on)(?![a-z'])",
    re.IGNORECASE,
)
_NO_LOCAL = re.compile(
    r"(?:look|looked|looking|order|ordered|bought|buy|shop|saw|found|it|them|that|this|one|price)\s*$", re.IGNORECASE
)
# A name with a digit in it, where it is said to be somebody's at a messenger.
_ACCOUNT = re.compile(
    r"((?:微信号?|\bwechat(?: id)?)\s{0,2}(?:就?是|is|:|：)?\s{0,2})(?=[\w-]{0,19}[\d_])[A-Za-z][\w-]{4,19}",
    re.IGNORECASE,
)
_LONGEST_LOCAL = 60

# ---- places ----------------------------------------------------------------------------------------------------
_ZH_UNIT = r"(?:号楼|号院|号房|栋|幢|单元|室|弄|座|号(?![码线店机召称])|楼|层|房)"
_ZH_CHAIN = re.compile(
    rf"(?:(?:[甲乙丙丁]?[{_N}]{{1,6}}[A-Za-z]?|(?<![A-Za-z])[A-Za-z])[-－之]?{_ZH_UNIT}[\s,，、]{{0,3}}){{1,6}}(?:[{_N}]{{2,5}}室?)?"
)
_ZH_STRONG = re.compile(rf"号楼|号院|号房|栋|幢|单元|[A-Za-z]座|[{_N}]{{3,}}室")
_ZH_ROAD = re.compile(
    r"(?:大道|大街|路|街|巷|胡同|里弄|村|小区|花园|花苑|家园|苑|公寓|大厦|广场|府|湾|园|镇|乡|屯)[\s,，、的]{0,2}$"
)
_ZH_LEAD = re.compile(
    r"住在|送到|送去|寄到|寄去|发到|改成|改到|换成|换到|就在|地址|是|在|到|改|住|我|家|叫|为|把|给|嗯|呃|[，。,]"
)
_LONGEST_ROAD = 24
_NUMBER = "|".join(sorted([*UNITS, *TEENS, *TENS, "hundred"], key=len, reverse=True))
_EN_NUMBER = rf"(?:\d{{1,5}}[a-z]?|(?:{_NUMBER})(?:(?:[\s-]{{1,2}}|\sand\s)(?:{_NUMBER})){{0,6}}(?:\s?[b-h])?|[a-h])\b"
_NO_NAME = (
    "an?|the|of|down|up|on|in|at|to|from|for|and|or|my|your|his|her|our|their|this|that|is|was|are|were|it|minutes?|hours?|days?"
    "|weeks?|months?|orders?|items?|pieces?|blocks?|miles?|left|right|more|times?|way|people|percent|other|cups?|boxes|yuan|dollars?"
)
_STREETS = "street|st|road|rd|avenue|ave|lane|ln|boulevard|blvd|drive|terrace|crescent|gardens?|highway|grove|mews|court|square|walk"
_EN_PART = re.compile(
    rf"\b(?P<street>{_EN_NUMBER}[\s,]{{1,3}}(?:(?!(?:{_NO_NAME})\b)[a-z']{{2,20}}\s{{1,2}}){{1,3}}(?:{_STREETS}))\b"
    rf"|\b(?P<strong>building|apartment|apt|flat|room|suite|tower|block|unit|entrance|floor)\.?\s{{1,2}}(?:number\s|no\.?\s?|#\s?)?{_EN_NUMBER}",
    re.IGNORECASE,
)
_EN_STRONG = frozenset({"building", "apartment", "apt", "flat", "room", "suite", "tower"})
_EN_JOINT = re.compile(r"[\s,]{0,3}(?:and\s)?")


def hide_emails(text: str) -> str:
    """E-mail addresses but for their domain, written or spelt."""
    text = _WRITTEN.sub(lambda found: f"***@{found[1]}", text)
    text = _ACCOUNT.sub(r"\1***", text)
    pieces, place = [], 0
    for found in _SPOKEN.finditer(text):
        before = text[max(place, found.start() - _LONGEST_LOCAL) : found.start()]
        if not before.strip() or before.rstrip().endswith("***") or _NO_LOCAL.search(before):
            continue
        lead = max((each.end() for each in _LEAD.finditer(before) if before[each.end() :].strip()), default=0)
        begins = found.start() - len(before) + lead
        begins += len(text[begins : found.start()]) - len(text[begins : found.start()].lstrip())
        pieces += [text[place:begins], f"***@{found['domain']}"]
        place = found.end()
    return "".join([*pieces, text[place:]])


def hide_places(text: str) -> str:
    """Street with number, building with room: the whole of it."""
    for parts in (_zh_places, _en_places):
        pieces, place = [], 0
        for begins, ends in parts(text):
            if begins >= place:
                pieces += [text[place:begins], HIDDEN]
                place = ends
        text = "".join([*pieces, text[place:]])
    return text


def _zh_places(text: str) -> Iterator[tuple[int, int]]:
    """Numbers with what they count; with the name of the street before them even a lone 号."""
    for found in _ZH_CHAIN.finditer(text):
        before = text[max(0, found.start() - _LONGEST_ROAD) : found.start()]
        road = _ZH_ROAD.search(before)
        if road is None and not _ZH_STRONG.search(found[0]):
            continue
        begins = found.start()
        if road is not None:
            lead = max((each.end() for each in _ZH_LEAD.finditer(before[: road.start()])), default=0)
            begins = found.start() - len(before) + lead
        yield begins, found.start() + len(found[0].rstrip(" ,，、"))


def _en_places(text: str) -> Iterator[tuple[int, int]]:
    """Streets with numbers, and buildings, flats and rooms; a lone block, unit or floor is none."""
    parts = list(_EN_PART.finditer(text))
    while parts:
        group = [parts.pop(0)]
        while parts and _EN_JOINT.fullmatch(text[group[-1].end() : parts[0].start()]):
            group.append(parts.pop(0))
        if len(group) > 1 or group[0]["street"] or group[0]["strong"].lower() in _EN_STRONG:
            yield group[0].start(), group[-1].end()
