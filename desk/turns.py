"""What staff do with a visitor: start, recall, mark absent, transfer, finish."""

from collections.abc import Callable

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from desk.forms import AbsentForm, FinishForm, TransferForm
from desk.screen import refused
from desk.seat import staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff, to_desk
from ruko import clock, tickets
from ruko.accounts import User
from ruko.errors import Forbidden, Invalid, NotFound, RukoError, WrongState
from ruko.offices import Office, all_bidang, get_bidang
from ruko.tickets import State, Turn, Visit, find_turn, get_visit
from ruko.web import (
    commit,
    current_office,
    office_of,
    once,
    show_at_field,
    sign_in_required,
    undo,
)

bp = Blueprint("turns", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)

Rule = Callable[[Office, Turn, User], object]


@bp.post("/<token>/start")
def start(token: str) -> ResponseReturnValue:
    """The visitor sits down."""
    return _do(
        token,
        lambda office, turn, user: tickets.start(office, turn, by=user.actor, now=clock.now()),
    )


@bp.post("/<token>/recall")
def recall(token: str) -> ResponseReturnValue:
    """Announce the number again."""
    return _do(
        token,
        lambda office, turn, user: tickets.recall(office, turn, by=user.actor, now=clock.now()),
    )


@bp.get("/<token>/no-show")
def ask_absent(token: str) -> ResponseReturnValue:
    """Ask why this visitor is marked absent so early."""
    return _ask(token, "absent", AbsentForm(), State.CALLED)


@bp.post("/<token>/no-show")
def absent(token: str) -> ResponseReturnValue:
    """The visitor did not come."""
    entered = AbsentForm()

    def mark(office: Office, turn: Turn, user: User) -> None:
        reason = entered.reason.data or ""
        tickets.mark_no_show(office, turn, reason=reason, by=user.actor, now=clock.now())

    return _do(token, mark, "absent", entered)


@bp.get("/<token>/transfer")
def ask_transfer(token: str) -> ResponseReturnValue:
    """Ask for the bidang and what they should know."""
    return _ask(token, "transfer", TransferForm(), State.CALLED, State.SERVING)


@bp.post("/<token>/transfer")
def transfer(token: str) -> ResponseReturnValue:
    """Hand the visitor over."""
    entered = TransferForm()

    def hand_over(office: Office, turn: Turn, user: User) -> None:
        to, note = get_bidang(office, entered.bidang.data), entered.note.data or ""
        tickets.transfer(office, turn, to, note=note, by=user.actor, now=clock.now())

    return _do(token, hand_over, "transfer", entered)


@bp.get("/<token>/finish")
def ask_finish(token: str) -> ResponseReturnValue:
    """Ask how the visit ended."""
    return _ask(token, "finish", FinishForm(), State.SERVING)


@bp.post("/<token>/finish")
def finish(token: str) -> ResponseReturnValue:
    """The visit is over."""
    entered = FinishForm()

    def close(office: Office, turn: Turn, user: User) -> None:
        tickets.finish(
            office,
            turn,
            outcome=entered.outcome.data or "",
            note=entered.note.data or "",
            by=user.actor,
            now=clock.now(),
        )

    return _do(token, close, "finish", entered)


def _do(token: str, rule: Rule, page: str = "", entered: FlaskForm | None = None) -> Response:
    """Do one thing with the ticket's turn, once; a refusal is said at its field or above the desk."""
    user = signed_in_staff()
    if done := once(user):
        return done
    visit, turn = _visit_for(user, token)
    if entered is not None and not entered.validate():
        return _form_page(page, entered, visit, 422)
    try:
        rule(current_office(), turn, user)
    except RukoError as error:
        if entered is not None and isinstance(error, Invalid) and show_at_field(entered, error):
            return _form_page(page, entered, visit, error.status)
        return refused(user, error)
    return commit(to_desk())


def _ask(token: str, page: str, entered: FlaskForm, *states: State) -> Response:
    user = signed_in_staff()
    visit, _turn = _visit_for(user, token)
    if visit.state not in states:
        return refused(user, WrongState(visit.state))
    return _form_page(page, entered, visit)


def _visit_for(user: User, token: str) -> tuple[Visit, Turn]:
    """The visit and its turn, if this account may serve it; raises `NotFound` or `Forbidden`."""
    turn = find_turn(current_office(), token)
    if turn is None:
        raise NotFound
    _office, visit = get_visit(token, office_of=office_of, now=clock.now())
    if not user.may_serve(turn.bidang_id):
        raise Forbidden
    return visit, turn


def _form_page(page: str, entered: FlaskForm, visit: Visit, status: int = 200) -> Response:
    undo()
    if isinstance(entered, TransferForm):
        entered.offer(b for b in all_bidang(current_office()) if b.code != visit.bidang)
    answer = render_template(f"desk/{page}.html", form=entered, visit=visit)
    return make_response(answer, status)
