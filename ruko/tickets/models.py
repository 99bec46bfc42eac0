"""The tables of the queue: a ticket for the visit, a turn with each bidang, a call for each announcement."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base

TOKEN_BYTES = 18  # 144 bits: the token is the only secret of the ticket's page


class State(StrEnum):
    """Where a turn stands; calling.py and serving.py move it."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    NO_SHOW = "no_show"
    DONE = "done"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


AT_COUNTER = (State.CALLED, State.SERVING)
OPEN = (State.WAITING, State.CALLED, State.SERVING, State.HELD)
IN_THE_QUEUE = (*OPEN, State.NO_SHOW)
"""What a desk sees of a day. Only what is open expires with it: an absence stays on record."""


class VisitorKind(StrEnum):
    """Who comes; only officials name their village."""

    VILLAGE_OFFICIAL = "village_official"
    RESIDENT = "resident"
    OTHER = "other"


class Outcome(StrEnum):
    """How a visit may end, as the desk offers it; programs may tell other results."""

    ANSWERED = "answered"
    FOLLOW_UP = "follow_up"
    REFERRED = "referred"


def _in(*states: State) -> str:
    return "state IN (" + ", ".join(f"'{s.value}'" for s in states) + ")"


def state_in(*states: State, of: FromClause | None = None) -> ColumnElement[bool]:
    """For queries: whether a turn (`of` its table under another name) is in one of `states`.

    They stand in the text, not as parameters: else no engine may use the partial indexes below.
    """
    turn = Turn.__table__ if of is None else of
    return turn.c.state.in_([literal_column(f"'{s.value}'") for s in states])


class TicketSeries(Base):
    """The last number of one letter on one day; the daily reset is a new row."""

    __tablename__ = "ticket_series"
    __table_args__ = (UniqueConstraint("office_id", "day", "letter"),)

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    day: Mapped[date]
    letter: Mapped[str] = mapped_column(String(1))
    last: Mapped[int]


class Ticket(Base):
    """One number for a whole visit, whichever bidang the visitor sees.

    `priority` is a plain yes or no: its reason is health data and is neither asked nor kept.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("office_id", "day", "letter", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "visitor IN ('village_official', 'resident', 'other')", name="visitor_known"
        ),
        CheckConstraint(
            "visitor = 'village_official' OR village_id IS NULL", name="only_officials_have_village"
        ),
        Index(
            "ix_ticket_village",
            "village_id",
            "day",
            sqlite_where=text("village_id IS NOT NULL"),
            postgresql_where=text("village_id IS NOT NULL"),
        ),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    day: Mapped[date]
    letter: Mapped[str] = mapped_column(String(1))
    number: Mapped[int]
    token: Mapped[str] = mapped_column(String(24), unique=True)
    priority: Mapped[bool]
    visitor: Mapped[VisitorKind] = mapped_column(String(16))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("village.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), unique=True)
    issued_at: Mapped[datetime]
    let_pass_at: Mapped[datetime | None]
    """When the visitor let others pass first; once per visit."""


class Turn(Base):
    """A ticket's stay with one bidang; a transfer closes one turn and opens the next."""

    __tablename__ = "turn"
    __table_args__ = (
        CheckConstraint(_in(*State), name="state_known"),
        CheckConstraint(
            f"NOT {_in(*AT_COUNTER)} OR counter_id IS NOT NULL", name="called_to_place"
        ),
        CheckConstraint(f"({_in(*OPEN, State.NO_SHOW)}) = (closed_at IS NULL)", name="closed_once"),
        Index(
            "uq_turn_open_per_ticket",
            "ticket_id",
            unique=True,
            sqlite_where=text(_in(*OPEN)),
            postgresql_where=text(_in(*OPEN)),
        ),
        Index(
            "uq_turn_one_per_counter",
            "counter_id",
            unique=True,
            sqlite_where=text(_in(*AT_COUNTER)),
            postgresql_where=text(_in(*AT_COUNTER)),
        ),
        Index(
            "ix_turn_waiting",
            "bidang_id",
            "day",
            "rank_at",
            "id",
            sqlite_where=text(_in(State.WAITING)),
            postgresql_where=text(_in(State.WAITING)),
        ),
        Index(
            "ix_turn_served",
            "bidang_id",
            "closed_at",
            sqlite_where=text(_in(State.DONE)),
            postgresql_where=text(_in(State.DONE)),
        ),
        Index("ix_turn_day", "bidang_id", "day"),
        Index("ix_turn_ticket", "ticket_id", "id"),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"))
    day: Mapped[date]
    counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"))
    state: Mapped[State] = mapped_column(String(11))
    rank_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    called_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    announcements: Mapped[int] = mapped_column(default=0)
    served_seconds: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Of service before the visitor was held; what runs since `started_at` comes on top."""
    called_by: Mapped[int | None]
    """The account that called last, as in the trail; None for a program without one."""
    held_reason: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(500))
    """From the bidang that transferred the visitor, for the one that serves next."""
    outcome: Mapped[str | None] = mapped_column(String(40))
    result_note: Mapped[str | None] = mapped_column(String(1000))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """How the turn stood before its last step, for undoing it; None when that cannot be undone."""
    stepped_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Call(Base):
    """One announcement; `seq` rises strictly in each office, and a recall is a new row."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("office_id", "seq"),
        CheckConstraint("kind IN ('first', 'recall', 'last')", name="kind_known"),
        Index(None, "turn_id", "seq"),
        Index(None, "office_id", "called_at"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    seq: Mapped[int]
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"))
    counter_id: Mapped[int] = mapped_column(ForeignKey("counter.id"))
    place: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(6))
    called_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """When its undoing took it back from the board."""


class CounterBreak(Base):
    """A break at one place, which the board shows; over when it is ended, or with its day."""

    __tablename__ = "counter_break"
    __table_args__ = (
        Index(
            "uq_counter_break_running",
            "counter_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    counter_id: Mapped[int] = mapped_column(ForeignKey("counter.id"))
    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"))
    day: Mapped[date]
    started_at: Mapped[datetime]
    back_at: Mapped[datetime | None]
    """When the visitors may expect service again, as the staff said."""
    ended_at: Mapped[datetime | None]
