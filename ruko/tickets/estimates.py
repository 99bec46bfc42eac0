"""How long the wait may be: a range from recent services, or nothing at all. Never a made-up number."""

from datetime import date, datetime, timedelta

from sqlalchemy import DateTime, bindparam, func, select, type_coerce

from ruko.db import db
from ruko.tickets.models import AT_COUNTER, State, Turn, state_in

SAMPLES = 20
"""How many of a bidang's latest services are looked at."""
FEWEST_SAMPLES = 5
"""Below this the wait is not known."""
RECENT = timedelta(days=30)
STEP_MINUTES = 5
"""Ranges are told in whole steps; finer would promise more than is known."""

_turns = Turn.__table__
_DURATIONS = (
    select(
        type_coerce(_turns.c.started_at, DateTime()).label("began"),  # as the engine has them:
        type_coerce(_turns.c.closed_at, DateTime()).label("ended"),  # their difference counts
        _turns.c.served_seconds,
    )
    .where(
        _turns.c.bidang_id == bindparam("b_bidang"),
        state_in(State.DONE),
        _turns.c.closed_at > bindparam("b_since"),
        _turns.c.closed_at <= bindparam("b_now"),  # a wrong clock's future tells nothing, and
        _turns.c.closed_at >= _turns.c.started_at,  # it may have stepped back during a service
    )
    .order_by(_turns.c.closed_at.desc())
    .limit(SAMPLES)
)
_others = _turns.alias("others")
_DESKS = (
    select(func.count())
    .select_from(_others)
    .where(
        _others.c.bidang_id == bindparam("b_bidang"),
        _others.c.day == bindparam("b_day"),
        state_in(*AT_COUNTER, of=_others),
    )
)
_DURATIONS_AND_DESKS = _DURATIONS.add_columns(_DESKS.scalar_subquery().label("desks"))
"""In one statement: without a service nothing is known anyhow."""

Range = tuple[int, int]


def estimate(
    bidang_id: int, people_ahead: int, *, day: date, now: datetime, desks: int | None = None
) -> Range | None:
    """Minutes until the turn of somebody with `people_ahead` before them: (at least, at most).

    From the middle half of the bidang's latest services and its active desks; None under
    `FEWEST_SAMPLES` services. Nobody ahead and a free desk is (0, 0).
    `desks` is how many serve, where the caller knows it.
    """
    rows = (
        db.session.connection()
        .execute(
            _DURATIONS if desks is not None else _DURATIONS_AND_DESKS,
            {"b_bidang": bidang_id, "b_day": day, "b_since": now - RECENT, "b_now": now},
        )
        .all()
    )
    if desks is None:
        desks = rows[0].desks if rows else 0
    minutes = sorted(
        (row.served_seconds + (row.ended - row.began).total_seconds()) / 60 for row in rows
    )
    return wait_range(minutes, people_ahead, desks)


def wait_range(minutes: list[float], people_ahead: int, desks: int) -> Range | None:
    """The range from sorted service times; see `estimate`."""
    if len(minutes) < FEWEST_SAMPLES:
        return None
    if people_ahead == 0 and desks == 0:
        return 0, 0
    quick, slow = _quantile(minutes, 0.25), _quantile(minutes, 0.75)
    least = quick * people_ahead / max(desks, 1)
    most = slow * (people_ahead + 1) / max(desks, 1)
    lowest = int(least // STEP_MINUTES) * STEP_MINUTES
    highest = -int(-most // STEP_MINUTES) * STEP_MINUTES
    return lowest, max(highest, lowest + STEP_MINUTES)


def _quantile(values: list[float], share: float) -> float:
    position = share * (len(values) - 1)
    below, above = values[int(position)], values[min(int(position) + 1, len(values) - 1)]
    return below + (above - below) * (position - int(position))
