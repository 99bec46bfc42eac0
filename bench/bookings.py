"""Choosing a time and booking it: the day's slots and the booking itself, with an empty and a five-year calendar.

`python -m bench.bookings [--rounds 5] [--times 60] [--seconds 2] [--clients 1 8 32] [--database sqlite …]`
First in process (no sockets, SQLite): the day's slots of two rooms beside a bare Flask route that asks
the same SQL by the standard library, in an office with an empty calendar and in one with five years of
bookings, in turns. Then over HTTP on real servers: reading the day, and booking (each client books a
time of its own and cancels it again; the time is that of the booking).
"""

import argparse
import json
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, delete, event, func, select

from bench import history
from bench.in_process import API, House, ask, expect
from bench.issue_and_call import share
from bench.load import Ask, Client, Figures, Told, run
from bench.office import MONDAY_AT_NINE, SLUG, Measured, measured_office
from ruko import clock
from ruko.bookings import BidangClaim, Booking, QuotaSeat, SlotClaim
from ruko.db import db
from ruko.offices import Village
from tests.postgres import temporary_postgres

CLIENTS = (1, 8, 32)
DAY = "2026-11-24"
SLOTS = (("08:00", "09:00"), ("09:00", "10:00"), ("10:00", "11:00"), ("13:00", "14:00"))
"""Of the days on which clients book: Tuesday to Thursday."""


# ── In process ────────────────────────────────────────────────────────────────────────────────


def with_years(url: str) -> None:
    """Five years of bookings, every morning."""
    engine = create_engine(url)
    with engine.begin() as connection:
        history.fill_bookings(connection)
    engine.dispose()


def slots_of(house: House) -> Callable[[], object]:
    """The day's slots of all rooms, as a program or the timetable reads them."""

    def read() -> None:
        status, _, _ = ask(
            *(house.app, "GET", f"{API}/slots"),
            QUERY_STRING=f"date={DAY}",
            HTTP_AUTHORIZATION=f"Bearer {house.operator}",
        )
        expect(status, "200")

    return read


def bare_of(house: House, folder: Path) -> Callable[[], object]:
    """A bare route that asks the same SQL by the standard library."""
    told: list[tuple[str, Any]] = []
    with house.app.app_context():
        engine = db.engine

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        told.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    slots_of(house)()
    event.remove(engine, "before_cursor_execute", note)
    asked = [(sql, tuple(map(str, values))) for sql, values in told if sql.startswith("SELECT")]
    connection = sqlite3.connect(folder / "ruko.sqlite3", check_same_thread=False)
    app = Flask("bare")

    @app.get("/")
    def rows() -> str:
        for sql, values in asked:
            connection.execute(sql, values).fetchall()
        return "ok"

    return lambda: ask(app, "GET", "/")


def in_process(rounds: int, times: int) -> None:
    """The table of what a request costs the program itself."""
    clock.start_at(datetime.fromisoformat(MONDAY_AT_NINE))
    with tempfile.TemporaryDirectory(prefix="ruko-bench-") as name:
        empty, full = House(Path(name) / "empty", 0), House(Path(name) / "full", 0)
        with_years(f"sqlite:///{name}/full/ruko.sqlite3")
        jobs = {
            "bare route + its SQL raw": bare_of(empty, Path(name) / "empty"),
            "slots, empty calendar": slots_of(empty),
            "slots, five years": slots_of(full),
        }
        taken: dict[str, list[float]] = {job: [] for job in jobs}
        for n in range(rounds + 1):
            for key, job in jobs.items():
                begun = time.thread_time()
                for _ in range(times):
                    job()
                if n:  # the first round warms up
                    taken[key].append((time.thread_time() - begun) / times * 1e6)
    bare, young, old = taken.values()
    print("| slots, 2 rooms × 1 day, in process | µs CPU |")
    print("|---|---|")
    for key, spent in taken.items():
        print(f"| {key} | {median(spent):.0f} |")
    beside = median(a / b for a, b in zip(young, bare, strict=True))
    aged = median(a / b for a, b in zip(old, young, strict=True))
    print(f"\nbeside bare route + its SQL raw: {beside:.2f} × (goal ≤ 4 ×)")
    print(f"five years beside an empty calendar: {aged:.2f} × (goal ≤ 1.1 ×)\n")


# ── Over HTTP ─────────────────────────────────────────────────────────────────────────────────


def reading(_number: int, _kept: list[str], token: str) -> Client:
    """One day's slots after the other."""
    monday = date(2026, 11, 23)
    n = 0
    while True:
        n += 1
        day = monday + timedelta(days=1 + n % 3)
        yield Ask("slots", f"{API}/slots?date={day}", token, b"", method="GET")


def booking(number: int, kept: list[str], token: str, villages: list[str]) -> Client:
    """A time of its own, booked and cancelled again and again."""
    day = date(2026, 11, 24) + timedelta(days=number // 8 % 3 + 7 * (number // 24))
    start, end = SLOTS[number // 2 % 4]
    wish = {
        "room": number % 2 + 1, "date": day.isoformat(), "start": start, "end": end,
        "bidang": "PMD", "category": "stunting", "topic": "Rembuk", "attendees": 3,
        "leader": "Rahmawati", "village": villages[number % len(villages)],
    }  # fmt: skip
    body = json.dumps(wish).encode()
    while True:
        told: Told = yield Ask("book", f"{API}/bookings", token, body)
        if told.status != 201:
            kept.append("refused")
            return
        code = json.loads(told.body)["code"]
        reason = b'{"reason": "Ukur"}'
        yield Ask("cancel", f"/api/v1/bookings/{code}/cancel", token, reason)


@contextmanager
def served(database: str, years: bool) -> Iterator[Measured]:
    """An office on that database, with five years behind it or none."""
    with ExitStack() as stack:
        url = (
            stack.enter_context(temporary_postgres(durable=True))
            if database == "postgresql"
            else None
        )
        prepare = with_years if years else None
        yield stack.enter_context(measured_office(database_url=url, prepare=prepare))


def over_http(database: str, clients: list[int], rounds: int, seconds: float) -> Iterator[str]:
    """Both offices in turns; the lines of the table."""
    with served(database, False) as empty, served(database, True) as full:
        offices = {"empty": empty, "five years": full}
        engine = create_engine(empty.database_url)
        with engine.connect() as connection:
            villages = list(connection.scalars(select(Village.code)))
        for work in ("slots", "book"):
            for count in clients:
                every: dict[str, list[Figures]] = {name: [] for name in offices}
                for _ in range(rounds):
                    for name, office in offices.items():
                        token = office.tokens["operator"]
                        clear(office.database_url)
                        figures = (
                            run(office.url, reading, count, seconds, token)
                            if work == "slots"
                            else run(office.url, booking, count, seconds, token, villages)
                        )
                        if figures.refused or figures.kept:
                            raise RuntimeError(f"{work}: {figures.refused[:3]}")
                        every[name].append(figures)
                for name, figures_of in every.items():
                    yield _line(
                        *(database, name, work, count),
                        f"{median(len(f.times[work]) / f.seconds for f in figures_of):.0f}",
                        *(
                            f"{median(share(f, work, at) for f in figures_of):.1f}"
                            for at in (50, 95, 99)
                        ),
                        f"{max(max(f.times[work]) for f in figures_of):.0f}",
                    )
        for office in offices.values():
            with create_engine(office.database_url).connect() as connection:
                doubles = connection.execute(
                    select(SlotClaim.room_id)
                    .group_by(SlotClaim.room_id, SlotClaim.date, SlotClaim.slot_no)
                    .having(func.count() > 1)
                ).all()
            if doubles:
                raise RuntimeError(f"{len(doubles)} slots have two holders")


def clear(url: str) -> None:
    """Take away what clients left booked when their time was over."""
    engine = create_engine(url)
    left = select(Booking.id).where(Booking.date > date(2026, 11, 22))
    with engine.begin() as connection:
        for table in (SlotClaim, BidangClaim, QuotaSeat):
            connection.execute(delete(table).where(table.booking_id.in_(left)))
        connection.execute(delete(Booking).where(Booking.date > date(2026, 11, 22)))
    engine.dispose()


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.bookings")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, choices=CLIENTS)
    parser.add_argument("--database", nargs="*", default=["sqlite", "postgresql"])
    given = parser.parse_args()
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    print(f"python -m bench.bookings --rounds {given.rounds} --seconds {given.seconds:g} · {SLUG}")
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()}, load {load}\n")
    in_process(given.rounds, given.times)
    if given.database:
        head = (
            "database",
            "calendar",
            "work",
            "clients",
            "a second",
            "p50 ms",
            "p95",
            "p99",
            "max",
        )
        print(_line(*head))
        print(_line(*["---"] * len(head)))
    for database in given.database:
        for line in over_http(database, given.clients, given.rounds, given.seconds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
