"""The ticket on a visitor's phone: no sign-in, the token is the secret."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from ruko import clock, tickets, words
from ruko.audit import VISITOR
from ruko.bookings import get_booking
from ruko.errors import N_, NotFound, RukoError
from ruko.estimates import clock_estimate
from ruko.offices import Office
from ruko.tickets import (
    State,
    Visit,
    find_turn,
    get_visit,
    rejoin_until,
    served_now,
    somebody_behind,
)
from ruko.tickets.leaving import MAY_LEAVE
from ruko.web import capability, commit, office_of, once, polled, qr_answer, undo, url_of
from ruko.web.throttle import looking_up

bp = Blueprint("ticket", __name__)

LOOKS = {State.CALLED: "call", State.SERVING: "serve"}
TITLES = {
    State.WAITING: N_("Waiting · %(code)s"),
    State.CALLED: N_("Your turn · %(code)s"),
    State.SERVING: N_("Being served · %(code)s"),
    State.HELD: N_("On hold · %(code)s"),
    State.NO_SHOW: N_("Missed · %(code)s"),
    State.DONE: N_("Finished · %(code)s"),
    State.CANCELLED: N_("Cancelled · %(code)s"),
    State.EXPIRED: N_("Expired · %(code)s"),
}
ENDED = (State.DONE, State.CANCELLED, State.EXPIRED)
NOT_DONE = {
    "leave": N_("Your number was not cancelled"),
    "rejoin": N_("You do not wait again yet"),
    "let_pass": N_("Your place has not changed"),
}
"""What to say first when a press had no effect."""


# ── What the visitor sees ─────────────────────────────────────────────────────────────────────


@bp.get("/t/<token>")
def show(token: str) -> ResponseReturnValue:
    """Where the visit stands: one question answered per state."""
    return _page(token)


@bp.get("/t/<token>/now")
def fragment(token: str) -> ResponseReturnValue:
    """The living part of the page; says by `Poll-After` when to ask again."""
    return polled(token, lambda: _fragment(token))


def _fragment(token: str) -> tuple[Response, Visit]:
    context = _context(token)
    response = make_response(render_template("kiosk/_phone.html", **context))
    response.add_etag()
    return response, context["visit"]


@bp.get("/t/<token>/qr.svg")
def qr(token: str) -> Response:
    """The QR that opens this page on another phone."""
    with looking_up():
        get_visit(token, office_of=office_of, now=clock.now())
    return qr_answer(url_of("ticket.show", token=token))


# ── What the visitor decides ──────────────────────────────────────────────────────────────────


@bp.get("/t/<token>/leave")
def ask_to_leave(token: str) -> ResponseReturnValue:
    """Whether the number is really given up; with the script the same question is a dialog."""
    context = _context(token)
    if not context["may_leave"]:
        return redirect(url_for("ticket.show", token=token))
    return render_template("kiosk/phone.html", **context, asking=True)


@bp.post("/t/<token>/leave")
@capability
def leave(token: str) -> ResponseReturnValue:
    """Give the number up."""
    return _visitor_does(token, tickets.leave, NOT_DONE["leave"])


@bp.post("/t/<token>/rejoin")
@capability
def rejoin(token: str) -> ResponseReturnValue:
    """Wait again after a missed call."""
    return _visitor_does(token, tickets.rejoin, NOT_DONE["rejoin"])


@bp.post("/t/<token>/let-pass")
@capability
def let_pass(token: str) -> ResponseReturnValue:
    """Let the next visitor go first."""
    return _visitor_does(token, tickets.let_pass, NOT_DONE["let_pass"])


def _visitor_does(token: str, step: Callable[..., object], not_done: str) -> ResponseReturnValue:
    """Take the step and lead back to the ticket; a refusal stands above the ticket as it is."""
    now = clock.now()
    with looking_up():
        office, visit = get_visit(token, office_of=office_of, now=now)
    try:
        if done := once(f"ticket:{visit.ticket_id}"):
            return done
        turn = find_turn(office, token)
        if turn is None:
            raise NotFound
        step(office, turn, by=VISITOR, now=now)
    except RukoError as error:
        undo()
        return _page(token, refusal=(_(not_done), words.sentence(error))), error.status
    return commit(redirect(url_for("ticket.show", token=token), 303))


# ── The page's parts ──────────────────────────────────────────────────────────────────────────


def _page(token: str, *, refusal: tuple[str, str] | None = None) -> str:
    return render_template("kiosk/phone.html", **_context(token), refusal=refusal)


def _context(token: str) -> dict[str, Any]:
    now = clock.now()
    with looking_up():
        office, visit = get_visit(token, office_of=office_of, now=now)
    waiting, today = visit.state == State.WAITING, visit.day == office.day(now)
    ways_back = _ways_back(office, visit, now=now)
    estimate = clock_estimate(office, visit, now=now)
    opens_at = estimate["hours"].opens_at
    return {
        "visit": visit,
        "title": _title(visit),
        "said": _said(visit),
        "look": LOOKS.get(visit.state, ""),
        "ended": not today or (_ended(office, visit, now=now) and not ways_back["scan_until"]),
        "may_leave": today and visit.state in MAY_LEAVE,
        "not_done": NOT_DONE,
        "served": served_now(visit) if waiting else [],
        "order": _order(office, visit) if waiting else "",
        "passing": waiting and not visit.let_pass and somebody_behind(visit, now=now),
        "over": opens_at is None or office.day(opens_at) > visit.day,
        **estimate,
        **ways_back,
    }


def _ended(office: Office, visit: Visit, *, now: datetime) -> bool:
    """Whether the visit has ended, and no desk can take its last step back any more."""
    undone_until = visit.stepped_at and visit.stepped_at + timedelta(seconds=office.undo_seconds)
    return visit.state in ENDED and (undone_until is None or now > undone_until)


def _title(visit: Visit) -> str:
    """For the browser's list of pages, the state first."""
    return _(TITLES.get(visit.state, TITLES[State.WAITING]), code=visit.code)


def _said(visit: Visit) -> str:
    """The news for a screen reader."""
    if visit.state == State.CALLED:
        return _(
            "Your turn: number %(code)s, please go to %(place)s.",
            code=visit.code,
            place=visit.place,
        )
    if visit.state != State.WAITING:
        return _title(visit)
    position = _("You are next")
    if visit.people_ahead:
        position = ngettext(
            "%(num)d person ahead of you", "%(num)d people ahead of you", visit.people_ahead
        )
    return f"{visit.bidang_name}: {position}" if visit.sent_on else position


def _order(office: Office, visit: Visit) -> str:
    """The office's rule of order, as it binds this visitor."""
    early, booked = office.priority_head_start_minutes, office.booking_head_start_minutes
    if visit.booking_starts_at:
        return _(
            "With your appointment at %(time)s you count as having come %(early)d minutes before it,"
            " unless you came more than %(late)d minutes after its beginning.",
            time=words.clock(visit.booking_starts_at, office),
            early=booked,
            late=office.booking_late_minutes,
        )
    if visit.priority:
        return _("With priority you count as having come %(early)d minutes earlier.", early=early)
    if early and booked:
        return _(
            "The order may change: priority counts %(early)d minutes earlier,"
            " an appointment %(booked)d minutes before its time.",
            early=early,
            booked=booked,
        )
    if early:
        return _("The order may change: priority counts %(early)d minutes earlier.", early=early)
    if booked:
        return _(
            "The order may change: an appointment counts %(booked)d minutes before its time.",
            booked=booked,
        )
    return ""


def _ways_back(office: Office, visit: Visit, *, now: datetime) -> dict[str, datetime | None]:
    """Until when somebody missed may wait again, and until when a booking may be scanned again."""
    gone = visit.state in (State.NO_SHOW, State.CANCELLED) and visit.day == office.day(now)
    missed = gone and visit.state == State.NO_SHOW
    booking = get_booking(visit.booking, office=office) if gone and visit.booking else None
    return {
        "rejoin_until": rejoin_until(office, visit) if missed else None,
        "scan_until": booking.ends_at if booking and now < booking.ends_at else None,
    }
