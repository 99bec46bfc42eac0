"""One day's queue ends with the day: the first write of another day closes what was left, no timer."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from ruko.audit import SYSTEM
from ruko.db import db
from ruko.errors import WrongState
from ruko.offices import Office
from ruko.tickets import (
    CounterBreak,
    State,
    begin_day,
    breaks_now,
    call_next,
    check_in,
    queue_of,
    take_break,
)
from tests.conftest import MONDAY, wita
from tests.people import TUESDAY, bidang_of, book, call, code_of, loket, take
from tests.steps import Visitor, actions_of, board, order, refusal

MORNING = wita(8, day=TUESDAY)
LEFT = ["", "call", "call start", "call hold", "call start transfer"]
OVER = {"call no_show": "no_show", "call finish": "done", "leave": "cancelled"}
OTHER_DAYS = [date(2025, 11, 24), MONDAY - timedelta(days=3), TUESDAY, date(2099, 11, 23)]


def left_over(office: Office) -> list[Visitor]:
    """What one Monday leaves in every open state, each at a place of its own."""
    visitors = []
    for n, way in enumerate(LEFT):
        visitor = Visitor(office, wita(9), counter=n + 1)
        visitor.does(*way.split())
        visitors.append(visitor)
    take_break(office, bidang_of(office), loket(office, 6), by=SYSTEM, now=wita(9))
    return visitors


def arrive(office: Office) -> None:
    booking = book(office, wita(6), day=TUESDAY, start=time(9), end=time(10))
    check_in(office, booking, by=SYSTEM, now=MORNING)


def call_somebody(office: Office) -> None:
    """Nobody waits on the new day, but the desk has asked."""
    assert call_next(office, bidang_of(office), loket(office), by=SYSTEM, now=MORNING) is None


FIRST_WRITES: dict[str, Callable[[Office], object]] = {
    "a number": lambda office: take(office, MORNING),
    "an appointment": arrive,
    "a call": call_somebody,
    "a break": lambda office: take_break(
        office, bidang_of(office), loket(office, 2), by=SYSTEM, now=MORNING
    ),
}


@pytest.mark.parametrize("first", FIRST_WRITES)
def test_the_first_write_of_any_kind_closes_yesterday(office: Office, first: str) -> None:
    visitors = left_over(office)
    assert office.queue_day == MONDAY

    FIRST_WRITES[first](office)

    assert {visitor.state for visitor in visitors} == {State.EXPIRED}
    assert all(visitor.turn.closed_at == MORNING for visitor in visitors)
    assert all(visitor.trail[-1] == "expire" for visitor in visitors)
    assert office.queue_day == TUESDAY
    yesterday = select(CounterBreak.id).where(
        CounterBreak.ended_at.is_(None), CounterBreak.day == MONDAY
    )
    assert db.session.scalars(yesterday).all() == []


@pytest.mark.parametrize(
    "step", ["start", "hold", "finish", "return", "no_show", "leave", "recall", "undo", "transfer"]
)
def test_a_step_with_yesterdays_visitor_is_refused_and_says_expired(
    office: Office, step: str
) -> None:
    visitor = Visitor(office, wita(9))
    visitor.does("call")
    with refusal(WrongState) as caught:
        visitor.at(step, MORNING)
    assert caught.value.state == "expired"
    assert (visitor.state, office.queue_day) == ("called", MONDAY)  # nothing half-written


def test_it_closes_once_a_day(office: Office) -> None:
    left_over(office)
    for counter in (1, 2, 3):
        take(office, MORNING)
        call(office, MORNING, counter=counter)
        begin_day(office, now=MORNING)
    assert actions_of("ticket").count("expire") == len(LEFT)


@pytest.mark.parametrize(("way", "state"), OVER.items())
def test_what_is_over_stays_as_it_ended(office: Office, way: str, state: str) -> None:
    visitor = Visitor(office, wita(9))
    visitor.does(*way.split())
    take(office, MORNING)
    assert visitor.state == state
    assert "expire" not in visitor.trail


def test_every_place_is_free_in_the_morning(office: Office) -> None:
    left_over(office)
    for number in range(1, 7):
        take(office, MORNING)
        assert call(office, MORNING, counter=number) is not None
    assert breaks_now(office, now=MORNING) == []


def test_before_any_write_yesterday_is_not_seen_already(office: Office) -> None:
    left_over(office)
    queue = queue_of(office, bidang_of(office), now=MORNING)
    assert (queue.current, queue.waiting, queue.held, queue.no_show) == ((), (), (), ())
    shown = board(office, MORNING)
    assert (shown["calls"], shown["last_call"]) == ([], None)
    assert all(not row["serving"] and not row["breaks"] for row in shown["bidang"])


def test_a_day_without_any_visitor_writes_no_trail(office: Office) -> None:
    for n in range(3):
        begin_day(office, now=wita(8, day=MONDAY + timedelta(days=n)))
    assert actions_of("ticket") == []
    assert office.queue_day == MONDAY + timedelta(days=2)


@pytest.mark.parametrize("wrong", OTHER_DAYS)
def test_a_wrong_clock_put_right_leaves_no_place_blocked(office: Office, wrong: date) -> None:
    """The computer woke up on another day, people were served, then the clock was put right."""
    visitor = Visitor(office, wita(9, day=wrong))
    visitor.does("call", "start")
    take_break(office, bidang_of(office), loket(office, 2), by=SYSTEM, now=wita(9, day=wrong))

    now = wita(9)
    for counter in (1, 2):
        take(office, now)
        assert call(office, now, counter=counter) is not None
    assert visitor.state == "expired"
    assert breaks_now(office, now=now) == []
    with refusal(WrongState):
        visitor.at("finish", wita(9, day=wrong))  # and wrong again


def test_a_day_that_is_met_again_goes_on_with_its_numbers(office: Office) -> None:
    first = take(office, wita(9))
    take(office, wita(9, day=TUESDAY))
    waiting = take(office, wita(9, 30))
    assert code_of(waiting) == "A-002"  # never the same number twice on one day
    assert order(office, wita(9, 30)) == [first, waiting]


@pytest.mark.parametrize("wrong", OTHER_DAYS)
def test_a_clock_that_was_wrong_for_an_hour_costs_nobody_the_place(
    office: Office, wrong: date
) -> None:
    """A computer with an empty battery: one press on the wrong day, then the clock is put right."""
    served, waiting = Visitor(office, wita(9)), Visitor(office, wita(9, 1))
    served.does("call", "start")
    missed = Visitor(office, wita(9, 2))
    missed.does("leave")

    assert call(office, wita(9, 30, day=wrong)) is None
    assert (served.state, waiting.state, missed.state) == ("expired", "expired", "cancelled")

    begin_day(office, now=wita(10))
    assert order(office, wita(10)) == [served.token, waiting.token]
    assert missed.state == "cancelled"
    assert served.trail[-2:] == ["expire", "go_on"]
    assert call(office, wita(10)) is not None


def test_midnight_in_the_office_is_what_counts(office: Office) -> None:
    late, early = Visitor(office, wita(9)), datetime.fromisoformat("2026-11-23T16:00:00+00:00")
    begin_day(office, now=early - timedelta(seconds=1))
    assert late.state == "waiting"
    begin_day(office, now=early)
    assert late.state == "expired"
