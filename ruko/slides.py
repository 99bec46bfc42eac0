"""Slides: pictures that the board shows between calls."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from ruko.audit import Actor
from ruko.db import db
from ruko.offices import BoardEntry, Office, add_entry, entries_on


class Slide(BoardEntry):
    """One picture with what it says in words; its file is kept under the digest of its content."""

    __tablename__ = "slide"
    __table_args__ = (Index(None, "office_id", "position"),)
    subject = "slide"
    most_at_once = 8
    shortest = 3

    digest: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]


_SHOWN = entries_on(Slide, Slide.digest, Slide.text)
_NAMED = (
    select(Slide.id)
    .where(Slide.office_id == bindparam("b_office"), Slide.digest == bindparam("b_digest"))
    .limit(1)
)


def slides_on(office: Office, day: date) -> list[dict[str, Any]]:
    """The pictures of that day in their order, as the board tells them: `{picture: digest, text}`."""
    found = db.session.connection().execute(_SHOWN, {"b_office": office.id, "b_day": day})
    return [{"picture": row.digest, "text": row.text} for row in found]


def is_picture_of(office: Office, digest: str) -> bool:
    """Whether a slide of this office, of whatever day, shows the picture with that digest."""
    where = {"b_office": office.id, "b_digest": digest}
    return db.session.connection().execute(_NAMED, where).first() is not None


def add_slide(
    office: Office,
    digest: str,
    text: str,
    starts_on: date | None,
    ends_on: date | None,
    *,
    by: Actor,
    now: datetime,
) -> Slide:
    """Show one more picture, after the others; `text` says it in words. Raises `Invalid`."""
    slide = Slide(
        office_id=office.id,
        digest=digest,
        text=text,
        starts_on=starts_on,
        ends_on=ends_on,
        added_at=now,
    )
    return add_entry(slide, by=by, now=now)
