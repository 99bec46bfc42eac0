"""The life of a booking, told from its trail."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select

from ruko.accounts import User
from ruko.audit import ActorKind, trail_of
from ruko.bookings.models import Booking, Draft
from ruko.bookings.queries import all_rooms
from ruko.bookings.timetable import slots_of
from ruko.db import db
from ruko.offices import Office


@dataclass(frozen=True, slots=True)
class Where:
    """Where and when it was to be, after a step; the office visits without a room."""

    room: str | None
    date: date
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to it; `account` is the name of who did it, if they have one."""

    at: datetime
    action: str
    by: ActorKind
    account: str | None
    detail: dict[str, Any]
    where: Where | None
    """Told where the step gave it another one, or proposed one."""


def booking_history(booking: Booking) -> list[Step]:
    """What happened to it, the oldest first."""
    lines = trail_of("booking", booking.id)
    ids = {line.actor_id for line in lines if line.actor_kind == "user"}
    named = select(User.id, User.username).where(User.id.in_(ids))
    accounts = {row.id: row.username for row in db.session.execute(named)}
    office, rooms = booking.office, {room.id: room.name for room in all_rooms(booking.office)}
    steps: list[Step] = []
    last: Where | None = None
    for line in lines:
        place = _proposed(line.detail, rooms) or _place(office, line.detail, rooms)
        steps.append(
            Step(
                line.at,
                line.action,
                line.actor_kind,
                accounts.get(line.actor_id) if line.actor_kind == "user" else None,
                line.detail,
                place if place != last else None,
            )
        )
        last = place if place and line.action != "propose" else last
    return steps


def _place(office: Office, detail: dict[str, Any], rooms: dict[int, str]) -> Where | None:
    if "slots" not in detail:
        return None
    day = date.fromisoformat(detail["date"])
    first, last = detail["slots"]
    slots = {slot.no: slot for slot in slots_of(office, day)}
    if first not in slots or last not in slots:
        return None  # the timetable was changed since
    return Where(rooms.get(detail["room"]), day, slots[first].starts, slots[last].ends)


def _proposed(detail: dict[str, Any], rooms: dict[int, str]) -> Where | None:
    draft = db.session.get(Draft, detail["draft"]) if "draft" in detail else None
    if draft is None or draft.date is None:
        return None
    start, end = draft.hours
    return Where(rooms.get(draft.room_id or 0), draft.date, start.time(), end.time())
