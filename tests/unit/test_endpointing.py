"""Endpointing: examples from real pauses, then properties that hold for every sequence of frames."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.commands import Endpointing
from ivr.endpointing import (
    MOST_PATIENCE_SECONDS,
    Completeness,
    Decision,
    Endpointer,
    MaxSpeech,
    Onset,
    SpeechEnded,
    SpeechStarted,
)

FRAME = 0.02
SILENCES = Endpointing(complete_seconds=0.45, incomplete_seconds=1.2, in_number_seconds=2.5)


def run(
    script: list[tuple[float, float]],
    completeness: Completeness = "complete",
    endpointer: Endpointer | None = None,
    frame_seconds: float = FRAME,
) -> list[Decision]:
    """Feed (duration, probability of speech) stretches as frames from time 0 and collect the decisions."""
    endpointer = endpointer or Endpointer(SILENCES)
    decisions, now = [endpointer.frame(0.0, False, completeness)], 0.0
    for duration, speech in script:
        for _ in range(round(duration / frame_seconds)):
            now += frame_seconds
            decisions.append(endpointer.frame(now, speech, completeness))
    return [each for each in decisions if each]


@pytest.mark.parametrize(("completeness", "silence"), [("complete", 0.45), ("incomplete", 1.2), ("in_number", 2.5)])
def test_silence_needed_depends_on_the_words(completeness: Completeness, silence: float) -> None:
    started, ended = run([(1.0, False), (0.8, True), (4.0, False)], completeness)
    assert isinstance(started, SpeechStarted)
    assert isinstance(ended, SpeechEnded)
    assert started.began_seconds == pytest.approx(1.0)
    assert started.seconds - 1.0 <= 0.12
    assert started.audio_from_seconds == pytest.approx(0.7)
    assert ended.ended_seconds == pytest.approx(1.8)
    assert ended.speech_seconds == pytest.approx(0.8)
    assert silence <= ended.seconds - 1.8 + 1e-6 <= silence + FRAME + 1e-5


def test_words_that_become_complete_end_the_wait() -> None:
    endpointer = Endpointer(SILENCES)
    run([(0.5, True), (1.0, False)], "in_number", endpointer)
    assert endpointer.silent_seconds == pytest.approx(1.0)
    assert isinstance(endpointer.frame(1.52, False, "complete"), SpeechEnded)


def test_a_click_is_not_speech() -> None:
    assert run([(1.0, False), (0.04, 0.8), (3.0, False)]) == []


def test_two_clicks_apart_are_not_one_word() -> None:
    assert run([(0.04, 0.8), (0.3, False), (0.04, 0.8), (1.0, False)]) == []


def test_a_voice_beyond_doubt_needs_one_frame() -> None:
    started, _ = run([(1.0, 0.1), (0.02, 0.95), (1.0, 0.1)])
    assert isinstance(started, SpeechStarted)
    assert started.seconds == pytest.approx(1.02)


@pytest.mark.parametrize("gap", [0.06, 0.08])
def test_a_stop_consonant_inside_a_word_does_not_hide_it(gap: float) -> None:
    started, ended = run([(1.0, False), (0.04, 0.7), (gap, False), (0.1, 0.7), (1.0, False)])
    assert isinstance(started, SpeechStarted)
    assert (started.began_seconds, started.seconds) == pytest.approx((1.0, 1.06 + gap))  # 0.06 s of voice in all
    assert isinstance(ended, SpeechEnded)
    assert ended.ended_seconds == pytest.approx(1.14 + gap)


@pytest.mark.parametrize("lost", [False, True], ids=["silence", "lost packets"])
def test_after_a_click_the_voice_begins_where_it_is_heard(lost: bool) -> None:
    endpointer = Endpointer(SILENCES)
    run([(1.0, False), (0.04, 0.7)], endpointer=endpointer)
    if not lost:
        assert run_on(endpointer, 1.04, [(0.96, False)], "complete") == []
    started, *_ = run_on(endpointer, 2.0, [(0.2, 0.7)], "complete")
    assert isinstance(started, SpeechStarted)
    # A frame after lost packets covers 0.2 s at most, and nothing of what was heard before.
    assert (started.began_seconds, started.seconds) == pytest.approx((1.82, 2.02) if lost else (2.0, 2.06))


@pytest.mark.parametrize(
    ("quiet", "loud", "started", "speaking"),
    [(0.0, 0.55, True, True), (0.0, 0.54, False, False), (0.35, 0.7, True, True), (0.34, 0.7, True, False)],
)
def test_a_voice_counts_from_its_probability_up(quiet: float, loud: float, started: bool, speaking: bool) -> None:
    """To begin it takes 0.55, to go on 0.35."""
    endpointer = Endpointer(SILENCES)
    assert [type(each) for each in run([(0.06, loud)], endpointer=endpointer)] == [SpeechStarted] * started
    if quiet:
        run_on(endpointer, 0.06, [(0.6, quiet)], "complete")
    assert endpointer.speaking is speaking


@pytest.mark.parametrize(("probability", "seconds"), [(0.9, 0.02), (0.89, 0.06)])
def test_one_frame_is_enough_from_a_probability_up(probability: float, seconds: float) -> None:
    started, *_ = run([(0.2, probability)])
    assert started.seconds == pytest.approx(seconds)


def test_a_pause_belongs_to_the_utterance_and_its_length_is_known() -> None:
    endpointer = Endpointer(SILENCES)
    seen = []
    now = 0.0
    for duration, speech in [(0.1, 1.0), (0.1, 0.0), (0.04, 0.6), (0.04, 0.6)]:
        run_on(endpointer, now, [(duration, speech)], "complete")
        now += duration
        seen.append((endpointer.speaking, round(endpointer.silent_seconds, 2)))
    assert seen == [(True, 0.0), (True, 0.1), (True, 0.0), (True, 0.0)]
    run_on(endpointer, now, [(0.04, 0.0)], "complete")
    assert round(endpointer.silent_seconds, 2) == 0.04  # the voice was back for long enough to end the pause


def test_a_frame_as_long_as_a_word_ends_a_pause_by_itself() -> None:
    endpointer = Endpointer(SILENCES)
    run([(0.2, True), (0.3, False)], endpointer=endpointer)
    endpointer.frame(0.6, True, "complete")
    assert endpointer.frame(0.8, False, "complete") is None
    assert endpointer.silent_seconds == pytest.approx(0.2)


def test_who_speaks_on_after_too_much_is_heard_again_after_a_whole_silence() -> None:
    endpointer = Endpointer(SILENCES, max_speech_seconds=1.0)
    *_, cut = run([(1.0, True), (0.5, True)], endpointer=endpointer)
    assert isinstance(cut, MaxSpeech)
    assert run_on(endpointer, 1.5, [(0.4, False), (0.2, True), (0.4, False), (0.2, True)], "complete") == []
    started, *_ = run_on(endpointer, 2.7, [(0.46, False), (0.1, True)], "complete")
    assert isinstance(started, SpeechStarted)
    assert started.began_seconds == pytest.approx(3.16)


def test_the_silences_and_the_onset_are_the_ones_given() -> None:
    assert Endpointer().silences == Endpointing()
    assert Endpointer(SILENCES).silences == SILENCES
    slow = Onset(minimum_speech_seconds=0.2, sure_probability=2.0)
    started, *_ = run([(1.0, True)], endpointer=Endpointer(SILENCES, onset=slow))
    assert started.seconds == pytest.approx(0.2)


def test_a_breath_does_not_restart_the_silence() -> None:
    decisions = run([(0.5, True), (0.3, False), (0.04, True), (1.0, False)])
    assert decisions[-1].seconds == pytest.approx(0.96, abs=FRAME)


def test_a_pause_inside_the_utterance_does_not_end_it() -> None:
    decisions = run([(0.5, True), (0.4, False), (0.5, True), (1.0, False)])
    assert [type(each) for each in decisions] == [SpeechStarted, SpeechEnded]
    assert decisions[1].ended_seconds == pytest.approx(1.4)


def test_endless_speech_is_cut_once_and_heard_again_after_a_silence() -> None:
    endpointer = Endpointer(SILENCES, max_speech_seconds=3.0)
    decisions = run([(6.0, True), (1.0, False), (0.5, True), (1.0, False)], endpointer=endpointer)
    assert [type(each) for each in decisions] == [SpeechStarted, MaxSpeech, SpeechStarted, SpeechEnded]
    assert decisions[1].seconds == pytest.approx(3.0)


def test_a_sinking_voice_is_not_cut() -> None:
    endpointer = Endpointer(SILENCES)
    for index in range(30):
        endpointer.frame(index * FRAME, 0.9, "complete")
    decisions = [endpointer.frame(0.6 + index * FRAME, 0.4, "complete") for index in range(100)]
    assert decisions == [None] * 100
    assert endpointer.speaking


def test_lost_packets_count_as_silence() -> None:
    endpointer = Endpointer(SILENCES)
    run([(0.5, True)], endpointer=endpointer)
    assert isinstance(endpointer.frame(2.0, False, "complete"), SpeechEnded)


def test_one_frame_after_a_gap_is_not_a_long_word() -> None:
    endpointer = Endpointer(SILENCES)
    endpointer.frame(0.0, False, "complete")
    decision = endpointer.frame(5.0, True, "complete")
    assert decision is None or decision.began_seconds >= 4.8


def test_time_never_runs_backwards() -> None:
    endpointer = Endpointer()
    endpointer.frame(1.0, False, "complete")
    with pytest.raises(ValueError, match="came after"):
        endpointer.frame(0.9, False, "complete")


frames = st.lists(
    st.tuples(st.floats(0.0, 0.3), st.floats(0.0, 1.0), st.sampled_from(["complete", "incomplete", "in_number"])),
    max_size=300,
)


def decide(items: list[tuple[float, float, Completeness]], maximum: float = 4.0) -> list[tuple[Decision, Completeness]]:
    endpointer, now, decisions = Endpointer(SILENCES, maximum), 0.0, []
    for delta, speech, completeness in items:
        now += delta
        decision = endpointer.frame(now, speech, completeness)
        if decision:
            decisions.append((decision, completeness))
    return decisions


@settings(deadline=None)
@given(frames)
def test_start_and_end_take_turns(items: list[tuple[float, float, Completeness]]) -> None:
    started = False
    for decision, _ in decide(items):
        assert isinstance(decision, SpeechStarted) is not started
        started = not started


@settings(deadline=None)
@given(frames)
def test_an_end_always_has_the_silence_its_words_demand(items: list[tuple[float, float, Completeness]]) -> None:
    for decision, completeness in decide(items):
        if isinstance(decision, SpeechEnded):
            needed = getattr(SILENCES, f"{completeness}_seconds")
            assert decision.seconds - decision.ended_seconds >= needed - 1e-5
            assert decision.began_seconds <= decision.ended_seconds


@settings(deadline=None)
@given(frames)
def test_nothing_lasts_longer_than_allowed(items: list[tuple[float, float, Completeness]]) -> None:
    began = None
    for decision, _ in decide(items, maximum=2.0):
        if isinstance(decision, SpeechStarted):
            began = decision.began_seconds
        elif isinstance(decision, MaxSpeech):
            assert decision.began_seconds == began
            assert decision.seconds - decision.began_seconds >= 2.0 - 1e-5
        assert decision.seconds >= decision.began_seconds


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 0.3), st.floats(0.0, 0.3)), max_size=200))
def test_silence_decides_nothing(items: list[tuple[float, float]]) -> None:
    assert decide([(delta, speech, "complete") for delta, speech in items]) == []


@settings(deadline=None)
@given(st.integers(10, 60), st.floats(0.3, 2.0), st.floats(0.6, 2.0))
def test_the_size_of_frames_does_not_matter(milliseconds: int, speech: float, pause: float) -> None:
    size = milliseconds / 1000
    decisions = run([(0.5, False), (speech, True), (pause, False)], frame_seconds=size)
    assert [type(each) for each in decisions] == [SpeechStarted, SpeechEnded]
    assert decisions[1].speech_seconds == pytest.approx(speech, abs=2 * size)


@pytest.mark.parametrize(("pause", "silence"), [(0.5, 1.2), (1.0, 1.4), (1.15, 1.61)])
def test_who_pauses_between_groups_may_pause_as_long_before_the_last(pause: float, silence: float) -> None:
    """ "三零二六幺 … 零七二六三 … 四六": the words lack two digits, and the pause before them is like the one before."""
    script = [(1.0, True), (pause, False), (1.0, True), (4.0, False)]
    *_, ended = run(script, "incomplete")
    assert isinstance(ended, SpeechEnded)
    assert ended.seconds - ended.ended_seconds == pytest.approx(silence, abs=0.05)


def test_a_slow_speaker_is_not_waited_for_without_end() -> None:
    *_, ended = run([(1.0, True), (2.4, False), (1.0, True), (5.0, False)], "in_number")
    assert isinstance(ended, SpeechEnded)
    assert ended.seconds - ended.ended_seconds == pytest.approx(MOST_PATIENCE_SECONDS, abs=0.05)


def test_pauses_say_nothing_once_the_words_are_complete_nor_of_the_next_utterance() -> None:
    endpointer = Endpointer(SILENCES)
    run([(1.0, True), (1.0, False), (1.0, True)], "incomplete", endpointer)
    first = run_on(endpointer, 3.0, [(0.6, False)], "complete")
    assert isinstance(first[-1], SpeechEnded)
    *_, second = run_on(endpointer, 3.6, [(1.0, True), (3.0, False)], "incomplete")
    assert isinstance(second, SpeechEnded)
    assert second.seconds - second.ended_seconds == pytest.approx(1.2, abs=0.05)


def run_on(
    endpointer: Endpointer, now: float, script: list[tuple[float, float]], completeness: Completeness
) -> list[Decision]:
    """More frames, from a time on."""
    decisions = []
    for duration, speech in script:
        for _ in range(round(duration / FRAME)):
            now += FRAME
            decisions.append(endpointer.frame(now, speech, completeness))
    return [each for each in decisions if each]
