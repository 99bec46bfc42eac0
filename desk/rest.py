"""A break at one's place, which the board shows, and its end."""

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue

from desk.forms import OPEN_END, RestForm
from desk.last_press import forget_press
from desk.screen import read_screen, refused
from desk.seat import serving_seat, staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff, to_desk
from ruko import clock
from ruko.errors import RukoError
from ruko.offices import Counter
from ruko.tickets import CounterBusy, end_break, take_break
from ruko.web import commit, current_office, once, sign_in_required, undo

bp = Blueprint("rest", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)


@bp.get("")
def ask() -> ResponseReturnValue:
    """Ask when service goes on; a break that runs gets another time."""
    user = signed_in_staff()
    try:
        seat, counter = serving_seat(user)
        if read_screen(user, seat).here:
            raise CounterBusy(counter)
    except RukoError as error:
        return refused(user, error)
    return _page(RestForm(), counter)


@bp.post("")
def take() -> ResponseReturnValue:
    """Begin it."""
    user, entered = signed_in_staff(), RestForm()
    if done := once(user):
        return done
    try:
        seat, counter = serving_seat(user)
        if not entered.validate():
            return _page(entered, counter, 422)
        minutes = None if entered.minutes.data == OPEN_END else int(entered.minutes.data)
        take_break(
            current_office(),
            seat.bidang,
            counter,
            minutes=minutes,
            by=user.actor,
            now=clock.now(),
        )
    except RukoError as error:
        return refused(user, error)
    answer = commit(to_desk())
    forget_press()  # the break came after it
    return answer


@bp.post("/end")
def end() -> ResponseReturnValue:
    """Serve again."""
    user = signed_in_staff()
    if done := once(user):
        return done
    try:
        _seat, counter = serving_seat(user)
        end_break(current_office(), counter, by=user.actor, now=clock.now())
    except RukoError as error:
        return refused(user, error)
    return commit(to_desk())


def _page(entered: RestForm, counter: Counter, status: int = 200) -> Response:
    undo()
    return make_response(render_template("desk/rest.html", form=entered, counter=counter), status)
