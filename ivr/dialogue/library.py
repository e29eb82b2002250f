"""The dialplans a worker serves: loaded, proved, and taken anew when the files change and pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from ivr.config import Settings
from ivr.dialogue.check import House, check, faults
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.recognition import warm
from ivr.dialogue.understanding import OrderPattern
from ivr.dialogue.vocabulary import QUEUES
from ivr.errors import DialplanError
from ivr.orders import decisions, shop_policies
from ivr.values import Language, Value, Values

log = structlog.get_logger()


class DialplanLibrary:
    """The current dialplans; a changed set that doesn't pass is refused and the old one stays (old calls finish on theirs)."""

    def __init__(
        self,
        settings: Settings,
        pattern: OrderPattern | None = None,
        hours: Callable[[], Mapping[str, Value]] = dict,
    ) -> None:
        self._folder = settings.path(settings.dialplan.folder)
        self._prompts = settings.path(settings.dialplan.prompts)
        self._start, self._zone = settings.dialplan.start, ZoneInfo(settings.time_zone)
        self._facts = {"shop": settings.shop, "shop_en": settings.shop_en}
        self._hours = hours
        self._pattern, self._house = pattern or shop_pattern(settings), house(settings)
        self.findings: tuple[str, ...] = ()
        self._seen = self._stamp()
        self.current: Dialplans = self._proved()

    def dialogue(self, language: Language, at: datetime | None = None, facts: Values | None = None) -> Dialogue:
        """A new call's conversation, on what is current now; `at`: as if it were another time; `facts` are known of this call."""
        if language not in self.current.spoken:
            log.warning("dialplan.language_missing", language=language)
        known = {**self._facts, **self._hours(), **(facts or {})}
        return Dialogue(self.current, start=self._start, started_at=at or datetime.now(self._zone), facts=known)

    def reload(self) -> bool:
        """Take changed files if they pass; True when something new is current. Never raises."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            fresh = self._proved()
        except DialplanError as fault:
            self.findings = tuple(str(fault).splitlines())
            log.error("dialplan.refused", findings=self.findings, version=self.current.version)
            return False
        except Exception as fault:
            # Ours is wrong, not theirs: but whoever looks for changes must go on looking, and the calls have the old ones.
            self.findings = (f"can't be proved: {type(fault).__name__}",)
            log.exception("dialplan.not_proved", version=self.current.version)
            return False
        self.findings, self.current = (), fresh
        log.info("dialplan.taken", version=fresh.version)
        return True

    def _proved(self) -> Dialplans:
        """What is in the folders now; raises DialplanError with every fault when it doesn't pass `ivr check`."""
        loaded = load_dialplans(self._folder, self._prompts, self._pattern)
        if wrong := faults(check(loaded, self._start, self._house)):
            more = "".join(f"\n{finding}" for finding in wrong[1:])
            raise DialplanError(f"{wrong[0]}{more}")
        for spoken in loaded.spoken.values():
            warm(spoken.understanding)
        return loaded

    def _stamp(self) -> tuple[tuple[str, int, int], ...]:
        return tuple(sorted(_stamps(self._folder, self._prompts)))


def house(settings: Settings) -> House:
    """What the dialplans of these settings must fit; raises ConfigError when the shop's policies can't be read."""
    languages = frozenset({settings.dialplan.language, *settings.dialplan.numbers.values()})
    return House(settings.queues, languages, decisions(shop_policies(settings)), closing(settings))


def known_queues(settings: Settings) -> frozenset[str]:
    """Every queue that a call may be put into, as far as the settings and the order desk know."""
    return QUEUES | settings.queues | frozenset(settings.hours.queues)


def closing(settings: Settings) -> frozenset[str]:
    """The queues where nobody is there at times."""
    hours, now = settings.hours.of_house(settings.time_zone), datetime.now(ZoneInfo(settings.time_zone))
    return frozenset(queue for queue in known_queues(settings) if hours.of(queue).next_change(now))


def shop_pattern(settings: Settings) -> OrderPattern:
    """The shape of this shop's order numbers, as its policies have it."""
    numbers = shop_policies(settings).values.numbers.pattern
    return OrderPattern(numbers.digits, numbers.prefix, numbers.is_valid)


def _stamps(*folders: Path) -> Iterator[tuple[str, int, int]]:
    for folder in folders:
        for file in folder.rglob("*.yaml"):
            try:
                found = file.stat()
            except OSError:
                continue  # gone between listing and looking: the next look sees it
            yield str(file), found.st_mtime_ns, found.st_size
