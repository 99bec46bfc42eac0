"""Writing a booking step by step: what is held, what is kept, what happens when it is too late."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Booking, Draft, QuotaSeat, Room, SlotClaim, SlotTaken
from ruko.db import db
from ruko.errors import Invalid, NotFound
from ruko.offices import Office, Village, get_bidang, get_category, get_village
from tests.people import TUESDAY


@pytest.fixture
def binjai(office: Office) -> Village:
    return get_village(office, "63.11.07.2008")


@pytest.fixture
def other(office: Office) -> Village:
    return next(v for v in bookings_villages(office) if v.code != "63.11.07.2008")


def bookings_villages(office: Office) -> list[Village]:
    return list(db.session.scalars(select(Village).filter_by(office_id=office.id)))


@pytest.fixture
def small(office: Office) -> Room:
    return bookings.all_rooms(office)[0]


def begun(office: Office, village: Village, now: datetime) -> Draft:
    category = get_category(office, "stunting")
    return bookings.begin(
        office,
        village=village,
        bidang=get_bidang(office, "KES"),
        category=category,
        topic="Rembuk stunting",
        by=SYSTEM,
        now=now,
    )


def hold(draft: Draft, room: Room | None, now: datetime, **when: Any) -> None:
    chosen: dict[str, Any] = {"day": TUESDAY, "start": time(9), "end": time(10)} | when
    bookings.hold(draft, room=room, now=now, **chosen)


def written(draft: Draft, now: datetime) -> None:
    bookings.who_comes(
        draft, leader="Sekretaris", role="secretary", attendees=4, phone=None, now=now
    )


def state_of(office: Office, village: Village | None, now: datetime, hour: int = 9) -> str:
    grid = bookings.day_grid(office, TUESDAY, village=village, now=now)
    return next(s.state for s in grid.rooms[0][1] if s.starts == time(hour))


def test_a_chosen_time_is_kept_for_ten_minutes(
    office: Office, binjai: Village, other: Village, small: Room, now: datetime
) -> None:
    draft = begun(office, binjai, now)
    hold(draft, small, now)
    assert state_of(office, binjai, now) == "mine"
    assert state_of(office, other, now) == "taken"
    assert bookings.quota_of(office, binjai, TUESDAY, now).used == 1
    with pytest.raises(SlotTaken) as refusal:
        hold(begun(office, other, now), small, now)
    assert len(refusal.value.alternatives) == 3

    later = now + timedelta(minutes=10)
    assert state_of(office, other, later) == "free"
    assert bookings.quota_of(office, binjai, TUESDAY, later).used == 0
    hold(begun(office, other, later), small, later)
    assert state_of(office, binjai, later) == "taken"


def test_what_was_held_becomes_the_booking(
    office: Office, binjai: Village, small: Room, now: datetime
) -> None:
    draft = begun(office, binjai, now)
    hold(draft, small, now)
    written(draft, now)
    booking = bookings.send(draft, by=SYSTEM, on_behalf=False, now=now)
    assert (booking.state, booking.leader_role) == ("confirmed", "secretary")
    assert bookings.send(draft, by=SYSTEM, on_behalf=False, now=now) is booking
    assert len(db.session.scalars(select(Booking)).all()) == 1
    (claim,) = db.session.scalars(select(SlotClaim))
    assert (claim.booking_id, claim.draft_id) == (booking.id, None)
    (seat,) = db.session.scalars(select(QuotaSeat))
    assert seat.booking_id == booking.id
    assert bookings.unsent_drafts(office, village=binjai, by=SYSTEM, now=now) == []


def test_another_choice_lets_the_first_one_go(
    office: Office, binjai: Village, other: Village, small: Room, now: datetime
) -> None:
    draft = begun(office, binjai, now)
    hold(draft, small, now)
    hold(draft, small, now, start=time(10), end=time(12))
    assert state_of(office, other, now) == "free"
    assert state_of(office, other, now, 11) == "taken"
    assert bookings.quota_of(office, binjai, TUESDAY, now).used == 1


def test_a_refused_choice_keeps_the_one_before(
    office: Office, binjai: Village, other: Village, small: Room, now: datetime
) -> None:
    mine, theirs = begun(office, binjai, now), begun(office, other, now)
    hold(theirs, small, now, start=time(10), end=time(11))
    hold(mine, small, now)
    with pytest.raises(SlotTaken):
        hold(mine, small, now, start=time(10), end=time(11))
    assert state_of(office, other, now) == "taken"
    assert mine.holds(now)


def test_a_hold_that_ran_out_is_no_harm_while_nobody_else_came(
    office: Office, binjai: Village, other: Village, small: Room, now: datetime
) -> None:
    draft = begun(office, binjai, now)
    hold(draft, small, now)
    written(draft, now)
    later = now + timedelta(minutes=30)
    booking = bookings.send(draft, by=SYSTEM, on_behalf=False, now=later)
    assert booking.state == "confirmed"

    second = begun(office, binjai, later)
    hold(second, small, later, start=time(11), end=time(12))
    written(second, later)
    too_late = later + timedelta(minutes=30)
    hold(begun(office, other, too_late), small, too_late, start=time(11), end=time(12))
    with pytest.raises(SlotTaken) as refusal:
        bookings.send(second, by=SYSTEM, on_behalf=False, now=too_late)
    assert refusal.value.alternatives
    assert (second.topic, second.leader) == ("Rembuk stunting", "Sekretaris")


def test_a_draft_is_its_villages_own(
    office: Office, binjai: Village, other: Village, now: datetime
) -> None:
    draft = begun(office, binjai, now)
    assert bookings.get_draft(office, draft.token, village=binjai, by=SYSTEM) is draft
    with pytest.raises(NotFound):
        bookings.get_draft(office, draft.token, village=other, by=SYSTEM)


def test_nothing_is_sent_before_every_question_is_answered(
    office: Office, binjai: Village, small: Room, now: datetime
) -> None:
    draft = begun(office, binjai, now)
    with pytest.raises(Invalid):
        bookings.send(draft, by=SYSTEM, on_behalf=False, now=now)
    hold(draft, small, now)
    with pytest.raises(Invalid):
        bookings.send(draft, by=SYSTEM, on_behalf=False, now=now)


def test_the_officers_of_a_bidang_are_scarce_too(
    office: Office, binjai: Village, other: Village, small: Room, now: datetime
) -> None:
    kes = get_bidang(office, "KES")
    kes.officers = 1
    large = bookings.all_rooms(office)[1]
    hold(begun(office, binjai, now), small, now)
    with pytest.raises(SlotTaken, match="officers"):
        hold(begun(office, other, now), large, now)
    grid = bookings.day_grid(office, TUESDAY, village=other, now=now, bidang=kes)
    assert [s.state for s in grid.rooms[1][1]][1] == "taken"


def test_a_closed_room_says_why(
    office: Office, binjai: Village, small: Room, now: datetime
) -> None:
    closure = bookings.close(
        office,
        small,
        office.at(TUESDAY, time(8)),
        office.at(TUESDAY, time(12)),
        "Perbaikan AC",
        by=SYSTEM,
        now=now,
    )
    grid = bookings.day_grid(office, TUESDAY, village=binjai, now=now)
    (reason,) = {str(s.reason) for s in grid.rooms[0][1] if s.state == "closed"}
    assert "Perbaikan AC" in reason
    assert {s.state for s in grid.rooms[1][1]} == {"free"}
    bookings.end_closure(closure, by=SYSTEM, now=now)
    assert state_of(office, binjai, now) == "free"
    assert db.session.scalars(select(SlotClaim)).all() == []
