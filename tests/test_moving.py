"""Another time for a booking: moved, proposed, accepted, refused, withdrawn; and each refusal."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from ruko import bookings
from ruko.audit import SYSTEM, trail_of
from ruko.bookings import Booking, Draft, OfficersTaken, QuotaExceeded, Room, SlotTaken
from ruko.db import db
from ruko.errors import Closed, Invalid, RukoError, TooLate, TooSoon, WrongState
from ruko.offices import Office, all_villages, get_bidang
from ruko.tickets import check_in
from tests.booking_invariants import everything_holds
from tests.conftest import wita
from tests.people import TUESDAY, book

NEXT_TUESDAY = date(2026, 12, 1)
TEN = {"day": TUESDAY, "start": time(10), "end": time(11)}


@pytest.fixture
def small(office: Office) -> Room:
    return bookings.all_rooms(office)[0]


@pytest.fixture
def large(office: Office) -> Room:
    """Its bookings are approved."""
    return bookings.all_rooms(office)[1]


def move(booking: Booking, room: Room | None, now: datetime, **changes: Any) -> None:
    given: dict[str, Any] = {"privileged": False, "by": SYSTEM} | TEN | changes
    bookings.move(booking, room=room, now=now, **given)


def propose(booking: Booking, room: Room | None, now: datetime, **changes: Any) -> Draft:
    given: dict[str, Any] = {"by": SYSTEM} | TEN | changes
    return bookings.propose(booking, room=room, now=now, **given)


def place(booking: Booking) -> tuple[Any, ...]:
    return booking.room_id, booking.date, booking.first_slot, booking.last_slot, booking.state


def in_its_place(booking: Booking) -> tuple[Any, ...]:
    """As the database has it."""
    db.session.refresh(booking)
    return place(booking)


def refused(work: Callable[[], object], kind: type[RukoError]) -> RukoError:
    with pytest.raises(kind) as refusal:
        work()
    return refusal.value


# ── Move ──────────────────────────────────────────────────────────────────────────────────────


def test_a_move_takes_the_new_time_and_gives_back_the_old_one(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, now)
    move(booking, small, now)
    assert place(booking) == (small.id, TUESDAY, 3, 3, "confirmed")
    assert booking.version == 1
    book(office, now, village=all_villages(office)[0])  # nine is free again
    everything_holds(office, now)


def test_a_move_may_overlap_what_it_had(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, now, end=time(11))
    move(booking, small, now, end=time(12))
    assert place(booking)[2:4] == (3, 4)
    move(booking, small, now, start=time(8), end=time(12))
    assert place(booking)[2:4] == (1, 4)
    everything_holds(office, now)


def test_a_village_moves_into_a_room_with_approval_as_a_request(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now)
    move(booking, large, now)
    assert booking.state == "pending"
    move(booking, small, now, start=time(11), end=time(12))
    assert booking.state == "confirmed"
    move(booking, large, now, privileged=True)
    assert booking.state == "confirmed"
    everything_holds(office, now)


def test_a_refused_move_leaves_everything_as_it_was_even_in_hand(
    office: Office, small: Room, now: datetime
) -> None:
    """The page that tells the refusal shows the booking: as it is, not as it was wished."""
    booking = book(office, now)
    book(office, now, start=time(10), end=time(11), village=all_villages(office)[0])
    before = place(booking)
    refusal = refused(lambda: move(booking, small, now), SlotTaken)
    assert isinstance(refusal, SlotTaken)
    assert len(refusal.alternatives) == 3
    assert (*place(booking), booking.version) == (*before, 0)
    move(booking, small, now, start=time(11), end=time(12))  # the next try is its own
    everything_holds(office, now)


def test_a_move_into_a_week_without_a_seat_leaves_everything_as_it_was(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, now)
    for hour in (8, 10, 11):
        book(office, now, day=NEXT_TUESDAY, start=time(hour), end=time(hour + 1))
    before = place(booking)
    refused(
        lambda: move(booking, small, now, day=NEXT_TUESDAY, start=time(9), end=time(10)),
        QuotaExceeded,
    )
    assert place(booking) == before == in_its_place(booking)
    everything_holds(office, now)


def test_a_full_week_does_not_keep_a_village_from_moving_within_it(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, now)
    for hour in (10, 11):
        book(office, now, start=time(hour), end=time(hour + 1))
    book(office, now, start=time(13), end=time(14), village=all_villages(office)[0])
    refusal = refused(lambda: move(booking, small, now, start=time(13), end=time(14)), SlotTaken)
    assert isinstance(refusal, SlotTaken)
    nearest = refusal.alternatives[0]
    assert nearest.date == TUESDAY  # its own seat goes with it
    move(booking, nearest.room, now, start=nearest.start, end=nearest.end)
    everything_holds(office, now)


def test_a_move_is_refused_in_words(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    office.change_until_minutes = 60
    get_bidang(office, "PEM").officers = 1
    booking = book(office, now)
    today = book(office, wita(8), day=now.date(), start=time(11), end=time(12), attendees=2)
    kept = book(
        office, now, room=large, bidang=get_bidang(office, "PEM"), start=time(13), end=time(14)
    )
    other = book(
        office, now, bidang=get_bidang(office, "PEM"), start=time(14), end=time(15),
        village=all_villages(office)[0],
    )  # fmt: skip
    bookings.close(
        office, large, wita(8, day=TUESDAY), wita(9, day=TUESDAY), "AC mati", by=SYSTEM, now=now
    )
    for refusal, work in {
        Invalid: lambda: move(booking, small, now, start=time(10, 30)),
        TooSoon: lambda: move(booking, small, now, day=now.date(), start=time(9), end=time(10)),
        TooLate: lambda: move(booking, small, now, day=date(2027, 3, 2)),
        Closed: lambda: move(booking, large, now, start=time(8), end=time(9)),
        OfficersTaken: lambda: move(other, small, now, start=time(13), end=time(14)),
    }.items():
        assert str(refused(work, refusal)).endswith(".")
    assert "until 60 minutes" in str(refused(lambda: move(today, small, wita(10, 30)), TooLate))
    bookings.cancel(kept, "Batal", by=SYSTEM, privileged=True, now=now)
    refused(lambda: move(kept, small, now), WrongState)
    everything_holds(office, now)


# ── Another time, proposed by the office ──────────────────────────────────────────────────────


def test_a_proposal_is_kept_free_and_accepted_as_confirmed(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    propose(booking, small, now)
    everything_holds(office, now)
    refused(
        lambda: book(office, now, start=time(10), end=time(11), village=all_villages(office)[0]),
        SlotTaken,
    )
    bookings.accept_proposal(booking, by=SYSTEM, now=now)
    assert place(booking) == (small.id, TUESDAY, 3, 3, "confirmed")
    everything_holds(office, now)


def test_a_proposal_is_refused_once_and_its_time_is_free(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    propose(booking, small, now)
    bookings.refuse_proposal(booking, by=SYSTEM, now=now)
    assert booking.state == "pending"
    for answer in (bookings.refuse_proposal, bookings.accept_proposal):
        refused(lambda answer=answer: answer(booking, by=SYSTEM, now=now), WrongState)  # type: ignore[misc]
    book(office, now, start=time(10), end=time(11), village=all_villages(office)[0])
    everything_holds(office, now)


def test_the_office_withdraws_its_proposal(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    propose(booking, small, now)
    bookings.withdraw_proposal(booking, by=SYSTEM, now=now)
    assert bookings.proposal_for(booking, now=now) is None
    assert trail_of("booking", booking.id)[-1].action == "withdraw"
    refused(lambda: bookings.accept_proposal(booking, by=SYSTEM, now=now), WrongState)
    refused(lambda: bookings.withdraw_proposal(booking, by=SYSTEM, now=now), WrongState)
    everything_holds(office, now)


def test_a_proposal_in_another_week_has_a_seat_there(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    propose(booking, small, now, day=NEXT_TUESDAY)
    village = booking.village
    assert bookings.quota_of(office, village, NEXT_TUESDAY, now).used == 1
    everything_holds(office, now)
    bookings.accept_proposal(booking, by=SYSTEM, now=now)
    assert bookings.quota_of(office, village, TUESDAY, now).used == 0
    everything_holds(office, now)


def test_a_later_proposal_replaces_the_first_and_a_refused_one_keeps_it(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    first = propose(booking, small, now)
    book(office, now, start=time(13), end=time(14), village=all_villages(office)[0])
    refused(lambda: propose(booking, small, now, start=time(13), end=time(14)), SlotTaken)
    assert bookings.proposal_for(booking, now=now) is first
    second = propose(booking, small, now, start=time(11), end=time(12))
    assert bookings.proposal_for(booking, now=now) is second
    everything_holds(office, now)


@pytest.mark.parametrize("end", ["decline", "cancel", "approve", "move"])
def test_what_becomes_of_the_request_ends_the_proposal(
    office: Office, small: Room, large: Room, now: datetime, end: str
) -> None:
    booking = book(office, now, room=large)
    propose(booking, small, now)
    if end == "decline":
        bookings.decline(booking, "Penuh", by=SYSTEM, now=now)
    elif end == "cancel":
        bookings.cancel(booking, "Batal", by=SYSTEM, privileged=False, now=now)
    elif end == "approve":
        bookings.approve(booking, by=SYSTEM, now=now)
    else:
        move(booking, large, now, start=time(11), end=time(12))
    assert bookings.proposal_for(booking, now=now) is None
    book(office, now, start=time(10), end=time(11), village=all_villages(office)[0])
    everything_holds(office, now)


def test_a_proposal_for_who_did_not_come_ends_with_the_absence(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, now)
    propose(booking, small, wita(8, day=TUESDAY), start=time(14), end=time(15))
    later = wita(9, 15, day=TUESDAY)
    refused(lambda: bookings.accept_proposal(booking, by=SYSTEM, now=later), WrongState)
    everything_holds(office, later)
    assert bookings.proposal_for(booking, now=later) is None
    book(office, later, day=TUESDAY, start=time(14), end=time(15), village=all_villages(office)[0])


@pytest.mark.parametrize("how", ["check in", "conclude"])
def test_who_comes_at_the_first_time_ends_the_proposal(
    office: Office, small: Room, now: datetime, how: str
) -> None:
    booking = book(office, now)
    propose(booking, small, wita(8, day=TUESDAY), start=time(14), end=time(15))
    if how == "check in":
        check_in(office, booking, by=SYSTEM, now=wita(8, 50, day=TUESDAY))
    else:
        bookings.conclude(booking, by=SYSTEM, now=wita(9, 5, day=TUESDAY))
    later = wita(9, 10, day=TUESDAY)
    assert bookings.proposal_for(booking, now=later) is None
    book(office, later, start=time(14), end=time(15), village=all_villages(office)[0])
    everything_holds(office, later)


def test_a_proposal_runs_out(office: Office, small: Room, large: Room, now: datetime) -> None:
    office.proposal_hours = 2
    booking = book(office, now, room=large)
    propose(booking, small, now)
    later = now + timedelta(hours=2)
    assert bookings.proposal_for(booking, now=later) is None
    refused(lambda: bookings.accept_proposal(booking, by=SYSTEM, now=later), WrongState)
    book(office, later, start=time(10), end=time(11), village=all_villages(office)[0])
    everything_holds(office, later)


def test_an_accepted_time_that_was_closed_meanwhile_is_refused_and_nothing_changes(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    propose(booking, small, now)
    before = place(booking)
    bookings.close(
        office, small, wita(8, day=TUESDAY), wita(12, day=TUESDAY), "AC", by=SYSTEM, now=now
    )
    refused(lambda: bookings.accept_proposal(booking, by=SYSTEM, now=now), Closed)
    assert place(booking) == before
    everything_holds(office, now)


def test_only_what_is_undecided_or_coming_gets_a_proposal(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    booking = book(office, now, room=large)
    bookings.decline(booking, "Penuh", by=SYSTEM, now=now)
    refused(lambda: propose(booking, small, now), WrongState)
    refused(lambda: bookings.refuse_proposal(booking, by=SYSTEM, now=now), WrongState)
