"""Pairing without a shell: a screen shows a short code, an administrator approves it.

The screen keeps a secret, of which only the hash is kept here; once approved, that secret is the
device's token. A lost answer or a second question therefore changes nothing.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ColumnElement

from ruko.accounts import hash_token
from ruko.audit import Actor
from ruko.db import Base, db, upsert
from ruko.devices import Device, DeviceKind, admit_device
from ruko.errors import N_, Invalid, RateLimited
from ruko.offices import Office

ALPHABET = "ACDEFGHJKMNPQRTVWXY23456789"
LENGTH = 6
VALID = timedelta(minutes=15)
MOST_OPEN = 24
"""Screens of one office that may show a code at once; more are nobody's tablets."""
UNKNOWN_CODE = N_(
    "No screen shows this code now. Please read it from the screen again; a code is valid for %(minutes)d minutes."
)
_READ_AS = str.maketrans("BSZU", "852V")
"""Letters that no code contains, read as the character they resemble."""
_GAPS = re.compile(r"[\s\u2010-\u2015-]+")


class PairingRequest(Base):
    """A browser that asks to become a device; it alone knows the secret, everybody sees the code."""

    __tablename__ = "pairing_request"
    __table_args__ = (
        UniqueConstraint("office_id", "code"),
        Index(None, "office_id", "created_at"),
        CheckConstraint("kind IN ('kiosk', 'display')", name="kind_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    kind: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(6))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    """Of the device that it became, once approved."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the screen may know of its own request."""

    code: str
    """In two halves, as it is read aloud: K7M 4QX."""
    until: datetime
    approved: bool


def ask_to_pair(office: Office, kind: DeviceKind, *, now: datetime) -> str:
    """Show a new code for a screen; returns the secret that the screen keeps.

    Raises `RateLimited` while too many screens ask at once.
    """
    here = PairingRequest.office_id == office.id
    unused = PairingRequest.device_id.is_(None)
    over = ~_valid(now) & (unused | ~_valid(now - VALID))
    db.session.execute(delete(PairingRequest).where(here, over))
    open_now = db.session.scalar(
        select(func.count()).select_from(PairingRequest).where(here, _valid(now))
    )
    if (open_now or 0) >= MOST_OPEN:
        raise RateLimited(int(VALID.total_seconds()))
    secret = secrets.token_urlsafe(32)
    row = {
        "office_id": office.id,
        "kind": kind,
        "secret_hash": hash_token(secret),
        "created_at": now,
    }
    while not db.session.scalar(
        upsert(PairingRequest.__table__)
        .values(row | {"code": _new_code()})
        .on_conflict_do_nothing(index_elements=["office_id", "code"])
        .returning(PairingRequest.__table__.c.id)
    ):
        pass  # this code is shown elsewhere; the next one hardly is
    return secret


def find_asked(office: Office, kind: DeviceKind, secret: str, *, now: datetime) -> Asked | None:
    """The screen's own request while its code is valid, or None; once approved, as long again."""
    row = db.session.scalar(
        select(PairingRequest)
        .outerjoin(Device, Device.id == PairingRequest.device_id)
        .where(
            PairingRequest.office_id == office.id,
            PairingRequest.kind == kind,
            PairingRequest.secret_hash == hash_token(secret),
            Device.revoked_at.is_(None),
            _valid(now) | (PairingRequest.device_id.is_not(None) & _valid(now - VALID)),
        )
    )
    if row is None:
        return None
    half = LENGTH // 2
    return Asked(
        f"{row.code[:half]} {row.code[half:]}", row.created_at + VALID, row.device_id is not None
    )


def approve(office: Office, code: str, name: str, *, by: Actor, now: datetime) -> Device:
    """Make the screen that shows `code` a device of that name, once. Raises `Invalid`."""
    asked = db.session.scalar(
        select(PairingRequest)
        .filter_by(office_id=office.id, code=normalise(code), device_id=None)
        .where(_valid(now))
        .with_for_update()  # whoever approves it at the same moment waits, and finds it taken
    )
    if asked is None:
        raise Invalid("code", UNKNOWN_CODE, minutes=VALID.seconds // 60)
    kind: DeviceKind = "kiosk" if asked.kind == "kiosk" else "display"
    device = admit_device(office, kind, name, token_hash=asked.secret_hash, by=by, now=now)
    asked.device_id = device.id
    return device


def normalise(text: str) -> str:
    """The code that somebody typed: capitals, without spaces and hyphens."""
    return _GAPS.sub("", text).upper().translate(_READ_AS)


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _valid(now: datetime) -> ColumnElement[bool]:
    """Young enough; a clock that stepped back does not make a code live for ever."""
    return PairingRequest.created_at.between(now - VALID, now + VALID)
