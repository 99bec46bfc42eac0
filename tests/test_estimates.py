"""How long the wait may be: a range from what was measured, or nothing."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from ruko import words
from ruko.audit import SYSTEM
from ruko.db import db
from ruko.offices import Office
from ruko.tickets import (
    State,
    Ticket,
    Turn,
    VisitorKind,
    estimate,
    estimate_for,
    finish,
    get_visit,
    start,
)
from ruko.tickets.estimates import FEWEST_SAMPLES, wait_range
from tests.conftest import MONDAY
from tests.people import bidang_of, called, take, turn_of

minutes = st.lists(st.floats(0, 240), min_size=FEWEST_SAMPLES, max_size=20).map(sorted)


def serve(office: Office, durations: list[float], end: datetime, code: str = "PEM") -> None:
    """Visits of that many minutes each, which ended one after the other until `end`."""
    before = db.session.scalar(select(func.max(Ticket.number))) or 0
    for n, length in enumerate(durations):
        closed = end - timedelta(minutes=n)
        ticket = db.session.execute(
            insert(Ticket)
            .values(
                office_id=office.id,
                day=office.day(closed),
                letter="X",
                number=before + n + 1,
                token=f"{code}-{before + n}",
                priority=False,
                visitor=VisitorKind.RESIDENT,
                issued_at=closed,
            )
            .returning(Ticket.id)
        ).scalar_one()
        db.session.execute(
            insert(Turn).values(
                ticket_id=ticket,
                bidang_id=bidang_of(office, code).id,
                day=office.day(closed),
                state=State.DONE,
                rank_at=closed,
                entered_at=closed,
                started_at=closed - timedelta(minutes=length),
                closed_at=closed,
                announcements=1,
                version=1,
            )
        )


def told(office: Office, ahead: int, now: datetime) -> tuple[int, int] | None:
    return estimate(bidang_of(office).id, ahead, day=office.day(now), now=now)


def test_four_visits_are_too_few_to_say(office: Office, now: datetime) -> None:
    serve(office, [10] * 4, now)
    assert told(office, 3, now) is None

    serve(office, [10], now - timedelta(hours=1))
    assert told(office, 3, now) == (30, 40)


def test_only_the_bidangs_own_visits_count(office: Office, now: datetime) -> None:
    serve(office, [10] * 9, now, "PMD")

    assert told(office, 3, now) is None


def test_only_finished_visits_with_a_beginning_count(office: Office, now: datetime) -> None:
    for _ in range(6):
        take(office, now)
        finish(office, called(office, now), by=SYSTEM, now=now + timedelta(minutes=9))
    assert told(office, 3, now) is None

    for _ in range(5):
        token = take(office, now)
        start(office, called(office, now), by=SYSTEM, now=now)
        finish(office, turn_of(office, token), by=SYSTEM, now=now + timedelta(minutes=10))
    assert told(office, 3, now + timedelta(minutes=10)) == (30, 40)


def test_the_latest_twenty_decide(office: Office, now: datetime) -> None:
    serve(office, [60] * 30, now - timedelta(days=2))
    serve(office, [10] * 20, now)

    assert told(office, 3, now) == (30, 40)


def test_visits_of_last_month_are_forgotten(office: Office, now: datetime) -> None:
    serve(office, [10] * 9, now - timedelta(days=31))

    assert told(office, 3, now) is None


def test_visits_of_a_wrong_clocks_future_do_not_rule_the_estimate(
    office: Office, now: datetime
) -> None:
    serve(office, [90] * 20, now + timedelta(days=365))
    assert told(office, 3, now) is None

    serve(office, [10] * 5, now)
    assert told(office, 3, now) == (30, 40)


def test_a_clock_that_stepped_back_during_a_visit_makes_no_negative_wait(
    office: Office, now: datetime
) -> None:
    serve(office, [-30] * 9, now)
    assert told(office, 3, now) is None

    serve(office, [10] * 5, now - timedelta(hours=1))
    assert told(office, 3, now) == (30, 40)


def test_more_desks_shorten_the_wait(office: Office, now: datetime) -> None:
    serve(office, [10] * 9, now)
    assert told(office, 4, now) == (40, 50)
    for n in (1, 2):
        take(office, now)
        called(office, now, counter=n)

    assert told(office, 4, now) == (20, 25)


def test_nobody_ahead_and_a_free_desk_is_no_wait(office: Office, now: datetime) -> None:
    serve(office, [10] * 9, now)
    token = take(office, now)
    visit = get_visit(token, office_of=lambda _id: office, now=now)[1]

    assert estimate_for(visit, now=now) == (0, 0)
    called(office, now)
    visit = get_visit(token, office_of=lambda _id: office, now=now)[1]
    assert estimate_for(visit, now=now) is None  # the wait is over


@pytest.mark.parametrize("day", [MONDAY, date(2026, 11, 24)])
def test_a_past_day_is_estimated_for_nobody(office: Office, now: datetime, day: date) -> None:
    serve(office, [10] * 9, now)
    token = take(office, now)
    at = now + (day - MONDAY)
    visit = get_visit(token, office_of=lambda _id: office, now=at)[1]

    assert estimate_for(visit, now=at) == ((0, 0) if day == MONDAY else None)


@given(minutes, st.integers(0, 60), st.integers(0, 8))
def test_a_range_is_in_whole_steps_and_never_empty(
    sample: list[float], ahead: int, desks: int
) -> None:
    answer = wait_range(sample, ahead, desks)

    assert answer is not None
    least, most = answer
    assert 0 <= least <= most
    assert least % 5 == most % 5 == 0
    assert (least < most) or (ahead, desks) == (0, 0)


@given(minutes, st.integers(0, 60), st.integers(1, 8))
def test_more_people_never_shorten_and_more_desks_never_lengthen_the_wait(
    sample: list[float], ahead: int, desks: int
) -> None:
    here = wait_range(sample, ahead, desks)
    longer = wait_range(sample, ahead + 1, desks)
    quicker = wait_range(sample, ahead, desks + 1)

    assert here is not None
    assert longer is not None
    assert quicker is not None
    assert here[0] <= longer[0]
    assert here[1] <= longer[1]
    assert quicker[0] <= here[0]
    assert quicker[1] <= here[1]


@given(st.lists(st.floats(0, 240), max_size=FEWEST_SAMPLES - 1))
def test_below_five_samples_nothing_is_made_up(sample: list[float]) -> None:
    assert wait_range(sorted(sample), 5, 1) is None


@pytest.mark.parametrize(
    ("minutes", "words_"),
    [
        (None, "Perkiraan belum diketahui"),
        ((0, 0), "langsung"),
        ((20, 30), "20–30 menit"),
        ((115, 150), "115–150 menit"),
        ((120, 185), "2–4 jam"),
        ((300, 905), "5–16 jam"),
        ((480, 905), "lebih dari 8 jam"),
    ],
)
def test_a_wait_is_told_as_people_reckon(
    app: Flask, minutes: tuple[int, int] | None, words_: str
) -> None:
    with app.test_request_context():
        assert words.minutes_range(minutes).lower() == words_.lower()
