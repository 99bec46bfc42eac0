"""How many numbers and calls a second, and how long each takes, beside the same rows by bare statements.

`python -m bench.issue_and_call [--old 1000000] [--seconds 3] [--rounds 5] [--database sqlite …]`
Real servers over HTTP keep-alive, driven from another process; two offices stand side by side, one
with an empty history and one with `--old` served visits, and are measured in turns.
A round of `call` is call, start and finish; its times are those of the call alone.
"""

import argparse
import json
import os
import platform
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from statistics import median, quantiles
from typing import Any

from sqlalchemy import create_engine, func, insert, select

from bench import bare, history
from bench.load import Ask, Client, Figures, Told, run
from bench.office import SLUG, Measured, cpu_seconds, measured_office
from ruko.accounts import Token, User, hash_token
from ruko.offices import Bidang, Counter
from ruko.tickets import Call, Ticket, TicketSeries, Turn
from tests.postgres import temporary_postgres

CLIENTS = (1, 8, 32)
STAFF = 4
TODAY = date(2026, 11, 23)
ENOUGH_WAITING = {"http": 500, "bare": 2500}
"""For each bidang before a measurement of calls: more than it can call."""
HEAD = (
    *("database", "old tickets", "work", "clients", "rounds/s", "CPU ms of a round"),
    *("p50 ms", "p95", "p99", "max"),
    *("bare rounds/s", "bare p99", "share of bare", "time beside an empty history"),
)


class Bench:
    """One office under measure."""

    def __init__(self, office: Measured, old: int) -> None:
        self.office, self.old = office, old
        self.engine = create_engine(office.database_url)
        with self.engine.connect() as connection:
            self.codes = list(connection.scalars(select(Bidang.code).order_by(Bidang.position)))
            self.counters = list(
                connection.scalars(select(Counter.id).where(Counter.name.startswith("Ukur")))
            )

    def http(self, work: str, clients: int, seconds: float) -> Figures:
        """Through the whole program."""
        self._wait(work, ENOUGH_WAITING["http"])
        make: Callable[..., Client]
        given: tuple[Any, ...]
        if work == "issue":
            make, given = issuing, (self.office.tokens["kiosk"], self.codes)
        else:
            make, given = calling, (self.codes, self.counters)
        before = cpu_seconds(self.office.pid)
        figures = run(self.office.url, make, clients, seconds, *given)
        figures.cpu = cpu_seconds(self.office.pid) - before
        return figures

    def bare(self, work: str, clients: int, seconds: float) -> Figures | None:
        """The same rows, nothing around them."""
        self._wait(work, ENOUGH_WAITING["bare"])
        return bare.run(self.office.database_url, work, clients, seconds, self.counters)

    def _wait(self, work: str, per_bidang: int) -> None:
        with self.engine.begin() as connection:
            history.settle(connection)
            if work == "call":
                history.stock(connection, TODAY, per_bidang)

    def faults(self) -> list[str]:
        """Gaps, duplicates and double calls of the day that was measured."""
        with self.engine.connect() as connection:
            counted = connection.execute(
                select(Ticket.letter, func.count(), func.max(Ticket.number))
                .where(Ticket.day == TODAY)
                .group_by(Ticket.letter)
            ).all()
            every = connection.execute(select(TicketSeries).where(TicketSeries.day == TODAY))
            last = {row.letter: row.last for row in every}
            doubles = connection.execute(
                select(Call.turn_id)
                .join(Turn, Turn.id == Call.turn_id)
                .where(Turn.day == TODAY, Call.kind == "first")
                .group_by(Call.turn_id)
                .having(func.count() > 1)
            ).all()
        gaps = [
            f"letter {letter}: {count} tickets, highest {highest}, series at {last.get(letter)}"
            for letter, count, highest in counted
            if not count == highest == last.get(letter)
        ]
        return gaps + [f"turn {row.turn_id} was called twice" for row in doubles]


# ── What a client does ────────────────────────────────────────────────────────────────────────


def issuing(number: int, _kept: list[str], token: str, codes: list[str]) -> Client:
    """A kiosk: one number after the other, each under a key of its own."""
    path = f"/api/v1/offices/{SLUG}/tickets"
    while True:
        number += 1
        body = json.dumps({"bidang": codes[number % len(codes)], "visitor": "resident"})
        key = f"Idempotency-Key: {secrets.token_hex(16)}\r\n"
        yield Ask("issue", path, token, body.encode(), key)


def calling(number: int, kept: list[str], codes: list[str], counters: list[int]) -> Client:
    """A desk with a counter of its own: call, start, finish, and the next one."""
    token, counter = _secret(number % STAFF), counters[number]
    while True:
        number += 1
        body = json.dumps({"bidang": codes[number % len(codes)], "counter": counter}).encode()
        told: Told = yield Ask("call", f"/api/v1/offices/{SLUG}/calls", token, body)
        if told.status != 200:
            kept.append("nobody")
            continue
        ticket = json.loads(told.body)["turn"]["token"]
        kept.append(ticket)
        yield Ask("start", f"/api/v1/turns/{ticket}/start", token, b"{}")
        yield Ask("finish", f"/api/v1/turns/{ticket}/finish", token, b"{}")


def _secret(number: int) -> str:
    return f"measured-staff-{number}"


def furnish(url: str, old: int) -> None:
    """A counter for each client, some staff, and the past."""
    engine, now = create_engine(url), datetime.now(UTC)
    with engine.begin() as connection:
        for n in range(max(CLIENTS)):
            connection.execute(
                insert(Counter).values(office_id=1, name=f"Ukur {n + 1}", kind="loket", position=n)
            )
        for n in range(STAFF):
            user = connection.execute(
                insert(User)
                .values(
                    office_id=1, username=f"ukur{n}", role="operator", password_hash="-",
                    must_change_password=False, session_key="-", active=True, created_at=now,
                )
                .returning(User.id)
            ).scalar_one()  # fmt: skip
            connection.execute(
                insert(Token).values(
                    user_id=user, hash=hash_token(_secret(n)), note="", created_at=now
                )
            )
    engine.dispose()
    if old:
        history.fill(url, old)


# ── The runs and their table ──────────────────────────────────────────────────────────────────


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.issue_and_call")
    parser.add_argument("--old", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, choices=CLIENTS)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgresql"])
    given = parser.parse_args()
    print(f"python -m bench.issue_and_call --old {given.old} --seconds {given.seconds:g}")
    load = " ".join(f"{share:.1f}" for share in os.getloadavg())
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()}, load {load}")
    print(f"medians of {given.rounds} rounds\n")
    print(_line(*HEAD))
    print(_line(*["---"] * len(HEAD)))
    for database in given.database:
        with ExitStack() as stack:
            offices = [
                stack.enter_context(_served(database, old)) for old in sorted({0, given.old})
            ]
            for line in measure(database, offices, given.clients, given.rounds, given.seconds):
                print(line, flush=True)
            faults = [fault for office in offices for fault in office.faults()]
        print(f"\n{database}: duplicates, gaps, double calls: {len(faults)} {faults[:5] or ''}\n")


@contextmanager
def _served(database: str, old: int) -> Iterator[Bench]:
    """An office on that database, with that much behind it."""
    with ExitStack() as stack:
        url = None
        if database == "postgresql":
            url = stack.enter_context(temporary_postgres(durable=True))
        office = stack.enter_context(
            measured_office(database_url=url, prepare=lambda url: furnish(url, old))
        )
        yield Bench(office, old)


def measure(
    database: str, offices: list[Bench], clients: list[int], rounds: int, seconds: float
) -> Iterator[str]:
    """Measure in turns – each office through HTTP, then bare – and give the table's lines."""
    for work in bare.WORK:
        for count in clients:
            runs = [
                [
                    (office.http(work, count, seconds), office.bare(work, count, seconds))
                    for office in offices
                ]
                for _ in range(rounds)
            ]
            for n, office in enumerate(offices):
                pairs = [taken[n] for taken in runs]
                whole = [figures for figures, _ in pairs]
                for figures in whole:
                    check(work, figures)
                beside = [rate(work, taken[0][0]) / rate(work, taken[n][0]) for taken in runs]
                yield _line(
                    *(database, f"{office.old:,}", work, count),
                    f"{median(rate(work, f) for f in whole):.0f}",
                    f"{median(f.cpu / len(f.times[work]) * 1000 for f in whole):.2f}",
                    *(f"{median(share(f, work, at) for f in whole):.1f}" for at in (50, 95, 99)),
                    f"{max(max(f.times[work]) for f in whole):.0f}",
                    *_beside_bare(work, pairs),
                    f"{median(beside):.2f}" if n else "–",
                )


def _beside_bare(work: str, pairs: list[tuple[Figures, Figures | None]]) -> tuple[str, str, str]:
    limits = [(figures, limit) for figures, limit in pairs if limit]
    if not limits:
        return "–", "–", "–"
    return (
        f"{median(rate(work, limit) for _, limit in limits):.0f}",
        f"{median(share(limit, work, 99) for _, limit in limits):.1f}",
        f"{median(rate(work, f) / rate(work, limit) for f, limit in limits):.2f}",
    )


def rate(work: str, figures: Figures) -> float:
    """Rounds of the work in a second."""
    return len(figures.times[work]) / figures.seconds


def share(figures: Figures, work: str, percent: int) -> float:
    """The time within which that many of a hundred were answered."""
    return quantiles(figures.times[work], n=100)[percent - 1]


def check(work: str, figures: Figures) -> None:
    """Stop at the first wrong answer: figures of refusals mean nothing."""
    if figures.refused or "nobody" in figures.kept or len(set(figures.kept)) < len(figures.kept):
        raise RuntimeError(f"{work}: {figures.refused[:3]} {figures.kept.count('nobody')} × nobody")


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
