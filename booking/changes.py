"""What becomes of a booking: called off, confirmed by its village, a proposal answered."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from booking.change_forms import CancelForm
from booking.mine import change_until, own_booking, show_page
from booking.routes import booker, bp
from ruko import clock, words
from ruko.accounts import User
from ruko.bookings import (
    Booking,
    CancelCode,
    accept_proposal,
    cancel,
    confirm_by_village,
    refuse_proposal,
    why_not_cancelled,
)
from ruko.errors import Forbidden, Invalid, RukoError
from ruko.web import commit, once, show_at_field, undo


@bp.get("/<code>/cancel")
def ask_cancel(code: str) -> ResponseReturnValue:
    """Ask why it is called off."""
    return _cancel_page(own_booking(code), CancelForm())


@bp.post("/<code>/cancel")
def send_cancel(code: str) -> ResponseReturnValue:
    """Call the booking off."""
    user, form = booker(), CancelForm()
    if done := once(user):
        return done
    booking = own_booking(code)
    if not form.validate():
        undo()
        return _cancel_page(booking, form), Invalid.status
    kind = CancelCode(form.code.data)
    try:
        cancel(
            booking,
            _reason(kind, form.reason.data or ""),
            code=kind,
            by=user.actor,
            privileged=user.runs_office,
            now=clock.now(),
        )
    except RukoError as error:
        undo()
        if isinstance(error, Invalid) and show_at_field(form, error):
            return _cancel_page(booking, form), error.status
        return _cancel_page(booking, form, error), error.status
    return _back_to(booking, _("The booking was cancelled."))


def _reason(kind: CancelCode, text: str) -> str:
    """What was written; else, where it says enough, the kind of reason in the office's language."""
    if text.strip() or kind == CancelCode.OTHER:
        return text
    with force_locale(words.DEFAULT_LANGUAGE):
        return words.cancel_code(kind)


def _cancel_page(booking: Booking, form: CancelForm, error: RukoError | None = None) -> str:
    return render_template(
        "booking/cancel.html",
        page="mine",
        booking=booking,
        form=form,
        error=error,
        change_until=change_until(booking),
        why_not=why_not_cancelled(booking, privileged=booker().runs_office, now=clock.now()),
    )


# ── Pressed on the booking's own page ─────────────────────────────────────────────────────────


@bp.post("/<code>/accept")
def accept(code: str) -> ResponseReturnValue:
    """Take the time that the office proposes."""
    return _press(code, _accept)


@bp.post("/<code>/refuse")
def refuse(code: str) -> ResponseReturnValue:
    """Keep what was asked for."""
    return _press(code, _refuse)


@bp.post("/<code>/confirm")
def confirm(code: str) -> ResponseReturnValue:
    """Say yes to what was booked on the village's behalf; the office cannot do that for it."""
    return _press(code, _confirm)


def _accept(booking: Booking, user: User) -> str:
    accept_proposal(booking, by=user.actor, now=clock.now())
    return _(
        "The meeting is at the proposed time now."
        " Please add it to your calendar again; it replaces the entry there."
    )


def _refuse(booking: Booking, user: User) -> str:
    refuse_proposal(booking, by=user.actor, now=clock.now())
    return _("The proposal was not taken; your booking stays as it is.")


def _confirm(booking: Booking, user: User) -> str:
    if user.village is None:
        raise Forbidden
    confirm_by_village(booking, by=user.actor, now=clock.now())
    return _("Thank you. The booking is confirmed by the village.")


def _press(code: str, act: Callable[[Booking, User], str]) -> ResponseReturnValue:
    """One press that the rule takes or refuses; either way the booking's page says so."""
    user = booker()
    if done := once(user):
        return done
    booking = own_booking(code)
    try:
        said = act(booking, user)
    except Forbidden:
        raise
    except RukoError as error:
        undo()
        return show_page(booking, error), error.status
    return _back_to(booking, said)


def _back_to(booking: Booking, said: str) -> ResponseReturnValue:
    """To the booking's page; what was done is said only when it is kept."""
    answer = commit(redirect(url_for("booking.show", code=booking.code), 303))
    flash(said, "success")
    return answer
