"""Booking a room and deciding about it; a village sees and changes its own bookings only."""

from typing import Any

from flask import Blueprint, Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from api.body import Choice, Clock, Day, Fields, Text, Whole, answered, read_body, read_query
from api.operations import CALENDAR, SVG, operation
from api.pages import MOST, PAGING, read_moment_cursor, write_cursor
from api.shown import booking_json, bookings_json
from ruko import bookings, clock
from ruko.accounts import Role, User
from ruko.bookings import (
    Booking,
    BookingState,
    CancelCode,
    Channel,
    LeaderRole,
    bookings_of,
    get_booking,
    get_room,
)
from ruko.bookings.entered import (
    LARGEST_VISIT,
    LONGEST_LEADER,
    LONGEST_QUOTA_REASON,
    LONGEST_REASON,
    LONGEST_TOPIC,
)
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
SERVING = (Role.STAFF, *DECIDING)
BOOKING = (Role.VILLAGE, *DECIDING)
MOVE: Fields = {
    "room": Whole(nullable=True),
    "date": Day(),
    "start": Clock(),
    "end": Clock(),
}
BOOK: Fields = {
    **MOVE,
    "bidang": Text(),
    "category": Text(),
    "topic": Text(longest=LONGEST_TOPIC),
    "attendees": Whole(most=LARGEST_VISIT),
    "leader": Text(longest=LONGEST_LEADER),
    "leader_role": Choice(words=LeaderRole, optional=True),
    "phone": Text(optional=True),
    "village": Text(optional=True),
    "channel": Choice(words=Channel, optional=True),
    "quota_reason": Text(longest=LONGEST_QUOTA_REASON, optional=True),
}
LIST = {
    "from": Day(optional=True),
    "to": Day(optional=True),
    "village": Text(optional=True),
    "state": Choice(words=BookingState, optional=True),
    **PAGING,
}
DECLINE = {"reason": Text(longest=LONGEST_REASON)}
CANCEL = {
    "reason": Text(longest=LONGEST_REASON),
    "code": Choice(words=CancelCode, optional=True),
}


@bp.post("/offices/<office>/bookings")
@operation("Book (a village; the operator on its behalf)", {201: "Booking"}, body=BOOK)
def book() -> ResponseReturnValue:
    """Confirmed at once, or pending where the room needs approval or there is no room."""
    user, office, now = require_role(*BOOKING), current_office(), clock.now()
    if done := answered(user):
        return done
    given, on_behalf = read_body(BOOK), user.runs_office
    village = _whose(office, user, given)
    entered: dict[str, Any] = {name: given[name] for name in ("topic", "attendees", "leader")}
    booking = bookings.book(
        office,
        **_where(office, given),
        bidang=get_bidang(office, given["bidang"]),
        category=get_category(office, given["category"]),
        village=village,
        role=given.get("leader_role"),
        phone=given.get("phone"),
        quota_reason=given.get("quota_reason"),
        channel=given.get("channel") if on_behalf else None,
        by=user.actor,
        on_behalf=on_behalf,
        allowed=on_behalf or (village.id == user.village_id and "quota_reason" not in given),
        now=now,
        **entered,
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
        items=bookings_json(shown, now=now),
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
    given, privileged = read_body(CANCEL), user.runs_office
    why = {"reason": given["reason"], "code": given.get("code")}
    bookings.cancel(booking, **why, by=user.actor, privileged=privileged, now=clock.now())
    return _changed(booking)


@bp.post("/bookings/<code>/move")
@operation("Another room or time (its village, operator)", {200: "Booking"}, body=MOVE)
def move(code: str) -> ResponseReturnValue:
    """Refused, it keeps its own; a village's move into a room with approval waits for it anew."""
    booking, user = _find(code, *BOOKING)
    if done := answered(user):
        return done
    where, privileged = _where(booking.office, read_body(MOVE)), user.runs_office
    bookings.move(booking, **where, by=user.actor, privileged=privileged, now=clock.now())
    return _changed(booking)


@bp.post("/bookings/<code>/complete")
@operation("It took place (staff of its bidang, operator)", {200: "Booking"})
def complete(code: str) -> ResponseReturnValue:
    """Without a ticket, as on a visit, or though nobody checked in."""
    booking, user = _find(code, *SERVING)
    if done := answered(user):
        return done
    read_body({})
    if not user.may_serve(booking.bidang_id):
        raise Forbidden
    bookings.conclude(booking, by=user.actor, now=clock.now())
    return _changed(booking)


def _find(code: str, *roles: Role) -> tuple[Booking, User]:
    """The booking in the caller's own office, and the caller; another village's does not exist."""
    who = caller()
    if who is None:
        raise Unauthenticated
    office = office_of(who.office_id)
    user = require_role(*Role)
    booking = get_booking(code, office=office, village=user.village)
    if user.role not in roles:
        raise Forbidden
    return booking, user


def _named(office: Office, user: User, given: dict[str, Any]) -> Village | None:
    """The village that is asked for; a village's own, if it names none, and never another."""
    if "village" not in given:
        return user.village
    village = get_village(office, given["village"])
    if user.village_id not in {None, village.id}:
        raise Forbidden
    return village


def _whose(office: Office, user: User, given: dict[str, Any]) -> Village:
    """For whom it is booked: whoever is named, else the village that asks."""
    village = get_village(office, given["village"]) if "village" in given else user.village
    if village is None:
        raise Invalid("village", N_("Please fill in this field."))
    return village


def _where(office: Office, given: dict[str, Any]) -> dict[str, Any]:
    """The room, or None for an outside visit, and the time."""
    room = None if given["room"] is None else get_room(office, given["room"])
    return {"room": room, "day": given["date"], "start": given["start"], "end": given["end"]}


def _changed(booking: Booking) -> Response:
    return commit(jsonify(booking_json(booking, now=clock.now())))
