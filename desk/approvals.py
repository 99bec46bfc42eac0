"""Deciding on requests for a room."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from desk.forms import DeclineForm
from desk.parts import parts_answer
from desk.seat import staff_bar
from desk.staff import DECIDING, signed_in_staff
from ruko import clock, words
from ruko.bookings import (
    Booking,
    agenda,
    all_asked,
    approve,
    approve_in,
    confirm_by_village,
    decline,
    get_booking,
    get_room,
    shown_state,
    unconfirmed_bookings,
    withdraw_proposal,
)
from ruko.errors import Invalid, NotFound, RukoError
from ruko.web import (
    commit,
    current_office,
    once,
    safe_path,
    show_at_field,
    sign_in_required,
    undo,
)
from ruko.web.whatsapp import news, whatsapp

bp = Blueprint("approvals", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)


@bp.get("")
def pending() -> ResponseReturnValue:
    """What waits for a decision, what villages have yet to confirm, and what the rooms hold today."""
    return page()


@bp.get("/now")
def now() -> ResponseReturnValue:
    """The parts of that page that change."""
    return parts_answer(render_template("desk/_approvals.html", **_read()))


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
        return page(problem=words.sentence(error), status=error.status)
    return decided(booking, _("Approved: %(village)s.", village=booking.village.full_name))


@bp.post("/<code>/approve-elsewhere")
def approve_elsewhere(code: str) -> ResponseReturnValue:
    """Grant the request in another room at the same time."""
    user = signed_in_staff()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    try:
        room = get_room(current_office(), request.form.get("room", type=int))
        approve_in(booking, room, by=user.actor, now=clock.now())
    except RukoError as error:
        return page(problem=words.sentence(error), status=error.status)
    return decided(
        booking,
        _("Approved in %(room)s: %(village)s.", room=room.name, village=booking.village.full_name),
    )


@bp.post("/<code>/decline")
def say_no(code: str) -> ResponseReturnValue:
    """Refuse it, with the reason that the village reads."""
    user, entered = signed_in_staff(), DeclineForm()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    if not entered.validate():
        return page(declining=(booking, entered), status=422)
    try:
        decline(booking, entered.reason.data or "", by=user.actor, now=clock.now())
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return page(declining=(booking, entered), status=error.status)
        return page((booking, entered), words.sentence(error), error.status)
    return decided(booking, _("Declined: %(village)s.", village=booking.village.full_name))


@bp.post("/<code>/withdraw")
def withdraw(code: str) -> ResponseReturnValue:
    """Take the proposal of another time back."""
    user = signed_in_staff()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    try:
        withdraw_proposal(booking, by=user.actor, now=clock.now())
    except RukoError as error:
        return page(problem=words.sentence(error), status=error.status)
    return decided(
        booking,
        _("The proposal for %(village)s was taken back.", village=booking.village.full_name),
    )


@bp.post("/<code>/confirm")
def confirm(code: str) -> ResponseReturnValue:
    """The village said yes by telephone to what was booked on its behalf."""
    user = signed_in_staff()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    try:
        confirm_by_village(booking, by=user.actor, now=clock.now())
    except RukoError as error:
        return page(problem=words.sentence(error), status=error.status)
    return decided(booking, _("Confirmed by %(village)s.", village=booking.village.full_name))


@bp.get("/<code>/tell")
def tell(code: str) -> ResponseReturnValue:
    """To WhatsApp, with the news of it for the village's leader; it is sent there, or not."""
    booking = get_booking(code, office=current_office())
    text = news(booking, clock.now())
    if text is None:
        raise NotFound
    return redirect(whatsapp(text, booking.phone))


def decided(booking: Booking, said: str) -> Response:
    """Back to where it was decided; what was done is said only when it is kept."""
    back = safe_path(request.form.get("next"), url_for("approvals.pending"))
    tell_it = Markup('{} <a href="{}" target="_blank" rel="noopener">{}</a>').format(
        said, url_for("approvals.tell", code=booking.code), _("Tell the village by WhatsApp")
    )
    answer = commit(make_response(redirect(back, 303)))
    flash(tell_it, "success")
    return answer


def page(
    declining: tuple[Booking, DeclineForm] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    """The list, after a refusal with what was wrong."""
    declined, entered = declining or (None, None)
    code = declined.code if declined else None
    undo()
    shown = render_template(
        "desk/approvals.html",
        **_read(),
        declining=code,
        entered=entered,
        problem=problem,
        back=safe_path(request.form.get("next"), "") or None,
    )
    return make_response(shown, status)


def _read() -> dict[str, Any]:
    office, moment = current_office(), clock.now()
    return {
        "requests": all_asked(office, moment),
        "unconfirmed": unconfirmed_bookings(office, moment),
        "state_of": lambda booking: shown_state(booking, moment),
        "today": agenda(office, office.day(moment), now=moment),
    }
