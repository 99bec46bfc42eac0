"""One meeting, as the office prepares and closes it."""

from datetime import timedelta

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.forms import BringForm
from desk.meetings import bp
from desk.staff import signed_in_staff
from ruko import clock, words
from ruko.accounts import User
from ruko.bookings import (
    Booking,
    BookingState,
    ask_to_bring,
    asked,
    booking_history,
    conclude,
    get_attachment,
    get_booking,
    kept_until,
    shown_state,
    why_not_cancelled,
    why_not_concluded,
    why_not_moved,
)
from ruko.errors import Forbidden, Invalid, NotFound, RukoError
from ruko.tickets import open_ticket_of, results_of
from ruko.web import commit, current_office, once, safe_path, show_at_field, undo
from ruko.web.papers import paper_answer
from ruko.web.whatsapp import news

UNDECIDED_OR_COMING = (BookingState.PENDING, BookingState.CONFIRMED)


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """Everything about it, and what may be done with it now."""
    booking = _seen_by(signed_in_staff(), code)
    return _page(booking, BringForm(data={"bring_along": booking.bring_along}))


@bp.get("/<code>/papers/<int:paper>")
def paper(code: str, paper: int) -> ResponseReturnValue:
    """One of its papers, as a download."""
    return paper_answer(get_attachment(_seen_by(signed_in_staff(), code), paper))


@bp.post("/<code>/bring")
def bring(code: str) -> ResponseReturnValue:
    """What the village is asked to bring."""
    user, entered = signed_in_staff(), BringForm()
    if done := once(user):
        return done
    booking = _served_by(user, code)
    if not entered.validate():
        return _page(booking, entered, status=422)
    try:
        ask_to_bring(booking, entered.bring_along.data or "", by=user.actor, now=clock.now())
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return _page(booking, entered, status=error.status)
        return _page(booking, entered, problem=words.sentence(error), status=error.status)
    said = (
        _("Kept. The village reads it with its booking.") if booking.bring_along else _("Removed.")
    )
    return _done(booking, said)


@bp.post("/<code>/conclude")
def end(code: str) -> ResponseReturnValue:
    """It took place: without a number, on a visit, or although nobody seemed to come."""
    user = signed_in_staff()
    if done := once(user):
        return done
    booking = _served_by(user, code)
    try:
        conclude(booking, by=user.actor, now=clock.now())
    except RukoError as error:
        entered = BringForm(formdata=None, data={"bring_along": booking.bring_along})
        return _page(booking, entered, problem=words.sentence(error), status=error.status)
    return _done(
        booking, _("The meeting with %(village)s took place.", village=booking.village.full_name)
    )


def _seen_by(user: User, code: str) -> Booking:
    """The booking, for whom it is no business there is none."""
    booking = get_booking(code, office=current_office())
    if not user.may_see(booking.bidang_id):
        raise NotFound
    return booking


def _served_by(user: User, code: str) -> Booking:
    booking = _seen_by(user, code)
    if not user.may_serve(booking.bidang_id):
        raise Forbidden
    return booking


def _done(booking: Booking, said: str) -> Response:
    back = safe_path(request.form.get("next"), url_for("meetings.show", code=booking.code))
    answer = commit(make_response(redirect(back, 303)))
    flash(said, "success")
    return answer


def _page(
    booking: Booking, entered: BringForm, problem: str | None = None, status: int = 200
) -> Response:
    code = booking.code
    undo()
    user, now = signed_in_staff(), clock.now()
    booking = get_booking(code, office=current_office())
    state = shown_state(booking, now)
    coming = state in UNDECIDED_OR_COMING
    page = render_template(
        "desk/meeting.html",
        booking=booking,
        state=state,
        asked=asked(booking, now),
        form=entered,
        problem=problem,
        absent_since=booking.starts_at + timedelta(minutes=booking.office.no_show_minutes),
        kept_until=kept_until(booking, now),
        ticket=open_ticket_of(booking),
        results=results_of([booking]).get(booking.id, []),
        history=booking_history(booking),
        tells=news(booking, now) is not None,
        may_serve=user.may_serve(booking.bidang_id),
        may_bring=coming,
        may_move=why_not_moved(booking, privileged=True, now=now) is None,
        may_cancel=why_not_cancelled(booking, privileged=True, now=now) is None,
        may_conclude=why_not_concluded(booking, now=now) is None,
    )
    return make_response(page, status)
