"""A step with one visitor: once, by whoever may serve them, and undoable for a while."""

from collections.abc import Callable

from flask import Response, flash, make_response, render_template
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from desk.forms import TransferForm
from desk.last_press import Step, remember_press, version_of
from desk.screen import refused
from desk.seat import find_seat
from desk.staff import signed_in_staff, to_desk
from ruko import clock, words
from ruko.accounts import User
from ruko.errors import N_, Forbidden, Invalid, NotFound, RukoError, WrongState
from ruko.offices import Office, all_bidang
from ruko.tickets import State, Turn, Visit, bidang_of, find_turn, get_visit
from ruko.web import commit, current_office, office_of, once, show_at_field, undo

Rule = Callable[[Office, Turn, User], object]
Onward = Callable[[User, Visit], Step | None]
"""Calls somebody else in the same unit of work; None when nobody waits."""


def act(
    token: str,
    what: str,
    rule: Rule,
    page: str = "",
    entered: FlaskForm | None = None,
    *,
    onward: Onward | None = None,
) -> Response:
    """Do one thing with the ticket's turn, once; a refusal is said at its field or above the desk."""
    user = signed_in_staff()
    if done := once(user):
        return done
    visit, turn = _find(user, token)
    if entered is not None and not entered.validate():
        return form_page(page, entered, visit, 422)
    following = None
    try:
        _require_still_here(user, visit)
        _require_own_place(user, visit)
        rule(current_office(), turn, user)
        if onward:
            following = onward(user, visit)
    except RukoError as error:
        if entered is not None and isinstance(error, Invalid) and show_at_field(entered, error):
            return form_page(page, entered, visit, error.status)
        if entered is None or (isinstance(error, WrongState) and not _has_text(entered)):
            return refused(user, error)
        problem = words.sentence(error)
        if isinstance(error, WrongState):
            problem += " " + _("What you wrote is still here, please copy it if you need it.")
        return form_page(page, entered, visit, error.status, problem)
    after = find_turn(current_office(), token)
    steps = [Step(what, visit.code, token, version_of(after) if after else "")]
    if following:
        steps.append(following)
    answer = commit(to_desk())
    remember_press(*steps, now=clock.now())
    if onward and not following:
        say_nobody_waits(besides=visit.code if after and after.state == State.WAITING else None)
    return answer


def _has_text(entered: FlaskForm) -> bool:
    """Whether somebody has written something, which no refusal may lose."""
    fields = (f for f in entered if isinstance(f, StringField) and not isinstance(f, HiddenField))
    return any(field.data for field in fields)


def _require_own_place(user: User, visit: Visit) -> None:
    """A page grown old must not act on a visitor whom a colleague has called meanwhile."""
    seat = find_seat(user)
    here = seat.counter.id if seat and seat.counter else None
    if visit.counter is not None and visit.counter != here:
        raise WrongState(
            visit.state,
            N_("Nothing was done: %(code)s is at %(place)s by now."),
            code=visit.code,
            place=visit.place,
        )


def say_nobody_waits(*, besides: str | None = None) -> None:
    """Nobody could be called (but for whom was just sent back); what came before it is done."""
    if besides:
        flash(_("%(code)s waits again; nobody else is waiting.", code=besides), "info")
    else:
        flash(_("Nobody is waiting. The next number appears here by itself."), "info")


def ask(token: str, page: str, entered: FlaskForm, *states: State) -> Response:
    """The question before a step, while the visit is in one of `states`."""
    user = signed_in_staff()
    visit, _turn = visit_for(user, token)
    if visit.state not in states:
        return refused(user, WrongState(visit.state))
    return form_page(page, entered, visit)


def visit_for(user: User, token: str) -> tuple[Visit, Turn]:
    """The visit and its turn, if this account may serve it.

    Raises `NotFound`, `Forbidden`, and `WrongState` of a visit that this account could serve before.
    """
    visit, turn = _find(user, token)
    _require_still_here(user, visit)
    return visit, turn


def _find(user: User, token: str) -> tuple[Visit, Turn]:
    """The visit and its turn, if this account may serve it or could before."""
    turn = find_turn(current_office(), token)
    if turn is None:
        raise NotFound
    _office, visit = get_visit(token, office_of=office_of, now=clock.now())
    if not (user.may_serve(turn.bidang_id) or any(map(user.may_serve, bidang_of(turn)))):
        raise Forbidden
    return visit, turn


def _require_still_here(user: User, visit: Visit) -> None:
    """A page grown old must not act on a visitor whom a colleague has handed over meanwhile."""
    if not user.may_serve(visit.bidang_id):
        raise WrongState(
            visit.state,
            N_("Nothing was done: %(code)s is with %(bidang)s by now."),
            code=visit.code,
            bidang=visit.bidang_name,
        )


def form_page(
    page: str, entered: FlaskForm, visit: Visit, status: int = 200, problem: str | None = None
) -> Response:
    """The question, with what was entered."""
    undo()
    if isinstance(entered, TransferForm):
        entered.offer(b for b in all_bidang(current_office()) if b.code != visit.bidang)
    answer = render_template(f"desk/{page}.html", form=entered, visit=visit, problem=problem)
    return make_response(answer, status)
