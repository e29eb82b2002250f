"""One tree for everything that can go wrong.

    HotlineError
    ├─ UserError            a person's mistake: one clear line (file, key, fix), exit status 2
    │  ├─ ConfigError       config.yaml
    │  ├─ DialplanError     dialplans/, prompts/
    │  ├─ AudioFormatError  a sound file of the wrong kind
    │  └─ ModelError        a speech model that is missing, corrupt or made for something else
    └─ ComponentError       ours: logged; in a call it becomes an apology and a human
       ├─ SpeechUnavailable the recogniser can't be reached
       ├─ VoiceUnavailable  the voice process can't be reached and the prompt is not in the cache
       ├─ PhoneError        SIP or media refused what was asked of it
       ├─ IllegalTransition a machine was given an event its state forbids; the machine is unchanged
       └─ RecordsError      the database refused

What a caller can cause is a value, never an exception (no-input, no-match, order unknown: see `events`).
"""

from __future__ import annotations

from strict_yaml import Place, told

__all__ = [
    "AudioFormatError",
    "ComponentError",
    "ConfigError",
    "DialplanError",
    "HotlineError",
    "IllegalTransition",
    "ModelError",
    "PhoneError",
    "Place",
    "RecordsError",
    "SpeechUnavailable",
    "UserError",
    "VoiceUnavailable",
]


class HotlineError(Exception):
    """Anything this project raises on purpose."""


class UserError(HotlineError):
    """A person's mistake, said in one line: where it is, what is wrong, how to mend it."""

    def __init__(self, what: str, fix: str = "", place: Place | None = None) -> None:
        self.what, self.fix, self.place = what, fix, place
        super().__init__(told(what, fix, place))


class ConfigError(UserError):
    """config.yaml can't be used as written."""


class DialplanError(UserError):
    """A dialplan or prompt file can't be used as written."""


class AudioFormatError(UserError):
    """A sound file is not in the format asked for."""


class ModelError(UserError):
    """A speech model is missing, corrupt or made for something else."""


class ComponentError(HotlineError):
    """A part of the hotline failed; the caller gets an apology and a human."""


class SpeechUnavailable(ComponentError):
    """The recogniser can't be reached."""


class VoiceUnavailable(ComponentError):
    """A prompt is not in the cache and the voice process can't be reached."""


class PhoneError(ComponentError):
    """SIP or media refused what was asked of it."""


class IllegalTransition(ComponentError):
    """A machine was given an event its state forbids; the machine is unchanged."""


class RecordsError(ComponentError):
    """The database refused."""
