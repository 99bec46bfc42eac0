"""The kiosk's first and last page: who comes next, and the number in the hand."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from ruko import clock
from ruko.board import recent
from ruko.bookings import arrivals_open
from ruko.devices import Device
from ruko.errors import N_, Closed, Forbidden, RukoError
from ruko.estimates import clock_estimate
from ruko.offices import Office, first_open_days, opening, spans_on
from ruko.printing import find_job
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
from ruko.web.pairing import unpaired_page
from ruko.web.safety import POLICY

bp = Blueprint("kiosk", __name__)

READS_PICTURES = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
"""The kiosk's reader of QR pictures, for browsers without their own, is WebAssembly."""


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
            undo()
            return unpaired_page("kiosk"), 403
        if request.endpoint != "kiosk.start":
            return redirect(url_for("kiosk.start"))
        return unpaired_page("kiosk")
    return None


@bp.after_request
def _may_read_pictures(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", READS_PICTURES)
    return response


@bp.get("")
def start() -> ResponseReturnValue:
    """Take a number or check in; when closed, why and until when."""
    office, now = current_office(), clock.now()
    hours = opening(office, now)
    queues = recent(office, now=now).content["bidang"]
    if not hours.numbers or all(queue["full"] for queue in queues):
        return render_template(
            "kiosk/closed.html",
            hours=hours,
            reason=hours.reason or _all_taken(office, now=now),
            may_check_in=arrivals_open(office, now),
        )
    waiting = sum(queue["waiting"] for queue in queues)
    return render_template("kiosk/start.html", waiting=waiting)


def _all_taken(office: Office, *, now: datetime) -> Closed:
    """Every bidang has given its numbers of the day."""
    for day in first_open_days(office, office.day(now) + timedelta(days=1), 1):
        opens = office.local(spans_on(office, day)[0][0].opens)
        return Closed(
            N_("All numbers of today have been taken. Numbers are given again on %(opens)s."),
            opens=opens,
        )
    return Closed(N_("All numbers of today have been taken."))


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
        "kiosk/ticket.html",
        visit=visit,
        slip=find_job(visit.ticket_id),
        **clock_estimate(office, visit, now=now),
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
