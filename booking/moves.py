"""Another time for a booking, chosen by its village or the office."""

from collections.abc import Mapping
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.mine import own_booking
from booking.routes import booker, bp
from booking.steps import Time, offered_time
from ruko import clock
from ruko.bookings import Booking, BookingState, move
from ruko.errors import RukoError
from ruko.web import commit, once, undo
from ruko.web.another_time import grid_for, require_another, shown_times
from ruko.web.timetable import read_date, read_time_choice


@bp.get("/<code>/move")
def ask_move(code: str) -> ResponseReturnValue:
    """The hours of its own day, or of another one, and the days to choose from."""
    booking = own_booking(code)
    asked = request.args.get("date")
    day = read_date(asked) if asked else booking.date
    return _page(booking, day, _begun(booking))


@bp.post("/<code>/move")
def send_move(code: str) -> ResponseReturnValue:
    """Move it, or say what stands in the way and what is free; then it keeps its time."""
    user = booker()
    if done := once(user):
        return done
    booking = own_booking(code)
    offered = offered_time()
    day = offered.day if offered else read_date(request.form.get("date", ""))
    try:
        chosen = offered or _chosen(booking, day)
        move(
            booking,
            **chosen._asdict(),
            by=user.actor,
            privileged=user.runs_office,
            now=clock.now(),
        )
    except RukoError as error:
        undo()
        return _page(booking, day, request.form, error), error.status
    waits = booking.state == BookingState.PENDING
    answer = commit(redirect(url_for("booking.show", code=booking.code), 303))
    flash(
        _("The schedule was changed. The office still has to approve the new time.")
        if waits
        else _(
            "The schedule was changed. Please add it to your calendar again;"
            " it replaces the entry there."
        ),
        "success",
    )
    return answer


def _chosen(booking: Booking, day: date) -> Time:
    """What was chosen from the timetable of that day; raises `Invalid`, also for its present time."""
    grid = grid_for(booking, day, clock.now())
    chosen = read_time_choice(booking.office, grid, request.form)
    require_another(booking, day, chosen)
    return Time(chosen.room, day, chosen.start, chosen.end)


def _begun(booking: Booking) -> dict[str, str]:
    """What the form says at first: no time yet, but as long as it is now."""
    if booking.room is not None:
        return {"hours": str(booking.last_slot - booking.first_slot + 1)}
    start, end = (booking.office.local(at).time() for at in (booking.starts_at, booking.ends_at))
    return {
        "when": "visit",
        "visit_start": start.isoformat("minutes"),
        "visit_end": end.isoformat("minutes"),
    }


def _page(
    booking: Booking, day: date, entered: Mapping[str, str], error: RukoError | None = None
) -> str:
    times = shown_times(
        booking, day, entered, error, privileged=booker().runs_office, now=clock.now()
    )
    here = url_for("booking.ask_move", code=booking.code, date=day)
    return render_template("booking/move.html", page="mine", here=here, **times)
