"""The other ways in: the link of a slip, and the code that is asked for after the password."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.account_forms import CodeForm
from desk.way_in import (
    ask_for_code,
    enter,
    fresh_account,
    own_account,
    pending_account,
    throttle_check,
    throttle_count,
    to,
    totp_key,
    way_on,
)
from ruko import clock, words
from ruko.accounts import (
    User,
    find_authenticator,
    find_link,
    use_code,
    use_link,
    use_recovery_code,
)
from ruko.db import begin_writing, db
from ruko.errors import Invalid, NotFound, RateLimited, RukoError
from ruko.web import current_office, reads_only, safe_path, show_at_field, undo
from ruko.web.throttle import SECOND_STEP, looking_up

bp = Blueprint("entering", __name__)


# ── The link of a slip ────────────────────────────────────────────────────────────────────────


@bp.get("/enter/<link>")
def show_link(link: str) -> ResponseReturnValue:
    """One button, and nothing done yet."""
    try:
        with looking_up():
            user = find_link(current_office(), link, now=clock.now())
    except NotFound as error:
        return _link_page(error=error)
    return _link_page(user, link)


@bp.post("/enter/<link>")
def use(link: str) -> ResponseReturnValue:
    """Use the link up: sign in here, and choose a password."""
    try:
        with looking_up():
            user = use_link(current_office(), link, now=clock.now())
    except NotFound as error:
        undo()
        return _link_page(error=error)
    if find_authenticator(user):
        answer = ask_for_code(user, None, by_link=True)
        db.session.commit()
        return answer
    return enter(user, None, by_link=True)


def _link_page(
    user: User | None = None, link: str | None = None, error: RukoError | None = None
) -> Response:
    page = render_template(
        "desk/enter.html",
        user=user,
        link=link,
        problem=words.sentence(error) if error else None,
        signed_in_as=own_account(),
    )
    return make_response(page, error.status if error else 200)


# ── The code after the password ───────────────────────────────────────────────────────────────


@bp.get("/login/code")
def ask_code() -> ResponseReturnValue:
    """Ask for the code; whoever has not given the password just now begins there."""
    if pending_account() is None:
        user, wish = own_account(), request.args.get("next")
        return redirect(way_on(user, wish) if user else url_for("sign_in.form", next=wish))
    return _code_page(CodeForm(), request.args.get("next"))


@bp.post("/login/code")
@reads_only
def give_code() -> ResponseReturnValue:
    """Open the session for the right code; only wrong ones are counted."""
    found, entered, wish = pending_account(), CodeForm(), request.form.get("next")
    if found is None:
        return to(url_for("sign_in.form", next=safe_path(wish, "") or None))
    if not entered.validate():
        return _code_page(entered, wish, 422)
    user, pending = found
    account = str(user.id)
    try:
        throttle_check(SECOND_STEP, account)
        db.session.rollback()
        begin_writing()
        user = fresh_account(pending["user"], pending["key"])
        _use(user, entered)
    except Invalid as error:
        undo()
        throttle_count(SECOND_STEP, account)
        show_at_field(entered, error)
        return _code_page(entered, wish, error.status)
    except RateLimited as error:
        answer = _code_page(entered, wish, error.status, words.sentence(error))
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return enter(user, wish, by_link=True) if pending["by_link"] else enter(user, wish)


def _use(user: User, entered: CodeForm) -> None:
    if entered.recovery.data:
        use_recovery_code(user, entered.recovery.data, now=clock.now())
    elif find_authenticator(user):  # taken off the account meanwhile: the password is enough
        use_code(user, entered.code.data or "", totp_key(), at=clock.of_machine())


def _code_page(
    entered: CodeForm, wish: str | None, status: int = 200, problem: str | None = None
) -> Response:
    page = render_template(
        "desk/code.html", form=entered, next=safe_path(wish, ""), problem=problem
    )
    return make_response(page, status)
