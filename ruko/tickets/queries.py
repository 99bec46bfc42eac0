"""What may be read of the queue: one ticket for its visitor, one bidang's queue for its desk."""

from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlalchemy import bindparam, case, func, select

from ruko.audit import trail_of
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import N_, NotFound
from ruko.offices import Bidang, Counter, Office, Service, Village, full_name
from ruko.tickets.estimates import Range, estimate
from ruko.tickets.models import (
    AT_COUNTER,
    IN_THE_QUEUE,
    OPEN,
    Call,
    State,
    Ticket,
    TicketSeries,
    Turn,
)

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
    Turn.note,
    Turn.outcome,
    Turn.result_note,
    Bidang.code.label("bidang"),
    Bidang.name.label("bidang_name"),
    Counter.id.label("counter"),
    Counter.name.label("place"),
)
_VISITS = (
    select(*_VISIT_COLUMNS)
    .select_from(Turn)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .outerjoin(Counter, Counter.id == Turn.counter_id)
    .outerjoin(Village, Village.id == Ticket.village_id)
    .outerjoin(Booking, Booking.id == Ticket.booking_id)
    .outerjoin(Service, Service.id == Ticket.service_id)
)
_BY_TOKEN = _VISITS.where(Ticket.token == bindparam("b_token")).order_by(Turn.id.desc()).limit(1)
_OF_BIDANG = _VISITS.where(
    Turn.bidang_id == bindparam("b_bidang"),
    Turn.day == bindparam("b_day"),
    Turn.state.in_([*IN_THE_QUEUE]),
).order_by(Turn.rank_at, Turn.id)
_AT_COUNTERS = _VISITS.where(
    Ticket.office_id == bindparam("b_office"),
    Turn.day == bindparam("b_day"),
    Turn.state.in_([*AT_COUNTER]),
)
_AHEAD = select(func.count()).where(
    Turn.bidang_id == bindparam("b_bidang"),
    Turn.day == bindparam("b_day"),
    Turn.state == State.WAITING,
    (Turn.rank_at < bindparam("b_rank"))
    | ((Turn.rank_at == bindparam("b_rank")) & (Turn.id < bindparam("b_turn"))),
)
_SERVED_NOW = (
    select(Ticket.letter, Ticket.number, Counter.name)
    .select_from(Turn)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .join(Counter, Counter.id == Turn.counter_id)
    .where(
        Turn.bidang_id == bindparam("b_bidang"),
        Turn.day == bindparam("b_day"),
        Turn.state.in_([*AT_COUNTER]),
    )
    .order_by(LATEST_FIRST, Turn.id.desc())
)
_TODAY = select(
    func.count(),
    func.sum(case((Turn.state == State.DONE, 1), else_=0)),
    func.sum(case((Turn.state == State.NO_SHOW, 1), else_=0)),
).where(Turn.bidang_id == bindparam("b_bidang"), Turn.day == bindparam("b_day"))
_WAITS = select(Turn.entered_at, Turn.called_at).where(
    Turn.bidang_id == bindparam("b_bidang"),
    Turn.day == bindparam("b_day"),
    Turn.called_at.is_not(None),
)


_OWN = (
    select(
        Turn.state,
        Turn.entered_at,
        Turn.called_at,
        Turn.started_at,
        Turn.closed_at,
        Turn.served_seconds,
    )
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .where(
        Bidang.office_id == bindparam("b_office"),
        Turn.day == bindparam("b_day"),
        Turn.called_by == bindparam("b_account"),
    )
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A ticket with its latest turn, as its visitor and its desk may see it; never a name."""

    ticket_id: int
    token: str
    code: str
    number: int
    day: date
    state: State
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

    @property
    def poll_after(self) -> int:
        """In how many seconds a phone asks again: soon while the turn is near."""
        near = self.state in (State.CALLED, State.HELD) or (
            self.state == State.WAITING and self.people_ahead <= NEAR_AHEAD
        )
        return POLL_NEAR_SECONDS if near else POLL_FAR_SECONDS


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A bidang's day so far; the median wait in whole minutes, None before the first call."""

    issued: int
    done: int
    no_show: int
    median_wait_minutes: int | None


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """One account's day so far; means in whole minutes, None without any."""

    done: int
    no_show: int
    mean_wait_minutes: int | None
    mean_service_minutes: int | None


@dataclass(frozen=True, slots=True)
class Queue:
    """One bidang's queue today: at the counters, waiting in calling order, held, missed."""

    current: tuple[Visit, ...]
    waiting: tuple[Visit, ...]
    held: tuple[Visit, ...]
    no_show: tuple[Visit, ...]
    today: DayFigures


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
    row = db.session.execute(_BY_TOKEN, {"b_token": token}).one_or_none()
    if row is None or (office is not None and row.office_id != office.id):
        raise NotFound(
            N_(
                "This ticket is not known. Please scan the QR on your number again, or ask the staff."
            )
        )
    home: Office = office_of(row.office_id)
    return home, _visit(row, home.day(now), None)


def estimate_for(visit: Visit, *, now: datetime) -> Range | None:
    """The range of minutes until a waiting visit's turn, None when not known or not waiting."""
    if visit.state != State.WAITING:
        return None
    return estimate(visit.bidang_id, visit.people_ahead, day=visit.day, now=now)


def queue_of(office: Office, bidang: Bidang, *, now: datetime) -> Queue:
    """The bidang's queue of today in one reading."""
    today = office.day(now)
    where = {"b_bidang": bidang.id, "b_day": today}
    rows = db.session.execute(_OF_BIDANG, where).all()
    waiting = [row for row in rows if row.state == State.WAITING]
    return Queue(
        current=tuple(_visit(r, today, 0) for r in rows if r.state in AT_COUNTER),
        waiting=tuple(_visit(row, today, ahead) for ahead, row in enumerate(waiting)),
        held=tuple(_visit(r, today, 0) for r in rows if r.state == State.HELD),
        no_show=tuple(_visit(r, today, 0) for r in rows if r.state == State.NO_SHOW),
        today=_figures(where),
    )


def visits_at_counters(office: Office, *, now: datetime) -> dict[int, Visit]:
    """Who is called to or served at each occupied place now, by the place's id."""
    today = office.day(now)
    rows = db.session.execute(_AT_COUNTERS, {"b_office": office.id, "b_day": today})
    return {row.counter: _visit(row, today, 0) for row in rows}


def served_now(visit: Visit) -> list[tuple[str, str]]:
    """Who is at the visit's bidang at this moment: ticket codes and places, the latest first."""
    rows = db.session.execute(_SERVED_NOW, {"b_bidang": visit.bidang_id, "b_day": visit.day})
    return [(ticket_code(row.letter, row.number), row.name) for row in rows]


def history_of(ticket_id: int) -> list[Step]:
    """What happened to the ticket, oldest first, as its visitor may read it."""
    return [
        Step(event.at, event.state or "", event.detail.get("bidang"), event.detail.get("place"))
        for event in trail_of("ticket", ticket_id)
    ]


def own_figures(office: Office, account_id: int, *, now: datetime) -> OwnFigures:
    """What one account has done today, whichever place it sat at."""
    rows = db.session.execute(
        _OWN, {"b_account": account_id, "b_day": office.day(now), "b_office": office.id}
    ).all()
    done = [row for row in rows if row.state == State.DONE]
    waits = [_minutes(row.entered_at, row.called_at) for row in done if row.called_at]
    services = [
        row.served_seconds / 60 + _minutes(row.started_at, row.closed_at)
        for row in done
        if row.started_at and row.closed_at
    ]
    missed = sum(row.state == State.NO_SHOW for row in rows)
    return OwnFigures(len(done), missed, _mean(waits), _mean(services))


def full_bidang(office: Office, *, now: datetime) -> set[int]:
    """The bidang, by their id, whose numbers of today are all taken."""
    rows = db.session.execute(
        select(Bidang.id)
        .join(TicketSeries, TicketSeries.letter == Bidang.letter)
        .where(
            Bidang.office_id == office.id,
            TicketSeries.office_id == office.id,
            TicketSeries.day == office.day(now),
            TicketSeries.last >= Bidang.daily_capacity,
        )
    )
    return set(rows.scalars())


def get_called(office: Office, seq: int, *, now: datetime) -> tuple[Call, Visit]:
    """The office's call with that number, and the visit it called."""
    call = db.session.scalars(select(Call).filter_by(office_id=office.id, seq=seq)).one()
    row = db.session.execute(_VISITS.where(Turn.id == call.turn_id)).one()
    return call, _visit(row, office.day(now), None)


def _figures(where: dict[str, Any]) -> DayFigures:
    issued, done, missed = db.session.execute(_TODAY, where).one()
    waits = [_minutes(row.entered_at, row.called_at) for row in db.session.execute(_WAITS, where)]
    return DayFigures(issued, done or 0, missed or 0, round(median(waits)) if waits else None)


def _minutes(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds() / 60)  # the clock may step back


def _mean(minutes: list[float]) -> int | None:
    return round(sum(minutes) / len(minutes)) if minutes else None


def _visit(row: Any, today: date, people_ahead: int | None) -> Visit:
    state = State(row.state)
    if row.day != today and state in OPEN:
        state = State.EXPIRED
    if people_ahead is None:
        people_ahead = (
            db.session.execute(
                _AHEAD,
                {
                    "b_bidang": row.bidang_id,
                    "b_day": row.day,
                    "b_rank": row.rank_at,
                    "b_turn": row.turn_id,
                },
            ).scalar_one()
            if state == State.WAITING
            else 0
        )
    shown_place = state in AT_COUNTER
    return Visit(
        ticket_id=row.ticket_id,
        token=row.token,
        code=ticket_code(row.letter, row.number),
        number=row.number,
        day=row.day,
        state=state,
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
        people_ahead=people_ahead,
    )
