"""What the steps of a booking share: the draft of the address, its time, and the way onward."""

from collections.abc import Callable
from datetime import date, time
from functools import wraps
from typing import Any, NamedTuple

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.routes import booker
from ruko import clock
from ruko.bookings import Booking, Draft, Room, get_draft, get_room, hold
from ruko.db import db
from ruko.errors import N_, Invalid
from ruko.web import current_office
from ruko.web.timetable import read_date, read_time

STEPS = ("about", "date", "time", "people", "check")

View = Callable[[Draft], ResponseReturnValue]


class Time(NamedTuple):
    """A day with its hours, in a room or as a visit of the office."""

    room: Room | None
    day: date
    start: time
    end: time


def draft_of(token: str) -> Draft:
    """The draft of that address, if it is the caller's to write; raises `NotFound`."""
    user = booker()
    return get_draft(current_office(), token, village=user.village, by=user.actor)


def step(view: View) -> Callable[[str], ResponseReturnValue]:
    """A view of one step; a draft that was sent leads to its booking."""

    @wraps(view)
    def of_draft(token: str) -> ResponseReturnValue:
        draft = draft_of(token)
        return to_booking(draft) if draft.booking_id else view(draft)

    return of_draft


def to_booking(draft: Draft) -> ResponseReturnValue:
    """Where a draft leads that was sent."""
    booking = db.session.get_one(Booking, draft.booking_id)
    return redirect(url_for("booking.show", code=booking.code), 303)


def onward(draft: Draft) -> str:
    """The first step that still lacks something, else the last one."""
    if draft.starts_at is None:
        name = "date"
    elif draft.leader is None or draft.attendees is None or too_many(draft):
        name = "people"
    else:
        name = "check"
    return url_for(f"booking.{name}", token=draft.token)


def too_many(draft: Draft) -> bool:
    """Whether more people come than the chosen room has seats."""
    return bool(draft.room and draft.attendees and draft.attendees > draft.room.capacity)


def step_page(name: str, draft: Draft | None, **shown: Any) -> str:
    """The page of one step; `error` stands above its form."""
    at = STEPS.index(name)
    before = STEPS[at - 1] if at else None
    token = draft.token if draft else None
    here = url_for(f"booking.{name}", token=token) if draft else url_for("booking.start")
    return render_template(
        f"booking/{name}.html",
        page="start",
        draft=draft,
        step=at + 1,
        steps_total=len(STEPS),
        back=url_for(f"booking.{before}", token=token) if before and draft else None,
        **{"here": here, "error": None} | shown,
    )


# ── The time of a draft ───────────────────────────────────────────────────────────────────────


def offered_time() -> Time | None:
    """The time of a pressed button that offers another one, as "ROOM DATE START END"."""
    pressed = request.form.get("instead")
    if not pressed:
        return None
    chosen = pressed.split(" ")
    if len(chosen) != 4 or not chosen[0].isdecimal() or len(chosen[0]) > 9:
        raise Invalid("when", N_("Please choose a time from the timetable."))
    room, day, start, end = chosen
    return Time(
        get_room(current_office(), int(room)),
        read_date(day),
        read_time("when", start),
        read_time("when", end),
    )


def pressed_time(draft: Draft) -> Time | None:
    """The time of a pressed button: one offered instead, or the draft's own once more."""
    if offered := offered_time():
        return offered
    if "renew" in request.form:
        begins, ends = draft.hours
        return Time(draft.room, begins.date(), begins.time(), ends.time())
    return None


def keep_time(draft: Draft, chosen: Time, *, quota_reason: str | None = None) -> None:
    """Hold that time for the draft; raises as `hold` does."""
    hold(draft, **chosen._asdict(), quota_reason=quota_reason, now=clock.now())
