"""The fair share of a village: so many meetings in a week, counted in seats."""

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
        or_(
            and_(
                Booking.id.is_not(None),
                or_(
                    Booking.state != str(BookingState.PENDING),
                    Booking.starts_at > bindparam("b_now"),
                ),
            ),
            Draft.held_until > bindparam("b_now"),
        ),
    )
)
