"""Deciding on requests for a room."""

from operator import attrgetter

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.forms import DeclineForm
from desk.seat import staff_bar
from desk.staff import DECIDING, signed_in_staff
from ruko import clock, words
from ruko.bookings import agenda, approve, decline, get_booking, pending_bookings
from ruko.bookings.rules import LONGEST_REASON
from ruko.errors import Invalid, RukoError
from ruko.web import commit, current_office, once, show_at_field, sign_in_required, undo

bp = Blueprint("approvals", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)


@bp.get("")
def pending() -> ResponseReturnValue:
    """What waits for a decision, and what the rooms hold today."""
    return _page()


@bp.post("/<code>/approve")
def say_yes(code: str) -> ResponseReturnValue:
    """Grant the request."""
    user = signed_in_staff()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    try:
        approve(booking, by=user.actor, now=clock.now())
    except RukoError as error:
        return _page(problem=words.sentence(error), status=error.status)
    return _decided(_("Approved: %(village)s.", village=booking.village.full_name))


@bp.post("/<code>/decline")
def say_no(code: str) -> ResponseReturnValue:
    """Refuse it, with the reason that the village reads."""
    user, entered = signed_in_staff(), DeclineForm()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    if not entered.validate():
        return _page(declining=(booking.code, entered), status=422)
    try:
        decline(booking, entered.reason.data or "", by=user.actor, now=clock.now())
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return _page(declining=(booking.code, entered), status=error.status)
        return _page(problem=words.sentence(error), status=error.status)
    return _decided(_("Declined: %(village)s.", village=booking.village.full_name))


def _decided(said: str) -> Response:
    """Back to the list; what was done is said only when it is kept."""
    answer = commit(make_response(redirect(url_for("approvals.pending"), 303)))
    flash(said, "success")
    return answer


def _page(
    declining: tuple[str, DeclineForm] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    undo()
    office, now = current_office(), clock.now()
    code, entered = declining or (None, None)
    page = render_template(
        "desk/approvals.html",
        requests=sorted(pending_bookings(office, now), key=attrgetter("created_at")),
        today=agenda(office, office.day(now)),
        declining=code,
        entered=entered,
        problem=problem,
        longest_reason=LONGEST_REASON,
    )
    return make_response(page, status)
