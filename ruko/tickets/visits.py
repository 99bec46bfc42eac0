"""The visit: a ticket with its latest turn, as its visitor and its desk may read it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select

from ruko.audit import trail_of
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import N_, NotFound
from ruko.offices import Bidang, Counter, Office, OfficeState, Service, Village, full_name
from ruko.tickets.estimates import Range, estimate
from ruko.tickets.models import (
    AT_COUNTER,
    OPEN,
    Call,
    State,
    Ticket,
    Turn,
    state_in,
)

UNKNOWN = N_("This ticket is not known. Please scan the QR on your number again, or ask the staff.")
NEAR_AHEAD = 2
POLL_NEAR_SECONDS = 5
POLL_FAR_SECONDS = 20

LATEST_FIRST = func.coalesce(Turn.started_at, Turn.stepped_at, Turn.called_at).desc()
"""Of those at the counters: whoever sat down or was announced last comes first."""

_VISIT_COLUMNS = (
    Ticket.id.label("ticket_id"),
    Ticket.office_id,
    Ticket.token,
    Ticket.letter,
    Ticket.number,
    Ticket.day,
    Ticket.priority,
    Ticket.visitor,
    Ticket.issued_at,
    Ticket.let_pass_at,
    Village.code.label("village"),
    Village.name.label("village_name"),
    Village.kind.label("village_kind"),
    Booking.code.label("booking"),
    Booking.starts_at.label("booking_starts_at"),
    Service.name.label("service"),
    Service.target_minutes,
    Turn.id.label("turn_id"),
    Turn.bidang_id,
    Turn.state,
    Turn.rank_at,
    Turn.entered_at,
    Turn.called_at,
    Turn.started_at,
    Turn.closed_at,
    Turn.missed_at,
    Turn.announcements,
    Turn.served_seconds,
    Turn.called_by,
    Turn.held_reason,
    Turn.stepped_at,
    Turn.version,
    Turn.note,
    Turn.outcome,
    Turn.result_note,
    Bidang.code.label("bidang"),
    Bidang.name.label("bidang_name"),
    Counter.id.label("counter"),
    Counter.name.label("place"),
)
VISITS = (
    select(*_VISIT_COLUMNS)
    .select_from(Turn)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .outerjoin(Counter, Counter.id == Turn.counter_id)
    .outerjoin(Village, Village.id == Ticket.village_id)
    .outerjoin(Booking, Booking.id == Ticket.booking_id)
    .outerjoin(Service, Service.id == Ticket.service_id)
)
_other = Turn.__table__.alias("other")
_PEOPLE_AHEAD = (
    select(func.count())
    .select_from(_other)
    .where(
        _other.c.bidang_id == Turn.bidang_id,
        _other.c.day == Turn.day,
        state_in(State.WAITING, of=_other),
        or_(
            _other.c.rank_at < Turn.rank_at,
            and_(_other.c.rank_at == Turn.rank_at, _other.c.id < Turn.id),
        ),
    )
    .scalar_subquery()
)
_SENT_ON = (
    select(_other.c.id).where(_other.c.ticket_id == Turn.ticket_id, _other.c.id < Turn.id).exists()
)
_ALONE = VISITS.add_columns(
    case((state_in(State.WAITING), _PEOPLE_AHEAD), else_=0).label("people_ahead"),
    _SENT_ON.label("sent_on"),
    OfficeState.board_version,
    OfficeState.call_seq,
).join(OfficeState, OfficeState.office_id == Ticket.office_id)
"""One visit, with all that a list of them knows from its other rows."""

_BY_TOKEN = _ALONE.where(Ticket.token == bindparam("b_token")).order_by(Turn.id.desc()).limit(1)
_VERSION_AT = (
    select(OfficeState.board_version, OfficeState.call_seq)
    .join(Ticket, Ticket.office_id == OfficeState.office_id)
    .where(Ticket.token == bindparam("b_token"))
)
_CALL = select(Call.__table__).where(
    Call.office_id == bindparam("b_office"), Call.seq == bindparam("b_seq")
)
_OF_TURN = _ALONE.where(Turn.id == bindparam("b_turn"))
_BEHIND = (
    select(Turn.id)
    .where(
        Turn.bidang_id == bindparam("b_bidang"),
        Turn.day == bindparam("b_day"),
        state_in(State.WAITING),
        Turn.rank_at <= bindparam("b_now"),
        (Turn.rank_at > bindparam("b_rank"))
        | ((Turn.rank_at == bindparam("b_rank")) & (Turn.id > bindparam("b_turn"))),
    )
    .limit(1)
)
_SERVED_NOW = (
    select(Ticket.letter, Ticket.number, Counter.name)
    .select_from(Turn)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .join(Counter, Counter.id == Turn.counter_id)
    .where(
        Turn.bidang_id == bindparam("b_bidang"),
        Turn.day == bindparam("b_day"),
        state_in(*AT_COUNTER),
    )
    .order_by(LATEST_FIRST, Turn.id.desc())
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A ticket with its latest turn, as its visitor and its desk may see it; never a name."""

    ticket_id: int
    turn_id: int
    version: str
    """Another one after every step of the visit."""
    token: str
    code: str
    number: int
    day: date
    state: State
    rank_at: datetime
    priority: bool
    visitor: str
    village: str | None
    village_name: str | None
    """As in a sentence: Desa Binjai."""
    booking: str | None
    booking_starts_at: datetime | None
    service: str | None
    target_minutes: int | None
    """Of the service, where one was chosen."""
    bidang_id: int
    bidang: str
    bidang_name: str
    counter: int | None
    place: str | None
    issued_at: datetime
    entered_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    closed_at: datetime | None
    missed_at: datetime | None
    announcements: int
    served_seconds: int
    """Of service before the visitor was held."""
    called_by: int | None
    held_reason: str | None
    stepped_at: datetime | None
    """Of the last step, such as the latest announcement of a called visit."""
    let_pass: bool
    """Whether the visitor has let somebody pass already."""
    note: str | None
    outcome: str | None
    result_note: str | None
    people_ahead: int
    board_version: tuple[int, int] | None
    """As `version_at` tells it, of the moment of this reading; None in a list of visits."""
    sent_on: bool
    """Whether another bidang handed the visitor on to this one; False in a list of visits."""

    @property
    def poll_after(self) -> int:
        """In how many seconds a phone asks again: soon while the turn is near."""
        near = self.state in (State.CALLED, State.HELD) or (
            self.state == State.WAITING and self.people_ahead <= NEAR_AHEAD
        )
        return POLL_NEAR_SECONDS if near else POLL_FAR_SECONDS


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a ticket's history."""

    at: datetime
    state: str
    bidang: str | None
    place: str | None


def ticket_code(letter: str, number: int) -> str:
    """As printed, shown and spoken: A-012."""
    return f"{letter}-{number:03}"


def get_visit(
    token: str, *, office_of: Any, office: Office | None = None, now: datetime
) -> tuple[Office, Visit]:
    """The office and the visit of a ticket's token; raises `NotFound`.

    `office_of` gives the office of an id (doors keep it at hand); with `office`, only its own.
    """
    row = db.session.connection().execute(_BY_TOKEN, {"b_token": token}).one_or_none()
    if row is None or (office is not None and row.office_id != office.id):
        raise NotFound(UNKNOWN)
    home: Office = office_of(row.office_id)
    return home, _alone(row, home.day(now))


def version_at(connection: Connection, token: str) -> tuple[int, int] | None:
    """The board's version at the office of a ticket's token: while it stands, so does the visit."""
    row = connection.execute(_VERSION_AT, {"b_token": token}).one_or_none()
    return (row.board_version, row.call_seq) if row else None


def estimate_for(visit: Visit, *, now: datetime) -> Range | None:
    """The range of minutes until a waiting visit's turn, None when not known or not waiting."""
    if visit.state != State.WAITING:
        return None
    return estimate(visit.bidang_id, visit.people_ahead, day=visit.day, now=now)


def served_now(visit: Visit) -> list[tuple[str, str]]:
    """Who is at the visit's bidang at this moment: ticket codes and places, the latest first."""
    where = {"b_bidang": visit.bidang_id, "b_day": visit.day}
    rows = db.session.connection().execute(_SERVED_NOW, where)
    return [(ticket_code(row.letter, row.number), row.name) for row in rows]


def somebody_behind(visit: Visit, *, now: datetime) -> bool:
    """Whether there is anybody whom this waiting visitor could let pass."""
    where = {
        "b_bidang": visit.bidang_id,
        "b_day": visit.day,
        "b_rank": visit.rank_at,
        "b_turn": visit.turn_id,
        "b_now": now,
    }
    return db.session.connection().execute(_BEHIND, where).first() is not None


def history_of(ticket_id: int) -> list[Step]:
    """What happened to the ticket, oldest first, as its visitor may read it."""
    return [
        Step(event.at, event.state or "", event.detail.get("bidang"), event.detail.get("place"))
        for event in trail_of("ticket", ticket_id)
    ]


def get_called(office: Office, seq: int, *, now: datetime) -> tuple[Any, Visit]:
    """The office's call with that number, a row with the columns of `Call`, and the visit it called."""
    connection = db.session.connection()
    call = connection.execute(_CALL, {"b_office": office.id, "b_seq": seq}).one()
    row = connection.execute(_OF_TURN, {"b_turn": call.turn_id}).one()
    return call, _alone(row, office.day(now))


def _alone(row: Any, today: date) -> Visit:
    """A row of `_ALONE` as it reads today."""
    version = row.board_version, row.call_seq
    return visit_of(row, today, row.people_ahead, board_version=version, sent_on=bool(row.sent_on))


def visit_of(
    row: Any,
    today: date,
    people_ahead: int,
    *,
    board_version: tuple[int, int] | None = None,
    sent_on: bool = False,
) -> Visit:
    """A row of `VISITS` as it reads today."""
    state = State(row.state)
    if row.day != today and state in OPEN:
        state = State.EXPIRED
    shown_place = state in AT_COUNTER
    return Visit(
        ticket_id=row.ticket_id,
        turn_id=row.turn_id,
        version=f"{row.turn_id}.{row.version}",
        token=row.token,
        code=ticket_code(row.letter, row.number),
        number=row.number,
        day=row.day,
        state=state,
        rank_at=row.rank_at,
        priority=row.priority,
        visitor=row.visitor,
        village=row.village,
        village_name=full_name(row.village_kind, row.village_name) if row.village else None,
        booking=row.booking,
        booking_starts_at=row.booking_starts_at,
        service=row.service,
        target_minutes=row.target_minutes,
        bidang_id=row.bidang_id,
        bidang=row.bidang,
        bidang_name=row.bidang_name,
        counter=row.counter if shown_place else None,
        place=row.place if shown_place else None,
        issued_at=row.issued_at,
        entered_at=row.entered_at,
        called_at=row.called_at,
        started_at=row.started_at,
        closed_at=row.closed_at,
        missed_at=row.missed_at,
        announcements=row.announcements,
        served_seconds=row.served_seconds,
        called_by=row.called_by,
        held_reason=row.held_reason,
        stepped_at=row.stepped_at,
        let_pass=row.let_pass_at is not None,
        note=row.note,
        outcome=row.outcome,
        result_note=row.result_note,
        people_ahead=people_ahead if state == State.WAITING else 0,
        board_version=board_version,
        sent_on=sent_on,
    )
