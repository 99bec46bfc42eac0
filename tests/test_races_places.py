"""The same place, the last number, the first write of a day: many at the same moment, in real threads."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from ruko.audit import SYSTEM, AuditEvent, trail_of
from ruko.board import snapshot
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import RukoError
from ruko.offices import Office, get_office
from ruko.tickets import (
    Call,
    CounterBreak,
    State,
    Ticket,
    Turn,
    call_next,
    check_in,
    end_break,
    finish,
    full_bidang,
    hold,
    let_pass,
    mark_no_show,
    recall,
    rejoin,
    resume,
    send_back,
    start,
    take_break,
    transfer,
    undo,
)
from tests.conftest import SLUG, wita
from tests.people import (
    TUESDAY,
    at_once,
    bidang_of,
    book,
    call,
    loket,
    refusals,
    state_of,
    successes,
    take,
    turn_of,
)
from tests.steps import Visitor, people
from tests.test_races import Inside, Ready, after, before, done, no_screens, stage
from tests.test_races_steps import LATER, NOW, THRICE, by, race

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures


# ── The same place ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("_round", THRICE)
@pytest.mark.parametrize("step", ["finish", "hold", "no_show", "transfer"])
def test_undoing_against_the_next_call_to_the_same_place(
    app: Flask, before: Office, after: Inside, step: str, _round: int
) -> None:
    visitor = Visitor(before, NOW)
    visitor.at("call", NOW)
    visitor.at(step, NOW)
    for _ in range(2):
        take(before, NOW)
    done()

    answers = race(
        app,
        visitor.token,
        by(undo),
        lambda o, _t: call_next(o, bidang_of(o), loket(o), by=SYSTEM, now=LATER),
    )

    after()
    at_place = select(Turn).where(Turn.state.in_(["called", "serving"]))
    assert len(db.session.scalars(at_place).all()) == 1
    assert len(successes(answers)) == 1
    assert set(refusals(answers)) <= {"counter_busy", "wrong_state"}


@pytest.mark.parametrize("_round", THRICE)
@pytest.mark.parametrize("how", ["call", "resume", "undo"])
def test_a_break_against_somebody_coming_to_the_place_never_runs_beside_them(
    app: Flask, before: Office, after: Inside, how: str, _round: int
) -> None:
    visitor = Visitor(before, NOW)
    way = {"call": (), "resume": ("call", "hold"), "undo": ("call", "start", "finish")}[how]
    for step in way:
        visitor.at(step, NOW)
    done()

    def come(office: Office, turn: Turn) -> None:
        if how == "call":
            call_next(office, bidang_of(office), loket(office), by=SYSTEM, now=LATER)
        else:
            {"resume": resume, "undo": undo}[how](office, turn, by=SYSTEM, now=LATER)  # type: ignore[operator]

    def rest(office: Office, _turn: Turn) -> None:
        take_break(office, bidang_of(office), loket(office), by=SYSTEM, now=LATER)

    answers = race(app, visitor.token, rest, come, rest)

    assert set(refusals(answers)) <= {"counter_busy"}
    office = after()
    assert state_of(office, visitor.token) in {"called", "serving"}
    running = select(func.count()).where(CounterBreak.ended_at.is_(None))
    assert db.session.scalar(running) == 0
    board = snapshot(office, now=LATER).content["bidang"][0]
    assert (len(board["serving"]), board["breaks"]) == (1, [])


def test_one_place_has_one_break_however_often_it_is_pressed(
    app: Flask, before: Office, after: Inside
) -> None:
    done()

    def press(n: int, ready: Ready) -> int:
        ready()
        office = get_office(SLUG)
        if n % 4 == 3:
            end_break(office, loket(office), by=SYSTEM, now=LATER)
        else:
            take_break(office, bidang_of(office), loket(office), minutes=15, by=SYSTEM, now=LATER)
        return n

    assert refusals(at_once(app, 8, press)) == []
    after()
    running = select(func.count()).where(CounterBreak.ended_at.is_(None))
    assert (db.session.scalar(running) or 0) <= 1


@pytest.mark.parametrize("_round", THRICE)
def test_held_ones_and_the_next_one_called_to_one_place(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    held = []
    for _ in range(3):
        visitor = Visitor(before, NOW)
        visitor.at("call", NOW)
        visitor.at("hold", NOW)
        held.append(visitor.token)
    take(before, NOW)
    done()

    def press(n: int, ready: Ready) -> int | None:
        ready()
        office = get_office(SLUG)
        if n == 3:
            return call_next(office, bidang_of(office), loket(office), by=SYSTEM, now=LATER)
        return resume(office, turn_of(office, held[n]), by=SYSTEM, now=LATER)

    answers = at_once(app, 4, press)

    assert successes(answers) == [4]
    assert refusals(answers) == ["counter_busy"] * 3
    after()
    assert Counter(db.session.scalars(select(Turn.state)))[State.CALLED] == 1


# ── The last number, the first write ──────────────────────────────────────────────────────────


def test_sixteen_want_the_last_number(app: Flask, before: Office, after: Inside) -> None:
    bidang_of(before).daily_capacity = 5
    people(before, NOW, 4)
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        return take(get_office(SLUG), LATER)

    answers = at_once(app, 16, press)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["queue_full"] * 15
    office = after()
    numbers = db.session.scalars(select(Ticket.number).order_by(Ticket.number)).all()
    assert numbers == [1, 2, 3, 4, 5]
    assert full_bidang(office, now=LATER) == {bidang_of(office).id}


def test_the_first_write_of_a_day_by_eight_of_every_kind(
    app: Flask, before: Office, after: Inside
) -> None:
    left = [
        Visitor(before, NOW, counter=n + 1, code=code)
        for n, code in enumerate(["PEM", "PMD", "SEK", "PEM"])
    ]
    for visitor in left[:3]:
        visitor.at("call", NOW)
    left[1].at("start", NOW)
    left[2].at("hold", NOW)
    take_break(before, bidang_of(before), loket(before, 6), by=SYSTEM, now=NOW)
    tokens = [visitor.token for visitor in left]
    booking = book(before, NOW, day=TUESDAY, start=time(9), end=time(10)).id
    done()
    morning: datetime = wita(8, day=TUESDAY)

    def press(n: int, ready: Ready) -> object:
        ready()
        office = get_office(SLUG)
        if n < 3:
            return take(office, morning, ["PEM", "PMD", "SEK"][n])
        if n < 6:
            call(office, morning, ["PEM", "PMD", "SEK"][n - 3], counter=n - 2)
            return n
        if n == 6:
            return check_in(office, db.session.get_one(Booking, booking), by=SYSTEM, now=morning)
        take_break(office, bidang_of(office), loket(office, 5), by=SYSTEM, now=morning)
        return n

    answers = at_once(app, 8, press)

    assert refusals(answers) == []
    office = after()
    assert {state_of(office, token) for token in tokens} == {State.EXPIRED}
    closings = select(func.count()).where(AuditEvent.action == "expire")
    assert db.session.scalar(closings) == len(tokens)
    breaks = db.session.scalars(select(CounterBreak.counter_id).filter_by(ended_at=None)).all()
    assert breaks == [loket(office, 5).id]
    assert office.queue_day == TUESDAY


@pytest.mark.parametrize("_round", THRICE)
def test_a_busy_minute_of_every_step_keeps_every_count(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    """Six desks work as they like with the same visitors; nothing is lost, doubled or deadlocked."""
    tokens = people(before, NOW, 8)
    done()
    rules: list[Callable[..., object]] = [
        *(start, hold, resume, send_back, undo, finish, recall, rejoin, let_pass),
        lambda o, t, **how: mark_no_show(o, t, reason="Pulang", **how),
        lambda o, t, **how: transfer(o, t, bidang_of(o, "SEK"), **how),
        lambda o, _t, **how: call_next(o, bidang_of(o, "SEK"), loket(o, 2), **how),
    ]

    def desk(n: int, ready: Ready) -> int:
        ready()
        for k in range(24):
            now = NOW + timedelta(seconds=60 + 6 * k)
            office = get_office(SLUG)
            try:
                if k % 3 == 0:
                    place = loket(office, n % 3 + 1)
                    call_next(office, bidang_of(office), place, by=SYSTEM, now=now)
                else:
                    turn = turn_of(office, tokens[(k * 5 + n) % len(tokens)])
                    rules[(k * 7 + n) % len(rules)](office, turn, by=SYSTEM, now=now)
                db.session.commit()
            except RukoError:
                db.session.rollback()
        return n

    assert at_once(app, 6, desk) == list(range(6))

    office = after()
    numbers = db.session.scalars(select(Ticket.number).order_by(Ticket.number)).all()
    assert numbers == list(range(1, 9))
    seqs = db.session.scalars(select(Call.seq).order_by(Call.seq)).all()
    assert list(seqs) == list(range(1, len(seqs) + 1))
    for token in tokens:
        turns = db.session.scalars(
            select(Turn.state).where(Turn.ticket_id == turn_of(office, token).ticket_id)
        ).all()
        assert sum(state in {"waiting", "called", "serving", "held"} for state in turns) <= 1
        told = trail_of("ticket", turn_of(office, token).ticket_id)[-1].state
        assert told == state_of(office, token)
