"""Booking rooms: who gets a slot, why somebody does not, and the way of a booking to its end."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from ruko import bookings, offices
from ruko.audit import SYSTEM, trail_of
from ruko.bookings import Booking, QuotaExceeded, QuotaSeat, Room, SlotClaim, SlotTaken
from ruko.db import Base, db
from ruko.errors import Closed, Invalid, NotFound, RukoError, TooLate, TooSoon, WrongState
from ruko.offices import Holiday, Hours, Office, Village

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
FRIDAY = date(2026, 11, 27)
SATURDAY = date(2026, 11, 28)
CHRISTMAS = date(2026, 12, 25)
"""Also a holiday in the seed, as is the day before it; a Friday."""


@pytest.fixture
def now(office: Office) -> datetime:
    """Monday at nine."""
    return office.at(MONDAY, time(9))


@pytest.fixture
def binjai(office: Office) -> Village:
    return offices.get_village(office, "63.11.07.2008")


@pytest.fixture
def batu_piring(office: Office) -> Village:
    return offices.get_village(office, "63.11.07.1001")


@pytest.fixture
def small(office: Office) -> Room:
    """Twelve seats, booked at once."""
    return bookings.all_rooms(office)[0]


@pytest.fixture
def large(office: Office) -> Room:
    """Twenty seats, with approval."""
    return bookings.all_rooms(office)[1]


def book(office: Office, room: Room | None, now: datetime, **changes: Any) -> Booking:
    """A booking of Desa Binjai for Tuesday at nine, unless changed."""
    wish: dict[str, Any] = {
        "village": offices.get_village(office, "63.11.07.2008"),
        "bidang": offices.get_bidang(office, "PMD"),
        "category": offices.get_category(office, "stunting"),
        "topic": "Makanan tambahan balita",
        "attendees": 5,
        "leader": "Rahmawati",
        "phone": None,
        "day": TUESDAY,
        "start": time(9),
        "end": time(10),
        "by": SYSTEM,
        "on_behalf": False,
    }
    return bookings.book(office, room=room, now=now, **(wish | changes))


def claims_of(booking: Booking) -> list[int]:
    return list(
        db.session.scalars(
            select(SlotClaim.slot_no).filter_by(booking_id=booking.id).order_by(SlotClaim.slot_no)
        )
    )


def seats() -> list[int]:
    return list(db.session.scalars(select(QuotaSeat.n).order_by(QuotaSeat.n)))


def count(table: type[Base]) -> int:
    return db.session.scalars(select(func.count()).select_from(table)).one()


def rows() -> tuple[int, int, int]:
    """How many bookings, slot claims and quota seats there are."""
    return count(Booking), count(SlotClaim), count(QuotaSeat)


def actions_of(booking: Booking) -> list[tuple[str, str | None]]:
    return [(line.action, line.state) for line in trail_of("booking", booking.id)]


def meanwhile_becomes(booking: Booking, state: str) -> None:
    """Somebody else's transaction moves the booking on; this session does not know it yet."""
    db.session.execute(
        update(Booking)
        .where(Booking.id == booking.id)
        .values(state=state, version=Booking.version + 1)
        .execution_options(synchronize_session=False)
    )


# ── Booking ───────────────────────────────────────────────────────────────────────────────────


def test_a_room_is_booked_at_once(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, small, now, topic="  Stunting\r\ndan gizi ", phone=" 0812-3456 7890 ")

    assert booking.state == "confirmed"
    assert booking.starts_at == office.at(TUESDAY, time(9))
    assert booking.ends_at == office.at(TUESDAY, time(10))
    assert (booking.topic, booking.phone) == ("Stunting\ndan gizi", "0812-3456 7890")
    assert claims_of(booking) == [2]
    assert seats() == [1]
    assert actions_of(booking) == [("book", "confirmed")]


def test_a_booking_spans_adjacent_slots(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, small, now, start=time(8), end=time(12))

    assert (booking.first_slot, booking.last_slot) == (1, 4)
    assert claims_of(booking) == [1, 2, 3, 4]


def test_a_room_with_approval_is_only_asked_for(office: Office, large: Room, now: datetime) -> None:
    booking = book(office, large, now)

    assert booking.state == "pending"
    assert claims_of(booking) == [2]  # nobody else may have it meanwhile


def test_an_outside_visit_is_asked_for_and_claims_no_room(office: Office, now: datetime) -> None:
    visit = book(office, None, now)
    another = book(office, None, now)

    assert (visit.state, another.state) == ("pending", "pending")
    assert rows() == (2, 0, 2)


def test_only_what_the_board_shows_raises_its_version(
    office: Office, small: Room, large: Room, now: datetime
) -> None:
    before, _ = offices.board_version(office.id)
    request = book(office, large, now)
    assert offices.board_version(office.id)[0] == before

    book(office, small, now)
    bookings.approve(request, by=SYSTEM, now=now)
    assert offices.board_version(office.id)[0] == before + 2


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("end", {"end": time(9)}),
        ("end", {"end": time(8)}),
        ("start", {"start": time(9, 15)}),
        ("end", {"end": time(9, 45)}),
        ("start", {"day": FRIDAY, "start": time(14), "end": time(15)}),
        ("topic", {"topic": " \n "}),
        ("topic", {"topic": "x" * 501}),
        ("topic", {"topic": "a\x00b"}),
        ("topic", {"topic": "\ud800"}),
        ("leader", {"leader": ""}),
        ("leader", {"leader": "x" * 81}),
        ("phone", {"phone": "<script>"}),
        ("phone", {"phone": "0" * 21}),
        ("attendees", {"attendees": 0}),
        ("attendees", {"attendees": 13}),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(
    office: Office, small: Room, now: datetime, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        book(office, small, now, **changes)

    assert refused.value.field == field
    assert rows() == (0, 0, 0)


def test_an_outside_visit_has_its_limit_too(office: Office, now: datetime) -> None:
    with pytest.raises(Invalid):
        book(office, None, now, attendees=10**12)


def test_anything_printable_is_text(office: Office, small: Room, now: datetime) -> None:
    topic = "<script>alert('desa')</script> 👩‍👩‍👧 %(limit)s; DROP TABLE booking"
    assert book(office, small, now, topic=topic).topic == topic


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (TooSoon, {"day": MONDAY, "start": time(8), "end": time(9)}),
        (TooSoon, {"day": MONDAY, "start": time(9), "end": time(10)}),
        (TooSoon, {"day": date(1, 1, 1), "start": time(0), "end": time(1)}),
        (TooLate, {"day": date(2026, 12, 24)}),
        (TooLate, {"day": date.max}),
        (Closed, {"day": SATURDAY}),
        (Closed, {"start": time(7), "end": time(8)}),
        (Closed, {"start": time(14), "end": time(16)}),
        (Closed, {"start": time(12), "end": time(13)}),
        (Closed, {"start": time(11), "end": time(14)}),
        (Closed, {"start": time(11, 30), "end": time(12, 30)}),
        (Closed, {"day": FRIDAY, "start": time(11), "end": time(12)}),
        (Closed, {"day": FRIDAY, "start": time(10), "end": time(14, 30)}),
    ],
)
def test_a_time_that_cannot_be_booked_says_why(
    office: Office, small: Room, now: datetime, error: type[RukoError], changes: dict[str, Any]
) -> None:
    with pytest.raises(error):
        book(office, small, now, **changes)


def test_an_hour_ahead_is_enough_and_the_thirtieth_day_is_the_last(
    office: Office, small: Room, now: datetime
) -> None:
    book(office, small, now, day=MONDAY, start=time(10), end=time(11))
    book(office, small, now, day=date(2026, 12, 23))
    a_second_later = now + timedelta(seconds=1)
    with pytest.raises(TooSoon):
        book(office, small, a_second_later, day=MONDAY, start=time(10), end=time(11))


def test_a_holiday_is_named_with_the_next_day_of_service(office: Office, small: Room) -> None:
    with pytest.raises(Closed) as refused:
        book(office, small, office.at(date(2026, 12, 1), time(9)), day=CHRISTMAS)

    holiday = db.session.scalars(select(Holiday).filter_by(date=CHRISTMAS)).one()
    assert refused.value.values == {
        "day": CHRISTMAS,
        "holiday": holiday.name,
        "next": date(2026, 12, 28),
    }


def test_what_is_wrong_comes_before_when_it_is_wrong(
    office: Office, small: Room, now: datetime
) -> None:
    with pytest.raises(Invalid):
        book(office, small, now, day=SATURDAY, topic="")
    with pytest.raises(TooLate):
        book(office, small, now, day=date(2027, 1, 2))  # a Saturday, but far away first


# ── Quota ─────────────────────────────────────────────────────────────────────────────────────


def test_the_fourth_booking_of_a_week_is_too_many(
    office: Office, small: Room, batu_piring: Village, now: datetime
) -> None:
    for hour in (9, 10, 11):
        book(office, small, now, start=time(hour), end=time(hour + 1))
    with pytest.raises(QuotaExceeded):
        book(office, small, now, start=time(13), end=time(14))

    assert rows() == (3, 3, 3)
    book(office, small, now, start=time(13), end=time(14), village=batu_piring)
    book(office, small, now, day=MONDAY + timedelta(days=7))  # the next ISO week


def test_a_full_quota_is_said_before_a_taken_slot(
    office: Office, small: Room, now: datetime
) -> None:
    for hour in (9, 10, 11):
        book(office, small, now, start=time(hour), end=time(hour + 1))
    with pytest.raises(QuotaExceeded):
        book(office, small, now)


def test_what_no_longer_counts_gives_its_seat_back(
    office: Office, small: Room, large: Room, binjai: Village, now: datetime
) -> None:
    cancelled = book(office, small, now)
    declined = book(office, large, now)
    book(office, small, now, start=time(10), end=time(11))
    bookings.cancel(cancelled, "Hujan", by=SYSTEM, privileged=False, now=now)
    bookings.decline(declined, "Dipakai rapat", by=SYSTEM, now=now)

    assert seats() == [1]
    assert bookings.quota_of(office, binjai, TUESDAY, now).used == 1
    book(office, small, now)
    book(office, large, now)
    assert seats() == [1, 2, 3]


def test_an_undecided_request_expires_at_its_start_and_gives_everything_back(
    office: Office, large: Room, binjai: Village, now: datetime
) -> None:
    requests = [
        book(office, large, now, day=TUESDAY, start=time(8), end=time(12)),
        book(office, large, now, day=TUESDAY, start=time(13), end=time(14)),
        book(office, large, now, day=TUESDAY, start=time(14), end=time(15)),
    ]
    eight = office.at(TUESDAY, time(8))
    assert bookings.shown_state(requests[0], eight) == "expired"
    assert requests[0].state == "pending"  # reading does not write
    assert bookings.quota_of(office, binjai, TUESDAY, eight).used == 2
    assert bookings.free_counts(office, [TUESDAY], eight)[TUESDAY] == 8  # from nine o'clock on
    assert bookings.pending_bookings(office, eight) == requests[1:]
    assert bookings.bookings_of(office, now=eight, state="expired") == requests[:1]

    book(office, large, eight, day=TUESDAY, start=time(10), end=time(11))

    assert requests[0].state == "expired"
    assert claims_of(requests[0]) == []
    assert actions_of(requests[0])[-1] == ("expire", "expired")


# ── Somebody was faster ───────────────────────────────────────────────────────────────────────


def test_a_taken_slot_offers_the_nearest_times(
    office: Office, small: Room, large: Room, batu_piring: Village, now: datetime
) -> None:
    book(office, small, now, start=time(8), end=time(10))
    with pytest.raises(SlotTaken) as refused:
        book(office, small, now, village=batu_piring)

    assert refused.value.extra == {
        "alternatives": [
            {"room": large.id, "date": "2026-11-24", "start": "09:00", "end": "10:00"},
            {"room": small.id, "date": "2026-11-24", "start": "10:00", "end": "11:00"},
            {"room": large.id, "date": "2026-11-24", "start": "08:00", "end": "09:00"},
        ]
    }
    assert rows() == (1, 2, 1)


def test_alternatives_fit_the_people_the_length_and_the_hour_ahead(
    office: Office, large: Room, batu_piring: Village, now: datetime
) -> None:
    book(office, large, now, day=MONDAY, start=time(13), end=time(15))
    with pytest.raises(SlotTaken) as refused:
        book(
            office,
            large,
            now + timedelta(minutes=30),  # ten o'clock is too near
            day=MONDAY,
            start=time(13),
            end=time(15),
            attendees=20,
            village=batu_piring,
        )

    assert [(a.room, a.date, a.start, a.end) for a in refused.value.alternatives] == [
        (large, TUESDAY, time(13), time(15)),
        (large, TUESDAY, time(10), time(12)),
        (large, TUESDAY, time(9), time(11)),
    ]


def test_alternatives_leave_out_weeks_without_quota(
    office: Office, small: Room, large: Room, batu_piring: Village, now: datetime
) -> None:
    friday = {"start": time(13, 30), "end": time(14, 30), "day": FRIDAY, "village": batu_piring}
    for room in (small, large):
        book(office, room, now, day=FRIDAY, start=time(8), end=time(11))
        book(office, room, now, **friday)
    next_week = date(2026, 12, 1)
    for hour in (9, 10, 11):
        book(office, small, now, day=next_week, start=time(hour), end=time(hour + 1))
    with pytest.raises(SlotTaken) as refused:
        book(office, small, now, day=FRIDAY, start=time(8), end=time(9))

    assert {a.date for a in refused.value.alternatives} == {date(2026, 12, 7)}


def test_when_nothing_is_left_nothing_is_offered(
    office: Office, large: Room, batu_piring: Village, now: datetime
) -> None:
    office.book_until_days = 1
    book(office, large, now, start=time(8), end=time(12))
    with pytest.raises(SlotTaken) as refused:
        book(office, large, now, start=time(8), end=time(12), attendees=20, village=batu_piring)
    assert refused.value.extra == {"alternatives": []}


def test_a_partly_taken_stretch_claims_nothing(
    office: Office, small: Room, batu_piring: Village, now: datetime
) -> None:
    book(office, small, now, start=time(10), end=time(11))
    with pytest.raises(SlotTaken):
        book(office, small, now, start=time(9), end=time(12), village=batu_piring)

    assert rows() == (1, 1, 1)


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_approved_once(office: Office, large: Room, now: datetime) -> None:
    request = book(office, large, now)
    bookings.approve(request, by=SYSTEM, now=now)

    assert (request.state, request.version) == ("confirmed", 1)
    assert claims_of(request) == [2]
    with pytest.raises(WrongState) as refused:
        bookings.approve(request, by=SYSTEM, now=now)
    assert refused.value.extra == {"state": "confirmed"}


def test_a_request_is_declined_with_a_reason(office: Office, large: Room, now: datetime) -> None:
    request = book(office, large, now)
    with pytest.raises(Invalid):
        bookings.decline(request, "  ", by=SYSTEM, now=now)
    bookings.decline(request, "Dipakai rapat", by=SYSTEM, now=now)

    assert (request.state, request.decided_reason) == ("declined", "Dipakai rapat")
    assert rows() == (1, 0, 0)


def test_nobody_decides_about_the_past(office: Office, large: Room, now: datetime) -> None:
    request = book(office, large, now)
    late = request.starts_at
    with pytest.raises(WrongState) as refused:
        bookings.approve(request, by=SYSTEM, now=late)
    assert refused.value.state == "expired"
    with pytest.raises(WrongState):
        bookings.decline(request, "Terlambat", by=SYSTEM, now=late)
    with pytest.raises(WrongState):
        bookings.cancel(request, "Batal", by=SYSTEM, privileged=True, now=late)


def test_of_two_decisions_the_first_one_stands(office: Office, large: Room, now: datetime) -> None:
    request = book(office, large, now)
    meanwhile_becomes(request, "declined")
    with pytest.raises(WrongState) as refused:
        bookings.approve(request, by=SYSTEM, now=now)
    assert refused.value.state == "declined"


def test_a_village_cancels_until_an_hour_before(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, small, now)
    late = booking.starts_at - timedelta(minutes=59)
    with pytest.raises(TooLate):
        bookings.cancel(booking, "Hujan", by=SYSTEM, privileged=False, now=late)

    in_time = booking.starts_at - timedelta(minutes=60)
    bookings.cancel(booking, "Hujan", by=SYSTEM, privileged=False, now=in_time)
    assert (booking.state, booking.decided_reason) == ("cancelled", "Hujan")
    assert rows() == (1, 0, 0)


def test_the_board_does_not_notice_a_withdrawn_request(
    office: Office, large: Room, now: datetime
) -> None:
    request = book(office, large, now)
    before = offices.board_version(office.id)
    bookings.cancel(request, "Batal", by=SYSTEM, privileged=False, now=now)

    assert request.state == "cancelled"
    assert offices.board_version(office.id) == before


def test_the_operator_cancels_at_any_time_but_not_twice(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, small, now)
    bookings.cancel(booking, "Listrik padam", by=SYSTEM, privileged=True, now=booking.starts_at)
    with pytest.raises(WrongState):
        bookings.cancel(booking, "Lagi", by=SYSTEM, privileged=True, now=booking.starts_at)


# ── The visit ─────────────────────────────────────────────────────────────────────────────────


def test_a_booking_arrives_and_follows_its_ticket(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, small, now)
    at = booking.starts_at
    bookings.arrive(booking, by=SYSTEM, now=at)
    bookings.arrive(booking, by=SYSTEM, now=at)  # scanned again
    assert booking.state == "checked_in"
    bookings.begin_session(booking.id, by=SYSTEM, now=at)
    bookings.begin_session(booking.id, by=SYSTEM, now=at)
    assert booking.state == "in_session"
    bookings.complete(booking.id, by=SYSTEM, now=at)
    bookings.complete(booking.id, by=SYSTEM, now=at)

    assert actions_of(booking) == [
        ("book", "confirmed"),
        ("check_in", "checked_in"),
        ("begin", "in_session"),
        ("complete", "completed"),
    ]


def test_a_ticket_moves_only_a_booking_that_has_arrived(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, small, now)
    bookings.begin_session(booking.id, by=SYSTEM, now=now)
    bookings.complete(booking.id, by=SYSTEM, now=now)
    assert booking.state == "confirmed"


@pytest.mark.parametrize("clock", [time(7), time(8, 30), time(12, 30), time(13, 59)])
def test_check_in_is_open_on_the_day_until_the_end(
    office: Office, small: Room, now: datetime, clock: time
) -> None:
    booking = book(office, small, now, start=time(13), end=time(14))
    bookings.arrive(booking, by=SYSTEM, now=office.at(TUESDAY, clock))
    assert booking.state == "checked_in"


def test_check_in_says_when_it_can_be(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, small, now, start=time(13), end=time(14))
    with pytest.raises(TooSoon) as refused:
        bookings.arrive(booking, by=SYSTEM, now=now)
    assert refused.value.values == {"start": office.at(TUESDAY, time(7))}
    with pytest.raises(Closed):
        bookings.arrive(booking, by=SYSTEM, now=office.at(TUESDAY, time(6, 59)))
    with pytest.raises(TooLate):
        bookings.arrive(booking, by=SYSTEM, now=office.at(TUESDAY, time(14)))
    with pytest.raises(TooLate):
        bookings.arrive(booking, by=SYSTEM, now=now + timedelta(days=7))


def test_a_day_closed_meanwhile_is_said_at_check_in(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, small, now)
    db.session.execute(delete(Hours).filter_by(weekday=TUESDAY.weekday()))
    with pytest.raises(TooSoon):
        bookings.arrive(booking, by=SYSTEM, now=now)
    with pytest.raises(Closed):
        bookings.arrive(booking, by=SYSTEM, now=booking.starts_at)


@pytest.mark.parametrize("state", ["pending", "declined", "cancelled", "expired", "completed"])
def test_who_cannot_check_in_reads_why(
    office: Office, small: Room, now: datetime, state: str
) -> None:
    booking = book(office, small, now)
    booking.state = state
    with pytest.raises(WrongState) as refused:
        bookings.arrive(booking, by=SYSTEM, now=now)

    assert refused.value.state == state
    assert refused.value.message.startswith("You are not checked in")


def test_a_no_show_that_comes_after_all_is_checked_in(
    office: Office, small: Room, now: datetime
) -> None:
    booking = book(office, small, now)
    booking.state = "no_show"
    bookings.arrive(booking, by=SYSTEM, now=booking.starts_at + timedelta(minutes=20))
    assert booking.state == "checked_in"


@pytest.mark.parametrize(("meanwhile", "fine"), [("checked_in", True), ("cancelled", False)])
def test_of_two_scans_both_find_the_same_visit(
    office: Office, small: Room, now: datetime, meanwhile: str, fine: bool
) -> None:
    booking = book(office, small, now)
    at = booking.starts_at
    meanwhile_becomes(booking, meanwhile)
    if fine:
        bookings.arrive(booking, by=SYSTEM, now=at)
    else:
        with pytest.raises(WrongState):
            bookings.arrive(booking, by=SYSTEM, now=at)
    assert booking.state == meanwhile


def test_visits_of_past_days_are_completed(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, small, now)
    bookings.arrive(booking, by=SYSTEM, now=booking.starts_at)
    bookings.close_past(office, now=booking.ends_at)
    assert booking.state == "checked_in"
    bookings.close_past(office, now=booking.ends_at + timedelta(days=1))
    assert booking.state == "completed"


# ── Finding ───────────────────────────────────────────────────────────────────────────────────


def test_a_code_is_found_however_it_is_typed(office: Office, small: Room, now: datetime) -> None:
    booking = book(office, small, now)
    typed = f" {booking.code[:4].lower()} - {booking.code[4:].lower()}\n"

    assert bookings.find_booking(typed) == booking
    assert bookings.find_booking(typed, office=office) == booking
    assert bookings.find_booking("") is None
    assert bookings.find_booking("\x00" * 8) is None
    assert bookings.find_booking("A" * 10_000) is None


def test_a_code_is_never_given_twice(
    office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["AAAAAAAA", "AAAAAAAA", "CCCCCCCC"])
    monkeypatch.setattr("ruko.bookings.rules.new_code", lambda: next(codes))
    assert [book(office, None, now).code for _ in range(2)] == ["AAAAAAAA", "CCCCCCCC"]

    monkeypatch.setattr("ruko.bookings.rules.new_code", lambda: "AAAAAAAA")
    with pytest.raises(RuntimeError):
        book(office, None, now)


def test_another_villages_booking_does_not_exist(
    office: Office, small: Room, binjai: Village, batu_piring: Village, now: datetime
) -> None:
    code = book(office, small, now).code
    assert bookings.get_booking(code, village=binjai).code == code
    with pytest.raises(NotFound):
        bookings.get_booking(code, village=batu_piring)
    with pytest.raises(NotFound):
        bookings.get_booking("AAAAAAAA")


def test_a_room_is_known_by_its_id(office: Office, large: Room) -> None:
    assert bookings.get_room(office, large.id) == large


@pytest.mark.parametrize("room_id", [0, True, "1", None])
def test_an_unknown_room_is_invalid(office: Office, room_id: object) -> None:
    with pytest.raises(Invalid) as refused:
        bookings.get_room(office, room_id)
    assert refused.value.field == "room"


def test_bookings_are_listed_by_start_page_by_page(
    office: Office, small: Room, large: Room, batu_piring: Village, now: datetime
) -> None:
    later = book(office, small, now, day=FRIDAY)
    first = book(office, small, now)
    second = book(office, large, now, village=batu_piring)

    assert bookings.bookings_of(office, now=now) == [first, second, later]
    assert bookings.bookings_of(office, now=now, limit=1) == [first]
    page = bookings.bookings_of(office, now=now, after=(first.starts_at, first.id))
    assert page == [second, later]
    assert bookings.bookings_of(office, now=now, start=TUESDAY, end=TUESDAY) == [first, second]
    assert bookings.bookings_of(office, now=now, village=first.village) == [first, later]
    assert bookings.bookings_of(office, now=now, state="pending") == [second]
    assert bookings.bookings_of(office, now=now, state="confirmed") == [first, later]
    assert bookings.bookings_of(office, now=now, state="unheard of") == []


def test_the_agenda_shows_rooms_and_villages_but_no_requests(
    office: Office, small: Room, large: Room, batu_piring: Village, now: datetime
) -> None:
    booking = book(office, small, now, start=time(10), end=time(11), village=batu_piring)
    book(office, large, now)
    book(office, None, now)
    under_way = book(office, small, now)
    bookings.arrive(under_way, by=SYSTEM, now=under_way.starts_at)

    entries = bookings.agenda(office, TUESDAY, now=now)
    assert [(e.room_id, e.room, e.village, e.bidang, e.state) for e in entries] == [
        (small.id, small.name, "Desa Binjai", "PMD", "checked_in"),
        (small.id, small.name, "Kelurahan Batu Piring", "PMD", "confirmed"),
    ]
    assert (entries[1].starts_at, entries[1].ends_at) == (booking.starts_at, booking.ends_at)
    assert entries[1].village_code == "63.11.07.1001"
    assert bookings.agenda(office, MONDAY, now=now) == []


# ── The grid ──────────────────────────────────────────────────────────────────────────────────


def states(grid: bookings.DayGrid) -> list[list[str]]:
    return [[slot.state for slot in slots] for _, slots in grid.rooms]


def test_the_grid_shows_each_village_its_own(
    office: Office, small: Room, large: Room, batu_piring: Village, now: datetime
) -> None:
    binjai = book(office, small, now, day=MONDAY, start=time(10), end=time(11)).village
    book(office, large, now, day=MONDAY, start=time(14), end=time(15), village=batu_piring)

    grid = bookings.day_grid(office, MONDAY, village=binjai, now=now + timedelta(minutes=1))
    assert [room for room, _ in grid.rooms] == [small, large]
    assert states(grid) == [
        ["past", "past", "mine", "free", "free", "free"],
        ["past", "past", "past", "free", "free", "taken"],
    ]
    assert (grid.open, grid.closed_reason) == (True, None)
    assert grid.quota == bookings.Quota("2026-W48", 3, 1)
    near = grid.rooms[1][1][2]
    assert (near.no, near.starts, near.ends) == (3, time(10), time(11))
    assert isinstance(near.reason, TooSoon)

    for_staff = bookings.day_grid(office, MONDAY, village=None, now=now)
    assert for_staff.quota is None
    assert "mine" not in states(for_staff)[0]


@pytest.mark.parametrize(
    ("day", "error", "slots"),
    [(SATURDAY, Closed, 0), (CHRISTMAS, Closed, 4), (date.max, TooLate, 4), (date.min, None, 6)],
)
def test_the_grid_of_a_day_that_cannot_be_booked(
    office: Office, binjai: Village, day: date, error: type[RukoError] | None, slots: int
) -> None:
    now = office.at(date(2026, 12, 1), time(9))
    grid = bookings.day_grid(office, day, village=binjai, now=now)

    assert grid.open == (error is None)
    assert error is None or isinstance(grid.closed_reason, error)
    assert states(grid) == [["closed" if error else "past"] * slots] * 2


def test_a_slot_outside_shortened_hours_is_closed(
    office: Office, small: Room, now: datetime
) -> None:
    afternoon = db.session.scalars(select(Hours).filter_by(weekday=1, opens=time(13))).one()
    afternoon.closes = time(14)
    grid = bookings.day_grid(office, TUESDAY, village=None, now=now)

    assert states(grid)[0] == ["free"] * 5 + ["closed"]
    assert bookings.free_counts(office, [TUESDAY], now) == {TUESDAY: 10}
    with pytest.raises(Closed):
        book(office, small, now, start=time(14), end=time(15))


def test_free_slots_are_counted_for_many_days(office: Office, small: Room, now: datetime) -> None:
    book(office, small, now, start=time(8), end=time(10))
    days = [MONDAY, TUESDAY, FRIDAY, SATURDAY, CHRISTMAS, date(2027, 1, 4)]

    assert bookings.free_counts(office, days, now) == {
        MONDAY: 8,
        TUESDAY: 10,
        FRIDAY: 8,
        SATURDAY: 0,
        CHRISTMAS: 0,
        date(2027, 1, 4): 0,
    }
    assert bookings.free_counts(office, [], now) == {}


def test_an_office_that_never_opens_says_so(office: Office, now: datetime) -> None:
    db.session.execute(delete(Hours))
    grid = bookings.day_grid(office, TUESDAY, village=None, now=now)
    assert isinstance(grid.closed_reason, Closed)


# ── The calendar file ─────────────────────────────────────────────────────────────────────────


def test_the_calendar_file_is_folded_and_escaped(
    office: Office, small: Room, now: datetime
) -> None:
    topic = "Batas desa; rapat, peta \\ sketsa\nÉ" + "é" * 100
    booking = book(office, small, now, topic=topic)
    text = bookings.ics(booking, "https://ruko.example/x", now=now)

    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").split("\r\n")
    assert f"UID:{booking.code}@{office.slug}" in lines
    assert "DTSTART:20261124T010000Z" in lines
    assert "DTEND:20261124T020000Z" in lines
    assert f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}" in lines
    assert "STATUS:CONFIRMED" in lines
    assert "URL:https://ruko.example/x" in lines
    summary = next(line for line in lines if line.startswith("SUMMARY:"))
    assert summary.endswith("Batas desa\\; rapat\\, peta \\\\ sketsa\\nÉ" + "é" * 100)


def test_the_calendar_file_follows_the_booking(office: Office, now: datetime) -> None:
    visit = book(office, None, now)
    assert "STATUS:TENTATIVE\r\n" in bookings.ics(visit, "x", now=now)
    bookings.decline(visit, "Tidak ada petugas", by=SYSTEM, now=now)
    text = bookings.ics(visit, "x", now=now)

    assert "SEQUENCE:1\r\n" in text
    assert "STATUS:CANCELLED\r\n" in text
    assert "LOCATION:Desa Binjai\\, " in text
