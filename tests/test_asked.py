"""What the office sees of a request, the way out of a collision, and what is told of a booking."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Room, SlotClaim
from ruko.db import db
from ruko.errors import Invalid, WrongState
from ruko.offices import Office, get_bidang
from tests.conftest import wita
from tests.people import TUESDAY, book

WEDNESDAY = TUESDAY + timedelta(days=1)
FRIDAY = TUESDAY + timedelta(days=3)


@pytest.fixture
def rooms(office: Office) -> list[Room]:
    """Twelve seats, and twenty with approval."""
    return bookings.all_rooms(office)


def ten_to_eleven(booking: bookings.Booking, room: Room, now: datetime) -> bookings.Draft:
    return bookings.propose(
        booking, room=room, day=TUESDAY, start=time(10), end=time(11), by=SYSTEM, now=now
    )


def taken(room: Room) -> set[int]:
    claims = select(SlotClaim.slot_no).filter_by(room_id=room.id, date=TUESDAY)
    return set(db.session.scalars(claims))


def shut(office: Office, room: Room | None, now: datetime) -> None:
    start, end = office.at(TUESDAY, time(8)), office.at(TUESDAY, time(12))
    bookings.close(office, room, start, end, "Lantai dicat", by=SYSTEM, now=now)


# ── Collisions, and the way out ───────────────────────────────────────────────────────────────


def test_nothing_stands_against_a_request(office: Office, rooms: list[Room], now: datetime) -> None:
    request = book(office, now, room=rooms[1])
    (asked,) = bookings.all_asked(office, now)
    assert (asked.booking, asked.collides, asked.room, asked.time) == (request, False, None, None)
    assert (asked.quota.used, asked.proposal, asked.papers) == (1, None, [])


def test_a_closed_room_and_another_that_is_free(
    office: Office, rooms: list[Room], now: datetime
) -> None:
    request = book(office, now, room=rooms[1])
    shut(office, rooms[1], now)
    (asked,) = bookings.all_asked(office, now)
    assert asked.collision.closure is not None
    assert (asked.room, asked.time) == (rooms[0], None)

    bookings.approve_in(request, rooms[0], by=SYSTEM, now=now)
    assert (request.state, request.room) == ("confirmed", rooms[0])
    assert request.starts_at == wita(9, day=TUESDAY)
    with pytest.raises(WrongState):
        bookings.approve_in(request, rooms[1], by=SYSTEM, now=now)


def test_too_many_people_for_the_other_room(
    office: Office, rooms: list[Room], now: datetime
) -> None:
    request = book(office, now, room=rooms[1], attendees=rooms[0].capacity + 1)
    shut(office, rooms[1], now)
    (asked,) = bookings.all_asked(office, now)
    assert asked.room is None
    assert asked.time is not None
    assert (asked.time.room, asked.time.date, asked.time.start) == (rooms[1], TUESDAY, time(13))
    with pytest.raises(Invalid):
        bookings.approve_in(request, rooms[0], by=SYSTEM, now=now)
    assert request.state == "pending"


def test_another_room_is_granted_even_shortly_before(
    office: Office, rooms: list[Room], now: datetime
) -> None:
    request = book(office, now, room=rooms[1])
    soon = wita(8, 55, day=TUESDAY)
    bookings.approve_in(request, rooms[0], by=SYSTEM, now=soon)
    assert request.state == "confirmed"


def test_the_closed_house_leaves_another_time(
    office: Office, rooms: list[Room], now: datetime
) -> None:
    office.quota_per_week = 1  # its own seat moves along
    book(office, now, room=rooms[1])
    shut(office, None, now)
    (asked,) = bookings.all_asked(office, now)
    assert asked.room is None
    assert asked.time is not None
    assert (asked.time.date, asked.time.start) == (TUESDAY, time(13))


def test_more_meetings_than_officers(office: Office, rooms: list[Room], now: datetime) -> None:
    book(office, now, room=rooms[0])
    request = book(office, now, room=rooms[1])
    get_bidang(office, "PMD").officers = 1
    (asked,) = bookings.all_asked(office, now)
    assert (asked.collision.officers, asked.collision.meetings) == (1, 2)
    assert (asked.collides, asked.room) == (True, None)
    assert asked.time is not None
    assert asked.time.start != time(9)
    bookings.approve(request, by=SYSTEM, now=now)  # the operator may know somebody who can come
    assert request.state == "confirmed"


def test_an_outside_visit_has_no_other_room(office: Office, now: datetime) -> None:
    book(office, now, room=None)
    shut(office, None, now)
    (asked,) = bookings.all_asked(office, now)
    assert asked.collides
    assert asked.room is None


# ── Proposals end with the decision ───────────────────────────────────────────────────────────


def _withdraw(booking: bookings.Booking, rooms: list[Room], now: datetime) -> None:
    bookings.withdraw_proposal(booking, by=SYSTEM, now=now)


def _approve(booking: bookings.Booking, rooms: list[Room], now: datetime) -> None:
    bookings.approve(booking, by=SYSTEM, now=now)


def _approve_in(booking: bookings.Booking, rooms: list[Room], now: datetime) -> None:
    bookings.approve_in(booking, rooms[0], by=SYSTEM, now=now)


@pytest.mark.parametrize("end", [_withdraw, _approve, _approve_in])
def test_a_proposal_that_is_over_keeps_nothing(
    office: Office,
    rooms: list[Room],
    now: datetime,
    end: Callable[[bookings.Booking, list[Room], datetime], None],
) -> None:
    request = book(office, now, room=rooms[1])
    ten_to_eleven(request, rooms[0], now)
    assert taken(rooms[0])
    end(request, rooms, now)
    assert bookings.proposal_for(request, now=now) is None
    assert len(taken(rooms[0]) | taken(rooms[1])) == 1
    with pytest.raises(WrongState):
        bookings.withdraw_proposal(request, by=SYSTEM, now=now)
    with pytest.raises(WrongState):
        bookings.accept_proposal(request, by=SYSTEM, now=now)
    assert bookings.lapsed_proposal(request, now=now) is None


def test_a_proposal_is_kept_no_longer_than_the_request_stands(
    office: Office, rooms: list[Room], now: datetime
) -> None:
    office.proposal_hours = 48
    request = book(office, now, room=rooms[1])
    draft = bookings.propose(
        request, room=rooms[0], day=FRIDAY, start=time(9), end=time(10), by=SYSTEM, now=now
    )
    assert draft.held_until == wita(9, day=TUESDAY)
    bookings.approve(request, by=SYSTEM, now=now)
    soon = wita(8, day=TUESDAY)
    draft = bookings.propose(
        request, room=rooms[0], day=FRIDAY, start=time(9), end=time(10), by=SYSTEM, now=soon
    )
    assert draft.held_until == wita(9, 15, day=TUESDAY)  # from then on nobody came


def test_what_came_of_the_last_proposal(office: Office, rooms: list[Room], now: datetime) -> None:
    request = book(office, now, room=rooms[1])

    def answer(moment: datetime) -> str | None:
        (asked,) = bookings.all_asked(office, moment)
        return asked.answer

    assert answer(now) is None
    ten_to_eleven(request, rooms[0], now)
    assert answer(now) is None
    bookings.refuse_proposal(request, by=SYSTEM, now=now)
    assert answer(now) == "refused"
    office.proposal_hours = 1
    ten_to_eleven(request, rooms[0], now)
    assert answer(now + timedelta(hours=1)) == "unanswered"
    bookings.move(
        request,
        room=rooms[1],
        day=FRIDAY,
        start=time(9),
        end=time(10),
        by=SYSTEM,
        privileged=True,
        now=now + timedelta(hours=1),
    )
    assert answer(now + timedelta(hours=1)) is None


# ── Lists, and the life of a booking ──────────────────────────────────────────────────────────


def test_what_waits_for_the_villages_yes(office: Office, rooms: list[Room], now: datetime) -> None:
    booking = book(office, now, on_behalf=True, channel=bookings.Channel.PHONE)
    book(office, now, room=rooms[1], start=time(10), end=time(11))
    assert bookings.unconfirmed_bookings(office, now) == [booking]
    assert bookings.unconfirmed_bookings(office, wita(9, day=TUESDAY)) == []
    bookings.confirm_by_village(booking, by=SYSTEM, now=now)
    assert bookings.unconfirmed_bookings(office, now) == []


def test_the_meetings_of_a_bidang(office: Office, rooms: list[Room], now: datetime) -> None:
    pmd, kes = get_bidang(office, "PMD"), get_bidang(office, "KES")
    late = book(office, now, day=WEDNESDAY)
    early = book(office, now)
    other = book(office, now, room=rooms[1], bidang=kes)
    gone = book(office, now, start=time(13), end=time(14), quota_reason="uji")
    bookings.cancel(gone, "Batal", by=SYSTEM, privileged=True, now=now)
    assert bookings.meetings_from(office, TUESDAY, bidang=pmd, now=now) == [early, late]
    assert bookings.meetings_from(office, TUESDAY, bidang=kes, now=now) == [other]
    assert bookings.meetings_from(office, WEDNESDAY, bidang=None, now=now) == [late]
    until = bookings.meetings_from(office, TUESDAY, until=TUESDAY, bidang=None, now=now)
    assert set(until) == {early, other}
    passed = wita(9, day=TUESDAY)  # nobody answered it in time
    assert other not in bookings.meetings_from(office, TUESDAY, bidang=None, now=passed)


def test_a_visit_is_recorded_by_hand(office: Office, now: datetime) -> None:
    visit = book(office, now, room=None)
    bookings.approve(visit, by=SYSTEM, now=now)
    before, after = wita(9, 30, day=TUESDAY), wita(8, day=WEDNESDAY)
    assert bookings.unrecorded_visits(office, bidang=None, now=before) == []
    assert bookings.unrecorded_visits(office, bidang=visit.bidang, now=after) == [visit]
    assert bookings.unrecorded_visits(office, bidang=get_bidang(office, "PEM"), now=after) == []
    assert bookings.why_not_concluded(visit, now=after) is None
    bookings.conclude(visit, by=SYSTEM, now=after)
    assert bookings.unrecorded_visits(office, bidang=None, now=after) == []


def test_why_a_meeting_cannot_have_taken_place(office: Office, now: datetime) -> None:
    booking = book(office, now)
    refusals = [
        bookings.why_not_concluded(booking, now=moment)
        for moment in (now, wita(9, 5, day=TUESDAY), wita(16, day=TUESDAY), wita(8, day=WEDNESDAY))
    ]
    assert [refusal and refusal.code for refusal in refusals] == [
        "too_soon",
        None,
        None,
        "wrong_state",
    ]


def test_the_life_of_a_booking_is_told(office: Office, rooms: list[Room], now: datetime) -> None:
    booking = book(office, now, room=rooms[1])
    ten_to_eleven(booking, rooms[0], now)
    bookings.accept_proposal(booking, by=SYSTEM, now=now)
    told = bookings.booking_history(booking)
    assert [step.action for step in told] == ["book", "propose", "accept"]
    assert {(step.by, step.account) for step in told} == {("system", None)}
    asked, proposed, accepted = [step.where for step in told]
    assert asked is not None
    assert (asked.room, asked.start) == (rooms[1].name, time(9))
    assert proposed == accepted
    assert proposed is not None
    assert (proposed.room, proposed.date, proposed.start) == (rooms[0].name, TUESDAY, time(10))
