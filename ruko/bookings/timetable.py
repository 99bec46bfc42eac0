"""What a day offers: its slots, the hours around them, and why it may be booked or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from ruko.bookings.models import Slot
from ruko.db import db
from ruko.errors import N_, Closed, Invalid, RukoError, TooLate, TooSoon
from ruko.offices import Office, Span, closures_on, first_open_days, spans_on


@dataclass(frozen=True, slots=True)
class Timetable:
    """What one day offers: its slots, the spans of service, and the holiday that empties them."""

    office: Office
    day: date
    slots: tuple[Slot, ...]
    spans: tuple[Span, ...]
    holiday: str | None

    def serves(self, start: time, end: time) -> bool:
        """Whether one span of service covers that stretch."""
        starts_at, ends_at = self.office.at(self.day, start), self.office.at(self.day, end)
        return any(s.opens <= starts_at and ends_at <= s.closes for s in self.spans)

    def pick(self, start: time, end: time) -> tuple[Slot, ...]:
        """The slots from `start` to `end`, or none when that lies outside service.

        Raises `Invalid` for times within service that are not slot borders.
        """
        if not self.serves(start, end):
            return ()
        chosen = contiguous(self.slots, start, end)
        if not chosen:
            field = "end" if any(s.starts == start for s in self.slots) else "start"
            raise Invalid(field, N_("Please choose a start and an end from the timetable."))
        return chosen

    def why_closed(self, now: datetime) -> Closed | None:
        """The sentence for a day without service."""
        if self.spans:
            return None
        start = max(self.day + timedelta(days=1), self.office.day(now))
        following = first_open_days(self.office, start, 1)
        if not following:
            return Closed(
                N_("No room can be booked on %(day)s: the office is closed."), day=self.day
            )
        if reason := self.holiday or self._closed_by(time.min, time.max):
            return Closed(
                N_(
                    "No room can be booked on %(day)s: the office is closed (%(holiday)s)."
                    " The next day with service is %(next)s."
                ),
                day=self.day,
                holiday=reason.rstrip("."),
                next=following[0],
            )
        return Closed(
            N_(
                "No room can be booked on %(day)s: there is no service on that day."
                " The next day with service is %(next)s."
            ),
            day=self.day,
            next=following[0],
        )

    def why_not_then(self, start: time, end: time, now: datetime) -> Closed:
        """The sentence for a time outside service: the day is closed, a break, or outside hours."""
        closed = self.why_closed(now)
        if closed:
            return closed
        if reason := self._closed_by(start, end):
            return shut_by(self.office.house_name, reason)
        office, first, last = self.office, self.spans[0].opens, self.spans[-1].closes
        if first <= office.at(self.day, start) and office.at(self.day, end) <= last:
            return Closed(
                N_(
                    "Nothing can be booked then: the office has a break between these times."
                    " Please choose a time before or after the break."
                )
            )
        return Closed(
            N_(
                "Nothing can be booked then: the office is open from %(opens)s to %(closes)s on"
                " that day. Please choose a time within these hours."
            ),
            opens=office.local(first).timetz(),
            closes=office.local(last).timetz(),
        )

    def _closed_by(self, start: time, end: time) -> str | None:
        """The reason of the closure that touches that stretch, if one does."""
        starts_at, ends_at = self.office.at(self.day, start), self.office.at(self.day, end)
        for closure in closures_on(self.office, self.day):
            if closure.starts_at < ends_at and closure.ends_at > starts_at:
                return str(closure.reason)
        return None


def shut_by(name: str, reason: str) -> Closed:
    """The sentence for a room, or the house, that is closed for a while."""
    return Closed(
        N_("Nothing can be booked then: %(room)s is closed (%(reason)s)."),
        room=name,
        reason=reason.rstrip("."),
    )


def timetable(office: Office, day: date) -> Timetable:
    """What `day` offers by its weekday's slots and hours."""
    slots = tuple(slots_of(office, day))
    spans, holiday = spans_on(office, day)
    return Timetable(office, day, slots, spans, holiday)


def slots_of(office: Office, day: date) -> Sequence[Any]:
    """The slots of the day's weekday, whether there is service or not: rows with the columns of `Slot`."""
    of_day = {"b_office": office.id, "b_weekday": day.weekday()}
    db.session.flush()  # a bare statement reads only what is written
    return db.session.connection().execute(_SLOTS, of_day).all()


_SLOTS = (
    select(Slot.__table__)
    .where(Slot.office_id == bindparam("b_office"), Slot.weekday == bindparam("b_weekday"))
    .order_by(Slot.starts)
)


def contiguous(slots: Iterable[Slot], start: time, end: time) -> tuple[Slot, ...]:
    """The slots that fill `start` to `end` without a gap, or none."""
    chosen = tuple(s for s in slots if start <= s.starts and s.ends <= end)
    borders = [start, *(s.ends for s in chosen)]
    fits = borders[-1] == end and borders[:-1] == [s.starts for s in chosen]
    return chosen if fits else ()


# ── When a booking may be made ────────────────────────────────────────────────────────────────


def why_not_yet_bookable(office: Office, starts_at: datetime, now: datetime) -> RukoError | None:
    """The sentence for a start that is past, too near, or too far ahead; None within the limits."""
    if starts_at <= now:
        return TooSoon(
            N_("Nothing can be booked then: this time has passed. Please choose a later one.")
        )
    if starts_at < now + timedelta(minutes=office.book_ahead_minutes):
        return TooSoon(
            N_(
                "Nothing can be booked then: a booking is made at least %(minutes)d minutes ahead."
                " Please choose a later time, or come by and take a number."
            ),
            minutes=office.book_ahead_minutes,
        )
    return why_too_far(office, office.day(starts_at), now)


def last_bookable_day(office: Office, now: datetime) -> date:
    """The last day that may be booked at this moment."""
    return office.day(now) + timedelta(days=office.book_until_days)


def why_too_far(office: Office, day: date, now: datetime) -> TooLate | None:
    """The sentence for a day beyond the last one that may be booked."""
    last = last_bookable_day(office, now)
    if day <= last:
        return None
    return TooLate(
        N_(
            "Nothing can be booked that far ahead: bookings are open for %(days)d days."
            " Please choose a day up to %(last)s."
        ),
        days=office.book_until_days,
        last=last,
    )
