"""A break at one place: the board shows it, and it ends with the next call, by hand, or with its day."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from ruko.audit import SYSTEM
from ruko.db import db
from ruko.errors import Invalid
from ruko.offices import Office, board_version
from ruko.tickets import CounterBreak, CounterBusy, breaks_now, end_break, take_break
from tests.conftest import wita
from tests.people import TUESDAY, bidang_of, call, loket, take
from tests.steps import MINUTE, Visitor, actions_of, board, refusal


def rest(office: Office, now: datetime, counter: int = 1, code: str = "PEM", **how: Any) -> None:
    take_break(office, bidang_of(office, code), loket(office, counter), by=SYSTEM, now=now, **how)


def shown(office: Office, now: datetime, row: int = 0) -> list[tuple[str, str | None]]:
    """What the board says of the breaks of one bidang."""
    return [(b["place"], b["back_at"]) for b in board(office, now)["bidang"][row]["breaks"]]


def test_the_board_shows_place_and_time(office: Office, now: datetime) -> None:
    rest(office, now, 2)
    rest(office, now, 1, minutes=15)
    assert shown(office, now) == [("Loket 1", "2026-11-23T09:15:00+08:00"), ("Loket 2", None)]
    assert shown(office, now, 1) == []


def test_a_break_goes_on_although_its_time_is_over(office: Office, now: datetime) -> None:
    rest(office, now, minutes=5)
    assert len(breaks_now(office, now=now + 6 * MINUTE)) == 1


def test_a_second_press_tells_the_new_time(office: Office, now: datetime) -> None:
    rest(office, now, minutes=5)
    rest(office, now + MINUTE, minutes=30, code="SEK")
    assert shown(office, now + MINUTE) == []
    assert shown(office, now + MINUTE, 5) == [("Loket 1", "2026-11-23T09:31:00+08:00")]
    assert len(db.session.scalars(select(CounterBreak)).all()) == 1
    (running,) = breaks_now(office, now=now + MINUTE)
    assert running.started_at == now


def test_a_break_is_ended_by_hand(office: Office, now: datetime) -> None:
    rest(office, now)
    version = board_version(office.id)[0]
    end_break(office, loket(office), by=SYSTEM, now=now + MINUTE)
    assert breaks_now(office, now=now + MINUTE) == []
    assert board_version(office.id)[0] == version + 1
    end_break(office, loket(office), by=SYSTEM, now=now + MINUTE)  # nothing more happens
    assert board_version(office.id)[0] == version + 1
    assert actions_of("counter") == ["break", "back"]


@pytest.mark.parametrize("how", ["call", "call next", "resume"])
def test_the_next_call_to_the_place_ends_it(office: Office, now: datetime, how: str) -> None:
    visitor = Visitor(office, now)
    if how == "resume":
        visitor.does("call", "hold")
    rest(office, visitor.now)
    rest(office, visitor.now, 2)
    if how == "call next":
        call(office, visitor.now)
    else:
        visitor.does(how)
    assert [running.place for running in breaks_now(office, now=visitor.now)] == ["Loket 2"]
    assert actions_of("counter") == ["break", "break", "back"]


def test_undoing_the_call_that_ended_it_lets_it_go_on(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    rest(office, now)
    visitor.does("call")
    assert breaks_now(office, now=now + MINUTE) == []
    visitor.does("undo")
    assert len(breaks_now(office, now=now + MINUTE)) == 1


def test_a_call_without_anybody_waiting_does_not_end_it(office: Office, now: datetime) -> None:
    rest(office, now)
    assert call(office, now) is None
    assert len(breaks_now(office, now=now)) == 1


@pytest.mark.parametrize("way", ["call", "call recall", "call start"])
def test_no_break_while_somebody_is_there(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split())
    with refusal(CounterBusy):
        rest(office, visitor.now)
    assert breaks_now(office, now=visitor.now) == []
    rest(office, visitor.now, 2)
    visitor.does("hold")
    rest(office, visitor.now)


@pytest.mark.parametrize("minutes", [0, -1, 241, 10**9])
def test_no_impossible_time(office: Office, now: datetime, minutes: int) -> None:
    with refusal(Invalid) as caught:
        rest(office, now, minutes=minutes)
    assert caught.value.field == "minutes"


def test_the_longest_time_is_possible(office: Office, now: datetime) -> None:
    rest(office, now, minutes=240)


@pytest.mark.parametrize("day", [TUESDAY, date(2026, 11, 20)])
def test_a_break_ends_with_its_day(office: Office, now: datetime, day: date) -> None:
    rest(office, now)
    assert breaks_now(office, now=wita(9, day=day)) == []
    take(office, wita(9, day=day))
    assert db.session.scalars(select(CounterBreak.ended_at)).all() == [wita(9, day=day)]
    rest(office, wita(9, day=day))
    assert len(breaks_now(office, now=wita(9, day=day))) == 1


def test_a_break_keeps_nobody_from_taking_a_number(office: Office, now: datetime) -> None:
    for counter in range(1, 7):
        rest(office, now, counter)
    take(office, now)
    assert board(office, now)["bidang"][0]["waiting"] == 1
