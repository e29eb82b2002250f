"""What is a yes and what only sounds like the beginning of one; consent to an offer must be plain (pure).

"可以多退点吗", "要不算了" and "对不起我不要了" begin with the words for yes; "yes but I want the full amount" and "right no wait" take it
back. Where an action hangs on the answer, such an answer is hedged and the offer is put once more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.values import Language

# Words for yes and no in front of more, but not where they are the beginning of another word.
IN_FRONT: Mapping[Language, Mapping[str, re.Pattern[str]]] = {
    "zh": {
        "no": re.compile(r"不(?!好意思|客气|谢|错|过|光|但|仅|然|管|止|久)|没有|别(?!人|的|处)|错"),
        "yes": re.compile(
            r"对(?!不|面|了|方|于)|是(?!不是|否|谁|什么|啥|哪|几|多少|怎|不)|"
            r"好(?!慢|贵|久|少|多|烦|像|吃|难|麻烦|远|差|几|不|奇怪|冷|饿|气|坑)|"
            r"要(?!不|是|么|多|几|怎|等|到|花|扣|收|付|什么|啥|死|命|哪)|"
            r"可以(?!多|再|不|少|吗|么|怎|几|什么)|行(?!不|吗|么|李)|嗯|没错"
        ),
    },
    "en": {
        "no": re.compile(r"(?:no(?! problem| worries| doubt| i mean yes| yes )|nope|nah|not(?! bad)|wrong) "),
        "yes": re.compile(r"(?:yes|yeah|yep|sure|ok|okay|right(?! now)|correct) "),
    },
}
SORRY: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile(r"^(?:嗯|哦|啊)?(?:真是|实在)?(?:对不起|对不住|不好意思|抱歉)[了啊,，]*(?:我(?=不))?"),
    "en": re.compile(r"^(?:(?:oh|well|um|uh|so|sorry|i am sorry|i'm sorry|excuse me) )+"),
}
_HEDGES: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile(
        r"但|不过|可是|只是|就是(?:太|有点)|(?:^|嗯)(好|行|可以|对|要)是\1|算了|不要|不想|不用|不需|不了|别|先|等等|等一?[下会]|要不|"
        r"太[少贵慢久低]|[再能]多|再[给加]|多[退给赔]|全部|都退|能不能|可不可以|再想|考虑|改成|换成|"
        r"[吗么]$|^(?:可以|行|要|能).*不$|多少|谁|怎么|哪|什么(?!时候)|几[个件份]|问(?!题)|有个?问题|看看|商量|对半|便宜|说错|停"
    ),
    "en": re.compile(
        r"\b(?:but|no(?! problem| worries| doubt)|not|never|whatever|don't|won't|can't|wait|hold on|instead|unless|only|except|if|"
        r"although|though|let me|stop|forget|ask|question|who|what|why|where|which|how much)\b|^right so\b"
    ),
}
_REALLY_NO = re.compile(r"[吗么]$")
# The verb of an action and nothing else of weight: "嗯退吧", "那就补发". Of goods and money each agrees to its own action only.
_VERBS_ZH: Mapping[str, str] = {
    "urge_delivery": "催",
    "cancel": "取消|退",
    "refund_full": "退",
    "refund_partial": "退",
    "refund_duplicate": "退",
    "refund_price_drop": "退",
    "reship": "补发|重发|补|再发|再送|重新发|重新送",
    "start_return": "退货|退",
    "exchange": "换",
    "change_address": "改",
    "change_phone": "改",
    "send_invoice": "开",
}
_ROUND_VERB = (
    r"(?:嗯|哦|好|行|对|那|就|你|您|先|快|直接|给我|帮我|帮忙|赶紧|没问题|没事|可以|是|要)*(?:{verb})"
    r"(?:了|掉|款|钱|货|给我|给我们|过来|[那这]?一?[份个件张下笔]|多扣的|多的|单|发票|办|啊|好|谢谢|多谢)*"
)
_FAREWELL = re.compile(r"再见|拜|挂|bye|hang up|谢|thank")
_IMPATIENT = re.compile(
    r"(?:你|那|就|能不能|倒是)*(?:赶紧|赶快|快)(?:点|一点|些|的|办|啊|行不行|好不好|赶紧)*|(?:just )?(?:hurry(?: up)?|quick(?:ly)?|be quick)"
)


def hedged(answer: str, sentence: str, language: Language) -> bool:
    """Whether what follows the yes or no takes it back or asks for something else."""
    if answer == "yes":
        return _HEDGES[language].search(sentence) is not None
    return language == "zh" and _REALLY_NO.search(sentence) is not None


def takes_leave(sentence: str) -> bool:
    """Whether a word of parting was said; "好的没问题" and "行就这样" are none."""
    return _FAREWELL.search(sentence) is not None


def impatient(sentence: str) -> bool:
    """Whether nothing but impatience was said: what is to be quick is what was just offered, not a delivery."""
    return _IMPATIENT.fullmatch(sentence.strip()) is not None


def says_the_verb(action: str, sentence: str, language: Language) -> bool:
    """Whether the caller just says the action: "退吧" to the question whether to refund."""
    verb = _VERBS_ZH.get(action) if language == "zh" else None
    return verb is not None and re.fullmatch(_ROUND_VERB.format(verb=verb), sentence) is not None
