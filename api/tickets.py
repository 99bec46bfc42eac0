"""Taking a number, checking in, and the ticket in the visitor's hand."""

import hashlib
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from api.body import Choice, Flag, Text, Whole, answered, read_body
from api.operations import SVG, operation
from api.shown import moment, ticket_json
from ruko import clock, tickets
from ruko.accounts import Role
from ruko.audit import VISITOR
from ruko.bookings import get_booking
from ruko.devices import Device
from ruko.offices import get_bidang, get_service, get_village
from ruko.printing import queue_beside
from ruko.tickets import Visit, VisitorKind, get_turn, get_visit, history_of
from ruko.web import (
    Caller,
    capability,
    commit,
    current_office,
    office_of,
    polled,
    qr_answer,
    require_device,
    url_of,
)
from ruko.web.throttle import looking_up

bp = Blueprint("tickets", __name__)

RECEPTION = (Role.STAFF, Role.OPERATOR, Role.ADMIN)
"""Who may hand out numbers besides a kiosk."""
ISSUE = {
    "bidang": Text(),
    "service": Whole(optional=True),
    "priority": Flag(optional=True),
    "visitor": Choice(words=VisitorKind),
    "village": Text(optional=True),
}
CHECK_IN = {"code": Text()}


@bp.post("/offices/<office>/tickets")
@operation("Take a number (kiosk, staff)", {201: "Ticket"}, body=ISSUE)
def issue() -> ResponseReturnValue:
    """Give the next number of a bidang."""
    who = require_device("kiosk", *RECEPTION)
    if done := answered(who):
        return done
    given, office = read_body(ISSUE), current_office()
    bidang = get_bidang(office, given["bidang"])
    token = tickets.issue(
        office,
        bidang,
        visitor=given["visitor"],
        village=get_village(office, given["village"]) if "village" in given else None,
        service=get_service(bidang, given["service"]) if "service" in given else None,
        priority=given.get("priority", False),
        by=who.actor,
        now=clock.now(),
    )
    return commit(_ticket(token, 201, to=who))


@bp.post("/offices/<office>/check-ins")
@operation(
    "Check a booking in (kiosk, staff); repeating it gives the same ticket",
    {201: "Ticket", 200: "Ticket"},
    body=CHECK_IN,
)
def check_in() -> ResponseReturnValue:
    """Give a booking's visitors their number."""
    who = require_device("kiosk", *RECEPTION)
    if done := answered(who):
        return done
    office = current_office()
    booking = get_booking(read_body(CHECK_IN)["code"], office=office)
    token, is_new = tickets.check_in(office, booking, by=who.actor, now=clock.now())
    return commit(_ticket(token, 201 if is_new else 200, to=who))


@bp.get("/tickets/<token>")
@operation("Where a visit stands", {200: "TicketWithHistory", 304: None}, public=True)
def show(token: str) -> ResponseReturnValue:
    """The ticket with its history; unchanged ones answer 304 to their `ETag`."""
    return polled(token, lambda: _with_history(token))


def _with_history(token: str) -> tuple[Response, Visit]:
    now = clock.now()
    with looking_up():
        office, visit = get_visit(token, office_of=office_of, now=now)
    history = [
        {"at": moment(office, s.at), "state": s.state, "bidang": s.bidang, "place": s.place}
        for s in history_of(visit.ticket_id)
    ]
    answer = jsonify(ticket_json(office, visit, now=now) | {"history": history})
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32], weak=True)
    return answer, visit


@bp.get("/tickets/<token>/qr.svg")
@operation("The QR picture that leads to the ticket's page", {200: SVG}, public=True)
def picture(token: str) -> ResponseReturnValue:
    """Drawn here and not while a number is given."""
    with looking_up():
        get_visit(token, office_of=office_of, now=clock.now())
    return qr_answer(url_of("ticket.show", token=token))


@bp.post("/tickets/<token>/leave")
@capability
@operation("Give the number up", {200: "Ticket"}, public=True)
def leave(token: str) -> ResponseReturnValue:
    """While waiting, held, or after a missed call."""
    return _visitor_does(token, tickets.leave)


@bp.post("/tickets/<token>/rejoin")
@capability
@operation("Wait again after a missed call", {200: "Ticket"}, public=True)
def rejoin(token: str) -> ResponseReturnValue:
    """Within the office's time for it, behind the next few."""
    return _visitor_does(token, tickets.rejoin)


@bp.post("/tickets/<token>/let-pass")
@capability
@operation("Let the next visitor go first, once", {200: "Ticket"}, public=True)
def let_pass(token: str) -> ResponseReturnValue:
    """While waiting."""
    return _visitor_does(token, tickets.let_pass)


def _visitor_does(token: str, step: Callable[..., object]) -> ResponseReturnValue:
    """What the token alone allows: it is the visitor's secret, no sign-in and no limit."""
    now = clock.now()
    with looking_up():
        office, turn = get_turn(token, office_of=office_of)
    if done := answered(f"ticket:{turn.ticket_id}"):
        return done
    read_body({})
    step(office, turn, by=VISITOR, now=now)
    return commit(_ticket(token, 200))


def _ticket(token: str, status: int, *, to: Caller | None = None) -> Response:
    """The ticket as it stands now; beside a kiosk, whichever program it runs, its slip is printed."""
    now = clock.now()
    office, visit = get_visit(token, office_of=office_of, now=now)
    shown = ticket_json(office, visit, now=now)
    if isinstance(to, Device):
        queue_beside(token, to, url=shown["url"], now=now)
    answer = jsonify(shown)
    answer.status_code = status
    answer.headers["Location"] = url_for("api.tickets.show", token=token)
    return answer
