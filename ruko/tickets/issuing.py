"""Taking a number, and arriving with a booking."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from ruko.audit import Actor, trail
from ruko.bookings import Booking, arrive
from ruko.db import db, per_engine, values_of
from ruko.errors import N_, Invalid, RukoError
from ruko.offices import (
    Bidang,
    Office,
    Service,
    Village,
    change_board,
    first_open_days,
    require_numbers,
    spans_on,
)
from ruko.tickets.days import begin_day
from ruko.tickets.leaving import waiting_anew
from ruko.tickets.models import (
    OPEN,
    TOKEN_BYTES,
    State,
    Ticket,
    TicketSeries,
    Turn,
    VisitorKind,
)

GONE = (State.NO_SHOW, State.CANCELLED)
"""A booking's visitors who come back scan their code again."""

_series = TicketSeries.__table__
_tickets = Ticket.__table__
_turns = Turn.__table__

_next = per_engine(
    lambda insert: (
        insert(_series)
        .values(values_of("office_id", "day", "letter") | {"last": 1})
        .on_conflict_do_update(
            index_elements=["office_id", "day", "letter"], set_={"last": _series.c.last + 1}
        )
        .returning(_series.c.last)
    )
)
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
    values_of(
        *("ticket_id", "bidang_id", "day", "rank_at", "entered_at", "note", "before", "stepped_at")
    )
    | {"state": State.WAITING.value, "announcements": 0, "version": 1}
)


class QueueFull(RukoError):
    """All numbers of the day are taken."""

    code = "queue_full"
    status = 409
    message = N_(
        "No more numbers for %(bidang)s today: all %(count)d have been taken."
        " Numbers are given again on %(opens)s."
    )

    def __init__(self, office: Office, bidang: Bidang, limit: int, *, now: datetime) -> None:
        opens = None
        for day in first_open_days(office, office.day(now) + timedelta(days=1), 1):
            opens = office.local(spans_on(office, day)[0][0].opens)
        values = {"bidang": bidang.name, "count": limit}
        if opens is None:
            super().__init__(
                N_("No more numbers for %(bidang)s today: all %(count)d have been taken."), **values
            )
        else:
            super().__init__(**values, opens=opens)


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
    Raises `Closed` outside service hours and after the last-number time, `QueueFull` when the day's
    numbers are used up, `Invalid` for a village that was left out by an official or named by others.
    """
    if (visitor == VisitorKind.VILLAGE_OFFICIAL) != (village is not None):
        raise Invalid(
            "village",
            N_("Village officials choose their village.")
            if village is None
            else N_("Only village officials name a village."),
        )
    require_numbers(office, now)
    begin_day(office, now=now)
    head_start = timedelta(minutes=office.priority_head_start_minutes if priority else 0)
    return _enter(
        office,
        bidang,
        rank_at=now - head_start,
        visitor=visitor,
        village_id=village.id if village else None,
        service_id=service.id if service else None,
        priority=priority,
        limit=bidang.daily_capacity,
        by=by,
        now=now,
    )


def check_in(office: Office, booking: Booking, *, by: Actor, now: datetime) -> tuple[str, bool]:
    """Give the booking's visitors their number; returns the token and whether it is new.

    The same booking has one ticket however often it is scanned.
    A ticket that was missed or left waits again while the booking's slot lasts.
    Raises what `arrive` raises: `WrongState`, `TooSoon`, `TooLate`, `Closed`.
    """
    begin_day(office, now=now)
    known = _ticket_of(booking)
    if known and known.state in OPEN and known.day == office.day(now):
        return known.token, False
    arrive(booking, by=by, now=now)
    known = _ticket_of(booking)  # the booking's row is ours now; an equal scan has come and gone
    if known:
        if known.state in GONE:
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


def _next_number(office: Office, day: date, letter: str) -> int:
    series = {"b_office_id": office.id, "b_day": day, "b_letter": letter}
    return int(db.session.connection().execute(_next(), series).scalar_one())


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
    limit: int | None = None,
    by: Actor,
    now: datetime,
) -> str:
    day = office.day(now)
    number = _next_number(office, day, bidang.letter)
    if limit is not None and number > limit:
        raise QueueFull(office, bidang, limit, now=now)
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
    came_from: int | None = None,
) -> None:
    """Let the ticket wait for `bidang`; a transfer, which may be undone, says from which turn it came."""
    db.session.connection().execute(
        _TURN,
        {
            "b_ticket_id": ticket_id,
            "b_bidang_id": bidang.id,
            "b_day": day,
            "b_rank_at": rank_at,
            "b_entered_at": now,
            "b_note": note,
            "b_before": {"came_from": came_from} if came_from else None,
            "b_stepped_at": now if came_from else None,
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
        .where(Turn.id == missed.turn_id, Turn.state.in_(GONE))
        .values(rank_at=_booked_rank(office, booking, now), before=None, **waiting_anew(now))
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
