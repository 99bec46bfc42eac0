"""What people tell each other about a booking by WhatsApp: the text is ready, they only send it."""

import re
from datetime import datetime
from urllib.parse import quote

from flask_babel import force_locale
from flask_babel import gettext as _

from ruko import words
from ruko.bookings import Booking, Draft, proposal_for, shown_state
from ruko.web.calendar import booking_url

_MOBILE = re.compile(r"(?:\+?62|0)(8[0-9]{7,12})")
"""A mobile number of Indonesia, as people write it; others have no WhatsApp, or none that is sure."""


def whatsapp(text: str, phone: str | None = None) -> str:
    """The address that opens WhatsApp with this text: to that number, else to whom one chooses there."""
    mobile = _MOBILE.fullmatch(re.sub(r"[ ().-]", "", phone or ""))
    to = f"62{mobile[1]}" if mobile else ""
    return f"https://wa.me/{to}?text={quote(text, safe='')}"


def invitation(booking: Booking) -> str:
    """For those who come along: where and when, and no topic or names of people."""
    office = booking.office
    return "\n".join(
        [
            _("Meeting at %(house)s, %(office)s", house=office.house_name, office=office.name),
            *_where_and_when(booking),
            *_found_at(booking),
        ]
    )


def news(booking: Booking, now: datetime) -> str | None:
    """What the office tells the village about the booking as it stands, in the villages' language.

    None where nothing is to be told any more.
    """
    with force_locale(words.DEFAULT_LANGUAGE):
        happened = _what_happened(booking, now)
        if happened is None:
            return None
        office = booking.office
        return "\n".join(
            [
                f"{office.house_name}, {office.name}",
                booking.village.full_name,
                "",
                *happened,
                "",
                *_found_at(booking),
            ]
        )


def _what_happened(booking: Booking, now: datetime) -> list[str] | None:
    state, asked = shown_state(booking, now), _where_and_when(booking)
    if state in {"pending", "confirmed"} and (proposal := proposal_for(booking, now=now)):
        return [_proposed(booking, proposal), *_where_and_when(proposal), _to_answer(proposal)]
    match state:
        case "pending":
            lines = [_("Your request waits for the office's decision:"), *asked]
        case "confirmed":
            lines = [_("Your meeting is approved and set for:"), *asked]
        case "declined":
            lines = [_("Your request was not approved:"), *asked]
        case "cancelled":
            lines = [_("Your meeting is cancelled:"), *asked]
        case _:
            return None
    if state in {"declined", "cancelled"}:
        reason = booking.decided_reason
        return [*lines, _("Reason: %(reason)s", reason=reason)] if reason else lines
    if booking.on_behalf and not booking.village_confirmed_at:
        lines.append(_("The office booked it for you. Please confirm it by the link below."))
    return lines


def _proposed(booking: Booking, proposal: Draft) -> str:
    return _(
        "The office proposes another time instead of %(date)s, %(hours)s:",
        date=words.short_date(booking.date),
        hours=words.clock_span(*booking.hours),
    )


def _to_answer(proposal: Draft) -> str:
    until = proposal.held_until or proposal.changed_at
    return _(
        "Please answer by %(moment)s, by the link below.",
        moment=words.moment(until, proposal.office),
    )


def _where_and_when(at: Booking | Draft) -> list[str]:
    start, end = at.hours
    return [
        f"{words.long_date(start.date())}, {words.clock_span(start, end)} {at.office.zone_name}",
        at.room.name if at.room else at.village.full_name,
    ]


def _found_at(booking: Booking) -> list[str]:
    return [_("Code: %(code)s", code=booking.code), booking_url(booking)]
