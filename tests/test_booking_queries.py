"""However many bookings there are, a page asks the database the same few questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta

from flask import Flask

from ruko import bookings, clock
from ruko.db import db
from ruko.offices import all_villages, first_open_days, get_bidang
from tests import people
from tests.at_desk import DESK, SignIn, office_of
from tests.conftest import SLUG
from tests.statements import statements

HOURS = (8, 9, 10, 11, 13, 14)


@contextmanager
def questions(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    with app.app_context():
        engine = db.engine
    with statements(engine) as asked:
        yield asked


def fill(app: Flask, count: int) -> None:
    """That many requests for the second room, of all villages, each about a bidang with two officers."""
    with office_of(app) as office:
        now = clock.now()
        villages, room = all_villages(office), bookings.all_rooms(office)[1]
        get_bidang(office, "PMD").officers = 2
        days = first_open_days(office, office.day(now) + timedelta(days=1), 20)
        times = [(day, hour) for day in days if day.weekday() < 4 for hour in HOURS]
        done = len(bookings.pending_bookings(office, now))
        for n, (day, hour) in enumerate(times[done:count], done):
            people.book(
                office,
                now,
                village=villages[n % len(villages)],
                room=room,
                day=day,
                start=time(hour),
                end=time(hour + 1),
                quota_reason="Rapat luar biasa",
                on_behalf=True,
            )


PAGES = (
    f"{DESK}/approvals",
    f"{DESK}/week",
    f"{DESK}/meetings",
    f"{DESK}/meetings/print?date=2026-11-24",
    f"{DESK}/rooms",
    f"{DESK}/villages",
    f"/{SLUG}/booking/mine",
    f"/api/v1/offices/{SLUG}/bookings",
    f"/api/v1/offices/{SLUG}/calendar.ics",
)


def test_many_bookings_ask_no_more_than_a_few(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("operator")

    def count() -> dict[str, int]:
        counted = {}
        for page in PAGES:
            with questions(app) as asked:
                assert client.get(page).status_code == 200
            counted[page] = len(asked)
        return counted

    fill(app, 6)
    count()
    few = count()
    fill(app, 40)
    assert count() == few
