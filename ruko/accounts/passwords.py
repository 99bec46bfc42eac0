"""Passwords: made to be read aloud, kept as argon2id.

Hashing takes tens of milliseconds on purpose: do it before the first query of a writing
transaction, never while the write lock is held.
"""

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ruko.accounts.models import User
from ruko.errors import N_, Invalid

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()
_quick_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""For one-time passwords: random ones of 59 bits, which need no slowness, sixteen at a time."""
_hashing = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB: many at once would fill a small computer's memory."""


def new_password(groups: int = 3) -> str:
    """One that can be read aloud: groups of four, of about 20 bits each."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(groups))


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


def hash_one_time(password: str) -> str:
    """The hash of a password of `new_password`, made in a moment."""
    with _hashing:
        return _quick_hasher.hash(password)


def verify_password(user: User | None, password: str) -> bool:
    """Whether `password` opens that account; takes as long for an unknown one."""
    nobodys = _nobodys_hash()
    with _hashing:
        opens = user is not None and _opens(user.password_hash, password)
        if user is None or _is_quick(user.password_hash):
            _opens(nobodys, password)
    return opens and user is not None and user.active


def _opens(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _is_quick(password_hash: str) -> bool:
    try:
        return _hasher.check_needs_rehash(password_hash)
    except InvalidHashError:
        return True


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
