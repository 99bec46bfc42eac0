"""What the page of days and hours shows: the strip of days, and the rows of one day's table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ruko.bookings import DayGrid, Room, SlotView, free_counts
from ruko.errors import N_, Invalid
from ruko.offices import Office, calendar_of

OPEN_DAYS = 10
"""How many days with service one strip holds."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip; `free` is None on a day without service."""

    date: date
    free: int | None
    holiday: str | None


@dataclass(frozen=True, slots=True)
class Strip:
    """Ten days with service and the closed days between; `earlier` and `later` begin the next strips."""

    days: list[Day]
    earlier: date | None
    later: date | None


def day_strip(office: Office, chosen: date | None, now: datetime) -> Strip:
    """The strip that holds `chosen`, or the first one."""
    today = office.day(now)
    calendar = calendar_of(office, today, today + timedelta(days=office.book_until_days))
    served = [day for day, (spans, _) in calendar.items() if spans]
    strips = [served[n : n + OPEN_DAYS] for n in range(0, len(served), OPEN_DAYS)]
    if not strips:
        return Strip([], None, None)
    fitting = (n for n, days in enumerate(strips) if chosen and chosen <= days[-1])
    at = next(fitting, len(strips) - 1 if chosen else 0)
    shown = strips[at]
    free = free_counts(office, shown, now)
    return Strip(
        days=[
            Day(day, free.get(day), holiday)
            for day, (_, holiday) in calendar.items()
            if shown[0] <= day <= shown[-1]
        ],
        earlier=strips[at - 1][0] if at > 0 else None,
        later=strips[at + 1][0] if at + 1 < len(strips) else None,
    )


def first_choice(strip: Strip, today: date) -> date:
    """The first day of the strip where something is free, else the first with service."""
    served = [day for day in strip.days if day.free is not None]
    best = next((day for day in served if day.free), served[0] if served else None)
    return best.date if best else today


@dataclass(frozen=True, slots=True)
class Row:
    """One hour with a cell for each room, or a break, which has none."""

    starts: time
    ends: time
    cells: Sequence[tuple[Room, SlotView]] = ()


def rows_of(grid: DayGrid) -> list[Row]:
    """The day's hours from top to bottom, with the breaks between them."""
    rows: list[Row] = []
    rooms = [room for room, _ in grid.rooms]
    for slots in zip(*(slots for _, slots in grid.rooms), strict=True):
        starts, ends = slots[0].starts, slots[0].ends
        if rows and rows[-1].ends < starts:
            rows.append(Row(rows[-1].ends, starts))
        rows.append(Row(starts, ends, tuple(zip(rooms, slots, strict=True))))
    return rows


# ── What an address or a hidden field says ────────────────────────────────────────────────────


def read_date(text: str) -> date:
    """The day in a `date=YYYY-MM-DD`; raises `Invalid`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year < 2200:
        raise Invalid("date", N_("Please choose a day from the calendar."))
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
