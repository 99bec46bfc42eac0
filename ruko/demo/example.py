"""The example office: people, devices and bookings, made by the real rules in one transaction."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Flask
from sqlalchemy import select

from ruko import bookings, clock, events
from ruko.accounts import Role, User, add_user, hash_password
from ruko.audit import SYSTEM, Actor
from ruko.bookings import Booking, BookingState
from ruko.db import db, writing
from ruko.demo.visits import play_history, play_today
from ruko.devices import add_device
from ruko.founding import found_office, import_holidays
from ruko.offices import (
    Office,
    Village,
    all_bidang,
    all_categories,
    all_villages,
    first_open_days,
    opening,
)
from ruko.schema import migrate
from ruko.seed import load_office, load_villages

PASSWORD = "ruko-contoh-2026"  # noqa: S105 – printed on the screen; the office is made up
AT_LEAST = timedelta(hours=1)
"""For so long, at least, numbers can be taken and the printed booking be checked in."""
NINE = time(9)
TODAY = ("Galumbang", "Lingsir", "Telaga Purun", "Bungin")
COMING = (("Maradap", 0, 0), ("Inan", 1, 0), ("Halubau", 0, 1), ("Murung Jambu", 1, 1))
"""Village, room and open day ahead; requests for the second room wait for the operator."""
TOPICS = (
    "Rancangan APBDes tahun depan",
    "Laporan realisasi Dana Desa tahap II",
    "Rembuk stunting desa",
    "Pengisian jabatan perangkat desa",
    "Kesiapsiagaan banjir musim hujan",
    "Musyawarah perencanaan RKPDes",
    "Batas desa dengan desa tetangga",
)


@dataclass(frozen=True)
class Example:
    """What a person needs to know to try it."""

    office: str
    booking_code: str
    kiosk_link: str
    display_link: str
    begins: datetime


def build_example(app: Flask) -> Example:
    """Fill an empty database with the default office and a day of it; moves the clock if closed."""
    migrate(app, now=clock.now())
    password_hash = hash_password(PASSWORD)
    with app.app_context(), writing():
        office = found_office(load_office(), load_villages())
        import_holidays(office, office.day(clock.now()).year)
        start = begin_at(office, clock.now())
        if start is not None:
            clock.start_at(start)
        now = clock.now()
        _add_accounts(office, password_hash, now)
        dice = random.Random(63_11_07)  # noqa: S311 – the same example each time
        play_history(office, dice, now)
        code = _book_rooms(office, dice, now)
        play_today(office, dice, now)
        _, kiosk, _ = add_device(office, "kiosk", "Kios contoh", by=SYSTEM, now=now)
        _, display, _ = add_device(office, "display", "Layar contoh", by=SYSTEM, now=now)
        events.forget()
        db.session.commit()
        return Example(
            office.slug,
            code,
            f"/{office.slug}/kiosk/pair/{kiosk}",
            f"/{office.slug}/display/pair/{display}",
            office.local(now),
        )


def begin_at(office: Office, now: datetime) -> datetime | None:
    """Where the example's clock must start, or None when the present moment will do."""
    state = opening(office, now)
    if state.numbers and state.last_number_at and state.last_number_at - now >= AT_LEAST:
        return None
    days = first_open_days(office, office.day(now), 2)
    return next(office.at(day, NINE) for day in days if office.at(day, NINE) > now)


def _add_accounts(office: Office, password_hash: str, now: datetime) -> None:
    def add(name: str, role: Role, **place: object) -> None:
        add_user(
            office,
            name,
            role,
            password_hash,
            must_change_password=False,
            by=SYSTEM,
            now=now,
            **place,  # type: ignore[arg-type]
        )

    for role in (Role.ADMIN, Role.OPERATOR, Role.CAMAT):
        add(role.value, role)
    for bidang in all_bidang(office):
        add(bidang.code.lower(), Role.STAFF, bidang=bidang)
    for village in all_villages(office):
        add(village.name.lower().replace(" ", "-"), Role.VILLAGE, village=village)


# ── Bookings ──────────────────────────────────────────────────────────────────────────────────


def _book_rooms(office: Office, dice: random.Random, now: datetime) -> str:
    """Appointments of today and the coming days; returns the code that can be checked in at once."""
    today, earlier = office.day(now), now - timedelta(days=2)
    rooms = bookings.all_rooms(office)
    villages = {village.name: village for village in all_villages(office)}
    operator = db.session.scalars(
        select(User).filter_by(office_id=office.id, role=Role.OPERATOR)
    ).one()

    slots = [s for s in _slots(office, today, now) if office.at(today, s.ends) >= now + AT_LEAST]
    todays = [
        _book(office, villages[name], rooms[n % 2], today, slot, dice=dice, now=earlier)
        for n, (name, slot) in enumerate(zip(TODAY, slots, strict=False))
    ]
    for booking in todays:
        if booking.state == BookingState.PENDING:
            bookings.approve(booking, by=operator.actor, now=earlier)

    ahead = first_open_days(office, today + timedelta(days=1), 2)
    for n, (name, room, day) in enumerate(COMING):
        slots = _slots(office, ahead[day], now)
        slot = slots[(n + 1) % len(slots)]
        _book(office, villages[name], rooms[room], ahead[day], slot, dice=dice, now=earlier)
    return todays[0].code


def _slots(office: Office, day: date, now: datetime) -> list[bookings.SlotView]:
    return bookings.day_grid(office, day, village=None, now=now).rooms[0][1]


def _book(
    office: Office,
    village: Village,
    room: bookings.Room,
    day: date,
    slot: bookings.SlotView,
    *,
    dice: random.Random,
    now: datetime,
) -> Booking:
    category = dice.choice(all_categories(office))
    return bookings.book(
        office,
        village=village,
        bidang=category.bidang,
        category=category,
        topic=dice.choice(TOPICS),
        attendees=dice.randint(2, 8),
        leader="Sekretaris Desa",
        phone=None,
        room=room,
        day=day,
        start=slot.starts,
        end=slot.ends,
        by=_account_of(village),
        on_behalf=False,
        now=now,
    )


def _account_of(village: Village) -> Actor:
    return db.session.scalars(select(User).filter_by(village_id=village.id)).one().actor
