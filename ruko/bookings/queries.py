"""Finding rooms and bookings: `get_x` raises, `find_x` may return None."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, not_, or_, select
from sqlalchemy.orm import joinedload

from ruko.audit import AuditEvent
from ruko.bookings.codes import is_code, normalise_code
from ruko.bookings.models import Booking, BookingState, Room, is_absent, is_overdue
from ruko.db import db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, Office, Village, full_name

ARRIVED = (BookingState.CHECKED_IN, BookingState.IN_SESSION)
ON_THE_AGENDA = (BookingState.CONFIRMED, *ARRIVED)
CALLED_OFF = (BookingState.DECLINED, BookingState.CANCELLED, BookingState.EXPIRED)


_ROOMS = select(Room).where(Room.office_id == bindparam("b_office")).order_by(Room.position)


def all_rooms(office: Office) -> list[Room]:
    """The office's rooms in its own order."""
    return list(db.session.scalars(_ROOMS, {"b_office": office.id}))


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
    to_confirm: bool = False,
    limit: int = 200,
    after: tuple[datetime, int] | None = None,
) -> list[Booking]:
    """Bookings from `start` to `end` inclusive, by start and id; `after` is where a page goes on.

    `state` is the state as people see it: overdue requests count as expired.
    `to_confirm`: only what was booked on the village's behalf and waits for its yes.
    """
    found = _with_names().where(Booking.office_id == office.id)
    if start is not None:
        found = found.where(Booking.date >= start)
    if end is not None:
        found = found.where(Booking.date <= end)
    if village is not None:
        found = found.where(Booking.village_id == village.id)
    if state is not None:
        found = found.where(_reads_as(office, state, now))
    if to_confirm:
        found = found.where(
            Booking.on_behalf,
            Booking.village_confirmed_at.is_(None),
            or_(
                *(_reads_as(office, s, now) for s in (BookingState.PENDING, BookingState.CONFIRMED))
            ),
        )
    if after is not None:
        moment, last_id = after
        found = found.where(
            or_(
                Booking.starts_at > moment,
                and_(Booking.starts_at == moment, Booking.id > last_id),
            )
        )
    return list(db.session.scalars(found.order_by(Booking.starts_at, Booking.id).limit(limit)))


def _reads_as(office: Office, state: str, now: datetime) -> ColumnElement[bool]:
    """What `shown_state` says of each, as a query."""
    by_time = {
        str(BookingState.EXPIRED): is_overdue(now),
        str(BookingState.NO_SHOW): is_absent(office, now),
    }
    changed = or_(*by_time.values())
    now_so = by_time.get(state)
    as_written = and_(Booking.state == state, not_(changed))
    return as_written if now_so is None else or_(as_written, now_so)


def moved_last(bookings: Collection[Booking]) -> dict[int, datetime]:
    """When each of them was moved last, by its id; those that never were are not in it."""
    rows = db.session.execute(
        select(AuditEvent.subject_id, func.max(AuditEvent.at).label("at"))
        .where(
            AuditEvent.subject == "booking",
            AuditEvent.subject_id.in_([booking.id for booking in bookings]),
            AuditEvent.action.in_(["move", "accept"]),
        )
        .group_by(AuditEvent.subject_id)
    )
    return {row.subject_id: row.at for row in rows}


def pending_bookings(office: Office, now: datetime) -> list[Booking]:
    """The requests that still wait for a decision, the nearest start first."""
    return bookings_of(office, now=now, state=BookingState.PENDING)


def pending_count(office: Office, now: datetime) -> int:
    """How many requests still wait; asked for by every page of the desk."""
    waiting = select(func.count()).where(
        Booking.office_id == office.id,
        Booking.state == BookingState.PENDING,
        not_(is_overdue(now)),
    )
    return db.session.scalar(waiting) or 0


def unconfirmed_bookings(office: Office, now: datetime) -> list[Booking]:
    """What was booked on behalf of villages that have not said yes to it, the nearest first."""
    found = _with_names().where(
        Booking.office_id == office.id,
        Booking.on_behalf,
        Booking.village_confirmed_at.is_(None),
        Booking.state.in_((BookingState.PENDING, BookingState.CONFIRMED)),
        Booking.starts_at > now,
    )
    return list(db.session.scalars(found.order_by(Booking.starts_at, Booking.id)))


def meetings_from(
    office: Office, day: date, *, bidang: Bidang | None, now: datetime, until: date | None = None
) -> list[Booking]:
    """The meetings from `day` on that take place, may take place, took place or were missed."""
    found = _with_names().where(
        Booking.office_id == office.id,
        Booking.date >= day,
        Booking.state.not_in(CALLED_OFF),
        not_(is_overdue(now)),
    )
    if until is not None:
        found = found.where(Booking.date <= until)
    if bidang is not None:
        found = found.where(Booking.bidang_id == bidang.id)
    return list(db.session.scalars(found.order_by(Booking.starts_at, Booking.id)))


def unrecorded_visits(office: Office, *, bidang: Bidang | None, now: datetime) -> list[Booking]:
    """Outside visits that are over, and of which nobody has said yet that they took place."""
    found = _with_names().where(
        Booking.office_id == office.id,
        Booking.room_id.is_(None),
        Booking.state == BookingState.CONFIRMED,
        Booking.ends_at <= now,
    )
    if bidang is not None:
        found = found.where(Booking.bidang_id == bidang.id)
    return list(db.session.scalars(found.order_by(Booking.starts_at, Booking.id)))


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
        or_(
            Booking.state.in_([str(state) for state in ARRIVED]),
            and_(
                Booking.state == str(BookingState.CONFIRMED),
                Booking.starts_at > bindparam("b_awaited"),
            ),
        ),
    )
    .order_by(Booking.starts_at, Room.position)
)


def agenda(office: Office, day: date, *, now: datetime) -> Sequence[AgendaEntry]:
    """The rooms' appointments of `day` that are awaited or under way; outside visits have no room."""
    hours = {
        "b_awaited": now - timedelta(minutes=office.no_show_minutes),
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
