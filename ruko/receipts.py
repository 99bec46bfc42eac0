"""Receipts: which screen showed and spoke which call, and whether a call is still unheard."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from sqlalchemy import ForeignKey, UniqueConstraint, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base, db, upsert
from ruko.devices import Device
from ruko.displays import DisplaySettings, settings_of
from ruko.events import record
from ruko.offices import Bidang, Office
from ruko.tickets import Call, State, Ticket, Turn, ticket_code

HEARD_WITHIN = timedelta(seconds=20)
"""After a call headed the display's line; then its desk is warned."""
LINE_IS_YOUNG = timedelta(minutes=20)
"""Older receipts say nothing about the line of now: a call is dropped from it sooner."""


class Receipt(Base):
    """One screen's word that it showed a call, and that it spoke it to the end."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("call_id", "device_id"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    shown_at: Mapped[datetime]
    spoken_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class CallAnnounced:
    """A screen announced a call; its desk is told after the commit."""

    office_id: int
    bidang: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of the announcing of one call."""

    seq: int
    state: Literal["pending", "shown", "spoken", "unheard"]
    """`shown` is enough where every screen is silent on purpose."""
    due_at: datetime
    """When a pending call becomes an unheard one, as far as is known now."""
    shown_at: datetime | None = None
    spoken_at: datetime | None = None


def note_announced(
    office_id: int, device_id: int, seq: int, *, spoken: bool, now: datetime
) -> bool:
    """Keep a screen's receipt; saying it again changes nothing. Returns whether it was news."""
    found = db.session.execute(
        select(Call.id, Bidang.code)
        .join(Turn, Turn.id == Call.turn_id)
        .join(Bidang, Bidang.id == Turn.bidang_id)
        .where(Call.office_id == office_id, Call.seq == seq)
    ).one_or_none()
    if found is None:
        return False
    receipts = Receipt.__table__
    values = {"call_id": found.id, "device_id": device_id, "shown_at": now}
    statement = upsert(receipts).values(**values, spoken_at=now if spoken else None)
    keys = ["call_id", "device_id"]
    if spoken:
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={"spoken_at": now}, where=receipts.c.spoken_at.is_(None)
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    if db.session.scalar(statement.returning(receipts.c.id)) is None:
        return False
    heard = {"last_seen": now} | ({"last_spoken": now} if spoken else {})
    db.session.execute(update(Device).where(Device.id == device_id).values(**heard))
    record(CallAnnounced(office_id, found.code))
    return True


# ── Is it heard? ──────────────────────────────────────────────────────────────────────────────


def hearings(office: Office, turn_ids: list[int], *, now: datetime) -> dict[int, Hearing]:
    """How the newest call of each of those turns was heard, by turn.

    A call nobody could hear, for want of a paired screen that shows its bidang, is left out.
    """
    if not turn_ids:
        return {}
    screens = _screens(office)
    if not screens:
        return {}
    calls = db.session.execute(
        select(Call.id, Call.seq, Call.turn_id, Call.called_at, Bidang.code)
        .join(Turn, Turn.id == Call.turn_id)
        .join(Bidang, Bidang.id == Turn.bidang_id)
        .where(Call.turn_id.in_(turn_ids), Call.withdrawn_at.is_(None))
        .order_by(Call.seq)
    ).all()
    receipts = db.session.execute(
        select(Receipt.device_id, Receipt.shown_at, Receipt.spoken_at, Call.seq)
        .join(Call, Call.id == Receipt.call_id)
        .where(
            Call.office_id == office.id,
            or_(Call.called_at >= now - LINE_IS_YOUNG, Call.id.in_([call.id for call in calls])),
        )
    ).all()
    clock = office.local(now).time()
    heard: dict[int, Hearing] = {}
    for call in calls:  # a turn's newest call comes last
        near = {d: settings for d, settings in screens.items() if settings.shows(call.code)}
        heard.pop(call.turn_id, None)
        if not near:
            continue
        own = [r for r in receipts if r.seq == call.seq]
        shown = min((r.shown_at for r in own), default=None)
        spoken = min((r.spoken_at for r in own if r.spoken_at), default=None)
        before = (
            r.spoken_at or r.shown_at for r in receipts if r.seq < call.seq and r.device_id in near
        )
        headed = shown or max([call.called_at, *before])
        silent = all(settings.is_silent(clock) for settings in near.values())
        heard[call.turn_id] = Hearing(
            call.seq,
            _state(shown, spoken, silent=silent, late=now >= headed + HEARD_WITHIN),
            headed + HEARD_WITHIN,
            shown,
            spoken,
        )
    return heard


def _state(
    shown: datetime | None, spoken: datetime | None, *, silent: bool, late: bool
) -> Literal["pending", "shown", "spoken", "unheard"]:
    if spoken:
        return "spoken"
    if shown and silent:
        return "shown"
    return "unheard" if late else "pending"


def _screens(office: Office) -> dict[int, DisplaySettings]:
    """The settings of the office's paired screens, by device."""
    found = db.session.scalars(
        select(Device.id).where(
            Device.office_id == office.id,
            Device.kind == "display",
            Device.revoked_at.is_(None),
            Device.last_seen.is_not(None),
        )
    ).all()
    return settings_of(*found) if found else {}


# ── The day's calls ───────────────────────────────────────────────────────────────────────────

Reason = Literal["withdrawn", "recalled", "came", "expired", "shown", "pending"]


@dataclass(frozen=True, slots=True)
class Unspoken:
    """A call of today that no screen spoke, and why."""

    seq: int
    code: str
    place: str
    called_at: datetime
    why: Reason
    """Undone, called again, answered before it was its turn, expired; shown without sound; or still in line."""


def unspoken_today(office: Office, *, now: datetime) -> tuple[int, list[Unspoken]]:
    """How many calls were made today, and those that no screen spoke, newest first."""
    today = office.day(now)
    spoken = func.count(Receipt.spoken_at)
    shown = func.count(Receipt.id)
    newer = func.max(Call.seq).over(partition_by=Call.turn_id)
    rows = db.session.execute(
        select(
            Call.seq,
            Call.place,
            Call.called_at,
            Call.expires_at,
            Call.withdrawn_at,
            Turn.state,
            Ticket.letter,
            Ticket.number,
            spoken.label("spoken"),
            shown.label("shown"),
            newer.label("newest"),
        )
        .join(Turn, Turn.id == Call.turn_id)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .outerjoin(Receipt, Receipt.call_id == Call.id)
        .where(Call.office_id == office.id, Call.called_at >= office.at(today, time.min))
        .group_by(Call.id, Turn.id, Ticket.id)
        .order_by(Call.seq.desc())
    ).all()
    return len(rows), [
        Unspoken(
            row.seq,
            ticket_code(row.letter, row.number),
            row.place,
            row.called_at,
            _why(
                row.withdrawn_at, row.newest > row.seq, row.state, row.expires_at <= now, row.shown
            ),
        )
        for row in rows
        if not row.spoken
    ]


def _why(
    withdrawn: datetime | None, recalled: bool, state: str, expired: bool, shown: int
) -> Reason:
    if withdrawn:
        return "withdrawn"
    if shown:
        return "shown"
    if recalled:
        return "recalled"
    if state != State.CALLED:
        return "came"
    return "expired" if expired else "pending"
