"""Pairing without a shell: a screen shows a short code, an administrator approves it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base


class PairingRequest(Base):
    """A browser that asks to become a device; it alone knows the secret, everybody sees the code."""

    __tablename__ = "pairing_request"
    __table_args__ = (
        UniqueConstraint("office_id", "code"),
        Index(None, "office_id", "created_at"),
        CheckConstraint("kind IN ('kiosk', 'display')", name="kind_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    kind: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(6))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    """Of the device that it became, once approved."""
