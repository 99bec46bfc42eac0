"""Rooms, officers, seats and decisions wanted at the same moment, in real threads: one wins, nothing is torn."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import bookings, tickets
from ruko.audit import SYSTEM
from ruko.bookings import BidangClaim, Booking, SlotClaim
from ruko.db import db
from ruko.offices import Office, all_villages, get_bidang, get_office
from ruko.tickets import check_in
from tests.booking_invariants import everything_holds, officers_needed
from tests.conftest import SLUG, wita
from tests.people import (
    PATIENCE_SECONDS,
    TUESDAY,
    at_once,
    book,
    called,
    refusals,
    successes,
    turn_of,
)
from tests.test_races import Inside, Ready, after, before, done, no_screens, stage

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures

NOW = wita(9)
TWICE = range(2)
Step = Callable[[Booking], Any]


def at(hour: int, minute: int = 0) -> datetime:
    """On the day of the booking."""
    return wita(hour, minute, day=TUESDAY)


def race(app: Flask, code: str, *steps: Step) -> list[Any]:
    """Each step by somebody of their own, who decides on what all saw at the same moment."""
    seen = threading.Barrier(len(steps))

    def press(n: int, ready: Ready) -> str:
        ready()
        booking = bookings.get_booking(code, office=get_office(SLUG))
        if db.engine.dialect.name == "postgresql":  # SQLite lets them read one after the other
            seen.wait(PATIENCE_SECONDS)
        steps[n](booking)
        return steps[n].__name__

    return at_once(app, len(steps), press)


def look(after: Inside, code: str, now: datetime = NOW) -> Booking:
    """The booking as the race left it; everything holds."""
    everything_holds(after(), now)
    return bookings.get_booking(code)


def others(office: Office) -> Iterator[Any]:
    return (v for v in all_villages(office) if v.code != "63.11.07.2008")


# ── Officers ──────────────────────────────────────────────────────────────────────────────────


def test_a_bidang_with_two_officers_meets_two_of_twelve(
    app: Flask, before: Office, after: Inside
) -> None:
    get_bidang(before, "PMD").officers = 2
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        rooms = [*bookings.all_rooms(office), None, None]  # the office comes to visit, too
        return book(office, NOW, village=all_villages(office)[n], room=rooms[n % 4]).code

    answers = at_once(app, 12, press)

    assert len(successes(answers)) == 2
    assert set(refusals(answers)) == {"slot_taken"}
    office = after()
    everything_holds(office, NOW)
    assert set(officers_needed(office).values()) == {2}


def test_officers_are_not_shared_where_stretches_overlap(
    app: Flask, before: Office, after: Inside
) -> None:
    get_bidang(before, "PMD").officers = 1
    done()
    wishes = [(8, 10), (9, 11), (10, 12), (8, 12), (11, 12), (9, 10)]

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        start, end = (time(hour) for hour in wishes[n % 6])
        room = None if n % 2 else bookings.all_rooms(office)[0]
        village = all_villages(office)[n]
        return book(office, NOW, village=village, room=room, start=start, end=end).code

    answers = at_once(app, 12, press)

    assert successes(answers)
    office = after()
    everything_holds(office, NOW)
    assert set(officers_needed(office).values()) == {1}


# ── Quota ─────────────────────────────────────────────────────────────────────────────────────


def test_seats_freed_and_wanted_at_once_stay_counted(
    app: Flask, before: Office, after: Inside
) -> None:
    """Three cancelled while six are wanted, two of them beyond the limit."""
    booked = [book(before, NOW, start=time(h), end=time(h + 1)).code for h in (8, 9, 10)]
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n < 3:
            booking = bookings.get_booking(booked[n])
            bookings.cancel(booking, "Batal", by=SYSTEM, privileged=True, now=NOW)
            return "cancelled"
        day = TUESDAY + timedelta(days=1 + n % 2)
        hour = 8 + n % 4
        reason = "Musdes" if n > 6 else None
        place = {"day": day, "start": time(hour), "end": time(hour + 1)}
        return book(office, NOW, quota_reason=reason, **place).code

    answers = at_once(app, 9, press)

    assert successes(answers).count("cancelled") == 3
    everything_holds(after(), NOW)


# ── Decisions ─────────────────────────────────────────────────────────────────────────────────


def approve(booking: Booking) -> None:
    bookings.approve(booking, by=SYSTEM, now=NOW)


def decline(booking: Booking) -> None:
    bookings.decline(booking, "Rapat", by=SYSTEM, now=NOW)


def cancel(booking: Booking) -> None:
    bookings.cancel(booking, "Batal", by=SYSTEM, privileged=False, now=NOW)


def move(booking: Booking) -> None:
    """Into a room without approval, by the village."""
    put(booking, 0, 11)


def propose(booking: Booking) -> None:
    room = bookings.all_rooms(booking.office)[0]
    when: dict[str, Any] = {"day": TUESDAY, "start": time(13), "end": time(14)}
    bookings.propose(booking, room=room, by=SYSTEM, now=NOW, **when)


def accept(booking: Booking) -> None:
    bookings.accept_proposal(booking, by=SYSTEM, now=NOW)


def refuse(booking: Booking) -> None:
    bookings.refuse_proposal(booking, by=SYSTEM, now=NOW)


def withdraw(booking: Booking) -> None:
    bookings.withdraw_proposal(booking, by=SYSTEM, now=NOW)


def put(booking: Booking, room: int, hour: int, hours: int = 1) -> None:
    bookings.move(
        booking,
        room=bookings.all_rooms(booking.office)[room],
        day=TUESDAY,
        start=time(hour),
        end=time(hour + hours),
        by=SYSTEM,
        privileged=False,
        now=NOW,
    )


@pytest.fixture
def request_(before: Office) -> str:
    """A request that waits for a decision."""
    code = book(before, NOW, room=bookings.all_rooms(before)[1]).code
    done()
    return code


@pytest.mark.parametrize("_round", TWICE)
def test_approved_declined_cancelled_or_moved_but_never_half(
    app: Flask, request_: str, after: Inside, _round: int
) -> None:
    answers = race(app, request_, approve, decline, cancel, move)

    won = set(successes(answers))
    assert set(refusals(answers)) <= {"wrong_state"}
    booking = look(after, request_)
    assert (
        len(won & {"decline", "cancel"}) <= 1
    )  # each ends it; approved or moved, it can be cancelled
    ended = {"decline": "declined", "cancel": "cancelled"}
    over = won & set(ended)
    assert booking.state == (ended[over.pop()] if over else "confirmed")


@pytest.mark.parametrize("_round", TWICE)
def test_five_approve_and_one_does(app: Flask, request_: str, after: Inside, _round: int) -> None:
    answers = race(app, request_, *[approve] * 5)
    assert successes(answers) == ["approve"]
    assert refusals(answers) == ["wrong_state"] * 4
    assert look(after, request_).version == 1


@pytest.mark.parametrize("_round", TWICE)
@pytest.mark.parametrize("end", [decline, cancel, approve, move, propose])
def test_a_proposal_against_what_ends_it_leaves_nothing_held(
    app: Flask, request_: str, after: Inside, end: Step, _round: int
) -> None:
    answers = race(app, request_, propose, end, accept)
    assert set(refusals(answers)) <= {"wrong_state", "slot_taken"}
    booking = look(after, request_)
    if booking.state in {"declined", "cancelled"}:
        assert bookings.proposal_for(booking, now=NOW) is None


@pytest.mark.parametrize("_round", TWICE)
def test_a_proposal_is_answered_once(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    booking = book(before, NOW, room=bookings.all_rooms(before)[1])
    propose(booking)
    code = booking.code
    done()

    answers = race(app, code, accept, refuse, withdraw, accept)

    (won,) = successes(answers)
    assert refusals(answers) == ["wrong_state"] * 3
    booking = look(after, code)
    assert booking.state == ("confirmed" if won == "accept" else "pending")
    assert bookings.proposal_for(booking, now=NOW) is None


def test_a_proposal_that_runs_out_while_it_is_accepted_is_the_villages_or_the_others(
    app: Flask, before: Office, after: Inside
) -> None:
    booking = book(before, NOW, room=bookings.all_rooms(before)[1])
    propose(booking)
    code = booking.code
    draft = bookings.proposal_for(booking, now=NOW)
    assert draft is not None
    assert draft.held_until is not None
    ended = draft.held_until
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n == 0:
            last = ended - timedelta(seconds=1)
            bookings.accept_proposal(bookings.get_booking(code), by=SYSTEM, now=last)
            return "accepted"
        village = list(others(office))[n]
        return book(office, ended, village=village, start=time(13), end=time(14)).code

    answers = at_once(app, 6, press)

    assert len(successes(answers)) == 1
    everything_holds(after(), ended)


# ── Moves ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("_round", TWICE)
def test_six_move_into_one_time_and_the_others_stay(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    codes, places = [], {}
    for n, (room, hour) in enumerate([(0, 8), (0, 9), (0, 10), (1, 8), (1, 9), (1, 10)]):
        village = all_villages(before)[n]
        place = {
            "room": bookings.all_rooms(before)[room],
            "start": time(hour),
            "end": time(hour + 1),
        }
        booking = book(before, NOW, village=village, **place)
        codes.append(booking.code)
        places[booking.code] = booking.room_id, booking.first_slot
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        put(bookings.get_booking(codes[n]), 0, 13)
        return codes[n]

    answers = at_once(app, 6, press)

    (won,) = successes(answers)
    assert refusals(answers) == ["slot_taken"] * 5
    everything_holds(after(), NOW)
    for code in codes:
        booking = bookings.get_booking(code)
        assert ((booking.room_id, booking.first_slot) == places[code]) == (code != won)


@pytest.mark.parametrize("_round", range(3))
def test_two_that_want_each_others_time_never_wait_for_each_other(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    codes = [
        book(before, NOW, village=all_villages(before)[n], start=time(9 + n), end=time(10 + n)).code
        for n in (0, 1)
    ]
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        put(bookings.get_booking(codes[n % 2]), 0, 10 if n % 2 == 0 else 9)
        return codes[n % 2]

    answers = at_once(app, 6, press)

    assert set(refusals(answers)) <= {"slot_taken", "wrong_state"}
    everything_holds(after(), NOW)


def test_long_moves_through_each_other_keep_whole_stretches(
    app: Flask, before: Office, after: Inside
) -> None:
    codes = [
        book(
            before, NOW, village=all_villages(before)[n], room=bookings.all_rooms(before)[n % 2],
            start=time(8 + 2 * (n // 2)), end=time(10 + 2 * (n // 2)),
        ).code
        for n in range(4)
    ]  # fmt: skip
    done()
    wishes = [(0, 9, 2), (1, 9, 2), (0, 13, 2), (1, 8, 4)]

    def press(n: int, ready: Ready) -> str:
        ready()
        put(bookings.get_booking(codes[n % 4]), *wishes[(n + n // 4) % 4])
        return codes[n % 4]

    answers = at_once(app, 12, press)

    assert set(refusals(answers)) <= {"slot_taken", "wrong_state"}
    everything_holds(after(), NOW)
    kept = Counter(c.booking_id for c in db.session.scalars(select(SlotClaim)))
    assert kept == {
        b.id: b.last_slot - b.first_slot + 1 for b in db.session.scalars(select(Booking))
    }


def test_moves_into_other_weeks_keep_the_seats_counted(
    app: Flask, before: Office, after: Inside
) -> None:
    codes = [book(before, NOW, start=time(h), end=time(h + 1)).code for h in (8, 9, 10)]
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        week = date(2026, 12, 1) if n % 2 else TUESDAY
        bookings.move(
            bookings.get_booking(codes[n % 3]),
            room=bookings.all_rooms(office)[0],
            day=week + timedelta(days=n % 3),
            start=time(8 + n % 4),
            end=time(9 + n % 4),
            by=SYSTEM,
            privileged=False,
            now=NOW,
        )
        return codes[n % 3]

    answers = at_once(app, 12, press)

    assert set(refusals(answers)) <= {"slot_taken", "wrong_state", "quota_exceeded"}
    everything_holds(after(), NOW)


# ── Closures ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("_round", TWICE)
def test_a_closure_against_bookings_takes_what_nobody_has(
    app: Flask, after: Inside, _round: int
) -> None:
    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        room = bookings.all_rooms(office)[0]
        if n % 4 == 0:
            bookings.close(office, room, at(8), at(12), "AC mati", by=SYSTEM, now=NOW)
            return "closed"
        hour = 8 + n % 4
        village = all_villages(office)[n]
        return book(office, NOW, village=village, start=time(hour), end=time(hour + 1)).code

    answers = at_once(app, 12, press)

    assert successes(answers).count("closed") == 3
    assert set(refusals(answers)) <= {"closed", "slot_taken"}
    office = after()
    everything_holds(office, NOW)
    assert "free" not in {
        view.state
        for view in bookings.day_grid(office, TUESDAY, village=None, now=NOW).rooms[0][1][:4]
    }


@pytest.mark.parametrize("_round", TWICE)
def test_a_closure_that_ends_against_one_that_begins_and_those_who_book(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    room = bookings.all_rooms(before)[0]
    first = bookings.close(before, room, at(8), at(11), "AC mati", by=SYSTEM, now=NOW).id
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        room = bookings.all_rooms(office)[0]
        if n < 2:
            bookings.end_closure(bookings.get_closure(office, first), by=SYSTEM, now=NOW)
        elif n == 2:
            bookings.close(office, room, at(10), at(12), "Cat", by=SYSTEM, now=NOW)
        else:
            village = all_villages(office)[n]
            book(office, NOW, village=village, start=time(7 + n % 4), end=time(8 + n % 4))
        return "done"

    answers = at_once(app, 10, press)

    assert refusals(answers[:2]) == ["wrong_state"]
    everything_holds(after(), NOW)


# ── The day ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("_round", range(3))
def test_a_late_party_against_the_claim_that_notes_its_absence(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    code = book(before, NOW, end=time(12)).code
    done()
    late = at(9, 20)

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        booking = bookings.get_booking(code)
        if n % 2 == 0:
            # One clock is a little behind: for it they are not late yet.
            moment = late - timedelta(minutes=10 * (n % 4 == 0))
            return check_in(office, booking, by=SYSTEM, now=moment)[0]
        village = list(others(office))[n]
        return book(office, late, village=village, start=time(11), end=time(12)).code

    answers = at_once(app, 8, press)

    came = [a for n, a in enumerate(answers) if n % 2 == 0]
    assert len(set(came)) == 1  # one visit, one ticket
    booking = look(after, code, late)
    assert booking.state == "checked_in"
    assert booking.freed_from in {None, 4}
    taken = [a for n, a in enumerate(answers) if n % 2 and isinstance(a, str)]
    assert len(taken) == (0 if booking.freed_from is None else 1)


@pytest.mark.parametrize("_round", range(3))
def test_checked_in_or_moved_or_cancelled_but_not_two_of_them(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    code = book(before, NOW).code
    done()
    moment = at(8)

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        booking = bookings.get_booking(code)
        if n == 0:
            check_in(office, booking, by=SYSTEM, now=moment)
        elif n == 1:
            room = bookings.all_rooms(office)[0]
            when: dict[str, Any] = {
                "day": TUESDAY + timedelta(days=1),
                "start": time(9),
                "end": time(10),
            }
            bookings.move(booking, room=room, by=SYSTEM, privileged=True, now=moment, **when)
        else:
            bookings.cancel(booking, "Batal", by=SYSTEM, privileged=True, now=moment)
        return ("came", "moved", "cancelled")[n]

    answers = at_once(app, 3, press)

    won = set(successes(answers))
    booking = look(after, code, moment)
    assert booking.state in {"checked_in", "cancelled"}
    assert ("came" in won) == (booking.state == "checked_in")
    assert set(refusals(answers)) <= {"wrong_state", "too_soon"}


@pytest.mark.parametrize("_round", TWICE)
def test_what_ends_early_is_taken_back_or_taken_by_one_other(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    booking = book(before, NOW, end=time(12))
    token, _ = check_in(before, booking, by=SYSTEM, now=at(8, 50))
    tickets.start(before, called(before, at(8, 51), "PMD"), by=SYSTEM, now=at(9))
    tickets.finish(before, turn_of(before, token), by=SYSTEM, now=at(9, 20))
    code = booking.code
    done()
    soon = at(9, 20) + timedelta(seconds=20)

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n == 0:
            tickets.undo(office, turn_of(office, token), by=SYSTEM, now=soon)
            return "undone"
        village = list(others(office))[n]
        return book(office, soon, village=village, start=time(11), end=time(12)).code

    answers = at_once(app, 5, press)

    assert answers[0] == "undone"
    booking = look(after, code, soon)
    assert booking.state == "in_session"
    assert (booking.freed_from == 4) == (len(successes(answers)) == 2)


@pytest.mark.parametrize("_round", TWICE)
def test_concluded_and_absent_at_once_is_one_of_both(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    code = book(before, NOW, end=time(11)).code
    done()
    late = at(9, 30)

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n < 2:
            bookings.conclude(bookings.get_booking(code), by=SYSTEM, now=late)
            return "concluded"
        village = list(others(office))[n]
        return book(office, late, village=village, start=time(11), end=time(12)).code

    answers = at_once(app, 5, press)

    assert answers[:2].count("concluded") == 1
    assert look(after, code, late).state == "completed"
    claims = db.session.scalars(select(BidangClaim.slot_no)).all()
    assert Counter(claims)[2] == 1
