"""The places: one visitor each, or a break, which the board shows and the next call ends."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from ruko.audit import Actor, trail
from ruko.db import db, upsert
from ruko.errors import N_, Invalid, RukoError
from ruko.offices import Bidang, Counter, Office, change_board
from ruko.tickets.days import begin_day
from ruko.tickets.models import AT_COUNTER, CounterBreak, Turn, state_in

LONGEST_MINUTES = 240

_breaks = CounterBreak.__table__
_RUNNING = (
    select(
        _breaks.c.counter_id,
        _breaks.c.bidang_id,
        _breaks.c.started_at,
        _breaks.c.back_at,
        Counter.name,
    )
    .join(Counter, Counter.id == _breaks.c.counter_id)
    .where(
        Counter.office_id == bindparam("b_office"),
        _breaks.c.day == bindparam("b_day"),
        _breaks.c.ended_at.is_(None),
    )
    .order_by(Counter.position, Counter.id)
)
_OCCUPIED = select(Turn.id).where(Turn.counter_id == bindparam("b_counter"), state_in(*AT_COUNTER))
_END = (
    update(_breaks)  # type: ignore[arg-type]  # a mapped table is a Table
    .where(_breaks.c.counter_id == bindparam("b_counter"), _breaks.c.ended_at.is_(None))
    .values(ended_at=bindparam("b_now"))
    .returning(_breaks.c.bidang_id)
)


class CounterBusy(RukoError):
    """One place serves one visitor at a time."""

    code = "counter_busy"
    status = 409
    message = N_(
        "%(counter)s still has a visitor. Finish or transfer that visit first, then call the next one."
    )

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter=counter.name)


def keep_breaks_away(counter: Counter) -> None:
    """Let no break begin here meanwhile, as the foreign key does for whoever is called to a new place."""
    row = select(Counter.id).where(Counter.id == counter.id)
    db.session.execute(row.with_for_update(read=True, key_share=True))


def require_free(counter: Counter) -> None:
    """Raise `CounterBusy` while somebody is called to or served at this place."""
    occupied = db.session.connection().execute(_OCCUPIED, {"b_counter": counter.id})
    if occupied.first() is not None:
        raise CounterBusy(counter)


class Rest(NamedTuple):
    """A break that runs."""

    counter_id: int
    bidang_id: int
    started_at: datetime
    back_at: datetime | None
    place: str


def take_break(
    office: Office,
    bidang: Bidang,
    counter: Counter,
    *,
    minutes: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Begin a break at a free place; `minutes` tell the visitors when service goes on.

    A break that runs already gets the new time. Raises `CounterBusy`, `Invalid`.
    """
    if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid(
            "minutes",
            N_("Please choose between 1 and %(count)d minutes."),
            count=LONGEST_MINUTES,
        )
    begin_day(office, now=now)
    db.session.execute(select(Counter.id).where(Counter.id == counter.id).with_for_update())
    require_free(counter)
    back_at = now + timedelta(minutes=minutes) if minutes else None
    db.session.execute(
        upsert(_breaks)
        .values(
            counter_id=counter.id,
            bidang_id=bidang.id,
            day=office.day(now),
            started_at=now,
            back_at=back_at,
        )
        .on_conflict_do_update(
            index_elements=["counter_id"],
            index_where=_breaks.c.ended_at.is_(None),
            set_={"back_at": back_at, "bidang_id": bidang.id},
        )
    )
    trail("counter", counter.id, "break", office_id=office.id, by=by, now=now, bidang=bidang.code)
    change_board(office.id, bidang.code)


def end_break(office: Office, counter: Counter, *, by: Actor, now: datetime) -> None:
    """Serve again; does nothing when there is no break."""
    this = {"b_counter": counter.id, "b_now": now}
    ended = db.session.connection().execute(_END, this).scalar()
    if ended is None:
        return
    bidang = db.session.get_one(Bidang, ended)
    trail("counter", counter.id, "back", office_id=office.id, by=by, now=now, bidang=bidang.code)
    change_board(office.id, bidang.code)


def breaks_now(office: Office, *, now: datetime) -> list[Rest]:
    """The breaks that run, by place."""
    where = {"b_office": office.id, "b_day": office.day(now)}
    return [Rest(*row) for row in db.session.connection().execute(_RUNNING, where)]
