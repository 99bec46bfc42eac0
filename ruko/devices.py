"""Devices: the kiosks and displays that this office has paired."""

import secrets
from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.accounts import Token, find_token, hash_token, new_token
from ruko.audit import Actor, trail
from ruko.db import Base, db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Office

DeviceKind = Literal["kiosk", "display"]
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
    name: Mapped[str] = mapped_column(String(40))
    pairing_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the pairing link's one-time secret; gone once used."""
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime | None]
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
    name = name.strip()
    if not name or len(name) > 40:
        raise Invalid("name", N_("A device name has 1 to 40 characters."))
    if db.session.scalar(select(Device.id).filter_by(office_id=office.id, kind=kind, name=name)):
        raise Invalid("name", N_("There is already a device “%(name)s”."), name=name)
    secret = secrets.token_urlsafe(24)
    device = Device(
        office_id=office.id,
        kind=kind,
        name=name,
        pairing_hash=hash_token(secret),
        created_at=now,
    )
    db.session.add(device)
    db.session.flush()
    token = _token_of(device.id, name, now=now)
    trail("device", device.id, "add", office_id=office.id, by=by, now=now, kind=kind)
    return device, secret, token


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


def find_device(token: str) -> Device | None:
    """The paired device that holds this token, or None."""
    row = find_token(token)
    return live_device(row) if row else None


def live_device(token: Token) -> Device | None:
    """The device of a token unless it was revoked."""
    device = db.session.get(Device, token.device_id) if token.device_id else None
    return device if device and device.revoked_at is None else None


def touch(device_id: int, *, now: datetime) -> None:
    """Remember that the device was heard of."""
    db.session.execute(update(Device).where(Device.id == device_id).values(last_seen=now))


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


def revoke_device(office: Office, device_id: int, *, by: Actor, now: datetime) -> None:
    """Unpair a device at once; its name becomes free. Raises `NotFound`."""
    device = next((d for d in all_devices(office) if d.id == device_id), None)
    if device is None:
        raise NotFound(N_("There is no device number %(id)d in use."), id=device_id)
    device.revoked_at = now
    device.pairing_hash = None
    device.name = f"{device.name[:28]} ({device.id})"
    db.session.execute(update(Token).filter_by(device_id=device.id).values(revoked_at=now))
    trail("device", device.id, "revoke", office_id=office.id, by=by, now=now)
