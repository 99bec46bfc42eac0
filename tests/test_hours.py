"""When the office is open: spans, breaks, holidays, the last number, and the sentence for each."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, insert

from ruko.db import db
from ruko.errors import Closed
from ruko.offices import Holiday, Hours, Office, first_open_days, opening, require_numbers, spans_on
from tests.conftest import MONDAY, wita

FRIDAY = date(2026, 11, 27)
SATURDAY = date(2026, 11, 28)
NEXT_MONDAY = date(2026, 11, 30)
CHRISTMAS_EVE = date(2026, 12, 24)
"""Cuti bersama; a Thursday, and the Friday after it is Christmas."""


def close_on(office: Office, *days: date, name: str = "Hari Jadi Balangan") -> None:
    db.session.execute(
        insert(Holiday),
        [
            {"office_id": office.id, "date": d, "name": name, "kind": "public", "source": "uji"}
            for d in days
        ],
    )


def spans(office: Office, day: date) -> list[tuple[time, time]]:
    return [
        (office.local(s.opens).time(), office.local(s.closes).time())
        for s in spans_on(office, day)[0]
    ]


def test_the_week_has_its_spans(office: Office) -> None:
    for ahead in range(4):
        assert spans(office, MONDAY + timedelta(days=ahead)) == [
            (time(8), time(12)),
            (time(13), time(15)),
        ]
    assert spans(office, FRIDAY) == [(time(8), time(11)), (time(13, 30), time(15))]
    assert spans(office, SATURDAY) == spans(office, SATURDAY + timedelta(days=1)) == []


def test_a_holiday_empties_its_day_and_names_itself(office: Office) -> None:
    assert spans_on(office, date(2026, 12, 25))[0] == ()
    assert "Natal" in str(spans_on(office, date(2026, 12, 25))[1])
    assert spans_on(office, SATURDAY) == ((), None)


@pytest.mark.parametrize(
    ("at", "state", "numbers"),
    [
        (wita(0), "closed", False),
        (wita(7, 59, 59), "closed", False),
        (wita(8), "open", True),
        (wita(11, 29, 59), "open", True),
        (wita(11, 30), "open", False),
        (wita(11, 59, 59), "open", False),
        (wita(12), "break", False),
        (wita(12, 59, 59), "break", False),
        (wita(13), "open", True),
        (wita(14, 30), "open", False),
        (wita(15), "closed", False),
        (wita(23, 59, 59), "closed", False),
        (wita(12, day=FRIDAY), "break", False),
        (wita(13, 30, day=FRIDAY), "open", True),
        (wita(9, day=SATURDAY), "closed", False),
        (wita(9, day=CHRISTMAS_EVE), "closed", False),
        (wita(12, 30, day=CHRISTMAS_EVE), "closed", False),
    ],
)
def test_the_state_of_a_moment(office: Office, at: datetime, state: str, numbers: bool) -> None:
    hours = opening(office, at)

    assert (hours.state, hours.numbers) == (state, numbers)
    assert (hours.reason is None) == numbers
    assert at >= hours.opens_at if state == "open" else at < hours.opens_at  # type: ignore[operator]
    if numbers:
        assert require_numbers(office, at).state == "open"
    else:
        with pytest.raises(Closed):
            require_numbers(office, at)


@pytest.mark.parametrize(
    ("at", "opens", "closes", "last"),
    [
        (wita(9), wita(8), wita(12), wita(11, 30)),
        (wita(7), wita(8), wita(12), wita(11, 30)),
        (wita(12, 15), wita(13), wita(15), wita(14, 30)),
        (
            wita(16, day=FRIDAY),
            wita(8, day=NEXT_MONDAY),
            wita(12, day=NEXT_MONDAY),
            wita(11, 30, day=NEXT_MONDAY),
        ),
    ],
)
def test_opens_at_is_of_the_running_span_or_of_the_next(
    office: Office, at: datetime, opens: datetime, closes: datetime, last: datetime
) -> None:
    hours = opening(office, at)

    assert (hours.opens_at, hours.closes_at, hours.last_number_at) == (opens, closes, last)


def test_the_next_opening_steps_over_holidays_and_weekends(office: Office) -> None:
    hours = opening(office, wita(16, day=date(2026, 12, 23)))

    assert hours.opens_at == wita(8, day=date(2026, 12, 28))


def test_a_holiday_is_named_and_the_next_opening_given(office: Office) -> None:
    close_on(office, MONDAY)
    reason = opening(office, wita(9)).reason

    assert reason is not None
    assert reason.values["holiday"] == "Hari Jadi Balangan"
    assert reason.values["opens"] == wita(8, day=date(2026, 11, 24))


def test_a_span_shorter_than_the_last_number_time_gives_none(office: Office) -> None:
    office.last_number_minutes = 300

    assert not opening(office, wita(9)).numbers
    with pytest.raises(Closed) as refusal:
        require_numbers(office, wita(9))
    assert refusal.value.values["opens"].replace(tzinfo=None) == time(13)


def test_an_office_without_hours_says_so_and_breaks_nothing(office: Office) -> None:
    db.session.execute(delete(Hours))
    hours = opening(office, wita(9))

    assert (hours.state, hours.numbers, hours.opens_at, hours.last_number_at) == (
        "closed",
        False,
        None,
        None,
    )
    assert "not known" in str(hours.reason)
    assert first_open_days(office, MONDAY, 3) == []


def test_the_very_last_number_is_told_as_a_time_of_day(office: Office) -> None:
    db.session.execute(delete(Hours).where((Hours.weekday != 0) | (Hours.opens > time(12))))
    close_on(office, *[MONDAY + timedelta(days=7 * n) for n in range(1, 10)])
    reason = opening(office, wita(11, 45)).reason

    assert reason is not None
    assert list(reason.values) == ["last"]
    last = reason.values["last"]
    assert isinstance(last, time)
    assert last.replace(tzinfo=None) == time(11, 30)


def test_open_days_are_the_first_ones_in_order(office: Office) -> None:
    assert first_open_days(office, FRIDAY, 3) == [FRIDAY, NEXT_MONDAY, date(2026, 12, 1)]


def test_times_of_today_are_clocks_and_of_other_days_moments(office: Office) -> None:
    early = opening(office, wita(7)).reason
    late = opening(office, wita(16)).reason

    assert early is not None
    assert late is not None
    assert isinstance(early.values["opens"], time)
    assert isinstance(late.values["opens"], datetime)
    assert late.values["opens"].utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("zone", "name", "offset"),
    [("Asia/Jakarta", "WIB", 7), ("Asia/Makassar", "WITA", 8), ("Asia/Jayapura", "WIT", 9)],
)
def test_the_office_lives_in_its_own_zone(
    office: Office, zone: str, name: str, offset: int
) -> None:
    office.timezone = zone
    vars(office).pop("zone", None)
    try:
        midnight = datetime.fromisoformat(f"2026-11-23T00:00:00+0{offset}:00")
        assert office.zone_name == name
        assert office.day(midnight) == MONDAY
        assert office.day(midnight - timedelta(microseconds=1)) == date(2026, 11, 22)
        assert office.at(MONDAY, time(0)) == midnight
        assert opening(office, midnight + timedelta(hours=8)).state == "open"
        assert opening(office, midnight + timedelta(hours=7, minutes=59)).state == "closed"
    finally:
        vars(office).pop("zone", None)
