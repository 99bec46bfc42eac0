"""Numbers of a day may be limited: refused with the next opening, never a gap, never a booking."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import delete

from ruko.audit import SYSTEM
from ruko.db import db
from ruko.errors import Closed, Invalid
from ruko.offices import Hours, Office, close_early
from ruko.tickets import QueueFull, VisitorKind, check_in, full_bidang, issue
from ruko.words import sentence
from tests.conftest import MONDAY, wita
from tests.people import TUESDAY, bidang_of, book, code_of, take
from tests.steps import MINUTE, Visitor, board, refusal

FRIDAY = date(2026, 11, 27)


@pytest.fixture
def full(office: Office, now: datetime) -> Office:
    """PEM gives three numbers a day, and has given them."""
    bidang_of(office).daily_capacity = 3
    for _ in range(3):
        take(office, now)
    return office


def test_the_fourth_of_three_is_refused_with_the_next_opening(full: Office, now: datetime) -> None:
    with refusal(QueueFull) as caught:
        take(full, now)
    assert (caught.value.code, caught.value.status) == ("queue_full", 409)
    assert caught.value.values == {
        "bidang": "Seksi Pemerintahan",
        "count": 3,
        "opens": wita(8, day=TUESDAY),
    }
    assert "3" in sentence(caught.value)


def test_the_next_opening_steps_over_the_weekend(office: Office) -> None:
    bidang_of(office).daily_capacity = 0
    with refusal(QueueFull) as caught:
        take(office, wita(9, day=FRIDAY))
    assert caught.value.values["opens"] == wita(8, day=date(2026, 11, 30))


def test_without_a_known_next_opening_none_is_promised(
    full: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.session.execute(delete(Hours).where(Hours.weekday != MONDAY.weekday()))
    monkeypatch.setattr("ruko.offices.hours.LOOK_AHEAD_DAYS", 5)
    with refusal(QueueFull) as caught:
        take(full, now)
    assert "opens" not in caught.value.values
    assert "3" in sentence(caught.value)


def test_a_refused_number_leaves_no_gap(full: Office, now: datetime) -> None:
    for _ in range(5):
        with refusal(QueueFull):
            take(full, now)
    bidang_of(full).daily_capacity = 5
    assert [code_of(take(full, now)) for _ in range(2)] == ["A-004", "A-005"]
    with refusal(QueueFull):
        take(full, now)


def test_others_and_other_days_are_not_full(full: Office, now: datetime) -> None:
    assert full_bidang(full, now=now) == {bidang_of(full).id}
    take(full, now, "SEK")
    assert full_bidang(full, now=wita(9, day=TUESDAY)) == set()
    assert code_of(take(full, wita(9, day=TUESDAY))) == "A-001"


def test_priority_does_not_make_a_number_more(full: Office, now: datetime) -> None:
    with refusal(QueueFull):
        take(full, now, priority=True)


def test_who_leaves_does_not_give_the_number_back(office: Office, now: datetime) -> None:
    bidang_of(office).daily_capacity = 1
    Visitor(office, now).does("leave")
    with refusal(QueueFull):
        take(office, now)


def test_a_transfer_is_no_new_number(full: Office, now: datetime) -> None:
    visitor = Visitor(full, now, "SEK")
    visitor.does("transfer", to="PEM")
    assert visitor.bidang == "PEM"


@pytest.mark.parametrize("capacity", [0, 1])
def test_a_booking_is_never_refused_but_takes_its_number(office: Office, capacity: int) -> None:
    pmd = bidang_of(office, "PMD")
    pmd.daily_capacity = capacity
    for hour in (9, 10):
        booking = book(office, wita(6), day=MONDAY, start=time(hour), end=time(hour + 1))
        token, _ = check_in(office, booking, by=SYSTEM, now=wita(8))
        assert code_of(token) == f"B-00{hour - 8}"
    with refusal(QueueFull):
        take(office, wita(8), "PMD")
    assert full_bidang(office, now=wita(8)) == {pmd.id}


def test_the_board_says_which_bidang_is_full(full: Office, now: datetime) -> None:
    rows = board(full, now)["bidang"]
    assert [row["code"] for row in rows if row["full"]] == ["PEM"]
    assert rows[0]["open"]
    bidang_of(full).daily_capacity = 4
    assert not board(full, now)["bidang"][0]["full"]


def test_no_number_at_all_reads_as_full_from_the_first_minute(
    office: Office, now: datetime
) -> None:
    bidang_of(office).daily_capacity = 0
    assert full_bidang(office, now=now) == {bidang_of(office).id}


def test_a_limit_lowered_below_what_was_given_takes_nothing_back(
    full: Office, now: datetime
) -> None:
    bidang_of(full).daily_capacity = 1
    assert board(full, now)["bidang"][0]["waiting"] == 3
    assert full_bidang(full, now=now) == {bidang_of(full).id}
    with refusal(QueueFull):
        take(full, now)


def test_what_is_wrong_is_told_before_closed_and_closed_before_full(
    full: Office, now: datetime
) -> None:
    with refusal(Invalid):
        issue(full, bidang_of(full), visitor=VisitorKind.VILLAGE_OFFICIAL, by=SYSTEM, now=wita(20))
    with refusal(Closed):
        take(full, wita(12, 30))
    close_early(full, "Rapat", by=SYSTEM, now=now)
    with refusal(Closed):
        take(full, now + MINUTE)
