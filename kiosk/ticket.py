"""The ticket on a visitor's phone: no sign-in, the token is the secret."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from kiosk.estimates import clock_estimate
from ruko import clock
from ruko.errors import N_
from ruko.tickets import State, Visit, get_visit, served_now
from ruko.web import office_of, qr_answer, url_of
from ruko.web.throttle import looking_up

bp = Blueprint("ticket", __name__)

LOOKS = {State.CALLED: "call", State.SERVING: "serve"}
TITLES = {
    State.WAITING: N_("Waiting · %(code)s"),
    State.CALLED: N_("Your turn · %(code)s"),
    State.SERVING: N_("Being served · %(code)s"),
    State.NO_SHOW: N_("Missed · %(code)s"),
    State.DONE: N_("Finished · %(code)s"),
    State.CANCELLED: N_("Cancelled · %(code)s"),
    State.EXPIRED: N_("Expired · %(code)s"),
}
ENDED = (State.DONE, State.CANCELLED, State.EXPIRED)


@bp.get("/t/<token>")
def show(token: str) -> ResponseReturnValue:
    """Where the visit stands: one question answered per state."""
    return render_template("kiosk/phone.html", **_context(token))


@bp.get("/t/<token>/now")
def fragment(token: str) -> ResponseReturnValue:
    """The living part of the page; says by `Poll-After` when to ask again."""
    context = _context(token)
    response = make_response(render_template("kiosk/_phone.html", **context))
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Poll-After"] = str(context["visit"].poll_after)
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/t/<token>/qr.svg")
def qr(token: str) -> Response:
    """The QR that opens this page on another phone."""
    with looking_up():
        get_visit(token, office_of=office_of, now=clock.now())
    return qr_answer(url_of("ticket.show", token=token))


def _context(token: str) -> dict[str, Any]:
    moment = clock.now()
    with looking_up():
        office, visit = get_visit(token, office_of=office_of, now=moment)
    return {
        "visit": visit,
        "title": _title(visit),
        "said": _said(visit),
        "look": LOOKS.get(visit.state, ""),
        "ended": visit.state in ENDED,
        "served": served_now(visit) if visit.state == State.WAITING else [],
        **clock_estimate(office, visit, now=moment),
    }


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
    if visit.state == State.WAITING and visit.people_ahead:
        return ngettext(
            "%(num)d person ahead of you", "%(num)d people ahead of you", visit.people_ahead
        )
    return _("You are next") if visit.state == State.WAITING else _title(visit)
