"""Turn-taking step by step: what each state makes of each happening, and what counts as a false alarm or as a key too many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.commands import Grammar, KeyInput, Listen
from ivr.events import Event, Hypothesis, KeysPressed, MaxSpeech, NoInput, UtteranceHeard
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
    StopClock,
    TurnTaking,
)

LISTEN = Listen(7, "ask", "zh", Grammar("open"), no_input_seconds=5.0, keys=KeyInput(max_digits=4))
KEY, REFUND = KeyHeard("5"), (Hypothesis("退款", 0.9),)
COLLECT: Steps = (StopClock(), CloseEar(), DropPrompts(), StartClock(LISTEN.keys.interdigit_seconds))
LISTEN_AGAIN: Steps = (OpenEar(LISTEN), StartClock(5.0))


def told(*happenings: Happening, prompts: bool = True, barge_in: bool = True, listen: Listen = LISTEN) -> TurnTaking:
    machine = TurnTaking()
    machine.begin(7, prompts, barge_in, listen, 0.0)
    for happening in happenings:
        machine.receive(happening, 1.0)
    return machine


def finish(event: Event) -> Steps:
    return StopClock(), CloseEar(), DropPrompts(), Deliver(event)


OVER = (SpeechBegan(), SpeechStopped(0.8))
REACH: dict[str, Callable[[], TurnTaking]] = {
    "quiet": TurnTaking,
    "speaking": told,
    "speaking, nothing is heard": lambda: told(barge_in=False),
    "waiting": lambda: told(prompts=False),
    "hearing": lambda: told(SpeechBegan(), prompts=False),
    "hearing over a prompt": lambda: told(SpeechBegan()),
    "deciding": lambda: told(*OVER, prompts=False),
    "deciding over a prompt": lambda: told(*OVER),
    "deciding, the prompt has ended": lambda: told(SpeechBegan(), PromptsEnded(), SpeechStopped(0.3)),
    "deciding, too long": lambda: told(SpeechBegan(), SpeechStopped(15.0, too_long=True)),
    "collecting": lambda: told(KEY),
}
# What isn't named leaves the state as it is, and nothing is done.
DOES: dict[str, dict[Happening, tuple[Steps, State]]] = {
    "quiet": {},
    "speaking": {
        PromptsEnded(): ((StartClock(5.0),), State.WAITING),
        SpeechBegan(): ((PausePrompts(),), State.HEARING),
        KEY: (COLLECT, State.COLLECTING),
    },
    "speaking, nothing is heard": {PromptsEnded(): (LISTEN_AGAIN, State.WAITING)},
    "waiting": {
        SpeechBegan(): ((StopClock(),), State.HEARING),
        KEY: (COLLECT, State.COLLECTING),
        ClockRanOut(): (finish(NoInput(7, 2.0)), State.QUIET),
    },
    "hearing": {SpeechStopped(0.8): ((), State.DECIDING), KEY: (COLLECT, State.COLLECTING)},
    "hearing over a prompt": {SpeechStopped(0.8): ((), State.DECIDING), KEY: (COLLECT, State.COLLECTING)},
    "deciding": {
        Recognised(REFUND): (finish(UtteranceHeard(7, 2.0, REFUND, 0.8, False)), State.QUIET),
        Recognised(()): (finish(UtteranceHeard(7, 2.0, (), 0.8, False)), State.QUIET),
        KEY: (COLLECT, State.COLLECTING),
    },
    "deciding over a prompt": {
        Recognised(REFUND): (finish(UtteranceHeard(7, 2.0, REFUND, 0.8, True)), State.QUIET),
        Recognised(()): ((OpenEar(LISTEN), ResumePrompts()), State.SPEAKING),
        KEY: (COLLECT, State.COLLECTING),
    },
    "deciding, the prompt has ended": {
        Recognised(REFUND): (finish(UtteranceHeard(7, 2.0, REFUND, 0.3, True)), State.QUIET),
        Recognised(()): (LISTEN_AGAIN, State.WAITING),
        KEY: (COLLECT, State.COLLECTING),
    },
    "deciding, too long": {
        Recognised(REFUND): (finish(MaxSpeech(7, 2.0, REFUND)), State.QUIET),
        Recognised(()): (finish(MaxSpeech(7, 2.0, ())), State.QUIET),
        KEY: (COLLECT, State.COLLECTING),
    },
    "collecting": {
        KEY: ((StartClock(LISTEN.keys.interdigit_seconds),), State.COLLECTING),
        ClockRanOut(): (finish(KeysPressed(7, 2.0, "5")), State.QUIET),
    },
}
HAPPENINGS = (PromptsEnded(), SpeechBegan(), SpeechStopped(0.8), Recognised(REFUND), Recognised(()), KEY, ClockRanOut())


@pytest.mark.parametrize("happening", HAPPENINGS, ids=str)
@pytest.mark.parametrize("place", REACH)
def test_every_state_with_every_happening(place: str, happening: Happening) -> None:
    machine = REACH[place]()
    steps, state = DOES[place].get(happening, ((), machine.state))
    assert (machine.receive(happening, 2.0), machine.state) == (steps, state)


@pytest.mark.parametrize(
    ("prompts", "barge_in", "listen", "steps", "state"),
    [
        (True, True, LISTEN, (OpenEar(LISTEN),), State.SPEAKING),
        (True, False, LISTEN, (), State.SPEAKING),
        (False, True, LISTEN, LISTEN_AGAIN, State.WAITING),
        (False, False, LISTEN, LISTEN_AGAIN, State.WAITING),
        (True, True, None, (), State.SPEAKING),
        (False, True, None, (), State.QUIET),
    ],
)
def test_a_turn_drops_what_was_going_on(
    prompts: bool, barge_in: bool, listen: Listen | None, steps: Steps, state: State
) -> None:
    for place in REACH:
        machine = REACH[place]()
        assert machine.begin(7, prompts, barge_in, listen, 2.0)[:2] == (StopClock(), CloseEar())
        machine = TurnTaking()
        assert machine.begin(7, prompts, barge_in, listen, 2.0) == (StopClock(), CloseEar(), *steps)
        assert machine.state is state


@pytest.mark.parametrize(
    ("happenings", "prompts", "words", "seconds", "false_alarm"),
    [
        ([SpeechBegan()], True, "", 5.0, True),  # the prompt is still there to go on with
        ([SpeechBegan(), PromptsEnded()], True, "", 0.6, True),
        ([SpeechBegan(), PromptsEnded()], True, "", 0.61, False),
        ([SpeechBegan()], False, "", 0.6, True),
        ([SpeechBegan()], False, "", 0.61, False),
        ([SpeechBegan()], True, "嗯 UM", 1.2, True),
        ([SpeechBegan()], True, "嗯", 1.21, False),
        ([SpeechBegan()], True, "嗯 退款", 0.3, False),
        ([SpeechBegan(), PromptsEnded()], True, "嗯", 0.3, True),
        ([SpeechBegan()], False, "嗯", 0.3, False),
    ],
)
def test_what_is_a_false_alarm(
    happenings: list[Happening], prompts: bool, words: str, seconds: float, false_alarm: bool
) -> None:
    machine = told(*happenings, SpeechStopped(seconds), prompts=prompts)
    steps = machine.receive(Recognised((Hypothesis(words, 0.9),) if words else ()), 2.0)
    assert (not any(isinstance(step, Deliver) for step in steps)) == false_alarm


FILLERS = ("嗯", "呃", "啊", "哦", "唔", "哎", "um", "uh", "er", "hm", "mm", "mhm", "ah", "oh", "[unk]")


@pytest.mark.parametrize("word", FILLERS)
def test_a_filler_over_a_prompt_is_no_answer(word: str) -> None:
    machine = told(*OVER)
    assert machine.receive(Recognised((Hypothesis(word, 0.9),)), 2.0) == (OpenEar(LISTEN), ResumePrompts())


def test_false_alarms_are_counted_for_each_turn_anew() -> None:
    machine, answers = TurnTaking(), []
    for _ in range(2):
        machine.begin(7, True, True, LISTEN, 0.0)
        for _ in range(4):
            machine.receive(SpeechBegan(), 1.0)
            machine.receive(SpeechStopped(0.2), 1.1)
            answers.append(any(isinstance(step, Deliver) for step in machine.receive(Recognised(()), 1.2)))
    assert answers == [False, False, False, True] * 2


def test_after_the_prompt_went_on_to_its_end_the_next_noise_brings_it_not_back() -> None:
    machine = told(*OVER, Recognised(()), PromptsEnded(), SpeechBegan(), SpeechStopped(0.3))
    assert machine.receive(Recognised(()), 2.0) == LISTEN_AGAIN


def typed(keys: str, digits: tuple[int, ...], prompts: bool = True, barge_in: bool = True) -> list[str]:
    """What questions of so many digits are answered with by keys that were pressed before the first of them."""
    machine, answers = TurnTaking(), []
    for key in keys:
        machine.receive(KeyHeard(key), 0.5)
    for most in digits:
        listen = Listen(7, "ask", "zh", Grammar("open"), keys=KeyInput(max_digits=most))
        for step in machine.begin(7, prompts, barge_in, listen, 1.0):
            answers += [step.event.keys] if isinstance(step, Deliver) and isinstance(step.event, KeysPressed) else []
    return answers


@pytest.mark.parametrize(
    ("keys", "digits", "answers"),
    [
        ("12", (1, 1), ["1", "2"]),
        ("1382#1", (4, 1), ["1382", "1"]),
        ("1382##", (4, 1), ["1382", "#"]),  # one # ends the number, another is meant
        ("13#1", (4, 1), ["13", "1"]),
        ("1#", (1, 1), ["1", "#"]),  # one digit needs no end
        ("#", (4,), ["#"]),
        ("*", (1,), ["*"]),
        ("13*", (4,), ["*"]),
    ],
)
def test_keys_pressed_ahead_are_shared_out(keys: str, digits: tuple[int, ...], answers: list[str]) -> None:
    assert typed(keys, digits) == answers
    assert typed(keys, digits, prompts=False, barge_in=False) == answers
    assert typed(keys, digits, barge_in=False) == []


@pytest.mark.parametrize(("keys", "answer"), [("#1#", "1"), ("##", "#"), ("1#", "1")])
def test_the_hash_that_ends_a_number_may_come_late_and_only_once(keys: str, answer: str) -> None:
    machine = told(*(KeyHeard(key) for key in "1382" + keys))
    assert machine.begin(8, True, True, LISTEN, 3.0)[-1] == Deliver(KeysPressed(8, 3.0, answer))


def test_a_hash_that_ended_a_number_typed_ahead_takes_no_later_one_with_it() -> None:
    machine = TurnTaking()
    for key in "1382#1":
        machine.receive(KeyHeard(key), 0.5)
    machine.begin(7, True, True, LISTEN, 1.0)
    machine.begin(8, True, True, replace(LISTEN, keys=KeyInput(max_digits=1)), 2.0)
    machine.begin(9, True, True, LISTEN, 3.0)
    assert machine.receive(KeyHeard("#"), 4.0)[-1] == Deliver(KeysPressed(9, 4.0, "#"))


def test_nothing_typed_outlives_a_stop() -> None:
    machine = TurnTaking()
    machine.receive(KeyHeard("1"), 0.5)
    assert machine.stop() == (StopClock(), CloseEar(), DropPrompts())
    assert machine.state is State.QUIET
    assert machine.begin(7, True, True, LISTEN, 1.0) == (StopClock(), CloseEar(), OpenEar(LISTEN))
