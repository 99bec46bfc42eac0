"""The kiosk's first and last page: who comes next, and the number in the hand."""

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from kiosk.estimates import clock_estimate
from ruko import clock
from ruko.board import snapshot
from ruko.bookings import arrivals_open
from ruko.devices import Device
from ruko.errors import N_, Forbidden, RukoError
from ruko.offices import opening
from ruko.tickets import get_visit
from ruko.web import (
    READING,
    current_device,
    current_office,
    office_of,
    qr_answer,
    reads_only,
    undo,
    url_of,
)
from ruko.web.answers import TITLES, answer

bp = Blueprint("kiosk", __name__)


def this_kiosk() -> Device:
    """The kiosk that this browser is; raises `Forbidden`."""
    device = current_device()
    if device is None or not device.serves(current_office(), "kiosk"):
        raise Forbidden(N_("This device is not a kiosk of this office (any more)."))
    return device


@bp.before_request
def _only_kiosks() -> ResponseReturnValue | None:
    """Show how to pair instead of a page; a press on a page that is no longer ours is refused."""
    try:
        this_kiosk()
    except Forbidden:
        if request.method == "POST":
            raise
        if request.endpoint != "kiosk.start":
            return redirect(url_for("kiosk.start"))
        return render_template("kiosk/unpaired.html")
    return None


@bp.get("")
def start() -> ResponseReturnValue:
    """Take a number or check in; when closed, why and until when."""
    office, now = current_office(), clock.now()
    hours = opening(office, now)
    if not hours.numbers:
        return render_template(
            "kiosk/closed.html", hours=hours, may_check_in=arrivals_open(office, now)
        )
    board = snapshot(office, now=now)
    waiting = sum(row["waiting"] for row in board.content["bidang"])
    return render_template("kiosk/start.html", waiting=waiting)


@bp.post("/next")
@reads_only
def next_visitor() -> ResponseReturnValue:
    """Forget how the last visitor liked to read, and start again."""
    for name in READING:
        session.pop(name, None)
    return redirect(url_for("kiosk.start"), 303)


@bp.get("/tickets/<token>")
def ticket(token: str) -> ResponseReturnValue:
    """The number, big, with the QR that opens it on a phone."""
    office, now = current_office(), clock.now()
    _office, visit = get_visit(token, office_of=office_of, office=office, now=now)
    return render_template(
        "kiosk/ticket.html", visit=visit, **clock_estimate(office, visit, now=now)
    )


@bp.get("/booking.svg")
def booking_qr() -> Response:
    """The way to the booking pages, for a phone in front of a closed office."""
    return qr_answer(url_of("booking.start"))


@bp.errorhandler(CSRFError)
def _stale(_error: CSRFError) -> ResponseReturnValue:
    """The page outlived its session: whoever stands here starts again."""
    return redirect(url_for("kiosk.start", office=g.office_slug), 303)


@bp.errorhandler(RukoError)
def _refused(error: RukoError) -> ResponseReturnValue:
    """Refusals keep the visitor at the kiosk; they lead back to its start."""
    if g.get("office") is None or error.status == 503:
        return answer(error)
    undo()
    return refused(error, _(TITLES[error.code]))


def refused(error: RukoError, title: str) -> ResponseReturnValue:
    """What did not happen, why, and the way on."""
    return render_template("kiosk/refused.html", error=error, title=title), error.status
