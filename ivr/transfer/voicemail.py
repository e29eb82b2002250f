"""A message of the caller's: the call's recording keeps the sound, the transcript the words.

How it works: once the prompt is out there is a beep, and from there on the caller is listened to. Silence after their words, the
cap or `#` ends the message; whoever says nothing at all is not waited for until the cap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivr.events import Hypothesis
from ivr.holding import Holding
from ivr.stenographer import Stenographer
from ivr.transfer.handed_call import HandedCall

# Longer than at a question: what is to be said has to be put together first.
NO_INPUT_SECONDS = 8.0


class Voicemail:
    """Taken once at a time; `on_kept` gets its seconds, none where nothing was said."""

    def __init__(
        self, call: HandedCall, holding: Holding, stenographer: Stenographer, on_kept: Callable[[float], None]
    ) -> None:
        self._call, self._holding, self._stenographer, self._on_kept = call, holding, stenographer, on_kept
        self._began: float | None = None
        self._silent: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether a message is being taken."""
        return self._began is not None

    def take(self, max_seconds: float) -> None:
        """Beep when the prompt is out, then listen."""
        self._holding.beep(lambda: self._begin(max_seconds))

    def end(self) -> None:
        """`#`: the words of a message cut short are in the recording, not in the transcript."""
        self._stenographer.stop()
        self._done(None)

    def stop(self) -> None:
        """The handoff is over: wait for no words any more."""
        if self._silent:
            self._silent.cancel()
            self._silent = None

    def _begin(self, max_seconds: float) -> None:
        self._began = self._call.seconds
        self._silent = asyncio.get_running_loop().call_later(NO_INPUT_SECONDS, self._nothing_said)
        self._call.services.phone.listen(self._call.leg, True)
        self._stenographer.take_message(self._call.leg, max_seconds, self.stop, self._done)

    def _nothing_said(self) -> None:
        self._stenographer.stop()
        self._began = None
        self._on_kept(0.0)

    def _done(self, heard: Hypothesis | None) -> None:
        self.stop()
        began, self._began = self._began, None
        text, seconds = heard.text if heard else "", self._call.seconds
        self._call.services.records.line(self._call.call_id, "caller", text, seconds, {"step": "voicemail"})
        self._on_kept(seconds - (seconds if began is None else began))
