"""One handoff with fakes at its ports: what the phone, the queue and the desk are asked, and what the records keep."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.legs import (
    AudioHeard,
    DigitHeard,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegRinging,
    TransferProgressed,
)
from ivr.ports import AgentCommand, Answer, Place, Reservation
from ivr.transfer.voicemail import NO_INPUT_SECONDS
from tests.unit.handoff.handed_call import AGENT, ANNA, CALLER, FakeQueue, Handed
from tests.virtual_time import in_virtual_time


@pytest.fixture
async def handed(tmp_path: Path) -> Handed:
    made = Handed(tmp_path, FakeQueue())
    await made.settle()
    return made


async def test_agent_is_rung_with_the_case_in_headers_and_whispered_to_alone(handed: Handed) -> None:
    (dialled,) = handed.phone.did("dial")
    assert dialled[1] == ANNA.uri
    assert set(dialled[2]) == {"User-to-User", "Call-Info"}  # type: ignore[call-overload]
    assert handed.claimed == [AGENT]
    await handed.hears(LegRinging(AGENT), LegAnswered(AGENT))
    plays = {order[1] for order in handed.phone.did("play") if order[2] == "handoff.whisper.wav"}
    assert plays == {AGENT}
    (whispered,) = {prompt.text for prompt in handed.voice.said if prompt.id == "handoff.whisper"}
    assert whispered.startswith("尾号4567的客人来电，about urge_del")
    assert handed.phone.did("join") == []


async def test_key_one_joins_the_two_and_their_words_are_written_down(handed: Handed) -> None:
    handed.listener.hears = ["在吗"]
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert handed.phone.did("join") == [("join", CALLER, AGENT)]
    assert ("connected", 7) in handed.queue.asked
    for leg in (CALLER, AGENT):
        for number in range(60):
            handed.seconds += 0.06
            handed.transfer.on_leg(AudioHeard(leg, b"\1" * 960 if number < 20 else bytes(960), handed.seconds))
        await handed.settle()
    assert [line for line in handed.records.lines if line[1] == "在吗"] == [("caller", "在吗"), ("agent", "在吗")]


async def test_caller_whom_the_database_could_not_take_in_gets_a_place_before_an_agent_is_asked_for(
    tmp_path: Path,
) -> None:
    handed = Handed(tmp_path, FakeQueue(away=1))
    await handed.settle()
    assert [what for what, *_ in handed.queue.asked] == ["enter", "reserve"]
    assert [order[1] for order in handed.phone.did("dial")] == [ANNA.uri]


async def test_declined_agent_rests_and_the_next_one_is_rung(tmp_path: Path) -> None:
    bert = Reservation("bert", "sip:bert@10.0.0.9", "zh")
    handed = Handed(tmp_path, FakeQueue([ANNA, bert]))
    await handed.settle()
    await handed.hears(LegEnded(AGENT, 603))
    assert ("release", "anna", "available", "declined") in handed.queue.asked
    assert [order[1] for order in handed.phone.did("dial")] == [ANNA.uri, bert.uri]
    assert handed.queue.asked[-1] == ("reserve", 7, ("anna",))


async def test_keys_of_an_agent_who_was_given_up_are_not_the_callers(tmp_path: Path) -> None:
    bert = Reservation("bert", "sip:bert@10.0.0.9", "zh")
    handed = Handed(tmp_path, FakeQueue([ANNA, bert]))
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "2"))
    assert len(handed.phone.did("dial")) == 2
    await handed.hears(DigitHeard(AGENT, "1"))
    assert [what for what, _ in handed.desk.asked if what == "callback"] == []


async def test_agents_hold_takes_the_two_apart_with_words_and_music(handed: Handed) -> None:
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"), LegHeld(AGENT))
    assert handed.phone.did("separate") == [("separate", CALLER, AGENT)]
    assert "handoff.on_hold" in handed.said
    assert handed.queue.asked[-1] == ("held", True)
    assert handed.phone.did("play")[-1][2:] == ("tone-music.wav", 0.0, True)


async def test_caller_who_hangs_up_while_waiting_gets_callback_and_ticket(handed: Handed) -> None:
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    handed.over = True
    assert handed.transfer.close() == "abandoned"
    await handed.settle()
    assert [what for what, _ in handed.desk.asked] == ["callback", "ticket"]
    assert {arguments["phone"] for _, arguments in handed.desk.asked} == {"13800004567"}
    released = ("release", "anna", "available", "caller_left")
    assert handed.queue.asked[-3:] == [released, ("promised", 7), ("finish", "abandoned")]
    assert handed.phone.did("hang_up") == [("hang_up", AGENT)] * 2
    assert handed.ended == []


def speak(handed: Handed, seconds: float = 1.2) -> None:
    """The caller speaks for a while, then is silent."""
    for number in range(round(3.0 / 0.06)):
        handed.seconds += 0.06
        spoken = number * 0.06 < seconds
        handed.transfer.on_leg(AudioHeard(CALLER, b"\1" * 960 if spoken else bytes(960), handed.seconds))


@pytest.mark.parametrize(
    ("said", "asked", "outcome"), [("给 我 回电", "callback", "callback"), ("算了", "ticket", "abandoned")]
)
async def test_spoken_wish_is_heard_while_music_plays(tmp_path: Path, said: str, asked: str, outcome: str) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]), hears=said)
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    await handed.settle()
    grammar = handed.listener.grammars[-1]
    assert grammar.kind == "limited"
    assert {"给我回电", "留言", "还要多久"} <= set(grammar.phrases)
    speak(handed)
    await handed.settle()
    assert asked in [what for what, _ in handed.desk.asked]
    assert [event.outcome for event in handed.ended] == [outcome]
    assert ("caller", said) in handed.records.lines


async def test_how_long_is_answered_and_waiting_goes_on(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]), hears="还要 多久")
    await handed.settle()
    before = handed.said.count("handoff.progress")
    speak(handed)
    await handed.settle()
    assert handed.said.count("handoff.progress") == before + 1
    assert handed.ended == []


async def test_words_to_somebody_else_are_no_wish(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]), hears="[unk] 留言")
    await handed.settle()
    said = list(handed.said)
    speak(handed)
    await handed.settle()
    assert handed.said == said
    assert handed.ended == []


async def test_nothing_is_taken_for_a_wish_in_a_talk(handed: Handed) -> None:
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert handed.listener.grammars[-1].kind == "open"
    assert not handed.transfer._wishes.listening


async def test_callback_key_books_before_it_promises(handed: Handed) -> None:
    handed.desk.answers["callback"] = Answer("done", {"action.due_at": datetime.now(UTC)})
    await handed.hears(DigitHeard(CALLER, "1"))
    assert handed.said[-1] == "handoff.callback_booked"
    assert ("promised", 7) in handed.queue.asked
    assert [event.outcome for event in handed.ended] == ["callback"]


async def test_message_ends_with_the_hash_key(handed: Handed) -> None:
    await handed.hears(DigitHeard(CALLER, "2"))
    assert "handoff.leave_message" in handed.said
    handed.seconds = 5.0
    await handed.hears(DigitHeard(CALLER, "#"))
    assert [event.outcome for event in handed.ended] == ["voicemail"]
    assert "handoff.message_kept" in handed.said


async def test_message_is_taken_from_the_beep_which_comes_after_the_words(handed: Handed) -> None:
    await handed.hears(DigitHeard(CALLER, "2"))
    sounds = [order[2] for order in handed.phone.did("play")]
    assert sounds[-2:] == ["handoff.leave_message.wav", "tone-beep.wav"]
    speak(handed)
    await handed.settle()
    assert "handoff.message_kept" in handed.said


@in_virtual_time
async def test_who_says_nothing_after_the_beep_is_told_so(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue([Place(3, 120.0, True)]))
    await handed.settle()
    await handed.hears(DigitHeard(CALLER, "2"))
    assert handed.ended == []
    await asyncio.sleep(NO_INPUT_SECONDS + 1)
    await handed.settle()
    assert handed.said[-1] == "handoff.message_empty"
    assert [event.outcome for event in handed.ended] == ["voicemail"]


async def test_whisper_cut_short_by_the_agents_hanging_up_is_not_kept(handed: Handed) -> None:
    handed.transfer.on_leg(LegAnswered(AGENT))
    for _ in range(10):
        await asyncio.sleep(0)
    assert "handoff.whisper.wav" in {wav.name for _, wav, _ in handed.phone.playing.values()}
    await handed.hears(LegEnded(AGENT, 200))
    assert Path("handoff.whisper.wav") in handed.voice.forgotten


async def test_attended_referral_releases_both_legs_when_notify_says_200(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue(), way_out={"general": "refer"})
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    assert handed.phone.did("transfer_attended") == [("transfer_attended", CALLER, AGENT)]
    await handed.hears(TransferProgressed(CALLER, 100))
    assert handed.phone.did("hang_up") == []
    await handed.hears(TransferProgressed(CALLER, 200))
    assert handed.phone.did("hang_up") == [("hang_up", AGENT), ("hang_up", CALLER)]
    assert ("finish", "completed") in handed.queue.asked
    assert handed.ended == []


async def test_referral_that_fails_leaves_the_two_on_the_bridge(tmp_path: Path) -> None:
    handed = Handed(tmp_path, FakeQueue(), way_out={"general": "refer"})
    await handed.settle()
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"), TransferProgressed(CALLER, 603))
    assert handed.phone.did("join") == [("join", CALLER, AGENT)]
    assert handed.phone.did("hang_up") == []


async def test_caller_who_hangs_up_during_a_referral_is_called_back_unless_the_agent_took_over(tmp_path: Path) -> None:
    for replaced, outcome in ((False, "abandoned"), (True, "completed")):
        handed = Handed(tmp_path, FakeQueue(), way_out={"general": "refer"})
        await handed.settle()
        await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
        if replaced:
            await handed.hears(LegEnded(AGENT, 200))
        handed.over = True
        assert handed.transfer.close() == outcome
        await handed.settle()
        assert [what for what, _ in handed.desk.asked] == ([] if replaced else ["callback", "ticket"])


async def test_desk_commands_of_another_agent_change_nothing(handed: Handed) -> None:
    await handed.hears(LegAnswered(AGENT), DigitHeard(AGENT, "1"))
    handed.transfer.on_agent_command(AgentCommand("c1", "mallory", "hang_up"))
    handed.transfer.on_agent_command(AgentCommand("c1", "mallory", "send_back", {"step": "satisfaction"}))
    handed.transfer.on_agent_command(AgentCommand("c1", "anna", "note", {"text": "客人赶时间"}))
    assert handed.phone.did("hang_up") == []
    assert handed.ended == []
    assert ("note", "客人赶时间") in handed.records.lines
    handed.transfer.on_agent_command(AgentCommand("c1", "anna", "send_back", {"step": "satisfaction"}))
    assert [(event.outcome, event.step) for event in handed.ended] == [("returned", "satisfaction")]
