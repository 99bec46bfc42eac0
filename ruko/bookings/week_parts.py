"""What stands on the week's board: meetings, holds, and the blocks that a room's day is made of."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ruko.bookings.closures import STILL_TO_COME
from ruko.bookings.decisions import Collision
from ruko.bookings.models import Booking, Draft, Room

Kind = Literal["booking", "held", "proposed", "closed", "break", "off", "free", "idle"]
"""`off`: no session; `idle`: a session that nobody had, and that can no longer (or not yet) be had."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One booking on the board, from when to when it keeps its place."""

    booking: Booking
    state: str
    starts: datetime
    ends: datetime
    papers: int
    collision: Collision | None
    """Only when there is one."""

    @property
    def awaits_village(self) -> bool:
        """Booked on its behalf, and the village has not said yes yet."""
        one = self.booking
        coming = self.state in STILL_TO_COME
        return coming and one.on_behalf and one.village_confirmed_at is None


@dataclass(frozen=True, slots=True)
class Hold:
    """A time that is kept for a while: somebody is writing, or the office has proposed it."""

    draft: Draft
    starts: datetime
    ends: datetime
    booking_code: str | None
    """Of the booking that it is proposed for."""

    @property
    def kind(self) -> Kind:
        return "proposed" if self.booking_code else "held"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one room's day."""

    kind: Kind
    starts: datetime
    ends: datetime
    meeting: Meeting | None = None
    hold: Hold | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One room's day without a gap."""

    room: Room
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class BoardDay:
    """One day: its rooms side by side, and what uses no room."""

    date: date
    lanes: tuple[Lane, ...]
    outside: tuple[Meeting | Hold, ...]
    meetings: tuple[Meeting, ...]
    """All of them, by their start."""

    @property
    def blocks(self) -> list[Block]:
        return [block for lane in self.lanes for block in lane.blocks]


@dataclass(frozen=True, slots=True)
class WeekBoard:
    """The days of a week that have sessions, or something on them all the same."""

    monday: date
    rooms: tuple[Room, ...]
    days: tuple[BoardDay, ...]

    @property
    def collisions(self) -> list[Meeting]:
        """What the office has to solve, the earliest first."""
        return [meeting for day in self.days for meeting in day.meetings if meeting.collision]
