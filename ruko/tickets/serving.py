"""What staff do with a turn: call, recall, start, finish, mark absent, transfer.

Each move is one conditional UPDATE; where it touches no row somebody was faster.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ruko import bookings
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import Invalid, N_, RukoError, TooSoon, WrongState
from ruko.offices import Bidang, Counter, Office, change_board, next_call_seq
from ruko.tickets.issuing import close_past_days, open_turn
from ruko.tickets.models import AT_COUNTER, OPEN, Call, State, Ticket, Turn

_turns = Turn.__table__

_FIRST_WAITING = (
    select(_turns.c.id)
    .where(
        _turns.c.bidang_id == bindparam("b_bidang"),
        _turns.c.day == bindparam("b_day"),
        _turns.c.state == State.WAITING.value,
    )
    .order_by(_turns.c.rank_at, _turns.c.id)
    .limit(1)
)
_CALL_FIRST = (
    update(_turns)  # type: ignore[arg-type]  # a mapped table is a Table
    .where(_turns.c.id == _FIRST_WAITING.with_for_update(skip_locked=True).scalar_subquery())
    .values(
        state=State.CALLED.value,
        counter_id=bindparam("b_counter"),
        called_at=bindparam("b_now"),
        announcements=1,
        version=_turns.c.version + 1,
    )
    .returning(_turns.c.id, _turns.c.ticket_id)
)
_ADD_CALL = insert(Call.__table__).values(  # type: ignore[arg-type]  # a mapped table is a Table
    {
        name: bindparam(f"b_{name}")
        for name in ("office_id", "seq", "turn_id", "counter_id", "place", "kind")
        + ("called_at", "expires_at")
    }
)
_LOCKED_TRIES = 50
_LOCKED_WAIT_SECONDS = 0.01


class CounterBusy(RukoError):
    """One place serves one visitor at a time."""

    code = "counter_busy"
    status = 409
    message = N_(
        "%(counter)s still has a visitor. Finish or transfer that visit first, then call the next one."
    )

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter=counter.name)


def call_next(
    office: Office, bidang: Bidang, counter: Counter, *, by: Actor, now: datetime
) -> int | None:
    """Call whoever is first in the published order; returns the call's `seq`, None when nobody waits.

    Two desks never get the same visitor.
    Raises `CounterBusy`, also when nobody waits.
    """
    _require_free(office, counter, now=now)
    row = _take_first(office, bidang, counter, now=now)
    if row is None:
        return None
    return _announce(
        office, bidang, counter, row.id, row.ticket_id, kind="first", action="call", by=by, now=now
    )


def call_ticket(
    office: Office,
    bidang: Bidang,
    counter: Counter,
    ticket_token: object,
    *,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> int:
    """Call one given visitor; out of order only with a reason, which stays on record.

    Raises `CounterBusy`, `WrongState` for a ticket that does not wait, and `Invalid` for an unknown
    ticket, one of another bidang, or a missing reason.
    """
    _require_free(office, counter, now=now)
    turn = _turn_of(office, ticket_token)
    if turn is None or turn.bidang_id != bidang.id:
        raise Invalid("ticket", N_("This number does not wait for this bidang."))
    shown = state_on(turn, office, now)
    if shown != State.WAITING:
        raise WrongState(shown)
    first = db.session.scalar(_FIRST_WAITING, {"b_bidang": bidang.id, "b_day": turn.day})
    if first != turn.id and not reason.strip():
        raise Invalid(
            "reason", N_("This number is not the next one. Please say why it is called out of order.")
        )
    try:
        _move(
            turn,
            State.WAITING,
            to=State.CALLED,
            counter_id=counter.id,
            called_at=now,
            announcements=1,
        )
    except IntegrityError as error:
        raise CounterBusy(counter) from error
    return _announce(
        office,
        bidang,
        counter,
        turn.id,
        turn.ticket_id,
        kind="first",
        action="call",
        by=by,
        now=now,
        **({"out_of_order": reason.strip()} if first != turn.id else {}),
    )


def recall(office: Office, turn: Turn, *, by: Actor, now: datetime) -> int:
    """Announce the called visitor again; a new call that sounds again. Returns its `seq`.

    Raises `TooSoon` within the office's gap after the last announcement.
    """
    require_state(turn, office, now, State.CALLED)
    last = db.session.scalar(select(func.max(Call.called_at)).where(Call.turn_id == turn.id))
    gap = timedelta(seconds=office.recall_gap_seconds)
    if last is not None and last <= now < last + gap:
        raise TooSoon(
            N_("This number was announced a moment ago. Please wait %(seconds)d seconds."),
            seconds=office.recall_gap_seconds,
        )
    count = turn.announcements + 1
    _move(turn, State.CALLED, to=State.CALLED, announcements=count)
    counter = db.session.get_one(Counter, turn.counter_id)
    kind = "last" if count >= office.announcements_before_no_show else "recall"
    bidang = db.session.get_one(Bidang, turn.bidang_id)
    return _announce(
        office, bidang, counter, turn.id, turn.ticket_id, kind=kind, action=kind, by=by, now=now
    )


def start(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """The called visitor sits down; a booking is in session from here."""
    require_state(turn, office, now, State.CALLED)
    _move(turn, State.CALLED, to=State.SERVING, started_at=now)
    booking_id = _note_move(office, turn, "start", State.SERVING, by=by, now=now)
    if booking_id:
        bookings.begin_session(booking_id, by=by, now=now)


def finish(
    office: Office, turn: Turn, *, outcome: str = "", note: str = "", by: Actor, now: datetime
) -> None:
    """The visit at this bidang is over; its booking is completed with it."""
    require_state(turn, office, now, *AT_COUNTER)
    _move(
        turn,
        *AT_COUNTER,
        to=State.DONE,
        closed_at=now,
        outcome=outcome.strip() or None,
        result_note=note.strip() or None,
    )
    booking_id = _note_move(office, turn, "finish", State.DONE, by=by, now=now)
    if booking_id:
        bookings.complete(booking_id, by=by, now=now)


def mark_no_show(office: Office, turn: Turn, *, reason: str = "", by: Actor, now: datetime) -> None:
    """The called visitor did not come; before the last announcement only with a reason."""
    require_state(turn, office, now, State.CALLED)
    if turn.announcements < office.announcements_before_no_show and not reason.strip():
        raise Invalid(
            "reason",
            N_("Before announcement number %(count)d, please say why this visitor is marked absent."),
            count=office.announcements_before_no_show,
        )
    _move(turn, State.CALLED, to=State.NO_SHOW, counter_id=None)
    _note_move(
        office, turn, "no_show", State.NO_SHOW, by=by, now=now, **_given(reason=reason.strip())
    )


def transfer(
    office: Office, turn: Turn, to: Bidang, *, note: str = "", by: Actor, now: datetime
) -> None:
    """Hand the visitor to another bidang: same number, original arrival; the note travels along."""
    require_state(turn, office, now, *OPEN)
    if turn.bidang_id == to.id:
        raise Invalid("bidang", N_("The visitor is with this bidang already. Please choose another."))
    _move(turn, *OPEN, to=State.TRANSFERRED, closed_at=now)
    open_turn(
        turn.ticket_id,
        to,
        day=turn.day,
        rank_at=turn.rank_at,
        now=now,
        note=note.strip() or None,
    )
    before = db.session.get_one(Bidang, turn.bidang_id)
    trail(
        "ticket",
        turn.ticket_id,
        "transfer",
        office_id=office.id,
        by=by,
        now=now,
        state=State.WAITING.value,
        bidang=to.code,
        previous=before.code,
    )
    change_board(office.id, before.code, to.code)


# ── The turn a token stands for ───────────────────────────────────────────────────────────────


def find_turn(office: Office, ticket_token: object) -> Turn | None:
    """The ticket's latest turn in this office, or None."""
    return _turn_of(office, ticket_token)


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
    return State.EXPIRED if turn.day != office.day(now) and state in (*OPEN, State.NO_SHOW) else state


def require_state(turn: Turn, office: Office, now: datetime, *states: State) -> None:
    """Raise `WrongState` with the present state unless it is one of `states`."""
    shown = state_on(turn, office, now)
    if shown not in states:
        raise WrongState(shown)


def _turn_of(office: Office, ticket_token: object) -> Turn | None:
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


def _move(turn: Turn, *states: State, to: State, **values: Any) -> None:
    moved = db.session.execute(
        update(Turn)
        .where(Turn.id == turn.id, Turn.state.in_(states), Turn.version == turn.version)
        .values(state=to, version=Turn.version + 1, **values)
        .returning(Turn.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        db.session.refresh(turn)
        raise WrongState(turn.state)


def _note_move(
    office: Office, turn: Turn, action: str, state: State, *, by: Actor, now: datetime, **detail: str
) -> int | None:
    """Write the trail, change the board; returns the ticket's booking."""
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
        **_given(place=place),
        **detail,
    )
    change_board(office.id, bidang.code)
    return db.session.scalar(select(Ticket.booking_id).where(Ticket.id == turn.ticket_id))


def _given(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


# ── Calling ───────────────────────────────────────────────────────────────────────────────────


def _require_free(office: Office, counter: Counter, *, now: datetime) -> None:
    occupied = db.session.scalar(
        select(Turn.day).where(Turn.counter_id == counter.id, Turn.state.in_(AT_COUNTER))
    )
    if occupied is None:
        return
    if occupied == office.day(now):
        raise CounterBusy(counter)
    close_past_days(office, now=now)


def _take_first(office: Office, bidang: Bidang, counter: Counter, *, now: datetime) -> Any:
    """The first waiting turn, now called; None when nobody waits.

    PostgreSQL skips a row that another desk holds. When every row is held, the others are asked
    again: nobody is told "none waiting" while somebody waits.
    """
    connection = db.session.connection()
    where = {"b_bidang": bidang.id, "b_day": office.day(now)}
    for _ in range(_LOCKED_TRIES):
        try:
            row = connection.execute(
                _CALL_FIRST, where | {"b_counter": counter.id, "b_now": now}
            ).one_or_none()
        except IntegrityError as error:
            raise CounterBusy(counter) from error
        if row is not None or connection.execute(_FIRST_WAITING, where).scalar() is None:
            return row
        time.sleep(_LOCKED_WAIT_SECONDS)
    return None


def _announce(
    office: Office,
    bidang: Bidang,
    counter: Counter,
    turn_id: int,
    ticket_id: int,
    *,
    kind: str,
    action: str,
    by: Actor,
    now: datetime,
    **detail: str,
) -> int:
    trail(
        "ticket",
        ticket_id,
        action,
        office_id=office.id,
        by=by,
        now=now,
        state=State.CALLED.value,
        bidang=bidang.code,
        place=counter.name,
        **detail,
    )
    seq = next_call_seq(office.id, bidang.code)
    db.session.connection().execute(
        _ADD_CALL,
        {
            "b_office_id": office.id,
            "b_seq": seq,
            "b_turn_id": turn_id,
            "b_counter_id": counter.id,
            "b_place": counter.name,
            "b_kind": kind,
            "b_called_at": now,
            "b_expires_at": now + timedelta(minutes=office.call_expires_minutes),
        },
    )
    return seq
