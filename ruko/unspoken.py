"""The day's calls that no screen spoke, and why."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Literal

from sqlalchemy import func, select

from ruko.db import db
from ruko.devices import Device
from ruko.offices import Office
from ruko.receipts import HEARD_WITHIN, Receipt, hearings
from ruko.tickets import Call, State, Ticket, Turn, ticket_code

Reason = Literal[
    "withdrawn", "recalled", "came", "expired", "shown", "pending", "unheard", "nobody"
]


@dataclass(frozen=True, slots=True)
class Unspoken:
    """A call of today that no screen spoke, and why."""

    seq: int
    code: str
    place: str
    called_at: datetime
    why: Reason
    """Undone, called again, no longer called before it was its turn, expired; shown without sound;
    still in line, past its time in line, or of a bidang that no screen shows."""


def unspoken_today(office: Office, *, now: datetime) -> tuple[int, list[Unspoken]]:
    """How many calls were made today since the office has a screen, and those not spoken, newest first."""
    first_screen = db.session.scalar(
        select(func.min(Device.created_at)).where(
            Device.office_id == office.id, Device.kind == "display", Device.revoked_at.is_(None)
        )
    )
    morning = office.at(office.day(now), time.min)
    begin = max(first_screen or morning, morning)
    rows = db.session.execute(
        select(
            Call.seq,
            Call.place,
            Call.turn_id,
            Call.called_at,
            Call.expires_at,
            Call.withdrawn_at,
            Turn.state,
            Turn.started_at,
            Turn.missed_at,
            Turn.closed_at,
            Turn.stepped_at,
            Ticket.letter,
            Ticket.number,
            func.min(Receipt.shown_at).label("shown_at"),
            func.min(Receipt.spoken_at).label("spoken_at"),
        )
        .join(Turn, Turn.id == Call.turn_id)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .outerjoin(Receipt, Receipt.call_id == Call.id)
        .where(Call.office_id == office.id, Call.called_at >= begin)
        .group_by(Call.id, Turn.id, Ticket.id)
        .order_by(Call.seq.desc())
    ).all()
    again: dict[int, datetime] = {}  # when a turn was called the next time
    called = [row.turn_id for row in rows if row.state == State.CALLED]
    heard = hearings(office, called, now=now)
    unspoken = []
    for row in rows:
        if row.spoken_at is None:
            why = _why(row, again.get(row.turn_id), now)
            if why == "pending":
                hearing = heard.get(row.turn_id)
                if hearing is None:
                    why = "nobody" if first_screen else "pending"
                elif hearing.state == "unheard":
                    why = "unheard"
            code = ticket_code(row.letter, row.number)
            unspoken.append(Unspoken(row.seq, code, row.place, row.called_at, why))
        if row.withdrawn_at is None:
            again[row.turn_id] = row.called_at
    unspoken.sort(key=lambda one: (one.called_at, one.seq), reverse=True)
    return len(rows), unspoken


def _why(row: Any, again: datetime | None, now: datetime) -> Reason:
    """What ended it first; a call that was shown long enough to be spoken had no sound."""
    left = None
    if row.state != State.CALLED:
        steps = (row.started_at, row.missed_at, row.closed_at, row.stepped_at)
        left = min((at for at in steps if at and at >= row.called_at), default=None)
    ends: list[tuple[datetime | None, Reason]] = [
        (row.withdrawn_at, "withdrawn"),
        (again, "recalled"),
        (left, "came"),
        (row.expires_at, "expired"),
    ]
    over = [(at, why) for at, why in ends if at and at <= now]
    ended, why = min(over, key=lambda end: end[0], default=(now, "pending"))
    if row.shown_at and row.shown_at + HEARD_WITHIN <= ended:
        return "shown"
    return why
