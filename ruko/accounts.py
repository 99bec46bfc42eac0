"""Accounts: users and their roles, passwords, and bearer tokens for programs and devices."""

import hashlib
import secrets
import threading
from datetime import datetime
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.audit import Actor, trail
from ruko.db import Base, db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, Office, Village

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
NAME_TAKEN = N_("There is already an account “%(name)s”.")
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


class Role(StrEnum):
    """What an account may do; the API and the commands use these words."""

    ADMIN = "admin"
    OPERATOR = "operator"
    STAFF = "staff"
    CAMAT = "camat"
    VILLAGE = "village"


class User(Base):
    """Somebody who signs in: staff of a bidang, the operator, the camat, or a village."""

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("office_id", "username"),
        CheckConstraint("(role = 'staff') = (bidang_id IS NOT NULL)", name="staff_has_bidang"),
        CheckConstraint(
            "(role = 'village') = (village_id IS NOT NULL)", name="village_has_village"
        ),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    username: Mapped[str] = mapped_column(String(40))
    role: Mapped[Role] = mapped_column(String(8))
    bidang_id: Mapped[int | None] = mapped_column(ForeignKey("bidang.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool]
    session_key: Mapped[str] = mapped_column(String(22))
    """Part of every session of this account; a new one ends them all."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    office: Mapped[Office] = relationship()
    bidang: Mapped[Bidang | None] = relationship()
    village: Mapped[Village | None] = relationship()

    # Flask-Login's interface, so that rules need not know Flask.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return f"{self.id}.{self.session_key}"

    @property
    def actor(self) -> Actor:
        return Actor("user", self.id)

    @property
    def runs_office(self) -> bool:
        """Operators and administrators may do all that staff may, for every bidang."""
        return self.role in {Role.ADMIN, Role.OPERATOR}

    def may_serve(self, bidang_id: int) -> bool:
        """Whether this account may call and serve the queue of that bidang."""
        return self.runs_office or (self.role == Role.STAFF and self.bidang_id == bidang_id)

    def may_see(self, bidang_id: int) -> bool:
        """Whether this account may look at the queue of that bidang."""
        return self.role == Role.CAMAT or self.may_serve(bidang_id)


class Token(Base):
    """A bearer token of an account or a device; only its hash is kept."""

    __tablename__ = "token"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (device_id IS NULL)", name="one_bearer"),
    )

    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()


# ── Passwords ─────────────────────────────────────────────────────────────────────────────────
# Hashing takes tens of milliseconds on purpose: do it before the first query of a writing
# transaction, never while the write lock is held.

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB: many at once would fill a small computer's memory."""


def new_password() -> str:
    """A one-time password that can be read aloud: three groups of four, about 59 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))


def hash_password(password: str) -> str:
    """The argon2id hash; raises `Invalid` for one too short or too long."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "password",
            N_("This password is too short. Please use at least %(count)d characters."),
            count=SHORTEST_PASSWORD,
        )
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(
            "password",
            N_("This password is too long. Please use at most %(count)d characters."),
            count=LONGEST_PASSWORD,
        )
    with _hashing:
        return _hasher.hash(password)


def verify_password(user: User | None, password: str) -> bool:
    """Whether `password` opens that account; takes as long for an unknown one."""
    nobodys = _nobodys_hash()
    try:
        with _hashing:
            _hasher.verify(user.password_hash if user else nobodys, password)
    except (Argon2Error, InvalidHashError):
        return False
    return user is not None and user.active


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())


# ── Accounts ──────────────────────────────────────────────────────────────────────────────────


def find_user(office: Office, username: str) -> User | None:
    """The account of that name in the office; names are compared without regard to case."""
    return db.session.scalar(
        select(User).filter_by(office_id=office.id, username=username.strip().lower())
    )


def get_user(office: Office, username: str) -> User:
    """The account of that name; raises `NotFound`."""
    user = find_user(office, username)
    if user is None:
        raise NotFound(N_("There is no account “%(name)s” in this office."), name=username)
    return user


def find_session_user(session_id: str) -> User | None:
    """The active account of a session, or None once its password or state has changed."""
    number, _, key = session_id.partition(".")
    user = db.session.get(User, int(number)) if number.isdecimal() else None
    return user if user and user.active and secrets.compare_digest(user.session_key, key) else None


def all_users(office: Office) -> list[User]:
    """Every account of the office, by name."""
    return list(
        db.session.scalars(select(User).filter_by(office_id=office.id).order_by(User.username))
    )


def add_user(
    office: Office,
    username: str,
    role: Role,
    password_hash: str,
    *,
    bidang: Bidang | None = None,
    village: Village | None = None,
    must_change_password: bool,
    by: Actor,
    now: datetime,
) -> User:
    """Open an account; raises `Invalid` for a taken or empty name and for a role without its place."""
    name = username.strip().lower()
    if not name or len(name) > 40 or any(c.isspace() or not c.isprintable() for c in name):
        raise Invalid("username", N_("An account name has 1 to 40 characters without spaces."))
    if (role == Role.STAFF) != (bidang is not None):
        raise Invalid("bidang", N_("Staff accounts, and only they, belong to a bidang."))
    if (role == Role.VILLAGE) != (village is not None):
        raise Invalid("village", N_("Village accounts, and only they, belong to a village."))
    if find_user(office, name):
        raise Invalid("username", NAME_TAKEN, name=name)
    user = User(
        office_id=office.id,
        username=name,
        role=role,
        bidang_id=bidang.id if bidang else None,
        village_id=village.id if village else None,
        password_hash=password_hash,
        must_change_password=must_change_password,
        session_key=secrets.token_urlsafe(16),
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError:  # the same name at the same moment
        raise Invalid("username", NAME_TAKEN, name=name) from None
    trail("user", user.id, "add", office_id=office.id, by=by, now=now, role=role.value)
    return user


def set_password(
    user: User, password_hash: str, *, must_change_password: bool, by: Actor, now: datetime
) -> None:
    """Replace the password and end every session of the account."""
    user.password_hash = password_hash
    user.must_change_password = must_change_password
    user.session_key = secrets.token_urlsafe(16)
    trail("user", user.id, "set_password", office_id=user.office_id, by=by, now=now)


def disable_user(user: User, *, by: Actor, now: datetime) -> None:
    """Close the account: no sign-in, no session, no token works any more."""
    user.active = False
    user.session_key = secrets.token_urlsafe(16)
    trail("user", user.id, "disable", office_id=user.office_id, by=by, now=now)


# ── Bearer tokens ─────────────────────────────────────────────────────────────────────────────


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
