"""Two people take a step with the same visitor, place or number at the same moment, in real threads."""

from collections import Counter
from collections.abc import Callable
from datetime import time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from ruko.audit import SYSTEM, trail_of
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import RukoError, TooSoon, WrongState
from ruko.offices import Office, get_office
from ruko.tickets import (
    Call,
    Ticket,
    Turn,
    call_next,
    check_in,
    finish,
    hold,
    leave,
    let_pass,
    mark_no_show,
    recall,
    rejoin,
    resume,
    start,
    transfer,
    undo,
)
from tests.conftest import MONDAY, SLUG, wita
from tests.people import (
    at_once,
    bidang_of,
    book,
    called,
    loket,
    refusals,
    state_of,
    successes,
    turn_of,
)
from tests.steps import Visitor, order, people
from tests.test_races import Inside, Ready, after, before, done, no_screens, stage

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures

NOW = wita(9)
LATER = NOW + timedelta(seconds=30)
THRICE = range(3)
Step = Callable[[Office, Turn], object]


def race(app: Flask, token: str, *steps: Step) -> list[Any]:
    """Everybody sees the ticket as it is, and all act at once; answers with each one's number."""

    def press(n: int, ready: Ready) -> int:
        office = get_office(SLUG)
        turn = turn_of(office, token)
        if db.engine.dialect.name != "postgresql":
            ready()  # there nobody has read anything before the others have written
            office = get_office(SLUG)
            steps[n](office, turn_of(office, token))
            return n
        db.session.expunge(turn)
        ready()
        office = get_office(SLUG)
        steps[n](office, db.session.merge(turn, load=False))
        return n

    return at_once(app, len(steps), press)


def by(rule: Callable[..., object], **how: Any) -> Step:
    return lambda office, turn: rule(office, turn, by=SYSTEM, now=how.pop("now", LATER), **how)


def serving(office: Office, *more: str) -> Visitor:
    visitor = Visitor(office, NOW)
    for step in ("call", "start", *more):
        visitor.at(step, NOW)
    return visitor


def actions(office: Office, token: str) -> list[str]:
    return [line.action for line in trail_of("ticket", turn_of(office, token).ticket_id)]


# ── The same visitor ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("_round", THRICE)
def test_held_finished_and_undone_at_once_is_a_row_of_steps_that_fit(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    token = serving(before).token
    done()

    answers = race(app, token, by(hold), by(finish), by(undo), by(hold), by(undo))

    assert successes(answers)
    assert set(refusals(answers)) <= {"wrong_state"}
    office = after()
    made = actions(office, token)[3:]
    assert len(made) == len(successes(answers))
    assert all(a != "undo" or b != "undo" for a, b in pairwise(made))
    told = trail_of("ticket", turn_of(office, token).ticket_id)[-1].state
    assert told == state_of(office, token)


@pytest.mark.parametrize("_round", THRICE)
def test_eight_undo_one_step_and_one_of_them_does(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    visitor = serving(before, "finish")
    done()

    answers = race(app, visitor.token, *[by(undo)] * 8)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["wrong_state"] * 7
    office = after()
    assert state_of(office, visitor.token) == "serving"
    assert actions(office, visitor.token).count("undo") == 1


@pytest.mark.parametrize("_round", THRICE)
def test_a_transfer_undone_by_eight_leaves_one_turn(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    visitor = serving(before, "transfer")
    done()

    answers = race(app, visitor.token, *[by(undo)] * 8)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["wrong_state"] * 7
    after()
    assert db.session.scalars(select(Turn.state)).all() == ["serving"]


@pytest.mark.parametrize("_round", THRICE)
def test_undoing_a_transfer_against_the_other_bidangs_call_is_one_of_them(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    visitor = serving(before, "transfer")
    done()

    def call_there(office: Office, _turn: Turn) -> None:
        seq = call_next(office, bidang_of(office, "SEK"), loket(office, 2), by=SYSTEM, now=LATER)
        if seq is None:
            raise RukoError

    answers = race(app, visitor.token, call_there, by(undo))

    assert len(successes(answers)) == 1
    office = after()
    turn = turn_of(office, visitor.token)
    calls = db.session.scalars(select(Call).order_by(Call.seq)).all()
    if successes(answers) == [0]:
        # The undo came second: it met the waiting turn that is called now, or undid the call.
        assert (turn.state, turn.bidang_id) == ("called", bidang_of(office, "SEK").id)
        assert len(calls) == 2
    else:
        assert (turn.state, turn.bidang_id) == ("serving", bidang_of(office).id)
        assert len(calls) == 1
        assert len(db.session.scalars(select(Turn)).all()) == 1


@pytest.mark.parametrize("rule", [leave, let_pass, transfer], ids=lambda rule: rule.__name__)
def test_whoever_is_slower_than_an_undone_transfer_hears_how_the_ticket_stands(
    app: Flask, before: Office, after: Inside, rule: Callable[..., object]
) -> None:
    """The turn of the other bidang may be gone altogether."""
    visitor = serving(before, "transfer")
    people(before, NOW + timedelta(seconds=1), 2, "SEK")
    done()

    def step(office: Office, turn: Turn) -> None:
        more = (bidang_of(office, "YAN"),) if rule is transfer else ()
        rule(office, turn, *more, by=SYSTEM, now=LATER)

    answers = race(app, visitor.token, by(undo), step, step)

    assert set(refusals(answers)) <= {"wrong_state", "invalid"}  # sent there already
    refused = [answer for answer in answers if isinstance(answer, WrongState)]
    assert {refusal.state for refusal in refused} <= {"serving", "cancelled", "waiting"}
    office = after()
    told = trail_of("ticket", turn_of(office, visitor.token).ticket_id)[-1].state
    assert told == state_of(office, visitor.token)


@pytest.mark.parametrize("_round", THRICE)
def test_two_desks_resume_one_visitor(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    visitor = serving(before, "hold")
    done()

    def to(number: int) -> Step:
        return lambda o, t: resume(o, t, counter=loket(o, number), by=SYSTEM, now=LATER)

    answers = race(app, visitor.token, *[to(number) for number in (1, 2, 3, 1)])

    assert len(successes(answers)) == 1
    assert set(refusals(answers)) <= {"wrong_state", "counter_busy"}
    office = after()
    assert state_of(office, visitor.token) == "called"
    assert [c.seq for c in db.session.scalars(select(Call).order_by(Call.id))] == [1, 2]


def test_recalls_at_once_say_that_it_is_too_soon(app: Flask, before: Office, after: Inside) -> None:
    """Whoever is slower hears that the visitor was announced a moment ago, whatever the engine."""
    visitor = Visitor(before, NOW)
    visitor.at("call", NOW)
    done()

    answers = race(app, visitor.token, *[by(recall)] * 6)

    assert refusals(answers) == ["too_soon"] * 5
    after()
    assert [c.seq for c in db.session.scalars(select(Call).order_by(Call.id))] == [1, 2]


def test_a_recall_slower_than_a_start_is_no_announcement(
    app: Flask, before: Office, after: Inside
) -> None:
    visitor = Visitor(before, NOW)
    visitor.at("call", NOW)
    done()

    answers = race(app, visitor.token, by(recall), by(start))

    refused = [a for a in answers if isinstance(a, RukoError)]
    assert not any(isinstance(refusal, TooSoon) for refusal in refused)
    office = after()
    lines = actions(office, visitor.token)
    assert lines in (
        ["issue", "call", "recall", "start"],
        ["issue", "call", "recall"],
        ["issue", "call", "start"],
    )
    assert state_of(office, visitor.token) == ("called" if lines[-1] == "recall" else "serving")


@pytest.mark.parametrize("_round", THRICE)
def test_leaving_against_the_call(app: Flask, before: Office, after: Inside, _round: int) -> None:
    """Either the desk calls the next one, or the visitor hears that the call was faster."""
    token, other = people(before, NOW, 2)
    done()

    answers = race(
        app,
        token,
        by(leave),
        lambda o, _t: call_next(o, bidang_of(o), loket(o), by=SYSTEM, now=LATER),
    )

    office = after()
    states = (state_of(office, token), state_of(office, other))
    if refusals(answers):
        assert refusals(answers) == ["wrong_state"]
        assert states == ("called", "waiting")
    else:
        assert states == ("cancelled", "called")
    assert len(db.session.scalars(select(Call)).all()) == 1


@pytest.mark.parametrize("_round", THRICE)
def test_letting_pass_twice_at_once_is_once(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    first, *others = people(before, NOW, 4)
    done()

    answers = race(app, first, *[by(let_pass)] * 6)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["wrong_state"] * 5
    office = after()
    assert order(office, LATER) == [others[0], first, *others[1:]]
    assert actions(office, first) == ["issue", "let_pass"]


@pytest.mark.parametrize("_round", THRICE)
def test_everybody_lets_everybody_pass_and_nobody_is_lost(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    tokens = people(before, NOW, 6)
    done()

    def press(n: int, ready: Ready) -> int:
        ready()
        office = get_office(SLUG)
        let_pass(office, turn_of(office, tokens[n]), by=SYSTEM, now=LATER)
        return n

    answers = at_once(app, 6, press)

    assert len(successes(answers)) >= 5  # the last one may have found nobody behind
    office = after()
    assert sorted(order(office, LATER)) == sorted(tokens)
    passed = select(func.count()).where(Ticket.let_pass_at.is_not(None))
    assert db.session.scalar(passed) == len(successes(answers))


@pytest.mark.parametrize("_round", THRICE)
def test_rejoining_against_the_kiosk_waits_once(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    booking = book(before, wita(6), day=MONDAY, start=time(9), end=time(10))
    booking_id = booking.id
    token, _ = check_in(before, booking, by=SYSTEM, now=NOW)
    mark_no_show(before, called(before, NOW, "PMD"), reason="Keluar", by=SYSTEM, now=NOW)
    done()

    def scan(office: Office, _turn: Turn) -> None:
        check_in(office, db.session.get_one(Booking, booking_id), by=SYSTEM, now=LATER)

    answers = race(app, token, by(rejoin), scan, by(rejoin), scan)

    assert set(refusals(answers)) <= {"wrong_state"}
    office = after()
    assert order(office, LATER, "PMD") == [token]
    again = Counter(actions(office, token))
    assert again["rejoin"] + again["check_in_again"] == 1
    assert len(db.session.scalars(select(Ticket)).all()) == 1
