"""The section `hours` of config.yaml: when people are there, by queue; proved when the settings are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from ivr.config_values import Section
from ivr.document import nearest
from ivr.errors import ConfigError, Place
from ivr.hours import Always, HouseHours
from ivr.timetable import HoursError, OsmTimetable


class HoursSettings(Section):
    """Opening hours in OpenStreetMap's notation: of every queue, or of one; without any, people are there around the clock."""

    country: str = ""
    default: str = ""
    queues: dict[str, str] = Field(default_factory=dict)
    on_call: dict[str, str] = Field(default_factory=dict)
    last_minutes: int = Field(5, ge=0, le=120)

    @property
    def written(self) -> bool:
        """Whether anybody is ever away."""
        return bool(self.default or self.queues)

    def of_house(self, zone: str) -> HouseHours:
        """As the hotline goes by them; raises HoursError, which `check_hours` has told with its key."""
        here = ZoneInfo(zone)
        tables = {queue: OsmTimetable(text, here, self.country) for queue, text in self.queues.items()}
        return HouseHours(here, tables, OsmTimetable(self.default, here, self.country) if self.default else Always())


def check_hours(hours: HoursSettings, served: Collection[str], zone: str, place: Callable[..., Place]) -> None:
    """Every text can be read and opens some day, every queue is served; raises ConfigError with line, key and fix."""
    for path, queue in _queues(hours):
        if served and queue not in served:
            key = ".".join(path[:-1] if path[-1] == queue else path)
            raise ConfigError(
                f"`hours.{key}`: no agent serves `{queue}`", nearest(queue, sorted(served)), place("hours", *path)
            )
    texts: list[tuple[tuple[str, ...], str]] = [(("default",), hours.default)] if hours.default else []
    texts += [(("queues", queue), text) for queue, text in hours.queues.items()]
    for path, text in texts:
        _check_text(".".join(path), text, hours.country, ZoneInfo(zone), place("hours", *path))
    for queue, other in hours.on_call.items():
        if queue == other:
            what, fix = f"`hours.on_call.{queue}` names the queue itself", "name the queue that is asked in its place"
            raise ConfigError(what, fix, place("hours", "on_call", queue))


def _queues(hours: HoursSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    yield from ((("queues", queue), queue) for queue in hours.queues)
    for queue, other in hours.on_call.items():
        yield ("on_call", queue), queue
        yield ("on_call", queue), other


def _check_text(key: str, text: str, country: str, zone: ZoneInfo, place: Place) -> None:
    try:
        table = OsmTimetable(text, zone, country)
    except HoursError as fault:
        raise ConfigError(f"`hours.{key}`: {fault.what}", fault.fix, place) from None
    if not table.opens_ever(datetime.now(zone)):
        fix = "write when somebody is there"
        raise ConfigError(f"`hours.{key}`: `{text}` is never open", fix, place)
