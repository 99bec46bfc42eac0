"""Where one is signed in oneself: every device, ended one by one or all others together."""

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from desk.way_in import known_account, own_account, to, way_on
from ruko import clock
from ruko.accounts import end_other_sessions, end_session, sessions_of
from ruko.web import commit, undo
from ruko.web.sessions import present_session

bp = Blueprint("sessions", __name__)


@bp.get("/sessions")
def overview() -> ResponseReturnValue:
    """The devices, the last seen first."""
    user = own_account()
    if user is None:
        return redirect(url_for("sign_in.form", next=request.path))
    return _page()


@bp.post("/sessions/<int:sign_in_id>/end")
def end(sign_in_id: int) -> ResponseReturnValue:
    """Sign that device out; this one goes to the sign-in page by itself."""
    user = known_account()
    end_session(user, sign_in_id, by=user.actor, now=clock.now())
    return _done(_("This device is signed out."))


@bp.post("/sessions/end")
def end_others() -> ResponseReturnValue:
    """Sign out every device but this one."""
    user = known_account()
    ended = end_other_sessions(user, present_session(), by=user.actor, now=clock.now())
    return _done(
        ngettext("%(num)d device is signed out.", "%(num)d devices are signed out.", ended)
    )


def _done(said: str) -> Response:
    answer = commit(to(url_for("sessions.overview")))
    flash(said, "success")
    return answer


def _page() -> Response:
    undo()
    user = known_account()
    page = render_template(
        "desk/sessions.html",
        sessions=sessions_of(user, now=clock.now()),
        here=present_session(),
        user=user,
        back=way_on(user, None),
    )
    return make_response(page)
