"""The week and the day on the board: rooms side by side from hour to hour, or as a list."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from types import ModuleType
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.parts import parts_answer
from desk.seat import staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff
from desk.week_table import Line, lines_of, rows_of
from ruko import clock, words
from ruko.accounts import User
from ruko.bookings import (
    Block,
    BoardDay,
    Booking,
    Room,
    WeekBoard,
    all_rooms,
    asked_of,
    pending_bookings,
    period_of,
    week_board,
)
from ruko.offices import Office
from ruko.web import current_office, sign_in_required

bp = Blueprint("week", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)

VIEWS = ("week", "day", "list")
YEARS = range(2000, 2100)
MOST_REQUESTS = 6
"""Beside the week; all of them are on their own page."""


@bp.get("")
def board() -> ResponseReturnValue:
    """The page; its script keeps it up to date."""
    return render_template("desk/week.html", **_read())


@bp.get("/now")
def now() -> ResponseReturnValue:
    """The parts that change, for the page itself."""
    return parts_answer(render_template("desk/_week.html", **_read()))


def _read() -> dict[str, Any]:
    office, user, moment = current_office(), signed_in_staff(), clock.now()
    view = request.args.get("view")
    view = view if view in VIEWS else None
    today = office.day(moment)
    day = _chosen_day(today) if view == "day" else _chosen_monday(today)
    monday = day - timedelta(days=day.weekday())
    rooms = all_rooms(office)
    room = next((r for r in rooms if str(r.id) == request.args.get("room")), None)
    shown = week_board(office, monday, moment, room=room)
    if view == "day":
        shown = WeekBoard(monday, shown.rooms, tuple(d for d in shown.days if d.date == day))
    requests = pending_bookings(office, moment) if user.runs_office else []
    requests.sort(key=attrgetter("created_at", "id"))
    to = _address(view, day, room)
    return {
        "board": shown,
        "rows": rows_of(shown, office),
        "view": view,
        "today": today,
        "room": room,
        "rooms": rooms,
        "title": _title(shown, day, view),
        "requests": asked_of(requests[:MOST_REQUESTS], moment),
        "more_requests": len(requests[MOST_REQUESTS:]),
        "to": to,
        "show": Show(office, user, moment),
    }


@dataclass(frozen=True, slots=True)
class Show:
    """What the page's pieces need to know besides what they show."""

    office: Office
    user: User
    now: datetime
    words: ModuleType = words

    @property
    def today(self) -> date:
        return self.office.day(self.now)

    @property
    def may_book(self) -> bool:
        return self.user.runs_office

    def may_see(self, booking: Booking) -> bool:
        return self.user.may_see(booking.bidang_id)

    def leads_to(self, booking: Booking) -> str:
        """The page of one booking."""
        return url_for("meetings.show", code=booking.code)

    def book_at(self, block: Block, room: Room) -> str:
        """The wizard, with the room and the time chosen."""
        start = self.office.local(block.starts)
        return url_for("booking.start", date=start.date(), when=f"{room.id} {start:%H:%M}")

    def lines_of(self, day: BoardDay) -> list[Line]:
        return lines_of(day)


def _chosen_monday(today: date) -> date:
    """The Monday of the week in the address, or of this week."""
    year, _, number = request.args.get("week", "").partition("-W")
    try:
        if int(year) in YEARS:
            return date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        pass
    chosen = _chosen_day(today)
    return chosen - timedelta(days=chosen.weekday())


def _chosen_day(today: date) -> date:
    """The day in the address, or today."""
    try:
        chosen = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return today
    return chosen if chosen.year in YEARS else today


def _title(shown: WeekBoard, day: date, view: str | None) -> str:
    if view == "day":
        return words.long_date(day)
    days = [d.date for d in shown.days] or [shown.monday, shown.monday + timedelta(days=6)]
    return words.date_span(days[0], days[-1])


def _address(view: str | None, day: date, room: Room | None) -> Callable[..., str]:
    """Makes the address of this page with something changed: `to(view="list")`, `to(step=7)`."""

    def to(endpoint: str = "week.board", step: int = 0, **changes: Any) -> str:
        kept: dict[str, Any] = {"view": view, "room": room.id if room else None} | changes
        at = day + timedelta(days=step)
        when = {"day": at.isoformat()} if kept["view"] == "day" else {"week": period_of(at)}
        return url_for(endpoint, **(when | kept))

    return to
