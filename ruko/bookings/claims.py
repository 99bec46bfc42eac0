"""What a booking, a hold or a closure occupies: slots of a room, lanes of a bidang, a quota seat.

The rows exist exactly while something is occupied, and their constraints decide who gets it.
Claims of one office are made one after the other (`in_line`), so nobody waits for each other in a ring.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ruko.bookings.errors import OfficersTaken, QuotaExceeded, SlotTaken
from ruko.bookings.models import Room
from ruko.db import Base, db, take_turns, upsert
from ruko.offices import Bidang, Office, Village

MOST_LANES = 1000
"""Of a bidang without a limit of officers; also how far the operator may go beyond a quota."""


def _one_of(*columns: str) -> str:
    return " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in columns) + " = 1"


class SlotClaim(Base):
    """One slot of a room on one day, taken by a booking, a draft that holds it, or a closure."""

    __tablename__ = "slot_claim"
    __table_args__ = (
        UniqueConstraint("room_id", "date", "slot_no"),
        CheckConstraint(_one_of("booking_id", "draft_id", "closure_id"), name="one_holder"),
    )

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    date: Mapped[date]
    slot_no: Mapped[int]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)
    closure_id: Mapped[int | None] = mapped_column(ForeignKey("closure.id"), index=True)


class BidangClaim(Base):
    """One of a bidang's officers (a lane) who is needed in one slot of one day."""

    __tablename__ = "bidang_claim"
    __table_args__ = (
        UniqueConstraint("bidang_id", "date", "slot_no", "lane"),
        CheckConstraint("lane > 0", name="lane_from_one"),
        CheckConstraint(_one_of("booking_id", "draft_id"), name="one_holder"),
    )

    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"))
    date: Mapped[date]
    slot_no: Mapped[int]
    lane: Mapped[int]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)


class QuotaSeat(Base):
    """One of a village's numbered seats in an ISO week; a booking or a hold that counts has one."""

    __tablename__ = "quota_seat"
    __table_args__ = (
        UniqueConstraint("village_id", "period", "n"),
        CheckConstraint("n > 0", name="n_from_one"),
        CheckConstraint(_one_of("booking_id", "draft_id"), name="one_holder"),
    )

    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"))
    period: Mapped[str] = mapped_column(String(8))
    n: Mapped[int]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), unique=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), unique=True)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who occupies: a booking or a draft, by its id."""

    kind: Literal["booking", "draft"]
    id: int

    @property
    def key(self) -> dict[str, int]:
        return {f"{self.kind}_id": self.id}


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be occupied: adjacent slots of a day, in a room unless the office comes to visit."""

    room: Room | None
    bidang: Bidang
    day: date
    slots: tuple[int, ...]


def period_of(day: date) -> str:
    """The ISO week of a day: 2026-W48."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def in_line(office: Office) -> None:
    """Let the claims of this office be made one after the other until the commit."""
    take_turns("claims", office.id)


def claim(holder: Holder, place: Place) -> None:
    """Occupy the room's slots and one officer for each; raises `SlotTaken` or `OfficersTaken`.

    Say it inside a savepoint: a refusal may leave a part of them.
    """
    if place.room:
        claimed = _insert(
            SlotClaim,
            [
                holder.key | {"room_id": place.room.id, "date": place.day, "slot_no": no}
                for no in place.slots
            ],
        )
        if claimed < len(place.slots):
            raise SlotTaken
    for no in place.slots:
        _claim_lane(holder, place.bidang, place.day, no)


def _claim_lane(holder: Holder, bidang: Bidang, day: date, slot_no: int) -> None:
    where = {"bidang_id": bidang.id, "date": day, "slot_no": slot_no}
    taken = set(db.session.scalars(select(BidangClaim.lane).filter_by(**where)))
    limit = MOST_LANES if bidang.officers is None else bidang.officers
    if len(taken) < limit:  # how many, not which: the number may have been lowered meanwhile
        for lane in range(1, limit + 1):
            if lane not in taken and _insert(BidangClaim, [holder.key | where | {"lane": lane}]):
                return
    raise OfficersTaken(bidang=bidang.name, count=limit)


def take_seat(
    holder: Holder, office: Office, village: Village, day: date, *, beyond: bool = False
) -> None:
    """Take a seat of the village's week; raises `QuotaExceeded` unless it may go `beyond`."""
    seat = holder.key | {"village_id": village.id, "period": period_of(day)}
    for n in range(1, office.quota_per_week + (MOST_LANES if beyond else 0) + 1):
        if _insert(QuotaSeat, [seat | {"n": n}]):
            return
    monday = day - timedelta(days=day.weekday())
    raise QuotaExceeded(
        village=village.full_name,
        limit=office.quota_per_week,
        monday=monday,
        sunday=monday + timedelta(days=6),
    )


def release(holders: Iterable[Holder]) -> set[date]:
    """Give back all that they occupy; returns the days. Say `closures.vacate`, which calls it."""
    holders = tuple(holders)
    days = give_back(holders)
    for holder in holders:
        seats = db.session.execute(
            delete(QuotaSeat)
            .filter_by(**holder.key)
            .returning(QuotaSeat.village_id, QuotaSeat.period, QuotaSeat.n)
        ).all()
        for seat in seats:
            _move_up(seat)
    return days


def give_back(holders: Iterable[Holder], *, slots_from: int = 0) -> set[date]:
    """Give back the slots and officers from that one on, but no quota seat; returns the days."""
    days: set[date] = set()
    for holder in holders:
        for table in (SlotClaim, BidangClaim):
            days.update(
                db.session.scalars(
                    delete(table)
                    .filter_by(**holder.key)
                    .where(table.slot_no >= slots_from)
                    .returning(table.date)
                )
            )
    return days


def _move_up(freed: Any) -> None:
    """A seat beyond the quota takes the freed one within it, so that the week stays counted right."""
    week = {"village_id": freed.village_id, "period": freed.period}
    last = db.session.scalar(
        select(QuotaSeat.id)
        .filter_by(**week)
        .where(QuotaSeat.n > freed.n)
        .order_by(QuotaSeat.n.desc())
        .limit(1)
    )
    if last is not None:
        db.session.execute(update(QuotaSeat).where(QuotaSeat.id == last).values(n=freed.n))


def _insert(table: Any, rows: Sequence[dict[str, Any]]) -> int:
    """Write what no constraint refuses; returns how many rows that were."""
    inserted = (
        upsert(table.__table__)
        .values(list(rows))
        .on_conflict_do_nothing()
        .returning(table.__table__.c.id)
    )
    return len(db.session.execute(inserted).all())
