"""One answer per request key: a double tap or a retried request does nothing twice.

The key's row is inserted before anything else, in the same transaction as the work.
An equal request waits for it (SQLite: for the write lock, PostgreSQL: for the row), then reads the
answer that was given. Refusals are forgotten with the rollback, so they may be tried again.
"""

import hashlib
import json
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from flask import Response, g, request
from sqlalchemy import (
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.wrappers import Response as BaseResponse

from ruko import clock
from ruko.accounts import User
from ruko.db import Base, db, end_writing, per_engine, values_of
from ruko.errors import N_, IdempotencyMismatch, Invalid
from ruko.web.callers import Caller
from ruko.web.doors import current_office

Answer = TypeVar("Answer", bound=BaseResponse)

KEPT = timedelta(hours=24)
LONGEST_KEY = 200
PURGE_EVERY = 100


class RequestKey(Base):
    """A key that somebody used, what for, and the answer; the answer is None only while in work."""

    __tablename__ = "request_key"
    __table_args__ = (UniqueConstraint("office_id", "caller", "key"),)

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    caller: Mapped[str] = mapped_column(String(24))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    request_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    content_type: Mapped[str | None] = mapped_column(String(80))
    location: Mapped[str | None] = mapped_column(String(500))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


_keys = RequestKey.__table__
_claim = per_engine(
    lambda insert: (
        insert(_keys)
        .values(values_of("office_id", "caller", "key", "request_hash", "created_at"))
        .on_conflict_do_nothing(index_elements=["office_id", "caller", "key"])
        .returning(_keys.c.id)
    )
)
_KEEP = (
    update(_keys)  # type: ignore[arg-type]  # a mapped table is a Table
    .where(_keys.c.id == bindparam("b_id"))
    .values(values_of("status", "content_type", "location", "body"))
)


def new_key() -> str:
    """A fresh key for a form, which makes its page's press one press."""
    return secrets.token_hex(16)


def once(
    who: Caller | str, key: str | None = None, *, now: datetime | None = None
) -> Response | None:
    """Begin a request with that key; returns the remembered answer if it was given before.

    `who` is the caller, or a name such as `ticket:7` for one who needs no account.
    Without a key given, it is the one of the form; `now` is the moment of the work, for `led_to`.
    Raises `IdempotencyMismatch` when the key came with another request.
    """
    if key is None:
        key = request.form.get("request_key")
    if not key:
        return None
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Invalid("Idempotency-Key", N_("A request key has at most 200 printable characters."))
    now = now or clock.now()
    mine = {
        "office_id": current_office().id,
        "caller": who if isinstance(who, str) else _name_of(who),
        "key": key,
    }
    digest = _digest()
    row = {f"b_{name}": value for name, value in mine.items()}
    row |= {"b_request_hash": digest, "b_created_at": now}
    connection = db.session.connection()
    for _ in range(2):
        row_id = connection.execute(_claim(), row).scalar()
        if row_id is not None:
            g.request_key = row_id
            if row_id % PURGE_EVERY == 0:
                connection.execute(delete(RequestKey).where(RequestKey.created_at < now - KEPT))
            return None
        known = db.session.query(RequestKey).filter_by(**mine).one()
        if now - known.created_at < KEPT:
            break
        db.session.delete(known)
        db.session.flush()
    if known.request_hash != digest:
        raise IdempotencyMismatch
    return _replay(known)


def led_to(who: Caller, key: str) -> tuple[str, datetime] | None:
    """Where the answer under that key led, and the moment of its work; None when it led nowhere."""
    known = db.session.scalar(
        select(RequestKey).filter_by(office_id=current_office().id, caller=_name_of(who), key=key)
    )
    return (known.location, known.created_at) if known and known.location else None


def commit(response: Answer) -> Answer:
    """Commit the unit of work, its answer remembered with it under the request's key."""
    row_id = g.pop("request_key", None)
    if row_id is not None and response.status_code < 400:
        db.session.connection().execute(
            _KEEP,
            {
                "b_id": row_id,
                "b_status": response.status_code,
                "b_content_type": response.content_type,
                "b_location": response.location,
                "b_body": response.get_data(),
            },
        )
    db.session.commit()
    return response


def undo() -> None:
    """Nothing of this unit of work is written; what follows, such as the page, only reads."""
    g.pop("request_key", None)
    db.session.rollback()
    end_writing()


def _name_of(who: Caller) -> str:
    return f"{'user' if isinstance(who, User) else 'device'}:{who.id}"


def _digest() -> str:
    body = request.get_data(cache=True)
    if request.is_json:
        with suppress(ValueError, RecursionError):  # the view will say what is wrong with it
            body = json.dumps(json.loads(body), sort_keys=True).encode()
    elif request.form:  # a form's CSRF token differs from page to page; what was asked does not
        fields = sorted((k, v) for k, v in request.form.items(multi=True) if k != "csrf_token")
        body = repr(fields).encode()
    return hashlib.sha256(request.path.encode() + b"\0" + body).hexdigest()


def _replay(known: RequestKey) -> Response:
    response = Response(known.body or b"", known.status or 200, content_type=known.content_type)
    if known.content_type is None:
        response.headers.pop("Content-Type", None)  # as the first answer: nothing to read
    if known.location:
        response.headers["Location"] = known.location
    response.headers["Idempotent-Replayed"] = "true"
    return response
