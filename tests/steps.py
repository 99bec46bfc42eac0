"""A visitor's way through the office, step by step, each by its everyday name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from ruko.audit import SYSTEM, AuditEvent, trail_of
from ruko.board import snapshot
from ruko.db import db
from ruko.errors import RukoError
from ruko.offices import Office
from ruko.tickets import (
    State,
    Turn,
    call_ticket,
    finish,
    hold,
    leave,
    let_pass,
    mark_no_show,
    queue_of,
    recall,
    rejoin,
    resume,
    send_back,
    start,
    transfer,
    undo,
)
from ruko.words import board_sentence
from tests.people import bidang_of, loket, state_of, take, ticket_of, turn_of

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
STEP = 10 * SECOND
"""Between one step and the next: longer than the gap of recalls, shorter than the time to undo."""
RULES: dict[str, Callable[..., object]] = {
    "recall": recall,
    "start": start,
    "hold": hold,
    "resume": resume,
    "return": send_back,
    "no_show": partial(mark_no_show, reason="Pulang"),
    "finish": finish,
    "leave": leave,
    "rejoin": rejoin,
    "let_pass": let_pass,
    "undo": undo,
}


class Visitor:
    """Somebody with a number; `does("call", "start")` is what happens to it, ten seconds apart."""

    def __init__(
        self, office: Office, now: datetime, code: str = "PEM", *, token: str = "", counter: int = 1
    ) -> None:
        self.office, self.now, self.counter = office, now, counter
        self.token = token or take(office, now, code)

    def does(self, *steps: str, **how: Any) -> None:
        for step in steps:
            self.now += STEP
            self.at(step, self.now, **how)

    def at(self, step: str, now: datetime, **options: Any) -> None:
        """One step at that very moment."""
        how: dict[str, Any] = {"by": SYSTEM, "now": now, **options}
        if step == "call":
            bidang = bidang_of(self.office, how.pop("code", self.bidang))
            how = {"reason": "Uji"} | how
            call_ticket(self.office, bidang, loket(self.office, self.counter), self.token, **how)
        elif step == "transfer":
            to = bidang_of(self.office, how.pop("to", "SEK"))
            transfer(self.office, self.turn, to, **how)
        else:
            RULES[step](self.office, self.turn, **how)

    @property
    def turn(self) -> Turn:
        return turn_of(self.office, self.token)

    @property
    def state(self) -> State:
        return state_of(self.office, self.token)

    @property
    def bidang(self) -> str:
        return next(
            b for b in ("PEM", "PMD", "SEK") if bidang_of(self.office, b).id == self.turn.bidang_id
        )

    @property
    def trail(self) -> list[str]:
        return [line.action for line in trail_of("ticket", ticket_of(self.token).id)]

    def row(self) -> dict[str, Any]:
        """All that is kept of the turn but the book-keeping of its steps."""
        turn = self.turn
        return {
            column.name: getattr(turn, column.name)
            for column in Turn.__table__.columns
            if column.name not in {"version", "before", "stepped_at"}
        }


def people(office: Office, now: datetime, count: int, code: str = "PEM") -> list[str]:
    """So many take a number, a second apart."""
    return [take(office, now + n * SECOND, code) for n in range(count)]


def order(office: Office, now: datetime, code: str = "PEM") -> list[str]:
    """Who waits, in calling order."""
    return [v.token for v in queue_of(office, bidang_of(office, code), now=now).waiting]


def board(office: Office, now: datetime) -> dict[str, Any]:
    """The board as screens get it."""
    db.session.flush()
    return snapshot(office, now=now).as_json(board_sentence)


def actions_of(subject: str) -> list[str]:
    """What is on record of all such subjects, oldest first."""
    lines = select(AuditEvent.action).filter_by(subject=subject).order_by(AuditEvent.id)
    return list(db.session.scalars(lines))


@contextmanager
def refusal(kind: type[RukoError]) -> Iterator[pytest.ExceptionInfo[Any]]:
    """The rule refuses, and its unit of work is taken back as a door does."""
    savepoint = db.session.begin_nested()
    with pytest.raises(kind) as caught:
        yield caught
    savepoint.rollback()
    db.session.expire_all()
