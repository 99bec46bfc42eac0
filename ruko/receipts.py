"""Receipts: which screen showed and spoke which call, and whether a call is still unheard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ForeignKey,
    UniqueConstraint,
    bindparam,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base, UTCDateTime, db, per_engine, values_of
from ruko.devices import Device
from ruko.displays import DisplaySettings, paired_displays
from ruko.events import record
from ruko.offices import Bidang, Office
from ruko.tickets import Call, Turn

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
    """A call was shown, or spoken, for the first time; its desk is told after the commit."""

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


# ── What a screen tells ───────────────────────────────────────────────────────────────────────

_receipts = Receipt.__table__
_TOLD_OF = (
    select(
        Call.id,
        Bidang.code,
        exists().where(_receipts.c.call_id == Call.id).label("shown"),
        exists()
        .where(_receipts.c.call_id == Call.id, _receipts.c.spoken_at.is_not(None))
        .label("spoken"),
    )
    .join(Turn, Turn.id == Call.turn_id)
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .join(Device, Device.office_id == Call.office_id)
    .where(
        Call.office_id == bindparam("b_office"),
        Call.seq == bindparam("b_seq"),
        Device.id == bindparam("b_device"),
        Device.kind == "display",
        Device.revoked_at.is_(None),
    )
)


def _keep_receipt(insert: Any) -> Any:
    """It was shown once, and spoken once: whatever came first stands."""
    statement = insert(_receipts).values(values_of("call_id", "device_id", "shown_at", "spoken_at"))
    return statement.on_conflict_do_update(
        index_elements=["call_id", "device_id"],
        set_={"spoken_at": statement.excluded.spoken_at},
        where=_receipts.c.spoken_at.is_(None) & statement.excluded.spoken_at.is_not(None),
    ).returning(_receipts.c.id)


_KEEP_RECEIPT = per_engine(_keep_receipt)
_devices = Device.__table__
_HEARD_OF = (
    update(_devices)  # type: ignore[arg-type]  # a mapped table is a Table
    .where(_devices.c.id == bindparam("b_device"))
    .values(
        last_seen=bindparam("b_now"),
        last_spoken=func.coalesce(
            bindparam("b_spoken_at", type_=UTCDateTime()), _devices.c.last_spoken
        ),
    )
)


def note_announced(
    office_id: int, device_id: int, seq: int, *, spoken: bool, now: datetime
) -> bool:
    """Keep a paired screen's receipt; saying it again changes nothing. Returns whether it was news."""
    connection = db.session.connection()
    where = {"b_office": office_id, "b_seq": seq, "b_device": device_id}
    call = connection.execute(_TOLD_OF, where).one_or_none()
    if call is None:
        return False
    spoken_at = now if spoken else None
    kept = connection.execute(
        _KEEP_RECEIPT(),
        {
            "b_call_id": call.id,
            "b_device_id": device_id,
            "b_shown_at": now,
            "b_spoken_at": spoken_at,
        },
    ).scalar()
    if kept is None:
        return False
    connection.execute(_HEARD_OF, {"b_device": device_id, "b_now": now, "b_spoken_at": spoken_at})
    if not call.shown or (spoken and not call.spoken):
        record(CallAnnounced(office_id, call.code))
    return True


# ── Is it heard? ──────────────────────────────────────────────────────────────────────────────

_CALLS = (
    select(
        Call.seq,
        Call.turn_id,
        Call.called_at,
        Bidang.code,
        Receipt.device_id,
        Receipt.shown_at,
        Receipt.spoken_at,
    )
    .join(Turn, Turn.id == Call.turn_id)
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .outerjoin(Receipt, Receipt.call_id == Call.id)
    .where(
        Call.turn_id.in_(bindparam("b_turns", expanding=True)),
        Call.withdrawn_at.is_(None),
    )
    .order_by(Call.seq)
)
_at = func.coalesce(Receipt.spoken_at, Receipt.shown_at)
_SIGNS_OF_LIFE = (
    select(Call.seq, Receipt.device_id, _at.label("at"))
    .join(Receipt, Receipt.call_id == Call.id)
    .where(
        Call.office_id == bindparam("b_office"),
        Call.called_at >= bindparam("b_since"),
        _at > bindparam("b_called_at"),
        _at <= bindparam("b_now"),  # the server's clock may have stepped back
    )
)


def hearings(office: Office, turn_ids: Iterable[int], *, now: datetime) -> dict[int, Hearing]:
    """How the newest call of each of those turns was heard, by turn.

    A call nobody could hear, for want of a paired screen that shows its bidang, is left out.
    """
    turns = list(turn_ids)
    screens = paired_displays(office.id) if turns else {}
    if not screens:
        return {}
    connection = db.session.connection()
    newest: dict[int, list[Any]] = {}  # a turn's newest call comes last, a row for each receipt
    for row in connection.execute(_CALLS, {"b_turns": turns}):
        same = newest.setdefault(row.turn_id, [])
        if same and same[0].seq != row.seq:
            same.clear()
        same.append(row)
    waiting = [rows[0].called_at for rows in newest.values() if not any(r.spoken_at for r in rows)]
    signs = []
    if waiting:
        where = {
            "b_office": office.id,
            "b_since": now - LINE_IS_YOUNG,
            "b_called_at": min(waiting),  # what was told before it was called moves nothing
            "b_now": now,
        }
        signs = list(connection.execute(_SIGNS_OF_LIFE, where))
    heard: dict[int, Hearing] = {}
    for turn_id, rows in newest.items():
        near = {d: settings for d, settings in screens.items() if settings.shows(rows[0].code)}
        if near:
            heard[turn_id] = _hearing(office, rows, near, signs, now)
    return heard


def _hearing(
    office: Office,
    rows: list[Any],
    near: dict[int, DisplaySettings],
    signs: list[Any],
    now: datetime,
) -> Hearing:
    """Of one call, from its receipts; `signs` of life about others tell how far the line has come."""
    call = rows[0]
    receipts = [row for row in rows if row.device_id is not None]
    shown = min((r.shown_at for r in receipts), default=None)
    spoken = min((r.spoken_at for r in receipts if r.spoken_at), default=None)
    clock = office.local(shown or now).time()
    loud = {d for d, settings in near.items() if not settings.is_silent(clock)}
    line = loud or near.keys()  # a silent screen shows it sooner than another one speaks it
    headed = dict.fromkeys(line, call.called_at)  # screen by screen; a dead one delays nothing
    for sign in signs:
        if sign.seq < call.seq and sign.device_id in headed:
            headed[sign.device_id] = max(headed[sign.device_id], sign.at)
    headed |= {
        r.device_id: r.shown_at for r in receipts if r.device_id in line and r.shown_at <= now
    }
    due = max(headed.values()) + HEARD_WITHIN  # the slowest: one without sound races ahead
    if spoken:
        return Hearing(call.seq, "spoken", due, shown, spoken)
    if shown and not loud:
        return Hearing(call.seq, "shown", due, shown)
    return Hearing(call.seq, "unheard" if now >= due else "pending", due, shown)
