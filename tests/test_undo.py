"""Undo: for sixty seconds the last step is taken back, on the board too, and the trail keeps both."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from ruko.audit import SYSTEM
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import TooLate, WrongState
from ruko.offices import Office, all_villages
from ruko.tickets import Call, CounterBusy, Turn, breaks_now, check_in, take_break
from tests.conftest import MONDAY, wita
from tests.people import bidang_of, book, call, loket, take
from tests.steps import SECOND, Visitor, board, order, people, refusal

NEXT_YEAR = date(2027, 11, 23)
STEPS = [
    ("", "call"),
    ("call", "recall"),
    ("call", "start"),
    ("call", "hold"),
    ("call start", "hold"),
    ("call hold", "resume"),
    ("call start hold", "resume"),
    ("call", "return"),
    ("call start hold resume", "return"),
    ("", "transfer"),
    ("call", "transfer"),
    ("call start", "transfer"),
    ("call hold", "transfer"),
    ("call recall", "no_show"),
    ("call", "finish"),
    ("call start", "finish"),
    ("", "leave"),
    ("call hold", "leave"),
    ("call no_show", "leave"),
    ("call recall no_show", "rejoin"),
]
"""How somebody came there, and the step that is undone."""


@pytest.mark.parametrize(("way", "step"), STEPS)
def test_undoing_a_step_gives_the_turn_back_as_it_was(
    office: Office, now: datetime, way: str, step: str
) -> None:
    visitor = Visitor(office, now)
    people(office, now + SECOND, 3)
    visitor.does(*way.split())
    before, place = visitor.row(), order(office, now)
    trail = visitor.trail
    visitor.does(step)
    assert visitor.row() != before

    visitor.does("undo")

    assert visitor.row() == before
    assert order(office, visitor.now) == place
    assert visitor.trail[: len(trail)] == trail
    assert len(visitor.trail) == len(trail) + 2
    assert visitor.trail[-1] == "undo"
    assert board(office, visitor.now)["bidang"][0]["waiting"] == len(place)


@pytest.mark.parametrize(("way", "step"), STEPS)
def test_what_was_undone_can_be_done_again(
    office: Office, now: datetime, way: str, step: str
) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split(), step)
    state = visitor.state
    visitor.does("undo", step)
    assert visitor.state == state
    visitor.does("undo")


@pytest.mark.parametrize(("way", "step"), STEPS)
def test_a_step_is_undone_once(office: Office, now: datetime, way: str, step: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split(), step, "undo")
    state, trail = visitor.state, visitor.trail
    with refusal(WrongState) as caught:
        visitor.does("undo")
    assert caught.value.state == state
    assert visitor.trail == trail


@pytest.mark.parametrize("steps", ["", "let_pass"])
def test_a_number_and_a_place_given_up_are_not_undone(
    office: Office, now: datetime, steps: str
) -> None:
    visitor = Visitor(office, now)
    people(office, now + SECOND, 2)
    visitor.does(*steps.split())
    with refusal(WrongState) as caught:
        visitor.does("undo")
    assert caught.value.state == "waiting"


def test_coming_again_with_a_booking_is_not_undone(office: Office) -> None:
    visitor, booking = booked(office)
    visitor.does("call", "no_show")
    check_in(office, booking, by=SYSTEM, now=visitor.now)
    with refusal(WrongState):
        visitor.does("undo")


# ── For sixty seconds ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["start", "hold", "finish", "no_show", "transfer", "return"])
def test_until_the_sixtieth_second(office: Office, now: datetime, step: str) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", step)
    with refusal(TooLate):
        visitor.at("undo", visitor.now + 60 * SECOND + timedelta(microseconds=1))
    visitor.at("undo", visitor.now + 60 * SECOND)
    assert visitor.state == "called"


def test_for_as_long_as_the_office_says(office: Office, now: datetime) -> None:
    office.undo_seconds = 5
    visitor = Visitor(office, now)
    visitor.does("call", "finish")
    with refusal(TooLate) as caught:
        visitor.does("undo")
    assert "5 seconds" in str(caught.value)


def test_a_clock_that_steps_back_does_not_take_the_undo_away(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "finish")
    visitor.at("undo", wita(8, 30))
    assert visitor.state == "called"


@pytest.mark.parametrize(("way", "step"), [(w, s) for w, s in STEPS if w or s != "call"])
def test_another_days_step_is_never_undone(office: Office, way: str, step: str) -> None:
    """A clock a year ahead was put right: no turn of that day may come back to a counter."""
    visitor = Visitor(office, wita(9, day=NEXT_YEAR))
    visitor.does(*way.split(), step)
    with refusal(WrongState):
        visitor.at("undo", wita(9))
    take(office, wita(9))
    assert call(office, wita(9)) is not None


# ── What happened meanwhile ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "way", ["start finish", "finish", "hold", "start hold", "no_show", "return", "transfer"]
)
def test_a_place_with_its_next_visitor_is_not_taken_back(
    office: Office, now: datetime, way: str
) -> None:
    visitor, other = Visitor(office, now), Visitor(office, now)
    visitor.does("call", *way.split())
    other.at("call", visitor.now)
    state, trail = visitor.state, visitor.trail
    with refusal(CounterBusy) as caught:
        visitor.does("undo")
    assert caught.value.values["counter"] == "Loket 1"
    assert (visitor.state, visitor.trail) == (state, trail)

    other.does("hold")  # and now it is free
    visitor.does("undo")
    assert visitor.state in {"called", "serving"}


def test_a_transfer_is_not_undone_once_the_other_bidang_has_called(
    office: Office, now: datetime
) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "start", "transfer")
    visitor.counter = 2
    visitor.does("call", "undo")
    assert (visitor.state, visitor.bidang) == ("waiting", "SEK")
    with refusal(WrongState):
        visitor.does("undo")


def test_only_the_last_step_is_undone_not_the_one_before(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "start", "hold", "undo")
    assert visitor.state == "serving"
    with refusal(WrongState):
        visitor.does("undo")
    assert visitor.state == "serving"


def test_a_transfer_there_and_back_is_undone_by_one(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("transfer")
    visitor.does("transfer", to="PEM")
    visitor.does("undo")
    assert (visitor.state, visitor.bidang) == ("waiting", "SEK")
    with refusal(WrongState):
        visitor.does("undo")
    assert order(office, visitor.now) == []
    assert order(office, visitor.now, "SEK") == [visitor.token]


def test_a_break_begun_meanwhile_is_over_when_the_visitor_sits_there_again(
    office: Office, now: datetime
) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "start", "finish")
    take_break(office, bidang_of(office), loket(office), by=SYSTEM, now=visitor.now)
    visitor.does("undo")
    assert visitor.state == "serving"
    assert breaks_now(office, now=visitor.now) == []


# ── The board takes it back too ───────────────────────────────────────────────────────────────


def test_the_board_takes_an_undone_call_back(office: Office, now: datetime) -> None:
    first, visitor = Visitor(office, now), Visitor(office, now, counter=2)
    first.does("call", "finish")
    visitor.at("call", first.now)
    assert [c["ticket"] for c in board(office, first.now)["calls"]] == ["A-002"]

    visitor.at("undo", first.now + SECOND)

    shown = board(office, first.now + SECOND)
    assert shown["calls"] == []
    assert shown["last_call"]["ticket"] == "A-001"
    assert shown["bidang"][0]["serving"] == []
    assert shown["seq"] == 2  # numbers of calls never fall


def test_an_undone_recall_leaves_the_first_call(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "recall")
    assert [c["seq"] for c in board(office, visitor.now)["calls"]] == [2]
    visitor.does("undo")
    shown = board(office, visitor.now)
    assert [(c["seq"], c["kind"]) for c in shown["calls"]] == [(1, "first")]
    assert shown["last_call"]["seq"] == 1
    visitor.does("recall")
    assert [(c["seq"], c["kind"]) for c in board(office, visitor.now)["calls"]] == [(3, "recall")]


def test_undoing_what_was_no_call_withdraws_none(office: Office, now: datetime) -> None:
    """Even where the clock shows the same moment for the call and the step after it."""
    visitor = Visitor(office, now)
    for step in ("call", "start", "undo"):
        visitor.at(step, now)
    assert db.session.scalars(select(Call.withdrawn_at)).all() == [None]
    assert [c["ticket"] for c in board(office, now)["calls"]] == ["A-001"]


def test_an_undone_resume_leaves_nobody_called(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "hold", "resume", "undo")
    shown = board(office, visitor.now)
    assert (visitor.state, shown["calls"]) == ("held", [])
    assert shown["last_call"]["seq"] == 1


def test_an_undone_absence_is_announced_as_before(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "recall", "recall", "no_show")
    assert board(office, visitor.now)["calls"] == []
    visitor.does("undo")
    assert [c["kind"] for c in board(office, visitor.now)["calls"]] == ["last"]
    visitor.does("no_show", reason="")  # the three announcements still count


# ── Its booking follows ───────────────────────────────────────────────────────────────────────


def booked(office: Office) -> tuple[Visitor, Booking]:
    """Somebody with a booking for today at ten with PMD has arrived."""
    wish = {"day": MONDAY, "start": time(10), "end": time(11), "village": all_villages(office)[3]}
    booking = book(office, wita(6), **wish)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    return Visitor(office, wita(9), token=token), booking


@pytest.mark.parametrize(
    "way",
    [
        "start",
        "finish",
        "start finish",
        "start hold resume start",
        "start transfer call recall",
        "start transfer call start",
        "start transfer call hold",
        "start transfer call finish",
        "start transfer call no_show",
        "hold",
        "no_show",
        "transfer",
        "start transfer",
    ],
)
def test_a_booking_stands_as_before_the_undone_step(office: Office, way: str) -> None:
    visitor, booking = booked(office)
    *before, step = ["call", *way.split()]
    visitor.does(*before)
    state = booking.state
    visitor.does(step, "undo")
    db.session.refresh(booking)
    assert booking.state == state


def test_a_booking_completed_by_mistake_is_completed_once_more(office: Office) -> None:
    visitor, booking = booked(office)
    visitor.does("call", "start", "finish")
    assert booking.state == "completed"
    visitor.does("undo")
    assert booking.state == "in_session"
    visitor.does("finish")
    assert booking.state == "completed"


def test_a_turn_taken_away_by_an_undone_transfer_leaves_one(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "transfer", "undo")
    assert len(db.session.scalars(select(Turn)).all()) == 1
    assert visitor.trail == ["issue", "call", "transfer", "undo"]
