"""Who has coordinated and who has not: when each village was last here, by a meeting or at a counter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, not_, select
from sqlalchemy.orm import aliased

from ruko.bookings import Booking, BookingState
from ruko.db import db
from ruko.offices import Office, Village, full_name
from ruko.tickets import State, Ticket, Turn
from ruko.tickets.models import state_in

MOST_WEEKS = 52
_TOOK_PLACE = (BookingState.CHECKED_IN, BookingState.IN_SESSION, BookingState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Coordination:
    """One village: when it was last here, how often this year, and when it comes next."""

    code: str
    village: str
    last: date | None
    weeks: int | None
    """Whole weeks since then."""
    this_year: int
    next_at: datetime | None
    next_code: str | None

    def is_quiet(self, weeks: int) -> bool:
        """Whether it has not been here for so many weeks, or never."""
        return self.weeks is None or self.weeks >= weeks


def _took_place() -> Any:
    """Meetings of the village that took place, or began by arriving today."""
    return and_(
        Booking.village_id == Village.id,
        Booking.starts_at < bindparam("b_tomorrow"),
        Booking.state.in_([str(state) for state in _TOOK_PLACE]),
    )


def _served() -> Any:
    """Numbers of the village's officials that were served, up to today."""
    return and_(
        Ticket.village_id == Village.id,
        Ticket.day <= bindparam("b_today"),
        exists().where(Turn.ticket_id == Ticket.id, state_in(State.DONE)),
    )


_met = aliased(Booking)
_coming = (
    select(Booking.id)
    .where(
        Booking.village_id == Village.id,
        Booking.starts_at > bindparam("b_now"),
        Booking.state.in_([str(BookingState.PENDING), str(BookingState.CONFIRMED)]),
    )
    .order_by(Booking.starts_at, Booking.id)
    .limit(1)
    .scalar_subquery()
)
_next = aliased(Booking)
_COORDINATION = (
    select(
        Village.code,
        Village.kind,
        Village.name,
        select(Booking.date)
        .where(_took_place())
        .order_by(Booking.starts_at.desc())
        .limit(1)
        .scalar_subquery()
        .label("met_on"),
        select(Ticket.day)
        .where(_served())
        .order_by(Ticket.day.desc())
        .limit(1)
        .scalar_subquery()
        .label("served_on"),
        select(func.count())
        .where(_took_place(), Booking.starts_at >= bindparam("b_year_began"))
        .scalar_subquery()
        .label("meetings"),
        select(func.count())
        .where(
            _served(),
            Ticket.day >= bindparam("b_new_year"),
            not_(  # its number at the kiosk is the same meeting
                exists().where(
                    _met.id == Ticket.booking_id,
                    _met.state.in_([str(state) for state in _TOOK_PLACE]),
                )
            ),
        )
        .scalar_subquery()
        .label("visits"),
        _next.starts_at.label("next_at"),
        _next.code.label("next_code"),
    )
    .outerjoin(_next, _next.id == _coming)
    .where(Village.office_id == bindparam("b_office"))
)


def coordination_of(office: Office, *, now: datetime) -> Sequence[Coordination]:
    """All villages of the office: those that never came first, then the longest absent.

    A meeting that took place counts, and a number under which an official was served; never what
    is still to come.
    """
    today = office.day(now)
    new_year = today.replace(month=1, day=1)
    asked = {
        "b_office": office.id,
        "b_now": now,
        "b_today": today,
        "b_tomorrow": office.at(today + timedelta(days=1), time.min),
        "b_new_year": new_year,
        "b_year_began": office.at(new_year, time.min),
    }
    found = [_tell(row, today) for row in db.session.connection().execute(_COORDINATION, asked)]
    return sorted(found, key=lambda c: (c.last or date.min, c.code))


def _tell(row: Any, today: date) -> Coordination:
    last = max((day for day in (row.met_on, row.served_on) if day), default=None)
    return Coordination(
        row.code,
        full_name(row.kind, row.name),
        last,
        None if last is None else (today - last).days // 7,
        row.meetings + row.visits,
        row.next_at,
        row.next_code,
    )
