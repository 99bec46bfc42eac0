"""The trail: who did what, when, to which ticket, booking, account or device. Append-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, bindparam, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base, db, values_of

ActorKind = Literal["user", "device", "visitor", "system"]
Subject = Literal[
    "ticket",
    "booking",
    "user",
    "device",
    "token",
    "counter",
    "closure",
    "bidang",
    "printer",
    "help",
    "display",
    "clip",
    "slide",
    "message",
    "feed",
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, a paired device, a visitor with a ticket, or the program itself."""

    kind: ActorKind
    id: int | None = None


SYSTEM = Actor("system")
VISITOR = Actor("visitor")


class AuditEvent(Base):
    """One thing that happened; `state` is the subject's state after it. Never changed, never deleted."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "subject", "subject_id", "id"),
        CheckConstraint(
            "actor_kind IN ('user', 'device', 'visitor', 'system')", name="actor_known"
        ),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(24))
    state: Mapped[str | None] = mapped_column(String(16))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


_WRITE = insert(AuditEvent.__table__).values(  # type: ignore[arg-type]  # a mapped table is a Table
    values_of(
        *("office_id", "at", "actor_kind", "actor_id", "subject", "subject_id"),
        *("action", "state", "detail"),
    )
)
_OF_SUBJECT = (
    select(AuditEvent.__table__)
    .where(
        AuditEvent.subject == bindparam("b_subject"),
        AuditEvent.subject_id == bindparam("b_subject_id"),
    )
    .order_by(AuditEvent.id)
)


def trail(
    subject: Subject,
    subject_id: int,
    action: str,
    *,
    office_id: int,
    by: Actor,
    now: datetime,
    state: str | None = None,
    **detail: Any,
) -> None:
    """Write one line of the trail in the current transaction."""
    db.session.connection().execute(
        _WRITE,
        {
            "b_office_id": office_id,
            "b_at": now,
            "b_actor_kind": by.kind,
            "b_actor_id": by.id,
            "b_subject": subject,
            "b_subject_id": subject_id,
            "b_action": action,
            "b_state": state,
            "b_detail": detail,
        },
    )


def trail_of(subject: Subject, subject_id: int) -> Sequence[Any]:
    """Everything that happened to one subject, oldest first: rows with the columns of `AuditEvent`."""
    whose = {"b_subject": subject, "b_subject_id": subject_id}
    return db.session.connection().execute(_OF_SUBJECT, whose).all()
