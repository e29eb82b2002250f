"""Numbers, money, dates and times as callers say them, in Mandarin and English."""

from __future__ import annotations

import random

CHINESE_DIGITS = "零一二三四五六七八九"
ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
ONES += ["seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
]
ORDINALS += ["fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"]
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def chinese_number(value: int, random_: random.Random) -> str:
    """0…99,999 in Chinese numerals; 2 before 百, 千 and 万 is mostly 两."""
    if value < 10:
        return CHINESE_DIGITS[value]
    for unit, name in ((10_000, "万"), (1000, "千"), (100, "百")):
        if value >= unit:
            head, rest = divmod(value, unit)
            first = "两" if head == 2 and random_.random() < 0.8 else chinese_number(head, random_)
            if not rest:
                return first + name
            tail = chinese_number(rest, random_)
            if 10 <= rest < 20:
                tail = "一" + tail
            if rest < unit // 10:
                tail = "零" + tail
            return first + name + tail
    tens, ones = divmod(value, 10)
    return ("" if tens == 1 else CHINESE_DIGITS[tens]) + "十" + (CHINESE_DIGITS[ones] if ones else "")


def english_number(value: int, random_: random.Random) -> str:
    """0…99,999 in English words, with `and` after hundred half of the time."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10 - 2] + (f" {ONES[value % 10]}" if value % 10 else "")
    unit, name = (1000, "thousand") if value >= 1000 else (100, "hundred")
    head, rest = divmod(value, unit)
    first = "a" if head == 1 and random_.random() < 0.2 else english_number(head, random_)
    if not rest:
        return f"{first} {name}"
    joint = " and " if (name == "hundred" or rest < 100) and random_.random() < 0.5 else " "
    return f"{first} {name}{joint}{english_number(rest, random_)}"


def amount(random_: random.Random) -> int:
    """A number as often small as large, up to 99,999."""
    return random_.randrange(10 ** random_.choice([1, 2, 2, 3, 3, 4, 5]))


def chinese_digits(random_: random.Random, count: int) -> list[str]:
    """A digit string; 1 is 一 or 幺, consistently or not, and now and then 洞 and 两 are used."""
    one = random_.choice(["一", "幺", None])
    zero = "洞" if random_.random() < 0.06 else "零"
    two = "两" if random_.random() < 0.08 else "二"
    digits: list[str] = []
    repeat = random_.random() < 0.2
    for _ in range(count):
        if repeat and digits and random_.random() < 0.35:
            digits.append(digits[-1])
            continue
        digit = random_.choice(CHINESE_DIGITS)
        replaced = {"一": one or random_.choice("一幺"), "零": zero, "二": two}.get(digit, digit)
        digits.append(replaced)
    return digits


def english_digits(random_: random.Random, count: int) -> list[str]:
    """A digit string of words; 0 is zero or oh, and some strings use double and triple."""
    zero = random_.choice(["zero", "oh", None])
    grouped = random_.random() < 0.15
    words: list[str] = []
    repeat = random_.random() < 0.2
    last = ""
    for _ in range(count):
        digit = last if repeat and last and random_.random() < 0.35 else random_.choice(ONES[:10])
        last = digit
        said = (zero or random_.choice(["zero", "oh"])) if digit == "zero" else digit
        if grouped and random_.random() < 0.25:
            words.append(random_.choice(["double", "double", "triple"]))
        words.append(said)
    return words


def chinese_special(name: str, random_: random.Random) -> str | None:
    """Text for a slot that no list can hold."""
    number = chinese_number(amount(random_), random_)
    small = chinese_number(random_.randint(1, 31), random_)
    hour = random_.choice(["一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"])
    match name.split(":"):
        case ["digits"]:
            return "".join(chinese_digits(random_, random_.randint(3, 12)))
        case ["digits", span]:
            low, _, high = span.partition("-")
            return "".join(chinese_digits(random_, random_.randint(int(low), int(high or low))))
        case ["number"]:
            return number
        case ["small"]:
            return small
        case ["money"]:
            tail = random_.choice(["块", "块钱", "元", "元", f"块{random_.choice(CHINESE_DIGITS[1:])}", "多块", "毛"])
            point = "点" + "".join(random_.choice(CHINESE_DIGITS) for _ in range(random_.choice([1, 2])))
            return number + (tail if random_.random() < 0.75 else point + random_.choice(["元", "块", ""]))
        case ["date"]:
            month = chinese_number(random_.randint(1, 12), random_)
            return random_.choice([f"{month}月{small}号", f"{month}月{small}日", f"{small}号"])
        case ["time"]:
            tail = random_.choice(
                ["点", "点半", "点钟", f"点{chinese_number(random_.randint(10, 59), random_)}分", "点一刻"]
            )
            return random_.choice(["", "上午", "下午", "晚上", "早上", "中午"]) + hour + tail
    return None


def english_special(name: str, random_: random.Random) -> str | None:
    """Text for a slot that no list can hold."""
    number = english_number(amount(random_), random_)
    match name.split(":"):
        case ["digits"]:
            return " ".join(english_digits(random_, random_.randint(3, 12)))
        case ["digits", span]:
            low, _, high = span.partition("-")
            return " ".join(english_digits(random_, random_.randint(int(low), int(high or low))))
        case ["number"]:
            return number
        case ["small"]:
            return english_number(random_.randint(1, 31), random_)
        case ["money"]:
            cents = english_number(random_.randint(1, 99), random_)
            tail = random_.choice(
                ["dollars", "dollars", "pounds", f"dollars and {cents} cents", cents, "bucks", "euros"]
            )
            return f"{number} {tail}"
        case ["date"]:
            tens = random_.choice(["", "twenty "])
            ordinal = tens + random_.choice(ORDINALS[:9]) if tens else random_.choice([*ORDINALS, "thirtieth"])
            month = random_.choice(MONTHS)
            return random_.choice([f"{month} {ordinal}", f"the {ordinal} of {month}", random_.choice(DAYS)])
        case ["time"]:
            minutes = random_.choice(["", " thirty", " fifteen", " forty five", " o'clock"])
            return f"{random_.choice(ONES[1:13])}{minutes}{random_.choice(['', ' am', ' pm', ' p m', ' a m'])}"
    return None
