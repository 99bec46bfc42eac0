"""Slips that hand an account over on paper: a one-time password, and a link that signs in once.

Choosing a password of one's own makes both worthless; so does the next slip, and time.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from ruko.accounts.models import Role, User
from ruko.accounts.passwords import hash_one_time, new_password
from ruko.accounts.tokens import hash_token
from ruko.accounts.users import add_user, all_users, set_password
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, Forbidden, Invalid, NotFound
from ruko.offices import Office, Village, all_villages

VALID = timedelta(days=14)
LONGEST_PLAIN = 30
"""Of a village's account name: what is left holds the digits of its code."""
LINK_DEAD = N_(
    "This sign-in link does not work: it was used already, has run out, or is not whole."
    " Please sign in with the account name and the password of the slip,"
    " or ask the operator of the sub-district office for a new slip."
)
SLIP_RAN_OUT = N_(
    "This one-time password is no longer valid."
    " Please ask the operator of the sub-district office for a new one."
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a slip will say, with its slow hash made ahead of any transaction."""

    password: str
    password_hash: str
    link: str


@dataclass(frozen=True, slots=True)
class Slip:
    """One account on paper; shown once, for its secrets are kept as hashes only."""

    user: User
    password: str
    link: str
    until: datetime


def new_secrets(count: int) -> list[Secrets]:
    """What `count` slips will say; takes some 20 ms for each, so never while writing."""
    passwords = [new_password() for _ in range(count)]
    return [
        Secrets(password, hash_one_time(password), secrets.token_urlsafe(16))
        for password in passwords
    ]


def give_slip(user: User, given: Secrets, *, by: Actor, now: datetime) -> Slip:
    """A new one-time password and link for that account; ends its sessions."""
    set_password(user, given.password_hash, must_change_password=True, by=by, now=now)
    user.link_hash, user.slip_until = hash_token(given.link), now + VALID
    db.session.flush()
    return Slip(user, given.password, given.link, user.slip_until)


# ── The link ──────────────────────────────────────────────────────────────────────────────────


def find_link(office: Office, link: str, *, now: datetime) -> User:
    """The account that this link signs in; raises `NotFound` with the normal way."""
    user = db.session.scalar(
        select(User).filter_by(office_id=office.id, link_hash=hash_token(link), active=True)
    )
    if user is None or slip_ran_out(user, now):
        raise NotFound(LINK_DEAD)
    return user


def use_link(office: Office, link: str, *, now: datetime) -> User:
    """Use it up; of two who press at once, one gets in. Raises `NotFound` with the normal way."""
    user = find_link(office, link, now=now)
    used = db.session.execute(
        update(User)
        .where(User.id == user.id, User.link_hash == hash_token(link))
        .values(link_hash=None)
        .returning(User.id)
    ).scalar()
    if used is None:
        raise NotFound(LINK_DEAD)
    trail("user", user.id, "use_link", office_id=office.id, by=user.actor, now=now)
    return user


def slip_ran_out(user: User, now: datetime) -> bool:
    """Whether the account's one-time password was valid once and is no longer."""
    return user.slip_until is not None and user.slip_until < now


# ── All villages in one step ──────────────────────────────────────────────────────────────────


def villages_without_account(office: Office) -> list[Village]:
    """The villages that nobody can sign in for."""
    return [village for village, _ in _missing(office)]


def make_village_accounts(
    office: Office, given: Iterable[Secrets], *, by: Actor, now: datetime
) -> list[Slip]:
    """Accounts for all villages that have none, while the secrets last.

    Whoever does the same at the same moment makes the others: each village gets one account.
    """
    slips = []
    for (village, name), one in zip(_missing(office), given, strict=False):
        try:
            user = add_user(
                office,
                name,
                Role.VILLAGE,
                one.password_hash,
                village=village,
                must_change_password=True,
                by=by,
                now=now,
            )
        except Invalid:  # somebody else was faster
            continue
        user.link_hash, user.slip_until = hash_token(one.link), now + VALID
        slips.append(Slip(user, one.password, one.link, now + VALID))
    db.session.flush()
    return sorted(slips, key=lambda slip: slip.user.place_name or "")


def unused_village_accounts(office: Office, *, lock: bool = False) -> Sequence[User]:
    """The villages' accounts whose one-time password nobody has replaced yet."""
    wanted = (
        select(User)
        .join(Village, User.village_id == Village.id)
        .where(User.office_id == office.id, User.role == Role.VILLAGE)
        .where(User.active, User.must_change_password)
        .order_by(Village.name, Village.code)
    )
    return db.session.scalars(wanted.with_for_update(of=User) if lock else wanted).all()


def edition_of(unused: Iterable[User]) -> str:
    """Which slips are out there now; another one as soon as any of them is made again or used."""
    return hash_token(" ".join(sorted(user.session_key for user in unused)))


def renew_slips(
    office: Office, edition: str, given: Iterable[Secrets], *, by: Actor, now: datetime
) -> list[Slip]:
    """New slips for all village accounts that nobody has made their own yet.

    None when somebody else has made them since that edition: paper just printed stays valid.
    """
    unused = unused_village_accounts(office, lock=True)
    if edition_of(unused) != edition:
        return []
    return [give_slip(user, one, by=by, now=now) for user, one in zip(unused, given, strict=False)]


def _missing(office: Office) -> list[tuple[Village, str]]:
    """Villages without an account, each with the name that its account gets.

    Both come from one look at the accounts: whoever looks at the same moment finds the same names.
    """
    accounts = all_users(office)
    served = {user.village_id for user in accounts}  # a closed account is opened again, not doubled
    taken = {user.username for user in accounts}
    villages = sorted(all_villages(office), key=lambda village: village.code)
    return [
        (village, name)
        for village, name in zip(villages, _names(villages, taken), strict=True)
        if village.id not in served
    ]


def _names(villages: Sequence[Village], taken: set[str]) -> list[str]:
    """`binjai`, `batu-piring`; where the name is another's too, its code's last digits follow."""
    plain = [
        re.sub(r"[^a-z0-9]+", "-", village.name.lower())[:LONGEST_PLAIN].strip("-") or village.kind
        for village in villages
    ]
    return [
        name
        if plain.count(name) == 1 and name not in taken
        else f"{name}-{village.code.rsplit('.', 1)[-1]}"
        for village, name in zip(villages, plain, strict=True)
    ]


# ── Whose account one may touch ───────────────────────────────────────────────────────────────


def may_manage(who: User, role: Role) -> bool:
    """Administrators look after every account, operators after the villages' alone."""
    return who.role == Role.ADMIN or (who.role == Role.OPERATOR and role == Role.VILLAGE)


def require_manager(who: User, role: Role) -> None:
    """Raise `Forbidden` for who may not open, close or reset accounts of that role."""
    if not may_manage(who, role):
        raise Forbidden(
            N_("Operators look after the villages’ accounts; this one is for an administrator.")
        )
