"""The office's accounts: who has one, opening one more, closing, a new slip, and where it is signed in."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from desk.account_forms import NewAccountForm
from desk.seat import staff_bar
from desk.slips import shown_once
from desk.staff import DECIDING, signed_in_staff
from desk.way_in import to
from ruko import clock, words
from ruko.accounts import (
    Role,
    User,
    add_user,
    all_users,
    close_account,
    enable_user,
    end_other_sessions,
    end_session,
    find_authenticator,
    get_account,
    give_slip,
    may_manage,
    new_secrets,
    require_manager,
    sessions_of,
    slip_ran_out,
    villages_without_account,
)
from ruko.db import begin_writing, db
from ruko.errors import Invalid, RukoError
from ruko.offices import all_bidang, all_villages, get_bidang, get_village
from ruko.web import (
    commit,
    current_office,
    once,
    reads_only,
    show_at_field,
    sign_in_required,
    undo,
)
from ruko.web.sessions import present_session

bp = Blueprint("accounts", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)


@bp.get("")
def overview() -> ResponseReturnValue:
    """Every account: the office's own, and the villages'."""
    office, me = current_office(), signed_in_staff()
    users = all_users(office)
    villages = [user for user in users if user.role == Role.VILLAGE]
    return render_template(
        "desk/accounts.html",
        groups=[
            (_("Office"), sorted((u for u in users if u not in villages), key=_rank)),
            (
                _("Villages"),
                sorted(villages, key=lambda u: (u.village.name if u.village else "", u.username)),
            ),
        ],
        may_manage=lambda user: may_manage(me, user.role),
        ran_out=lambda user: slip_ran_out(user, clock.now()),
        missing=villages_without_account(office),
    )


@bp.get("/new")
def ask_new() -> ResponseReturnValue:
    """Whose account it will be."""
    return _new_page(
        NewAccountForm(role=request.args.get("role"), village=request.args.get("village"))
    )


@bp.post("/new")
@reads_only
def add() -> ResponseReturnValue:
    """Open it, and show its slip."""
    entered = NewAccountForm()
    _offer(entered)
    if not entered.validate():
        return _new_page(entered, 422)
    given = new_secrets(1)[0]
    db.session.rollback()
    begin_writing()
    me, office, now = signed_in_staff(), current_office(), clock.now()
    if done := once(me):
        return done
    try:
        role = Role(entered.role.data)
        require_manager(me, role)
        bidang = entered.bidang.data if role == Role.STAFF else None
        village = entered.village.data if role == Role.VILLAGE else None
        user = add_user(
            office,
            entered.username.data or "",
            role,
            given.password_hash,
            bidang=get_bidang(office, bidang) if bidang else None,
            village=get_village(office, village) if village else None,
            must_change_password=True,
            by=me.actor,
            now=now,
        )
    except Invalid as error:
        show_at_field(entered, error)
        return _new_page(entered, error.status)
    slip = give_slip(user, given, by=me.actor, now=now)
    return shown_once([slip], url_for("accounts.show", user_id=user.id))


@bp.get("/<int:user_id>")
def show(user_id: int) -> ResponseReturnValue:
    """One account: its state, what can be done with it, and where it is signed in."""
    return _account_page(get_account(current_office(), user_id))


@bp.get("/<int:user_id>/reset")
def ask_reset(user_id: int) -> ResponseReturnValue:
    """Say what a new slip does."""
    return _question("reset", _managed(user_id))


@bp.post("/<int:user_id>/reset")
@reads_only
def reset(user_id: int) -> ResponseReturnValue:
    """A new one-time password, on a slip that is shown once."""
    _managed(user_id)
    given = new_secrets(1)[0]
    db.session.rollback()
    begin_writing()
    me = signed_in_staff()
    if done := once(me):
        return done
    user = _managed(user_id)
    if not user.active or user.id == me.id:
        return _question("reset", user, 409)
    slip = give_slip(user, given, by=me.actor, now=clock.now())
    return shown_once([slip], url_for("accounts.show", user_id=user.id))


@bp.get("/<int:user_id>/close")
def ask_close(user_id: int) -> ResponseReturnValue:
    """Say what closing does."""
    return _question("close", _managed(user_id))


@bp.post("/<int:user_id>/close")
def close(user_id: int) -> ResponseReturnValue:
    """Nobody signs in with it any more."""
    me = signed_in_staff()
    if done := once(me):
        return done
    user = _managed(user_id)
    name = user.username
    try:
        close_account(user, by=me, now=clock.now())
    except Invalid as error:
        return _question("close", user, error.status, words.sentence(error))
    return _done(user, _("The account “%(name)s” is closed.", name=name))


@bp.post("/<int:user_id>/open")
def reopen(user_id: int) -> ResponseReturnValue:
    """Let it be used again."""
    me = signed_in_staff()
    if done := once(me):
        return done
    user = _managed(user_id)
    enable_user(user, by=me.actor, now=clock.now())
    return _done(user, _("The account “%(name)s” is open again.", name=user.username))


# ── Where it is signed in ─────────────────────────────────────────────────────────────────────


@bp.post("/<int:user_id>/sessions/<int:sign_in_id>/end")
def end(user_id: int, sign_in_id: int) -> ResponseReturnValue:
    """Sign one of its devices out."""
    user, me = _managed(user_id), signed_in_staff()
    try:
        end_session(user, sign_in_id, by=me.actor, now=clock.now())
    except RukoError as error:
        return _account_page(user, error.status, words.sentence(error))
    return _done(user, _("This device is signed out."))


@bp.post("/<int:user_id>/sessions/end")
def end_all(user_id: int) -> ResponseReturnValue:
    """Sign all of its devices out, but not the one in front of us."""
    user, me = _managed(user_id), signed_in_staff()
    here = present_session() if user.id == me.id else None
    ended = end_other_sessions(user, here, by=me.actor, now=clock.now())
    return _done(
        user, ngettext("%(num)d device is signed out.", "%(num)d devices are signed out.", ended)
    )


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────


def _rank(user: User) -> tuple[int, str]:
    return list(Role).index(Role(user.role)), user.username


def _managed(user_id: int) -> User:
    user = get_account(current_office(), user_id)
    require_manager(signed_in_staff(), Role(user.role))
    return user


def _done(user: User, said: str) -> Response:
    answer = commit(to(url_for("accounts.show", user_id=user.id)))
    flash(said, "success")
    return answer


def _offer(entered: NewAccountForm) -> None:
    me, office = signed_in_staff(), current_office()
    roles = [role for role in Role if may_manage(me, role)]
    entered.offer(roles, all_bidang(office), all_villages(office))


def _new_page(entered: NewAccountForm, status: int = 200) -> Response:
    undo()
    _offer(entered)
    return make_response(render_template("desk/account_new.html", form=entered), status)


def _account_page(user: User, status: int = 200, problem: str | None = None) -> Response:
    user_id = user.id
    undo()
    user, me, now = get_account(current_office(), user_id), signed_in_staff(), clock.now()
    may = may_manage(me, Role(user.role))
    page = render_template(
        "desk/account.html",
        user=user,
        may=may,
        is_mine=user.id == me.id,
        sessions=sessions_of(user, now=now) if may else [],
        here=present_session(),
        has_totp=find_authenticator(user) is not None,
        ran_out=slip_ran_out(user, now),
        problem=problem,
    )
    return make_response(page, status)


def _question(page: str, user: User, status: int = 200, problem: str | None = None) -> Response:
    user_id = user.id
    undo()
    user = get_account(current_office(), user_id)
    answer = render_template(f"desk/account_{page}.html", user=user, problem=problem)
    return make_response(answer, status)
