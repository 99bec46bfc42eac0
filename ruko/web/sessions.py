"""Browsers that are signed in: Flask-Login on our own sessions, and when each was last seen.

A GET changes nothing, so when a browser was last seen is written after its answer has gone out, in a
unit of work of its own and at most every ten minutes; when the database is busy it is left out.
"""

import logging
from contextlib import suppress

from flask import Flask, Response, g, request, session
from flask_login import LoginManager, login_user, logout_user
from sqlalchemy.exc import DBAPIError

from ruko import clock
from ruko.accounts import (
    SEEN_EVERY,
    User,
    end_session,
    find_session,
    note_seen,
    open_session,
)
from ruko.db import db, end_writing, writing
from ruko.errors import NotFound, RukoError
from ruko.web.callers import signed_in
from ruko.web.reading import READING

log = logging.getLogger(__name__)


def install_sessions(app: Flask) -> None:
    """Recognise the browser of each request by its cookie."""
    # Its context processor would ask the database for every page, also for the one that says it is away.
    login = LoginManager(app, add_context_processor=False)
    login.session_protection = None  # phones change their address; sessions end by their own key

    @login.user_loader
    def _load(session_id: str) -> User | None:
        now = clock.now()
        row = find_session(session_id, now=now)
        if row is None:
            return None
        g.sign_in_id = row.id
        g.seen_again = now - row.last_seen_at >= SEEN_EVERY
        return row.user

    @app.after_request
    def _note(response: Response) -> Response:
        if g.pop("seen_again", False):
            sign_in_id = g.sign_in_id
            response.call_on_close(lambda: _keep_seen(app, sign_in_id))
        return response


def present_session() -> int | None:
    """The number of the session in this browser, of whoever is signed in."""
    sign_in_id: int | None = g.get("sign_in_id") if signed_in() else None
    return sign_in_id


def begin_session(user: User, **kept: bool) -> None:
    """Commit the unit of work, with the account signed in in this browser from now on.

    Whoever was signed in here before is no longer: their session would go on without a browser.
    """
    _end_present()
    row = open_session(user, request.user_agent.string, now=clock.now())
    g.sign_in_id = row.id
    db.session.commit()
    end_writing()
    empty_session()
    session.update(kept)
    login_user(user)


def leave_session() -> None:
    """Sign out in this browser, and commit."""
    _end_present()
    db.session.commit()
    logout_user()
    empty_session()


def _end_present() -> None:
    user, sign_in_id = signed_in(), present_session()
    if user and sign_in_id:
        with suppress(NotFound):  # ended at this moment, from elsewhere or by a new password
            end_session(user, sign_in_id, by=user.actor, now=clock.now())


def empty_session() -> None:
    """Forget what the cookie holds; how pages are read belongs to the browser, not to the account."""
    kept = {name: session[name] for name in READING if name in session}
    session.clear()
    session.update(kept)


def _keep_seen(app: Flask, sign_in_id: int) -> None:
    with app.app_context(), writing():
        try:
            note_seen(sign_in_id, now=clock.now())
            db.session.commit()
        except (RukoError, DBAPIError):
            db.session.rollback()
            log.info("when session %d was last seen could not be kept", sign_in_id)
