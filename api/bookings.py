"""Booking a room and deciding about it; a village sees and changes its own bookings only."""

from typing import Any

from flask import Blueprint, Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from api.body import Choice, Clock, Day, Text, Whole, answered, read_body, read_query
from api.operations import CALENDAR, SVG, operation
from api.pages import MOST, PAGING, read_moment_cursor, write_cursor
from api.shown import booking_json
from ruko import bookings, clock
from ruko.accounts import Role, User
from ruko.bookings import Booking, BookingState, bookings_of, get_booking, get_room
from ruko.bookings.rules import LARGEST_VISIT, LONGEST_LEADER, LONGEST_REASON, LONGEST_TOPIC
from ruko.errors import N_, Forbidden, Invalid, Unauthenticated
from ruko.offices import Office, Village, get_bidang, get_category, get_village
from ruko.web import (
    booking_url,
    caller,
    commit,
    current_office,
    ics_answer,
    office_of,
    qr_answer,
    require_role,
)

bp = Blueprint("bookings", __name__)

DECIDING = (Role.OPERATOR, Role.ADMIN)
BOOKING = (Role.VILLAGE, *DECIDING)
BOOK = {
    "room": Whole(nullable=True),
    "date": Day(),
    "start": Clock(),
    "end": Clock(),
    "bidang": Text(),
    "category": Text(),
    "topic": Text(longest=LONGEST_TOPIC),
    "attendees": Whole(most=LARGEST_VISIT),
    "leader": Text(longest=LONGEST_LEADER),
    "phone": Text(optional=True),
    "village": Text(optional=True),
}
LIST = {
    "from": Day(optional=True),
    "to": Day(optional=True),
    "village": Text(optional=True),
    "state": Choice(words=BookingState, optional=True),
    **PAGING,
}
DECLINE = {"reason": Text(longest=LONGEST_REASON)}
CANCEL = {"reason": Text(longest=LONGEST_REASON), "code": Text(optional=True)}


@bp.post("/offices/<office>/bookings")
@operation("Book (a village; the operator on its behalf)", {201: "Booking"}, body=BOOK)
def book() -> ResponseReturnValue:
    """Confirmed at once, or pending where the room needs approval or there is no room."""
    user, office, now = require_role(*BOOKING), current_office(), clock.now()
    if done := answered(user):
        return done
    given = read_body(BOOK)
    wish: dict[str, Any] = {
        name: given[name] for name in ("start", "end", "topic", "attendees", "leader")
    }
    booking = bookings.book(
        office,
        room=None if given["room"] is None else get_room(office, given["room"]),
        bidang=get_bidang(office, given["bidang"]),
        category=get_category(office, given["category"]),
        village=_whose(office, user, given),
        day=given["date"],
        phone=given.get("phone"),
        by=user.actor,
        on_behalf=user.role != Role.VILLAGE,
        now=now,
        **wish,
    )
    answer = jsonify(booking_json(booking, now=now))
    answer.status_code = 201
    answer.headers["Location"] = url_for("api.bookings.show", code=booking.code)
    return commit(answer)


@bp.get("/offices/<office>/bookings")
@operation("Bookings by their start", {200: "Bookings"}, query=LIST)
def bookings_list() -> ResponseReturnValue:
    """All of the office, or a village's own."""
    user, office, now = require_role(*Role), current_office(), clock.now()
    given = read_query(LIST)
    limit = given.get("limit", MOST)
    found = bookings_of(
        office,
        now=now,
        start=given.get("from"),
        end=given.get("to"),
        village=_named(office, user, given),
        state=given.get("state"),
        limit=limit + 1,
        after=read_moment_cursor(given),
    )
    shown, last = found[:limit], found[limit - 1 : limit]
    more = len(found) > limit
    return jsonify(
        items=[booking_json(booking, now=now) for booking in shown],
        next_cursor=write_cursor(f"{last[0].starts_at.isoformat()}/{last[0].id}") if more else None,
    )


@bp.get("/bookings/<code>")
@operation("One booking", {200: "Booking"})
def show(code: str) -> ResponseReturnValue:
    """By its code, however it was typed."""
    booking, _ = _find(code, *Role)
    return jsonify(booking_json(booking, now=clock.now()))


@bp.get("/bookings/<code>.ics")
@operation("One booking as a calendar file", {200: CALENDAR})
def calendar(code: str) -> ResponseReturnValue:
    """A later version replaces it in the same calendar."""
    booking, _ = _find(code, *Role)
    return ics_answer(booking)


@bp.get("/bookings/<code>/qr.svg")
@operation("The QR picture that leads to the booking's page", {200: SVG})
def picture(code: str) -> ResponseReturnValue:
    """For the kiosk, too."""
    booking, _ = _find(code, *Role)
    return qr_answer(booking_url(booking))


@bp.post("/bookings/<code>/approve")
@operation("Grant a request (operator)", {200: "Booking"})
def approve(code: str) -> ResponseReturnValue:
    """The village may come."""
    booking, user = _find(code, *DECIDING)
    if done := answered(user):
        return done
    read_body({})
    bookings.approve(booking, by=user.actor, now=clock.now())
    return _changed(booking)


@bp.post("/bookings/<code>/decline")
@operation("Refuse a request, with a reason (operator)", {200: "Booking"}, body=DECLINE)
def decline(code: str) -> ResponseReturnValue:
    """Its slots and its quota seat become free."""
    booking, user = _find(code, *DECIDING)
    if done := answered(user):
        return done
    reason = read_body(DECLINE)["reason"]
    bookings.decline(booking, reason, by=user.actor, now=clock.now())
    return _changed(booking)


@bp.post("/bookings/<code>/cancel")
@operation("Call a booking off (its village, operator)", {200: "Booking"}, body=CANCEL)
def cancel(code: str) -> ResponseReturnValue:
    """A village may until an hour before, the operator always."""
    booking, user = _find(code, *BOOKING)
    if done := answered(user):
        return done
    reason, now = read_body(CANCEL)["reason"], clock.now()
    bookings.cancel(booking, reason, by=user.actor, privileged=user.runs_office, now=now)
    return _changed(booking)


def _find(code: str, *roles: Role) -> tuple[Booking, User]:
    """The booking in the caller's own office, and the caller; another village's does not exist."""
    who = caller()
    if who is None:
        raise Unauthenticated
    office = office_of(who.office_id)
    user = require_role(*roles)
    return get_booking(code, office=office, village=user.village), user


def _named(office: Office, user: User, given: dict[str, Any]) -> Village | None:
    """The village that is asked for; a village's own, if it names none, and never another."""
    if "village" not in given:
        return user.village
    village = get_village(office, given["village"])
    if user.village_id not in {None, village.id}:
        raise Forbidden
    return village


def _whose(office: Office, user: User, given: dict[str, Any]) -> Village:
    village = _named(office, user, given)
    if village is None:
        raise Invalid("village", N_("Please fill in this field."))
    return village


def _changed(booking: Booking) -> Response:
    return commit(jsonify(booking_json(booking, now=clock.now())))
