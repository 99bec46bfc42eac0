"""The help button: a visitor at a kiosk asks for somebody, the desks ring, one of them goes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base


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
