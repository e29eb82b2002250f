"""Opening hours as config.yaml writes them: OpenStreetMap's `opening_hours` notation, read by the library opening-hours-py.

https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification. What the notation knows and we don't is refused: times of
the sun (no place is set) and school holidays (no calendar of them). "Unknown" and "closed" are both closed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, ParserError, UnknownCountryError  # type: ignore[attr-defined]

MOST_CHANGES = 1000
# What does not change in so long never does; the library would look for a change until the year 10000, day by day.
HORIZON = timedelta(days=800)
_QUOTED = re.compile(r'"[^"]*"')


class HoursError(ValueError):
    """A text of opening hours that can't be used: what is wrong, and how to mend it."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{what}: {fix}")


class OsmTimetable:
    """`hours.Timetable` of a text like `Mo-Su 09:00-21:00; PH off`; raises HoursError. `country` (ISO 3166) says which days PH are."""

    def __init__(self, text: str, zone: ZoneInfo, country: str = "") -> None:
        self.text, self._zone = text, zone
        self._still: tuple[datetime, datetime] | None = None
        _known_words(text, country)
        try:
            self._hours = OpeningHours(text, timezone=zone, country=country or None)
        except ParserError as fault:
            raise HoursError(f"`{text}` are no opening hours", _near(text, str(fault))) from None
        except UnknownCountryError:
            fix = "write its two letters, as ISO 3166 has them (CN, DE, US)"
            raise HoursError(f"no public holidays are known of the country `{country}`", fix) from None

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there."""
        return bool(self._hours.is_open(at.astimezone(self._zone)))

    def next_change(self, at: datetime) -> datetime | None:
        """When that changes next; None: never."""
        local = at.astimezone(self._zone)
        if self._stays(local):
            return None
        now = self._hours.is_open(local)
        for _ in range(MOST_CHANGES):  # the library stops at a change of comment, too
            following = self._hours.next_change(local)
            if following is None or following.timestamp() <= local.timestamp():
                return None
            local = following
            if self._hours.is_open(local) != now:
                return local.astimezone(UTC)
        return None

    def _stays(self, local: datetime) -> bool:
        """Whether nothing changes as far as anybody looks ahead; once found out, that is known for half as long."""
        if self._still and self._still[0] <= local <= self._still[1]:
            return True
        at = local.astimezone(UTC)  # HORIZON later there is such a time, whatever clocks are changed
        states = (state for _, _, state, *_ in self._hours.intervals(local, (at + HORIZON).astimezone(self._zone)))
        first = next(states, None)
        if any(state != first for state in states):
            return False
        self._still = (local, local + HORIZON / 2)
        return True

    def opens_ever(self, at: datetime) -> bool:
        """Whether anybody will ever be there from now on."""
        return self.is_open(at) or self.next_change(at) is not None


def _known_words(text: str, country: str) -> None:
    bare = _QUOTED.sub("", text)
    if re.search(r"\bSH\b", bare):
        raise HoursError(
            f"`{text}`: school holidays are not known here", "write their dates, like `2027 Jan 20-Feb 20 off`"
        )
    if re.search(r"\b(sunrise|sunset|dawn|dusk)\b", bare, re.IGNORECASE):
        raise HoursError(f"`{text}`: times of the sun are not known here", "write times of day, like 08:00-20:00")
    if re.search(r"\bPH\b", bare) and not country:
        raise HoursError(f"`{text}`: nobody knows which days PH are", "name `hours.country`, like CN")


def _near(text: str, fault: str) -> str:
    """Where the reader stopped, and the usual slip: hours without their minutes."""
    found = re.search(r"--> \d+:(\d+)", fault)
    at = text[int(found[1]) - 1 :].strip() if found else ""
    where = f"it can't be read from `{at}` on; " if at else ""
    return f"{where}write it like `Mo-Fr 09:00-21:00; Sa,Su 10:00-18:00; PH off`, or `24/7`"
