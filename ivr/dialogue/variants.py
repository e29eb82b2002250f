"""Which size or colour a caller would rather have, whether goods are to be exchanged or sent back, and what else is told by a word (pure).

The words are the lists `size`, `colour`, `swap`, `not_goods`, `send_back`, `progress` and those of `TOLD` in lists.yaml. A variant
counts only after a word of exchange ("换成黑色的", "swap it for a medium"): the colour of what somebody has bought is no wish. Whoever
says both words of exchange and of sending back ("退换货"), or neither, hasn't said which.
A telephone number or an address that is to be changed is no exchange either.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ivr.dialogue.extras import Extras
from ivr.dialogue.grammar import Grammar
from ivr.dialogue.meaning import Slot, SlotKind
from ivr.values import Language

SURE = 0.9
# What is told by a word wherever it stands: the list of lists.yaml, and the value it gives.
TOLD: tuple[tuple[str, SlotKind], ...] = (
    ("member", "membership"),
    ("compensation", "compensation"),
    ("other_order", "other_order"),
    ("contact", "contact"),
    ("firm", "company"),
    ("undo", "undo"),
)
_NUMBERED = {
    "zh": r"[零一二三四五六七八九十百\d]{1,4}码",
    "en": r"size (?:\d{1,3}|(?:twenty|thirty|forty|fifty)[ -](?:one|two|three|four|five|six|seven|eight|nine)|(?:six|seven|eight|nine|"
    r"four|fif)?teen|thirteen|ten|eleven|twelve|twenty|thirty|forty|fifty|one|two|three|four|five|six|seven|eight|nine)",
}
# "I don't want a voucher for compensation" asks for something else.
_UNWISHED = re.compile(r"(?:不要|不用|不需要|别).{0,6}|\b(?:not|don't) .{0,20}")
# Who wants another address, too, isn't served with another telephone number alone.
_ADDRESS = re.compile(r"地址|address")
# "Swap the red one for black": what comes after the word of exchange counts, and most of all after "for".
_GAP_EN = r"(?:.{0,40}?\b(?:for|to|into|in)(?: the| one in)? |.{0,40}?\b)"
_BEFORE = {
    "zh": re.compile(
        r"^(?:嗯|呃|额|那个|那就|给我|帮我|我想要?|我要|想要?|要|来|换货|换成|换|改成|成|一?[个件双条款](?!人)|[,，])+"
    ),
    "en": re.compile(
        r"^(?:(?:um|uh|well|please|i would like|i'd like|i want|i need|give me|can i have|exchange|swap|it|them|for|to|in|the|a|an) +)+"
    ),
}
_AFTER = {
    "zh": re.compile(r"(?:的|吧|啊|呀|呢|谢谢|[,，。.!！?？ ])+$"),
    "en": re.compile(r"(?: one| please|[ ,.!?])+$"),
}


class Variants:
    """The words of one language."""

    def __init__(self, grammar: Grammar) -> None:
        self._language: Language = grammar.language
        words = grammar.lists.lists
        self._swap, self._back, self._progress, others = (
            self._any(words.get(name, ())) for name in ("swap", "send_back", "progress", "not_goods")
        )
        near = ".{0,4}?" if self._language == "zh" else "(?: [a-z]+){0,3}? "
        self._no_swap = re.compile(f"(?:{self._swap.pattern}){near}(?:{others.pattern})")
        told = [(words.get(name, ()), kind) for name, kind in TOLD] + [
            *((said, kind) for kind, said in grammar.answers.came.items())
        ]
        self._told = tuple((self._any(said), kind) for said, kind in told)
        self._extras = Extras(words.get("extras", ()), self._language)
        named = (*words.get("size", ()), *words.get("colour", ()))
        article = "" if self._language == "zh" else "(?:an? )?"
        one = f"(?:{article}(?:{self._any(named).pattern}|{_NUMBERED[self._language]}))"
        joint, gap = (r"的?", ".{0,8}?") if self._language == "zh" else (r"(?: in)?(?: a| the)? ", _GAP_EN)
        end = "" if self._language == "zh" else r"\b"
        self._variant = re.compile(f"(?:{self._swap.pattern}){gap}(?P<variant>{one}(?:{joint}{one})*){end}")

    def find(self, bare: str) -> tuple[Slot, ...]:
        """What is said of it: `variant` with the words, `exchange` or `send_back` where it is one and not the other, and what is `TOLD`.

        `progress` comes with an exchange of which is asked how it stands.
        """
        bare = bare.replace(" ", "") if self._language == "zh" else bare
        found = self._variant.search(bare)
        slots = [self._slot("variant", self.worded(found["variant"]), found["variant"])] if found else []
        swap, back = self._swap.search(self._no_swap.sub("", bare)), self._back.search(bare)
        if swap and not back:
            slots.append(self._slot("exchange", True, swap[0]))
            if asked := self._progress.search(bare):
                slots.append(self._slot("progress", True, asked[0]))
        elif back and not swap:
            slots.append(self._slot("send_back", True, back[0]))
        wished = _UNWISHED.sub("", bare)
        told = ((kind, words.search(wished if kind == "compensation" else bare)) for words, kind in self._told)
        alone = not _ADDRESS.search(bare)
        if extras := self._extras.named(bare):
            slots.append(self._slot("extras", True, extras))
        return (
            *slots,
            *(self._slot(kind, True, said[0]) for kind, said in told if said and (alone or kind != "contact")),
        )

    def answer(self, bare: str) -> Slot | None:
        """Any words, where the variant was asked for."""
        text = _AFTER[self._language].sub("", _BEFORE[self._language].sub("", bare.strip()))[:80].strip()
        return Slot("variant", self.worded(text), bare, 0.8) if text else None

    def worded(self, said: str) -> str:
        """As it is read back and written on the ticket."""
        return f"换成{said}" if self._language == "zh" else said

    def _any(self, words: Collection[str]) -> re.Pattern[str]:
        each = "|".join(re.escape(word.lower()) for word in sorted(words, key=len, reverse=True))
        if not each:
            return re.compile(r"(?!)")
        return re.compile(f"(?:{each})" if self._language == "zh" else rf"\b(?:{each})\b")

    @staticmethod
    def _slot(kind: SlotKind, value: str | bool, said: str) -> Slot:
        return Slot(kind, value, said, SURE)
