"""Who may sign in, where they are signed in, and what they carry: tokens, authenticators, codes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.audit import Actor
from ruko.db import Base
from ruko.offices import Bidang, Office, Village


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
        Index(None, "link_hash", unique=True),
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
    signed_in_at: Mapped[datetime | None]
    """When somebody last signed in."""
    slip_until: Mapped[datetime | None]
    """While the password is a one-time one from a slip: how long the slip is valid."""
    link_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the slip's sign-in link, until it is used."""

    office: Mapped[Office] = relationship()
    bidang: Mapped[Bidang | None] = relationship()
    village: Mapped[Village | None] = relationship()

    # Flask-Login's interface, so that rules need not know Flask.
    is_authenticated = True
    is_anonymous = False
    session_id = ""
    """By which the browser that asks is signed in; see `ruko.accounts.sessions`."""

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return self.session_id

    @property
    def actor(self) -> Actor:
        return Actor("user", self.id)

    @property
    def place_name(self) -> str | None:
        """The bidang or village that it is of."""
        if self.bidang:
            return self.bidang.name
        return self.village.full_name if self.village else None

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


class SignIn(Base):
    """One browser in which an account is signed in; gone once it has ended.

    Never the address it came from: a list of devices needs none, and people's ways are their own.
    """

    __tablename__ = "sign_in"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the random key in the browser's cookie and the account's `session_key`."""
    browser: Mapped[str] = mapped_column(String(16))
    system: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]

    user: Mapped[User] = relationship()


class Authenticator(Base):
    """An account's second step: an app that shows codes of six digits (RFC 6238)."""

    __tablename__ = "authenticator"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    salt: Mapped[str] = mapped_column(String(32))
    """Makes the secret together with the program's own key: the database alone holds no secret."""
    last_step: Mapped[int]
    """The time step of the last code that was used; no code is used twice."""
    added_at: Mapped[datetime]


class RecoveryCode(Base):
    """Signs in once instead of the app's code, when the phone is lost."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]
