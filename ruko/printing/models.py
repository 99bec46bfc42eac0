"""The tables of printing: printers, and one job per slip."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base


class JobState(StrEnum):
    """Where a slip stands."""

    QUEUED = "queued"
    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"


class Printer(Base):
    """A receipt printer: beside one kiosk, or at the reception."""

    __tablename__ = "printer"
    __table_args__ = (
        UniqueConstraint("office_id", "name"),
        CheckConstraint("width IN (58, 80)", name="width_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(200))
    """tcp://HOST:PORT, usb://VENDOR:PRODUCT, file:///dev/usb/lp0, or `browser` (Chrome prints)."""
    width: Mapped[int]
    """Of the paper, in millimetres."""
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), unique=True)
    """The kiosk that it stands beside."""
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
    """What was wrong at the latest try, as a message id; None when that went well."""
    removed_at: Mapped[datetime | None]


class PrintJob(Base):
    """One slip of one ticket; copy 1 is the first, later ones are reprints."""

    __tablename__ = "print_job"
    __table_args__ = (
        UniqueConstraint("ticket_id", "copy"),
        CheckConstraint("state IN ('queued', 'printing', 'printed', 'failed')", name="state_known"),
        Index(
            "ix_print_job_open",
            "printer_id",
            "id",
            sqlite_where=text("state IN ('queued', 'printing')"),
            postgresql_where=text("state IN ('queued', 'printing')"),
        ),
        Index(None, "printer_id", "created_at"),
    )

    printer_id: Mapped[int] = mapped_column(ForeignKey("printer.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    copy: Mapped[int]
    url: Mapped[str] = mapped_column(String(300))
    """Of the ticket's page, for the QR; only the request that asked knows this program's address."""
    state: Mapped[JobState] = mapped_column(String(8))
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(200))
    """Why the latest try failed, as a message id."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
