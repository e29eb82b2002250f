"""A promised call that an agent makes from the desk: their phone first, then the customer's (pure).

How it works: `after` gives the next stage and what is to be done for everything that can happen; a pair that isn't in the table is
late or means nothing, and changes nothing. The customer is dialled only when the agent is there and has heard whom they get, and
the agent is put through only when the customer has heard who calls and that it is recorded.

stage      agent there  whispered   time is up        customer there  noticed     agent gone       customer gone
ringing    whisper      –           hang up, over     –               –           over             –
telling    –            dial        –                 –               –           over             –
dialling   –            –           hang up customer  notice          –           hang up, over    hang up, over
noticing   –            –           –                 –               join        hang up, over    hang up, over
talking    –            –           –                 –               –           hang up, over    hang up, over
over       –            –           –                 –               –           –                –
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ivr.handoff.calling_back import PUT_OFF, TALKED
from ivr.values import Language

# What stands as the reason of such a handoff, and in the case of the call: who makes it.
REASON = BY = "called_by_hand"
# The prompt by which the customer hears who calls, and that it is recorded.
NOTICE = "callback_by_hand"
# How such a call ended, as SIP tells it and the agent may correct it.
BUSY, NO_ANSWER, DECLINED, WRONG_NUMBER, BROKEN_OFF = "busy", "no_answer", "declined", "wrong_number", "broken_off"
OUTCOMES = (TALKED, BUSY, NO_ANSWER, WRONG_NUMBER)
# Nobody's phone was free for it, or the agent's own was not picked up: the customer's never rang.
NO_LINE, NEVER_RANG = "no_line", PUT_OFF
_BUSY_STATUSES, _DECLINED_STATUS, _GONE_STATUSES = (486, 600), 603, (404, 410, 484, 604)


class Stage(StrEnum):
    """How far it has come."""

    RINGING = "ringing"
    TELLING = "telling"
    DIALLING = "dialling"
    NOTICING = "noticing"
    TALKING = "talking"
    OVER = "over"


class Happened(StrEnum):
    """What can happen."""

    AGENT_THERE = "agent_there"
    WHISPERED = "whispered"
    TIME_UP = "time_up"
    CUSTOMER_THERE = "customer_there"
    NOTICED = "noticed"
    AGENT_GONE = "agent_gone"
    CUSTOMER_GONE = "customer_gone"


class Deed(StrEnum):
    """What there is to do."""

    WHISPER = "whisper"
    DIAL = "dial"
    NOTICE = "notice"
    JOIN = "join"
    HANG_UP_CUSTOMER = "hang_up_customer"
    HANG_UP = "hang_up"
    END = "end"


_R, _T, _D, _N, _K, _O = Stage
_H = Happened
_ENDS = (_O, (Deed.HANG_UP, Deed.END))
_TABLE: Mapping[tuple[Stage, Happened], tuple[Stage, tuple[Deed, ...]]] = {
    (_R, _H.AGENT_THERE): (_T, (Deed.WHISPER,)),
    (_R, _H.TIME_UP): _ENDS,
    (_R, _H.AGENT_GONE): _ENDS,
    (_T, _H.WHISPERED): (_D, (Deed.DIAL,)),
    (_T, _H.AGENT_GONE): _ENDS,
    (_D, _H.TIME_UP): (_D, (Deed.HANG_UP_CUSTOMER,)),
    (_D, _H.CUSTOMER_THERE): (_N, (Deed.NOTICE,)),
    (_N, _H.NOTICED): (_K, (Deed.JOIN,)),
    **{(stage, gone): _ENDS for stage in (_D, _N, _K) for gone in (_H.AGENT_GONE, _H.CUSTOMER_GONE)},
}


def after(stage: Stage, happened: Happened) -> tuple[Stage, tuple[Deed, ...]]:
    """The next stage, and what is to be done."""
    return _TABLE.get((stage, happened), (stage, ()))


def outcome(stage: Stage, happened: Happened, status: int) -> str:
    """How a call ended that was at this stage; `status` is SIP's last word about the leg that went."""
    match stage:
        case Stage.RINGING | Stage.TELLING:
            return NEVER_RANG
        case Stage.DIALLING if happened is Happened.CUSTOMER_GONE:
            return refused(status)
        case Stage.TALKING:
            return TALKED
        case _:
            return BROKEN_OFF


def refused(status: int) -> str:
    """Why the customer's phone was not picked up, in our words."""
    if status in _BUSY_STATUSES:
        return BUSY
    if status in _GONE_STATUSES:
        return WRONG_NUMBER
    return DECLINED if status == _DECLINED_STATUS else NO_ANSWER


def whisper(language: Language, subject: str) -> str:
    """What the agent hears first: no name and no number, for it is heard in an open-plan office."""
    if language == "zh":
        return f"回电{f'，事由{subject}' if subject else ''}。正在为您呼叫客户，请稍候。"
    return (
        f"A promised call{f' about {subject}' if subject else ''}. The customer is being dialled, please hold the line."
    )
