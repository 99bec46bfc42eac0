"""A booking as a calendar file (RFC 5545)."""

from datetime import UTC, datetime

from ruko.bookings.models import Booking, BookingState

_FOLD_AT = 75
_STATUS = {
    BookingState.PENDING: "TENTATIVE",
    BookingState.DECLINED: "CANCELLED",
    BookingState.CANCELLED: "CANCELLED",
    BookingState.EXPIRED: "CANCELLED",
}


def ics(booking: Booking, url: str) -> str:
    """The calendar file of one booking; a later version replaces it in the same calendar."""
    office = booking.office
    place = booking.room.name if booking.room else booking.village.full_name
    about = f"{booking.code}\n{booking.village.full_name}\n{booking.bidang.name}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//RUKO//RUKO//ID",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{booking.code}@{office.slug}",
        f"SEQUENCE:{booking.version}",
        f"DTSTAMP:{_moment(booking.changed_at)}",
        f"DTSTART:{_moment(booking.starts_at)}",
        f"DTEND:{_moment(booking.ends_at)}",
        f"STATUS:{_STATUS.get(BookingState(booking.state), 'CONFIRMED')}",
        f"SUMMARY:{_escape(f'{office.house}: {booking.topic}')}",
        f"LOCATION:{_escape(f'{place}, {office.name}')}",
        f"DESCRIPTION:{_escape(about)}",
        f"URL:{url}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


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
