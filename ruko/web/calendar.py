"""A booking outside of its pages: its address, and its calendar file."""

from flask import Response

from ruko import clock
from ruko.bookings import Booking, ics
from ruko.web.doors import url_of


def booking_url(booking: Booking) -> str:
    """The page of a booking, which its QR picture leads to."""
    return url_of("booking.show", office=booking.office.slug, code=booking.code)


def ics_answer(booking: Booking) -> Response:
    """The calendar file as a download."""
    response = Response(
        ics(booking, booking_url(booking), now=clock.now()), mimetype="text/calendar"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="ruko-{booking.code}.ics"'
    return response
