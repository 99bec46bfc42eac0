"""The help button: a visitor at a kiosk asks for somebody, the desks ring, one of them goes."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from sqlalchemy import ForeignKey, Index, Select, select, text, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.audit import Actor, trail
from ruko.db import Base, db, upsert
from ruko.devices import Device
from ruko.errors import N_, NotFound, WrongState
from ruko.events import record
from ruko.offices import Office

ON_THE_WAY = timedelta(minutes=3)
"""So long a kiosk says that somebody comes; then it offers its button again."""


class HelpRequest(Base):
    """One press; while it is open, further presses at that kiosk are the same request."""

    __tablename__ = "help_request"
    __table_args__ = (
        Index(
            "uq_help_request_open",
            "device_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
        Index(None, "office_id", "asked_at"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    device: Mapped[Device] = relationship()


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """Somebody at a kiosk asks for help; the desks are rung after the commit."""

    office_id: int
    request_id: int


@dataclass(frozen=True, slots=True)
class HelpAnswered:
    """Somebody goes there."""

    office_id: int
    request_id: int


def ask_for_help(office: Office, device: Device, *, now: datetime) -> int:
    """Ring the desks for a visitor at that kiosk; a second press is the same request.

    Returns the request's number.
    """
    _close_past(office, device, now)
    requests = HelpRequest.__table__
    asked = db.session.scalar(
        upsert(requests)
        .values(office_id=office.id, device_id=device.id, asked_at=now)
        .on_conflict_do_nothing(
            index_elements=["device_id"], index_where=text("answered_at IS NULL")
        )
        .returning(requests.c.id)
    )
    if asked is None:
        return db.session.scalars(_latest_at(device)).one().id
    trail("help", asked, "ask", office_id=office.id, by=device.actor, now=now)
    record(HelpAsked(office.id, asked))
    return int(asked)


def open_requests(office: Office, *, now: datetime) -> list[HelpRequest]:
    """Who waits for help today, the longest first."""
    return list(
        db.session.scalars(
            select(HelpRequest)
            .filter_by(office_id=office.id, answered_at=None)
            .where(HelpRequest.asked_at >= _morning(office, now))
            .order_by(HelpRequest.asked_at, HelpRequest.id)
        )
    )


def answer(office: Office, request_id: int, *, by: Actor, now: datetime) -> None:
    """Say that one goes there. Raises `NotFound`, or `WrongState` when a colleague was faster."""
    went = db.session.scalar(
        update(HelpRequest)
        .where(
            HelpRequest.id == request_id,
            HelpRequest.office_id == office.id,
            HelpRequest.answered_at.is_(None),
        )
        .values(answered_at=now, answered_by=by.id)
        .returning(HelpRequest.id)
    )
    if went is None:
        known = db.session.get(HelpRequest, request_id)
        if known is None or known.office_id != office.id:
            raise NotFound
        raise WrongState("answered", N_("A colleague is on the way already."))
    trail("help", request_id, "answer", office_id=office.id, by=by, now=now)
    record(HelpAnswered(office.id, request_id))


def help_at(device: Device, *, now: datetime) -> Literal["idle", "asked", "coming"]:
    """What the kiosk says to the visitor in front of it."""
    last = db.session.scalar(_latest_at(device))
    if last is None:
        return "idle"
    if last.answered_at is None:
        return "asked" if last.asked_at >= _morning(device.office, now) else "idle"
    coming = last.answered_at <= now < last.answered_at + ON_THE_WAY
    return "coming" if coming else "idle"


def _close_past(office: Office, device: Device, now: datetime) -> None:
    """A press of another day that nobody answered is over; nobody stands there any more."""
    db.session.execute(
        update(HelpRequest)
        .where(
            HelpRequest.device_id == device.id,
            HelpRequest.answered_at.is_(None),
            HelpRequest.asked_at < _morning(office, now),
        )
        .values(answered_at=now)
    )


def _latest_at(device: Device) -> Select[HelpRequest]:
    return (
        select(HelpRequest).filter_by(device_id=device.id).order_by(HelpRequest.id.desc()).limit(1)
    )


def _morning(office: Office, now: datetime) -> datetime:
    return office.at(office.day(now), time.min)
