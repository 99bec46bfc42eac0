"""Saying what the meeting is about, and sending the request."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.forms import RequestForm
from booking.routes import booker, bp
from booking.timetable import read_date, read_time
from ruko import clock, words
from ruko.accounts import User
from ruko.bookings import Booking, Room, SlotTaken, SlotView, book, day_grid, get_room
from ruko.errors import N_, IdempotencyMismatch, Invalid, RukoError
from ruko.offices import get_bidang, get_category, get_village
from ruko.web import commit, current_office, once, show_at_field, undo


@dataclass(frozen=True, slots=True)
class Chosen:
    """The day and hours that were chosen, and the hours that may be chosen instead."""

    room: Room | None
    day: date
    start: time
    end: time
    starts: list[time]
    ends: list[time]
    refusal: RukoError | None
    """Why the first hour cannot be booked any more."""


@bp.get("/new")
def new() -> ResponseReturnValue:
    """The form for a chosen hour; one that is gone leads back to its day."""
    user = booker()
    form = _form(user, request.args)
    chosen = _read_chosen(form, user)
    if chosen.refusal:
        flash(words.sentence(chosen.refusal), "warning")
        return redirect(url_for("booking.start", date=chosen.day))
    return _page(form, chosen)


@bp.post("/new")
def send() -> ResponseReturnValue:
    """Book, or show the form again with all that was typed and what stood in the way."""
    user = booker()
    form = _form(user, request.form)
    _take_alternative(form)
    try:
        if done := once(user):
            return done
        if not form.validate():
            raise Invalid("", N_("Please check what was entered."))
        booking = _book(form, user)
    except RukoError as error:
        undo()
        return _page(form, _read_chosen(form, user), _known(error)), error.status
    code = booking.code
    answer = commit(redirect(url_for("booking.show", code=code), 303))
    flash(code, "sent")
    return answer


def _form(user: User, values: Any) -> RequestForm:
    form = RequestForm(values)
    if not user.runs_office:
        del form.village
    return form


def _read_chosen(form: RequestForm, user: User) -> Chosen:
    """What the form's address or hidden fields say; raises `Invalid` for what no page of ours says."""
    office = current_office()
    room = _room(form)
    day = read_date(form.date.data or "")
    grid = day_grid(office, day, village=user.village, now=clock.now())
    slots = next((slots for r, slots in grid.rooms if room is None or r.id == room.id), [])
    if room is None:  # a visit takes no room, so only the hours count
        slots = [s for s in slots if s.state not in {"closed", "past"}]
        starts, ends = [s.starts for s in slots], [s.ends for s in slots]
        start = read_time("start", form.start.data) if form.start.data else _first(starts)
        refusal = grid.closed_reason or (None if slots else _gone())
    else:
        start = read_time("start", form.start.data or "")
        starts, ends = [start], _ends(slots, start)
        refusal = _why_not(slots, start)
    end = read_time("end", form.end.data) if form.end.data else _first(e for e in ends if e > start)
    form.start.data, form.end.data = start.isoformat("minutes"), end.isoformat("minutes")
    return Chosen(room, day, start, end, [*starts, start], [*ends, end], refusal)


def _gone() -> Invalid:
    return Invalid("start", N_("This time cannot be chosen any more. Please choose another one."))


def _room(form: RequestForm) -> Room | None:
    text = form.room.data
    if not text:
        return None
    return get_room(current_office(), int(text) if re.fullmatch("[0-9]{1,9}", text) else None)


def _first(times: Iterable[time]) -> time:
    return next(iter(times), time())


def _ends(slots: list[SlotView], start: time) -> list[time]:
    """Where a meeting from `start` may end: after its own hour, or after the free ones behind it."""
    ends: list[time] = []
    for slot in slots:
        if slot.starts == (ends[-1] if ends else start) and (not ends or slot.state == "free"):
            ends.append(slot.ends)
    return ends


def _why_not(slots: list[SlotView], start: time) -> RukoError | None:
    slot = next((slot for slot in slots if slot.starts == start), None)
    if slot is None:
        return _gone()
    if slot.state == "free":
        return None
    if slot.state == "mine":  # as after the browser's way back
        return Invalid(
            "start", N_("Your village has booked this time already: see the list of your bookings.")
        )
    return slot.reason or SlotTaken()


def _take_alternative(form: RequestForm) -> None:
    """A pressed alternative is its own choice of day, room and hours."""
    chosen = request.form.get("instead", "").split(" ")
    if len(chosen) == 4:
        form.room.data, form.date.data, form.start.data, form.end.data = chosen


def _book(form: RequestForm, user: User) -> Booking:
    office = current_office()
    chosen = _read_chosen(form, user)
    category = get_category(office, form.category.data)
    village = user.village or get_village(office, form.village.data)
    bidang_code = form.bidang.data
    return book(
        office,
        village=village,
        bidang=get_bidang(office, bidang_code) if bidang_code else category.bidang,
        category=category,
        topic=form.topic.data,
        attendees=form.attendees.data,
        leader=form.leader.data,
        phone=form.phone.data,
        room=chosen.room,
        day=chosen.day,
        start=chosen.start,
        end=chosen.end,
        by=user.actor,
        on_behalf=user.runs_office,
        now=clock.now(),
    )


def _known(error: RukoError) -> RukoError:
    """The refusal as this form says it."""
    if isinstance(error, IdempotencyMismatch):
        return IdempotencyMismatch(
            N_(
                "This form was sent before, with other words. Please look in the list of bookings first."
            )
        )
    return error


def _page(form: RequestForm, chosen: Chosen, error: RukoError | None = None) -> str:
    """The form; a refusal stands at its field, or above them all."""
    form.offer(current_office(), chosen.starts, chosen.ends)
    hidden = {"room", "date", "start"} if chosen.room else {"room", "date"}
    if isinstance(error, Invalid) and error.field not in hidden:
        show_at_field(form, error)
    return render_template(
        "booking/new.html", page="start", here=_here(form), form=form, chosen=chosen, error=error
    )


def _here(form: RequestForm) -> str:
    """Where this form is asked for again, in the other language."""
    names = ("date", "room", "start", "end")
    return url_for("booking.new", **{name: form[name].data for name in names if form[name].data})
