"""What booking refuses beyond the common errors: a used-up quota, a slot that somebody else got."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from ruko.bookings.models import Room
from ruko.errors import N_, RukoError


@dataclass(frozen=True, slots=True)
class Alternative:
    """A room and time that could be booked instead."""

    room: Room
    date: date
    start: time
    end: time


class QuotaExceeded(RukoError):
    """The village's seats of that week are used up."""

    code = "quota_exceeded"
    status = 409
    message = N_(
        "Nothing was booked: %(village)s has used all %(limit)d bookings of the week from"
        " %(monday)s to %(sunday)s. Please choose another week, or cancel one of them."
    )


class SlotTaken(RukoError):
    """Somebody was faster; carries up to three bookable alternatives, the nearest first."""

    code = "slot_taken"
    status = 409
    message = N_("Nothing was booked: this time is already taken. Please choose another time.")

    def __init__(
        self, message: str | None = None, /, alternatives: Sequence[Alternative] = (), **values: Any
    ) -> None:
        super().__init__(message, **values)
        self.alternatives = tuple(alternatives)

    @property
    def extra(self) -> dict[str, Any]:
        return {
            "alternatives": [
                {
                    "room": a.room.id,
                    "date": a.date.isoformat(),
                    "start": a.start.isoformat("minutes"),
                    "end": a.end.isoformat("minutes"),
                }
                for a in self.alternatives
            ]
        }


class OfficersTaken(SlotTaken):
    """The room is free, but all officers of the bidang meet somebody else then."""

    message = N_(
        "Nothing was booked: the officers of %(bidang)s are all taken at this time."
        " Please choose another time."
    )
