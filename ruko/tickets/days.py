"""One day's queue ends with the day: the office's first write of another day closes what was left.

A computer's clock may be wrong for an hour: a day that comes back goes on where it was.
"""

from datetime import datetime

from sqlalchemy import exists, update

from ruko.audit import SYSTEM, trail
from ruko.bookings import BookingState, close_past, step_back
from ruko.db import db
from ruko.offices import Bidang, Counter, Office, change_board
from ruko.tickets.models import OPEN, CounterBreak, State, Ticket, Turn, state_in


def begin_day(office: Office, *, now: datetime) -> None:
    """Close what other days left open, once a day; every rule of the queue begins with this.

    A day only expires from another one. So what is expired of today was closed by a wrong clock,
    and waits again.
    """
    today = office.day(now)
    if office.queue_day == today:
        return
    begun = db.session.execute(
        update(Office)
        .where(Office.id == office.id, Office.queue_day.is_distinct_from(today))
        .values(queue_day=today)
        .returning(Office.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    db.session.refresh(office, ["queue_day"])
    if begun is not None:
        close_past_days(office, now=now)
        _go_on(office, now=now)


def close_past_days(office: Office, *, now: datetime) -> None:
    """Close what other days left open, as expired.

    "Other" and not "earlier": a computer clock may have been wrong and put right.
    """
    today = office.day(now)
    here = exists().where(Ticket.id == Turn.ticket_id, Ticket.office_id == office.id)
    closed = db.session.execute(
        update(Turn)
        .where(state_in(*OPEN), Turn.day != today, here)
        .values(state=State.EXPIRED, closed_at=now, before=None, version=Turn.version + 1)
        .returning(Turn.ticket_id)
    ).scalars()
    for ticket_id in closed.all():
        trail(
            "ticket", ticket_id, "expire", office_id=office.id, by=SYSTEM, now=now, state="expired"
        )
    its_place = exists().where(
        Counter.id == CounterBreak.counter_id, Counter.office_id == office.id
    )
    db.session.execute(
        update(CounterBreak)
        .where(CounterBreak.ended_at.is_(None), CounterBreak.day != today, its_place)
        .values(ended_at=now)
    )
    close_past(office, now=now)


def _go_on(office: Office, *, now: datetime) -> None:
    """Let wait again, at their old places, whom a wrong clock had closed today."""
    here = exists().where(Ticket.id == Turn.ticket_id, Ticket.office_id == office.id)
    again = db.session.execute(
        update(Turn)
        .where(Turn.state == State.EXPIRED, Turn.day == office.day(now), here)
        .values(
            state=State.WAITING,
            closed_at=None,
            counter_id=None,
            called_at=None,
            called_by=None,
            started_at=None,
            held_reason=None,
            announcements=0,
            version=Turn.version + 1,
        )
        .returning(Turn.ticket_id, Turn.bidang_id)
    ).all()
    codes = {b: db.session.get_one(Bidang, b).code for b in {row.bidang_id for row in again}}
    for row in again:
        trail(
            "ticket",
            row.ticket_id,
            "go_on",
            office_id=office.id,
            by=SYSTEM,
            now=now,
            state=State.WAITING.value,
            bidang=codes[row.bidang_id],
        )
        ticket = db.session.get_one(Ticket, row.ticket_id)
        if ticket.booking_id:
            step_back(ticket.booking_id, BookingState.CHECKED_IN, by=SYSTEM, now=now)
    if again:
        change_board(office.id, *codes.values())
