"""Who does not come: read at once, written by the next claim, taken back while it can be; ending early."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from ruko import bookings, tickets
from ruko.audit import SYSTEM, trail_of
from ruko.bookings import Booking, SlotClaim
from ruko.db import db
from ruko.errors import TooLate, TooSoon, WrongState
from ruko.offices import Office, all_villages
from ruko.tickets import check_in
from tests.booking_invariants import everything_holds, the_grid_agrees
from tests.conftest import wita
from tests.people import TUESDAY, book, called, turn_of


def at(hour: int, minute: int = 0) -> datetime:
    return wita(hour, minute, day=TUESDAY)


@pytest.fixture
def morning(office: Office, now: datetime) -> Booking:
    """Desa Binjai has the small room on Tuesday from nine to twelve."""
    return book(office, now, end=time(12))


def claimed(booking: Booking) -> list[int]:
    found = select(SlotClaim.slot_no).filter_by(booking_id=booking.id).order_by(SlotClaim.slot_no)
    return list(db.session.scalars(found))


def states(office: Office, now: datetime) -> Sequence[str]:
    """Of the small room's morning, as another village sees it."""
    grid = bookings.day_grid(office, TUESDAY, village=all_villages(office)[0], now=now)
    return [view.state for view in grid.rooms[0][1]][:4]


def another(office: Office, now: datetime, hour: int = 11) -> Booking:
    """Another village takes an hour; whatever time has ended is written with that."""
    village = all_villages(office)[0]
    return book(office, now, village=village, start=time(hour), end=time(hour + 1))


def test_it_reads_as_absent_at_once_and_is_written_by_the_next_claim(
    office: Office, morning: Booking
) -> None:
    assert bookings.shown_state(morning, at(9, 14)) == "confirmed"
    assert bookings.shown_state(morning, at(9, 15)) == "no_show"
    assert morning.state == "confirmed"
    assert states(office, at(9, 14)) == ["past", "taken", "taken", "taken"]
    assert states(office, at(9, 15)) == ["past", "taken", "past", "free"]
    the_grid_agrees(office, TUESDAY, at(9, 15))
    another(office, at(9, 15))
    db.session.refresh(morning)
    assert (morning.state, morning.freed_from) == ("no_show", 3)
    assert claimed(morning) == [2]  # the running one stays
    assert trail_of("booking", morning.id)[-1].action == "no_show"
    everything_holds(office, at(9, 15))


def test_the_quota_seat_of_who_did_not_come_stays_used(office: Office, morning: Booking) -> None:
    everything_holds(office, at(9, 15))
    assert bookings.quota_of(office, morning.village, TUESDAY, at(9, 15)).used == 1


def test_an_outside_visit_is_never_absent(office: Office, now: datetime) -> None:
    visit = book(office, now, room=None)
    bookings.approve(visit, by=SYSTEM, now=now)
    everything_holds(office, at(11))
    assert (visit.state, bookings.shown_state(visit, at(11))) == ("confirmed", "confirmed")
    bookings.conclude(visit, by=SYSTEM, now=at(11))
    assert visit.state == "completed"


def test_a_late_party_gets_everything_back_that_nobody_took(
    office: Office, morning: Booking
) -> None:
    everything_holds(office, at(9, 20))
    assert claimed(morning) == [2]
    check_in(office, morning, by=SYSTEM, now=at(9, 40))
    assert (morning.state, morning.freed_from) == ("checked_in", None)
    assert claimed(morning) == [2, 3, 4]
    everything_holds(office, at(9, 40))


def test_a_late_party_gets_back_the_hours_until_the_one_that_is_taken(
    office: Office, morning: Booking
) -> None:
    another(office, at(9, 20))
    check_in(office, morning, by=SYSTEM, now=at(9, 40))
    assert (morning.freed_from, claimed(morning)) == (4, [2, 3])
    assert bookings.kept_until(morning, at(9, 40)) == at(11)
    everything_holds(office, at(9, 40))


def test_absent_but_not_written_down_is_checked_in_like_any_other(
    office: Office, morning: Booking
) -> None:
    check_in(office, morning, by=SYSTEM, now=at(9, 59))
    assert (morning.state, claimed(morning)) == ("checked_in", [2, 3, 4])
    everything_holds(office, at(9, 59))


@pytest.mark.parametrize("written", [False, True])
def test_the_kept_hour_ends_the_way_back(office: Office, morning: Booking, written: bool) -> None:
    if written:
        everything_holds(office, at(9, 20))
    with pytest.raises(TooLate, match="ended at"):
        check_in(office, morning, by=SYSTEM, now=at(10))


def test_the_office_says_that_it_took_place_on_the_same_day_only(
    office: Office, morning: Booking
) -> None:
    everything_holds(office, at(9, 20))
    bookings.conclude(morning, by=SYSTEM, now=at(14))
    assert morning.state == "completed"
    everything_holds(office, at(14))
    second = book(office, wita(8, day=TUESDAY), day=date(2026, 11, 25))
    everything_holds(office, wita(9, 30, day=date(2026, 11, 25)))
    with pytest.raises(WrongState):
        bookings.conclude(second, by=SYSTEM, now=wita(8, day=date(2026, 11, 26)))


def test_nothing_took_place_before_it_began(office: Office, morning: Booking) -> None:
    with pytest.raises(TooSoon):
        bookings.conclude(morning, by=SYSTEM, now=at(8, 59))


def test_concluded_in_the_middle_it_frees_the_rest(office: Office, morning: Booking) -> None:
    bookings.conclude(morning, by=SYSTEM, now=at(9, 10))
    assert (morning.freed_from, claimed(morning)) == (3, [2])
    assert states(office, at(9, 10))[3] == "free"
    everything_holds(office, at(9, 10))


def visit(office: Office, booking: Booking, now: datetime) -> str:
    """They come and are served at the first counter."""
    token, _ = check_in(office, booking, by=SYSTEM, now=now)
    tickets.start(office, called(office, now, "PMD"), by=SYSTEM, now=now)
    return token


def test_ending_early_frees_the_rest_and_undo_takes_it_back(
    office: Office, morning: Booking
) -> None:
    token = visit(office, morning, at(8, 55))
    tickets.finish(office, turn_of(office, token), by=SYSTEM, now=at(9, 30))
    db.session.refresh(morning)
    assert (morning.state, morning.freed_from, claimed(morning)) == ("completed", 3, [2])
    everything_holds(office, at(9, 30))
    tickets.undo(office, turn_of(office, token), by=SYSTEM, now=at(9, 30) + timedelta(seconds=59))
    db.session.refresh(morning)
    assert (morning.state, morning.freed_from) == ("in_session", None)
    assert claimed(morning) == [2, 3, 4]
    everything_holds(office, at(9, 31))


def test_undo_leaves_alone_what_somebody_has_taken_meanwhile(
    office: Office, morning: Booking
) -> None:
    token = visit(office, morning, at(8, 55))
    tickets.finish(office, turn_of(office, token), by=SYSTEM, now=at(9, 30))
    theirs = another(office, at(9, 30))
    tickets.undo(office, turn_of(office, token), by=SYSTEM, now=at(9, 30) + timedelta(seconds=30))
    db.session.refresh(morning)
    assert (morning.state, morning.freed_from, claimed(morning)) == ("in_session", 4, [2, 3])
    assert claimed(theirs) == [4]
    everything_holds(office, at(9, 31))


def test_finished_before_it_began_it_frees_all_of_it(office: Office, morning: Booking) -> None:
    token = visit(office, morning, at(8, 10))
    tickets.finish(office, turn_of(office, token), by=SYSTEM, now=at(8, 40))
    db.session.refresh(morning)
    assert (morning.freed_from, claimed(morning)) == (2, [])
    everything_holds(office, at(8, 40))


def test_a_closed_hour_of_who_did_not_come_is_closed_and_not_free(
    office: Office, morning: Booking, now: datetime
) -> None:
    """The closure met the booking; once nobody came, the closure has the rest."""
    room = morning.room
    bookings.close(office, room, at(11), at(12), "AC mati", by=SYSTEM, now=now)
    assert states(office, at(9, 20)) == ["past", "taken", "past", "closed"]
    the_grid_agrees(office, TUESDAY, at(9, 20))
    everything_holds(office, at(9, 20))
    the_grid_agrees(office, TUESDAY, at(9, 20))
