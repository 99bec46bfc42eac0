"""Calling: the next visitor, a given one, and again. Nobody is called twice, nobody is lost."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ruko.audit import Actor, trail
from ruko.db import db, values_of
from ruko.errors import N_, Invalid, TooSoon, WrongState
from ruko.offices import Bidang, Counter, Office, next_call_seq
from ruko.tickets.counters import CounterBusy, end_break, keep_breaks_away, require_free
from ruko.tickets.days import begin_day
from ruko.tickets.models import Call, State, Turn, state_in
from ruko.tickets.moves import JUST_WAITING, find_turn, move, require_state, short

_turns = Turn.__table__

_FIRST_WAITING = (
    select(_turns.c.id)
    .where(
        _turns.c.bidang_id == bindparam("b_bidang"),
        _turns.c.day == bindparam("b_day"),
        state_in(State.WAITING),
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
        called_by=bindparam("b_by"),
        announcements=1,
        before=JUST_WAITING,
        stepped_at=bindparam("b_now"),
        version=_turns.c.version + 1,
    )
    .returning(_turns.c.id, _turns.c.ticket_id)
)
_ADD_CALL = insert(Call.__table__).values(  # type: ignore[arg-type]  # a mapped table is a Table
    values_of(
        *("office_id", "seq", "turn_id", "counter_id", "place", "kind"),
        *("called_at", "expires_at"),
    )
)
_WAIT_FOR_FIRST = _FIRST_WAITING.with_for_update()


def call_next(
    office: Office, bidang: Bidang, counter: Counter, *, by: Actor, now: datetime
) -> int | None:
    """Call whoever is first in the published order; returns the call's `seq`, None when nobody waits.

    Two desks never get the same visitor.
    Raises `CounterBusy`, also when nobody waits.
    """
    begin_day(office, now=now)
    require_free(counter)
    row = _take_first(office, bidang, counter, by=by, now=now)
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
    reason = short("reason", reason)
    begin_day(office, now=now)
    require_free(counter)
    turn = find_turn(office, ticket_token)
    if turn is None or turn.bidang_id != bidang.id:
        raise Invalid("ticket", N_("This number does not wait for this bidang."))
    require_state(turn, office, now, State.WAITING)
    first = db.session.scalar(_FIRST_WAITING, {"b_bidang": bidang.id, "b_day": turn.day})
    if first != turn.id and not reason:
        raise Invalid(
            "reason",
            N_("This number is not the next one. Please say why it is called out of order."),
        )
    _call_to(counter, turn, State.WAITING, by=by, now=now, called_at=now)
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
        **({"out_of_order": reason} if first != turn.id else {}),
    )


def recall(office: Office, turn: Turn, *, by: Actor, now: datetime) -> int:
    """Announce the called visitor again; a new call that sounds again. Returns its `seq`.

    Raises `TooSoon` within the office's gap after the last announcement.
    """
    begin_day(office, now=now)
    require_state(turn, office, now, State.CALLED)
    _require_gap(office, turn, now)
    count = turn.announcements + 1
    try:
        move(turn, State.CALLED, to=State.CALLED, now=now, announcements=count)
    except WrongState as refusal:
        if refusal.state == State.CALLED:  # another desk has just announced the same visitor
            _require_gap(office, turn, now)
        raise
    counter = db.session.get_one(Counter, turn.counter_id)
    kind = "last" if count >= office.announcements_before_no_show else "recall"
    bidang = db.session.get_one(Bidang, turn.bidang_id)
    return _announce(
        office, bidang, counter, turn.id, turn.ticket_id, kind=kind, action=kind, by=by, now=now
    )


def resume(
    office: Office, turn: Turn, *, counter: Counter | None = None, by: Actor, now: datetime
) -> int:
    """Call a held visitor again, to the last place unless another is named; returns the call's `seq`.

    Raises `CounterBusy`, `WrongState`.
    """
    begin_day(office, now=now)
    require_state(turn, office, now, State.HELD)
    counter = counter or db.session.get_one(Counter, turn.counter_id)
    keep_breaks_away(counter)
    require_free(counter)
    _call_to(counter, turn, State.HELD, by=by, now=now, held_reason=None)
    bidang = db.session.get_one(Bidang, turn.bidang_id)
    return _announce(
        office,
        bidang,
        counter,
        turn.id,
        turn.ticket_id,
        kind="first",
        action="resume",
        by=by,
        now=now,
    )


def _require_gap(office: Office, turn: Turn, now: datetime) -> None:
    last = db.session.scalar(select(func.max(Call.called_at)).where(Call.turn_id == turn.id))
    gap = timedelta(seconds=office.recall_gap_seconds)
    if last is not None and last <= now < last + gap:
        raise TooSoon(
            N_("This number was announced a moment ago. Please wait %(seconds)d seconds."),
            seconds=office.recall_gap_seconds,
        )


def _call_to(
    counter: Counter, turn: Turn, state: State, *, by: Actor, now: datetime, **values: Any
) -> None:
    try:
        move(
            turn,
            state,
            to=State.CALLED,
            now=now,
            counter_id=counter.id,
            called_by=_account(by),
            announcements=1,
            **values,
        )
    except IntegrityError as error:
        raise CounterBusy(counter) from error


def _account(by: Actor) -> int | None:
    return by.id if by.kind == "user" else None


def _take_first(
    office: Office, bidang: Bidang, counter: Counter, *, by: Actor, now: datetime
) -> Any:
    """The first waiting turn, now called; None when nobody waits.

    PostgreSQL skips a row that another desk holds. When every row is held, it waits until that desk
    is through, for it may fail: nobody is told "none waiting" while somebody waits.
    """
    connection = db.session.connection()
    where = {"b_bidang": bidang.id, "b_day": office.day(now)}
    while True:
        try:
            row = connection.execute(
                _CALL_FIRST,
                where | {"b_counter": counter.id, "b_now": now, "b_by": _account(by)},
            ).one_or_none()
        except IntegrityError as error:
            raise CounterBusy(counter) from error
        if row is not None or connection.execute(_FIRST_WAITING, where).scalar() is None:
            return row
        connection.execute(_WAIT_FOR_FIRST, where)


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
    end_break(office, counter, by=by, now=now)
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
