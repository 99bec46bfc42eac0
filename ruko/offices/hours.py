"""When the office is open, and why it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import and_, bindparam, select

from ruko.db import db
from ruko.errors import N_, Closed
from ruko.offices.models import Closure, Holiday, Hours, Office

LOOK_AHEAD_DAYS = 60
"""How far the next opening is looked for; no chain of holidays is longer."""

_CUTS = and_(
    Closure.office_id == bindparam("b_office"),
    Closure.room_id.is_(None),
    Closure.ends_at > bindparam("b_from"),
    Closure.starts_at < bindparam("b_to"),
    Closure.starts_at < Closure.ends_at,  # one called off before it began cuts nothing
)
_CLOSURES = (
    select(Closure.starts_at, Closure.ends_at, Closure.reason)
    .where(_CUTS)
    .order_by(Closure.starts_at)
)
_SPANS = (
    select(Hours.opens, Hours.closes, Holiday.name, Closure.starts_at, Closure.ends_at)
    .outerjoin(
        Holiday,
        and_(Holiday.office_id == Hours.office_id, Holiday.date == bindparam("b_date")),
    )
    .outerjoin(Closure, _CUTS)
    .where(Hours.office_id == bindparam("b_office"), Hours.weekday == bindparam("b_weekday"))
    .order_by(Hours.opens)
)
"""Each span beside each closure of the day: numbers are given by one question."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of service without a break, as moments."""

    opens: datetime
    closes: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.opens <= moment < self.closes


@dataclass(frozen=True, slots=True)
class Opening:
    """What the public may know about the hours at one moment."""

    state: Literal["open", "break", "closed"]
    today: tuple[Span, ...]
    reason: Closed | None
    """The sentence to show; also in service hours when no more numbers are given."""
    opens_at: datetime | None
    """The beginning of the running span, or of the next one."""
    closes_at: datetime | None
    """The end of that same span."""
    numbers: bool
    """Whether a number can be taken at this moment."""
    last_number_at: datetime | None
    """Until when numbers are given in the span of `opens_at`."""


def spans_on(office: Office, day: date) -> tuple[tuple[Span, ...], str | None]:
    """The spans of service on `day` without its closures; the holiday's name where one empties it."""
    where = _touching(office, day, day) | {"b_date": day, "b_weekday": day.weekday()}
    rows = db.session.connection().execute(_SPANS, where).all()
    if rows and rows[0].name is not None:
        return (), rows[0].name
    spans = dict.fromkeys(Span(office.at(day, r.opens), office.at(day, r.closes)) for r in rows)
    return _without(tuple(spans), [row for row in rows if row.starts_at is not None]), None


def calendar_of(
    office: Office, first: date, last: date
) -> dict[date, tuple[tuple[Span, ...], str | None]]:
    """What `spans_on` says of each day from `first` to `last`, in three queries for all of them."""
    hours = db.session.execute(
        select(Hours.weekday, Hours.opens, Hours.closes)
        .filter_by(office_id=office.id)
        .order_by(Hours.opens)
    ).all()
    holidays = {
        row.date: row.name
        for row in db.session.execute(
            select(Holiday.date, Holiday.name)
            .filter_by(office_id=office.id)
            .where(Holiday.date.between(first, last))
        )
    }
    closures = _closures(office, first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        day: (
            _without(
                tuple(
                    Span(office.at(day, row.opens), office.at(day, row.closes))
                    for row in hours
                    if row.weekday == day.weekday() and day not in holidays
                ),
                closures,
            ),
            holidays.get(day),
        )
        for day in days
    }


def closures_on(office: Office, day: date) -> Sequence[Any]:
    """When and why all of the office is closed on that day, beside its hours and holidays."""
    return _closures(office, day, day)


def _closures(office: Office, first: date, last: date) -> Sequence[Any]:
    """The closures that touch the days from `first` to `last`."""
    return db.session.connection().execute(_CLOSURES, _touching(office, first, last)).all()


def _touching(office: Office, first: date, last: date) -> dict[str, Any]:
    """The days from `first` to `last`, for `_CUTS`."""
    return {
        "b_office": office.id,
        "b_from": office.at(_within_reach(first), time.min),
        "b_to": office.at(_within_reach(last) + timedelta(days=1), time.min),
    }


def _within_reach(day: date) -> date:
    """The day, kept off the calendar's ends, which have no moment in every zone."""
    return min(max(day, date(1900, 1, 1)), date(9990, 1, 1))


def _without(spans: tuple[Span, ...], closures: Sequence[Any]) -> tuple[Span, ...]:
    """What is left of the spans when the closures are cut out."""
    for closure in closures:
        pieces = [
            piece
            for span in spans
            for piece in (
                Span(span.opens, min(span.closes, closure.starts_at)),
                Span(max(span.opens, closure.ends_at), span.closes),
            )
            if piece.opens < piece.closes
        ]
        spans = tuple(dict.fromkeys(pieces))
    return spans


def opening(office: Office, now: datetime) -> Opening:
    """Whether the office is open at `now`, in a break, or closed; and what comes next."""
    today = office.day(now)
    spans, holiday = spans_on(office, today)
    running = next((span for span in spans if now in span), None)
    if running:
        last = _last_number(office, running)
        numbers = now < last
        return Opening(
            "open",
            spans,
            None if numbers else _no_more_numbers(office, now, last),
            running.opens,
            running.closes,
            numbers,
            last,
        )
    ahead = next((span for span in spans if span.opens > now), None)
    state: Literal["break", "closed"] = "break" if ahead and ahead != spans[0] else "closed"
    following = ahead or _next_span(office, today)
    return Opening(
        state,
        spans,
        _why_closed(office, now, following, state=state, holiday=holiday, has_hours=bool(spans)),
        following.opens if following else None,
        following.closes if following else None,
        False,
        _last_number(office, following) if following else None,
    )


def require_numbers(office: Office, now: datetime) -> Opening:
    """Pass while numbers are given; raises `Closed` in a break, outside hours, after the last number."""
    state = opening(office, now)
    if state.reason is not None:
        raise state.reason
    return state


def closure_now(office: Office, now: datetime) -> Closure | None:
    """The closure of the whole office that runs at `now`, such as a day that was closed early."""
    return db.session.scalar(
        select(Closure)
        .where(
            Closure.office_id == office.id,
            Closure.room_id.is_(None),
            Closure.starts_at <= now,
            Closure.ends_at > now,
        )
        .limit(1)
    )


def first_open_days(office: Office, start: date, count: int) -> list[date]:
    """The first `count` days with service from `start` on."""
    days = calendar_of(office, start, start + timedelta(days=LOOK_AHEAD_DAYS))
    return [day for day, (spans, _) in days.items() if spans][:count]


def _last_number(office: Office, span: Span) -> datetime:
    return span.closes - timedelta(minutes=office.last_number_minutes)


def _next_span(office: Office, today: date) -> Span | None:
    days = first_open_days(office, today + timedelta(days=1), 1)
    return spans_on(office, days[0])[0][0] if days else None


def _no_more_numbers(office: Office, now: datetime, last: datetime) -> Closed:
    spans, _ = spans_on(office, office.day(now))
    following = next((s for s in spans if s.opens > now), None) or _next_span(
        office, office.day(now)
    )
    if following is None:
        return Closed(
            N_("No more numbers are given; the last one was at %(last)s."),
            last=office.local(last).timetz(),
        )
    return Closed(
        N_(
            "No more numbers are given in this session since %(last)s. Numbers are given again from %(opens)s."
        ),
        last=office.local(last).timetz(),
        opens=_when(office, now, following),
    )


def _when(office: Office, now: datetime, span: Span) -> object:
    """A time for today, a full moment for another day; the doors say either in words."""
    opens = office.local(span.opens)
    return opens.timetz() if opens.date() == office.day(now) else opens


def _why_closed(
    office: Office,
    now: datetime,
    following: Span | None,
    *,
    state: str,
    holiday: str | None,
    has_hours: bool,
) -> Closed:
    if following is None:
        return Closed(N_("The office is closed. Its next opening is not known yet."))
    opens = _when(office, now, following)
    if closure := closure_now(office, now):
        message = N_("The office closed early today: %(reason)s. It opens again on %(opens)s.")
        return Closed(message, reason=closure.reason.rstrip("."), opens=opens)
    if holiday:
        message = N_("The office is closed today (%(holiday)s). It opens again on %(opens)s.")
        return Closed(message, holiday=holiday, opens=opens)
    if state == "break":
        message = N_("The office has a break. Service continues at %(opens)s.")
    elif not has_hours:
        message = N_("The office is closed today. It opens again on %(opens)s.")
    elif office.local(following.opens).date() == office.day(now):
        message = N_("The office is not open yet. It opens at %(opens)s.")
    else:
        message = N_("Service for today has ended. The office opens again on %(opens)s.")
    return Closed(message, opens=opens)
