"""Opening hours and time of work: the notation, holidays, days on which clocks are changed, spans over midnight, a supervisor's word."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.hours import Always, HouseHours, Override, QueueHours, usual
from ivr.timetable import HoursError, OsmTimetable

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DAILY = "Mo-Su 09:00-21:00; PH 10:00-18:00; 2027 Feb 16 off"
HALF_AN_HOUR = timedelta(minutes=30)


def queue(text: str, zone: ZoneInfo = SHANGHAI, country: str = "CN", override: Override | None = None) -> QueueHours:
    return QueueHours(OsmTimetable(text, zone, country), override)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "promised", "due"),
    [
        (DAILY, "2026-11-24 10:00", "2026-11-24 10:30"),
        (DAILY, "2026-11-24 20:30", "2026-11-24 21:00"),
        (DAILY, "2026-11-24 20:50", "2026-11-25 09:20"),
        (DAILY, "2026-11-24 21:00", "2026-11-25 09:30"),
        (DAILY, "2026-11-25 03:00", "2026-11-25 09:30"),
        (DAILY, "2026-12-31 22:00", "2027-01-01 10:30"),  # a public holiday
        (DAILY, "2027-01-01 17:50", "2027-01-02 09:20"),
        (DAILY, "2027-02-15 20:50", "2027-02-17 09:20"),  # a day that the shop takes off
        ("Mo-Fr 09:00-18:00", "2026-11-27 17:45", "2026-11-30 09:15"),  # over the weekend
        ("Mo-Su 22:00-06:00", "2026-11-24 05:50", "2026-11-24 22:20"),  # a night shift
        ("Mo-Su 22:00-06:00", "2026-11-24 23:50", "2026-11-25 00:20"),
        ("Mo-Fr 09:00-12:00,13:00-18:00", "2026-11-24 11:50", "2026-11-24 13:20"),
        ("24/7", "2026-11-24 03:00", "2026-11-24 03:30"),
    ],
)
def test_half_an_hour_of_work(text: str, promised: str, due: str) -> None:
    assert queue(text).after(at(promised), HALF_AN_HOUR) == at(due)


def test_a_working_day_is_as_long_as_it_is_when_clocks_are_changed() -> None:
    night = queue("Mo-Su 00:00-06:00", BERLIN, "DE")
    # On 28 March 2027 the clock goes from 02:00 to 03:00: from 00:30 to 06:00 there are four and a half hours.
    begun = at("2027-03-28 00:30", BERLIN)
    assert night.next_change(begun) - begun.astimezone(UTC) == timedelta(hours=4, minutes=30)  # type: ignore[operator]
    assert night.after(begun, timedelta(hours=5)) == at("2027-03-29 00:30", BERLIN)
    # On 31 October there are two hours of the name 02: five hours from 00:30 end at 04:30.
    assert night.after(at("2027-10-31 00:30", BERLIN), timedelta(hours=5)) == at("2027-10-31 04:30", BERLIN)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.integers(0, 5000), st.integers(0, 5000),
    st.sampled_from([DAILY, "Mo-Fr 09:00-12:00,13:00-18:00; PH off", "Mo-Su 22:00-06:00", "Mo-Su 01:00-02:30"]),
)  # fmt: skip
def test_time_of_work_adds_up_and_never_ends_in_somebodys_sleep(when: datetime, one: int, two: int, text: str) -> None:
    hours, begun = queue(text, BERLIN, "DE"), when.replace(tzinfo=BERLIN).astimezone(UTC)
    first = hours.after(begun, timedelta(minutes=one))
    assert first >= begun + timedelta(minutes=one)
    assert hours.is_open(first) or hours.is_open(first - timedelta(seconds=1))
    assert hours.after(first, timedelta(minutes=two)) >= hours.after(begun, timedelta(minutes=one + two))


def test_a_supervisor_closes_for_a_time_and_the_timetable_counts_again() -> None:
    now, back = at("2026-11-24 14:00"), at("2026-11-24 15:00")
    hours = queue(DAILY, override=Override(False, back, "lena"))
    assert not hours.is_open(now)
    assert hours.next_change(now) == back
    assert hours.is_open(back)
    assert hours.next_change(back) == at("2026-11-24 21:00")
    assert hours.after(now, HALF_AN_HOUR) == at("2026-11-24 15:30")


def test_a_queue_closed_until_it_is_closed_anyway_opens_by_the_timetable() -> None:
    hours = queue(DAILY, override=Override(False, at("2026-11-24 22:00")))
    assert hours.next_change(at("2026-11-24 20:00")) == at("2026-11-25 09:00")


def test_closed_until_further_notice_promises_the_next_day_of_work() -> None:
    hours = queue(DAILY, override=Override(False, None, "lena"))
    assert not hours.is_open(at("2026-12-24 14:00"))
    assert hours.next_change(at("2026-11-24 14:00")) is None, "nobody knows"
    assert hours.after(at("2026-11-24 14:00"), HALF_AN_HOUR) == at("2026-11-25 09:30")
    assert hours.after(at("2026-11-24 23:00"), HALF_AN_HOUR) == at("2026-11-25 09:30")
    assert QueueHours(Always(), Override(False)).after(at("2026-11-24 23:00"), HALF_AN_HOUR) == at("2026-11-24 23:30")


def test_opened_longer_the_evening_counts() -> None:
    hours = queue(DAILY, override=Override(True, at("2026-11-24 23:00"), "lena"))
    assert hours.is_open(at("2026-11-24 22:00"))
    assert hours.next_change(at("2026-11-24 20:00")) == at("2026-11-24 23:00")
    assert hours.after(at("2026-11-24 22:45"), HALF_AN_HOUR) == at("2026-11-25 09:15")


def test_without_a_timetable_a_queue_is_open() -> None:
    house = HouseHours(SHANGHAI, {"general": OsmTimetable(DAILY, SHANGHAI, "CN")})
    night = at("2026-11-24 03:00")
    assert (house.is_open("general", night), house.is_open("safety", night)) == (False, True)
    assert house.standing("safety", night).until is None
    standing = house.standing("general", night)
    assert (standing.open, str(standing.until)) == (False, "2026-11-24 09:00:00+08:00")
    facts = house.facts(frozenset({"general", "safety"}), night)
    assert (facts["hours.general"], facts["hours.safety"]) == ("closed", "open")


def test_the_common_week_is_not_that_of_a_holiday() -> None:
    daily = OsmTimetable(DAILY, SHANGHAI, "CN")
    assert usual(daily, SHANGHAI, date(2026, 12, 31)) == usual(daily, SHANGHAI, date(2026, 11, 24))
    week = usual(OsmTimetable("Mo-Fr 22:00-06:00", SHANGHAI), SHANGHAI, date(2026, 11, 24))
    assert week is not None
    assert week.days == (*[((1320, 1800),)] * 5, (), ())
    assert usual(Always(), SHANGHAI, date(2026, 11, 24)) is None
    kinds = "Mo 08:00-09:00; Tu 09:00-10:00; We 10:00-11:00; Th 11:00-12:00"
    assert usual(OsmTimetable(kinds, SHANGHAI), SHANGHAI, date(2026, 11, 24)) is None, "nobody wants that recited"


def test_a_comment_that_changes_is_no_change() -> None:
    hours = queue('Mo-Fr 09:00-12:00 "by phone", Mo-Fr 12:00-18:00 "in person"')
    assert hours.next_change(at("2026-11-24 10:00")) == at("2026-11-24 18:00")


@pytest.mark.parametrize(
    ("text", "country", "what"),
    [
        ("Mo-Su 9-21", "", "are no opening hours"),
        ("", "", "are no opening hours"),
        ("Mo-Su 09:00-21:00; PH off", "", "which days PH are"),
        ("PH off", "XX", "no public holidays are known of the country `XX`"),
        ("SH off", "CN", "school holidays"),
        ("sunrise-sunset", "CN", "times of the sun"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, country: str, what: str) -> None:
    with pytest.raises(HoursError, match=what):
        OsmTimetable(text, SHANGHAI, country)


class Unending:
    """The library's hours, as if its search to the end of all days never came back."""

    def __init__(self, timetable: OsmTimetable) -> None:
        self._hours = timetable._hours
        self.is_open, self.intervals = self._hours.is_open, self._hours.intervals

    def next_change(self, at: datetime) -> datetime:
        raise AssertionError("the whole process would stand still")


@pytest.mark.parametrize("text", ["Mo-Su 00:00-24:00", "24/7", "off"])
def test_hours_that_never_change_are_known_at_once_however_they_are_written(text: str) -> None:
    timetable = OsmTimetable(text, SHANGHAI)
    timetable._hours = Unending(timetable)  # type: ignore[assignment]
    now = datetime(2026, 11, 24, 3, 0, tzinfo=SHANGHAI)
    house = HouseHours(SHANGHAI, {"general": timetable})
    for day in range(900):
        assert timetable.next_change(now + timedelta(days=day)) is None
    standing = house.standing("general", now)
    assert (standing.open, standing.until, standing.week) == (text != "off", None, None)
