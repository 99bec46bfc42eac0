"""How long the wait may be: a range from recent services, or nothing at all. Never a made-up number."""

from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, func, select

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
    select(_turns.c.started_at, _turns.c.closed_at, _turns.c.served_seconds)
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
_DESKS = select(func.count()).where(
    _turns.c.bidang_id == bindparam("b_bidang"),
    _turns.c.day == bindparam("b_day"),
    state_in(*AT_COUNTER),
)

Range = tuple[int, int]


def estimate(
    bidang_id: int, people_ahead: int, *, day: date, now: datetime, desks: int | None = None
) -> Range | None:
    """Minutes until the turn of somebody with `people_ahead` before them: (at least, at most).

    From the middle half of the bidang's latest services and its active desks; None under
    `FEWEST_SAMPLES` services. Nobody ahead and a free desk is (0, 0).
    `desks` is how many serve, where the caller knows it.
    """
    connection = db.session.connection()
    if desks is None:
        desks = connection.execute(_DESKS, {"b_bidang": bidang_id, "b_day": day}).scalar_one()
    rows = connection.execute(
        _DURATIONS, {"b_bidang": bidang_id, "b_since": now - RECENT, "b_now": now}
    ).all()
    minutes = sorted(
        (row.served_seconds + (row.closed_at - row.started_at).total_seconds()) / 60 for row in rows
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
