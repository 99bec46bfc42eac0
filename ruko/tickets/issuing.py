"""Taking a number, and arriving with a booking."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, insert, select, update

from ruko.audit import SYSTEM, Actor, trail
from ruko.bookings import Booking, arrive, close_past
from ruko.db import db, upsert, values_of
from ruko.errors import N_, Invalid
from ruko.offices import Bidang, Office, Service, Village, change_board, require_numbers
from ruko.tickets.models import (
    OPEN,
    TOKEN_BYTES,
    State,
    Ticket,
    TicketSeries,
    Turn,
    VisitorKind,
)

_tickets = Ticket.__table__
_turns = Turn.__table__

_TICKET = (
    insert(_tickets)  # type: ignore[arg-type]  # a mapped table is a Table
    .values(
        values_of(
            *("office_id", "day", "letter", "number", "token", "priority", "visitor"),
            *("village_id", "service_id", "booking_id", "issued_at"),
        )
    )
    .returning(_tickets.c.id)
)
_TURN = insert(_turns).values(  # type: ignore[arg-type]  # a mapped table is a Table
    values_of("ticket_id", "bidang_id", "day", "rank_at", "entered_at", "note")
    | {"state": State.WAITING.value, "announcements": 0, "version": 1}
)


def issue(
    office: Office,
    bidang: Bidang,
    *,
    visitor: VisitorKind,
    village: Village | None = None,
    service: Service | None = None,
    priority: bool = False,
    by: Actor,
    now: datetime,
) -> str:
    """Give the next number of the bidang's letter; returns the new ticket's token.

    Numbers of an office, day and letter are 1, 2, 3, … without a gap.
    Raises `Closed` outside service hours and after the last-number time, `Invalid` for a village
    that was left out by an official or named by anybody else.
    """
    if (visitor == VisitorKind.VILLAGE_OFFICIAL) != (village is not None):
        raise Invalid(
            "village",
            N_("Village officials choose their village.")
            if village is None
            else N_("Only village officials name a village."),
        )
    require_numbers(office, now)
    head_start = timedelta(minutes=office.priority_head_start_minutes if priority else 0)
    return _enter(
        office,
        bidang,
        rank_at=now - head_start,
        visitor=visitor,
        village_id=village.id if village else None,
        service_id=service.id if service else None,
        priority=priority,
        by=by,
        now=now,
    )


def check_in(office: Office, booking: Booking, *, by: Actor, now: datetime) -> tuple[str, bool]:
    """Give the booking's visitors their number; returns the token and whether it is new.

    The same booking has one ticket however often it is scanned.
    A ticket that was missed waits again while the booking's slot lasts.
    Raises what `arrive` raises: `WrongState`, `TooSoon`, `TooLate`, `Closed`.
    """
    known = _ticket_of(booking)
    if known and known.state in OPEN and known.day == office.day(now):
        return known.token, False
    arrive(booking, by=by, now=now)
    known = _ticket_of(booking)  # the booking's row is ours now; an equal scan has come and gone
    if known:
        if known.state == State.NO_SHOW:
            _wait_again(office, booking, known, by=by, now=now)
        return known.token, False
    token = _enter(
        office,
        booking.bidang,
        rank_at=_booked_rank(office, booking, now),
        visitor=VisitorKind.VILLAGE_OFFICIAL,
        village_id=booking.village_id,
        booking_id=booking.id,
        by=by,
        now=now,
    )
    return token, True


def close_past_days(office: Office, *, now: datetime) -> None:
    """Close what other days left open, as expired; the first number of a day does this.

    "Other" and not "earlier": a computer clock may have been wrong and put right.
    """
    today = office.day(now)
    here = exists().where(Ticket.id == Turn.ticket_id, Ticket.office_id == office.id)
    closed = db.session.execute(
        update(Turn)
        .where(Turn.state.in_(OPEN), Turn.day != today, here)
        .values(state=State.EXPIRED, closed_at=now, version=Turn.version + 1)
        .returning(Turn.ticket_id)
    ).scalars()
    for ticket_id in closed.all():
        trail(
            "ticket", ticket_id, "expire", office_id=office.id, by=SYSTEM, now=now, state="expired"
        )
    close_past(office, now=now)


def _next_number(office: Office, day: date, letter: str) -> int:
    series = TicketSeries.__table__
    statement = (
        upsert(series)
        .values(office_id=office.id, day=day, letter=letter, last=1)
        .on_conflict_do_update(
            index_elements=["office_id", "day", "letter"], set_={"last": series.c.last + 1}
        )
        .returning(series.c.last)
    )
    return int(db.session.connection().execute(statement).scalar_one())


def _enter(
    office: Office,
    bidang: Bidang,
    *,
    rank_at: datetime,
    visitor: VisitorKind,
    village_id: int | None,
    service_id: int | None = None,
    booking_id: int | None = None,
    priority: bool = False,
    by: Actor,
    now: datetime,
) -> str:
    day = office.day(now)
    number = _next_number(office, day, bidang.letter)
    if number == 1:
        close_past_days(office, now=now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection = db.session.connection()
    ticket_id = connection.execute(
        _TICKET,
        {
            "b_office_id": office.id,
            "b_day": day,
            "b_letter": bidang.letter,
            "b_number": number,
            "b_token": token,
            "b_priority": priority,
            "b_visitor": visitor.value,
            "b_village_id": village_id,
            "b_service_id": service_id,
            "b_booking_id": booking_id,
            "b_issued_at": now,
        },
    ).scalar_one()
    open_turn(ticket_id, bidang, day=day, rank_at=rank_at, now=now)
    trail(
        "ticket",
        ticket_id,
        "issue",
        office_id=office.id,
        by=by,
        now=now,
        state=State.WAITING.value,
        bidang=bidang.code,
    )
    change_board(office.id, bidang.code)
    return token


def open_turn(
    ticket_id: int,
    bidang: Bidang,
    *,
    day: date,
    rank_at: datetime,
    now: datetime,
    note: str | None = None,
) -> None:
    """Let the ticket wait for `bidang`."""
    db.session.connection().execute(
        _TURN,
        {
            "b_ticket_id": ticket_id,
            "b_bidang_id": bidang.id,
            "b_day": day,
            "b_rank_at": rank_at,
            "b_entered_at": now,
            "b_note": note,
        },
    )


def _booked_rank(office: Office, booking: Booking, now: datetime) -> datetime:
    """On time: a head start before the slot; late: as a walk-in."""
    if now <= booking.starts_at + timedelta(minutes=office.booking_late_minutes):
        return booking.starts_at - timedelta(minutes=office.booking_head_start_minutes)
    return now


def _ticket_of(booking: Booking) -> Any:
    return db.session.execute(
        select(
            Ticket.id.label("ticket_id"),
            Ticket.token,
            Ticket.day,
            Turn.id.label("turn_id"),
            Turn.bidang_id,
            Turn.state,
        )
        .join(Turn, Turn.ticket_id == Ticket.id)
        .where(Ticket.booking_id == booking.id)
        .order_by(Turn.id.desc())
        .limit(1)
    ).one_or_none()


def _wait_again(office: Office, booking: Booking, missed: Any, *, by: Actor, now: datetime) -> None:
    again = db.session.execute(
        update(Turn)
        .where(Turn.id == missed.turn_id, Turn.state == State.NO_SHOW)
        .values(
            state=State.WAITING,
            counter_id=None,
            rank_at=_booked_rank(office, booking, now),
            called_at=None,
            announcements=0,
            version=Turn.version + 1,
        )
        .returning(Turn.id)
    ).scalar()
    if again is None:
        return  # somebody was faster; the ticket waits already
    bidang = db.session.get_one(Bidang, missed.bidang_id)
    trail(
        "ticket",
        missed.ticket_id,
        "check_in_again",
        office_id=office.id,
        by=by,
        now=now,
        state=State.WAITING.value,
        bidang=bidang.code,
    )
    change_board(office.id, bidang.code)
