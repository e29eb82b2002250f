"""Turn-taking, told as sequences of happenings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.commands import Grammar, KeyInput, Listen
from ivr.events import Hypothesis, KeysPressed, MaxSpeech, NoInput, PromptsFinished, UtteranceHeard
from ivr.turn_taking import (
    ClockRanOut,
    CloseEar,
    Deliver,
    DropPrompts,
    Happening,
    KeyHeard,
    OpenEar,
    PausePrompts,
    PromptsEnded,
    Recognised,
    ResumePrompts,
    SpeechBegan,
    SpeechStopped,
    StartClock,
    State,
    Steps,
    TurnTaking,
)


def listen(max_digits: int = 1) -> Listen:
    return Listen(7, "ask", "zh", Grammar("open"), no_input_seconds=5.0, keys=KeyInput(max_digits=max_digits))


def begun(*, prompts: bool = True, barge_in: bool = True, max_digits: int = 1) -> TurnTaking:
    machine = TurnTaking()
    machine.begin(7, prompts, barge_in, listen(max_digits), 0.0)
    return machine


def delivered(steps: Steps) -> list[object]:
    return [step.event for step in steps if isinstance(step, Deliver)]


def heard(text: str) -> Recognised:
    return Recognised((Hypothesis(text, 0.9),))


def test_no_input_counts_from_the_end_of_the_prompt() -> None:
    machine = begun()
    assert machine.receive(ClockRanOut(), 1.0) == ()
    assert StartClock(5.0) in machine.receive(PromptsEnded(), 2.0)
    assert delivered(machine.receive(ClockRanOut(), 7.0)) == [NoInput(7, 7.0)]


def test_barge_in_pauses_at_once_and_real_words_drop_the_prompt() -> None:
    machine = begun()
    assert machine.receive(SpeechBegan(), 1.0) == (PausePrompts(),)
    assert machine.receive(SpeechStopped(0.8), 2.0) == ()
    steps = machine.receive(heard("我 要 退款"), 2.1)
    assert DropPrompts() in steps
    [event] = delivered(steps)
    assert isinstance(event, UtteranceHeard)
    assert event.barged_in
    assert event.hypotheses[0].text == "我 要 退款"


def test_a_cough_or_a_filler_over_a_prompt_resumes_it() -> None:
    for noise in (Recognised(()), heard("嗯"), heard("um")):
        machine = begun()
        machine.receive(SpeechBegan(), 1.0)
        machine.receive(SpeechStopped(0.3), 1.5)
        assert machine.receive(noise, 1.6) == (OpenEar(listen()), ResumePrompts())
        assert machine.state is State.SPEAKING


def test_a_filler_as_the_answer_to_a_question_is_an_answer() -> None:
    machine = begun(prompts=False)
    machine.receive(SpeechBegan(), 1.0)
    machine.receive(SpeechStopped(0.3), 1.5)
    assert len(delivered(machine.receive(heard("嗯"), 1.6))) == 1


def test_endless_noise_ends_as_no_match() -> None:
    machine = begun(prompts=False)
    events: list[object] = []
    for second in range(5):
        machine.receive(SpeechBegan(), second)
        machine.receive(SpeechStopped(0.2), second + 0.3)
        events += delivered(machine.receive(Recognised(()), second + 0.4))
    assert events == [UtteranceHeard(7, 3.4, (), 0.2, False)]


def test_speech_over_a_prompt_without_barge_in_is_not_heard() -> None:
    machine = begun(barge_in=False)
    assert machine.receive(SpeechBegan(), 1.0) == ()
    assert OpenEar(listen()) in machine.receive(PromptsEnded(), 2.0)


def test_keys_typed_ahead_count_for_the_next_question() -> None:
    machine = TurnTaking()
    machine.receive(KeyHeard("2"), 0.5)
    steps = machine.begin(7, True, True, listen(), 1.0)
    assert delivered(steps) == [KeysPressed(7, 1.0, "2")]


def test_keys_typed_over_a_legal_text_wait_until_it_was_said() -> None:
    machine = begun(barge_in=False)
    assert machine.receive(KeyHeard("1"), 0.5) == ()
    assert delivered(machine.receive(PromptsEnded(), 3.0)) == [KeysPressed(7, 3.0, "1")]


def test_digits_end_by_number_by_hash_or_by_a_pause() -> None:
    by_number, by_hash, by_pause = (begun(max_digits=4) for _ in range(3))
    for key in "138":
        for machine in (by_number, by_hash, by_pause):
            assert delivered(machine.receive(KeyHeard(key), 1.0)) == []
    assert delivered(by_number.receive(KeyHeard("2"), 2.0)) == [KeysPressed(7, 2.0, "1382")]
    assert delivered(by_hash.receive(KeyHeard("#"), 2.0)) == [KeysPressed(7, 2.0, "138")]
    assert delivered(by_pause.receive(ClockRanOut(), 5.0)) == [KeysPressed(7, 5.0, "138")]


def test_a_hash_after_the_last_digit_there_can_be_means_nothing() -> None:
    machine = begun(max_digits=4)
    for key in "1382#":
        machine.receive(KeyHeard(key), 1.0)
    assert delivered(machine.begin(8, True, True, listen(), 2.0)) == []
    ahead = TurnTaking()
    for key in "1382#1":
        ahead.receive(KeyHeard(key), 1.0)
    assert delivered(ahead.begin(7, True, True, listen(4), 2.0)) == [KeysPressed(7, 2.0, "1382")]
    assert delivered(ahead.begin(8, True, True, listen(), 2.0)) == [KeysPressed(8, 2.0, "1")]


def test_star_goes_back_at_once_even_inside_a_number() -> None:
    machine = begun(max_digits=12)
    machine.receive(KeyHeard("1"), 1.0)
    assert delivered(machine.receive(KeyHeard("*"), 1.2)) == [KeysPressed(7, 1.2, "*")]


def test_a_key_beats_speech() -> None:
    machine = begun()
    machine.receive(SpeechBegan(), 1.0)
    steps = machine.receive(KeyHeard("1"), 1.2)
    assert CloseEar() in steps
    assert delivered(steps) == [KeysPressed(7, 1.2, "1")]


def test_speaking_too_long_is_told_as_such() -> None:
    machine = begun(prompts=False)
    machine.receive(SpeechBegan(), 1.0)
    machine.receive(SpeechStopped(15.0, too_long=True), 16.0)
    assert delivered(machine.receive(heard("我 我"), 16.1)) == [MaxSpeech(7, 16.1, (Hypothesis("我 我", 0.9),))]


def test_a_prompt_alone_ends_with_prompts_finished() -> None:
    machine = TurnTaking()
    machine.begin(3, True, True, None, 0.0)
    assert delivered(machine.receive(PromptsEnded(), 2.0)) == [PromptsFinished(3, 2.0)]


HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    st.just(PromptsEnded()),
    st.just(SpeechBegan()),
    st.builds(SpeechStopped, st.floats(0.1, 5), st.booleans()),
    st.sampled_from([Recognised(()), heard("嗯"), heard("退款")]),
    st.builds(KeyHeard, st.sampled_from("0123456789*#")),
    st.just(ClockRanOut()),
)


@given(st.lists(HAPPENINGS, max_size=30), st.booleans(), st.booleans(), st.integers(1, 12))
def test_a_listen_ends_at_most_once_and_the_machine_never_breaks(
    happenings: list[Happening], prompts: bool, barge_in: bool, max_digits: int
) -> None:
    machine = TurnTaking()
    events = delivered(machine.begin(7, prompts, barge_in, listen(max_digits), 0.0))
    for second, happening in enumerate(happenings):
        events += delivered(machine.receive(happening, float(second)))
    assert len(events) <= 1
    assert bool(events) == (machine.state is State.QUIET)
