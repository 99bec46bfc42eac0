"""What the office needs to decide on a request: what it takes, what it meets, and a way out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ruko.bookings.attachments import Attachment, papers_by_booking
from ruko.bookings.claims import period_of
from ruko.bookings.closures import closures_between
from ruko.bookings.decisions import Collision, collision_of
from ruko.bookings.errors import Alternative
from ruko.bookings.models import Booking, Draft, Room
from ruko.bookings.moving import last_answers, nearest_times, proposals_for
from ruko.bookings.occupied import occupied_between, officers_between
from ruko.bookings.queries import all_rooms, pending_bookings
from ruko.bookings.quotas import Quota, quotas_of
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
        return self.collision.is_one


def all_asked(office: Office, now: datetime) -> list[Asked]:
    """The requests that wait for a decision, the oldest first."""
    waiting = pending_bookings(office, now)
    return asked_of(sorted(waiting, key=lambda b: (b.created_at, b.id)), now)


def asked(booking: Booking, now: datetime) -> Asked:
    """One request, and what is to be known about it."""
    return asked_of([booking], now)[0]


def asked_of(bookings: Sequence[Booking], now: datetime) -> list[Asked]:
    """The same of many of one office; only ways out are looked for one by one."""
    if not bookings:
        return []
    office = bookings[0].office
    days = [booking.date for booking in bookings]
    officers = officers_between(office, min(days), max(days), now)
    closures = closures_between(
        office, min(b.starts_at for b in bookings), max(b.ends_at for b in bookings)
    )
    quotas = quotas_of(office, bookings, now)
    papers = papers_by_booking(bookings)
    proposals = proposals_for(bookings, now=now)
    answers = last_answers(bookings, now=now)

    def one(booking: Booking) -> Asked:
        collision = collision_of(booking, closures, officers)
        return Asked(
            booking,
            collision,
            quotas[booking.village_id, period_of(booking.date)],
            papers[booking.id],
            proposals.get(booking.id),
            answers.get(booking.id),
            *_way_out(booking, collision, now),
        )

    return [one(booking) for booking in bookings]


def _way_out(
    booking: Booking, collision: Collision, now: datetime
) -> tuple[Room | None, Alternative | None]:
    """Another room at the same time, where its own is closed, else the nearest other time."""
    if collision.closure and (room := next(iter(free_rooms(booking, now)), None)):
        return room, None
    if collision.is_one:
        return None, next(iter(nearest_times(booking, now)), None)
    return None, None


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
