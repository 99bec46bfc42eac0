"""The second step of one's own account: set up with an app, shown its recovery codes, taken off."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from desk.account_forms import AppForm, NoCodeForm
from desk.staff import signed_in_staff
from desk.way_in import fresh_account, throttle_check, throttle_count, to, totp_key, who_knows
from ruko import clock, words
from ruko.accounts import (
    OFFERED,
    User,
    add_authenticator,
    find_authenticator,
    new_salt,
    recovery_codes_left,
    remove_authenticator,
    totp_secret,
    totp_uri,
    use_code,
    use_recovery_code,
)
from ruko.db import begin_writing, db
from ruko.errors import N_, Invalid, RateLimited, RukoError
from ruko.web import (
    commit,
    current_office,
    reads_only,
    show_at_field,
    sign_in_required,
    undo,
)
from ruko.web.qr import draw_qr
from ruko.web.throttle import SECOND_STEP

bp = Blueprint("second_step", __name__)
bp.before_request(sign_in_required(*OFFERED))


@bp.get("")
def show() -> ResponseReturnValue:
    """Set it up; or what there is, and how to take it off."""
    user = signed_in_staff()
    if find_authenticator(user):
        return _removal_page(NoCodeForm(), user)
    return _set_up_page(AppForm(), user)


@bp.post("")
def add() -> ResponseReturnValue:
    """Ask for codes from now on; shows the recovery codes, this once."""
    user, entered = signed_in_staff(), AppForm()
    if not entered.validate():
        return _set_up_page(entered, user, 422)
    salt, code = entered.salt.data or "", entered.code.data or ""
    try:
        codes = add_authenticator(
            user, salt, code, totp_key(), at=clock.of_machine(), now=clock.now()
        )
    except Invalid as error:
        undo()
        if find_authenticator(user):
            flash(
                _(
                    "The code was set up a moment ago. If you have not kept the recovery codes,"
                    " take it off here and set it up again."
                ),
                "warning",
            )
            return to(url_for("second_step.show"))
        show_at_field(entered, error)
        return _set_up_page(entered, user, error.status)
    commit(to(url_for("second_step.show")))
    return make_response(render_template("desk/recovery_codes.html", codes=codes, user=user))


@bp.post("/off")
@reads_only
def remove() -> ResponseReturnValue:
    """Take it off, for whoever gives the password and a code."""
    user, entered = signed_in_staff(), NoCodeForm()
    if find_authenticator(user) is None:
        return to(url_for("second_step.show"))
    if not entered.validate():
        return _removal_page(entered, user, 422)
    user_id, session_key = user.id, user.session_key
    try:
        throttle_check(SECOND_STEP, str(user_id))
        if who_knows(user.username, entered.password.data or "") is None:
            raise Invalid("password", N_("This is not the present password of this account."))
        db.session.rollback()
        begin_writing()
        _use(fresh_account(user_id, session_key), entered.code.data or "")
    except RukoError as error:
        undo()
        return _not_removed(entered, signed_in_staff(), error)
    user = fresh_account(user_id, session_key)
    remove_authenticator(user, by=user.actor, now=clock.now())
    answer = commit(to(url_for("second_step.show")))
    flash(_("Signing in asks for no code any more."), "success")
    return answer


def _use(user: User, code: str) -> None:
    try:
        use_code(user, code, totp_key(), at=clock.of_machine())
    except Invalid as wrong:
        try:
            use_recovery_code(user, code, now=clock.now())
        except Invalid:
            raise wrong from None


def _not_removed(entered: NoCodeForm, user: User, error: RukoError) -> Response:
    problem = None
    if isinstance(error, Invalid):
        show_at_field(entered, error)
        if error.field == "code":
            throttle_count(SECOND_STEP, str(user.id))
    else:
        problem = words.sentence(error)
    answer = _removal_page(entered, user, error.status, problem)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _set_up_page(entered: AppForm, user: User, status: int = 200) -> Response:
    if entered.salt.errors or not entered.salt.data:
        entered.salt.data = new_salt()
    salt = entered.salt.data
    secret = totp_secret(user, salt, totp_key())
    page = render_template(
        "desk/second_step.html",
        form=entered,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        qr=Markup(draw_qr(totp_uri(user, salt, totp_key(), _issuer()))),  # noqa: S704 – our drawing
    )
    return make_response(page, status)


def _issuer() -> str:
    return f"{current_office().house} {current_office().name}"


def _removal_page(
    entered: NoCodeForm, user: User, status: int = 200, problem: str | None = None
) -> Response:
    page = render_template(
        "desk/second_step_off.html",
        form=entered,
        since=find_authenticator(user),
        left=recovery_codes_left(user),
        problem=problem,
    )
    return make_response(page, status)
