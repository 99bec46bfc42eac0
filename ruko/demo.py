"""The example office of `ruko demo`: a realistic day, made by the real rules, in a throw-away file."""

import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select

from ruko import bookings, clock, tickets
from ruko.accounts import Role, User, add_user, hash_password
from ruko.audit import SYSTEM, Actor
from ruko.bookings import Booking
from ruko.db import db, writing
from ruko.devices import add_device
from ruko.founding import found_office, import_holidays
from ruko.offices import (
    Bidang,
    Counter,
    Office,
    Village,
    all_bidang,
    all_categories,
    all_counters,
    all_villages,
    first_open_days,
    opening,
)
from ruko.schema import migrate
from ruko.seed import load_office, load_villages
from ruko.settings import Settings, read_settings
from ruko.tickets import VisitorKind

PASSWORD = "ruko-contoh-2026"  # noqa: S105 – printed on the screen; the office is made up
AT_LEAST = timedelta(hours=1)
"""The example begins where numbers can be taken for at least this long."""
HISTORY_DAYS = 5
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


def serve_demo(make_app: Callable[[Settings | None], Flask], host: str, port: int) -> None:
    """Build the example and serve it until stopped; nothing is kept."""
    from ruko.server import serve  # noqa: PLC0415 – tests build the example without a server

    with tempfile.TemporaryDirectory(prefix="ruko-demo-") as folder:
        environ = read_settings()
        settings = Settings(
            data_dir=Path(folder),
            database_url=f"sqlite:///{Path(folder) / 'ruko.sqlite3'}",
            base_url=environ.base_url,
            trusted_proxies=environ.trusted_proxies,
            demo=True,
        )
        if environ.now:
            clock.start_at(environ.now)
        app = make_app(settings)
        example = build_example(app)
        with app.app_context():
            db.engine.dispose()
        base = settings.base_url or f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port}"  # noqa: S104 – compared, not bound
        _print_example(base, example)
        serve(lambda: make_app(settings), host, port)


def build_example(app: Flask) -> Example:
    """Fill an empty database with the default office and a day of it; moves the clock if closed."""
    migrate(app, now=clock.now())
    password_hash = hash_password(PASSWORD)
    with app.app_context(), writing():
        office = found_office(load_office(), load_villages())
        import_holidays(office, office.day(clock.now()).year)
        db.session.flush()
        start = begin_at(office, clock.now())
        if start is not None:
            clock.start_at(start)
        now = clock.now()
        _add_accounts(office, password_hash, now)
        dice = random.Random(63_11_07)  # noqa: S311 – the same example each time
        _play_history(office, dice, now)
        code = _book_rooms(office, dice, now)
        _play_today(office, dice, now)
        links = {}
        for kind, name in (("kiosk", "Kios contoh"), ("display", "Layar contoh")):
            _, secret, _ = add_device(office, kind, name, by=SYSTEM, now=now)  # type: ignore[arg-type]
            links[kind] = f"/{office.slug}/{kind}/pair/{secret}"
        db.session.commit()
        return Example(office.slug, code, links["kiosk"], links["display"])


def begin_at(office: Office, now: datetime) -> datetime | None:
    """Where the example's clock must start, or None when the present moment will do."""
    state = opening(office, now)
    if state.numbers and state.last_number_at and state.last_number_at - now >= AT_LEAST:
        return None
    nine = time(9)
    days = first_open_days(office, office.day(now), 2)
    return next(office.at(day, nine) for day in days if office.at(day, nine) > now)


# ── People ────────────────────────────────────────────────────────────────────────────────────


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


# ── Visits, by the real rules ─────────────────────────────────────────────────────────────────


def _visit(
    office: Office,
    bidang: Bidang,
    counter: Counter,
    dice: random.Random,
    came: datetime,
    until: datetime,
) -> datetime | None:
    """One visitor from the kiosk to the end of the service, or as far as `until`; returns the end."""
    _arrive(office, bidang, dice, came)
    called = came + timedelta(minutes=dice.randint(1, 9))
    started = called + timedelta(seconds=dice.randint(20, 80))
    ended = started + timedelta(minutes=dice.randint(6, 18))
    if called >= until:
        return None
    tickets.call_next(office, bidang, counter, by=SYSTEM, now=called)
    turn = tickets.turn_at(counter)
    if turn is None or started >= until:
        return None
    tickets.start(office, turn, by=SYSTEM, now=started)
    if ended >= until:
        return None
    turn = tickets.turn_at(counter)
    if turn:
        tickets.finish(office, turn, outcome="answered", by=SYSTEM, now=ended)
    return ended


def _arrive(office: Office, bidang: Bidang, dice: random.Random, came: datetime) -> None:
    official = dice.random() < 0.6
    tickets.issue(
        office,
        bidang,
        visitor=VisitorKind.VILLAGE_OFFICIAL if official else VisitorKind.RESIDENT,
        village=dice.choice(all_villages(office)) if official else None,
        service=dice.choice(bidang.services),
        priority=dice.random() < 0.15,
        by=SYSTEM,
        now=came,
    )


def _play_history(office: Office, dice: random.Random, now: datetime) -> None:
    """Past mornings, so that estimates rest on services."""
    today = office.day(now)
    start = today - timedelta(days=14)
    past = [day for day in first_open_days(office, start, 14) if day < today][-HISTORY_DAYS:]
    for day in past:
        opens = office.at(day, time(8, 5))
        for bidang, counter in zip(all_bidang(office), all_counters(office), strict=False):
            at = opens
            for _ in range(dice.randint(2, 4)):
                ended = _visit(office, bidang, counter, dice, at, now)
                at = (ended or at) + timedelta(minutes=dice.randint(1, 8))


def _play_today(office: Office, dice: random.Random, now: datetime) -> None:
    """This session so far: some served, some at the counters, some waiting."""
    opens = opening(office, now).opens_at or now
    counters = all_counters(office)
    for place, bidang in enumerate(all_bidang(office)):
        at = opens + timedelta(minutes=2 + place)
        last = now - timedelta(minutes=2)
        for _ in range(dice.randint(1, 3)):
            ended = _visit(office, bidang, counters[place], dice, at, now)
            if ended is None:
                break
            at = ended + timedelta(minutes=dice.randint(1, 4))
        for _ in range((3, 2, 0, 2, 1, 0)[place % 6]):
            came = min(last, now - timedelta(minutes=dice.randint(2, 15)))
            _arrive(office, bidang, dice, max(came, opens))


# ── Bookings, by the real rules ───────────────────────────────────────────────────────────────


def _book_rooms(office: Office, dice: random.Random, now: datetime) -> str:
    """Appointments of today and the coming days; returns the code that can be checked in at once."""
    today = office.day(now)
    before = now - timedelta(days=2)
    all_rooms = bookings.all_rooms(office)
    operator = db.session.scalars(select(User).filter_by(role=Role.OPERATOR)).one().actor
    names = {village.name: village for village in all_villages(office)}
    grid = bookings.day_grid(office, today, village=None, now=now)
    slots = [s for s in grid.rooms[0][1] if office.at(today, s.ends) > now + timedelta(minutes=20)]
    plan = ["Galumbang", "Lingsir", "Telaga Purun", "Bungin"]
    made: list[Booking] = []
    for index, (name, slot) in enumerate(zip(plan, slots, strict=False)):
        made.append(
            _book(office, names[name], all_rooms[index % 2], today, slot, operator, before, dice)
        )
    for booking in made:
        if booking.state == bookings.BookingState.PENDING:
            bookings.approve(booking, by=operator, now=before)
    ahead = first_open_days(office, today + timedelta(days=1), 4)
    coming = [("Maradap", 0, 0), ("Inan", 1, 0), ("Halubau", 0, 1), ("Murung Jambu", 1, 1)]
    for number, (name, room, day_index) in enumerate(coming):
        day = ahead[day_index]
        rows = bookings.day_grid(office, day, village=None, now=now).rooms[room][1]
        slot = rows[(number + 1) % len(rows)]
        _book(office, names[name], all_rooms[room], day, slot, operator, before, dice)
    return made[0].code


def _book(
    office: Office,
    village: Village,
    room: bookings.Room,
    day: date,
    slot: bookings.SlotView,
    by: Actor,
    now: datetime,
    dice: random.Random,
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
        by=by,
        on_behalf=True,
        now=now,
    )


def _print_example(base: str, example: Example) -> None:
    home = f"{base}/{example.office}"
    click.echo(f"""
RUKO PARSEL – kantor contoh / example office. Nothing is kept. Stop with Ctrl+C.

  Booking   {home}/booking
  Kiosk     {base}{example.kiosk_link}   (pairs this browser, once)
  Desk      {home}/desk
  Display   {base}{example.display_link}   (or public: {home}/display)

  Password of every account: {PASSWORD}
    villages  binjai, galumbang, batu-piring, …      staff  pem, pmd, trb, kes, yan, sek
    office    operator, admin, camat

  A booking of today to check in at the kiosk: {example.booking_code}
""")
    sys.stdout.flush()
