"""The one sign-in page of all, and changing the password."""

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from desk.forms import PasswordForm, SignInForm
from ruko import clock, words
from ruko.accounts import (
    Role,
    User,
    find_session_user,
    find_user,
    hash_password,
    set_password,
    verify_password,
)
from ruko.db import begin_writing, db
from ruko.errors import N_, Invalid, RateLimited, Unauthenticated
from ruko.web import (
    READING,
    Throttle,
    commit,
    current_office,
    reads_only,
    safe_path,
    show_at_field,
    signed_in,
)
from ruko.web.throttle import SIGN_IN

bp = Blueprint("sign_in", __name__)


@bp.get("/login")
def form() -> ResponseReturnValue:
    """The sign-in page; whoever is signed in already is sent on."""
    user = signed_in()
    if user and user.office_id == current_office().id:
        return redirect(_way_on(user, request.args.get("next")))
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
        user = _who_knows(name, password)
    except RateLimited as error:
        answer = _sign_in_page(entered, wish, words.sentence(error), error.status)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    if user is None:
        wrong = _("The account name or the password is wrong. Please check both and try again.")
        return _sign_in_page(entered, wish, wrong, 401)
    _begin_session(user)
    if user.must_change_password:
        return redirect(url_for("sign_in.password", next=_way_on(user, wish)), 303)
    return redirect(_way_on(user, wish), 303)


@bp.post("/logout")
@reads_only
def sign_out() -> ResponseReturnValue:
    """End the session in this browser."""
    logout_user()
    _empty_session()
    return redirect(url_for("sign_in.form"), 303)


@bp.get("/password")
def password() -> ResponseReturnValue:
    """The page for choosing one's own password."""
    user = _own_account()
    if user is None:
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
    return _password_page(PasswordForm(), user, request.args.get("next"))


@bp.post("/password")
@reads_only
def change_password() -> ResponseReturnValue:
    """Replace the password; every other session of the account ends."""
    user = _own_account()
    if user is None:
        raise Unauthenticated
    entered, wish = PasswordForm(), request.form.get("next")
    if not entered.validate_on_submit():
        return _password_page(entered, user, wish, 422)
    session_id = user.get_id()
    try:
        new_hash = _checked_hash(user, entered)
    except Invalid as error:
        show_at_field(entered, error)
        return _password_page(entered, user, wish, error.status)
    except RateLimited as error:
        answer = _password_page(entered, user, wish, error.status, words.sentence(error))
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    db.session.rollback()
    begin_writing()
    account = find_session_user(session_id)
    if account is None:
        raise Unauthenticated
    set_password(account, new_hash, must_change_password=False, by=account.actor, now=clock.now())
    answer = commit(make_response(redirect(_way_on(account, wish), 303)))
    _begin_session(account)
    return answer


def _who_knows(name: str, password: str) -> User | None:
    """The account that this password opens; counts a wrong one, raises `RateLimited` after many."""
    throttle: Throttle = current_app.extensions["ruko_throttle"]
    office = current_office()
    who = (f"{office.slug}/{name.strip().lower()}", request.remote_addr or "")
    throttle.check(SIGN_IN, *who)
    user = find_user(office, name)
    if verify_password(user, password):
        return user
    throttle.count(SIGN_IN, *who)
    return None


def _checked_hash(user: User, entered: PasswordForm) -> str:
    """The hash of the new password, if the present one is right."""
    current, new = entered.current.data or "", entered.password.data or ""
    new_hash = hash_password(new)
    if new == current:
        raise Invalid("password", N_("Please choose a password other than the present one."))
    if _who_knows(user.username, current) is None:
        raise Invalid("current", N_("This is not the present password of this account."))
    return new_hash


def _own_account() -> User | None:
    user = signed_in()
    return user if user and user.office_id == current_office().id else None


def _begin_session(user: User) -> None:
    _empty_session()
    login_user(user)


def _empty_session() -> None:
    """How pages are read belongs to the browser and not to the account."""
    kept = {name: session[name] for name in READING if name in session}
    session.clear()
    session.update(kept)


def _way_on(user: User, wish: str | None) -> str:
    """Where this account goes from here: to the page it asked for, unless that is another's door."""
    is_village = user.role == Role.VILLAGE
    home, other = url_for("booking.start"), url_for("desk.start")
    if not is_village:
        home, other = other, home
    path = safe_path(wish, home)
    # The front page leads everybody to the booking door: it is nobody's wish by itself.
    if path in {"/", other} or (
        not user.runs_office and path.startswith((other + "/", other + "?"))
    ):
        return home
    return path


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
        back=_way_on(user, wish),
    )
    return make_response(page, status)
