"""Slides: pictures that the board shows between calls."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, bindparam, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base, db
from ruko.offices import Office

MOST_SLIDES = 8
"""On the board at once."""


class Slide(Base):
    """One picture with what it says in words; its file is kept under the digest of its content."""

    __tablename__ = "slide"
    __table_args__ = (Index(None, "office_id", "position"),)

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    text: Mapped[str] = mapped_column(String(200))
    """What the picture says, for those who do not see it."""
    digest: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """Its first and last day on the board; without one it has begun, or never ends."""
    added_at: Mapped[datetime]


_DAY = bindparam("b_day", type_=Date())
_SHOWN = (
    select(Slide.digest, Slide.text)
    .where(
        Slide.office_id == bindparam("b_office"),
        func.coalesce(Slide.starts_on, _DAY) <= _DAY,
        func.coalesce(Slide.ends_on, _DAY) >= _DAY,
    )
    .order_by(Slide.position, Slide.id)
    .limit(MOST_SLIDES)
)


def slides_on(office: Office, day: date) -> list[dict[str, Any]]:
    """The pictures of that day in their order, as the board tells them: `{picture: digest, text}`."""
    found = db.session.connection().execute(_SHOWN, {"b_office": office.id, "b_day": day})
    return [{"picture": row.digest, "text": row.text} for row in found]
