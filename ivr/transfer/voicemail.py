"""A message of the caller's: the call's recording keeps the sound, the transcript the words."""

from __future__ import annotations

from collections.abc import Callable

from ivr.events import Hypothesis
from ivr.holding import Holding
from ivr.stenographer import Stenographer
from ivr.transfer.handed_call import HandedCall


class Voicemail:
    """Taken once at a time; silence, the cap or `#` ends it, and `on_kept` gets its seconds."""

    def __init__(
        self, call: HandedCall, holding: Holding, stenographer: Stenographer, on_kept: Callable[[float], None]
    ) -> None:
        self._call, self._holding, self._stenographer, self._on_kept = call, holding, stenographer, on_kept
        self._began: float | None = None

    @property
    def running(self) -> bool:
        """Whether a message is being taken."""
        return self._began is not None

    def take(self, max_seconds: float) -> None:
        """Beep, then listen."""
        self._began = self._call.seconds
        self._holding.beep()
        self._call.services.phone.listen(self._call.leg, True)
        self._stenographer.take_message(self._call.leg, max_seconds, self._done)

    def end(self) -> None:
        """`#`: the words of a message cut short are in the recording, not in the transcript."""
        self._stenographer.stop()
        self._done(None)

    def _done(self, heard: Hypothesis | None) -> None:
        began, self._began = self._began, None
        text, seconds = heard.text if heard else "", self._call.seconds
        self._call.services.records.line(self._call.call_id, "caller", text, seconds, {"step": "voicemail"})
        self._on_kept(seconds - (seconds if began is None else began))
