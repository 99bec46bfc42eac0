"""The turn that a ticket's token stands for, and how it moves.

Each move is one conditional UPDATE; where it touches no row somebody was faster.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update

from ruko.audit import Actor, trail
from ruko.bookings import Booking
from ruko.db import db, values_of
from ruko.errors import N_, Invalid, NotFound, WrongState
from ruko.offices import Bidang, Counter, Office, change_board
from ruko.tickets.models import AT_COUNTER, OPEN, State, Ticket, Turn, state_in
from ruko.tickets.visits import UNKNOWN

LONGEST_REASON = 500

# Each step asks these, so they are built once: building costs more than running.
_LATEST = (
    select(Turn, Ticket.office_id)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .where(Ticket.token == bindparam("b_token"))
    .order_by(Turn.id.desc())
    .limit(1)
    .execution_options(populate_existing=True)
)
_AT = (
    select(Turn)
    .where(Turn.counter_id == bindparam("b_counter"), state_in(*AT_COUNTER))
    .execution_options(populate_existing=True)
)
_BOOKING = (
    select(Booking)
    .join(Ticket, Ticket.booking_id == Booking.id)
    .where(Ticket.id == bindparam("b_ticket"))
    .execution_options(populate_existing=True)
)
_WHERE = (
    select(Bidang.code, Counter.name)
    .outerjoin(Counter, Counter.id == bindparam("b_counter"))
    .where(Bidang.id == bindparam("b_bidang"))
)


def find_turn(office: Office, ticket_token: object) -> Turn | None:
    """The ticket's latest turn in this office, or None."""
    if not isinstance(ticket_token, str):
        return None
    found = db.session.execute(_LATEST, {"b_token": ticket_token}).one_or_none()
    return found.Turn if found and found.office_id == office.id else None


def get_turn(token: str, *, office_of: Any) -> tuple[Office, Turn]:
    """The office and the latest turn of a ticket's token, as `get_visit`; raises `NotFound`."""
    found = db.session.execute(_LATEST, {"b_token": token}).one_or_none()
    if found is None:
        raise NotFound(UNKNOWN)
    return office_of(found.office_id), found.Turn


def bidang_of(turn: Turn) -> list[int]:
    """Every bidang that the turn's ticket has been with, by its id."""
    return list(db.session.scalars(select(Turn.bidang_id).where(Turn.ticket_id == turn.ticket_id)))


def turn_at(counter: Counter) -> Turn | None:
    """The turn that is called to or served at this place, or None."""
    return db.session.scalar(_AT, {"b_counter": counter.id})


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
    expected = {"b_turn": turn.id, "b_version": turn.version, "b_from": states}
    becoming = {f"b_{name}": value for name, value in values.items()}
    if db.session.scalar(_move_of(*values), expected | becoming) is None:
        raise moved_meanwhile(turn)


@cache
def _move_of(*names: str) -> Any:
    """The UPDATE of those columns of an expected turn, which reads the turn again."""
    return (
        update(Turn)
        .where(
            Turn.id == bindparam("b_turn"),
            Turn.version == bindparam("b_version"),
            Turn.state.in_(bindparam("b_from", expanding=True)),
        )
        .values(values_of(*names) | {"version": Turn.version + 1})
        .returning(Turn)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


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
    where = {"b_bidang": turn.bidang_id, "b_counter": turn.counter_id}
    bidang, place = db.session.connection().execute(_WHERE, where).one()
    trail(
        "ticket",
        turn.ticket_id,
        action,
        office_id=office.id,
        by=by,
        now=now,
        state=state.value,
        bidang=bidang,
        **given(place=place if state in AT_COUNTER else None),
        **detail,
    )
    change_board(office.id, bidang)


def booking_of(turn: Turn) -> Booking | None:
    """The booking that the turn's visitors arrived with."""
    return db.session.scalar(_BOOKING, {"b_ticket": turn.ticket_id})


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
