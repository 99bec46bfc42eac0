"""The fair share of a village: so many meetings in a week, counted in seats."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, func, or_, select

from ruko.bookings.claims import QuotaSeat, period_of
from ruko.bookings.models import Booking, BookingState, Draft
from ruko.db import db
from ruko.offices import Office, Village


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of a village's seats in one week are used."""

    period: str
    limit: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def quota_of(
    office: Office,
    village: Village,
    day: date,
    now: datetime,
    *,
    besides: Draft | Booking | None = None,
) -> Quota:
    """The village's quota in the week of `day`; overdue requests and ended holds no longer count.

    The seat of `besides` does not count: it moves with it.
    """
    used = db.session.scalar(
        _USED,
        {
            "b_village": village.id,
            "b_period": period_of(day),
            "b_now": now,
            "b_besides_booking": besides.id if isinstance(besides, Booking) else 0,
            "b_besides_draft": besides.id if isinstance(besides, Draft) else 0,
        },
    )
    return Quota(period_of(day), office.quota_per_week, used or 0)


def quotas_of(
    office: Office, bookings: Collection[Booking], now: datetime
) -> dict[tuple[int, str], Quota]:
    """The quotas of these bookings' villages in their weeks, by the village's id and the week."""
    asked = {(booking.village_id, period_of(booking.date)) for booking in bookings}
    rows = db.session.execute(
        _USED_BY_MANY,
        {
            "b_villages": [village_id for village_id, _ in asked],
            "b_periods": [period for _, period in asked],
            "b_now": now,
        },
    )
    used = {(row.village_id, row.period): row.used for row in rows}
    return {of: Quota(of[1], office.quota_per_week, used.get(of, 0)) for of in asked}


_STILL_TAKEN = or_(
    and_(
        Booking.id.is_not(None),
        or_(
            Booking.state != str(BookingState.PENDING),
            Booking.starts_at > bindparam("b_now"),
        ),
    ),
    Draft.held_until > bindparam("b_now"),
)
_USED = (
    select(func.count())
    .select_from(QuotaSeat)
    .outerjoin(Booking, Booking.id == QuotaSeat.booking_id)
    .outerjoin(Draft, Draft.id == QuotaSeat.draft_id)
    .where(
        QuotaSeat.village_id == bindparam("b_village"),
        QuotaSeat.period == bindparam("b_period"),
        QuotaSeat.booking_id.is_distinct_from(bindparam("b_besides_booking")),
        QuotaSeat.draft_id.is_distinct_from(bindparam("b_besides_draft")),
        _STILL_TAKEN,
    )
)
_USED_BY_MANY = (
    select(QuotaSeat.village_id, QuotaSeat.period, func.count().label("used"))
    .outerjoin(Booking, Booking.id == QuotaSeat.booking_id)
    .outerjoin(Draft, Draft.id == QuotaSeat.draft_id)
    .where(
        QuotaSeat.village_id.in_(bindparam("b_villages", expanding=True)),
        QuotaSeat.period.in_(bindparam("b_periods", expanding=True)),
        _STILL_TAKEN,
    )
    .group_by(QuotaSeat.village_id, QuotaSeat.period)
)
