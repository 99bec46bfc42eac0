"""The example office: people, devices and bookings, made by the real rules in one transaction."""

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import Flask

from ruko import clock, events
from ruko.accounts import Role, add_user, hash_password
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.demo.meetings import book_rooms
from ruko.demo.visits import play_history, play_today
from ruko.devices import add_device
from ruko.founding import found_office, import_holidays
from ruko.offices import Office, all_bidang, all_villages, first_open_days, opening
from ruko.schema import migrate
from ruko.seed import load_office, load_villages

PASSWORD = "ruko-contoh-2026"  # noqa: S105 – printed on the screen; the office is made up
AT_LEAST = timedelta(hours=1)
"""For so long, at least, numbers can be taken and the printed booking be checked in."""
NINE = time(9)


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
        code = book_rooms(office, dice, now)
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
