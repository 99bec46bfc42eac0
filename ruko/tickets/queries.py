"""The queue as its desk sees it: one bidang's visits, and who is at the counters."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam

from ruko.db import db
from ruko.offices import Bidang, Counter, Office
from ruko.tickets.figures import DayFigures, day_figures
from ruko.tickets.models import AT_COUNTER, IN_THE_QUEUE, State, Turn, state_in
from ruko.tickets.visits import VISITS, Visit, visit_of

_OF_BIDANG = VISITS.where(
    Turn.bidang_id == bindparam("b_bidang"),
    Turn.day == bindparam("b_day"),
    state_in(*IN_THE_QUEUE),
).order_by(Turn.rank_at, Turn.id)
_AT_COUNTERS = VISITS.where(
    Counter.office_id == bindparam("b_office"),
    Turn.day == bindparam("b_day"),
    state_in(*AT_COUNTER),
)


@dataclass(frozen=True, slots=True)
class Queue:
    """One bidang's queue today: at the counters, waiting in calling order, held, missed."""

    current: tuple[Visit, ...]
    waiting: tuple[Visit, ...]
    held: tuple[Visit, ...]
    no_show: tuple[Visit, ...]
    today: DayFigures


def queue_of(office: Office, bidang: Bidang, *, now: datetime) -> Queue:
    """The bidang's queue of today in one reading."""
    today = office.day(now)
    where = {"b_bidang": bidang.id, "b_day": today}
    rows = db.session.connection().execute(_OF_BIDANG, where).all()
    waiting = [row for row in rows if row.state == State.WAITING]
    return Queue(
        current=tuple(visit_of(r, today, 0) for r in rows if r.state in AT_COUNTER),
        waiting=tuple(visit_of(row, today, ahead) for ahead, row in enumerate(waiting)),
        held=tuple(visit_of(r, today, 0) for r in rows if r.state == State.HELD),
        no_show=tuple(visit_of(r, today, 0) for r in rows if r.state == State.NO_SHOW),
        today=day_figures(where),
    )


def visits_at_counters(office: Office, *, now: datetime) -> dict[int, Visit]:
    """Who is called to or served at each occupied place now, by the place's id."""
    today = office.day(now)
    where = {"b_office": office.id, "b_day": today}
    rows = db.session.connection().execute(_AT_COUNTERS, where)
    return {row.counter: visit_of(row, today, 0) for row in rows}
