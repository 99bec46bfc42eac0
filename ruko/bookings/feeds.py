"""A calendar that subscribes: an address of one's own that tells the bookings one may see.

Its secret is good for nothing else, so that it may be handed to a calendar's maker.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from ruko.accounts import Role, User, hash_token
from ruko.audit import Actor, trail
from ruko.bookings.models import Booking
from ruko.bookings.timetable import last_bookable_day
from ruko.db import Base, db, upsert
from ruko.devices import find_bearer
from ruko.errors import N_, NotFound
from ruko.offices import Office

PAST = timedelta(days=30)
"""How far a feed looks back."""


class CalendarFeed(Base):
    """The secret address of an account's calendar; only its hash is kept, a new one replaces it."""

    __tablename__ = "calendar_feed"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]


def find_feed(user: User) -> CalendarFeed | None:
    """The account's address, if it has one."""
    return db.session.scalar(select(CalendarFeed).filter_by(user_id=user.id))


def make_feed(user: User, *, by: Actor, now: datetime) -> str:
    """A new secret, shown once; the address before it is no longer good."""
    secret = secrets.token_urlsafe(32)
    kept = {"hash": hash_token(secret), "created_at": now}
    feed_id = db.session.scalar(
        upsert(CalendarFeed)
        .values(user_id=user.id, **kept)
        .on_conflict_do_update(index_elements=["user_id"], set_=kept)
        .returning(CalendarFeed.id)
    )
    trail("feed", feed_id, "make", office_id=user.office_id, by=by, now=now, user=user.id)
    return secret


def remove_feed(user: User, *, by: Actor, now: datetime) -> None:
    """The address is no longer good; again changes nothing."""
    feed_id = db.session.scalar(
        delete(CalendarFeed).filter_by(user_id=user.id).returning(CalendarFeed.id)
    )
    if feed_id is not None:
        trail("feed", feed_id, "remove", office_id=user.office_id, by=by, now=now, user=user.id)


def reader_of(office: Office, token: str) -> User:
    """Whose calendar asks with that secret, or with an account's bearer token; raises `NotFound`."""
    user = db.session.scalar(
        select(User)
        .join(CalendarFeed, CalendarFeed.user_id == User.id)
        .where(CalendarFeed.hash == hash_token(token), User.active)
    ) or find_bearer(token)
    if not isinstance(user, User) or user.office_id != office.id:
        raise NotFound(
            N_("This calendar address is not valid (any more). Please make a new one in RUKO.")
        )
    return user


def bookings_for(user: User, *, now: datetime) -> list[Booking]:
    """What that account may see, from 30 days back to the last day that may be booked.

    A village its own, staff those of their bidang, the others all; called-off ones too.
    """
    office = user.office
    found = (
        select(Booking)
        .options(*(joinedload(what) for what in (Booking.room, Booking.village, Booking.bidang)))
        .where(
            Booking.office_id == office.id,
            Booking.date.between(office.day(now) - PAST, last_bookable_day(office, now)),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    if user.role == Role.VILLAGE:
        found = found.where(Booking.village_id == user.village_id)
    if user.role == Role.STAFF:
        found = found.where(Booking.bidang_id == user.bidang_id)
    return list(db.session.scalars(found))
