"""The second question is the day, the third one the room and the time."""

from datetime import date

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.routes import booker, bp
from booking.steps import Time, keep_time, onward, pressed_time, step, step_page
from ruko import clock
from ruko.bookings import (
    Booking,
    BookingState,
    DayGrid,
    Draft,
    bookings_of,
    day_grid,
    period_of,
    quota_of,
    unsent_drafts,
)
from ruko.errors import Invalid, NotFound, RukoError
from ruko.web import commit, current_office, undo
from ruko.web.timetable import (
    day_strip,
    lengths_of,
    read_date,
    read_time_choice,
    reasons_of,
)

GIVEN_BACK = {BookingState.DECLINED, BookingState.CANCELLED, BookingState.EXPIRED}


@bp.get("/d/<token>/date", endpoint="date")
@step
def date_(draft: Draft) -> ResponseReturnValue:
    """The next ten days with service, and how much is free on each."""
    office, now = current_office(), clock.now()
    asked = request.args.get("from")
    strip = day_strip(
        office,
        read_date(asked) if asked else draft.date,
        now,
        bidang=draft.bidang,
        besides=draft,
    )
    quotas = {
        week.period: quota_of(office, draft.village, week.days[0].date, now, besides=draft)
        for week in strip.weeks
    }
    used_up = [period for period, quota in quotas.items() if not quota.left]
    return step_page(
        "date",
        draft,
        strip=strip,
        quotas=quotas,
        shut_weeks=[] if booker().runs_office else used_up,
    )


@bp.get("/d/<token>/time", endpoint="time")
@step
def time_(draft: Draft) -> ResponseReturnValue:
    """The rooms of a day, with their hours."""
    asked = request.args.get("date")
    day = read_date(asked) if asked else draft.date
    if day is None:
        return redirect(url_for("booking.date", token=draft.token))
    return _page(draft, day)


@bp.post("/d/<token>/time")
@step
def take_time(draft: Draft) -> ResponseReturnValue:
    """Hold the chosen time; one that was taken meanwhile leads to the nearest others."""
    day = draft.date or current_office().day(clock.now())
    try:
        chosen = pressed_time(draft)
        if chosen is None:
            day = read_date(request.form.get("date", ""))
            grid = _grid(draft, day)
            if grid.closed_reason:
                raise grid.closed_reason
            choice = read_time_choice(current_office(), grid, request.form)
            chosen = Time(choice.room, day, choice.start, choice.end)
        keep_time(draft, chosen, quota_reason=_quota_reason())
    except NotFound:  # thrown away in another tab: nothing is left to show
        raise
    except RukoError as error:
        undo()
        return _page(draft, day, error), error.status
    return commit(redirect(onward(draft), 303))


def _quota_reason() -> str | None:
    """Why the week's quota is passed; the office alone may say it."""
    return request.form.get("quota_reason") if booker().runs_office else None


def _grid(draft: Draft, day: date) -> DayGrid:
    return day_grid(
        current_office(),
        day,
        village=draft.village,
        now=clock.now(),
        bidang=draft.bidang,
        besides=draft,
    )


def _page(draft: Draft, day: date, error: RukoError | None = None) -> str:
    grid = _grid(draft, day)
    may_pass = booker().runs_office
    full = grid.quota is not None and not grid.quota.left
    field = error.field if isinstance(error, Invalid) else None
    if field in {"start", "end", "date"}:
        field = "visit_end" if request.form.get("when") == "visit" else "when"
    return step_page(
        "time",
        draft,
        grid=grid,
        error=error,
        error_field=field,
        entered=_entered(draft, day),
        lengths=lengths_of(grid),
        reasons=reasons_of(grid),
        own=_own_codes(draft, day),
        full=full,
        unsent=_others_held(draft, day) if full else 0,
        bookable=may_pass or not full,
        asks_reason=may_pass and full,
        here=url_for("booking.time", token=draft.token, date=day),
    )


def _entered(draft: Draft, day: date) -> dict[str, str]:
    """What is chosen on the page: what was sent, else what the draft has on that day."""
    if request.method == "POST" and "when" in request.form:
        return request.form.to_dict()
    if draft.date != day or draft.starts_at is None:
        return {"when": request.args.get("when", "")}
    start, end = (moment.time().isoformat("minutes") for moment in draft.hours)
    when = f"{draft.room_id} {start}" if draft.room_id else "visit"
    hours = (draft.last_slot or 0) - (draft.first_slot or 0) + 1
    return {
        "when": when,
        "hours": str(hours),
        "visit_start": start,
        "visit_end": end,
        "quota_reason": draft.quota_reason or "",
    }


def _others_held(draft: Draft, day: date) -> int:
    """How many seats of that week are kept for other requests of the village that were not sent."""
    now = clock.now()
    others = unsent_drafts(current_office(), village=draft.village, by=booker().actor, now=now)
    return sum(
        other.id != draft.id
        and other.holds(now)
        and other.date is not None
        and period_of(other.date) == period_of(day)
        for other in others
    )


def _own_codes(draft: Draft, day: date) -> dict[tuple[int | None, int], str]:
    """Room and slot of the village's own bookings of the day, with their codes."""

    def slots(booking: Booking) -> range:
        return range(booking.first_slot, booking.last_slot + 1)

    of_the_day = bookings_of(
        current_office(), now=clock.now(), start=day, end=day, village=draft.village
    )
    return {
        (booking.room_id, no): booking.code
        for booking in of_the_day
        if booking.state not in GIVEN_BACK
        for no in slots(booking)
    }
