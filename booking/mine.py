"""The bookings that were made: one with its code, all of them, and calling one off."""

from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.forms import CancelForm
from booking.routes import booker, bp
from booking.timetable import read_date
from ruko import clock, words
from ruko.bookings import (
    Booking,
    bookings_of,
    cancel,
    get_booking,
    shown_state,
    why_not_cancelled,
)
from ruko.errors import Invalid, RukoError
from ruko.web import (
    booking_url,
    commit,
    current_office,
    ics_answer,
    once,
    qr_answer,
    show_at_field,
    undo,
)

MOST_SHOWN = 500


@bp.get("/mine")
def mine() -> ResponseReturnValue:
    """What is coming, or with `?month=` what was; the operator sees every village's."""
    office, user, now = current_office(), booker(), clock.now()
    today = office.day(now)
    asked = request.args.get("month")
    first = read_date(f"{asked}-01") if asked else today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    start, end = (first, min(today, following - timedelta(days=1))) if asked else (today, None)
    found = bookings_of(
        office, now=now, start=start, end=end, village=user.village, limit=MOST_SHOWN
    )
    shown = [b for b in found if (b.ends_at <= now) == bool(asked)]
    return render_template(
        "booking/mine.html",
        page="mine",
        bookings=shown[::-1] if asked else shown,
        month=first if asked else None,
        this_month=today.replace(day=1),
        earlier=first - timedelta(days=1),
        later=following if following <= today else None,
        state_of=lambda booking: shown_state(booking, now),
        may_cancel=lambda booking: _why_not_cancelled(booking) is None,
    )


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """One booking: its code and QR, where and when, and what comes next."""
    booking = _booking(code)
    office = current_office()
    return render_template(
        "booking/show.html",
        page="mine",
        booking=booking,
        state=shown_state(booking, clock.now()),
        may_cancel=_why_not_cancelled(booking) is None,
        on_time_until=booking.starts_at + timedelta(minutes=office.booking_late_minutes),
        share=_share_text(booking),
    )


@bp.get("/<code>/qr.svg")
def qr(code: str) -> ResponseReturnValue:
    """The picture that the kiosk reads."""
    return qr_answer(booking_url(_booking(code)))


@bp.get("/<code>.ics")
def calendar_file(code: str) -> ResponseReturnValue:
    """For the phone's own calendar."""
    return ics_answer(_booking(code))


@bp.get("/<code>/cancel")
def ask_cancel(code: str) -> ResponseReturnValue:
    """Ask why it is called off."""
    return _cancel_page(_booking(code), CancelForm(request.args))


@bp.post("/<code>/cancel")
def send_cancel(code: str) -> ResponseReturnValue:
    """Call the booking off."""
    user = booker()
    form = CancelForm()
    if done := once(user):
        return done
    booking = _booking(code)
    if not form.validate():
        undo()
        return _cancel_page(booking, form), Invalid.status
    try:
        cancel(
            booking,
            form.reason.data,
            by=user.actor,
            privileged=user.runs_office,
            now=clock.now(),
        )
    except RukoError as error:
        undo()
        if isinstance(error, Invalid) and show_at_field(form, error):
            return _cancel_page(booking, form), error.status
        return _cancel_page(booking, form, error), error.status
    answer = commit(redirect(url_for("booking.show", code=booking.code), 303))
    flash(_("The booking was cancelled."), "success")
    return answer


def _booking(code: str) -> Booking:
    """The booking if the caller may see it; a village sees its own alone."""
    return get_booking(code, office=current_office(), village=booker().village)


def _cancel_page(booking: Booking, form: CancelForm, error: RukoError | None = None) -> str:
    return render_template(
        "booking/cancel.html",
        page="mine",
        booking=booking,
        form=form,
        error=error,
        why_not=_why_not_cancelled(booking),
    )


def _why_not_cancelled(booking: Booking) -> RukoError | None:
    return why_not_cancelled(booking, privileged=booker().runs_office, now=clock.now())


def _share_text(booking: Booking) -> str:
    """What is sent to those who come along; no topic, no names of people."""
    office = current_office()
    return "\n".join(
        [
            _("Meeting at %(house)s, %(office)s", house=office.house_name, office=office.name),
            _day_and_hours(booking),
            booking.room.name if booking.room else booking.village.full_name,
            _("Code: %(code)s", code=booking.code),
            booking_url(booking),
        ]
    )


def _day_and_hours(booking: Booking) -> str:
    office = current_office()
    hours = words.clock_span(booking.starts_at, booking.ends_at, office)
    day: date = booking.date
    return f"{words.long_date(day)}, {hours} {office.zone_name}"
