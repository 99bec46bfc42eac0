"""One press for two steps: what becomes of this visitor, and the call of the next one."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.forms import FinishForm, OnwardForm
from desk.last_press import Step, call_step
from desk.seat import serving_seat, staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff
from desk.steps import act, ask, visit_for
from desk.turns import closing
from ruko import clock, tickets
from ruko.accounts import User
from ruko.errors import WrongState
from ruko.offices import Office
from ruko.tickets import State, Turn, Visit, call_next, call_ticket, queue_of
from ruko.web import current_office, sign_in_required

bp = Blueprint("onward", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)


@bp.get("/<token>/finish-and-call")
def ask_finish(token: str) -> ResponseReturnValue:
    """Ask how the visit ended."""
    return ask(token, "finish_and_call", FinishForm(), State.SERVING)


@bp.post("/<token>/finish-and-call")
def finish(token: str) -> ResponseReturnValue:
    """The visit is over, and the next number is called."""
    entered = FinishForm()
    return act(token, "finish", closing(entered), "finish_and_call", entered, onward=call_following)


@bp.get("/<token>/next")
def ask_next(token: str) -> ResponseReturnValue:
    """Somebody is called: ask what became of them."""
    visit, _turn = visit_for(signed_in_staff(), token)
    free = visit.announcements >= current_office().announcements_before_no_show
    return ask(token, "onward", OnwardForm(became="no_show" if free else None), State.CALLED)


@bp.post("/<token>/next")
def go_on(token: str) -> ResponseReturnValue:
    """Do that, and call the next number."""
    entered = OnwardForm()
    became = entered.became.data or ""

    def close(office: Office, turn: Turn, user: User) -> None:
        if turn.state != State.CALLED:  # started meanwhile: its end needs a result
            raise WrongState(turn.state)
        reason, by, now = entered.reason.data or "", user.actor, clock.now()
        if became == "no_show":
            tickets.mark_no_show(office, turn, reason=reason, by=by, now=now)
        elif became == "hold":
            tickets.hold(office, turn, reason=reason, by=by, now=now)
        elif became == "return":
            tickets.send_back(office, turn, by=by, now=now)
        else:
            tickets.finish(office, turn, by=by, now=now)

    return act(token, became, close, "onward", entered, onward=call_following)


def call_following(user: User, before: Visit) -> Step | None:
    """Call whoever is next after `before`, who may be first again: then the one behind, on record."""
    office, now = current_office(), clock.now()
    seat, counter = serving_seat(user)
    waiting = queue_of(office, seat.bidang, now=now).waiting
    if waiting and waiting[0].token == before.token:
        if len(waiting) == 1:
            return None
        reason = _("%(code)s was sent back to the queue.", code=before.code)
        seq: int | None = call_ticket(
            office, seat.bidang, counter, waiting[1].token, reason=reason, by=user.actor, now=now
        )
    else:
        seq = call_next(office, seat.bidang, counter, by=user.actor, now=now)
    return None if seq is None else call_step(office, seq, now=now)
