"""How a write begins: one at a time on SQLite, never in a reader's way, and never for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

import ruko.db
from ruko import events
from ruko.db import (
    WRITERS,
    begin_writing,
    db,
    end_writing,
    engine_options,
    is_away,
    is_transient,
    prepare_engine,
    writing,
)
from ruko.errors import Unavailable
from ruko.line import Line
from ruko.offices import Office, OfficeState, board_version, change_board, get_office
from ruko.tickets import Ticket
from tests.conftest import SLUG, wita
from tests.people import PATIENCE_SECONDS, take

BRIEFLY = 0.05
BUMP = update(OfficeState).values(board_version=OfficeState.board_version + 1)


@pytest.fixture(autouse=True)
def no_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_listeners", [])


@pytest.fixture
def hurry(app: Flask) -> Iterator[None]:
    """Nobody waits for long, and nothing of that is left for the next test.

    A connection keeps the patience that it was made with: those of the house are closed, and whoever
    cleans up after the test makes new ones without hurry.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ruko.db, "LOCK_SECONDS", BRIEFLY)
        yield
    with app.app_context():
        pool = db.engine.pool
        assert isinstance(pool, QueuePool)
        # Not by `dispose()`: what another thread still holds would go with its pool, unclosed.
        for connection in [db.engine.connect() for _ in range(pool.checkedin())]:
            connection.invalidate()
            connection.close()


@pytest.fixture
def impatient(app: Flask, hurry: None) -> Iterator[sa.Engine]:
    """An engine of the program's own making that waits hardly at all."""
    with app.app_context():
        url = db.engine.url
    engine = sa.create_engine(url, **engine_options(url))
    prepare_engine(engine)
    yield engine
    engine.dispose()


def aside(app: Flask, work: Callable[[], object]) -> object:
    """Do something in another thread and session, and wait for it."""

    def person() -> object:
        with app.app_context(), writing():
            done = work()
            db.session.commit()
            return done

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(person).result(PATIENCE_SECONDS)


def bump() -> None:
    change_board(get_office(SLUG).id)


# ── One write at a time ───────────────────────────────────────────────────────────────────────


def test_a_reader_is_never_blocked_by_a_writer(app: Flask) -> None:
    held, read = threading.Event(), threading.Event()

    def write() -> None:
        with app.app_context(), writing():
            bump()
            held.set()
            assert read.wait(PATIENCE_SECONDS)  # the write lasts as long as the reader needs
            db.session.commit()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        assert held.wait(PATIENCE_SECONDS)
        with app.app_context():
            office = get_office(SLUG)
            assert board_version(office.id) == (0, 0)  # not yet the truth
            read.set()
            writer.result(PATIENCE_SECONDS)
            db.session.rollback()
            assert board_version(office.id) == (1, 0)


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "exception", "constraint"])
def test_the_lock_is_given_back_however_a_write_ends(app: Flask, end: str) -> None:
    with app.app_context(), writing():
        bump()
        if end == "commit":
            db.session.commit()
        elif end == "rollback":
            db.session.rollback()
        elif end == "close":
            db.session.close()
        elif end == "constraint":
            db.session.add(Office(slug=SLUG))
            with pytest.raises(IntegrityError):
                db.session.flush()
            db.session.rollback()
        else:
            with pytest.raises(sa.exc.ProgrammingError if postgres() else OperationalError):
                db.session.execute(text("SELECT nonsense FROM nowhere"))
            db.session.rollback()

        aside(app, bump)
    with app.app_context():
        assert board_version(get_office(SLUG).id)[0] == (2 if end == "commit" else 1)


def postgres() -> bool:
    return db.engine.dialect.name == "postgresql"


def test_the_lock_is_given_back_when_the_unit_of_work_is_left_in_a_hurry(app: Flask) -> None:
    def hurry() -> None:
        with app.app_context(), writing():
            bump()
            raise RuntimeError("somebody pulled the plug")

    with pytest.raises(RuntimeError):
        hurry()

    aside(app, bump)
    with app.app_context():
        assert board_version(get_office(SLUG).id)[0] == 1


def test_a_connection_that_broke_gives_the_lock_back_too(app: Flask) -> None:
    with app.app_context(), writing():
        bump()
        db.session.connection().invalidate()
        db.session.rollback()

        aside(app, bump)


def test_connections_that_break_take_no_place_among_the_writers_with_them(app: Flask) -> None:
    for _ in range(WRITERS + 1):
        with app.app_context(), writing():
            bump()
            if postgres():
                with pytest.raises(OperationalError):
                    db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            else:
                db.session.connection().invalidate()
            db.session.rollback()
    aside(app, bump)


def test_a_second_write_begins_where_the_first_has_ended(app: Flask) -> None:
    with app.app_context(), writing():
        for expected in (1, 2, 3):
            bump()
            db.session.commit()
            assert board_version(get_office(SLUG).id)[0] == expected
            db.session.rollback()
        aside(app, bump)


def test_a_second_writer_waits_and_then_says_unavailable(impatient: sa.Engine) -> None:
    with writing(), impatient.begin() as first:
        first.execute(BUMP)

        def second() -> None:
            with writing(), impatient.begin() as other:
                other.execute(BUMP)

        with ThreadPoolExecutor(1) as pool:
            waiter = pool.submit(second)
            try:
                refusal = waiter.exception(PATIENCE_SECONDS)
            except TimeoutError:
                refusal = None
            first.rollback()
    assert isinstance(refusal, Unavailable) or (refusal and is_away(refusal)), refusal

    with writing(), impatient.begin() as again:  # and nothing is stuck afterwards
        again.execute(BUMP)
    with impatient.connect() as reader:
        assert reader.scalar(select(OfficeState.board_version)) == 1


def test_another_process_that_holds_the_file_is_waited_for_and_then_refused(
    impatient: sa.Engine,
) -> None:
    """Two engines know nothing of each other's lock, like two processes."""
    with writing():
        with impatient.begin() as first, impatient_twin(impatient) as twin:
            first.execute(BUMP)
            with pytest.raises(OperationalError) as refusal, twin.begin() as other:
                other.execute(BUMP)
            assert is_away(refusal.value)
        with impatient_twin(impatient) as twin:
            for _ in range(2):
                with twin.begin() as other:
                    other.execute(BUMP)


class impatient_twin:  # noqa: N801 – reads as a function
    def __init__(self, engine: sa.Engine) -> None:
        self.engine = sa.create_engine(engine.url, **engine_options(engine.url))
        prepare_engine(self.engine)

    def __enter__(self) -> sa.Engine:
        return self.engine

    def __exit__(self, *_error: object) -> None:
        self.engine.dispose()


@pytest.mark.once  # PostgreSQL has no lock before the first write
@pytest.mark.usefixtures("hurry")
def test_a_refused_writer_can_try_again_with_the_same_session(app: Flask) -> None:
    held, tried = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), writing():
            bump()
            held.set()
            assert tried.wait(PATIENCE_SECONDS)
            db.session.commit()

    with ThreadPoolExecutor(1) as pool, app.app_context(), writing():
        holder = pool.submit(hold)
        assert held.wait(PATIENCE_SECONDS)
        with pytest.raises(Unavailable):
            bump()
        tried.set()
        holder.result(PATIENCE_SECONDS)
        db.session.rollback()
        bump()
        db.session.commit()
        assert board_version(get_office(SLUG).id)[0] == 2


def test_a_full_pool_is_refused_in_time(impatient: sa.Engine) -> None:
    connections = [impatient.connect() for _ in range(20)]
    try:
        with pytest.raises(PoolTimeout):
            impatient.connect()
    finally:
        for connection in connections:
            connection.close()


def test_writing_is_a_matter_of_the_unit_of_work_alone(app: Flask) -> None:
    def flag() -> bool:
        return ruko.db._writing.get()  # noqa: SLF001

    assert not flag()
    with writing():
        assert flag()
        with writing():
            assert flag()
        assert flag()
        with ThreadPoolExecutor(1) as pool:
            assert not pool.submit(flag).result(PATIENCE_SECONDS)
    assert not flag()
    begin_writing()
    assert flag()
    end_writing()
    assert not flag()


# ── What SQLite promises ──────────────────────────────────────────────────────────────────────


@pytest.mark.once  # its own settings
def test_sqlite_keeps_what_it_said_and_checks_its_keys(app: Flask) -> None:
    with app.app_context():
        pragmas = {
            name: db.session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": ruko.db.LOCK_SECONDS * 1000,
    }


def test_a_row_without_its_parent_is_refused(app: Flask) -> None:
    with app.app_context(), writing():
        db.session.add(OfficeState(office_id=999))
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


# ── Moments ───────────────────────────────────────────────────────────────────────────────────


def test_moments_come_back_in_utc_from_any_session(app: Flask) -> None:
    with app.app_context(), writing():
        take(get_office(SLUG), wita(9))
        db.session.commit()
        for zone in ("Asia/Jayapura", "America/New_York", "UTC"):
            if postgres():
                db.session.execute(text(f"SET LOCAL TIME ZONE '{zone}'"))
            issued = db.session.scalars(select(Ticket.issued_at)).one()
            assert issued == datetime(2026, 11, 23, 1, tzinfo=UTC)
            assert issued.tzinfo is UTC
            found = db.session.scalars(select(Ticket).where(Ticket.issued_at == wita(9)))
            assert found.one().number == 1
            db.session.rollback()


def test_a_moment_of_any_offset_is_kept_to_the_microsecond(app: Flask) -> None:
    moment = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with app.app_context(), writing():
        token = take(get_office(SLUG), wita(9))
        db.session.execute(update(Ticket).values(issued_at=moment))
        db.session.commit()
        kept = db.session.scalars(select(Ticket.issued_at).filter_by(token=token)).one()
    assert kept == moment
    assert kept.utcoffset() == timedelta()


def test_moments_are_ordered_whatever_their_offset_and_fraction(app: Flask) -> None:
    moments = [
        wita(9),
        wita(9) + timedelta(microseconds=1),
        (wita(9) + timedelta(milliseconds=500)).astimezone(UTC),
        wita(9, 0, 1).astimezone(timezone(timedelta(hours=7))),
    ]
    with app.app_context(), writing():
        office = get_office(SLUG)
        tokens = [take(office, wita(9)) for _ in moments]
        for token, moment in reversed(list(zip(tokens, moments, strict=True))):
            db.session.execute(update(Ticket).filter_by(token=token).values(issued_at=moment))
        order = db.session.scalars(select(Ticket.token).order_by(Ticket.issued_at)).all()
        assert order == tokens
        later = select(Ticket.token).where(Ticket.issued_at > moments[1]).order_by(Ticket.id)
        assert db.session.scalars(later).all() == tokens[2:]


def test_a_moment_without_its_offset_is_refused(app: Flask) -> None:
    naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001 – that is the fault
    with (
        app.app_context(),
        pytest.raises(StatementError, match="offset"),
    ):
        db.session.execute(select(Ticket).where(Ticket.issued_at == naive))


# ── What may be tried again ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "again"), [("40001", True), ("40P01", True), ("23505", False), (None, False)]
)
def test_only_deadlocks_and_serialisation_are_tried_again(state: str | None, again: bool) -> None:
    class Fault(Exception):
        sqlstate = state

    assert is_transient(DBAPIError("UPDATE", {}, Fault())) is again
    assert not is_transient(Fault())


def test_a_lost_connection_is_away_and_a_broken_rule_is_not() -> None:
    assert is_away(OperationalError("SELECT", {}, Exception()))
    assert is_away(DBAPIError("SELECT", {}, Exception(), connection_invalidated=True))
    assert not is_away(IntegrityError("INSERT", {}, Exception()))
    assert not is_away(ValueError())


# ── The line of those who write ───────────────────────────────────────────────────────────────


def stand_behind(line: Line, count: int) -> None:
    """Wait until so many wait there."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while len(line) < count:
        assert time.monotonic() < give_up
        time.sleep(0.001)


def test_who_waits_to_write_takes_no_connection_from_those_who_read(app: Flask) -> None:
    """More writers wait than there are connections, and a page is still read at once."""
    held, read = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), writing():
            bump()
            held.set()
            assert read.wait(PATIENCE_SECONDS)
            db.session.commit()

    def write() -> None:
        with app.app_context(), writing():
            bump()
            db.session.commit()

    with ThreadPoolExecutor(31) as people:
        holder = people.submit(hold)
        assert held.wait(PATIENCE_SECONDS)
        waiting = [people.submit(write) for _ in range(30)]
        with app.app_context():
            inside = WRITERS if postgres() else 1  # the others wait for the first one's row
            stand_behind(db.engine.pool.line, 31 - inside)  # type: ignore[attr-defined]
            assert board_version(get_office(SLUG).id)[0] == 0
        read.set()
        for person in (holder, *waiting):
            person.result(PATIENCE_SECONDS)
    with app.app_context():
        assert board_version(get_office(SLUG).id)[0] == 31


@pytest.mark.once
def test_a_line_serves_who_came_first() -> None:
    line, served = Line(), list[int]()
    assert line.enter(0)

    def stand(number: int) -> None:
        assert line.enter(PATIENCE_SECONDS)
        served.append(number)
        line.leave()

    with ThreadPoolExecutor(5) as people:
        standing = []
        for number in range(5):
            standing.append(people.submit(stand, number))
            stand_behind(line, number + 1)
        line.leave()
        for person in standing:
            person.result(PATIENCE_SECONDS)
    assert served == [0, 1, 2, 3, 4]


@pytest.mark.once
def test_a_line_with_places_lets_so_many_in() -> None:
    line = Line(2)
    assert line.enter(0)
    assert line.enter(0)
    assert not line.enter(BRIEFLY)
    line.leave()
    assert line.enter(0)
    line.leave()
    line.leave()
    assert line.enter(0)
    assert line.enter(0)
    assert not line.enter(0)


@pytest.mark.once
def test_who_gives_up_leaves_the_line_to_the_others() -> None:
    line = Line()
    assert line.enter(0)
    assert not line.enter(BRIEFLY)
    assert len(line) == 0
    line.leave()
    assert line.enter(0)


@pytest.mark.once
def test_a_line_that_hardly_moves_is_not_waited_in_for_ever() -> None:
    line, tired = Line(), threading.Event()
    assert line.enter(0)

    def dawdle() -> None:
        while not tired.is_set():
            assert line.enter(PATIENCE_SECONDS)
            time.sleep(BRIEFLY)
            line.leave()

    with ThreadPoolExecutor(40) as people:
        dawdlers = [people.submit(dawdle) for _ in range(40)]
        stand_behind(line, 40)
        line.leave()
        try:
            assert not line.enter(4 * BRIEFLY), "three times that; the others take ten times that"
        finally:
            tired.set()
        for person in dawdlers:
            person.result(PATIENCE_SECONDS)
    assert line.enter(0)


def test_a_pool_that_is_full_of_readers_keeps_nobody_in_line(impatient: sa.Engine) -> None:
    connections = [impatient.connect() for _ in range(20)]
    try:
        with writing(), pytest.raises(PoolTimeout):
            impatient.connect()
    finally:
        for connection in connections:
            connection.close()
    with writing(), impatient.begin() as again:
        again.execute(BUMP)
