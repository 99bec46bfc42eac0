"""What visitors, villages and staff do, in one line each; and many of them at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import select

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Booking
from ruko.db import db, writing
from ruko.errors import RukoError
from ruko.offices import (
    Bidang,
    Counter,
    Office,
    Village,
    all_counters,
    get_bidang,
    get_category,
    get_village,
)
from ruko.tickets import (
    Call,
    State,
    Ticket,
    Turn,
    VisitorKind,
    call_next,
    find_turn,
    history_of,
    issue,
    recall,
    ticket_code,
)

BINJAI = "63.11.07.2008"
TUESDAY = date(2026, 11, 24)
PATIENCE_SECONDS = 120
"""Longer than any thread of a test ever takes; only a deadlock of the test itself reaches it."""

Made = TypeVar("Made")


# ── In one unit of work ───────────────────────────────────────────────────────────────────────


def bidang_of(office: Office, code: str = "PEM") -> Bidang:
    return get_bidang(office, code)


def loket(office: Office, number: int = 1) -> Counter:
    return all_counters(office)[number - 1]


def binjai(office: Office) -> Village:
    return get_village(office, BINJAI)


def take(office: Office, now: datetime, code: str = "PEM", *, priority: bool = False) -> str:
    """A resident takes a number; returns the ticket's token."""
    return issue(
        office,
        get_bidang(office, code),
        visitor=VisitorKind.RESIDENT,
        priority=priority,
        by=SYSTEM,
        now=now,
    )


def turn_of(office: Office, token: str) -> Turn:
    turn = find_turn(office, token)
    assert turn is not None
    return turn


def state_of(office: Office, token: str) -> State:
    """What is kept, whatever the day."""
    return State(turn_of(office, token).state)


def ticket_of(token: str) -> Ticket:
    return db.session.scalars(select(Ticket).filter_by(token=token)).one()


def code_of(token: str) -> str:
    ticket = ticket_of(token)
    return ticket_code(ticket.letter, ticket.number)


def call(office: Office, now: datetime, code: str = "PEM", *, counter: int = 1) -> Call | None:
    """A desk calls whoever is next."""
    seq = call_next(office, get_bidang(office, code), loket(office, counter), by=SYSTEM, now=now)
    return None if seq is None else call_of(office, seq)


def call_of(office: Office, seq: int) -> Call:
    return db.session.scalars(select(Call).filter_by(office_id=office.id, seq=seq)).one()


def called(office: Office, now: datetime, code: str = "PEM", *, counter: int = 1) -> Turn:
    """A desk calls whoever is next, and somebody is; returns their turn."""
    made = call(office, now, code, counter=counter)
    assert made is not None
    return turn_in(made)


def turn_in(made: Call) -> Turn:
    """The turn that was called, as it is now."""
    return db.session.get_one(Turn, made.turn_id, populate_existing=True)


def call_again(office: Office, turn: Turn, now: datetime) -> Call:
    return call_of(office, recall(office, turn, by=SYSTEM, now=now))


def book(office: Office, now: datetime, **changes: Any) -> Booking:
    """Desa Binjai books the small room for Tuesday at nine, to see PMD, unless changed."""
    wish: dict[str, Any] = {
        "village": binjai(office),
        "bidang": get_bidang(office, "PMD"),
        "category": get_category(office, "stunting"),
        "topic": "Rembuk stunting",
        "attendees": 5,
        "leader": "Rahmawati",
        "phone": None,
        "room": bookings.all_rooms(office)[0],
        "day": TUESDAY,
        "start": time(9),
        "end": time(10),
        "by": SYSTEM,
        "on_behalf": False,
    }
    return bookings.book(office, now=now, **(wish | changes))


def steps_of(token: str) -> list[tuple[str, str | None, str | None]]:
    """The ticket's history as (state, bidang, place)."""
    return [(step.state, step.bidang, step.place) for step in history_of(ticket_of(token).id)]


# ── Many at once ──────────────────────────────────────────────────────────────────────────────


def at_once(
    app: Flask, count: int, work: Callable[[int, Callable[[], Any]], Made]
) -> list[Made | RukoError]:
    """Let `count` people act at the same moment, each in a thread and a session of their own.

    `work(n, ready)` loads what it needs, calls `ready()` where all wait for each other, and acts;
    what it returns is committed. Answers with each one's result or refusal.
    """
    start = threading.Barrier(count)

    def person(n: int) -> Made | RukoError:
        def ready() -> None:
            db.session.rollback()  # nobody holds the write lock while the others get ready
            start.wait(PATIENCE_SECONDS)

        with app.app_context(), writing():
            try:
                made = work(n, ready)
                db.session.commit()
            except RukoError as refusal:
                db.session.rollback()
                return refusal
            return made

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(person, range(count)))


def refusals(answers: list[Any]) -> list[str]:
    return sorted(answer.code for answer in answers if isinstance(answer, RukoError))


def successes(answers: list[Any]) -> list[Any]:
    return [answer for answer in answers if not isinstance(answer, RukoError)]
