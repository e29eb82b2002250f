"""Two synthetic phones on a call: what one says the other hears, and the wire is measured."""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path

import pytest

from ivr.caller import Equipment, load_scenario, run
from ivr.caller import happenings as happened
from ivr.caller.ear import Ear
from ivr.caller.leg import Leg
from ivr.caller.load import load_test
from ivr.caller.report import as_data
from ivr.caller.scenario import Scenario
from ivr.caller.useragent import UserAgent
from ivr.errors import UserError

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
MODELS = {"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"}
RTP = range(28_000, 28_700)

CHINESE = """
about: 顾客与客服
pause seconds: 0.5
loss percent: 2
noise: {kind: babble, snr db: 20}
call:
  - rang
  - hear: [再见, 请问有什么可以帮您]
    within seconds: 20
  - say: 我要查订单 13856
  - hear: 正在配送
    reply within ms: 10000
  - key: 12#
  - not heard: 已经退款
  - hold: 0.5
  - interrupt: 转人工
    after: 0.5
  - they hang up
agents:
  - name: 小李
    port: 15310
    rings: 0.2
    pause seconds: 0.5
    voice: m3
    steps:
      - say: 您好，请问有什么可以帮您
      - hear: 幺三八五六
      - say: 正在配送
      - wait: 2.5
      - say: 请您稍等一下，请您稍等一下
      - hear: 转人工
"""


def recorded_seconds(folder: Path) -> float:
    """The length of the caller's stereo recording."""
    with wave.open(str(next(folder.glob("caller-*.wav")))) as wav:
        assert (wav.getnchannels(), wav.getframerate()) == (2, 8000)
        return wav.getnframes() / 8000


async def test_both_hear_each_other_in_chinese(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(CHINESE, encoding="utf-8")
    told: list[happened.Happening] = []
    async with Equipment(ear=Ear(MODELS), rtp_ports=RTP) as equipment:
        result = await run(
            load_scenario(file), "sip:li@127.0.0.1:15310", equipment=equipment, record_to=tmp_path, on_event=told.append
        )
    assert result.failures == ()
    said = next(turn for turn in result.caller.turns if turn.text.startswith("我要查"))
    assert said.reply_gap_ms is not None
    # The agent answers once half a second of silence and the recognition have passed, however long that takes here.
    assert 500 < said.reply_gap_ms < 10_000
    interrupted = next(turn for turn in result.caller.turns if turn.kind == "interrupt")
    assert interrupted.stop_ms is not None
    agent = result.agents[0]
    assert agent.media
    assert agent.media.lost == pytest.approx(
        result.caller.media.dropped_on_purpose if result.caller.media else 0, abs=3
    )
    assert agent.ended_by_far_end is False
    assert {"Rang", "Answered", "Said", "Heard", "Replied", "Keyed", "Held", "Checked", "Ended"} <= {
        type(event).__name__ for event in told
    }
    assert recorded_seconds(tmp_path) == pytest.approx(result.caller.talked_seconds, abs=0.6)
    assert json.loads(json.dumps(as_data(result)))["figures"]["as_expected"] == 1


ENGLISH = {
    "language": "en",
    "pause seconds": "0.5",
    "call": [
        {"hear": "track your order"},
        {"say": "operator"},
        {"not heard": ["operator"]},
        {"hear": ["cancel the order"], "within seconds": "4"},
    ],
    "agents": [
        {
            "name": "Ann",
            "port": "15311",
            "rings": "0",
            "voice": "m3",
            "pause seconds": "0.5",
            "steps": [
                {"say": "hello, track your order"},
                {"hear": "operator"},
                {"say": "see you tomorrow then"},
                {"wait": "5"},
            ],
        }
    ],
}


async def test_what_was_not_said_is_not_heard() -> None:
    async with Equipment(ear=Ear(MODELS), rtp_ports=RTP) as equipment:
        result = await run(Scenario.model_validate(ENGLISH), "sip:ann@127.0.0.1:15311", equipment=equipment)
    assert len(result.failures) == 1
    assert result.failures[0].startswith("caller: hears `cancel the order` within 4 s (found:")


@pytest.mark.parametrize(("answers", "status"), [("busy", 486), ("declines", 603)])
async def test_an_agent_who_does_not_come(answers: str, status: int) -> None:
    agent = {"name": "Li", "port": "15312", "rings": "0.1", "answers": answers}
    scenario = Scenario.model_validate({"call": ["hang up"], "answered": "false", "agents": [agent]})
    async with Equipment(ear=None, rtp_ports=RTP) as equipment:
        result = await run(scenario, "sip:li@127.0.0.1:15312", equipment=equipment)
    assert result.ok, result.failures
    assert result.caller.status == status


async def test_tones_cross_in_g722_over_tcp() -> None:
    agent = {
        "name": "Li",
        "port": "15313",
        "rings": "0",
        "steps": [{"hear tone": "440"}, {"tone": "1000", "seconds": "1"}, {"wait": "0.5"}],
    }
    call = [{"tone": "440", "seconds": "1"}, {"hear tone": "1000"}, {"key": "7", "by": "info"}, "they hang up"]
    scenario = Scenario.model_validate({"call": call, "agents": [agent]})
    async with Equipment(ear=None, rtp_ports=RTP, codecs=("G722",)) as equipment:
        result = await run(scenario, "sip:li@127.0.0.1:15313;transport=tcp", equipment=equipment)
    assert result.failures == ()
    assert result.caller.codec == result.agents[0].codec == "G722"


async def test_a_caller_follows_a_transfer() -> None:
    """The phone that answers sends the caller on by REFER, hears how it went, and is let go."""
    colleague = {"name": "Li", "port": "15315", "rings": "0.2", "steps": [{"hear tone": "440"}, "they hang up"]}
    call = [{"transferred": None}, {"tone": "440", "seconds": "1"}, "hang up"]
    scenario = Scenario.model_validate({"call": call, "agents": [colleague]})
    async with UserAgent(port=15_316, rtp_ports=RTP) as front, Equipment(ear=None, rtp_ports=RTP) as equipment:
        referred: list[int] = []

        async def send_on(leg: Leg) -> None:
            await asyncio.sleep(0.3)
            referred.append(await leg.refer("sip:li@127.0.0.1:15315"))
            await asyncio.sleep(1)
            await leg.hang_up()

        def offered(leg: Leg) -> None:
            leg.answer()
            front.run(send_on(leg))

        front.on_offer = offered
        result = await run(scenario, front.uri, equipment=equipment)
    assert result.failures == ()
    assert referred == [202]


async def test_who_gives_up_while_it_rings_ends_the_call_on_both_sides() -> None:
    async with UserAgent(rtp_ports=RTP) as near, UserAgent(rtp_ports=RTP) as far:
        offered: list[Leg] = []

        def ring(leg: Leg) -> None:
            offered.append(leg)
            leg.ring()

        far.on_offer = ring
        leg = near.dial(far.uri)
        await near.wait(leg, lambda: leg.moments.rang is not None, 10)
        await leg.hang_up()
        await offered[0].ended(10)
    assert (leg.status, offered[0].status) == (487, 487)
    assert (leg.moments.answered, offered[0].ended_by_far_end) == (None, True)


async def test_many_calls_at_once_lose_nothing() -> None:
    calls = 20
    async with UserAgent(port=15_314, rtp_ports=RTP) as hotline:
        hotline.on_offer = lambda leg: leg.answer()
        scenario = Scenario.model_validate({"call": [{"say": "我要查订单 13856092"}, {"wait": "1"}, "hang up"]})
        async with Equipment(ear=None, rtp_ports=RTP, keep_audio=False) as equipment:
            result = await load_test(scenario, hotline.uri, calls, equipment=equipment)
    assert result.ok
    assert result.caller_cpu_seconds > 0  # how much, `ivr bench` says
    assert all(call.caller.media and call.caller.media.lost == 0 for call in result.calls)


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ({"voice": "nobody", "call": [{"say": "你好"}]}, "no voice `cmn\\+nobody`"),
        ({"call": [{"play": "none.wav"}]}, r"none\.wav.*can't be read"),
        ({"call": [{"say": "。"}]}, "nothing that can be spoken"),
        ({"language": "en", "call": [{"hear": "zygomorphic rhododendrons"}]}, "knows too few words"),
    ],
)
async def test_what_could_never_work_is_said_before_the_call(part: dict[str, object], complaint: str) -> None:
    async with Equipment(ear=Ear(MODELS), rtp_ports=RTP) as equipment:
        with pytest.raises(UserError, match=complaint):
            await run(Scenario.model_validate(part), "sip:x@127.0.0.1:15399", equipment=equipment)


async def test_nobody_there() -> None:
    async with Equipment(ear=None, rtp_ports=RTP) as equipment:
        result = await run(Scenario.model_validate({"call": ["hang up"]}), "sip:x@127.0.0.1:15398", equipment=equipment)
    assert result.failures == ("caller: the call is answered (found: 408 no answer from the host)",)
