"""Going to a visitor who calls for help at a kiosk."""

from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.staff import AT_THE_DESK, signed_in_staff
from ruko import assistance, clock, words
from ruko.accounts import Role
from ruko.errors import Forbidden, WrongState
from ruko.web import commit, current_office, once, safe_path, sign_in_required, undo

bp = Blueprint("assistance", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))


@bp.post("/<int:request_id>/answer")
def answer(request_id: int) -> ResponseReturnValue:
    """Say that one goes there; the kiosk tells its visitor."""
    user = signed_in_staff()
    if user.role == Role.CAMAT:
        raise Forbidden
    if done := once(user):
        return done
    try:
        assistance.answer(current_office(), request_id, by=user.actor, now=clock.now())
    except WrongState as error:
        undo()
        flash(words.sentence(error), "info")
        return _back()
    response = commit(_back())
    flash(_("The kiosk tells the visitor that you are on the way."), "success")
    return response


def _back() -> Response:
    """To the page where it was pressed."""
    where = safe_path(request.form.get("next"), url_for("desk.start"))
    return make_response(redirect(where, 303))
