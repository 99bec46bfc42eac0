"""What a meeting led to: how the visit of its ticket ended, as its village may read it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from ruko.bookings import Booking
from ruko.db import db
from ruko.offices import Bidang
from ruko.tickets.models import OPEN, State, Ticket, Turn
from ruko.tickets.visits import ticket_code


@dataclass(frozen=True, slots=True)
class Result:
    """How the stay with one bidang ended, and the note that was written for the visitor."""

    at: datetime
    bidang: str
    outcome: str | None
    note: str | None


def results_of(bookings: Collection[Booking]) -> dict[int, list[Result]]:
    """What was told at the end of their visits, the first bidang first, by the booking's id."""
    rows = db.session.execute(
        select(Ticket.booking_id, Turn.closed_at, Bidang.name, Turn.outcome, Turn.result_note)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .join(Bidang, Bidang.id == Turn.bidang_id)
        .where(
            Ticket.booking_id.in_([booking.id for booking in bookings]),
            Turn.state == State.DONE,
            or_(Turn.outcome.is_not(None), Turn.result_note.is_not(None)),
        )
        .order_by(Turn.id)
    )
    found: dict[int, list[Result]] = {}
    for row in rows:
        told = Result(row.closed_at, row.name, row.outcome, row.result_note)
        found.setdefault(row.booking_id, []).append(told)
    return found


def open_ticket_of(booking: Booking) -> str | None:
    """The number under which the meeting waits or is served now: it ends where that one ends."""
    row = db.session.execute(
        select(Ticket.letter, Ticket.number)
        .join(Turn, Turn.ticket_id == Ticket.id)
        .where(Ticket.booking_id == booking.id, Turn.state.in_(OPEN))
        .limit(1)
    ).one_or_none()
    return ticket_code(row.letter, row.number) if row else None
