"""Bearer tokens for programs and devices: shown once, kept as hashes."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select

from ruko.accounts.models import Token, User
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, NotFound
from ruko.offices import Office


def hash_token(token: str) -> str:
    """What is kept of a token; tokens are random, so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def create_token(user: User, *, note: str = "", by: Actor, now: datetime) -> str:
    """A new bearer token of an account; shown once, kept as a hash."""
    row, token = new_token(note, now=now)
    row.user_id = user.id
    db.session.add(row)
    db.session.flush()
    trail("token", row.id, "create", office_id=user.office_id, by=by, now=now, user=user.id)
    return token


def new_token(note: str, *, now: datetime) -> tuple[Token, str]:
    """A token's row, still without its bearer, and the secret itself."""
    token = secrets.token_urlsafe(32)
    return Token(hash=hash_token(token), note=note[:80], created_at=now), token


def find_token(token: str) -> Token | None:
    """The live token row for a bearer's token, or None."""
    return db.session.scalar(
        select(Token).filter_by(hash=hash_token(token)).where(Token.revoked_at.is_(None))
    )


def all_tokens(office: Office) -> list[Token]:
    """The live tokens of the office's accounts."""
    return list(
        db.session.scalars(
            select(Token)
            .join(User, Token.user_id == User.id)
            .where(User.office_id == office.id, Token.revoked_at.is_(None))
            .order_by(Token.id)
        )
    )


def revoke_token(office: Office, token_id: int, *, by: Actor, now: datetime) -> None:
    """End a token at once; raises `NotFound`."""
    token = next((t for t in all_tokens(office) if t.id == token_id), None)
    if token is None:
        raise NotFound(N_("There is no token number %(id)d in use."), id=token_id)
    token.revoked_at = now
    trail("token", token.id, "revoke", office_id=office.id, by=by, now=now)
