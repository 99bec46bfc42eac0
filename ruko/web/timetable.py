"""What a page of days and hours shows and reads: the strip of days, and the choice of a time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from flask_babel import ngettext

from ruko import words
from ruko.bookings import (
    Booking,
    DayGrid,
    Draft,
    Room,
    SlotView,
    closures_between,
    free_counts,
    get_room,
    period_of,
)
from ruko.errors import N_, Invalid
from ruko.offices import Bidang, Office, calendar_of

OPEN_DAYS = 10
"""How many days with service one strip holds."""


# ── Days ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip; `free` is None on a day without service, which may have a reason."""

    date: date
    free: int | None
    reason: str | None
    """The holiday, or why it was closed; none for a weekday that never has service."""


@dataclass(frozen=True, slots=True)
class Week:
    """The days of one week, as `period_of` names it, that are worth showing."""

    period: str
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Strip:
    """Ten days with service and the closed days between; `earlier` and `later` begin the next strips."""

    days: list[Day]
    earlier: date | None
    later: date | None

    @property
    def weeks(self) -> list[Week]:
        """The days by week, without the weekdays that never have service."""
        shown = (day for day in self.days if day.free is not None or day.reason)
        return [
            Week(period, list(days)) for period, days in groupby(shown, lambda d: period_of(d.date))
        ]


def day_strip(
    office: Office,
    chosen: date | None,
    now: datetime,
    *,
    bidang: Bidang | None = None,
    besides: Draft | Booking | None = None,
) -> Strip:
    """The strip that holds `chosen`, or the first one; what `besides` takes counts as free."""
    today = office.day(now)
    calendar = calendar_of(office, today, today + timedelta(days=office.book_until_days))
    served = [day for day, (spans, _) in calendar.items() if spans]
    strips = [served[n : n + OPEN_DAYS] for n in range(0, len(served), OPEN_DAYS)]
    if not strips:
        return Strip([], None, None)
    fitting = (n for n, days in enumerate(strips) if chosen and chosen <= days[-1])
    at = next(fitting, len(strips) - 1 if chosen else 0)
    shown = strips[at]
    begins = strips[at - 1][-1] + timedelta(days=1) if at else today
    free = free_counts(office, shown, now, bidang=bidang, besides=besides)
    closed = _closed_days(office, begins, shown[-1])
    return Strip(
        days=[
            Day(day, free.get(day), holiday or closed.get(day))
            for day, (_, holiday) in calendar.items()
            if begins <= day <= shown[-1]
        ],
        earlier=strips[at - 1][0] if at > 0 else None,
        later=strips[at + 1][0] if at + 1 < len(strips) else None,
    )


def _closed_days(office: Office, first: date, last: date) -> dict[date, str]:
    """Why the office is closed for all or some of a day."""
    start = office.at(first, time.min)
    end = office.at(last + timedelta(days=1), time.min)
    reasons: dict[date, str] = {}
    for closure in closures_between(office, start, end):
        if closure.room_id is None:
            day = max(first, office.day(closure.starts_at))
            while day <= last and office.at(day, time.min) < closure.ends_at:
                reasons.setdefault(day, closure.reason)
                day += timedelta(days=1)
    return reasons


# ── Hours of a day ────────────────────────────────────────────────────────────────────────────


def lengths_of(grid: DayGrid, *, at_least: int = 1) -> list[str]:
    """How long a meeting may take on that day, in words: of one slot, of two in a row, and so on."""
    minutes = {_minutes(slot) for _, slots in grid.rooms for slot in slots}
    counts = range(1, max(at_least, _longest_run(grid)) + 1)
    if len(minutes) != 1:  # then it depends on where it begins
        return [ngettext("%(num)d session", "%(num)d sessions in a row", n) for n in counts]
    (each,) = minutes
    return [words.duration(n * each) for n in counts]


def _minutes(slot: SlotView) -> int:
    start, end = slot.starts, slot.ends
    return (end.hour - start.hour) * 60 + end.minute - start.minute


def _longest_run(grid: DayGrid) -> int:
    """How many free slots follow each other at most."""
    longest = 0
    for _, slots in grid.rooms:
        run, ends = 0, None
        for slot in slots:
            run = (run + 1 if slot.starts == ends else 1) if slot.state == "free" else 0
            longest, ends = max(longest, run), slot.ends
    return longest


def reasons_of(grid: DayGrid) -> list[tuple[str, list[str]]]:
    """Why hours that are not simply taken cannot be chosen: each sentence, with its hours."""
    reasons: dict[str, list[str]] = {}
    for _, slots in grid.rooms:
        for slot in slots:
            if slot.reason and grid.open and slot.state != "free":
                hours = reasons.setdefault(words.sentence(slot.reason), [])
                span = words.clock_span(slot.starts, slot.ends)
                if span not in hours:
                    hours.append(span)
    return list(reasons.items())


# ── What an address or a form says ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """A room, or none for a visit of the office, and the hours."""

    room: Room | None
    start: time
    end: time


def read_time_choice(office: Office, grid: DayGrid, values: Mapping[str, str]) -> TimeChoice:
    """What `slot_table` sent: `when` is "ROOM HH:MM", `hours` how many slots in a row.

    `when` = "visit" asks for a visit of the office, from `visit_start` to `visit_end`.
    Raises `Invalid` at `when`, `hours` or `visit_end`, `NotFound` for an unknown room.
    """
    when = values.get("when", "")
    if not when:
        raise Invalid("when", N_("Please choose a time first."))
    if when == "visit":
        start = read_time("visit_end", values.get("visit_start", ""))
        return TimeChoice(None, start, read_time("visit_end", values.get("visit_end", "")))
    room_id, _, clock = when.partition(" ")
    room = get_room(office, int(room_id) if re.fullmatch("[0-9]{1,9}", room_id) else None)
    start = read_time("when", clock)
    count = values.get("hours") or "1"
    if not re.fullmatch("[1-9][0-9]?", count):
        raise Invalid("hours", N_("Please choose how long the meeting takes."))
    ends = _ends(grid, room, start)
    if not ends:
        raise Invalid("when", N_("Please choose a time from the timetable."))
    if int(count) > len(ends):
        raise Invalid(
            "hours",
            N_(
                "From %(start)s on the meeting can last until %(end)s at most, for then a break"
                " begins or service ends. Please choose a shorter time or an earlier start."
            ),
            start=start,
            end=ends[-1],
        )
    return TimeChoice(room, start, ends[int(count) - 1])


def _ends(grid: DayGrid, room: Room, start: time) -> list[time]:
    """Where a meeting from `start` may end: after each of the slots that follow without a break."""
    ends: list[time] = []
    for slot in next((slots for r, slots in grid.rooms if r.id == room.id), []):
        if slot.starts == (ends[-1] if ends else start):
            ends.append(slot.ends)
    return ends


def read_date(text: str, field: str = "date") -> date:
    """The day in a `date=YYYY-MM-DD`; raises `Invalid`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year < 2200:
        raise Invalid(field, N_("Please choose a day from the calendar."))
    return day


def read_time(field: str, text: str) -> time:
    """The wall time in a `start=HH:MM`; raises `Invalid`."""
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo:
        raise Invalid(field, N_("Please choose a start and an end from the timetable."))
    return clock
