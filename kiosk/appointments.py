"""Checking in with the code of a booking: seen by the camera, typed by a scanner, or on the keypad."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.forms import CodeForm, booking_in
from kiosk.printing import print_at
from kiosk.routes import bp, this_kiosk
from ruko import clock, devices
from ruko.bookings.codes import ALPHABET, LENGTH
from ruko.errors import RukoError
from ruko.tickets import check_in
from ruko.web import commit, current_office, once, undo

KEYS = [*sorted(ALPHABET, key=str.isalpha)]
"""Digits, then letters, as on the keypad."""


@bp.get("/appointment")
def appointment() -> ResponseReturnValue:
    """Where the code is shown or entered."""
    return _page(CodeForm())


@bp.post("/appointment")
def arrive() -> ResponseReturnValue:
    """Check in; the same code leads to the same number, however often it is entered."""
    device, office, now = this_kiosk(), current_office(), clock.now()
    if done := once(device, now=now):
        return done
    form = CodeForm()
    try:
        booking = booking_in(office, form.code.data or "")
        token, _ = check_in(office, booking, by=device.actor, now=now)
    except RukoError as error:
        undo()
        return _page(form, error)
    print_at(device, token, now=now)
    devices.touch(device.id, now=now)
    return commit(redirect(url_for("kiosk.ticket", token=token), 303))


def _page(form: CodeForm, error: RukoError | None = None) -> ResponseReturnValue:
    page = render_template(
        "kiosk/appointment.html",
        form=form,
        by=request.form.get("by"),
        error=error,
        keys=KEYS,
        length=LENGTH,
    )
    return page, error.status if error else 200
