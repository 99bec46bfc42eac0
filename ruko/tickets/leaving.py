"""What visitors decide themselves: to leave, to come back after a missed call, to let others pass."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from ruko.audit import Actor
from ruko.db import db
from ruko.errors import N_, TooLate, WrongState
from ruko.offices import Office, opening
from ruko.tickets.days import begin_day
from ruko.tickets.models import State, Ticket, Turn
from ruko.tickets.moves import move, note_move, require_state

MAY_LEAVE = (State.WAITING, State.HELD, State.NO_SHOW)
STEP = timedelta(milliseconds=1)
"""Directly behind somebody: no newcomer's rank falls in between."""


def leave(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """Give the number up, by the visitor or by staff. Raises `WrongState` while it is called or served."""
    begin_day(office, now=now)
    require_state(turn, office, now, *MAY_LEAVE)
    move(turn, *MAY_LEAVE, to=State.CANCELLED, now=now, closed_at=now)
    note_move(office, turn, "leave", State.CANCELLED, by=by, now=now)


def rejoin(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """Wait again after a missed call, behind the next few whose turn has come.

    Raises `TooLate` after the office's window, `Closed` when nobody is served any more.
    """
    begin_day(office, now=now)
    require_state(turn, office, now, State.NO_SHOW)
    until = rejoin_until(office, turn)
    if now > until:
        raise TooLate(
            N_(
                "You do not wait again: this was possible until %(until)s."
                " Please take a new number at the kiosk."
            ),
            until=office.local(until).timetz(),
        )
    hours = opening(office, now)
    if hours.state == "closed" and hours.reason is not None:
        raise hours.reason
    ahead = _next_ones(turn, office.rejoin_behind, now=now)
    own_place = now if office.rejoin_behind else turn.rank_at
    rank_at = _behind(turn, ahead) if ahead else own_place
    move(turn, State.NO_SHOW, to=State.WAITING, now=now, rank_at=rank_at, **_anew(now))
    note_move(office, turn, "rejoin", State.WAITING, by=by, now=now)


def rejoin_until(office: Office, turn: Any) -> datetime:
    """Until when a missed turn (or its visit) may wait again."""
    missed_at: datetime = turn.missed_at or turn.called_at
    return missed_at + timedelta(minutes=office.rejoin_minutes)


def let_pass(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """Let the next visitor go first; once per visit, while waiting.

    Raises `WrongState` the second time, and when there is nobody to let pass.
    """
    begin_day(office, now=now)
    require_state(turn, office, now, State.WAITING)
    passing = _next_ones(turn, office.let_pass_behind, now=now, after_it=True)
    if not passing:
        raise WrongState(
            State.WAITING,
            N_("Your place stays as it is: nobody waits behind you who could go first."),
        )
    first_time = db.session.execute(
        update(Ticket)
        .where(Ticket.id == turn.ticket_id, Ticket.let_pass_at.is_(None))
        .values(let_pass_at=now)
        .returning(Ticket.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if first_time is None:
        raise WrongState(
            State.WAITING,
            N_("Your place stays as it is: you have already let somebody pass once."),
        )
    rank_at = _behind(turn, passing)
    move(turn, State.WAITING, to=State.WAITING, now=now, undoable=False, rank_at=rank_at)
    note_move(office, turn, "let_pass", State.WAITING, by=by, now=now)


def waiting_anew(now: datetime) -> dict[str, Any]:
    """The values of a turn that waits again from `now`, whatever became of it before."""
    return _anew(now) | {
        "state": State.WAITING,
        "closed_at": None,
        "version": Turn.version + 1,
        "stepped_at": now,
    }


def _anew(now: datetime) -> dict[str, Any]:
    return {
        "counter_id": None,
        "called_at": None,
        "missed_at": None,
        "called_by": None,
        "held_reason": None,
        "announcements": 0,
        "entered_at": now,
    }


def _next_ones(turn: Turn, count: int, *, now: datetime, after_it: bool = False) -> list[Any]:
    """The next `count` who wait with the same bidang, in calling order; with `after_it`, behind `turn`.

    Who came early for an appointment is next only from its rank on.
    """
    come = max(now, turn.entered_at)  # the clock may have stepped back
    query = _others(turn).where(Turn.rank_at <= come)
    if after_it:
        same = (Turn.rank_at == turn.rank_at) & (Turn.id > turn.id)
        query = query.where((Turn.rank_at > turn.rank_at) | same)
    return list(db.session.execute(query.limit(count)).all())


def _behind(turn: Turn, ahead: list[Any]) -> datetime:
    """A rank between the last of `ahead` and whoever follows; equal ranks stay together."""
    last: datetime = ahead[-1].rank_at
    while True:
        following = db.session.execute(_others(turn).where(Turn.rank_at > last).limit(1)).first()
        gap = (following.rank_at - last) / 2 if following else STEP
        if gap:
            return last + min(gap, STEP)
        last = following.rank_at  # type: ignore[union-attr]  # without one the gap is a step


def _others(turn: Turn) -> Any:
    return (
        select(Turn.rank_at, Turn.id)
        .where(
            Turn.bidang_id == turn.bidang_id,
            Turn.day == turn.day,
            Turn.state == State.WAITING,
            Turn.id != turn.id,
        )
        .order_by(Turn.rank_at, Turn.id)
    )
