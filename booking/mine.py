"""The bookings that were made: one with its code, all of them, and calling one off."""

from datetime import date, timedelta
from uuid import uuid4

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.forms import CancelForm
from booking.routes import booker, bp
from booking.timetable import read_date
from ruko import clock, words
from ruko.bookings import Booking, BookingState, bookings_of, cancel, get_booking, ics, shown_state
from ruko.db import db
from ruko.errors import Invalid, RukoError
from ruko.web import actor_of, commit, current_office, once, qr_answer, url_of

MOST_SHOWN = 500
MAY_BE_CALLED_OFF = {BookingState.PENDING, BookingState.CONFIRMED}


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
        may_cancel=lambda booking: _why_not_off(booking) is None,
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
        may_cancel=_why_not_off(booking) is None,
        on_time_until=booking.starts_at + timedelta(minutes=office.booking_late_minutes),
        share=_share_text(booking),
    )


@bp.get("/<code>/qr.svg")
def qr(code: str) -> ResponseReturnValue:
    """The picture that the kiosk reads."""
    return qr_answer(url_of("booking.show", code=_booking(code).code))


@bp.get("/<code>.ics")
def calendar_file(code: str) -> ResponseReturnValue:
    """For the phone's own calendar."""
    booking = _booking(code)
    answer = Response(
        ics(booking, url_of("booking.show", code=booking.code)), mimetype="text/calendar"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="ruko-{booking.code}.ics"'
    return answer


@bp.get("/<code>/cancel")
def ask_cancel(code: str) -> ResponseReturnValue:
    """Ask why it is called off."""
    return _cancel_page(_booking(code), CancelForm(request.args))


@bp.post("/<code>/cancel")
def send_cancel(code: str) -> ResponseReturnValue:
    """Call the booking off."""
    user = booker()
    form = CancelForm()
    done = once(user, form.request_key.data)
    if done:
        return done
    booking = _booking(code)
    if not form.validate():
        db.session.rollback()
        return _cancel_page(booking, form), Invalid.status
    try:
        cancel(
            booking,
            form.reason.data,
            by=actor_of(user),
            privileged=user.runs_office,
            now=clock.now(),
        )
    except RukoError as error:
        db.session.rollback()
        if isinstance(error, Invalid):
            form.reason.errors = [words.sentence(error)]
        return _cancel_page(booking, form, error), error.status
    flash(_("The booking was cancelled."), "success")
    return commit(redirect(url_for("booking.show", code=booking.code), 303))


def _booking(code: str) -> Booking:
    """The booking if the caller may see it; a village sees its own alone."""
    return get_booking(code, office=current_office(), village=booker().village)


def _cancel_page(booking: Booking, form: CancelForm, error: RukoError | None = None) -> str:
    form.request_key.data = uuid4().hex
    return render_template(
        "booking/cancel.html",
        page="mine",
        booking=booking,
        form=form,
        error=None if isinstance(error, Invalid) else error,
        why_not=_why_not_off(booking),
    )


def _why_not_off(booking: Booking) -> str | None:
    """Why the caller cannot call it off, as a word; the rule has the last one."""
    now = clock.now()
    if shown_state(booking, now) not in MAY_BE_CALLED_OFF:
        return "state"
    margin = timedelta(minutes=current_office().change_until_minutes)
    if not booker().runs_office and now > booking.starts_at - margin:
        return "late"
    return None


def _share_text(booking: Booking) -> str:
    """What is sent to those who come along; no topic, no names of people."""
    office = current_office()
    return "\n".join(
        [
            _("Meeting at %(house)s, %(office)s", house=office.house_name, office=office.name),
            _day_and_hours(booking),
            booking.room.name if booking.room else booking.village.full_name,
            _("Code: %(code)s", code=booking.code),
            url_of("booking.show", code=booking.code),
        ]
    )


def _day_and_hours(booking: Booking) -> str:
    office = current_office()
    hours = words.clock_span(booking.starts_at, booking.ends_at, office)
    day: date = booking.date
    return f"{words.long_date(day)}, {hours} {office.zone_name}"
