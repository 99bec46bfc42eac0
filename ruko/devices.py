"""Devices: the kiosks and displays that this office has paired."""

import secrets
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    String,
    UniqueConstraint,
    bindparam,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.accounts import Token, User, find_token, hash_token, new_token
from ruko.audit import Actor, trail
from ruko.db import Base, db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Office

DeviceKind = Literal["kiosk", "display"]
LONGEST_NAME = 40
SILENT = timedelta(minutes=5)
"""A paired device tells every minute that it is there; after this it is missed."""
NAME_TAKEN = N_("There is already a device “%(name)s”.")
LINK_USED = N_(
    "This pairing link was already used or is no longer valid. Please ask for a new one."
)


class Device(Base):
    """A tablet or a TV of the office; revoked ones stay for the trail."""

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("office_id", "kind", "name"),
        CheckConstraint("kind IN ('kiosk', 'display')", name="kind_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    pairing_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the pairing link's one-time secret; gone once used."""
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime | None]
    last_spoken: Mapped[datetime | None]
    """When it last spoke a call; displays alone do."""
    revoked_at: Mapped[datetime | None]

    office: Mapped[Office] = relationship()

    @property
    def actor(self) -> Actor:
        return Actor("device", self.id)

    def serves(self, office: Office, kind: DeviceKind) -> bool:
        """Whether it is that office's kiosk or display."""
        return self.kind == kind and self.office_id == office.id


def add_device(
    office: Office, kind: DeviceKind, name: str, *, by: Actor, now: datetime
) -> tuple[Device, str, str]:
    """Register a device; returns it, the secret of its pairing link, and its bearer token."""
    device = _register(office, kind, name, by=by, now=now)
    secret = secrets.token_urlsafe(24)
    device.pairing_hash = hash_token(secret)
    return device, secret, _token_of(device.id, device.name, now=now)


def admit_device(
    office: Office, kind: DeviceKind, name: str, *, token_hash: str, by: Actor, now: datetime
) -> Device:
    """Register a device whose browser holds its token already; it is paired at once."""
    device = _register(office, kind, name, by=by, now=now)
    device.last_seen = now
    db.session.add(Token(device_id=device.id, hash=token_hash, note="browser", created_at=now))
    trail("device", device.id, "pair", office_id=office.id, by=device.actor, now=now)
    return device


def _register(office: Office, kind: DeviceKind, name: str, *, by: Actor, now: datetime) -> Device:
    device = Device(
        office_id=office.id, kind=kind, name=_free_name(office, kind, name), created_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(device)
    except IntegrityError:  # the same name at the same moment
        raise Invalid("name", NAME_TAKEN, name=device.name) from None
    trail("device", device.id, "add", office_id=office.id, by=by, now=now, kind=kind)
    return device


def _free_name(office: Office, kind: str, name: str) -> str:
    """The name without blanks around it; raises `Invalid` for a bad or a taken one."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("name", N_("A device name has 1 to 40 characters."))
    if db.session.scalar(select(Device.id).filter_by(office_id=office.id, kind=kind, name=name)):
        raise Invalid("name", NAME_TAKEN, name=name)
    return name


def find_pairing(office: Office, kind: DeviceKind, secret: str) -> Device | None:
    """The device that a pairing link still waits for, or None once used or revoked."""
    return db.session.scalar(
        select(Device)
        .filter_by(office_id=office.id, kind=kind, pairing_hash=hash_token(secret))
        .where(Device.revoked_at.is_(None))
    )


def pair(office: Office, kind: DeviceKind, secret: str, *, now: datetime) -> str:
    """Use a pairing link once; returns the token that the browser keeps. Raises `NotFound`."""
    device_id = db.session.scalar(
        update(Device)
        .where(
            Device.office_id == office.id,
            Device.kind == kind,
            Device.pairing_hash == hash_token(secret),
            Device.revoked_at.is_(None),
        )
        .values(pairing_hash=None, last_seen=now)
        .returning(Device.id)
    )
    if device_id is None:
        raise NotFound(LINK_USED)
    token = _token_of(device_id, "browser", now=now)
    trail("device", device_id, "pair", office_id=office.id, by=Actor("device", device_id), now=now)
    return token


def _token_of(device_id: int, note: str, *, now: datetime) -> str:
    row, token = new_token(note, now=now)
    row.device_id = device_id
    db.session.add(row)
    return token


_BEARER = (
    select(User, Device)
    .select_from(Token)
    .outerjoin(User, User.id == Token.user_id)
    .outerjoin(Device, Device.id == Token.device_id)
    .where(Token.hash == bindparam("b_hash"), Token.revoked_at.is_(None))
)


def find_bearer(token: str) -> User | Device | None:
    """The active account or the paired device that holds this token, or None."""
    row = db.session.execute(_BEARER, {"b_hash": hash_token(token)}).one_or_none()
    if row is None:
        return None
    user, device = row
    if user is not None:
        return user if user.active else None
    return device if device.revoked_at is None else None


def find_device(token: str) -> Device | None:
    """The paired device that holds this token, or None."""
    row = find_token(token)
    return live_device(row) if row else None


def live_device(token: Token) -> Device | None:
    """The device of a token unless it was revoked."""
    device = db.session.get(Device, token.device_id) if token.device_id else None
    return device if device and device.revoked_at is None else None


def find_revoked(token: str) -> Device | None:
    """The device that this token was for until it was revoked, or None."""
    return db.session.scalar(
        select(Device)
        .join(Token, Token.device_id == Device.id)
        .where(Token.hash == hash_token(token), Device.revoked_at.is_not(None))
    )


def touch(*device_ids: int, now: datetime) -> None:
    """Remember that these devices were heard of."""
    db.session.execute(
        update(Device)
        .where(Device.id.in_(device_ids), Device.revoked_at.is_(None))
        .values(last_seen=now)
    )


def is_silent(device: Device, now: datetime) -> bool:
    """Whether a paired device has not been heard of for too long."""
    return device.last_seen is not None and now - device.last_seen > SILENT


def all_devices(office: Office) -> list[Device]:
    """The devices in use, kiosks and displays by name."""
    return list(
        db.session.scalars(
            select(Device)
            .filter_by(office_id=office.id)
            .where(Device.revoked_at.is_(None))
            .order_by(Device.kind, Device.name)
        )
    )


def get_device(office: Office, device_id: int) -> Device:
    """The office's device of that number, in use; raises `NotFound`."""
    device = next((d for d in all_devices(office) if d.id == device_id), None)
    if device is None:
        raise NotFound(N_("There is no device number %(id)d in use."), id=device_id)
    return device


def rename_device(device: Device, name: str, *, by: Actor, now: datetime) -> None:
    """Call it otherwise; raises `Invalid` for a bad or a taken name."""
    if " ".join(name.split()) == device.name:
        return
    name = _free_name(device.office, device.kind, name)
    try:
        with db.session.begin_nested():
            device.name = name
    except IntegrityError:  # the same name at the same moment
        raise Invalid("name", NAME_TAKEN, name=name) from None
    trail("device", device.id, "rename", office_id=device.office_id, by=by, now=now)


def revoke_device(office: Office, device_id: int, *, by: Actor, now: datetime) -> None:
    """Unpair a device at once; its name becomes free. Raises `NotFound`."""
    device = get_device(office, device_id)
    device.revoked_at = now
    device.pairing_hash = None
    device.name = f"{device.name[:28]} ({device.id})"
    db.session.execute(update(Token).filter_by(device_id=device.id).values(revoked_at=now))
    trail("device", device.id, "revoke", office_id=office.id, by=by, now=now)
