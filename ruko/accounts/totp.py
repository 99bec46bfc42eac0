"""The second step of signing in: a code from an app (RFC 6238), or a recovery code, each used once.

The app's secret is made of the program's own key (`secret_key`) and a random salt, and only the salt
is kept: whoever reads the database alone can make no codes. Another key means another secret; the
recovery codes, kept as hashes, and `ruko user reset-totp` work all the same.
A phone shows codes of the real time, so `at` is the computer's time and not that of business.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import pyotp
from sqlalchemy import delete, func, or_, select, update

from ruko.accounts.models import Authenticator, RecoveryCode, Role, User
from ruko.accounts.passwords import new_password
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, Invalid

OFFERED = (Role.ADMIN, Role.OPERATOR)
STEP_SECONDS = 30
DRIFT = 1
"""Steps that a phone's clock, or ours, may be wrong by."""
RECOVERY_CODES = 8
RECOVERY_GROUPS = 4
"""79 bits: what is kept of them is hashed fast, and must not be found by trying."""
WRONG_CODE = N_(
    "This code is wrong, too old or was used already. Please wait for the next one."
    " If codes keep failing, the time on the phone or on the office’s computer is wrong:"
    " this computer says %(time)s."
)
WRONG_RECOVERY = N_("This recovery code is wrong or was used already.")


def new_salt() -> str:
    """Of a new authenticator."""
    return secrets.token_hex(16)


def totp_secret(user: User, salt: str, key: bytes) -> str:
    """The secret that the app is told, in base 32."""
    told = f"totp:{user.id}:{salt}".encode()
    return base64.b32encode(hmac.digest(key, told, hashlib.sha256)[:20]).decode()


def totp_uri(user: User, salt: str, key: bytes, issuer: str) -> str:
    """What the QR code for the app says."""
    return pyotp.TOTP(totp_secret(user, salt, key)).provisioning_uri(
        name=user.username, issuer_name=issuer
    )


def find_authenticator(user: User) -> Authenticator | None:
    """The account's second step, or None without one."""
    return db.session.scalar(select(Authenticator).filter_by(user_id=user.id))


def add_authenticator(
    user: User, salt: str, code: str, key: bytes, *, at: float, now: datetime
) -> list[str]:
    """Ask for codes from now on, once the app has shown a right one; returns the recovery codes."""
    step = _step_of(user, salt, code, key, at)
    if step is None:
        raise _wrong_code(user, at)
    db.session.refresh(user, with_for_update=True)  # of two presses at once, one sets it up
    if find_authenticator(user):
        raise Invalid("code", N_("This account already asks for a code."))
    codes = [new_password(RECOVERY_GROUPS) for _ in range(RECOVERY_CODES)]
    db.session.add(Authenticator(user_id=user.id, salt=salt, last_step=step, added_at=now))
    db.session.add_all(RecoveryCode(user_id=user.id, hash=_hash(user, code)) for code in codes)
    db.session.flush()
    trail("user", user.id, "add_totp", office_id=user.office_id, by=user.actor, now=now)
    return codes


def use_code(user: User, code: str, key: bytes, *, at: float) -> None:
    """Use the app's code up; raises `Invalid`. Of two who send it at once, one succeeds."""
    row = find_authenticator(user)
    step = _step_of(user, row.salt, code, key, at) if row else None
    if row is None or step is None:
        raise _wrong_code(user, at)
    # A last step from the future is from a clock that was put back since: it forbids nothing.
    unused = or_(Authenticator.last_step < step, Authenticator.last_step > _step(at) + DRIFT)
    used = db.session.execute(
        update(Authenticator)
        .where(Authenticator.id == row.id, unused)
        .values(last_step=step)
        .returning(Authenticator.id)
    ).scalar()
    if used is None:
        raise _wrong_code(user, at)


def use_recovery_code(user: User, code: str, *, now: datetime) -> None:
    """Use one of the recovery codes up; raises `Invalid`."""
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.hash == _hash(user, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    ).scalar()
    if used is None:
        raise Invalid("recovery", WRONG_RECOVERY)
    trail("user", user.id, "use_recovery", office_id=user.office_id, by=user.actor, now=now)


def recovery_codes_left(user: User) -> int:
    """How many recovery codes are not used up yet."""
    unused = select(func.count()).select_from(RecoveryCode).filter_by(user_id=user.id, used_at=None)
    return db.session.scalar(unused) or 0


def remove_authenticator(user: User, *, by: Actor, now: datetime) -> bool:
    """Ask for no code any more; returns whether one was asked for."""
    gone: Sequence[int] = db.session.scalars(
        delete(Authenticator).where(Authenticator.user_id == user.id).returning(Authenticator.id)
    ).all()
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    if gone:
        trail("user", user.id, "remove_totp", office_id=user.office_id, by=by, now=now)
    return bool(gone)


def _wrong_code(user: User, at: float) -> Invalid:
    return Invalid("code", WRONG_CODE, time=user.office.local(datetime.fromtimestamp(at, UTC)))


def _step(at: float) -> int:
    return int(at) // STEP_SECONDS


def _step_of(user: User, salt: str, code: str, key: bytes, at: float) -> int | None:
    """The time step whose code this is, near the present one."""
    typed = re.sub(r"\s", "", code).encode()
    shown = pyotp.TOTP(totp_secret(user, salt, key)).generate_otp
    steps = range(_step(at) - DRIFT, _step(at) + DRIFT + 1)
    return next((s for s in steps if secrets.compare_digest(shown(s).encode(), typed)), None)


def _hash(user: User, code: str) -> str:
    """Codes are random and long, so a plain SHA-256 is enough; blanks and hyphens do not count."""
    plain = re.sub(r"[\s-]", "", code.lower())
    return hashlib.sha256(f"{user.id}:{plain}".encode()).hexdigest()
