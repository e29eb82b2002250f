"""One call with fakes at its ports and a scripted dialogue: what is heard, said, done, and what happens when things break."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.commands import (
    Act,
    HandOff,
    HangUp,
    KeyInput,
    LookUp,
    Play,
    RecordMessage,
)
from ivr.errors import SpeechUnavailable
from ivr.events import (
    ActionFinished,
    CallStarted,
    ComponentFailed,
    HandoffEnded,
    KeysPressed,
    LookupFinished,
    MessageRecorded,
    NoInput,
    SpeechLost,
    UtteranceHeard,
)
from ivr.legs import DigitHeard, LegAnswered
from ivr.ports import Answer
from tests.unit.scripted_call import LEG, Line, answered, listen, prompt, settled
from tests.virtual_time import in_virtual_time


async def test_a_question_is_asked_and_the_answer_heard() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("greet"), prompt("ask"))), listen(1))}, ["退款"])
    assert [order[2] for order in line.phone.did("play")] == ["greet.wav"]
    await line.prompts_end()
    assert [order[2] for order in line.phone.did("play")] == ["greet.wav", "ask.wav"]
    assert [file.name for file in line.voice.forgotten] == ["greet.wav", "ask.wav"]
    await line.speaks()
    [heard] = line.told(UtteranceHeard)
    assert heard.hypotheses[0].text == "退款"
    assert ("caller", "退款") in line.records.lines


async def test_what_is_private_is_not_recorded() -> None:
    private = (Play(2, (prompt("phone?"),)), listen(2, sensitive=True))
    line = await answered(
        {CallStarted: (Play(1, (prompt("greet"),)), listen(1)), UtteranceHeard: private}, ["退款", "138"]
    )
    assert line.phone.did("hush") == []
    await line.prompts_end()
    await line.speaks()
    assert line.phone.did("hush") == [("hush", LEG, True)]
    line.script.answers[UtteranceHeard] = (Play(3, (prompt("thanks"),)), HandOff(3, "general", "asked"))
    await line.prompts_end()
    await line.speaks()
    assert line.phone.did("hush") == [("hush", LEG, True), ("hush", LEG, False)]


async def test_a_human_is_recorded_after_a_private_question() -> None:
    private = (listen(1, sensitive=True),)
    line = await answered({CallStarted: private, UtteranceHeard: (HandOff(2, "general", "asked"),)}, ["人工"])
    await line.speaks()
    assert line.handoffs
    assert line.phone.did("hush") == [("hush", LEG, True), ("hush", LEG, False)]


async def test_speech_over_a_prompt_stops_it() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("long"),)), listen(1))}, ["人工"])
    await line.speaks()
    assert line.phone.did("stop") == [("stop", 1)]
    assert line.told(UtteranceHeard)[0].barged_in


async def test_a_cough_over_a_prompt_lets_it_go_on() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("long"),)), listen(1))}, [""])
    await line.speaks()
    plays = line.phone.did("play")
    assert [order[2] for order in plays] == ["long.wav", "long.wav"]
    assert line.told(UtteranceHeard) == []


@in_virtual_time
async def test_nothing_said_is_told_when_the_time_is_over() -> None:
    line = await answered({CallStarted: (listen(1, no_input_seconds=0.01),)})
    await asyncio.sleep(0.05)
    assert len(line.told(NoInput)) == 1


async def test_keys_are_collected() -> None:
    line = await answered({CallStarted: (listen(1, keys=KeyInput(max_digits=4)),)})
    await line.happens(*(DigitHeard(LEG, key) for key in "382#"))
    assert [event.keys for event in line.told(KeysPressed)] == ["382"]


async def test_an_answer_waits_for_the_prompt_that_announced_it() -> None:
    line = Line({CallStarted: (Play(1, (prompt("let me look"),)), LookUp(1, "order", {"number": "1"}))})
    line.desk.answers["order"] = Answer("found", {"order.status": "paid"})
    await line.happens(LegAnswered(LEG))
    assert line.told(LookupFinished) == []
    await line.prompts_end()
    assert [event.outcome for event in line.told(LookupFinished)] == ["found"]
    assert line.records.cases[-1]["order.status"] == "paid"


@pytest.mark.parametrize("announced", [False, True])
@pytest.mark.parametrize("broken", [False, True])
@in_virtual_time
async def test_a_slow_order_desk_is_not_silence(announced: bool, broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.errand.FILLER_SECONDS", 0.1)
    said = (Play(1, (prompt("let me look"),)),) if announced else ()
    line = Line({CallStarted: (*said, LookUp(1, "order"))})
    line.call.services = replace(line.call.services, slow_seconds=0.05)
    line.desk.slow, line.desk.broken = asyncio.Event(), broken
    await line.happens(LegAnswered(LEG))
    for fillers in (1, 2):
        await line.prompts_end()
        await asyncio.sleep(0.12)
        assert [text for _, text in line.records.lines].count("words of filler") >= fillers
    line.desk.slow.set()
    await settled()
    await line.prompts_end()
    assert len(line.told(ComponentFailed if broken else LookupFinished)) == 1
    said_so_far = len(line.records.lines)
    await asyncio.sleep(0.25)
    assert len(line.records.lines) == said_so_far


@in_virtual_time
async def test_a_quick_order_desk_needs_no_filler() -> None:
    line = Line({CallStarted: (LookUp(1, "order"),)})
    line.call.services = replace(line.call.services, slow_seconds=0.05)
    await line.happens(LegAnswered(LEG))
    await asyncio.sleep(0.1)
    assert line.records.lines == []


async def test_what_the_ledger_says_is_what_the_dialogue_hears() -> None:
    line = Line({CallStarted: (Act(1, "refund", "refund_request", {"order": "1"}),)})
    line.desk.answers["refund"] = Answer("failed")
    await line.happens(LegAnswered(LEG))
    assert [event.outcome for event in line.told(ActionFinished)] == ["failed"]


async def test_a_broken_order_desk_is_told_to_the_dialogue() -> None:
    line = Line({CallStarted: (LookUp(1, "order"),)})
    line.desk.broken = True
    await line.happens(LegAnswered(LEG))
    assert len(line.told(ComponentFailed)) == 1


async def test_a_broken_dialogue_becomes_an_apology_and_a_human() -> None:
    line = await answered({CallStarted: ValueError("ours")})
    assert [order[2] for order in line.phone.did("play")] == ["apology.wav"]
    await line.prompts_end()
    assert line.handoffs[0].command.reason == "fault"


async def test_a_dialogue_that_breaks_twice_ends_the_call_rather_than_be_silent() -> None:
    line = await answered({CallStarted: ValueError("ours"), HandoffEnded: ValueError("again")})
    await line.prompts_end()
    line.handoffs[0].on_ended(HandoffEnded(0, 1.0, "failed"))
    await settled()
    assert line.phone.did("hang_up") == [("hang_up", LEG)]
    assert line.call.disposition == "failed"


async def test_without_recogniser_the_dialogue_is_told_once_and_the_turn_ends() -> None:
    lost = SpeechUnavailable("gone")
    line = await answered({CallStarted: (listen(1),)}, [lost])
    await line.speaks()
    assert len(line.told(SpeechLost)) == 1


async def test_without_voice_the_question_is_still_open() -> None:
    line = Line({CallStarted: (Play(1, (prompt("ask"),)), listen(1))}, ["退款"])
    line.voice.broken = True
    await line.happens(LegAnswered(LEG))
    await line.speaks()
    assert len(line.told(UtteranceHeard)) == 1


@pytest.mark.parametrize("lost", ["greet", "news", "bye"])
async def test_a_prompt_that_cannot_be_spoken_is_left_out_and_holds_nothing_up(lost: str) -> None:
    said = tuple(prompt(name) for name in ("greet", "news", "bye"))
    line = Line({CallStarted: (Play(1, said), HangUp(1, "settled"))})
    line.voice.unspeakable = frozenset({lost})
    await line.happens(LegAnswered(LEG))
    await line.prompts_end()
    assert [order[2] for order in line.phone.did("play")] == [f"{each.id}.wav" for each in said if each.id != lost]
    assert line.phone.did("hang_up") == [("hang_up", LEG)]


async def test_a_message_begins_with_a_tone_after_the_prompt() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("leave_message"),)), RecordMessage(1, 90.0))}, ["请 回电"])
    assert [order[2] for order in line.phone.did("play")] == ["leave_message.wav"]
    await line.prompts_end()
    assert [order[2] for order in line.phone.did("play")] == ["leave_message.wav", "tone-beep.wav"]
    await line.speaks()
    assert [event.duration_seconds > 0 for event in line.told(MessageRecorded)] == [True]


@in_virtual_time
async def test_silence_after_the_tone_is_a_message_of_no_duration() -> None:
    line = await answered({CallStarted: (Play(1, (prompt("leave_message"),)), RecordMessage(1, 90.0))})
    await line.prompts_end()
    await asyncio.sleep(6)
    assert [event.duration_seconds for event in line.told(MessageRecorded)] == [0.0]


@pytest.mark.parametrize("apologising", [False, True])
async def test_a_handoff_that_cannot_begin_after_the_last_words_is_not_silence(apologising: bool) -> None:
    handing = (Play(1, (prompt("a moment"),)), HandOff(1, "general", "asked"))
    line = await answered({CallStarted: RuntimeError("broken") if apologising else handing})
    line.handoffs = None  # type: ignore[assignment]
    await line.prompts_end()
    assert [event.turn for event in line.told(ComponentFailed)] == ([] if apologising else [1])
    assert line.phone.did("hang_up") == ([("hang_up", LEG)] if apologising else [])


@pytest.mark.parametrize(("keep_free_bytes", "recorded"), [(0, True), (10**18, False)])
async def test_a_disk_that_gets_full_costs_recordings_first(
    tmp_path: Path, keep_free_bytes: int, recorded: bool
) -> None:
    """They filled it to the last byte; then prompts that were never said before were silence, and nobody was put through."""
    line = Line({CallStarted: (listen(1),)})
    line.call.services = replace(line.call.services, recordings=tmp_path, keep_free_bytes=keep_free_bytes)
    await line.happens(LegAnswered(LEG))
    assert bool(line.phone.did("record")) is recorded
