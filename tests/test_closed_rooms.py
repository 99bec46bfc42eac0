"""What is closed says why, on the grid and in the refusal; what was called off closes nothing."""

from datetime import datetime, time, timedelta

import pytest

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Booking, SlotTaken
from ruko.errors import Closed
from ruko.offices import Office, all_villages, spans_on
from tests.booking_invariants import everything_holds, the_grid_agrees
from tests.conftest import wita
from tests.people import TUESDAY, book


def at(hour: int, minute: int = 0) -> datetime:
    return wita(hour, minute, day=TUESDAY)


def close(
    office: Office, now: datetime, start: datetime, end: datetime, room: int | None = None
) -> object:
    """The room with that number, or all of the office."""
    of = None if room is None else bookings.all_rooms(office)[room]
    return bookings.close(office, of, start, end, "Listrik padam", by=SYSTEM, now=now)


def states(office: Office, now: datetime, room: int = 0) -> list[str]:
    grid = bookings.day_grid(office, TUESDAY, village=None, now=now)
    return [view.state for view in grid.rooms[room][1]]


def test_a_closure_called_off_before_it_began_cuts_nothing(office: Office, now: datetime) -> None:
    before = spans_on(office, TUESDAY)
    closure = close(office, now, at(8, 30), at(12))
    bookings.end_closure(closure, by=SYSTEM, now=now)  # type: ignore[arg-type]
    assert spans_on(office, TUESDAY) == before
    assert states(office, now) == ["free"] * 6
    book(office, now, start=time(8), end=time(9))
    everything_holds(office, now)


def test_a_closed_hour_of_the_house_says_why(office: Office, now: datetime) -> None:
    close(office, now, at(9, 30), at(11))
    with pytest.raises(Closed, match=r"Listrik padam"):
        book(office, now)
    grid = bookings.day_grid(office, TUESDAY, village=None, now=now)
    views = grid.rooms[0][1]
    assert [view.state for view in views] == ["free", "closed", "closed", "free", "free", "free"]
    assert "Listrik padam" in str(views[1].reason)


def test_a_closed_day_says_why(office: Office, now: datetime) -> None:
    close(office, now, at(0), at(23))
    with pytest.raises(Closed, match=r"the office is closed \(Listrik padam\)"):
        book(office, now)
    grid = bookings.day_grid(office, TUESDAY, village=None, now=now)
    assert "Listrik padam" in str(grid.closed_reason)


@pytest.mark.parametrize("room", [0, None])
def test_a_hold_that_ran_out_inside_a_closure_is_closed_and_not_free(
    office: Office, now: datetime, room: int | None
) -> None:
    booking = book(office, now, room=bookings.all_rooms(office)[1])
    bookings.propose(
        booking, room=bookings.all_rooms(office)[0], day=TUESDAY, start=time(10), end=time(11),
        by=SYSTEM, now=now,
    )  # fmt: skip
    close(office, now, at(10), at(11), room)
    later = now + timedelta(hours=office.proposal_hours) - timedelta(hours=2)
    office.proposal_hours = 1
    assert states(office, now)[2] == "taken"
    ended = at(9)
    assert ended > later
    assert states(office, ended)[2] == "closed"
    the_grid_agrees(office, TUESDAY, ended)
    everything_holds(office, ended)


def test_no_closed_time_is_offered_instead(office: Office, now: datetime) -> None:
    other: Booking = book(office, now, village=all_villages(office)[0])
    close(office, now, at(8), at(9), 0)
    close(office, now, at(10), at(12), 0)
    with pytest.raises(SlotTaken) as refusal:
        book(office, now)
    assert other.room is not None
    for offered in refusal.value.alternatives:
        assert offered.room.id != other.room.id or offered.start >= time(13)


def test_two_closures_over_one_hour_both_have_to_end(office: Office, now: datetime) -> None:
    first = close(office, now, at(9), at(11), 0)
    second = close(office, now, at(10), at(12), 0)
    bookings.end_closure(first, by=SYSTEM, now=now)  # type: ignore[arg-type]
    assert states(office, now)[1:4] == ["free", "closed", "closed"]
    everything_holds(office, now)
    bookings.end_closure(second, by=SYSTEM, now=now)  # type: ignore[arg-type]
    assert states(office, now)[1:4] == ["free"] * 3
    everything_holds(office, now)
