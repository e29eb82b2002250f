"""Which sources feed which sinks: the cables that should be plugged, worked out anew from what each channel wants.

A leg's node is its far end: as a source what the far end says, as a sink what it hears. An `ear` carries a leg's audio into
Python, `left` and `right` are the two tracks of its recording, and `silence` keeps both tracks running in step when nobody
speaks, or when what is said is private and the leg is `hushed`. A leg that is on hold or not answered is not `talking`: nothing
is plugged into it, so a prompt waits instead of being lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["leg", "playback", "ear", "left", "right", "silence"]


@dataclass(frozen=True, slots=True)
class Node:
    """Something with audio in or out, by its kind and the number of its leg (or playback)."""

    kind: Kind
    number: int = 0


@dataclass(frozen=True, slots=True)
class Cable:
    """A one-way connection."""

    source: Node
    sink: Node


@dataclass(slots=True)
class Channel:
    """What one leg wants of the patchbay."""

    leg: int
    talking: bool = False
    listening: bool = False
    recording: bool = False
    hushed: bool = False
    playbacks: set[int] = field(default_factory=set)
    joined: set[int] = field(default_factory=set)


SILENCE = Node("silence")


def cables(channels: Mapping[int, Channel]) -> frozenset[Cable]:
    """Every cable that should be plugged now."""
    return frozenset(cable for channel in channels.values() for cable in _of(channel, channels))


def _of(channel: Channel, channels: Mapping[int, Channel]) -> Iterator[Cable]:
    leg, left, right = (Node(kind, channel.leg) for kind in ("leg", "left", "right"))
    if channel.recording:
        yield Cable(SILENCE, left)
        yield Cable(SILENCE, right)
    if not channel.talking:
        return
    if channel.listening:
        yield Cable(leg, Node("ear", channel.leg))
    kept = channel.recording and not channel.hushed
    if kept:
        yield Cable(leg, left)
    for source in _heard_by(channel, channels):
        yield Cable(source, leg)
        if kept:
            yield Cable(source, right)


def _heard_by(channel: Channel, channels: Mapping[int, Channel]) -> Iterator[Node]:
    for playback in channel.playbacks:
        yield Node("playback", playback)
    for number in channel.joined:
        if (other := channels.get(number)) and other.talking:
            yield Node("leg", number)
