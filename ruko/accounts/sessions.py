"""Where an account is signed in: one row for each browser, ended one by one or all together.

The browser's cookie carries the row's id and a random key; the row keeps one hash over that key and
the account's `session_key`, so a new `session_key` ends every session, whatever the rows say.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import contains_eager

from ruko.accounts.models import SignIn, User
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, NotFound
from ruko.offices.queries import LARGEST_ID

UNUSED_FOR = timedelta(days=30)
"""A session that nobody used for so long has ended."""
SEEN_EVERY = timedelta(minutes=10)
"""How exactly it is kept when a browser was last seen."""

_BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet")),
    *(("UCBrowser", "UC Browser"), ("Firefox", "Firefox"), ("FxiOS", "Firefox")),
    *(("Chrome", "Chrome"), ("Chromium", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS")),
    *(("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux")),
)
# Asked with every request of somebody signed in, so built once.
_SESSION = (
    select(SignIn)
    .join(SignIn.user)
    .options(contains_eager(SignIn.user))
    .where(SignIn.id == bindparam("b_id"))
)


def open_session(user: User, agent: str, *, now: datetime) -> SignIn:
    """Sign the account in, in one more browser; its id for the cookie is `user.session_id` then."""
    ended = SignIn.last_seen_at < now - UNUSED_FOR
    db.session.execute(delete(SignIn).where(SignIn.user_id == user.id, ended))
    key = secrets.token_urlsafe(16)
    row = SignIn(
        user=user,
        hash=_hash(user, key),
        browser=_first_word(_BROWSERS, agent),
        system=_first_word(_SYSTEMS, agent),
        created_at=now,
        last_seen_at=now,
    )
    db.session.add(row)
    user.signed_in_at = now
    db.session.flush()
    user.session_id = f"{row.id}.{key}"
    _tell(user, "sign_in", row.id, by=user.actor, now=now)
    return row


def find_session(session_id: str, *, now: datetime) -> SignIn | None:
    """The session behind a cookie, of an active account; None once it has ended in whatever way."""
    number, _, key = session_id.partition(".")
    if not (number.isascii() and number.isdecimal() and int(number) <= LARGEST_ID):
        return None
    row = db.session.scalar(_SESSION, {"b_id": int(number)})
    if row is None or not row.user.active or row.last_seen_at < now - UNUSED_FOR:
        return None
    if not secrets.compare_digest(row.hash, _hash(row.user, key)):
        return None
    row.user.session_id = session_id
    return row


def sessions_of(user: User, *, now: datetime) -> Sequence[SignIn]:
    """Where the account is signed in, the last seen first."""
    return db.session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user.id, SignIn.last_seen_at >= now - UNUSED_FOR)
        .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
    ).all()


def note_seen(sign_in_id: int, *, now: datetime) -> None:
    """That browser has just been here."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))


def end_session(user: User, sign_in_id: int, *, by: Actor, now: datetime) -> None:
    """Sign that browser out; raises `NotFound` when it is not one of the account's (any more)."""
    if sign_in_id > LARGEST_ID or not _end(user, SignIn.id == sign_in_id):
        raise NotFound(N_("This device is not signed in any more."))
    _tell(user, "sign_out", sign_in_id, by=by, now=now)


def end_other_sessions(user: User, but: int | None, *, by: Actor, now: datetime) -> int:
    """Sign out every browser of the account except that one; returns how many."""
    ended = _end(user, SignIn.id != but if but is not None else SignIn.id > 0)
    for sign_in_id in ended:
        _tell(user, "sign_out", sign_in_id, by=by, now=now)
    return len(ended)


def _end(user: User, which: Any) -> Sequence[int]:
    """Delete those of the account's rows; two who press at once end each of them once."""
    return db.session.scalars(
        delete(SignIn).where(SignIn.user_id == user.id, which).returning(SignIn.id)
    ).all()


def _tell(user: User, action: str, sign_in_id: int, *, by: Actor, now: datetime) -> None:
    trail("user", user.id, action, office_id=user.office_id, by=by, now=now, session=sign_in_id)


def _hash(user: User, key: str) -> str:
    return hashlib.sha256(f"{user.session_key}.{key}".encode()).hexdigest()


def _first_word(table: Sequence[tuple[str, str]], agent: str) -> str:
    return next((word for mark, word in table if mark in agent), "")
