"""Another time, proposed by the office: chosen from the timetable, kept until the village answers."""

from collections.abc import Mapping
from datetime import date

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.approvals import bp, decided
from desk.staff import signed_in_staff
from ruko import clock, words
from ruko.bookings import Booking, asked, get_booking
from ruko.bookings import propose as offer
from ruko.errors import RukoError
from ruko.web import current_office, once, safe_path, undo
from ruko.web.another_time import grid_for, require_another, shown_times
from ruko.web.timetable import read_date, read_time_choice


@bp.get("/<code>/propose")
def propose(code: str) -> ResponseReturnValue:
    """The hours of its own day, or of another one, and the days to choose from."""
    booking = get_booking(code, office=current_office())
    chosen = request.args.get("date")
    return _page(booking, read_date(chosen) if chosen else booking.date, {})


@bp.post("/<code>/propose")
def send_proposal(code: str) -> ResponseReturnValue:
    """Keep that time for the village's answer, or say what stands in the way."""
    user = signed_in_staff()
    if done := once(user):
        return done
    booking = get_booking(code, office=current_office())
    day = read_date(request.form.get("date", ""))
    try:
        chosen = read_time_choice(
            current_office(), grid_for(booking, day, clock.now()), request.form
        )
        require_another(booking, day, chosen)
        draft = offer(
            booking,
            room=chosen.room,
            day=day,
            start=chosen.start,
            end=chosen.end,
            by=user.actor,
            now=clock.now(),
        )
    except RukoError as error:
        undo()
        return _page(booking, day, request.form, error)
    said = _(
        "Proposed to %(village)s: %(date)s, %(hours)s. It is kept until %(until)s.",
        village=booking.village.full_name,
        date=words.short_date(day),
        hours=words.clock_span(chosen.start, chosen.end),
        until=words.moment(draft.held_until or draft.changed_at, booking.office),
    )
    return decided(booking, said)


def _page(
    booking: Booking, day: date, entered: Mapping[str, str], error: RukoError | None = None
) -> Response:
    now = clock.now()
    page = render_template(
        "desk/propose.html",
        asked=asked(booking, now),
        back=safe_path(request.values.get("next"), url_for("approvals.pending")),
        **shown_times(booking, day, entered, error, privileged=True, now=now),
    )
    return make_response(page, error.status if error else 200)
