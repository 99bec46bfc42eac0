"""A village's fair share: seats counted from one, beyond the limit only with a reason; which week a day is in."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import select

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Booking, QuotaExceeded, QuotaSeat, period_of
from ruko.db import db
from ruko.errors import Invalid
from ruko.offices import Office, get_bidang
from tests.booking_invariants import everything_holds
from tests.conftest import wita
from tests.people import TUESDAY, binjai, book

HOURS = (8, 9, 10, 11, 13)


def booked(office: Office, now: datetime, hour: int, **changes: object) -> Booking:
    return book(office, now, start=time(hour), end=time(hour + 1), **changes)


def seats() -> list[tuple[int, int | None]]:
    """The numbers, and who has them."""
    found = select(QuotaSeat.n, QuotaSeat.booking_id).order_by(QuotaSeat.n)
    return [(n, booking) for n, booking in db.session.execute(found)]


def test_beyond_the_limit_only_with_a_reason(office: Office, now: datetime) -> None:
    first, second, third = (booked(office, now, hour) for hour in HOURS[:3])
    with pytest.raises(QuotaExceeded, match="Desa Binjai"):
        booked(office, now, 11)
    with pytest.raises(Invalid):
        booked(office, now, 11, quota_reason="  ")
    fourth = booked(office, now, 11, quota_reason="Musdes ditunda")
    assert seats() == [(n, b.id) for n, b in enumerate((first, second, third, fourth), 1)]
    assert fourth.quota_reason == "Musdes ditunda"
    assert bookings.quota_of(office, binjai(office), TUESDAY, now).left == 0
    everything_holds(office, now)


def test_a_seat_beyond_the_limit_moves_up_into_one_that_becomes_free(
    office: Office, now: datetime
) -> None:
    first, second, third = (booked(office, now, hour) for hour in HOURS[:3])
    fourth = booked(office, now, 11, quota_reason="Musdes ditunda")
    bookings.cancel(second, "Batal", by=SYSTEM, privileged=True, now=now)
    assert seats() == [(1, first.id), (2, fourth.id), (3, third.id)]
    with pytest.raises(QuotaExceeded):
        booked(office, now, 13)
    everything_holds(office, now)


def test_a_lowered_limit_takes_nothing_away_and_gives_nothing_more(
    office: Office, now: datetime
) -> None:
    first, second, _ = (booked(office, now, hour) for hour in HOURS[:3])
    office.quota_per_week = 2
    bookings.cancel(first, "Batal", by=SYSTEM, privileged=True, now=now)
    with pytest.raises(QuotaExceeded):
        booked(office, now, 11)
    bookings.cancel(second, "Batal", by=SYSTEM, privileged=True, now=now)
    booked(office, now, 11)
    everything_holds(office, now)


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 12, 27), "2026-W52"),
        (date(2026, 12, 28), "2026-W53"),
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 1), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2021, 1, 3), "2020-W53"),
    ],
)
def test_the_week_of_a_day(day: date, week: str) -> None:
    assert period_of(day) == week


def test_a_week_across_new_year_is_one_week(office: Office) -> None:
    now = wita(9, day=date(2026, 12, 21))
    for day in (date(2026, 12, 28), date(2026, 12, 29), date(2026, 12, 30)):
        booked(office, now, 9, day=day)
    with pytest.raises(QuotaExceeded) as refusal:
        booked(office, now, 10, day=date(2026, 12, 31))
    assert refusal.value.values["monday"] == date(2026, 12, 28)
    assert refusal.value.values["sunday"] == date(2027, 1, 3)
    booked(office, now, 9, day=date(2027, 1, 4))
    everything_holds(office, now)


def test_officers_fewer_than_before_take_nobody_more(office: Office, now: datetime) -> None:
    """Who is booked stays; the number of officers counts, not which of them."""
    pmd = get_bidang(office, "PMD")
    rooms = [*bookings.all_rooms(office), None]
    at_nine = [book(office, now, room=room) for room in rooms]
    pmd.officers = 2
    bookings.cancel(at_nine[0], "Batal", by=SYSTEM, privileged=True, now=now)
    grid = bookings.day_grid(office, TUESDAY, village=None, now=now, bidang=pmd)
    assert grid.rooms[0][1][1].state == "taken"
    with pytest.raises(bookings.OfficersTaken, match="officers"):
        book(office, now)
    pmd.officers = 0
    with pytest.raises(bookings.OfficersTaken):
        booked(office, now, 13)
    everything_holds(office, now)
