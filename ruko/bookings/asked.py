"""What the office needs to decide on a request: what it takes, what it meets, and a way out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ruko.bookings.attachments import Attachment, attachments_of
from ruko.bookings.decisions import Collision, collision_of
from ruko.bookings.errors import Alternative
from ruko.bookings.models import Booking, Draft, Room
from ruko.bookings.moving import last_answer, nearest_times, proposal_for
from ruko.bookings.occupied import occupied_between
from ruko.bookings.queries import all_rooms, pending_bookings
from ruko.bookings.quotas import Quota, quota_of
from ruko.offices import Office


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the operator sees it; `room` or `time` is the way out of a collision."""

    booking: Booking
    collision: Collision
    quota: Quota
    papers: list[Attachment]
    proposal: Draft | None
    answer: Literal["refused", "unanswered"] | None
    """What came of the last proposal, where none waits now."""
    room: Room | None
    time: Alternative | None

    @property
    def collides(self) -> bool:
        return self.collision.closure is not None or self.collision.short_of_officers


def all_asked(office: Office, now: datetime) -> list[Asked]:
    """The requests that wait for a decision, the oldest first."""
    waiting = pending_bookings(office, now)
    return [asked(b, now) for b in sorted(waiting, key=lambda b: (b.created_at, b.id))]


def asked(booking: Booking, now: datetime) -> Asked:
    """One request, and what is to be known about it."""
    collision = collision_of(booking, now)
    room = time = None
    if collision.closure:
        room = next(iter(free_rooms(booking, now)), None)
    if room is None and (collision.closure or collision.short_of_officers):
        time = next(iter(nearest_times(booking, now)), None)
    return Asked(
        booking,
        collision,
        quota_of(booking.office, booking.village, booking.date, now),
        attachments_of(booking),
        proposal_for(booking, now=now),
        last_answer(booking, now=now),
        room,
        time,
    )


def free_rooms(booking: Booking, now: datetime) -> Iterable[Room]:
    """The other rooms that are large enough, and free for all of the booking's time."""
    if booking.room is None:
        return []
    office, day = booking.office, booking.date
    occupied = occupied_between(office, day, day, now)
    slots = range(booking.first_slot, booking.last_slot + 1)
    return [
        room
        for room in all_rooms(office)
        if room.id != booking.room_id
        and room.capacity >= booking.attendees
        and all(occupied.free(room, None, day, no) for no in slots)
    ]
