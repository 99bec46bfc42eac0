"""The turn that a ticket's token stands for, and how it moves.

Each move is one conditional UPDATE; where it touches no row somebody was faster.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from ruko.audit import Actor, trail
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import N_, Invalid, WrongState
from ruko.offices import Bidang, Counter, Office, change_board
from ruko.tickets.models import AT_COUNTER, OPEN, State, Ticket, Turn

LONGEST_REASON = 500


def find_turn(office: Office, ticket_token: object) -> Turn | None:
    """The ticket's latest turn in this office, or None."""
    if not isinstance(ticket_token, str):
        return None
    return db.session.scalar(
        select(Turn)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .where(Ticket.token == ticket_token, Ticket.office_id == office.id)
        .order_by(Turn.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def turn_at(counter: Counter) -> Turn | None:
    """The turn that is called to or served at this place, or None."""
    return db.session.scalar(
        select(Turn)
        .where(Turn.counter_id == counter.id, Turn.state.in_(AT_COUNTER))
        .execution_options(populate_existing=True)
    )


def state_on(turn: Turn, office: Office, now: datetime) -> State:
    """The turn's state as it reads at `now`: what another day left open has expired."""
    state = State(turn.state)
    return State.EXPIRED if turn.day != office.day(now) and state in OPEN else state


def require_state(turn: Turn, office: Office, now: datetime, *states: State) -> None:
    """Raise `WrongState` with the present state unless it is one of `states`, and of today."""
    shown = state_on(turn, office, now)
    if shown not in states or turn.day != office.day(now):
        raise WrongState(shown)


# ── How a turn stood before ───────────────────────────────────────────────────────────────────

_KEPT = (
    *("counter_id", "rank_at", "entered_at", "called_at", "started_at", "closed_at", "missed_at"),
    *("announcements", "served_seconds", "called_by", "held_reason", "outcome", "result_note"),
)
_ALWAYS = {"rank_at", "entered_at", "served_seconds"}
"""Where `before` does not tell these, the step left them alone."""
JUST_WAITING: dict[str, Any] = {"state": State.WAITING.value}
"""What a turn that waits looks like: what is not told is empty, and its rank is its own."""


def as_it_stands(turn: Turn) -> dict[str, Any]:
    """The turn for its `before`: its state and what a step may change, ready for JSON."""
    values = {name: getattr(turn, name) for name in _KEPT}
    return {"state": State(turn.state).value} | {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def as_it_stood(before: dict[str, Any]) -> dict[str, Any]:
    """The values that put a turn back to how it stood."""
    values: dict[str, Any] = {}
    for name in _KEPT:
        value = before.get(name, 0 if name == "announcements" else None)
        values[name] = datetime.fromisoformat(value) if name.endswith("_at") and value else value
    return {
        name: value for name, value in values.items() if value is not None or name not in _ALWAYS
    }


def move(
    turn: Turn,
    *states: State,
    to: State,
    now: datetime,
    undoable: bool = True,
    booking: Booking | None = None,
    **values: Any,
) -> None:
    """Move the turn from one of `states`, keeping how it stood; and a `booking` that will follow it.

    Raises `WrongState` when it has moved meanwhile.
    """
    before = as_it_stands(turn) if undoable else None
    if before and booking:
        before["booking"] = booking.state
    _move(turn, *states, state=to, before=before, stepped_at=now, **values)


def put_back(turn: Turn, before: dict[str, Any]) -> None:
    """Undo the turn's last step; raises `WrongState` when it has moved meanwhile."""
    values = as_it_stood(before)
    _move(turn, State(turn.state), state=before["state"], before=None, stepped_at=None, **values)


def _move(turn: Turn, *states: State, **values: Any) -> None:
    moved = db.session.execute(
        update(Turn)
        .where(Turn.id == turn.id, Turn.state.in_(states), Turn.version == turn.version)
        .values(version=Turn.version + 1, **values)
        .returning(Turn.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        raise moved_meanwhile(turn)
    db.session.refresh(turn)


def moved_meanwhile(turn: Turn) -> WrongState:
    """Somebody was faster: how the ticket stands now, also when an undone transfer took the turn away."""
    latest = select(Turn.state).where(Turn.ticket_id == turn.ticket_id).order_by(Turn.id.desc())
    return WrongState(db.session.scalars(latest.limit(1)).one())


def note_move(
    office: Office,
    turn: Turn,
    action: str,
    state: State,
    *,
    by: Actor,
    now: datetime,
    **detail: str,
) -> None:
    """Write the trail and change the board, which comes last."""
    bidang = db.session.get_one(Bidang, turn.bidang_id)
    place = (
        db.session.scalar(select(Counter.name).where(Counter.id == turn.counter_id))
        if turn.counter_id and state in AT_COUNTER
        else None
    )
    trail(
        "ticket",
        turn.ticket_id,
        action,
        office_id=office.id,
        by=by,
        now=now,
        state=state.value,
        bidang=bidang.code,
        **given(place=place),
        **detail,
    )
    change_board(office.id, bidang.code)


def booking_of(turn: Turn) -> Booking | None:
    """The booking that the turn's visitors arrived with."""
    return db.session.scalar(
        select(Booking)
        .join(Ticket, Ticket.booking_id == Booking.id)
        .where(Ticket.id == turn.ticket_id)
        .execution_options(populate_existing=True)
    )


def short(field: str, text: str, longest: int = LONGEST_REASON) -> str:
    """The text without blanks around it; raises `Invalid` when it is too long to be kept."""
    text = text.strip()
    if len(text) > longest:
        raise Invalid(
            field, N_("This is too long. Please use at most %(count)d characters."), count=longest
        )
    return text


def given(**values: str | None) -> dict[str, str]:
    """Only the details that say something."""
    return {key: value for key, value in values.items() if value}
