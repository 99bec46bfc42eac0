"""Shutting a room, or the whole house, for a while: the reason is read where people would book.

A closure claims the slots that nobody has; a booking that it meets stays until the operator decides.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, or_, select, update

from ruko import offices
from ruko.audit import Actor, trail
from ruko.bookings.claims import Holder, SlotClaim, give_back, in_line, release
from ruko.bookings.models import Booking, BookingState, Room, Slot, shown_state
from ruko.bookings.queries import ON_THE_AGENDA, all_rooms, bookings_of
from ruko.db import db, upsert
from ruko.errors import N_, Invalid, NotFound, WrongState
from ruko.offices import Closure, Office, change_board

LONGEST_REASON = 200
MOST_DAYS = 366
MOST_BOOKINGS = 20_000
STILL_TO_COME = (BookingState.PENDING, *ON_THE_AGENDA)


def close(
    office: Office,
    room: Room | None,
    start: datetime,
    end: datetime,
    reason: str,
    *,
    by: Actor,
    now: datetime,
) -> Closure:
    """Shut a room (or all of the office, without one) from `start` to `end`; raises `Invalid`."""
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid("reason", N_("Please say why; villages and visitors read this sentence."))
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            "reason",
            N_("This is too long. Please use at most %(count)d characters."),
            count=LONGEST_REASON,
        )
    if end <= start:
        raise Invalid("end", N_("Please choose an end that is later than the start."))
    if end <= now:
        raise Invalid("end", N_("This time has passed. Please choose a later end."))
    if end - start > timedelta(days=MOST_DAYS):
        raise Invalid("end", N_("Please choose at most %(days)d days."), days=MOST_DAYS)
    in_line(office)
    closure = Closure(
        office_id=office.id,
        room_id=room.id if room else None,
        starts_at=start,
        ends_at=end,
        reason=reason,
    )
    db.session.add(closure)
    db.session.flush()
    cover(office, [closure])
    trail("closure", closure.id, "close", office_id=office.id, by=by, now=now, state="closed")
    change_board(office.id)
    return closure


def close_early(office: Office, reason: str, *, by: Actor, now: datetime) -> Closure:
    """Close the day early; see `offices.close_early`."""
    in_line(office)
    closure = offices.close_early(office, reason, by=by, now=now)
    cover(office, [closure])
    return closure


def reopen(office: Office, *, by: Actor, now: datetime) -> None:
    """Open the day again; see `offices.reopen`."""
    in_line(office)
    offices.reopen(office, by=by, now=now)
    _uncover(office, now)


def end_closure(closure: Closure, *, by: Actor, now: datetime) -> None:
    """End a closure now, or call it off before it began; raises `WrongState` when it is over."""
    office = db.session.get_one(Office, closure.office_id)
    in_line(office)
    ended = db.session.scalar(
        update(Closure)
        .where(Closure.id == closure.id, Closure.ends_at > now, Closure.starts_at < Closure.ends_at)
        .values(ends_at=max(now, closure.starts_at))
        .returning(Closure.id)
    )
    if ended is None:
        raise WrongState("open", N_("Nothing was changed: this closure is over already."))
    _uncover(office, now)
    trail("closure", closure.id, "reopen", office_id=office.id, by=by, now=now, state="open")
    change_board(office.id)


def get_closure(office: Office, closure_id: int) -> Closure:
    """The office's closure with that id; raises `NotFound`."""
    closure = db.session.scalar(select(Closure).filter_by(office_id=office.id, id=closure_id))
    if closure is None:
        raise NotFound
    return closure


def closures_between(office: Office, start: datetime, end: datetime) -> list[Closure]:
    """The closures that touch that stretch, the earliest first."""
    return list(
        db.session.scalars(
            select(Closure)
            .where(
                Closure.office_id == office.id,
                Closure.ends_at > start,
                Closure.starts_at < end,
                Closure.starts_at < Closure.ends_at,
            )
            .order_by(Closure.starts_at, Closure.id)
        )
    )


def closure_over(booking: Booking) -> Closure | None:
    """The closure that a booking collides with, if any."""
    near = closures_between(booking.office, booking.starts_at, booking.ends_at)
    return next((c for c in near if meets(c, booking)), None)


def meets(closure: Closure, booking: Booking) -> bool:
    """Whether the booking's time falls into the closure of its room, or of the whole office."""
    return (
        closure.room_id in {None, booking.room_id}
        and closure.starts_at < booking.ends_at
        and booking.starts_at < closure.ends_at
    )


def met_by(office: Office, closures: Sequence[Closure], now: datetime) -> dict[int, list[Booking]]:
    """The bookings still to come or under way that each closure meets, by the closure's id."""
    if not closures:
        return {}
    first = office.day(max(now, min(c.starts_at for c in closures)))
    coming = [
        booking
        for booking in bookings_of(
            office,
            now=now,
            start=first,
            end=office.day(max(c.ends_at for c in closures)),
            limit=MOST_BOOKINGS,
        )
        if booking.ends_at > now and shown_state(booking, now) in STILL_TO_COME
    ]
    return {c.id: [booking for booking in coming if meets(c, booking)] for c in closures}


def would_meet(
    office: Office, room: Room | None, start: datetime, end: datetime, now: datetime
) -> list[Booking]:
    """The bookings that a closure of that stretch would meet."""
    closure = Closure(id=0, room_id=room.id if room else None, starts_at=start, ends_at=end)
    return met_by(office, [closure], now)[0] if start < end else []


# ── Their claims ──────────────────────────────────────────────────────────────────────────────


def cover(
    office: Office, closures: Iterable[Closure], *, only: Collection[date] | None = None
) -> None:
    """Claim for each closure the slots in it that nobody has; of `only` those days, or of all."""
    claims = [
        {"room_id": room, "date": day, "slot_no": no, "closure_id": closure.id}
        for closure, room, day, no in slots_in(office, closures)
        if only is None or day in only
    ]
    for some in range(0, len(claims), 200):  # SQLite binds a limited number of values
        db.session.execute(
            upsert(SlotClaim.__table__)
            .values(claims[some : some + 200])
            .on_conflict_do_nothing(index_elements=["room_id", "date", "slot_no"])
        )


def slots_in(
    office: Office, closures: Iterable[Closure]
) -> Iterator[tuple[Closure, int, date, int]]:
    """The slots that closures touch, as closure, room, day and number."""
    closures = list(closures)
    if not closures:
        return
    slots = db.session.scalars(select(Slot).filter_by(office_id=office.id)).all()
    rooms = [room.id for room in all_rooms(office)]
    for closure in closures:
        for day in _days(office, closure):
            for slot in slots:
                if (
                    slot.weekday == day.weekday()
                    and office.at(day, slot.starts) < closure.ends_at
                    and office.at(day, slot.ends) > closure.starts_at
                ):
                    for room in rooms:
                        if closure.room_id in {None, room}:
                            yield closure, room, day, slot.no


def vacate(office: Office, *holders: Holder) -> None:
    """Give back all that they occupy; a closure that had met them claims it now."""
    _cover_again(office, release(holders))


def vacate_from(office: Office, holder: Holder, slot_no: int) -> None:
    """Give back the slots and officers from that slot on; the quota seat stays."""
    _cover_again(office, give_back([holder], slots_from=slot_no))


def _cover_again(office: Office, days: Collection[date]) -> None:
    if days:
        start, end = office.at(min(days), time.min), office.at(max(days), time.max)
        cover(office, closures_between(office, start, end), only=days)


def _uncover(office: Office, now: datetime) -> None:
    """Closures that ended give their slots back; another one may want them."""
    ended = db.session.execute(
        select(Closure.id, SlotClaim.date)
        .join(SlotClaim, SlotClaim.closure_id == Closure.id)
        .where(
            Closure.office_id == office.id,
            or_(Closure.ends_at <= now, Closure.starts_at == Closure.ends_at),
        )
    ).all()
    ids, days = {row.id for row in ended}, {row.date for row in ended}
    db.session.execute(delete(SlotClaim).where(SlotClaim.closure_id.in_(ids)))
    _cover_again(office, days)


def _days(office: Office, closure: Closure) -> list[date]:
    first, last = office.day(closure.starts_at), office.day(closure.ends_at)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
