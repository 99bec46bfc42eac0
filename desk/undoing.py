"""Undo: the last press of this browser is taken back as a whole, or not at all."""

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.last_press import forget_press, last_press, version_of
from desk.screen import refused
from desk.seat import staff_bar
from desk.staff import AT_THE_DESK, signed_in_staff, to_desk
from ruko import clock, tickets
from ruko.accounts import Role
from ruko.errors import N_, Forbidden, NotFound, RukoError, TooLate, WrongState
from ruko.tickets import find_turn, stepped_turn
from ruko.web import commit, current_office, once, sign_in_required

TOO_LATE = N_("Nothing was undone: a step can be taken back for %(seconds)d seconds.")
MOVED_ON = N_("Nothing was undone: %(code)s has moved on meanwhile.")

bp = Blueprint("undoing", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
bp.context_processor(staff_bar)


@bp.post("")
def take_back() -> ResponseReturnValue:
    """The desk stands as before that press."""
    user = signed_in_staff()
    if user.role == Role.CAMAT:
        raise Forbidden
    if done := once(user):
        return done
    office, now = current_office(), clock.now()
    press = last_press(office, now=now)
    try:
        if press is None:
            raise TooLate(TOO_LATE, seconds=office.undo_seconds)
        if press.id != request.form.get("press"):
            raise TooLate(N_("Nothing was undone: another step came after it."))
        for step in reversed(press.steps):
            turn = find_turn(office, step.token)
            if turn is None:
                raise NotFound
            if version_of(turn) != step.version:
                raise WrongState(turn.state, MOVED_ON, code=step.code)
            if not user.may_serve(stepped_turn(turn).bidang_id):
                raise Forbidden
            tickets.undo(office, turn, by=user.actor, now=now)
    except RukoError as error:
        return refused(user, error)
    answer = commit(to_desk())
    forget_press()
    flash(_("Undone: %(steps)s.", steps=press.in_words), "success")
    return answer
