"""The way in: who knows the password, what is asked besides, and where people go from there."""

from typing import Any

from flask import Response, current_app, make_response, redirect, session, url_for
from limits import RateLimitItem

from ruko import clock
from ruko.accounts import (
    Role,
    User,
    find_authenticator,
    find_user,
    verify_password,
)
from ruko.db import begin_writing, db
from ruko.errors import N_, Unauthenticated
from ruko.web import Throttle, current_office, safe_path, signed_in
from ruko.web.sessions import begin_session, empty_session
from ruko.web.throttle import SIGN_IN, sender

BY_LINK = "by_link"
"""Kept by the browser that signed in by a slip's link, until a password is chosen."""
PENDING = "second_step"
PENDING_SECONDS = 600
"""So long after the password the code may still be given."""


def own_account() -> User | None:
    """The signed-in account, if it is one of this office."""
    user = signed_in()
    return user if user and user.office_id == current_office().id else None


def known_account() -> User:
    """The signed-in account of this office; raises `Unauthenticated`."""
    user = own_account()
    if user is None:
        raise Unauthenticated
    return user


def throttle_check(item: RateLimitItem, *who: str) -> None:
    """Raise `RateLimited` when the tries of `who` are used up."""
    throttle: Throttle = current_app.extensions["ruko_throttle"]
    throttle.check(item, *who)


def throttle_count(item: RateLimitItem, *who: str) -> None:
    """One more failed try of `who`."""
    throttle: Throttle = current_app.extensions["ruko_throttle"]
    throttle.count(item, *who)


def who_knows(name: str, password: str) -> User | None:
    """The account that this password opens; counts a wrong one, raises `RateLimited` after many."""
    office = current_office()
    who = (f"{office.slug}/{name.strip().lower()}", sender())
    throttle_check(SIGN_IN, *who)
    user = find_user(office, name)
    if verify_password(user, password):
        return user
    throttle_count(SIGN_IN, *who)
    return None


def totp_key() -> bytes:
    """The program's own key, of which the secrets of the apps are made."""
    return str(current_app.config["SECRET_KEY"]).encode()


def let_in(user: User, wish: str | None) -> Response:
    """Open a session for whoever has given the right password, or ask for the code first."""
    user_id, session_key = user.id, user.session_key
    if find_authenticator(user):
        return ask_for_code(user, wish)
    db.session.rollback()
    begin_writing()
    return enter(fresh_account(user_id, session_key), wish)


def enter(user: User, wish: str | None, **kept: bool) -> Response:
    """Commit, with the account signed in here; one with a one-time password chooses its own first."""
    begin_session(user, **kept)
    if user.must_change_password:
        return to(url_for("sign_in.password", next=way_on(user, wish)))
    return to(way_on(user, wish))


def ask_for_code(user: User, wish: str | None, *, by_link: bool = False) -> Response:
    """Remember in the browser that this account lacks only its code, and ask for it."""
    pending = {
        "user": user.id,
        "key": user.session_key,
        "since": int(clock.of_machine()),
        "by_link": by_link,
    }
    empty_session()
    session[PENDING] = pending
    return to(url_for("entering.ask_code", next=safe_path(wish, "") or None))


def pending_account() -> tuple[User, dict[str, Any]] | None:
    """The account of this office that lacks only its code, and what was remembered with it."""
    pending = session.get(PENDING)
    if not pending or not 0 <= clock.of_machine() - pending["since"] < PENDING_SECONDS:
        return None
    try:
        return fresh_account(pending["user"], pending["key"]), pending
    except Unauthenticated:
        return None


def fresh_account(user_id: int, session_key: str) -> User:
    """The account as it is now; raises `Unauthenticated` when its password is another one since."""
    user = db.session.get(User, user_id)
    if (
        user is None
        or not user.active
        or user.session_key != session_key
        or user.office_id != current_office().id
    ):
        raise Unauthenticated(N_("This password was changed a moment ago. Please sign in again."))
    return user


def way_on(user: User, wish: str | None) -> str:
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


def to(path: str) -> Response:
    """On to that page."""
    return make_response(redirect(path, 303))
