"""Figures of the day: what a bidang and an account have done so far, and whose numbers are all taken."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import bindparam, case, func, select

from ruko.db import db
from ruko.offices import Bidang, Office
from ruko.tickets.models import State, TicketSeries, Turn

_TODAY = select(
    func.count(),
    func.sum(case((Turn.state == State.DONE, 1), else_=0)),
    func.sum(case((Turn.state == State.NO_SHOW, 1), else_=0)),
).where(Turn.bidang_id == bindparam("b_bidang"), Turn.day == bindparam("b_day"))
_WAITS = select(Turn.entered_at, Turn.called_at).where(
    Turn.bidang_id == bindparam("b_bidang"),
    Turn.day == bindparam("b_day"),
    Turn.called_at.is_not(None),
)
_OWN = (
    select(
        Turn.state,
        Turn.entered_at,
        Turn.called_at,
        Turn.started_at,
        Turn.closed_at,
        Turn.served_seconds,
    )
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .where(
        Bidang.office_id == bindparam("b_office"),
        Turn.day == bindparam("b_day"),
        Turn.called_by == bindparam("b_account"),
    )
)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A bidang's day so far; the median wait in whole minutes, None before the first call."""

    issued: int
    done: int
    no_show: int
    median_wait_minutes: int | None


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """One account's day so far; means in whole minutes, None without any."""

    done: int
    no_show: int
    mean_wait_minutes: int | None
    mean_service_minutes: int | None


def day_figures(where: dict[str, Any]) -> DayFigures:
    """A bidang's figures; `where` names it and its day, as its other queries do."""
    connection = db.session.connection()
    issued, done, missed = connection.execute(_TODAY, where).one()
    waits = [_minutes(row.entered_at, row.called_at) for row in connection.execute(_WAITS, where)]
    return DayFigures(issued, done or 0, missed or 0, round(median(waits)) if waits else None)


def own_figures(office: Office, account_id: int, *, now: datetime) -> OwnFigures:
    """What one account has done today, whichever place it sat at."""
    rows = db.session.execute(
        _OWN, {"b_account": account_id, "b_day": office.day(now), "b_office": office.id}
    ).all()
    done = [row for row in rows if row.state == State.DONE]
    waits = [_minutes(row.entered_at, row.called_at) for row in done if row.called_at]
    services = [
        row.served_seconds / 60 + _minutes(row.started_at, row.closed_at)
        for row in done
        if row.started_at and row.closed_at
    ]
    missed = sum(row.state == State.NO_SHOW for row in rows)
    return OwnFigures(len(done), missed, _mean(waits), _mean(services))


def full_bidang(office: Office, *, now: datetime) -> set[int]:
    """The bidang, by their id, whose numbers of today are all taken."""
    of_today = (
        (TicketSeries.office_id == Bidang.office_id)
        & (TicketSeries.letter == Bidang.letter)
        & (TicketSeries.day == office.day(now))
    )
    rows = db.session.execute(
        select(Bidang.id)
        .outerjoin(TicketSeries, of_today)
        .where(
            Bidang.office_id == office.id,
            func.coalesce(TicketSeries.last, 0) >= Bidang.daily_capacity,
        )
    )
    return set(rows.scalars())


def _minutes(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds() / 60)  # the clock may step back


def _mean(minutes: list[float]) -> int | None:
    return round(sum(minutes) / len(minutes)) if minutes else None
