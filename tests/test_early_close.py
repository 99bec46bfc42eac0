"""Closing the day early, with a sentence that everybody reads, and opening it again."""

from datetime import datetime, time

import pytest
from sqlalchemy import select

from ruko.audit import SYSTEM
from ruko.bookings import day_grid
from ruko.db import db
from ruko.errors import Closed, Invalid, WrongState
from ruko.offices import Closure, Office, board_version, close_early, opening, reopen, spans_on
from ruko.tickets import check_in
from tests.conftest import MONDAY, wita
from tests.people import TUESDAY, book, call, called, take, turn_of
from tests.steps import MINUTE, Visitor, actions_of, board, refusal


def close(office: Office, now: datetime, reason: str = "Listrik padam") -> None:
    close_early(office, reason, by=SYSTEM, now=now)


def open_again(office: Office, now: datetime) -> None:
    reopen(office, by=SYSTEM, now=now)


def test_no_more_numbers_and_everybody_reads_why(office: Office, now: datetime) -> None:
    take(office, now)
    close(office, now, "  Listrik padam.  ")
    with refusal(Closed) as caught:
        take(office, now)
    assert caught.value.values["reason"] == "Listrik padam"
    assert caught.value.values["opens"] == wita(8, day=TUESDAY)
    shown = board(office, now)
    assert shown["state"] == "closed"
    assert "Listrik padam" in shown["message"]
    assert not any(row["open"] for row in shown["bidang"])


def test_who_waits_is_still_served(office: Office, now: datetime) -> None:
    first, second = Visitor(office, now), Visitor(office, now, counter=2)
    first.does("call", "start")
    close(office, first.now)
    first.does("hold", "resume", "finish", "undo", "transfer")
    second.at("call", first.now)
    second.does("recall", "start", "finish")
    assert called(office, second.now, "SEK").ticket_id == turn_of(office, first.token).ticket_id


def test_the_office_opens_again(office: Office, now: datetime) -> None:
    close(office, now)
    open_again(office, now + 10 * MINUTE)
    assert opening(office, now + 10 * MINUTE).state == "open"
    take(office, now + 10 * MINUTE)
    assert board(office, now + 10 * MINUTE)["state"] == "open"
    (kept,) = db.session.scalars(select(Closure))
    assert (kept.starts_at, kept.ends_at) == (now, now + 10 * MINUTE)
    assert actions_of("closure") == ["close", "reopen"]


def test_closed_by_mistake_and_opened_at_the_same_moment(office: Office, now: datetime) -> None:
    close(office, now)
    open_again(office, now)
    assert opening(office, now).state == "open"
    take(office, now)
    close(office, now + MINUTE)
    assert opening(office, now + MINUTE).state == "closed"


def test_the_next_day_begins_as_usual(office: Office, now: datetime) -> None:
    close(office, now)
    assert opening(office, wita(23, 59)).state == "closed"
    assert opening(office, wita(8, day=TUESDAY)).state == "open"
    take(office, wita(8, day=TUESDAY))


def test_closing_raises_the_boards_version(office: Office, now: datetime) -> None:
    version = board_version(office.id)[0]
    close(office, now)
    open_again(office, now)
    assert board_version(office.id)[0] == version + 2


# ── When ──────────────────────────────────────────────────────────────────────────────────────


def test_twice_is_refused_and_changes_nothing(office: Office, now: datetime) -> None:
    close(office, now)
    for later in (now, now + MINUTE, wita(12, 30), wita(14)):
        with refusal(WrongState) as caught:
            close(office, later, "Rapat")
        assert caught.value.state == "closed"
    assert len(db.session.scalars(select(Closure)).all()) == 1


def test_opening_what_is_open_is_refused(office: Office, now: datetime) -> None:
    with refusal(WrongState) as caught:
        open_again(office, now)
    assert caught.value.state == "open"
    close(office, now)
    open_again(office, now + MINUTE)
    with refusal(WrongState):
        open_again(office, now + 2 * MINUTE)


def test_before_opening_the_whole_day_is_closed(office: Office) -> None:
    close(office, wita(6, 30), "Upacara")
    assert spans_on(office, MONDAY) == ((), None)
    with refusal(Closed) as caught:
        take(office, wita(9))
    assert caught.value.values["reason"] == "Upacara"
    open_again(office, wita(7, 30))
    take(office, wita(8))


def test_in_the_break_the_afternoon_is_closed(office: Office) -> None:
    close(office, wita(12, 30))
    assert opening(office, wita(12, 30)).state == "closed"
    with refusal(Closed):
        take(office, wita(13))
    open_again(office, wita(12, 40))
    assert opening(office, wita(12, 40)).state == "break"
    take(office, wita(13))


@pytest.mark.parametrize("at", [wita(15), wita(20), wita(9, day=MONDAY.replace(day=22))])
def test_a_day_that_is_over_or_free_is_not_closed(office: Office, at: datetime) -> None:
    with refusal(WrongState):
        close(office, at)


def test_after_the_last_number_the_rest_may_still_be_closed(office: Office) -> None:
    close(office, wita(14, 45))
    assert opening(office, wita(14, 46)).state == "closed"


def test_opened_again_numbers_are_given_until_the_usual_last_one(office: Office) -> None:
    close(office, wita(9))
    open_again(office, wita(10))
    assert opening(office, wita(10)).last_number_at == wita(11, 30)
    with refusal(Closed):
        take(office, wita(11, 30))


# ── The sentence ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reason", ["", "   ", "\n", "x" * 201])
def test_a_reason_is_needed_and_short(office: Office, now: datetime, reason: str) -> None:
    with refusal(Invalid) as caught:
        close(office, now, reason)
    assert caught.value.field == "reason"
    assert opening(office, now).state == "open"


@pytest.mark.parametrize("reason", ["100% penuh", "%(opens)s", "<b>Rapat</b>", "🙂" * 200])
def test_any_sentence_is_shown_as_it_is(office: Office, now: datetime, reason: str) -> None:
    close(office, now, reason)
    assert reason in board(office, now)["message"]
    with refusal(Closed) as caught:
        take(office, now)
    assert reason in str(caught.value)


# ── Bookings ──────────────────────────────────────────────────────────────────────────────────


def slots(office: Office, now: datetime) -> set[str]:
    """How today's slots of the first room stand."""
    grid = day_grid(office, MONDAY, village=None, now=now)
    return {str(slot.state) for slot in grid.rooms[0][1]}


def test_nothing_can_be_booked_for_the_closed_hours(office: Office) -> None:
    close(office, wita(8))
    with refusal(Closed):
        book(office, wita(8), day=MONDAY, start=time(13), end=time(14))
    assert slots(office, wita(8)) <= {"closed", "past"}
    book(office, wita(8), day=TUESDAY)
    open_again(office, wita(8, 30))
    book(office, wita(8, 30), day=MONDAY, start=time(13), end=time(14))


def test_a_booking_cannot_arrive_while_closed_and_can_again_afterwards(office: Office) -> None:
    booking = book(office, wita(6), day=MONDAY, start=time(10), end=time(11))
    close(office, wita(9))
    with refusal(Closed) as caught:
        check_in(office, booking, by=SYSTEM, now=wita(9, 30))
    assert "Listrik padam" in str(caught.value)
    assert booking.state == "confirmed"
    open_again(office, wita(9, 40))
    token, new = check_in(office, booking, by=SYSTEM, now=wita(9, 45))
    assert new
    assert call(office, wita(9, 45), "PMD") is not None
    assert turn_of(office, token).state == "called"


def test_who_has_arrived_finds_the_same_ticket_while_closed(office: Office) -> None:
    booking = book(office, wita(6), day=MONDAY, start=time(10), end=time(11))
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    close(office, wita(9, 10))
    assert check_in(office, booking, by=SYSTEM, now=wita(9, 20)) == (token, False)


def test_a_clock_that_steps_back_over_the_closing_breaks_nothing(office: Office) -> None:
    close(office, wita(10))
    assert opening(office, wita(9)).state == "open"
    take(office, wita(9))
    close(office, wita(9, 5), "Rapat")  # said again with the right clock
    assert opening(office, wita(9, 10)).state == "closed"
    open_again(office, wita(9, 30))
    assert opening(office, wita(9, 40)).state == "open"
