"""The one sign-in page of all, and changing the password."""

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.forms import PasswordForm, SignInForm
from desk.way_in import BY_LINK, known_account, let_in, own_account, to, way_on, who_knows
from ruko import clock, words
from ruko.accounts import (
    SLIP_RAN_OUT,
    User,
    find_session,
    hash_password,
    set_password,
    slip_ran_out,
    verify_password,
)
from ruko.db import begin_writing, db
from ruko.errors import N_, Invalid, RateLimited, RukoError, Unauthenticated
from ruko.web import reads_only, safe_path, show_at_field
from ruko.web.sessions import begin_session, leave_session

bp = Blueprint("sign_in", __name__)


@bp.get("/login")
def form() -> ResponseReturnValue:
    """The sign-in page; whoever is signed in already is sent on."""
    user = own_account()
    if user:
        return redirect(way_on(user, request.args.get("next")))
    return _sign_in_page(SignInForm(), request.args.get("next"))


@bp.post("/login")
@reads_only
def sign_in() -> ResponseReturnValue:
    """Open a new session for the right password; only wrong ones are counted."""
    entered, wish = SignInForm(), request.form.get("next")
    if not entered.validate_on_submit():
        return _sign_in_page(entered, wish, status=422)
    name, password = entered.username.data or "", entered.password.data or ""
    try:
        user = who_knows(name, password)
    except RateLimited as error:
        return _refused(_sign_in_page(entered, wish, words.sentence(error), error.status), error)
    if user is None:
        wrong = _("The account name or the password is wrong. Please check both and try again.")
        return _sign_in_page(entered, wish, wrong, 401)
    if slip_ran_out(user, clock.now()):
        return _sign_in_page(entered, wish, _(SLIP_RAN_OUT), 401)
    return let_in(user, wish)


@bp.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End the session in this browser."""
    leave_session()
    return to(url_for("sign_in.form"))


@bp.get("/password")
def password() -> ResponseReturnValue:
    """The page for choosing one's own password."""
    user = own_account()
    if user is None:
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
    return _password_page(_password_form(user), user, request.args.get("next"))


@bp.post("/password")
@reads_only
def change_password() -> ResponseReturnValue:
    """Replace the password; every other session of the account ends."""
    user = known_account()
    entered, wish = _password_form(user), request.form.get("next")
    if not entered.validate_on_submit():
        return _password_page(entered, user, wish, 422)
    session_id, user_id = user.get_id(), user.id
    try:
        new_hash = _checked_hash(user, entered)
    except Invalid as error:
        show_at_field(entered, error)
        return _password_page(entered, user, wish, error.status)
    except RateLimited as error:
        page = _password_page(entered, user, wish, error.status, words.sentence(error))
        return _refused(page, error)
    db.session.rollback()
    begin_writing()
    now = clock.now()
    db.session.get(
        User, user_id, with_for_update=True
    )  # a slip of this moment comes before or after
    found = find_session(session_id, now=now)
    if found is None:
        raise Unauthenticated
    account = found.user
    set_password(account, new_hash, must_change_password=False, by=account.actor, now=now)
    begin_session(account)
    return to(way_on(account, wish))


def _password_form(user: User) -> PasswordForm:
    """Whoever came by a slip's link knows no present password, and need not."""
    entered = PasswordForm()
    if user.must_change_password and session.get(BY_LINK):
        del entered.current
    return entered


def _checked_hash(user: User, entered: PasswordForm) -> str:
    """The hash of the new password, if the present one is right."""
    new = entered.password.data or ""
    new_hash = hash_password(new)
    same = N_("Please choose a password other than the present one.")
    if "current" not in entered:
        if verify_password(user, new):
            raise Invalid("password", same)
        return new_hash
    current = entered.current.data or ""
    if new == current:
        raise Invalid("password", same)
    if who_knows(user.username, current) is None:
        raise Invalid("current", N_("This is not the present password of this account."))
    return new_hash


def _refused(answer: Response, error: RukoError) -> Response:
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _sign_in_page(
    entered: SignInForm, wish: str | None, problem: str | None = None, status: int = 200
) -> Response:
    page = render_template(
        "desk/sign_in.html", form=entered, next=safe_path(wish, ""), problem=problem
    )
    return make_response(page, status)


def _password_page(
    entered: PasswordForm,
    user: User,
    wish: str | None,
    status: int = 200,
    problem: str | None = None,
) -> Response:
    page = render_template(
        "desk/password.html",
        form=entered,
        next=safe_path(wish, ""),
        first=user.must_change_password,
        username=user.username,
        problem=problem,
        back=way_on(user, wish),
    )
    return make_response(page, status)
