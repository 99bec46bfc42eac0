"""The papers of a booking: handed in while it is written, read by the bidang before the day."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, func, select, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapped, mapped_column

from ruko.audit import Actor, trail
from ruko.bookings.models import Booking, BookingState, Draft, shown_state
from ruko.db import Base, db
from ruko.errors import N_, Invalid, NotFound, WrongState

MOST_FILES = 5
LARGEST_FILE = 10 * 1024 * 1024
"""Bytes of one file."""


class Attachment(Base):
    """One paper; the content lies in the store under its digest. A removed one keeps its row."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("draft_id IS NOT NULL OR booking_id IS NOT NULL", name="belongs"),
        CheckConstraint("size > 0", name="has_content"),
    )

    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(80))
    """Its media type, as its content says."""
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


def attachments_of(owner: Draft | Booking) -> list[Attachment]:
    """The papers of a draft or a booking, as they were handed in."""
    return list(
        db.session.scalars(
            select(Attachment)
            .where(_belongs_to(owner), Attachment.removed_at.is_(None))
            .order_by(Attachment.id)
        )
    )


def papers_by_booking(bookings: Collection[Booking]) -> dict[int, list[Attachment]]:
    """The papers of many bookings, by the booking's id."""
    found: dict[int, list[Attachment]] = {booking.id: [] for booking in bookings}
    for paper in db.session.scalars(
        select(Attachment)
        .where(Attachment.booking_id.in_(found), Attachment.removed_at.is_(None))
        .order_by(Attachment.id)
    ):
        found[paper.booking_id or 0].append(paper)
    return found


def get_attachment(owner: Draft | Booking, attachment_id: int) -> Attachment:
    """One of its papers; raises `NotFound`."""
    found = next((a for a in attachments_of(owner) if a.id == attachment_id), None)
    if found is None:
        raise NotFound(N_("There is no such paper; it may have been removed."))
    return found


def attach(
    owner: Draft | Booking,
    *,
    name: str,
    kind: str,
    size: int,
    digest: str,
    by: Actor,
    now: datetime,
) -> Attachment:
    """Add a paper whose content is in the store already; raises `Invalid` beyond `MOST_FILES`.

    To a booking only before its meeting, else `WrongState`.
    """
    have_alone(owner)
    require_before_meeting(owner, now)
    present = attachments_of(owner)
    for paper in present:
        if paper.digest == digest and paper.name == name:
            return paper  # sent again: a lost answer, a double tap
    if len(present) >= MOST_FILES:
        raise Invalid(
            "papers",
            N_("“%(name)s” was not added: there are %(count)d papers already. Please remove one."),
            name=name,
            count=MOST_FILES,
        )
    paper = Attachment(name=name, kind=kind, size=size, digest=digest, added_at=now)
    if isinstance(owner, Draft):
        paper.draft_id, paper.booking_id = owner.id, owner.booking_id  # sent while this came in
    else:
        paper.booking_id = owner.id
    db.session.add(paper)
    db.session.flush()
    if isinstance(owner, Booking):
        trail("booking", owner.id, "attach", office_id=owner.office_id, by=by, now=now)
    return paper


def detach(owner: Draft | Booking, attachment_id: int, *, by: Actor, now: datetime) -> None:
    """Remove a paper, before the meeting; one that is gone already changes nothing."""
    require_before_meeting(owner, now)
    removed = db.session.scalar(
        update(Attachment)
        .where(Attachment.id == attachment_id, _belongs_to(owner), Attachment.removed_at.is_(None))
        .values(removed_at=now)
        .returning(Attachment.id)
    )
    if removed and isinstance(owner, Booking):
        trail("booking", owner.id, "detach", office_id=owner.office_id, by=by, now=now)


def have_alone(owner: Draft | Booking) -> None:
    """Let nobody else change it until the commit, and see it as it is now; raises `NotFound`."""
    try:
        db.session.refresh(owner, with_for_update={"of": type(owner)})  # not what it was read with
    except InvalidRequestError:
        raise NotFound(
            N_("This request is no longer kept. Please begin a new one; nothing was booked.")
        ) from None


def require_before_meeting(owner: Draft | Booking, now: datetime) -> None:
    """Raise `WrongState` when the papers of a booking are what the meeting was held with."""
    if isinstance(owner, Booking):
        present = shown_state(owner, now)
        if present not in (BookingState.PENDING, BookingState.CONFIRMED):
            raise WrongState(
                present,
                N_("The papers were not changed: that is possible only before the meeting."),
            )


def hand_over(draft: Draft, booking: Booking) -> None:
    """The draft was sent: its papers are the booking's."""
    db.session.execute(
        update(Attachment).where(Attachment.draft_id == draft.id).values(booking_id=booking.id)
    )


def paper_counts(bookings: list[Booking]) -> dict[int, int]:
    """How many papers each of them has, by its id."""
    rows = db.session.execute(
        select(Attachment.booking_id, func.count())
        .where(Attachment.booking_id.in_([b.id for b in bookings]), Attachment.removed_at.is_(None))
        .group_by(Attachment.booking_id)
    )
    return {booking_id: count for booking_id, count in rows if booking_id}


def _belongs_to(owner: Draft | Booking) -> ColumnElement[bool]:
    return (
        Attachment.draft_id == owner.id
        if isinstance(owner, Draft)
        else Attachment.booking_id == owner.id
    )
