"""The caller's ear with real speech and the bundled model."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.caller.ear import Ear
from ivr.caller.phrases import likeness, sounds
from ivr.caller.speaker import Line, Speaker

PHRASES = (
    "对吗",
    "您问的是",
    "后四位",
    "确定现在取消吗",
    "确定现在就退吗",
    "请再说一遍",
    "订单已经取消了",
    "还有什么可以帮您",
)
SAID = "好的，订单已经取消了。八十九元会原路退回给您。预计周四前到账。", "请问还有什么可以帮您？"
STEP = 40  # samples: a sixth of what the network looks at at once


@pytest.mark.parametrize("voice", ["f2", "m3"])
async def test_a_phrase_after_a_long_remark_is_heard_wherever_the_frames_fall(voice: str) -> None:
    ear, speaker = Ear(), Speaker()
    try:
        lines = [Line(text, voice=voice) for text in SAID]
        await speaker.prepare(lines)
        sound = np.concatenate([speaker.sound(line) for line in lines])
        heard = [await ear.hear(sound[start:], "zh", PHRASES) for start in range(0, 6 * STEP, STEP)]
    finally:
        await ear.stop()
        await speaker.stop()
    wanted = sounds(PHRASES[-1], "zh")
    assert [text for text in heard if likeness(wanted, sounds(text, "zh")) < 0.7] == []
