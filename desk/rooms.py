"""Closing a room or the whole house for a while, and how many meetings each bidang can attend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.room_forms import WHOLE_HOUSE, CloseRoomForm, OfficersForm, officers_form
from desk.seat import staff_bar
from desk.staff import DECIDING, signed_in_staff
from desk.week import Show
from ruko import clock, words
from ruko.bookings import (
    Booking,
    Room,
    all_rooms,
    close,
    closures_between,
    end_closure,
    get_closure,
    met_by,
    would_meet,
)
from ruko.bookings.closures import MOST_DAYS
from ruko.errors import Invalid, RukoError
from ruko.offices import Closure, Office, all_bidang, set_officers, weekly_hours
from ruko.web import commit, current_office, once, show_at_field, sign_in_required, undo

bp = Blueprint("rooms", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)


@bp.get("")
def closures() -> ResponseReturnValue:
    """What is closed now and later, which meetings that meets, and the forms."""
    return _page(_empty_form())


@bp.post("/close")
def shut() -> ResponseReturnValue:
    """Close a room or the house; where that meets meetings, once more after they were shown."""
    user, entered = signed_in_staff(), _form()
    if done := once(user):
        return done
    if not entered.validate():
        return _page(entered, status=422)
    office, now = current_office(), clock.now()
    room = next((r for r in all_rooms(office) if str(r.id) == entered.room.data), None)
    starts, ends = entered.stretch(office)
    met = would_meet(office, room, starts, ends, now)
    agreed = entered.agreed.data == (signed := ",".join(sorted(b.code for b in met)))
    try:
        closure = close(
            office, room, starts, ends, entered.reason.data or "", by=user.actor, now=now
        )
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return _page(entered, status=error.status)
        return _page(entered, problem=words.sentence(error), status=error.status)
    if met and not agreed:
        entered.agreed.data = signed
        return _page(entered, met=[booking.code for booking in met])
    where = room.name if room else office.house_name
    return _done(_("%(place)s is closed then.", place=where), f"closure-{closure.id}")


@bp.post("/<int:closure_id>/end")
def end(closure_id: int) -> ResponseReturnValue:
    """End a closure now, or call off one to come."""
    user = signed_in_staff()
    if done := once(user):
        return done
    closure = get_closure(current_office(), closure_id)
    try:
        end_closure(closure, by=user.actor, now=clock.now())
    except RukoError as error:
        return _page(_empty_form(), problem=words.sentence(error), status=error.status)
    return _done(_("The closure has ended. What it kept can be booked again."))


@bp.post("/officers")
def officers() -> ResponseReturnValue:
    """How many meetings each bidang can attend at one time."""
    user, office = signed_in_staff(), current_office()
    if done := once(user):
        return done
    every = all_bidang(office)
    entered = officers_form(every)
    if not entered.validate():
        return _page(_empty_form(), officers=entered, status=422)
    for bidang in every:
        set_officers(bidang, entered.of(bidang), by=user.actor, now=clock.now())
    return _done(_("Saved. What is booked already stays; the week shows what is too much."))


# ── The page ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shut:
    """One closure as the list shows it."""

    closure: Closure
    place: str
    runs: bool
    met: list[Booking]


def _page(
    entered: CloseRoomForm,
    *,
    officers: OfficersForm | None = None,
    met: Sequence[str] = (),
    problem: str | None = None,
    status: int = 200,
) -> Response:
    undo()
    office, now = current_office(), clock.now()
    every, rooms = all_bidang(office), all_rooms(office)
    page = render_template(
        "desk/rooms.html",
        form=entered,
        officers=officers or officers_form(every),
        all_bidang=every,
        shut=_shut(office, rooms, now),
        met=_would_meet(entered, office, now) if met else [],
        problem=problem,
        show=Show(office, signed_in_staff(), now),
    )
    return make_response(page, status)


def _shut(office: Office, rooms: Sequence[Room], now: datetime) -> list[Shut]:
    names = {room.id: room.name for room in rooms}
    coming = closures_between(office, now, now + timedelta(days=2 * MOST_DAYS))
    met = met_by(office, coming, now)
    return [
        Shut(
            closure,
            names[closure.room_id] if closure.room_id else office.house_name,
            closure.starts_at <= now,
            met[closure.id],
        )
        for closure in coming
    ]


def _would_meet(entered: CloseRoomForm, office: Office, now: datetime) -> list[Booking]:
    room = next((r for r in all_rooms(office) if str(r.id) == entered.room.data), None)
    return would_meet(office, room, *entered.stretch(office), now)


def _form() -> CloseRoomForm:
    form = CloseRoomForm()
    rooms = all_rooms(current_office())
    form.room.choices = [
        (WHOLE_HOUSE, _("The whole house")),
        *((str(room.id), room.name) for room in rooms),
    ]
    return form


def _empty_form() -> CloseRoomForm:
    """Today, from the first hour of service to the last."""
    form, office = _form(), current_office()
    spans = [span for day in weekly_hours(office) for span in day]
    form.start.data = form.end.data = office.day(clock.now())
    if spans:
        form.start_time.data = min(opens for opens, _closes in spans)
        form.end_time.data = max(closes for _opens, closes in spans)
    return form


def _done(said: str, anchor: str | None = None) -> Response:
    answer = commit(make_response(redirect(url_for("rooms.closures", _anchor=anchor), 303)))
    flash(said, "success")
    return answer
