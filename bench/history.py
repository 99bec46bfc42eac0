"""Years of an office's past in a few minutes: tickets, turns, calls, trail and bookings, by bulk SQL."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    Text,
    cast,
    create_engine,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from ruko.audit import AuditEvent
from ruko.bookings import BidangClaim, Booking, QuotaSeat, SlotClaim, period_of
from ruko.db import UTCDateTime
from ruko.offices import Bidang, Category, Counter, OfficeState, Village
from ruko.tickets import Call, Ticket, TicketSeries, Turn

YEARS = 5
DAYS = YEARS * 250
MEETINGS_PER_DAY = 8
LAST_DAY = date(2026, 11, 20)
"""The Friday before the Monday that is measured."""

SERVED = {0: ("issue", "waiting"), 9: ("call", "called"), 17: ("finish", "done")}
"""What the trail says of a visit: after how many minutes which action led to which state."""

_tickets: Any = Ticket.__table__
_turns: Any = Turn.__table__
_calls: Any = Call.__table__
_series: Any = TicketSeries.__table__
_trail: Any = AuditEvent.__table__
_bidang: Any = Bidang.__table__


def fill(url: str, tickets: int) -> None:
    """Write `tickets` served visits over five years of weekdays, and a booking for every slot."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -400000")
        for n, day in enumerate(reversed(past_days(DAYS))):
            _visits(connection, day, tickets // DAYS + (n < tickets % DAYS))
        fill_bookings(connection)
        newest = connection.scalar(select(func.max(_calls.c.seq))) or 0
        connection.execute(update(OfficeState).values(call_seq=newest))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    else:  # what autovacuum would do in the next minutes
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def stock(connection: Connection, day: date, per_bidang: int) -> None:
    """Let that many more visitors wait for each bidang today, numbered on without a gap."""
    series = _series
    now = datetime.now(UTC)
    for bidang in connection.execute(select(_bidang)).all():
        mine = {"office_id": bidang.office_id, "day": day, "letter": bidang.letter}
        last = connection.scalar(select(series.c.last).filter_by(**mine))
        if last is None:
            connection.execute(insert(series).values(**mine, last=0))
        _issue(connection, bidang, day, now, first=(last or 0) + 1, count=per_bidang)
        fresh = [*_of_day(day, bidang), _tickets.c.number > (last or 0)]
        _turn(connection, bidang, fresh, state="waiting", entered_at=now, announcements=0)
        connection.execute(update(series).filter_by(**mine).values(last=(last or 0) + per_bidang))


def settle(connection: Connection) -> None:
    """Let nobody wait and nobody be served any more."""
    now = datetime.now(UTC)
    connection.execute(
        update(_turns)
        .where(_turns.c.state.in_(["waiting", "called", "serving"]))
        .values(state="done", started_at=now, closed_at=now)
    )


def past_days(count: int) -> list[date]:
    """The latest weekdays before the measured one, the newest first."""
    days = (LAST_DAY - timedelta(days=ago) for ago in range(count * 2))
    return [day for day in days if day.weekday() < 5][:count]


def _visits(connection: Connection, day: date, count: int) -> None:
    """One day of served visits, shared among the office's bidang."""
    came = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    every = connection.execute(select(_bidang).order_by(_bidang.c.position)).all()
    for n, bidang in enumerate(every):
        share = count // len(every) + (n < count % len(every))
        if not share:
            continue
        _issue(connection, bidang, day, came, first=1, count=share)
        here = _of_day(day, bidang)
        _turn(
            connection,
            bidang,
            here,
            state="done",
            entered_at=came,
            called_at=came + timedelta(minutes=9),
            started_at=came + timedelta(minutes=10),
            closed_at=came + timedelta(minutes=17),
            counter_id=_counter(connection),
            announcements=1,
        )
        _announce(connection, bidang, here, came + timedelta(minutes=9))
        for minutes, did in SERVED.items():
            _note(connection, bidang, here, came + timedelta(minutes=minutes), did)


def _issue(
    connection: Connection, bidang: Any, day: date, came: datetime, *, first: int, count: int
) -> None:
    numbers = select(literal(first).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < first + count - 1))
    _copy(
        connection,
        _tickets,
        select(numbers.c.n.label("number")),
        office_id=literal(bidang.office_id),
        day=literal(day, Date()),
        letter=literal(bidang.letter),
        token=_random_token(connection),
        priority=literal(False, Boolean()),
        visitor=literal("resident"),
        issued_at=_at(came),
    )


def _turn(connection: Connection, bidang: Any, here: list[Any], **values: Any) -> None:
    fixed = {"rank_at": values["entered_at"], "served_seconds": 0, "version": 1} | values
    _copy(
        connection,
        _turns,
        select(_tickets.c.id.label("ticket_id"), _tickets.c.day).where(*here),
        bidang_id=literal(bidang.id),
        **{name: _at(v) if isinstance(v, datetime) else literal(v) for name, v in fixed.items()},
    )


def _announce(connection: Connection, bidang: Any, here: list[Any], at: datetime) -> None:
    _copy(
        connection,
        _calls,
        select(_turns.c.id.label("turn_id"), _turns.c.counter_id, _turns.c.ticket_id.label("seq"))
        .join_from(_tickets, _turns, _turns.c.ticket_id == _tickets.c.id)
        .where(*here),
        office_id=literal(bidang.office_id),
        place=literal("Loket 1"),
        kind=literal("first"),
        called_at=_at(at),
        expires_at=_at(at + timedelta(minutes=2)),
    )


def _note(
    connection: Connection, bidang: Any, here: list[Any], at: datetime, did: tuple[str, str]
) -> None:
    _copy(
        connection,
        _trail,
        select(_tickets.c.id.label("subject_id")).where(*here),
        office_id=literal(bidang.office_id),
        at=_at(at),
        actor_kind=literal("system"),
        subject=literal("ticket"),
        action=literal(did[0]),
        state=literal(did[1]),
        detail=literal({"bidang": bidang.code}, _trail.c.detail.type),
    )


def fill_bookings(connection: Connection) -> None:
    """Five years of both rooms, every slot of the mornings, held as they were booked."""
    villages = connection.execute(select(Village.id, Village.office_id)).all()
    category = connection.execute(select(Category.id, Category.bidang_id)).first()
    if not villages or category is None:
        raise LookupError("The office has no village or no category.")
    rows: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []
    lanes: list[dict[str, Any]] = []
    seats: list[dict[str, Any]] = []
    used: dict[tuple[int, str], int] = defaultdict(int)
    for day in past_days(DAYS):
        for n in range(MEETINGS_PER_DAY):
            starts = datetime(day.year, day.month, day.day, 0, tzinfo=UTC) + timedelta(hours=n // 2)
            slot, room = n // 2 + 1, n % 2 + 1
            village = villages[len(rows) % len(villages)]
            week = village.id, period_of(day)
            used[week] += 1
            rows.append(
                {"id": len(rows) + 1, "office_id": village.office_id, "code": f"{len(rows):08}",
                 "room_id": room, "village_id": village.id, "bidang_id": category.bidang_id,
                 "category_id": category.id, "topic": "Rapat", "attendees": 3, "leader": "Kades",
                 "date": day, "starts_at": starts, "ends_at": starts + timedelta(hours=1),
                 "first_slot": slot, "last_slot": slot, "state": "completed", "version": 3,
                 "on_behalf": False, "created_at": starts, "changed_at": starts}
            )  # fmt: skip
            here = {"date": day, "slot_no": slot, "booking_id": len(rows)}
            claims.append({"room_id": room} | here)
            lanes.append({"bidang_id": category.bidang_id, "lane": room} | here)
            seats.append(
                {"village_id": week[0], "period": week[1], "n": used[week], "booking_id": len(rows)}
            )
    connection.execute(insert(Booking.__table__), rows)  # type: ignore[arg-type]  # a mapped table is a Table
    for table, written in ((SlotClaim, claims), (BidangClaim, lanes), (QuotaSeat, seats)):
        connection.execute(insert(table.__table__), written)  # type: ignore[arg-type]  # the same
    if connection.dialect.name == "postgresql":  # the next id, as if the rows had come one by one
        connection.execute(text("SELECT setval('booking_id_seq', (SELECT max(id) FROM booking))"))


def _copy(connection: Connection, table: Any, source: Any, **values: Any) -> None:
    """INSERT … SELECT: what `source` gives, and `values` for every row of it."""
    chosen = source.add_columns(*(value.label(name) for name, value in values.items()))
    connection.execute(
        insert(table).from_select([*chosen.selected_columns.keys()], chosen, include_defaults=False)
    )


def _of_day(day: date, bidang: Any) -> list[Any]:
    return [
        _tickets.c.office_id == bidang.office_id,
        _tickets.c.day == day,
        _tickets.c.letter == bidang.letter,
    ]


def _counter(connection: Connection) -> int:
    return int(connection.execute(select(Counter.id).limit(1)).scalar_one())


def _at(moment: datetime) -> Any:
    return literal(moment, UTCDateTime())


def _random_token(connection: Connection) -> Any:
    """Twenty-four characters that scatter over the index as real tokens do."""
    if connection.dialect.name == "sqlite":
        return func.hex(func.randomblob(12))
    return func.substr(func.md5(cast(func.random(), Text)), 1, 24)
