"""The week's board: what stands in each room from when to when, and that it says what the claims say."""

from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from desk.week_table import Row, lines_of, rows_of
from ruko import bookings
from ruko.audit import SYSTEM, trail_of
from ruko.bookings import Block, Channel, WeekBoard, all_rooms, week_board
from ruko.bookings.occupied import occupied_between
from ruko.db import db
from ruko.errors import Invalid
from ruko.offices import Closure, Office, all_villages, get_bidang, get_category, set_officers
from tests.conftest import MONDAY
from tests.people import TUESDAY, binjai, book
from tests.statements import statements

WEDNESDAY = date(2026, 11, 25)
FRIDAY = date(2026, 11, 27)
CHRISTMAS = date(2026, 12, 25)
SESSIONS = ["08–09", "09–10", "10–11", "11–12", "12–13", "13–14", "14–15"]


def board(office: Office, now: datetime, monday: date = MONDAY, **how: Any) -> WeekBoard:
    db.session.flush()
    return week_board(office, monday, now, **how)


def lane(shown: WeekBoard, day: date, room: int = 0) -> list[Block]:
    (found,) = (d for d in shown.days if d.date == day)
    return list(found.lanes[room].blocks)


def told(office: Office, shown: WeekBoard, day: date, room: int = 0) -> list[str]:
    """`09–10 booking` for each block of a room's day."""

    def hour(moment: datetime) -> str:
        return f"{office.local(moment):%H:%M}".removesuffix(":00")

    return [f"{hour(b.starts)}–{hour(b.ends)} {b.kind}" for b in lane(shown, day, room)]


def hold_time(office: Office, now: datetime, **changes: Any) -> bookings.Draft:
    draft = bookings.begin(
        office,
        village=binjai(office),
        bidang=get_bidang(office, "PMD"),
        category=get_category(office, "stunting"),
        topic="Rembuk stunting",
        by=SYSTEM,
        now=now,
    )
    wish: dict[str, Any] = {"day": TUESDAY, "start": time(10), "end": time(12)}
    bookings.hold(draft, room=all_rooms(office)[0], now=now, **(wish | changes))
    return draft


def close(
    office: Office, now: datetime, day: date, first: time, last: time, *, room: int | None = None
) -> Closure:
    return bookings.close(
        office,
        None if room is None else all_rooms(office)[room],
        office.at(day, first),
        office.at(day, last),
        "atap diperbaiki",
        by=SYSTEM,
        now=now,
    )


# ── One room's day ────────────────────────────────────────────────────────────────────────────


def test_an_empty_day_is_free_from_now_on_with_its_break(office: Office, now: datetime) -> None:
    shown = board(office, now)
    assert [d.date for d in shown.days] == [MONDAY + timedelta(days=n) for n in range(5)]
    assert told(office, shown, TUESDAY) == [
        f"{hours} {'break' if hours == '12–13' else 'free'}" for hours in SESSIONS
    ]
    past = told(office, shown, MONDAY)
    assert past[:2] == ["08–09 idle", "09–10 idle"]
    assert past[-1] == "14–15 free"


def test_friday_has_its_own_times(office: Office, now: datetime) -> None:
    shown = board(office, now)
    assert told(office, shown, FRIDAY) == [
        "08–09 free",
        "09–10 free",
        "10–11 free",
        "11–13:30 break",
        "13:30–14:30 free",
    ]
    rows = rows_of(shown, office)
    assert [f"{row.starts:%H:%M}" for row in rows] == [
        *("08:00", "09:00", "10:00", "11:00", "12:00", "13:00", "13:30", "14:00", "14:30")
    ]
    assert [row.minutes for row in rows] == [60, 60, 60, 60, 60, 30, 30, 30, 30]


def test_a_meeting_of_several_hours_is_one_block(office: Office, now: datetime) -> None:
    booking = book(office, now, end=time(12))
    shown = board(office, now)
    assert told(office, shown, TUESDAY)[:3] == ["08–09 free", "09–12 booking", "12–13 break"]
    (meeting,) = shown.days[1].meetings
    assert (meeting.booking, meeting.state, meeting.papers) == (booking, "confirmed", 0)
    assert meeting.collision is None
    assert not meeting.awaits_village


def test_what_was_declined_cancelled_or_not_answered_is_gone(office: Office, now: datetime) -> None:
    large = all_rooms(office)[1]
    declined = book(office, now, room=large)
    bookings.decline(declined, "penuh", by=SYSTEM, now=now)
    cancelled = book(office, now, room=large)
    bookings.cancel(cancelled, "batal", by=SYSTEM, privileged=True, now=now)
    book(office, now, room=large, start=time(13), end=time(14))
    later = office.at(TUESDAY, time(13, 1))
    assert told(office, board(office, now), TUESDAY, 1)[5] == "13–14 booking"
    assert told(office, board(office, later), TUESDAY, 1)[1] == "09–10 idle"
    assert told(office, board(office, later), TUESDAY, 1)[5] == "13–14 idle"


def test_a_hold_and_a_proposal_are_told_apart_and_end(office: Office, now: datetime) -> None:
    hold_time(office, now)
    booking = book(office, now)
    small = all_rooms(office)[0]
    bookings.propose(
        booking, room=small, day=WEDNESDAY, start=time(9), end=time(10), by=SYSTEM, now=now
    )
    shown = board(office, now)
    assert told(office, shown, TUESDAY)[2] == "10–12 held"
    assert told(office, shown, WEDNESDAY)[1] == "09–10 proposed"
    hold = lane(shown, WEDNESDAY)[1].hold
    assert hold
    assert (hold.booking_code, hold.draft.village) == (booking.code, booking.village)
    later = board(office, now + timedelta(minutes=11))
    assert told(office, later, TUESDAY)[2] == "10–11 free"
    assert told(office, later, WEDNESDAY)[1] == "09–10 proposed"
    tomorrow = board(office, now + timedelta(hours=25))
    assert told(office, tomorrow, WEDNESDAY)[1] == "09–10 free"


def test_who_does_not_come_keeps_only_what_runs(office: Office, now: datetime) -> None:
    book(office, now, end=time(12))
    at = office.at(TUESDAY, time(9)) + timedelta(minutes=office.no_show_minutes)
    shown = board(office, at)
    (meeting,) = shown.days[1].meetings
    assert meeting.state == "no_show"
    assert told(office, shown, TUESDAY)[1] == "09–10 booking"
    bookings.settle(office, now=at)
    assert told(office, board(office, at), TUESDAY)[1] == "09–10 booking"


def test_what_ended_early_gives_back_its_rest(office: Office, now: datetime) -> None:
    booking = book(office, now, end=time(12))
    at = office.at(TUESDAY, time(9, 5))
    bookings.conclude(booking, by=SYSTEM, now=at)
    assert told(office, board(office, at), TUESDAY)[1:3] == ["09–10 booking", "10–11 idle"]
    book(office, at, start=time(11), end=time(12), village=all_villages(office)[3])
    assert told(office, board(office, at), TUESDAY)[2:4] == ["10–11 idle", "11–12 booking"]


def test_a_visit_of_the_office_uses_no_room(office: Office, now: datetime) -> None:
    booking = book(office, now, room=None)
    shown = board(office, now)
    assert [one.booking for one in shown.days[1].outside] == [booking]  # type: ignore[union-attr]
    assert told(office, shown, TUESDAY)[1] == "09–10 free"


def test_booked_on_its_behalf_it_awaits_the_village(office: Office, now: datetime) -> None:
    booking = book(office, now, on_behalf=True, channel=Channel.PHONE)
    (meeting,) = board(office, now).days[1].meetings
    assert meeting.awaits_village
    bookings.confirm_by_village(booking, by=SYSTEM, now=now)
    db.session.refresh(booking)
    (meeting,) = board(office, now).days[1].meetings
    assert not meeting.awaits_village


# ── Closed ────────────────────────────────────────────────────────────────────────────────────


def test_a_closure_covers_what_is_free_and_collides_with_what_is_not(
    office: Office, now: datetime
) -> None:
    booking = book(office, now, room=all_rooms(office)[1])
    close(office, now, TUESDAY, time(8), time(15))
    shown = board(office, now)
    assert told(office, shown, TUESDAY) == ["08–15 closed"]
    assert told(office, shown, TUESDAY, 1) == ["08–09 closed", "09–10 booking", "10–15 closed"]
    assert lane(shown, TUESDAY)[0].reason == "atap diperbaiki"
    (meeting,) = shown.collisions
    assert meeting.booking == booking
    assert meeting.collision
    assert meeting.collision.closure


def test_of_a_closed_room_only_that_room(office: Office, now: datetime) -> None:
    close(office, now, TUESDAY, time(9, 30), time(11), room=0)
    shown = board(office, now)
    assert told(office, shown, TUESDAY)[1:3] == ["09–11 closed", "11–12 free"]
    assert told(office, shown, TUESDAY, 1)[1] == "09–10 free"


def test_a_day_closed_early_says_so_on_the_week(office: Office, now: datetime) -> None:
    at = now + timedelta(hours=3, minutes=20)  # in the break
    bookings.close_early(office, "kunjungan bupati", by=SYSTEM, now=at)
    shown = board(office, at)
    assert told(office, shown, MONDAY)[4:] == ["12–13 break", "13–15 closed"]
    bookings.reopen(office, by=SYSTEM, now=at)
    assert told(office, board(office, at), MONDAY)[5:] == ["13–14 idle", "14–15 free"]


def test_a_holiday_is_closed_with_its_name(office: Office, now: datetime) -> None:
    shown = board(office, now, CHRISTMAS - timedelta(days=4))
    assert [b.kind for b in lane(shown, CHRISTMAS)] == ["closed"]
    assert lane(shown, CHRISTMAS)[0].reason


def test_more_meetings_than_officers_collide(office: Office, now: datetime) -> None:
    first, second = all_rooms(office)
    book(office, now, room=first)
    book(office, now, room=second, village=all_villages(office)[3])
    assert board(office, now).collisions == []
    set_officers(get_bidang(office, "PMD"), 1, by=SYSTEM, now=now)
    met = [m.collision for m in board(office, now).collisions]
    assert [(c.officers, c.meetings, c.closure) for c in met if c] == [(1, 2, None)] * 2
    assert board(office, office.at(TUESDAY, time(15))).collisions == []


# ── It says what the claims say ───────────────────────────────────────────────────────────────


def test_the_board_and_the_claims_agree_in_every_slot(office: Office, now: datetime) -> None:
    first, second = all_rooms(office)
    villages = all_villages(office)
    book(office, now, end=time(11))
    book(office, now, room=second, village=villages[2])
    book(office, now, room=second, day=FRIDAY, start=time(13, 30), end=time(14, 30))
    hold_time(office, now, day=WEDNESDAY, start=time(13), end=time(15))
    close(office, now, FRIDAY, time(8), time(9), room=0)
    book(office, now, day=FRIDAY, start=time(9), end=time(11), village=villages[4])
    for at in (now, office.at(TUESDAY, time(9, 40)), office.at(FRIDAY, time(14))):
        shown = board(office, at)
        claims = occupied_between(office, MONDAY, FRIDAY, at)
        for day in shown.days:
            for n, room in enumerate((first, second)):
                for slot in bookings.day_grid(office, day.date, village=None, now=at).rooms[n][1]:
                    starts = office.at(day.date, slot.starts)
                    (block,) = (b for b in day.lanes[n].blocks if b.starts <= starts < b.ends)
                    taken = claims.of(room, day.date, slot.no)
                    if taken:
                        assert block.kind in {"booking", "held", "closed"}
                    elif starts > at:
                        assert block.kind in {"free", "idle"}
                    if block.kind == "free":
                        assert slot.state == "free"


def test_a_full_week_takes_as_many_queries_as_an_empty_one(office: Office, now: datetime) -> None:
    db.session.commit()
    with counted() as empty:
        week_board(office, MONDAY, now)
    villages = iter(all_villages(office))
    for day in (TUESDAY, WEDNESDAY):
        for hour in (8, 9, 10, 11):
            for room in all_rooms(office):
                book(
                    office,
                    now,
                    day=day,
                    room=room,
                    start=time(hour),
                    end=time(hour + 1),
                    village=next(villages),
                )
    close(office, now, FRIDAY, time(8), time(9))
    db.session.commit()
    with counted() as full:
        shown = week_board(office, MONDAY, now)
        rows_of(shown, office)
        for day_shown in shown.days:
            for line in lines_of(day_shown):
                assert line.meeting is None or line.meeting.booking.village.full_name
    assert len(full) == len(empty) <= 12


def counted() -> AbstractContextManager[list[str]]:
    return statements(db.engine, "SELECT")


# ── The table ─────────────────────────────────────────────────────────────────────────────────


def grid(rows: list[Row]) -> list[int]:
    """How many columns each row has, counting what reaches down from the rows above."""
    filled = [0] * len(rows)
    for n, row in enumerate(rows):
        for cell in row.cells:
            for below in range(n, n + cell.rowspan):
                filled[below] += len(cell.rooms)
    return filled


def test_every_row_of_the_table_is_full(office: Office, now: datetime) -> None:
    book(office, now, end=time(12))
    book(office, now, day=FRIDAY, start=time(13, 30), end=time(14, 30))
    hold_time(office, now, day=WEDNESDAY)
    close(office, now, FRIDAY, time(8), time(9), room=0)
    close(office, now, WEDNESDAY, time(13), time(14))
    rows = rows_of(board(office, now), office)
    assert set(grid(rows)) == {5 * len(all_rooms(office))}


def test_what_all_rooms_of_a_day_share_is_one_cell(office: Office, now: datetime) -> None:
    close(office, now, TUESDAY, time(8), time(15))
    rows = rows_of(board(office, now), office)
    (cell,) = (c for row in rows for c in row.cells if c.day == TUESDAY)
    assert (len(cell.rooms), cell.rowspan) == (2, len(rows))


def test_the_list_says_the_same_as_the_table(office: Office, now: datetime) -> None:
    booking = book(office, now)
    hold_time(office, now)
    close(office, now, TUESDAY, time(13), time(15))
    (day,) = (d for d in board(office, now).days if d.date == TUESDAY)
    lines = lines_of(day)
    assert [line.meeting.booking if line.meeting else None for line in lines] == [
        booking,
        None,
        None,
    ]
    assert lines[1].hold
    assert (lines[2].reason, len(lines[2].rooms)) == ("atap diperbaiki", 2)


def test_of_one_room_only_that_room_and_the_visits(office: Office, now: datetime) -> None:
    first, second = all_rooms(office)
    book(office, now)
    book(office, now, room=None, village=all_villages(office)[3])
    shown = board(office, now, room=second)
    assert [lane.room for lane in shown.days[1].lanes] == [second]
    assert [m.booking.room_id for m in shown.days[1].meetings] == [None]
    assert first not in shown.rooms


# ── Officers ──────────────────────────────────────────────────────────────────────────────────


def test_officers_are_written_to_the_trail_once(office: Office, now: datetime) -> None:
    bidang = get_bidang(office, "PMD")
    set_officers(bidang, 2, by=SYSTEM, now=now)
    set_officers(bidang, 2, by=SYSTEM, now=now)
    set_officers(bidang, None, by=SYSTEM, now=now)
    steps = trail_of("bidang", bidang.id)
    assert [(step.action, step.detail) for step in steps] == [
        ("officers", {"officers": 2}),
        ("officers", {"officers": None}),
    ]


@pytest.mark.parametrize("count", [0, -1, 100])
def test_an_impossible_number_of_officers_is_refused(
    office: Office, now: datetime, count: int
) -> None:
    with pytest.raises(Invalid) as refused:
        set_officers(get_bidang(office, "PMD"), count, by=SYSTEM, now=now)
    assert refused.value.field == "officers"
