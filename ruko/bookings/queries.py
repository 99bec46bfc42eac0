"""Finding rooms and bookings: `get_x` raises, `find_x` may return None."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, not_, or_, select
from sqlalchemy.orm import joinedload

from ruko.bookings.codes import is_code, normalise_code
from ruko.bookings.models import Booking, BookingState, Room, is_overdue
from ruko.db import db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, Office, Village, full_name

ON_THE_AGENDA = (BookingState.CONFIRMED, BookingState.CHECKED_IN, BookingState.IN_SESSION)


def all_rooms(office: Office) -> list[Room]:
    """The office's rooms in its own order."""
    return list(
        db.session.scalars(select(Room).filter_by(office_id=office.id).order_by(Room.position))
    )


def get_room(office: Office, room_id: object) -> Room:
    """The room with that id; raises `Invalid`."""
    for room in all_rooms(office):
        if room.id == room_id and not isinstance(room_id, bool):
            return room
    raise Invalid("room", N_("Please choose a room of this office."))


# ── Bookings ──────────────────────────────────────────────────────────────────────────────────


def _with_names() -> Select[Booking]:
    return select(Booking).options(
        joinedload(Booking.room),
        joinedload(Booking.village),
        joinedload(Booking.bidang),
        joinedload(Booking.category),
    )


def find_booking(code: str, *, office: Office | None = None) -> Booking | None:
    """The booking with that code, however it was typed; with `office`, only one of its own."""
    code = normalise_code(code)
    if not is_code(code):
        return None
    found = _with_names().where(Booking.code == code)
    if office is not None:
        found = found.where(Booking.office_id == office.id)
    return db.session.scalar(found)


def get_booking(
    code: str, *, office: Office | None = None, village: Village | None = None
) -> Booking:
    """The booking with that code; raises `NotFound`, also for another office's or village's."""
    booking = find_booking(code, office=office)
    if booking is None or (village is not None and booking.village_id != village.id):
        raise NotFound(
            N_(
                "There is no booking with this code. Please check its eight characters and try again."
            )
        )
    return booking


def bookings_of(
    office: Office,
    *,
    now: datetime,
    start: date | None = None,
    end: date | None = None,
    village: Village | None = None,
    state: str | None = None,
    limit: int = 200,
    after: tuple[datetime, int] | None = None,
) -> list[Booking]:
    """Bookings from `start` to `end` inclusive, by start and id; `after` is where a page goes on.

    `state` is the state as people see it: overdue requests count as expired.
    """
    found = _with_names().where(Booking.office_id == office.id)
    if start is not None:
        found = found.where(Booking.date >= start)
    if end is not None:
        found = found.where(Booking.date <= end)
    if village is not None:
        found = found.where(Booking.village_id == village.id)
    if state is not None:
        found = found.where(_reads_as(state, now))
    if after is not None:
        moment, last_id = after
        found = found.where(
            or_(
                Booking.starts_at > moment,
                and_(Booking.starts_at == moment, Booking.id > last_id),
            )
        )
    return list(db.session.scalars(found.order_by(Booking.starts_at, Booking.id).limit(limit)))


def _reads_as(state: str, now: datetime) -> ColumnElement[bool]:
    if state == BookingState.EXPIRED:
        return or_(Booking.state == state, is_overdue(now))
    return and_(Booking.state == state, not_(is_overdue(now)))


def pending_bookings(office: Office, now: datetime) -> list[Booking]:
    """The requests that still wait for a decision, the nearest start first."""
    return bookings_of(office, now=now, state=BookingState.PENDING)


# ── The agenda: read with each picture of the board, so a plain statement ─────────────────────


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """A room's appointment as the public board shows it: no names of people, no topic."""

    room_id: int
    room: str
    starts_at: datetime
    ends_at: datetime
    village_code: str
    village: str
    bidang: str
    state: str


_AGENDA = (
    select(
        Room.id.label("room_id"),
        Room.name.label("room"),
        Booking.starts_at,
        Booking.ends_at,
        Village.code.label("village_code"),
        Village.kind,
        Village.name,
        Bidang.code.label("bidang"),
        Booking.state,
    )
    .join(Room, Room.id == Booking.room_id)
    .join(Village, Village.id == Booking.village_id)
    .join(Bidang, Bidang.id == Booking.bidang_id)
    .where(
        Booking.office_id == bindparam("b_office"),
        Booking.starts_at >= bindparam("b_morning"),  # by index: history is never looked through
        Booking.starts_at < bindparam("b_night"),
        Booking.state.in_([str(state) for state in ON_THE_AGENDA]),
    )
    .order_by(Booking.starts_at, Room.position)
)


def agenda(office: Office, day: date) -> Sequence[AgendaEntry]:
    """The rooms' appointments of `day` that are confirmed or under way; outside visits have no room."""
    hours = {
        "b_morning": office.at(day, time.min),
        "b_night": office.at(day + timedelta(days=1), time.min),
    }
    rows = db.session.connection().execute(_AGENDA, {"b_office": office.id} | hours)
    return [
        AgendaEntry(
            row.room_id,
            row.room,
            row.starts_at,
            row.ends_at,
            row.village_code,
            full_name(row.kind, row.name),
            row.bidang,
            row.state,
        )
        for row in rows
    ]
