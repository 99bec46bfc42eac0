"""The desk itself: its page, and calling whoever is next or one given number."""

import re

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue

from desk.forms import NumberForm
from desk.last_press import call_step, remember_press
from desk.screen import read_screen, refused, screen_page
from desk.seat import Seat, find_seat, serving_seat, staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff, to_desk
from desk.steps import say_nobody_waits
from ruko import clock
from ruko.errors import N_, Invalid, RukoError
from ruko.tickets import Visit, call_next, call_ticket, queue_of
from ruko.web import commit, current_office, once, show_at_field, sign_in_required, undo

bp = Blueprint("desk", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)


@bp.get("")
def start() -> ResponseReturnValue:
    """The desk; the first time, the choice of a place."""
    return screen_page(signed_in_staff())


@bp.get("/now")
def now() -> ResponseReturnValue:
    """The parts of the page that change, for the page itself."""
    user = signed_in_staff()
    seat = find_seat(user)
    if seat is None:
        return "", 204
    return render_template("desk/_fragment.html", screen=read_screen(user, seat), seat=seat)


@bp.get("/waiting")
def waiting() -> ResponseReturnValue:
    """Everybody who waits, where the desk shows only the first."""
    user = signed_in_staff()
    seat = find_seat(user)
    if seat is None:
        return to_desk()
    return render_template("desk/waiting.html", screen=read_screen(user, seat), seat=seat)


@bp.post("/calls")
def call() -> ResponseReturnValue:
    """Call whoever is first."""
    user = signed_in_staff()
    if done := once(user):
        return done
    try:
        seat, counter = serving_seat(user)
        seq = call_next(current_office(), seat.bidang, counter, by=user.actor, now=clock.now())
    except RukoError as error:
        return refused(user, error)
    if seq is None:
        say_nobody_waits()
        return commit(to_desk())
    return _called(seq)


@bp.get("/calls/number")
def choose_number() -> ResponseReturnValue:
    """The form for calling one given number."""
    user = signed_in_staff()
    try:
        seat, _counter = serving_seat(user)
    except Invalid as error:
        return refused(user, error)
    return _number_page(seat, NumberForm())


@bp.post("/calls/number")
def call_number() -> ResponseReturnValue:
    """Call that number; out of order only with a reason."""
    user, entered = signed_in_staff(), NumberForm()
    if done := once(user):
        return done
    try:
        seat, counter = serving_seat(user)
        if not entered.validate():
            return _number_page(seat, entered, 422)
        visit = _waiting_visit(seat, entered.number.data or "")
        seq = call_ticket(
            current_office(),
            seat.bidang,
            counter,
            visit.token,
            reason=entered.reason.data or "",
            by=user.actor,
            now=clock.now(),
        )
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return _number_page(seat, entered, error.status)
        return refused(user, error)
    return _called(seq)


def _called(seq: int) -> Response:
    """Keep the call, and offer to undo it."""
    moment = clock.now()
    step = call_step(current_office(), seq, now=moment)
    answer = commit(to_desk())
    remember_press(step, now=moment)
    return answer


def _waiting_visit(seat: Seat, typed: str) -> Visit:
    """The waiting visit with that number, typed as A-012, a12 or 12; raises `Invalid`."""
    found = re.fullmatch(r"([A-Za-z]?)\s*-?\s*0*(\d{1,4})", typed.strip())
    waiting = queue_of(current_office(), seat.bidang, now=clock.now()).waiting
    if found:
        letter, number = found[1].upper(), int(found[2])
        fitting = [visit for visit in waiting if visit.number == number]
        if not letter and len(fitting) > 1:  # after transfers, numbers of several letters wait here
            raise Invalid(
                "number", N_("Several numbers end like this. Please type the letter too.")
            )
        for visit in fitting:
            if visit.code[0] == (letter or visit.code[0]):
                return visit
    raise Invalid("number", N_("This number is not waiting for this bidang."))


def _number_page(seat: Seat, entered: NumberForm, status: int = 200) -> Response:
    undo()
    waiting = queue_of(current_office(), seat.bidang, now=clock.now()).waiting
    page = render_template("desk/number.html", form=entered, seat=seat, waiting=waiting)
    return make_response(page, status)
