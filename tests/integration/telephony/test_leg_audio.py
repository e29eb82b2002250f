"""What is heard: codecs, prompts, whisper and bridge, recordings, and where the sound goes after a transfer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ivr.telephony.ear import FRAME_BYTES
from ivr.telephony.recording import rescue
from ivr.tracks import tracks
from tests.integration.telephony.peers import Robot, bystander, robot, softphone, until
from tests.integration.telephony.sounds import channels, loud_from_to, tone

pytestmark = pytest.mark.integration
LOUD = 3000


@pytest.mark.parametrize(("codec", "transport"), [("PCMU", "tcp"), ("PCMA", "udp"), ("G722", "udp")])
def test_both_sides_hear_each_other(tmp_path: Path, codec: str, transport: str) -> None:
    wav = tone(tmp_path, 440, 1)
    with robot() as called, bystander(codecs=[codec]) as caller:
        leg = caller.order("dial", f"{called.uri};transport={transport}", {"User-to-User": "x" * 2400}, 'Li "W" <x>')
        assert caller.wait("LegAnswered", leg=leg)["codec"] == codec
        assert called.wait("CallOffered")["headers"]["from"].startswith(r'"Li \"W\" <x>" <sip:')
        called.wait("LegAnswered", leg=1)
        for phone, own in ((caller, leg), (called, 1)):
            phone.order("listen", own, True)
            phone.order("play", own, wav, 0, True)
        until(lambda: called.loudness(1) > LOUD and caller.loudness(leg) > LOUD)
        frame = called.all("AudioHeard", leg=1)[-1]
        assert len(frame["pcm"]) == 2 * FRAME_BYTES
        caller.order("listen", leg, False)
        caller.order("hang_up", leg)
        called.wait("LegEnded", leg=1)
        heard = len(called.all("AudioHeard"))
        time.sleep(0.2)
        assert len(called.all("AudioHeard")) == heard


def test_prompts_start_anywhere_end_once_and_stop_at_once(tmp_path: Path) -> None:
    wav, nothing = tone(tmp_path, 440, 5), tone(tmp_path, 440, 0)
    with robot() as phone, softphone(0) as person:
        person.write(f"call {phone.uri}")
        phone.wait("LegAnswered", leg=1)
        play = phone.ordered("play", 1, wav, 4.5)
        late = play["value"]
        # Half a second is left; the whole would be five.
        assert 0.3 < phone.wait("PlaybackFinished", playback=late)["at"] - play["at"] < 4
        for at_once in (phone.order("play", 1, nothing), phone.order("play", 1, wav, 9)):
            phone.wait("PlaybackFinished", playback=at_once)
        looping = phone.order("play", 1, tone(tmp_path, 600, 0.3), 0, True)
        stopped = phone.order("play", 1, wav)
        person.hears(440, 600)
        phone.order("stop", stopped)
        person.hears(600)
        phone.order("stop", looping)
        person.hears()
        phone.order("stop", looping)
        assert "can't be played" in phone.refuses("play", 1, tmp_path / "none.wav")
        person.write("bye")
        phone.wait("LegEnded", leg=1)
        phone.order("play", 1, wav)
        assert [event["playback"] for event in phone.all("PlaybackFinished")] == sorted({late, late + 1, late + 2})


def test_the_agent_alone_hears_the_whisper_and_then_both_talk(tmp_path: Path) -> None:
    with robot() as phone, softphone(440) as caller, softphone(1000) as agent:
        caller.write(f"call {phone.uri}")
        phone.wait("LegAnswered", leg=1)
        music = phone.order("play", 1, tone(tmp_path, 1600, 1), 0, True)
        phone.order("record", 1, tmp_path / "calls" / "one.wav")
        leg = phone.order("dial", agent.uri, {"X-Queue": "general"})
        phone.wait("LegAnswered", leg=leg)
        assert "X-Queue: general" in agent.wait("Incoming")["headers"]
        whisper = phone.order("play", leg, tone(tmp_path, 600, 1), 0, True)
        agent.hears(600)
        caller.hears(1600)
        phone.order("stop", whisper)
        phone.order("stop", music)
        phone.order("join", 1, leg)
        agent.hears(440)
        caller.hears(1000)
        caller.write("hold")
        phone.wait("LegHeld", leg=1)
        agent.hears()
        caller.write("unhold")
        phone.wait("LegResumed", leg=1)
        agent.hears(440)
        caller.hears(1000)
        phone.order("separate", 1, leg)
        agent.hears()
        caller.hears()
        phone.order("hang_up", leg, {"Reason": 'Q.850;cause=16;text="done"'})
        assert agent.wait("Bye")["headers"] == ['Reason: Q.850;cause=16;text="done"']
        caller.write("bye")
        phone.wait("RecordingFinished", leg=1)
    left, right = channels(tmp_path / "calls" / "one.wav")
    assert loud_from_to(left)
    assert loud_from_to(right)
    assert [path.name for path in (tmp_path / "calls").iterdir()] == ["one.wav"]


def test_a_recording_keeps_both_sides_in_step(tmp_path: Path) -> None:
    # The far end repeats what it hears as its own prompt: what it says starts when ours is heard.
    with robot() as phone, bystander(answer=False) as person:
        leg = person.order("dial", phone.uri)
        phone.wait("LegAnswered", leg=1)
        person.wait("LegAnswered", leg=leg)
        began = phone.ordered("record", 1, tmp_path / "call.wav")["at"]
        time.sleep(0.5)
        wav = tone(tmp_path, 440, 0.5)
        heard_at = phone.ordered("play", 1, wav)["at"] - began
        said_at = person.ordered("play", leg, wav)["at"] - began
        phone.wait("PlaybackFinished")
        time.sleep(0.4)
        phone.order("play", 1, wav)
        phone.wait("PlaybackFinished", after=1)
        time.sleep(0.2)
        phone.order("hang_up", 1)
        phone.wait("RecordingFinished")
    left, right = (loud_from_to(side) for side in channels(tmp_path / "call.wav"))
    assert [end - begin for begin, end in right] == pytest.approx([0.5, 0.5], abs=0.05)
    assert [end - begin for begin, end in left] == pytest.approx([0.5], abs=0.05)
    assert (left[0][0], right[0][0]) == pytest.approx((said_at, heard_at), abs=0.3)


def test_what_is_private_is_heard_and_its_time_recorded_as_silence(tmp_path: Path) -> None:
    with robot() as phone, bystander(answer=False) as person:
        leg = person.order("dial", phone.uri)
        phone.wait("LegAnswered", leg=1)
        person.wait("LegAnswered", leg=leg)
        phone.order("record", 1, tmp_path / "call.wav")
        wav = tone(tmp_path, 440, 0.5)
        for number, hushed in enumerate((False, True, False)):
            phone.ordered("hush", 1, hushed)
            person.order("play", leg, wav)
            phone.order("play", 1, wav)
            phone.wait("PlaybackFinished", after=number)
            time.sleep(0.3)
        phone.order("hang_up", 1)
        phone.wait("RecordingFinished")
    for side in channels(tmp_path / "call.wav"):
        loud = loud_from_to(side)
        assert sum(end - begin for begin, end in loud) == pytest.approx(1.0, abs=0.1)  # two tones of three
        assert loud[-1][1] - loud[0][0] > 1.8  # the private one took its time


def test_a_blind_transfer_takes_the_context_along(tmp_path: Path) -> None:
    with robot() as phone, softphone(440) as caller, softphone(1000) as agent:
        caller.write(f"call {phone.uri}")
        phone.wait("LegAnswered", leg=1)
        phone.order("transfer", 1, agent.uri, {"User-to-User": "6162;encoding=hex", "X-Case": "17"})
        assert phone.wait("TransferProgressed", leg=1, status=200)
        phone.order("hang_up", 1)
        headers = agent.wait("Incoming")["headers"]
        assert "User-to-User: 6162;encoding=hex" in headers
        assert "X-Case: 17" in headers
        agent.hears(440)
        caller.hears(1000)


def test_after_an_attended_transfer_the_media_is_direct(tmp_path: Path) -> None:
    with robot() as phone, softphone(440) as caller, softphone(1000) as agent:
        caller.write(f"call {phone.uri}")
        phone.wait("LegAnswered", leg=1)
        leg = phone.order("dial", agent.uri)
        phone.wait("LegAnswered", leg=leg)
        phone.order("join", 1, leg)
        agent.hears(440)
        phone.order("transfer_attended", 1, leg)
        phone.wait("TransferProgressed", leg=1, status=200)
        phone.wait("LegEnded", leg=leg)
        phone.order("hang_up", 1)
        phone.wait("LegEnded", leg=1)
        # What the caller is sent now comes from the agent's own phone, not from the robot's ports.
        first, second = (caller.wait("Talks", after=count)["peer"] for count in (0, 1))
        assert first != second
        agent.wait("Replaced")
        time.sleep(0.5)  # what was heard over the robot is over by now
        agent.hears(440)
        caller.hears(1000)


def test_a_killed_process_leaves_a_recording_that_the_next_one_finishes(tmp_path: Path) -> None:
    victim = Robot()
    with softphone(440) as person:
        person.write(f"call {victim.uri}")
        victim.wait("LegAnswered", leg=1)
        victim.order("record", 1, tmp_path / "lost.wav")
        time.sleep(1.5)
        assert rescue(tmp_path) == [], "it is still being written"
        victim.kill()
        person.write("bye")
        for track in tracks(tmp_path / "lost.wav"):
            os.utime(track, (time.time() - 60,) * 2)  # it died a minute ago
        with robot() as phone:
            person.write(f"call {phone.uri}")
            phone.wait("LegAnswered", leg=1)
            phone.order("record", 1, tmp_path / "next.wav")
            phone.order("hang_up", 1)
            phone.wait("RecordingFinished", leg=1)
            until(lambda: sorted(path.name for path in tmp_path.iterdir()) == ["lost.wav", "next.wav"])
    left, _ = channels(tmp_path / "lost.wav")
    assert sum(end - begin for begin, end in loud_from_to(left)) > 0.9
