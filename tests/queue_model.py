"""What the rules must come to, told a second time: lists kept by hand, and the trail replayed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from ruko.audit import AuditEvent
from ruko.db import db
from ruko.offices import Bidang, Office
from ruko.tickets import Ticket, Turn, find_turn

AT_COUNTER = {"called", "serving"}
FINEST = timedelta(microseconds=1)
"""Two ranks closer than this have no third one between them."""


# ── Who waits where ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Waiting:
    """Somebody in a line."""

    token: str
    rank: datetime
    turn: int


class Lines:
    """A plain list for each day and bidang; only the published rules say where somebody comes in.

    Who arrives comes in by rank. Who rejoins stands behind the next two, who lets pass behind the
    next one; only those count whose rank has come. Who is returned or undone stands where they stood.
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = sorted(set(codes))
        self.lines: dict[tuple[date, str], list[Waiting]] = {}
        self.stood: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
        """Who was before and behind somebody that is away from a line now."""

    def first(self, day: date, code: str) -> str | None:
        line = self.lines.get((day, code))
        return line[0].token if line else None

    def forget_other_days(self, day: date) -> None:
        self.lines = {key: line for key, line in self.lines.items() if key[0] == day}

    def adopt(self, office: Office, day: date) -> None:
        """Another day, perhaps one that was met before: who waited then waits again, by rank."""
        self.lines = {(day, code): waiting(office, day, code) for code in self.codes}
        self.stood.clear()

    def follow(self, office: Office, now: datetime, how: str) -> None:
        """One step has happened: keep the lists, and compare them with the database."""
        day = office.day(now)
        if how == "let_pass":
            self._let_pass(office, day, now)
        changed: set[str] = set()
        for code in self.codes:
            line, real = self.lines.setdefault((day, code), []), waiting(office, day, code)
            there = {w.token for w in real}
            for away in [w for w in line if w.token not in there]:
                self._leave(line, away, code)
                changed.add(away.token)
            here = {w.token for w in line}
            for newcomer in [w for w in real if w.token not in here]:
                line.insert(
                    self._place(line, newcomer, real, code=code, how=how, now=now), newcomer
                )
                changed.add(newcomer.token)
            assert [w.token for w in line] == [w.token for w in real], (how, code)
            line[:] = real  # with the ranks that were made for them
        assert len(changed) <= 1, (how, changed)

    def _leave(self, line: list[Waiting], away: Waiting, code: str) -> None:
        at = line.index(away)
        before, behind = line[:at], line[at + 1 :]
        self.stood[code, away.token] = {w.token for w in before}, {w.token for w in behind}
        line.remove(away)

    def _place(
        self,
        line: list[Waiting],
        one: Waiting,
        real: list[Waiting],
        *,
        code: str,
        how: str,
        now: datetime,
    ) -> int:
        if how == "back":
            place = real.index(one)
            before, behind = self.stood[code, one.token]
            assert all(w.token not in behind for w in real[:place]), "before those behind it"
            assert all(w.token not in before for w in real[place + 1 :]), "behind those before it"
            return place
        self._moved(one.token)
        due = [w for w in line if w.rank <= now][:2]
        if how == "rejoin" and due:
            return behind_of(line, due[-1])
        if how == "rejoin":
            assert one.rank == now
        return next(
            (n for n, w in enumerate(line) if (w.rank, w.turn) > (one.rank, one.turn)), len(line)
        )

    def _let_pass(self, office: Office, day: date, now: datetime) -> None:
        for code in self.codes:
            line, real = self.lines.get((day, code), []), waiting(office, day, code)
            ranks = {w.token: w.rank for w in real}
            for mover in [w for w in line if ranks[w.token] != w.rank]:
                self._moved(mover.token)
                at = line.index(mover)
                passing = next(w for w in line[at + 1 :] if w.rank <= now)
                line.remove(mover)
                line.insert(behind_of(line, passing), mover)

    def _moved(self, token: str) -> None:
        for before, behind in self.stood.values():
            before.discard(token)
            behind.discard(token)


def behind_of(line: Sequence[Waiting], last: Waiting) -> int:
    """Directly behind somebody, and those of the same rank."""
    place = line.index(last) + 1
    while place < len(line) and line[place].rank - last.rank <= FINEST:
        last, place = line[place], place + 1
    return place


def waiting(office: Office, day: date, code: str) -> list[Waiting]:
    """One bidang's line as the database has it."""
    rows = db.session.execute(
        select(Ticket.token, Turn.rank_at, Turn.id)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .join(Bidang, Bidang.id == Turn.bidang_id)
        .where(Bidang.office_id == office.id, Bidang.code == code)
        .where(Turn.day == day, Turn.state == "waiting")
        .order_by(Turn.rank_at, Turn.id)
    )
    return [Waiting(*row) for row in rows]


# ── How a turn stood ──────────────────────────────────────────────────────────────────────────


def row_of(office: Office, token: str) -> dict[str, Any]:
    """All that is kept of a ticket's latest turn but the book-keeping of its steps."""
    turn = find_turn(office, token)
    kept = Turn.__table__.columns.keys()
    return {name: getattr(turn, name) for name in kept if name not in BOOK_KEEPING}


BOOK_KEEPING = {"version", "before", "stepped_at"}


# ── The trail, replayed ───────────────────────────────────────────────────────────────────────


@dataclass
class Replayed:
    """What the events of one ticket add up to."""

    state: str = ""
    bidang: str = ""
    place: str | None = None
    booking: str = "checked_in"
    """Of those who came with one."""
    before: str = "checked_in"
    """The booking before the last step."""
    moved: bool = False
    """Whether its rank has been changed by the visitor."""


def replay() -> dict[int, Replayed]:
    """Each ticket's present state, from nothing but the trail."""
    told: dict[int, Replayed] = {}
    columns = (AuditEvent.subject_id, AuditEvent.action, AuditEvent.state, AuditEvent.detail)
    events = select(*columns).where(AuditEvent.subject == "ticket").order_by(AuditEvent.id)
    for event in db.session.execute(events):
        one = told.setdefault(event.subject_id, Replayed())
        one.state = event.state or ""
        one.bidang = event.detail.get("bidang", one.bidang)
        one.place = event.detail.get("place") if one.state in AT_COUNTER else None
        one.moved |= event.action in {"rejoin", "let_pass", "check_in_again"}
        if event.action == "undo":
            one.booking = one.before
            continue
        one.before = one.booking
        if event.action == "start" and one.booking == "checked_in":
            one.booking = "in_session"
        elif event.action == "finish":
            one.booking = "completed"
    return told
