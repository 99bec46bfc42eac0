"""Closing the day early, which everybody reads, and opening it again."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.office_forms import CloseForm
from desk.seat import staff_bar
from desk.staff import DECIDING, signed_in_staff
from ruko import clock, words
from ruko.bookings import close_early, reopen
from ruko.errors import Invalid, RukoError
from ruko.offices import all_bidang, closure_now
from ruko.tickets import queue_of
from ruko.web import commit, current_office, once, show_at_field, sign_in_required, undo

bp = Blueprint("closing", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)


@bp.get("")
def ask() -> ResponseReturnValue:
    """What closing means, and the sentence that people will read; when closed, opening again."""
    return _page(CloseForm())


@bp.post("")
def close() -> ResponseReturnValue:
    """No more numbers today."""
    user, entered = signed_in_staff(), CloseForm()
    if done := once(user):
        return done
    if not entered.validate():
        return _page(entered, status=422)
    try:
        close_early(current_office(), entered.reason.data or "", by=user.actor, now=clock.now())
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return _page(entered, status=error.status)
        return _page(entered, problem=words.sentence(error), status=error.status)
    return _done(_("The office is closed for today. Everybody reads your message now."))


@bp.post("/reopen")
def open_again() -> ResponseReturnValue:
    """Numbers again, as the hours say."""
    user = signed_in_staff()
    if done := once(user):
        return done
    try:
        reopen(current_office(), by=user.actor, now=clock.now())
    except RukoError as error:
        return _page(CloseForm(), problem=words.sentence(error), status=error.status)
    return _done(_("The office is open again, as its hours say."))


def _done(said: str) -> Response:
    answer = commit(make_response(redirect(url_for("operator.show"), 303)))
    flash(said, "success")
    return answer


def _page(entered: CloseForm, *, problem: str | None = None, status: int = 200) -> Response:
    undo()
    office, now = current_office(), clock.now()
    queues = [queue_of(office, bidang, now=now) for bidang in all_bidang(office)]
    page = render_template(
        "desk/closing.html",
        form=entered,
        problem=problem,
        closure=closure_now(office, now=now),
        waiting=sum(len(queue.waiting) for queue in queues),
    )
    return make_response(page, status)
