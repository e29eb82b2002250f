"""What can go wrong at the order desk.

OrderDeskError
├── MistakeError      a person's mistake in a file, a URL or a command: one line with the fix, exit status 2
│   └── PolicyError   in policies.yaml, decisions.yaml or a mapping, with file and line
├── DownError         the order system doesn't answer: the robot apologises, opens a ticket, gets a human
└── BrokenError       the order system answered something we can't use (HTML, half a body, a wrong type)

What a caller can cause (unknown order, failed verification, refused action) is a value, never one of these.
"""

from __future__ import annotations

from strict_yaml import Place, told


class OrderDeskError(Exception):
    """Any failure of the order desk."""


class MistakeError(OrderDeskError):
    """A person's mistake, told in one line that says how to put it right; command lines exit with status 2."""

    exit_status = 2


class PolicyError(MistakeError):
    """A file of the shop's that can't be used: where it is wrong, what is wrong, how to mend it."""

    def __init__(self, what: str, fix: str, place: Place) -> None:
        super().__init__(told(what, fix, place))
        self.place = place


class DownError(OrderDeskError):
    """The order system gave no answer in time, or refuses for now."""


class BrokenError(OrderDeskError):
    """The order system answered something that isn't an answer."""
