"""The bookings for a calendar that subscribes: one address, whose secret says whose they are."""

import hashlib

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from api.body import Text
from api.operations import CALENDAR, operation
from ruko import clock
from ruko.accounts import Role, User
from ruko.bookings import bookings_for, ics_feed, reader_of
from ruko.errors import NotFound, Unauthenticated
from ruko.offices import Office
from ruko.web import booking_url, current_office, require_role
from ruko.web.throttle import looking_up

bp = Blueprint("feed", __name__)

FEED = {"token": Text(longest=200, optional=True)}


@bp.get("/offices/<office>/calendar.ics")
@operation(
    "The bookings that one may see, for a calendar that subscribes",
    {200: CALENDAR, 304: None},
    query=FEED,
    in_query=True,
)
def calendar() -> ResponseReturnValue:
    """From 30 days back to the last day that may be booked; no names of people, no phone numbers."""
    office, now, token = current_office(), clock.now(), request.args.get("token")
    user = _reader(office, token) if token else require_role(*Role)
    content = ics_feed(
        office,
        [(booking, booking_url(booking)) for booking in bookings_for(user, now=now)],
        name=f"{office.house} {user.place_name or office.name}",
        own=user.role == Role.VILLAGE,
        now=now,
    )
    answer = Response(content, mimetype="text/calendar")
    answer.set_etag(hashlib.sha256(content.encode()).hexdigest()[:32], weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer


def _reader(office: Office, token: str) -> User:
    """Whose token it is; a wrong one counts as a failed look-up."""
    try:
        with looking_up():
            return reader_of(office, token)
    except NotFound as unknown:
        raise Unauthenticated(unknown.message) from None
