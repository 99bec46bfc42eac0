"""The database: base class, aware UTC moments, constraint names, and how a write begins.

SQLite begins every writing transaction IMMEDIATE, and its writers stand in one line: a read that later
writes would be refused at once ("database is locked"), and SQLite's own busy wait sleeps unfairly.
On PostgreSQL a few write at a time; the others wait in the same kind of line, without a connection.
Say `with writing():` (or `begin_writing()`) before the first query of a unit of work that writes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Engine, MetaData, bindparam, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import PoolProxiedConnection, QueuePool
from sqlalchemy.types import TypeDecorator

from ruko.errors import Unavailable
from ruko.line import ROUNDS, Line

Statement = TypeVar("Statement")

LOCK_SECONDS = 5
"""How long a write waits for somebody who sits on its turn before it says `unavailable`."""
WRITERS = 6
"""How many write at a time on PostgreSQL in one process; measured: the tails grow with more."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on every engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Moments carry their offset; a naive one was given.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        # SQLite forgets the zone; PostgreSQL answers in the session's: stamp the one, convert the other.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table, with predictable constraint names for migrations on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime()}

    id: Mapped[int] = mapped_column(primary_key=True)


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)


# ── Which transactions write ──────────────────────────────────────────────────────────────────

_writing: ContextVar[bool] = ContextVar("ruko_writing", default=False)


def begin_writing() -> None:
    """From here on this unit of work writes; its next transaction begins IMMEDIATE on SQLite."""
    _writing.set(True)


def end_writing() -> None:
    """The unit of work is over."""
    _writing.set(False)


@contextmanager
def writing() -> Iterator[None]:
    """Mark a block as one that writes, for commands and background work."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


class WritersInLine(QueuePool):
    """The connections. Who writes takes one when it is their turn, and not while they wait.

    Else a few waiting writers would have them all, and who only reads would wait with them.
    So many write at a time as the class says.
    """

    writers: int

    def __init_subclass__(cls) -> None:
        cls.__module__ = QueuePool.__module__  # by which it logs: SQLAlchemy's chatter is not ours

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.line = Line(self.writers)

    def connect(self) -> PoolProxiedConnection:
        """A connection; with `begin_writing()` one of those that write, until it is given back."""
        if not _writing.get():
            return super().connect()
        self._stand_in_line()
        try:
            taken = super().connect()
        except BaseException:
            self.line.leave()
            raise
        taken.info["ruko_line"] = self.line
        return taken

    def let_write(self, connection: Connection) -> None:
        """A connection that was taken to read writes now."""
        if "ruko_line" not in connection.info:
            self._stand_in_line()
            connection.info["ruko_line"] = self.line

    def _stand_in_line(self) -> None:
        if not self.line.enter(LOCK_SECONDS):
            raise Unavailable


class OneWriter(WritersInLine):
    """SQLite's: it knows one writer at a time."""

    writers = 1


class SomeWriters(WritersInLine):
    """PostgreSQL's: the writers of an office wait for each other's rows and hold a connection meanwhile."""

    writers = WRITERS


def engine_options(url: str | URL) -> dict[str, Any]:
    """Pool settings for `url`; measured: more connections lower the throughput."""
    options: dict[str, Any] = {
        "pool_size": 20,
        "max_overflow": 0,
        "pool_timeout": LOCK_SECONDS,
        "hide_parameters": True,  # what people entered stays out of the log
    }
    if make_url(url).get_backend_name() == "sqlite":
        return options | {
            "poolclass": OneWriter,
            "connect_args": {"check_same_thread": False, "timeout": LOCK_SECONDS},
        }
    return options | {"poolclass": SomeWriters, "pool_pre_ping": True}


def prepare_engine(engine: Engine) -> None:
    """Let no write wait for ever, and let those of SQLite come one after the other."""

    @event.listens_for(engine, "checkin")
    def _give_back(_connection: Any, record: Any) -> None:
        # After the commit is on disk, not before it: the next writer must not meet a held file.
        line = record.info.pop("ruko_line", None)
        if line is not None:
            line.leave()

    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
        return

    @event.listens_for(engine, "connect")
    def _limit(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {int(LOCK_SECONDS * 1000)}")
        connection.commit()


def _prepare_sqlite(engine: Engine) -> None:
    """Its pragmas, its IMMEDIATE writes and their line."""

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions itself
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL may forget the last numbers at a power cut
            f"busy_timeout={LOCK_SECONDS * 1000}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not _writing.get():
            # The driver's own way: it locks nothing, so it cannot fail, and reads begin all the time.
            connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]
            return
        connection.engine.pool.let_write(connection)  # type: ignore[attr-defined]  # of `engine_options`
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def take_turns(what: str, number: int) -> None:
    """Do `what` with that number one after the other until the commit; SQLite writes so anyway."""
    if db.engine.dialect.name == "postgresql":
        # Who stands in a line that moves may wait longer than for a lock that somebody sits on.
        patience = str(ROUNDS * LOCK_SECONDS * 1000)
        db.session.execute(_TURN, {"b_what": what, "b_number": number, "b_patience": patience})


_TURN = text(
    "SELECT set_config('lock_timeout', :b_patience, true),"
    " pg_advisory_xact_lock(hashtext(:b_what), :b_number)"
)


def values_of(*names: str) -> dict[str, Any]:
    """Bind parameters `b_name` for an INSERT's columns; an UPDATE refuses those named like columns."""
    return {name: bindparam(f"b_{name}") for name in names}


def upsert(table: Any) -> Any:
    """An INSERT that knows ON CONFLICT, for the engine in use."""
    name = db.engine.dialect.name
    return (postgresql if name == "postgresql" else sqlite).insert(table)


def per_engine(build: Callable[[Any], Statement]) -> Callable[[], Statement]:
    """A statement with ON CONFLICT, built once for each engine; `build` is given its `insert`.

    Building a statement anew costs several times as much as running it.
    """
    built = {"sqlite": build(sqlite.insert), "postgresql": build(postgresql.insert)}
    return lambda: built[db.engine.dialect.name]


def is_transient(error: BaseException) -> bool:
    """Whether trying the whole unit of work again may help (deadlock, serialisation)."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, DBAPIError) and state in {"40001", "40P01"}


def is_away(error: BaseException) -> bool:
    """Whether the database is away, locked or full: nothing was written."""
    if isinstance(error, OperationalError):
        return not str(error.orig).startswith("no such ")  # SQLite's word for a broken schema
    return isinstance(error, DBAPIError) and error.connection_invalidated
