"""When the turn may come, as a time on the wall clock."""

from datetime import datetime, timedelta
from typing import Any

from ruko.offices import Office, opening
from ruko.tickets import Visit, estimate_for

STEP = timedelta(minutes=5)


def clock_estimate(office: Office, visit: Visit, *, now: datetime) -> dict[str, Any]:
    """For a page: `minutes` of the wait, and `between`, the two times it leads to.

    `between` is None when that is not known, straight away, or past the end of this session: an
    estimate does not know what follows a break. After the day's last session nothing is known.
    """
    hours = opening(office, now)
    today = hours.opens_at is not None and office.day(hours.opens_at) == office.day(now)
    minutes = estimate_for(visit, now=now) if today else None
    between = None
    if minutes and minutes[1] and hours.opens_at and hours.closes_at:
        begin = max(now, hours.opens_at)
        times = [_rounded(begin + timedelta(minutes=wait)) for wait in minutes]
        if times[1] <= hours.closes_at:
            between = times
    return {"minutes": minutes, "between": between, "hours": hours}


def _rounded(moment: datetime) -> datetime:
    """To the next whole step."""
    past = timedelta(
        minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment - past + STEP if past else moment
