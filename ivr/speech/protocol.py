"""What a client may send in vosk-server's WebSocket protocol, and how it is checked (pure). The protocol itself: `server.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# vosk-server compares this message as a string: a client must write it exactly so.
END_OF_FILE = '{"eof" : 1}'
_MOST_PHRASES = 5000
_MOST_ALTERNATIVES = 20


class BadRequest(Exception):
    """The client sent something outside the protocol; it is told and let go."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client configured; vosk-server's defaults."""

    rate: int = 8000
    phrases: tuple[str, ...] = ()
    kind: str = ""
    beside: tuple[str, ...] = ()
    alternatives: int = 0
    segments: bool = True

    def updated(self, wish: Mapping[str, Any]) -> Wishes:
        """With a `config` message applied; raises BadRequest."""
        try:
            rate = int(float(wish.get("sample_rate", self.rate)))
            alternatives = int(wish.get("max_alternatives", self.alternatives))
            phrases = tuple(wish.get("phrase_list", self.phrases) or ())
            beside = tuple(wish.get("beside", self.beside) or ())
            segments = bool(wish.get("segments", self.segments))
        except (TypeError, ValueError):
            raise BadRequest(
                "config: sample_rate and max_alternatives are numbers, phrase_list and beside lists"
            ) from None
        if not 4000 <= rate <= 48000 or not 0 <= alternatives <= _MOST_ALTERNATIVES:
            raise BadRequest(f"config: sample_rate 4000 to 48000, max_alternatives 0 to {_MOST_ALTERNATIVES}")
        if len(phrases) + len(beside) > _MOST_PHRASES or not all(isinstance(each, str) for each in (*phrases, *beside)):
            raise BadRequest(f"config: phrase_list holds at most {_MOST_PHRASES} strings")
        return Wishes(rate, phrases, str(wish.get("kind", self.kind)), beside, alternatives, segments)


def order_in(message: str | bytes) -> dict[str, Any]:
    """A text message as JSON with one of the known keys; empty for sound."""
    if isinstance(message, bytes):
        return {}
    try:
        order = json.loads(message)
    except ValueError:
        raise BadRequest("text messages are JSON") from None
    if not isinstance(order, dict) or not {"config", "eof", "reset"} & order.keys():
        raise BadRequest("text messages are config, eof or reset")
    return order
