"""The example office: starts at any hour, and everything in it can be tried at once."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from ruko import bookings, clock, tickets
from ruko.accounts import User
from ruko.app import create_app
from ruko.audit import SYSTEM, AuditEvent
from ruko.bookings import Booking, BookingState
from ruko.coordination import coordination_of
from ruko.db import db, writing
from ruko.demo import Example, begin_at, build_example
from ruko.founding import import_holidays
from ruko.offices import Office, all_bidang, all_villages, first_open_days, get_office, opening
from ruko.schema import migrate
from ruko.settings import Settings
from ruko.tickets import Call, State, Ticket, Turn, VisitorKind
from tests.apart import apart, close
from tests.conftest import SLUG, wita

pytestmark = pytest.mark.once

HOUR = timedelta(hours=1)
AT_ONCE = timedelta(minutes=59)
Build = Callable[[datetime], Example]


# ── Where the clock begins ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "first",
    [date(2026, 11, 16), date(2026, 12, 19), date(2027, 3, 5)],
    ids=["ordinary", "christmas and new year", "nyepi and lebaran"],
)
def test_at_every_half_hour_numbers_can_be_taken_for_an_hour(office: Office, first: date) -> None:
    import_holidays(office, 2027)
    midnight = wita(0, day=first)
    for minutes in range(0, 14 * 24 * 60, 30):
        moment = midnight + timedelta(minutes=minutes)
        begins = begin_at(office, moment) or moment
        state = opening(office, begins)
        assert state.numbers, moment
        assert state.last_number_at
        assert state.last_number_at - begins >= HOUR
        if begins != moment:
            assert begins > moment
            assert office.local(begins).time().isoformat() == "09:00:00"


# ── What is in it ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Build the example as if it were started at that moment; `build.app` serves the latest."""
    folder = tmp_path_factory.mktemp("demo")
    empty, file = folder / "empty.sqlite3", folder / "ruko.sqlite3"
    with apart():
        app = create_app(Settings(folder, f"sqlite:///{file}", secret_key="test", demo=True))
        migrate(app, now=datetime(2026, 1, 1, tzinfo=UTC))
        forget(app)
        shutil.copy(file, empty)

        def make(moment: datetime) -> Example:
            forget(app)
            for beside in folder.glob("ruko.sqlite3-*"):
                beside.unlink()
            shutil.copy(empty, file)
            clock.start_at(moment)
            return build_example(app)

        make.app = app  # type: ignore[attr-defined]
        yield make
        close(app)


def forget(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def app_of(build: Build) -> Flask:
    app: Flask = build.app  # type: ignore[attr-defined]
    return app


STARTS = {
    "a Sunday night": wita(23, 30, day=date(2026, 11, 22)),
    "at the opening": wita(8, 0, day=date(2026, 11, 23)),
    "the last full hour": wita(10, 30, day=date(2026, 11, 23)),
    "just too late": wita(10, 31, day=date(2026, 11, 23)),
    "the end of the break": wita(13, 0, day=date(2026, 11, 23)),
    "a Friday afternoon": wita(13, 30, day=date(2026, 11, 27)),
    "Christmas": wita(2, 0, day=date(2026, 12, 25)),
    "the end of the year": wita(23, 59, day=date(2026, 12, 31)),
    "Lebaran": wita(9, 0, day=date(2027, 3, 10)),
}


@pytest.mark.parametrize("moment", STARTS.values(), ids=STARTS)
def test_it_can_be_tried_whenever_it_is_started(build: Build, moment: datetime) -> None:
    check_example(app_of(build), build(moment))


@given(minutes=st.integers(0, 14 * 24 * 60))
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],  # an example takes a second: too long to look for a smaller one
    suppress_health_check=[HealthCheck.too_slow],
)
def test_it_can_be_tried_at_any_minute_of_a_fortnight(build: Build, minutes: int) -> None:
    start = wita(0, day=date(2026, 12, 14)) + timedelta(minutes=minutes)
    check_example(app_of(build), build(start))


def check_example(app: Flask, example: Example) -> None:
    now = clock.now()
    with app.app_context(), writing():
        office = get_office(SLUG)
        check_numbers(office, now)
        for later in (timedelta(), AT_ONCE):
            check_booking(office, example.booking_code, now + later)
        check_bookings(office, now)
        check_people(office, now)
        check_coordination(office, now)
        check_times(office, now)


def check_numbers(office: Office, now: datetime) -> None:
    """Every bidang gives a number now and for an hour, and knows how long it takes."""
    for bidang in all_bidang(office):
        low_high = tickets.estimate(bidang.id, 3, day=office.day(now), now=now)
        assert low_high is not None
        assert low_high[0] < low_high[1] <= 90
        for moment in (now, now + AT_ONCE):
            tickets.issue(office, bidang, visitor=VisitorKind.OTHER, by=SYSTEM, now=moment)
    db.session.rollback()


def check_booking(office: Office, code: str, now: datetime) -> None:
    """The printed booking can be checked in."""
    booking = bookings.get_booking(code)
    _, new = tickets.check_in(office, booking, by=SYSTEM, now=now)
    assert new
    db.session.rollback()


def check_bookings(office: Office, now: datetime) -> None:
    """Some requests wait for the operator; Desa Binjai has nothing yet and may book."""
    assert len(bookings.pending_bookings(office, now=now)) >= 2
    binjai = next(v for v in all_villages(office) if v.name == "Binjai")
    assert not db.session.scalars(select(Booking).filter_by(village_id=binjai.id)).all()
    [day] = first_open_days(office, office.day(now) + timedelta(days=1), 1)
    grid = bookings.day_grid(office, day, village=binjai, now=now)
    assert any(slot.state == "free" for _, slots in grid.rooms for slot in slots)
    for booking in db.session.scalars(select(Booking)):
        author = db.session.get_one(User, booking.created_by)
        assert booking.on_behalf or author.village_id == booking.village_id
        coming = booking.state in {BookingState.PENDING, BookingState.CONFIRMED}
        assert coming == (booking.date >= office.day(now))
    past = {b.state for b in db.session.scalars(select(Booking).where(Booking.starts_at < now))}
    assert past >= {BookingState.COMPLETED, BookingState.CANCELLED, BookingState.NO_SHOW}


def check_people(office: Office, now: datetime) -> None:
    """Some wait, some are called or served, and nobody is left over from another day."""
    standing = dict(
        db.session.execute(
            select(Turn.state, func.count()).where(Turn.day == office.day(now)).group_by(Turn.state)
        ).all()
    )
    assert standing[State.WAITING] >= 6
    assert standing[State.SERVING] == 3
    assert standing[State.CALLED] == 1
    others = select(Turn.state).where(Turn.day != office.day(now)).distinct()
    assert db.session.scalars(others).all() == [State.DONE]


def check_coordination(office: Office, now: datetime) -> None:
    """Some villages have never come, some not for long, some weeks ago, some these days."""
    found = coordination_of(office, now=now)
    quiet = [village for village in found if village.is_quiet(office.quiet_weeks)]
    others = [village for village in found if not village.is_quiet(office.quiet_weeks)]
    assert any(village.weeks is None for village in quiet)
    assert any(village.weeks for village in quiet)
    assert any(village.weeks for village in others)
    assert any(village.weeks == 0 for village in others)


def check_times(office: Office, now: datetime) -> None:
    """Nothing lies in the future, and numbers rise with the hour."""
    for column in (Ticket.issued_at, Turn.called_at, Turn.started_at, Turn.closed_at,
                   Call.called_at, AuditEvent.at, Booking.created_at):  # fmt: skip
        newest = db.session.scalar(select(func.max(column)))
        assert newest
        assert newest <= now, column
    latest: dict[tuple[date, str], datetime] = {}
    for ticket in db.session.scalars(select(Ticket).order_by(Ticket.number)):
        series = ticket.day, ticket.letter
        assert ticket.day == office.day(ticket.issued_at)
        assert latest.get(series, ticket.issued_at) <= ticket.issued_at
        latest[series] = ticket.issued_at
    for turn in db.session.scalars(select(Turn).where(Turn.started_at.is_not(None))):
        assert turn.called_at
        assert turn.started_at
        assert turn.entered_at <= turn.called_at <= turn.started_at


# ── Through the doors ─────────────────────────────────────────────────────────────────────────


def test_its_links_lead_somewhere_and_nothing_was_told_to_screens(build: Build) -> None:
    example = build(STARTS["a Sunday night"])
    client = app_of(build).test_client()
    for path in (example.kiosk_link, example.display_link, f"/{SLUG}/display", f"/{SLUG}/login"):
        assert client.get(path).status_code == 200, path


def test_it_is_the_same_each_time(build: Build) -> None:
    def told() -> list[tuple[object, ...]]:
        build(STARTS["the end of the break"])
        with app_of(build).app_context():
            rows = db.session.execute(
                select(Ticket.letter, Ticket.number, Ticket.visitor, Ticket.priority, Turn.state)
                .join(Turn, Turn.ticket_id == Ticket.id)
                .order_by(Ticket.id)
            )
            return [tuple(row) for row in rows]

    assert told() == told()
