"""A call from a phone that is not ours, with audio both ways."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.integration.telephony.peers import baresip, robot, until
from tests.integration.telephony.sounds import tone

pytestmark = pytest.mark.integration


def test_a_call_from_baresip_which_says_what_it_hears(tmp_path: Path) -> None:
    with robot() as phone, baresip(tmp_path, f"/dial {phone.uri}"):
        phone.wait("LegAnswered", leg=1)
        phone.order("listen", 1, True)
        time.sleep(0.5)
        assert not phone.heard_louder(1, 100)
        prompt = phone.order("play", 1, tone(tmp_path, 600, 1))
        until(lambda: phone.heard_louder(1, 3000))
        phone.wait("PlaybackFinished", playback=prompt)
        until(lambda: phone.loudness(1) < 100)
        phone.order("hang_up", 1)
        phone.wait("LegEnded", leg=1)
        until(lambda: "session closed" in (tmp_path / "baresip.log").read_text(errors="replace"))
