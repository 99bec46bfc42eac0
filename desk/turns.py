"""What staff do with a visitor: start, recall, absent, hold, return, resume, transfer, finish, cancel."""

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from desk.forms import FinishForm, HoldForm, ReasonForm, TransferForm
from desk.screen import refused
from desk.seat import find_seat, serving_seat, staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff
from desk.steps import Rule, act, ask, visit_for
from ruko import clock, tickets
from ruko.accounts import User
from ruko.db import db
from ruko.errors import WrongState
from ruko.offices import Bidang, Office, get_bidang, get_counter
from ruko.tickets import State, Turn, queue_of, visits_at_counters
from ruko.tickets.leaving import MAY_LEAVE
from ruko.tickets.models import AT_COUNTER, OPEN
from ruko.web import current_office, sign_in_required

bp = Blueprint("turns", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Somebody who waits, is held or was missed, and what can be done with them."""
    user = signed_in_staff()
    visit, _turn = visit_for(user, token)
    if visit.state not in MAY_LEAVE:
        return refused(user, WrongState(visit.state))
    office, now, seat = current_office(), clock.now(), find_seat(user)
    first = next(iter(queue_of(office, seat.bidang, now=now).waiting), None) if seat else None
    place = seat.counter if seat and seat.bidang.id == visit.bidang_id else None
    page = render_template(
        "desk/visit.html",
        visit=visit,
        form=ReasonForm(),
        place=place,
        is_free=place is not None and place.id not in visits_at_counters(office, now=now),
        is_first=first is not None and first.ticket_id == visit.ticket_id,
        rejoin_until=tickets.rejoin_until(office, visit) if visit.state == State.NO_SHOW else None,
    )
    return make_response(page)


@bp.get("/<token>/call")
def ask_call(token: str) -> ResponseReturnValue:
    """Ask why this visitor is called before others."""
    return ask(token, "call", ReasonForm(), State.WAITING)


@bp.post("/<token>/call")
def call(token: str) -> ResponseReturnValue:
    """Call this visitor; out of order only with a reason."""
    entered = ReasonForm()

    def call_here(office: Office, _turn: Turn, user: User) -> None:
        seat, counter = serving_seat(user)
        reason, now = entered.reason.data or "", clock.now()
        tickets.call_ticket(
            office, seat.bidang, counter, token, reason=reason, by=user.actor, now=now
        )

    return act(token, "call", call_here, "call", entered)


@bp.post("/<token>/start")
def start(token: str) -> ResponseReturnValue:
    """The visitor sits down."""
    return act(
        token,
        "start",
        lambda office, turn, user: tickets.start(office, turn, by=user.actor, now=clock.now()),
    )


@bp.post("/<token>/recall")
def recall(token: str) -> ResponseReturnValue:
    """Announce the number again."""
    return act(
        token,
        "recall",
        lambda office, turn, user: tickets.recall(office, turn, by=user.actor, now=clock.now()),
    )


@bp.post("/<token>/return")
def send_back(token: str) -> ResponseReturnValue:
    """Let the called visitor wait again."""
    return act(
        token,
        "return",
        lambda office, turn, user: tickets.send_back(office, turn, by=user.actor, now=clock.now()),
    )


@bp.get("/<token>/no-show")
def ask_absent(token: str) -> ResponseReturnValue:
    """Ask why this visitor is marked absent so early."""
    return ask(token, "absent", ReasonForm(), State.CALLED)


@bp.post("/<token>/no-show")
def absent(token: str) -> ResponseReturnValue:
    """The visitor did not come."""
    entered = ReasonForm()

    def mark(office: Office, turn: Turn, user: User) -> None:
        reason = entered.reason.data or ""
        tickets.mark_no_show(office, turn, reason=reason, by=user.actor, now=clock.now())

    return act(token, "no_show", mark, "absent", entered)


@bp.get("/<token>/hold")
def ask_hold(token: str) -> ResponseReturnValue:
    """Ask what the visitor has to do first."""
    return ask(token, "hold", HoldForm(), *AT_COUNTER)


@bp.post("/<token>/hold")
def hold(token: str) -> ResponseReturnValue:
    """Let the visitor wait aside."""
    entered = HoldForm()

    def put_aside(office: Office, turn: Turn, user: User) -> None:
        reason = entered.reason.data or ""
        tickets.hold(office, turn, reason=reason, by=user.actor, now=clock.now())

    return act(token, "hold", put_aside, "hold", entered)


@bp.post("/<token>/resume")
def resume(token: str) -> ResponseReturnValue:
    """Call a held visitor again, to this place."""

    def call_here(office: Office, turn: Turn, user: User) -> None:
        _seat, counter = serving_seat(user)
        bidang = db.session.get_one(Bidang, turn.bidang_id)
        counter = get_counter(office, counter.id, bidang)  # not every place serves every bidang
        tickets.resume(office, turn, counter=counter, by=user.actor, now=clock.now())

    return act(token, "resume", call_here)


@bp.get("/<token>/transfer")
def ask_transfer(token: str) -> ResponseReturnValue:
    """Ask for the bidang and what they should know."""
    return ask(token, "transfer", TransferForm(), *OPEN)


@bp.post("/<token>/transfer")
def transfer(token: str) -> ResponseReturnValue:
    """Hand the visitor over."""
    entered = TransferForm()

    def hand_over(office: Office, turn: Turn, user: User) -> None:
        to, note = get_bidang(office, entered.bidang.data), entered.note.data or ""
        tickets.transfer(office, turn, to, note=note, by=user.actor, now=clock.now())

    return act(token, "transfer", hand_over, "transfer", entered)


@bp.get("/<token>/finish")
def ask_finish(token: str) -> ResponseReturnValue:
    """Ask how the visit ended."""
    return ask(token, "finish", FinishForm(), State.SERVING)


@bp.post("/<token>/finish")
def finish(token: str) -> ResponseReturnValue:
    """The visit is over."""
    entered = FinishForm()
    return act(token, "finish", closing(entered), "finish", entered)


def closing(entered: FinishForm) -> Rule:
    """The rule that ends a visit as the form says."""

    def close(office: Office, turn: Turn, user: User) -> None:
        tickets.finish(
            office,
            turn,
            outcome=entered.outcome.data or "",
            note=entered.note.data or "",
            by=user.actor,
            now=clock.now(),
        )

    return close


@bp.get("/<token>/leave")
def ask_leave(token: str) -> ResponseReturnValue:
    """Ask whether the number is really given up."""
    return ask(token, "leave", ReasonForm(), *MAY_LEAVE)


@bp.post("/<token>/leave")
def leave(token: str) -> ResponseReturnValue:
    """Nobody waits with this number any more."""
    return act(
        token,
        "leave",
        lambda office, turn, user: tickets.leave(office, turn, by=user.actor, now=clock.now()),
    )


@bp.post("/<token>/rejoin")
def rejoin(token: str) -> ResponseReturnValue:
    """A missed visitor waits again."""
    return act(
        token,
        "rejoin",
        lambda office, turn, user: tickets.rejoin(office, turn, by=user.actor, now=clock.now()),
    )
