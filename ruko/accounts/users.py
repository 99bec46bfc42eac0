"""Accounts: found, opened, given another password, closed and opened again."""

import secrets
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from ruko.accounts.models import Role, SignIn, Token, User
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, Office, Village
from ruko.offices.queries import LARGEST_ID

NAME_TAKEN = N_("There is already an account “%(name)s”.")


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


def get_account(office: Office, user_id: int) -> User:
    """The account with that number; raises `NotFound`."""
    user = db.session.get(User, user_id) if user_id <= LARGEST_ID else None
    if user is None or user.office_id != office.id:
        raise NotFound(N_("There is no such account in this office."))
    return user


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
    """Replace the password, end every session of the account, and make its slip worthless."""
    user.password_hash = password_hash
    user.must_change_password = must_change_password
    user.slip_until = user.link_hash = None
    _end_all(user)
    trail("user", user.id, "set_password", office_id=user.office_id, by=by, now=now)


def close_account(user: User, *, by: User, now: datetime) -> None:
    """Close somebody's account; raises `Invalid` for one's own and for the last administrator's."""
    if user.id == by.id:
        raise Invalid("account", N_("You cannot close the account that you are signed in with."))
    if user.role == Role.ADMIN:
        admins = select(User).filter_by(office_id=user.office_id, role=Role.ADMIN, active=True)
        others = db.session.scalars(admins.order_by(User.id).with_for_update()).all()
        if not any(other.id != user.id for other in others):
            raise Invalid("account", N_("This is the last account of an administrator."))
    disable_user(user, by=by.actor, now=now)


def disable_user(user: User, *, by: Actor, now: datetime) -> None:
    """Close the account: no sign-in, no session works any more, and its tokens never again."""
    user.active = False
    user.link_hash = None
    _end_all(user)
    db.session.execute(
        update(Token)
        .where(Token.user_id == user.id, Token.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    trail("user", user.id, "disable", office_id=user.office_id, by=by, now=now)


def enable_user(user: User, *, by: Actor, now: datetime) -> None:
    """Open a closed account again, with the password it had."""
    user.active = True
    trail("user", user.id, "enable", office_id=user.office_id, by=by, now=now)


def _end_all(user: User) -> None:
    user.session_key = secrets.token_urlsafe(16)
    db.session.execute(delete(SignIn).where(SignIn.user_id == user.id))
