"""The meetings of a bidang: who comes when, about what, with which papers; a day of them on paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from desk.seat import staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff
from ruko import clock
from ruko.accounts import User
from ruko.bookings import (
    Booking,
    BookingState,
    meetings_from,
    paper_counts,
    papers_by_booking,
    shown_state,
    unrecorded_visits,
)
from ruko.offices import Bidang, all_bidang
from ruko.web import current_office, sign_in_required
from ruko.web.timetable import read_date

bp = Blueprint("meetings", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's meetings, by their start."""

    date: date
    meetings: list[Booking]


@bp.context_processor
def _states() -> dict[str, Any]:
    """How each booking stands at the moment of the page."""
    now = clock.now()
    return {"state_of": lambda booking: shown_state(booking, now)}


@bp.get("")
def coming() -> ResponseReturnValue:
    """Today's meetings, then those of the week, then the later ones."""
    return page()


@bp.get("/print")
def sheet() -> ResponseReturnValue:
    """One day's meetings on paper, to take to the room."""
    user, office, now = signed_in_staff(), current_office(), clock.now()
    day = read_date(request.args["date"]) if "date" in request.args else office.day(now)
    bidang = _bidang_shown(user)
    found = meetings_from(office, day, until=day, bidang=bidang, now=now)
    return render_template(
        "desk/meetings_print.html",
        day=day,
        bidang=bidang,
        meetings=found,
        papers=papers_by_booking(found),
    )


def page() -> Response:
    """The list; staff see their own bidang's, the others everybody's, or those of the one chosen."""
    user, office, now = signed_in_staff(), current_office(), clock.now()
    today, bidang = office.day(now), _bidang_shown(user)
    found = meetings_from(office, today, bidang=bidang, now=now)
    missed = [b for b in found if shown_state(b, now) == BookingState.NO_SHOW]
    sunday = today + timedelta(days=6 - today.weekday())
    shown = render_template(
        "desk/meetings.html",
        today=[b for b in found if b.date == today and b not in missed],
        missed=missed,
        unrecorded=unrecorded_visits(office, bidang=bidang, now=now),
        this_week=_by_day(b for b in found if today < b.date <= sunday),
        later=_by_day(b for b in found if b.date > sunday),
        papers=paper_counts(found),
        bidang=bidang,
        choices=[] if user.bidang else all_bidang(office),
        may_serve=user.may_serve,
    )
    return make_response(shown)


def _by_day(meetings: Iterable[Booking]) -> list[Day]:
    days: dict[date, list[Booking]] = {}
    for booking in meetings:
        days.setdefault(booking.date, []).append(booking)
    return [Day(day, of_day) for day, of_day in days.items()]


def _bidang_shown(user: User) -> Bidang | None:
    """Their own bidang; who sees all of them may choose one."""
    if user.bidang:
        return user.bidang
    code = request.args.get("bidang")
    return next((b for b in all_bidang(current_office()) if b.code == code), None)
