"""What the handoff machine does about each event, command by command; the states after it are in `test_handoff_machine.py`."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from ivr.commands import StartTimer, StopTimer
from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.machine import TABLE, HandoffMachine, ignore, illegal
from ivr.handoff.state import State
from tests.unit.handoff.handoff_states import DUE, REACH, REQUEST, told

BERT = on.AgentReserved(20.0, "bert", "sip:bert@10.0.0.9")
HEADERS = "{'User-to-User': '63616c6c2d31;encoding=hex', 'Call-Info': '<http://desk/calls/call-1>;purpose=info'}"
NEXT = "PlayMusic music; ReserveAgent anna; start retry 5"
NEW_PATIENCE = "start patience 300; start progress 120"
LOST = f"say agent_lost; {NEW_PATIENCE}"
JOIN = "StopMusic; Join 1; NoteConnected 1"
BOOK = "BookCallback asked_for; start book 10"
RECORD = "RecordVoicemail 60; start record 90"
GOODBYE = "OpenTicket abandoned refund; StopMusic; say goodbye; start conclude 30"
ABANDONED = "OpenTicket abandoned refund; Finish abandoned"
WAIT_ON = f"stop choice; say waiting_on; PlayMusic music; {NEW_PATIENCE}; ReserveAgent; start retry 5"
OFFER_AGAIN = "StopMusic; say offer_again; start choice 30"
Rows = dict[on.HandoffEvent, str]


def written(command: do.HandoffCommand) -> str:
    """A command in short: its class and its values, nothing said of what is empty."""
    match command:
        case StartTimer(name, seconds):
            return f"start {name.removeprefix('handoff.')} {seconds:g}"
        case StopTimer(name):
            return f"stop {name.removeprefix('handoff.')}"
        case do.Say(_, prompt, values):
            return " ".join([f"say {prompt.removeprefix('handoff.')}", *(f"{key}={values[key]}" for key in values)])
        case do.ReserveAgent(excluded):
            return " ".join(["ReserveAgent", *excluded])
    values = [value for field in fields(command) if (value := getattr(command, field.name))]
    return " ".join(
        [type(command).__name__, *(f"{value:g}" if isinstance(value, float) else str(value) for value in values)]
    )


def said(*wishes: on.Wish) -> list[on.HandoffEvent]:
    """The wishes said, and those keys pressed that mean one of them."""
    keys = {"callback": "1", "voicemail": "2", "wait": "3", "back": "*", "goodbye": "9", "agent": "0", "other": "#"}
    events: list[on.HandoffEvent] = [on.CallerSaid(20.0, wish) for wish in wishes]
    return events + [on.CallerKeyed(20.0, keys[wish]) for wish in wishes if wish in keys]


def trying(timer: str) -> Rows:
    """An agent is rung, hears the whisper or has to press a key; `timer` ends it."""
    gone = f"stop {timer}; HangUpAgent 1; ReleaseAgent anna available caller_left 2"
    over, declined = "stop patience; stop progress", f"stop {timer}; HangUpAgent 1; ReleaseAgent anna available"
    ended = f"stop {timer}; ReleaseAgent anna"
    return {
        BERT: "ReleaseAgent bert available not_needed",
        **dict.fromkeys(said("callback"), f"{gone}; {over}; {BOOK}"),
        **dict.fromkeys(said("voicemail"), f"{gone}; {over}; StopMusic; say leave_message; {RECORD}"),
        **dict.fromkeys(said("back"), f"{gone}; StopMusic; {over}; Finish returned"),
        **dict.fromkeys(said("goodbye"), f"{gone}; {over}; {GOODBYE}"),
        **dict.fromkeys(said("agent", "wait", "repeat", "help", "other"), ""),
        CallerHungUp(20.0): f"{gone}; BookCallback abandoned; {over}; {ABANDONED}",
        on.MediaLost(20.0, "caller"): f"{gone}; BookCallback abandoned; {over}; {ABANDONED}",
        on.MediaLost(20.0, "agent"): f"stop {timer}; HangUpAgent 1; ReleaseAgent anna away no_media; {NEXT}",
        on.AgentLegEnded(20.0, 1, 200): f"{ended} available hung_up 15; {NEXT}",
        on.AgentLegEnded(20.0, 1, 486): f"{ended} available busy 15; {NEXT}",
        on.AgentLegEnded(20.0, 1, 600): f"{ended} available busy 15; {NEXT}",
        on.AgentLegEnded(20.0, 1, 603): f"{ended} available declined 15; {NEXT}",
        on.AgentLegEnded(20.0, 1, 480): f"{ended} away no_answer; {NEXT}",
        on.AgentLegEnded(20.0, 2, 480): "",
        on.AgentDeclined(20.0, "anna"): f"{declined} declined 15; {NEXT}",
        on.AgentDeclined(20.0, "bert"): "",
        on.StepFailed(20.0, "RingAgent"): f"{declined} failed 15; {NEXT}",
        **{on.StepFailed(20.0, what): "" for what in ("Say", "PlayMusic", "StopMusic", "EnterQueue", "OpenTicket")},
        TimerFired("handoff.patience", 20.0): "",
        TimerFired("handoff.progress", 20.0): "start progress 120",
    }


def answered(timer: str) -> Rows:
    """The agent has picked up, and takes the call or doesn't."""
    taken = f"{'; '.join(sorted([f'stop {timer}', 'stop patience', 'stop progress']))}; StopWhisper 1; {JOIN}"
    return {
        on.AgentKeyPressed(20.0, 1, "1"): taken,
        on.AgentAccepted(20.0, "anna"): taken,
        on.AgentAccepted(20.0, "bert"): "",
        on.AgentKeyPressed(
            20.0, 1, "2"
        ): f"stop {timer}; HangUpAgent 1; ReleaseAgent anna available declined 15; {NEXT}",
        on.AgentKeyPressed(20.0, 1, "3"): "",
        on.AgentKeyPressed(20.0, 2, "1"): "",
    }


def together(apart: str) -> Rows:
    """An agent has the caller; `apart` takes the two apart, or the music away."""
    left = f"{apart}; HangUpAgent 1; ReleaseAgent anna wrap_up talked; Finish completed"
    lost = f"{apart}; {LOST}; HangUpAgent 1; ReleaseAgent anna away no_media; {NEXT}"
    return {
        BERT: "ReleaseAgent bert available not_needed",
        on.AgentReserved(20.0, "anna", "sip:anna@10.0.0.9"): "",
        on.AgentLegEnded(20.0, 1, 200): f"{apart}; ReleaseAgent anna wrap_up talked; Finish completed",
        on.AgentLegEnded(20.0, 1, 408): f"{apart}; {LOST}; ReleaseAgent anna away no_media; {NEXT}",
        on.AgentLegEnded(20.0, 2, 200): "",
        on.MediaLost(20.0, "agent"): lost,
        on.MediaLost(20.0, "caller"): left,
        CallerHungUp(20.0): left,
        on.SentBack(
            20.0, "anna", "thanks"
        ): f"{apart}; HangUpAgent 1; ReleaseAgent anna wrap_up sent_back; Finish returned thanks",
        on.SentBack(20.0, "bert", "thanks"): "",
        on.PassedOn(
            20.0, "anna", "after_sales", "photos"
        ): f"{apart}; HangUpAgent 1; ReleaseAgent anna wrap_up passed_on; "
        f"say passed_on; PlayMusic music; EnterQueue after_sales photos zh 4 refund; {NEW_PATIENCE}; ReserveAgent anna; start retry 5",
        on.PassedOn(20.0, "bert", "after_sales"): "",
        on.StepFailed(20.0, "Join"): lost,
        on.StepFailed(20.0, "Say"): "",
    }


# What each state does about these events; what isn't named here is ignored, and `test_handoff_machine.py` proves that.
DOES: dict[State, Rows] = {
    State.NEW: {
        REQUEST: f"say connecting reason=refund; PlayMusic music; EnterQueue general zh 5 refund; {NEW_PATIENCE}; ReserveAgent; start retry 5"
    },
    State.WAITING: {
        BERT: f"stop retry; PlayMusic ringing; RingAgent 1 bert sip:bert@10.0.0.9 {HEADERS}; start ring 20",
        on.NoAgent(20.0, 2, 90.0): "say progress position=2 wait=0:02:00; start retry 1",
        on.NoAgent(20.0, 0, 20.0): "say progress position=1 wait=0:01:00; start retry 1",
        on.NoAgent(20.0, 3): "say position position=3; start retry 1",
        on.NoAgent(
            20.0, staffed=False
        ): "stop patience; stop progress; stop retry; StopMusic; say unstaffed; start choice 30",
        on.NoAgent(20.0, 2, 90.0, closes_at=DUE): f"say closing closes={DUE}; start retry 1",
        on.QueueShut(20.0, on.Shut(DUE)): f"stop patience; stop progress; stop retry; StopMusic; "
        f"say closed_now opens={DUE} week=None; start choice 30",
        **dict.fromkeys(said("callback"), f"stop patience; stop progress; stop retry; {BOOK}"),
        **dict.fromkeys(
            said("voicemail"), f"stop patience; stop progress; stop retry; StopMusic; say leave_message; {RECORD}"
        ),
        **dict.fromkeys(said("back"), "StopMusic; stop patience; stop progress; stop retry; Finish returned"),
        **dict.fromkeys(said("goodbye"), f"stop patience; stop progress; stop retry; {GOODBYE}"),
        **dict.fromkeys(said("agent", "repeat", "help"), "say position position=1"),
        **dict.fromkeys(said("wait", "other"), ""),
        CallerHungUp(20.0): f"BookCallback abandoned; stop patience; stop progress; stop retry; {ABANDONED}",
        on.MediaLost(20.0, "agent"): "",
        TimerFired("handoff.retry", 20.0): "ReserveAgent; start retry 5",
        TimerFired("handoff.progress", 20.0): "say position position=1; start progress 120",
        TimerFired("handoff.patience", 20.0): "stop progress; stop retry; StopMusic; say offer; start choice 30",
    },
    State.RINGING: trying("ring")
    | {
        on.AgentLegAnswered(
            20.0, 1
        ): "stop ring; Whisper 1 客人来电。未核实身份。接听请按1，拒接请按2。 zh; start whisper 25",
        on.AgentLegAnswered(20.0, 2): "",
        on.AgentAccepted(20.0, "anna"): "",
        TimerFired("handoff.ring", 20.0): f"HangUpAgent 1; ReleaseAgent anna away no_answer; {NEXT}",
    },
    State.WHISPERING: trying("whisper")
    | answered("whisper")
    | {
        on.WhisperFinished(20.0, 1): "stop whisper; start accept 10",
        on.WhisperFinished(20.0, 2): "",
        TimerFired("handoff.whisper", 20.0): "start accept 10",
    },
    State.DECIDING: trying("accept")
    | answered("accept")
    | {TimerFired("handoff.accept", 20.0): f"HangUpAgent 1; ReleaseAgent anna away no_key; {NEXT}"},
    State.TRANSFERRING: {
        BERT: "ReleaseAgent bert available not_needed",
        on.TransferProgressed(20.0, 100): "",
        on.TransferProgressed(
            20.0, 200
        ): "NoteConnected 1; ReleaseAgent anna wrap_up transferred; stop transfer; Finish completed True",
        on.TransferProgressed(20.0, 300): f"stop transfer; {JOIN}",
        on.StepFailed(20.0, "TransferAttended"): f"stop transfer; {JOIN}",
        on.StepFailed(20.0, "PlayMusic"): "",
        on.AgentLegEnded(20.0, 1, 200): "",
        CallerHungUp(
            20.0
        ): f"stop transfer; HangUpAgent 1; ReleaseAgent anna available caller_left 2; BookCallback abandoned; {ABANDONED}",
        TimerFired("handoff.transfer", 20.0): JOIN,
    },
    State.TALKING: together("Separate 1")
    | {
        on.AgentHeld(20.0, "anna"): "Separate 1; say on_hold; PlayMusic music; NoteHeld True",
        on.AgentHeld(20.0, "bert"): "",
    },
    State.HELD: together("StopMusic")
    | {on.AgentResumed(20.0, "anna"): "StopMusic; Join 1; NoteHeld", on.AgentResumed(20.0, "bert"): ""},
    State.OFFERING: {
        BERT: "ReleaseAgent bert available not_needed",
        **dict.fromkeys(said("callback"), f"stop choice; {BOOK}"),
        **dict.fromkeys(said("voicemail"), f"stop choice; StopMusic; say leave_message; {RECORD}"),
        **dict.fromkeys(said("wait", "agent"), WAIT_ON),
        **dict.fromkeys(said("back"), "stop choice; Finish returned"),
        **dict.fromkeys(said("goodbye"), f"stop choice; {GOODBYE}"),
        **dict.fromkeys(said("repeat", "help", "other"), OFFER_AGAIN),
        CallerHungUp(20.0): f"BookCallback abandoned; stop choice; {ABANDONED}",
        on.SayFinished(20.0, 1): "",
        on.SayFinished(20.0, 2): "start choice 8",
        on.StepFailed(20.0, "Say"): "stop choice; BookCallback no_choice; start book 10",
        on.StepFailed(20.0, "PlayMusic"): "",
        TimerFired("handoff.choice", 20.0): OFFER_AGAIN,
        TimerFired("handoff.gone", 20.0): "",
    },
    State.BOOKING: {
        BERT: "ReleaseAgent bert available not_needed",
        on.CallbackBooked(
            20.0, DUE
        ): f"stop book; OpenTicket callback refund; StopMusic; say callback_booked due={DUE}; start conclude 30",
        on.CallbackRefused(20.0, "no_number"): f"stop book; StopMusic; say no_number_message; {RECORD}",
        on.CallbackRefused(20.0, "down"): f"stop book; StopMusic; say callback_failed_message; {RECORD}",
        on.StepFailed(20.0, "BookCallback"): f"stop book; StopMusic; say callback_failed_message; {RECORD}",
        on.StepFailed(20.0, "Say"): "",
        on.MediaLost(20.0, "agent"): "",
        on.MediaLost(20.0, "caller"): "stop book; OpenTicket callback refund; Finish callback",
        CallerHungUp(20.0): "stop book; OpenTicket callback refund; Finish callback",
        TimerFired("handoff.book", 20.0): f"StopMusic; say callback_failed_message; {RECORD}",
        TimerFired("handoff.gone", 20.0): "",
    },
    State.RECORDING: {
        BERT: "ReleaseAgent bert available not_needed",
        on.MessageRecorded(
            20.0, 1.0
        ): "stop record; OpenTicket voicemail refund; StopMusic; say message_kept; start conclude 30",
        on.MessageRecorded(
            20.0, 0.9
        ): "stop record; OpenTicket voicemail refund; StopMusic; say message_empty; start conclude 30",
        on.StepFailed(
            20.0, "RecordVoicemail"
        ): "stop record; OpenTicket failed refund; StopMusic; say failed; start conclude 30",
        on.StepFailed(20.0, "Say"): "",
        CallerHungUp(20.0): "stop record; OpenTicket voicemail refund; Finish voicemail",
        TimerFired(
            "handoff.record", 20.0
        ): "OpenTicket voicemail refund; StopMusic; say message_kept; start conclude 30",
        TimerFired("handoff.gone", 20.0): "",
    },
    State.CONCLUDING: {  # the ticket is open already
        BERT: "ReleaseAgent bert available not_needed",
        on.SayFinished(20.0, 1): "",
        on.SayFinished(20.0, 2): "stop conclude; Finish callback",
        on.StepFailed(20.0, "Say"): "stop conclude; Finish callback",
        on.StepFailed(20.0, "PlayMusic"): "",
        CallerHungUp(20.0): "stop conclude; Finish callback",
        TimerFired("handoff.conclude", 20.0): "Finish callback",
        TimerFired("handoff.gone", 20.0): "",
    },
    State.ENDED: {BERT: "ReleaseAgent bert available not_needed"},
}


def short(machine: HandoffMachine, event: on.HandoffEvent) -> str:
    return "; ".join(written(command) for command in machine.receive(event))


@pytest.mark.parametrize(
    ("state", "event"), [(state, event) for state, rows in DOES.items() for event in rows], ids=str
)
def test_what_is_done_about_an_event(state: State, event: on.HandoffEvent) -> None:
    assert short(REACH[state](), event) == DOES[state][event]


def test_a_blind_transfer_is_tried_and_given_up_for_the_next_agent() -> None:
    machine = told(request=replace(REQUEST, way_out="blind"))
    tried = f"TransferBlind bert sip:bert@10.0.0.9 {HEADERS}; start transfer 32"
    assert short(machine, BERT) == f"stop retry; say putting_through; {tried}"
    failed = "stop transfer; ReleaseAgent bert available transfer_failed 15"
    assert short(machine, on.TransferProgressed(21.0, 404)) == f"{failed}; {NEXT.replace('anna', 'bert')}"


def test_a_refer_that_failed_once_the_agents_phone_is_gone_brings_the_next_agent() -> None:
    machine = REACH[State.TRANSFERRING]()
    assert short(machine, on.AgentLegEnded(20.0, 1, 200)) == ""
    failed = f"stop transfer; ReleaseAgent anna available transfer_failed 15; {NEXT}"
    assert short(machine, on.TransferProgressed(21.0, 404)) == failed


def test_who_waits_on_is_asked_twice_again_before_a_callback_is_booked() -> None:
    machine = REACH[State.OFFERING]()
    for event in (on.CallerSaid(20.0, "other"), on.CallerSaid(21.0, "wait"), TimerFired("handoff.patience", 400.0)):
        machine.receive(event)
    assert [short(machine, TimerFired("handoff.choice", seconds)) for seconds in (410.0, 420.0)] == [
        OFFER_AGAIN,
        "BookCallback no_choice; start book 10",
    ]


def test_every_event_that_is_handled_has_its_row() -> None:
    for state, rows in DOES.items():
        handled = {kind for kind, handler in TABLE[state].items() if handler not in (ignore, illegal)}
        assert handled - {type(event) for event in rows} <= {on.MediaLost}, state
    assert set(DOES) == set(State)
