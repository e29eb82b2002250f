"""Customers who call for a human and lose patience, and colleagues who take their calls, or don't; on our own light phones."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable

from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.useragent import UserAgent

ANSWER_SECONDS = 12.0
# A person notices a dead line after a moment of silence and hangs up.
DEAD_LINE_SECONDS = 3.0
LOOK_SECONDS = 0.25
CROSSING_SECONDS = 1.0
# What a colleague does when the phone rings; the rest accept.
DECLINES, BUSY, NEVER_ANSWERS, VOICEMAIL, CHANGES_MIND = 0.12, 0.20, 0.26, 0.32, 0.40


async def until_over(leg: Leg, seconds: float) -> str:
    """Wait for the end of the call (`ended`), a line that went dead (`cut`), or the time (`time`)."""
    deadline, heard, heard_at = time.monotonic() + seconds, -1, time.monotonic()
    while time.monotonic() < deadline:
        if leg.state is State.ENDED:
            return "ended"
        if leg.stream.counters.received != heard:
            heard, heard_at = leg.stream.counters.received, time.monotonic()
        elif time.monotonic() - heard_at > DEAD_LINE_SECONDS:
            return "cut"
        await asyncio.sleep(LOOK_SECONDS)
    return "time"


async def _let_go(leg: Leg) -> None:
    """Hang up; a far end that was killed never answers that."""
    with contextlib.suppress(TimeoutError):
        await leg.hang_up()


class Customer:
    """Calls again and again, each time from another number; `tally` counts what became of the calls."""

    def __init__(self, phone: UserAgent, uri: str, dice: random.Random, tally: Counter[str]) -> None:
        self._phone, self._uri, self._dice, self._tally = phone, uri, dice, tally

    async def run(self, seconds: float) -> None:
        """Call until the time is up; the last call goes on to its end."""
        end = time.monotonic() + seconds
        await asyncio.sleep(self._dice.uniform(0.0, min(5.0, seconds / 4)))
        while time.monotonic() < end:
            await self._call()
            await asyncio.sleep(self._dice.uniform(0.5, 3.0))

    async def _call(self) -> None:
        self._phone.user = f"139{self._dice.randrange(10**8):08d}"
        leg = self._phone.dial(self._uri)
        self._tally["placed"] += 1
        with contextlib.suppress(TimeoutError):
            await leg.answered(ANSWER_SECONDS)
        if leg.moments.answered is None:
            self._tally["not answered"] += 1
            self._phone.run(_let_go(leg))
            await asyncio.sleep(self._dice.uniform(2.0, 8.0))
            return
        self._tally["answered"] += 1
        how = await self._talk(leg)
        self._tally[{"ended": "hung up on", "cut": "cut off", "time": "hung up"}[how]] += 1
        self._phone.run(_let_go(leg))

    async def _talk(self, leg: Leg) -> str:
        """Ask for a human by key, then wait as long as patience lasts; some choose a callback or a message."""
        for pause in (self._dice.uniform(0.5, 2.0), 8.0):
            if (how := await until_over(leg, pause)) != "time":
                return how
            leg.stream.key("0")
        if self._dice.random() < 0.3:
            return await until_over(leg, self._dice.uniform(0.5, 8.0))
        if self._dice.random() < 0.2:
            if (how := await until_over(leg, self._dice.uniform(3.0, 12.0))) != "time":
                return how
            leg.stream.key(self._dice.choice("12*"))
        return await until_over(leg, self._dice.uniform(15.0, 45.0))


class Colleague:
    """An agent's phone; `complain` is told when it is rung for a second call while the first goes on."""

    def __init__(
        self, phone: UserAgent, dice: random.Random, tally: Counter[str], complain: Callable[[str], None]
    ) -> None:
        self._phone, self._dice, self._tally, self._complain = phone, dice, tally, complain
        phone.on_offer = lambda leg: phone.run(self._take(leg))

    async def _take(self, leg: Leg) -> None:
        leg.ring()
        self._tally["rung"] += 1
        self._phone.run(self._look_for_another(leg))
        await asyncio.sleep(self._dice.uniform(0.2, 1.5))
        chance = self._dice.random()
        if leg.state is State.ENDED:
            return
        if chance < DECLINES:
            leg.decline(603, "Decline")
        elif chance < BUSY:
            leg.decline(486, "Busy Here")
        elif chance < NEVER_ANSWERS:
            self._tally["let it ring"] += 1
        else:
            leg.answer()
            await self._talk(leg, chance)

    async def _talk(self, leg: Leg, chance: float) -> None:
        await until_over(leg, self._dice.uniform(0.5, 3.0))
        if chance < VOICEMAIL:
            await until_over(leg, 20.0)
        elif leg.state is State.UP:
            leg.stream.key("2" if chance < CHANGES_MIND else "1")
            self._tally["took"] += chance >= CHANGES_MIND
            await until_over(leg, self._dice.uniform(2.0, 10.0))
        self._phone.run(_let_go(leg))

    async def _look_for_another(self, leg: Leg) -> None:
        """A BYE from one worker and an INVITE from another may cross; a call that goes on to bring sound is a second one."""
        before = [each for each in self._phone.legs.values() if each is not leg and each.state is State.UP]
        await asyncio.sleep(CROSSING_SECONDS)
        heard = {each.call_id: each.stream.counters.received for each in before}
        await asyncio.sleep(CROSSING_SECONDS)
        if any(each.state is State.UP and each.stream.counters.received > heard[each.call_id] for each in before):
            self._complain(f"{self._phone.user} was rung while on another call")
