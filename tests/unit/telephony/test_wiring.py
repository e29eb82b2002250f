"""Which cables are plugged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.wiring import SILENCE, Cable, Channel, Node, cables


def named(*channels: Channel) -> set[str]:
    found = cables({channel.leg: channel for channel in channels})
    return {f"{c.source.kind}{c.source.number}>{c.sink.kind}{c.sink.number}" for c in found}


def test_a_prompt_to_one_leg_is_heard_and_recorded_there_only() -> None:
    caller = Channel(1, talking=True, listening=True, recording=True, playbacks={7})
    agent = Channel(2, talking=True, playbacks={8})
    assert named(caller, agent) == {
        "silence0>left1",
        "silence0>right1",
        "leg1>left1",
        "leg1>ear1",
        "playback7>leg1",
        "playback7>right1",
        "playback8>leg2",
    }


def test_what_is_hushed_is_heard_and_not_recorded() -> None:
    caller = Channel(1, talking=True, listening=True, recording=True, hushed=True, playbacks={7})
    assert named(caller) == {"silence0>left1", "silence0>right1", "leg1>ear1", "playback7>leg1"}


def test_joined_legs_hear_each_other_and_the_recording_has_both() -> None:
    caller = Channel(1, talking=True, recording=True, joined={2})
    agent = Channel(2, talking=True, joined={1})
    assert {"leg1>leg2", "leg2>leg1", "leg2>right1", "leg1>left1"} <= named(caller, agent)


def test_on_hold_nothing_flows_but_the_recording_goes_on() -> None:
    caller = Channel(1, talking=False, listening=True, recording=True, playbacks={7}, joined={2})
    agent = Channel(2, talking=True, joined={1})
    assert named(caller, agent) == {"silence0>left1", "silence0>right1"}


channels = st.builds(
    Channel,
    leg=st.integers(1, 4),
    talking=st.booleans(),
    listening=st.booleans(),
    recording=st.booleans(),
    hushed=st.booleans(),
    playbacks=st.sets(st.integers(1, 5), max_size=2),
    joined=st.sets(st.integers(1, 5), max_size=3),
)


@given(st.lists(channels, max_size=4))
def test_no_cable_ends_where_nothing_is(several: list[Channel]) -> None:
    by_leg = {channel.leg: channel for channel in several}
    talking = {channel.leg for channel in by_leg.values() if channel.talking}
    for cable in cables(by_leg):
        for end in (cable.source, cable.sink):
            assert end == SILENCE or end.kind == "playback" or end.kind != "leg" or end.number in talking
        assert cable.source != cable.sink or by_leg[cable.sink.number].joined >= {cable.sink.number}
        assert cable.source.kind in ("leg", "playback", "silence")
        assert cable.sink.kind in ("leg", "ear", "left", "right")
    assert Cable(Node("leg", 9), SILENCE) not in cables(by_leg)
