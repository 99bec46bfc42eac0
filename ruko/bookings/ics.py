"""Bookings in other calendars (RFC 5545): the file of one, and the feed that a calendar subscribes to.

Moments are in UTC, which Google, Apple and Outlook read alike: no definition of a zone can be taken
wrongly, and WIB, WITA and WIT have no summer time that a wall clock would have to follow.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from unicodedata import category

from ruko.bookings.models import Booking, BookingState, shown_state
from ruko.offices import Office

_FOLD_AT = 75
_STATUS = {
    BookingState.PENDING: "TENTATIVE",
    BookingState.DECLINED: "CANCELLED",
    BookingState.CANCELLED: "CANCELLED",
    BookingState.EXPIRED: "CANCELLED",
}
_NOBODY = "invalid:nomail"
"""An organizer is required and has an address; this one, Outlook's own, says that there is none."""
_REFRESH = "PT1H"


def ics(booking: Booking, url: str, *, now: datetime) -> str:
    """The calendar file of one booking; a later one replaces it in the same calendar, or cancels it."""
    status = _status(booking, now)
    title = f"{booking.office.house}: {booking.topic}"
    event = list(_event(booking, url, title, status, now))
    if status == "CANCELLED":
        return _calendar("CANCEL", event)
    return _calendar("PUBLISH", [*event[:-1], *_reminder(title), event[-1]])


def ics_feed(
    office: Office, bookings: Iterable[tuple[Booking, str]], *, name: str, own: bool, now: datetime
) -> str:
    """A calendar of many bookings, each with its address; a village's `own` ones need not name it.

    No reminders: whoever has ten meetings a day sets those in the calendar.
    """
    lines = [
        f"NAME:{_escape(name)}",
        f"X-WR-CALNAME:{_escape(name)}",
        f"X-WR-TIMEZONE:{office.timezone}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"X-PUBLISHED-TTL:{_REFRESH}",
    ]
    for booking, url in bookings:
        whose = office.house if own else booking.village.full_name
        title = f"{whose}: {booking.topic}"
        lines += _event(booking, url, title, _status(booking, now), now)
    return _calendar("PUBLISH", lines)


def _status(booking: Booking, now: datetime) -> str:
    return _STATUS.get(BookingState(shown_state(booking, now)), "CONFIRMED")


def _calendar(method: str, lines: Iterable[str]) -> str:
    whole = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//RUKO//RUKO//ID",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        *lines,
        "END:VCALENDAR",
    ]
    return "".join(f"{_fold(line)}\r\n" for line in whole)


def _event(booking: Booking, url: str, title: str, status: str, now: datetime) -> Iterator[str]:
    office = booking.office
    place = booking.room.name if booking.room else booking.village.full_name
    about = f"{booking.code}\n{booking.village.full_name}\n{booking.bidang.name}"
    ended_by_time = shown_state(booking, now) != booking.state  # its writing will raise the version
    yield from (
        "BEGIN:VEVENT",
        f"UID:{booking.code}@{office.slug}",
        f"SEQUENCE:{booking.version + ended_by_time}",
        f"DTSTAMP:{_moment(booking.changed_at)}",
        f"CREATED:{_moment(booking.created_at)}",
        f"LAST-MODIFIED:{_moment(booking.changed_at)}",
        f"DTSTART:{_moment(booking.starts_at)}",
        f"DTEND:{_moment(booking.ends_at)}",
        f"STATUS:{status}",
        f"TRANSP:{'TRANSPARENT' if status == 'CANCELLED' else 'OPAQUE'}",
        f"SUMMARY:{_escape(title)}",
        f"LOCATION:{_escape(f'{place}, {office.name}')}",
        f"DESCRIPTION:{_escape(about)}",
        f'ORGANIZER;CN="{_plain(office.name).replace(chr(34), chr(39))}":{_NOBODY}',
        f"URL:{url}",
        "END:VEVENT",
    )


def _reminder(title: str) -> Iterator[str]:
    """An hour before: the way to the office is rarely longer."""
    yield from (
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT1H",
        f"DESCRIPTION:{_escape(title)}",
        "END:VALARM",
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape(text: str) -> str:
    lines = "\n".join(_plain(line) for line in text.splitlines())
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        lines = lines.replace(plain, escaped)
    return lines


def _plain(text: str) -> str:
    """The text on one line, without what a content line must not hold."""
    line = " ".join(text.splitlines())
    return "".join(c for c in line if c == "\t" or category(c) not in {"Cc", "Cs"})


def _fold(line: str) -> str:
    """Break a line after at most 75 octets, never inside a character."""
    folded, width = "", 0
    for character in line:
        size = len(character.encode())
        if width + size > _FOLD_AT:
            folded, width = f"{folded}\r\n ", 1
        folded += character
        width += size
    return folded
