"""Displays: what the office set for each screen, and what the screen last told about itself."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from ruko.audit import Actor, trail
from ruko.db import Base, db, upsert
from ruko.devices import Device
from ruko.errors import N_, Invalid
from ruko.events import record
from ruko.offices import Bidang, Office, change_board

LOUDEST = 100
MOST_REPEATS = 3
USUAL_VOLUME = 80
USUAL_REPEATS = 1
LONGEST_TROUBLE = 200
SOUNDS = ("on", "blocked", "none")
"""What a screen tells of its sound: it plays, the browser waits for a tap, or it cannot play at all."""


class Display(Base):
    """One screen's settings and its last report; a screen without a row has the usual ones."""

    __tablename__ = "display"
    __table_args__ = (
        CheckConstraint(f"volume BETWEEN 0 AND {LOUDEST}", name="volume_known"),
        CheckConstraint(f"repeats BETWEEN 0 AND {MOST_REPEATS}", name="repeats_known"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_whole"),
    )

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), unique=True)
    volume: Mapped[int] = mapped_column(default=USUAL_VOLUME)
    """Percent; at 0 the screen shows and does not speak."""
    repeats: Mapped[int] = mapped_column(default=USUAL_REPEATS)
    """How often a sentence is said again while nobody newer waits."""
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    """Quiet hours of each day by the office's clock; they may span midnight."""
    sound: Mapped[str | None] = mapped_column(String(8))
    page: Mapped[str | None] = mapped_column(String(16))
    """Which edition of the page it runs: the hash of the static files."""
    missing: Mapped[int | None]
    """How many clips it could not get."""
    trouble: Mapped[str | None] = mapped_column(String(LONGEST_TROUBLE))
    trouble_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]


class Zone(Base):
    """One bidang that a screen shows; a screen without any shows all of them."""

    __tablename__ = "display_bidang"
    __table_args__ = (UniqueConstraint("device_id", "bidang_id"),)

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"))


@dataclass(frozen=True, slots=True)
class DisplayChanged:
    """A screen's settings changed; it is told after the commit."""

    office_id: int
    device_id: int


@dataclass(frozen=True, slots=True)
class DisplaySettings:
    """What one screen shows and how it sounds."""

    zone: tuple[str, ...] = ()
    """Codes of the bidang it shows; empty: all."""
    volume: int = USUAL_VOLUME
    repeats: int = USUAL_REPEATS
    quiet_from: time | None = None
    quiet_until: time | None = None

    def shows(self, bidang: str) -> bool:
        return not self.zone or bidang in self.zone

    def is_silent(self, clock: time) -> bool:
        """Whether it does not speak when the wall shows that time."""
        if self.volume == 0:
            return True
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until

    def as_json(self) -> dict[str, Any]:
        """For the screen: `{zone: [CODE…], volume, repeats, quiet: ["HH:MM", "HH:MM"] | null}`."""
        quiet = (
            [f"{self.quiet_from:%H:%M}", f"{self.quiet_until:%H:%M}"]
            if self.quiet_from and self.quiet_until
            else None
        )
        return {
            "zone": list(self.zone),
            "volume": self.volume,
            "repeats": self.repeats,
            "quiet": quiet,
        }


_SETTINGS = (
    select(
        Device.id,
        Display.volume,
        Display.repeats,
        Display.quiet_from,
        Display.quiet_until,
        Bidang.code,
    )
    .outerjoin(Display, Display.device_id == Device.id)
    .outerjoin(Zone, Zone.device_id == Device.id)
    .outerjoin(Bidang, (Bidang.id == Zone.bidang_id) & Bidang.active)
    .order_by(Device.id, Bidang.position)
)
_OF_DEVICES = _SETTINGS.where(Device.id.in_(bindparam("b_devices", expanding=True)))
_OF_OFFICE = _SETTINGS.where(
    Device.office_id == bindparam("b_office"),
    Device.kind == "display",
    Device.revoked_at.is_(None),
    Device.last_seen.is_not(None),  # paired once; however long ago it was seen
)


def settings_of(*device_ids: int) -> dict[int, DisplaySettings]:
    """The settings of those screens, by device."""
    return _read_settings(_OF_DEVICES, {"b_devices": device_ids})


def paired_displays(office_id: int) -> dict[int, DisplaySettings]:
    """The settings of the office's paired screens, by device: in one query, also of those that are gone."""
    return _read_settings(_OF_OFFICE, {"b_office": office_id})


def _read_settings(statement: Any, where: dict[str, Any]) -> dict[int, DisplaySettings]:
    by_device: dict[int, list[Any]] = {}
    for row in db.session.connection().execute(statement, where):
        by_device.setdefault(row.id, []).append(row)
    return {device_id: _settings(rows) for device_id, rows in by_device.items()}


def _settings(rows: list[Any]) -> DisplaySettings:
    # A screen whose bidang are all closed shows every one, as the board itself does then: its visitors
    # are called by another bidang, and a call too many is better than one that nobody sees.
    row = rows[0]
    zone = tuple(each.code for each in rows if each.code)
    if row.volume is None:
        return DisplaySettings(zone)
    return DisplaySettings(zone, row.volume, row.repeats, row.quiet_from, row.quiet_until)


def zone_of(device: Device) -> list[Bidang]:
    """The bidang that were chosen for the screen, also those that are closed at the moment."""
    chosen = select(Zone.bidang_id).where(Zone.device_id == device.id)
    rows = select(Bidang).where(Bidang.id.in_(chosen)).order_by(Bidang.position)
    return list(db.session.scalars(rows))


def reports_of(*device_ids: int) -> dict[int, Display]:
    """What is kept of those screens, by device; nothing of one that never told or was never set."""
    rows = db.session.scalars(select(Display).where(Display.device_id.in_(device_ids)))
    return {row.device_id: row for row in rows}


def set_display(
    office: Office,
    device: Device,
    *,
    zone: list[Bidang],
    volume: int,
    repeats: int,
    quiet: tuple[time, time] | None,
    by: Actor,
    now: datetime,
) -> None:
    """Set what the screen shows and how it sounds; raises `Invalid`."""
    if not 0 <= volume <= LOUDEST:
        raise Invalid("volume", N_("The volume is a number from 0 to 100."))
    if not 0 <= repeats <= MOST_REPEATS:
        raise Invalid("repeats", N_("A call is repeated 0 to 3 times."))
    if quiet and quiet[0] == quiet[1]:
        raise Invalid("quiet_until", N_("Quiet hours begin and end at different times."))
    begins, ends = quiet or (None, None)
    values = {"volume": volume, "repeats": repeats, "quiet_from": begins, "quiet_until": ends}
    _keep(device, values)  # first: whoever sets the same screen waits here
    db.session.execute(delete(Zone).filter_by(device_id=device.id))
    if chosen := sorted({bidang.id for bidang in zone}):
        rows = [{"device_id": device.id, "bidang_id": each} for each in chosen]
        db.session.execute(insert(Zone), rows)
    trail(
        "display",
        device.id,
        "set",
        office_id=office.id,
        by=by,
        now=now,
        zone=" ".join(bidang.code for bidang in zone),
        volume=str(volume),
        repeats=str(repeats),
        quiet=f"{begins:%H:%M}-{ends:%H:%M}" if begins and ends else "",
    )
    record(DisplayChanged(office.id, device.id))
    change_board(office.id)


def report(
    device: Device, *, sound: str, page: str, missing: int, trouble: str, now: datetime
) -> None:
    """Keep what a screen tells about itself; its last trouble stays until it tells another one.

    Raises `Invalid`.
    """
    if sound not in SOUNDS:
        raise Invalid("sound", N_("The screen's sound is on, blocked or none."))
    values: dict[str, Any] = {
        "sound": sound,
        "page": _plain(page)[:16],
        "missing": max(0, min(missing, 999)),
        "reported_at": now,
    }
    if trouble := _plain(trouble):
        values |= {"trouble": trouble[:LONGEST_TROUBLE], "trouble_at": now}
    device.last_seen = now
    _keep(device, values)


def _plain(told: str) -> str:
    """Without what no database keeps and no page shows."""
    return " ".join("".join(c if c.isprintable() else " " for c in told).split())


def _keep(device: Device, values: dict[str, Any]) -> None:
    usual = {"volume": USUAL_VOLUME, "repeats": USUAL_REPEATS}
    db.session.execute(
        upsert(Display.__table__)
        .values(device_id=device.id, **(usual | values))
        .on_conflict_do_update(index_elements=["device_id"], set_=values)
    )
