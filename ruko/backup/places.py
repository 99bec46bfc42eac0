"""Where a restored database comes to stand: built beside what is there, then in its place in one step."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect, make_url, text

from ruko.backup.archive import BackupError
from ruko.backup.rows import VERSION_TABLE
from ruko.files import sync_folder
from ruko.settings import SQLITE_FILE, Settings

STOP = "Please stop RUKO first (systemctl stop ruko), and close what else uses its database."
FOREIGN = "The database holds tables of another program. RUKO touches none of them."


class Occupant(Enum):
    """What stands there now."""

    NOBODY = auto()
    OFFICE = auto()
    BROKEN = auto()


def place_of(settings: Settings) -> "SQLiteFile | PostgreSQL":
    file = settings.database_file
    return SQLiteFile(file) if file else PostgreSQL(settings.database_url)


def _judge(tables: list[str]) -> Occupant:
    if not tables:
        return Occupant.NOBODY
    if VERSION_TABLE not in tables:
        raise BackupError(FOREIGN)
    return Occupant.OFFICE


class SQLiteFile:
    """A file, and what SQLite keeps beside it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._beside = file.with_name(f".{file.name}.restoring")

    def occupant(self) -> Occupant:
        if not self._file.exists() or not self._file.stat().st_size:
            return Occupant.NOBODY
        try:
            with closing(sqlite3.connect(self._file, timeout=1)) as connection:
                tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                return _judge([name for (name,) in tables])
        except sqlite3.OperationalError as error:
            raise BackupError(
                f"The database {self._file} cannot be read: {error}. {STOP}"
            ) from error
        except sqlite3.DatabaseError:
            return Occupant.BROKEN

    @contextmanager
    def beside(self) -> Iterator[str]:
        self._clear()
        self._beside.touch(mode=0o600)
        try:
            yield f"{SQLITE_FILE}{self._beside}"
        finally:
            self._clear()

    def keep_broken(self, *, now: datetime) -> Path:
        """A name of its own for a file that no program can read; it stays where it is until replaced."""
        kept = self._file.with_name(f"{self._file.stem}-broken-{now:%Y%m%d-%H%M%S}.sqlite3")
        kept.hardlink_to(self._file)
        for end in ("-wal", "-shm"):  # the next database must never meet them
            beside = _with_end(self._file, end)
            if beside.exists():
                beside.rename(_with_end(kept, end))
        return kept

    def replace(self) -> None:
        if self._file.exists() and self._file.stat().st_size:
            self._take_in_its_log()
        descriptor = os.open(self._beside, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._beside.replace(self._file)
        sync_folder(self._file.parent)

    def _take_in_its_log(self) -> None:
        """Its write-ahead log must be gone, or SQLite would play it into the next database."""
        try:
            with closing(sqlite3.connect(self._file, timeout=1)) as connection:
                [mode] = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise BackupError(f"The database is in use. {STOP}") from error
        except sqlite3.DatabaseError:  # broken, and its log was put away
            mode = "delete"
        if mode != "delete" or _with_end(self._file, "-wal").exists():
            raise BackupError(f"The database is in use. {STOP}")

    def _clear(self) -> None:
        for end in ("", "-wal", "-shm", "-journal"):
            _with_end(self._beside, end).unlink(missing_ok=True)


def _with_end(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


class PostgreSQL:
    """A schema, and another one of its database in which the next is built."""

    SCHEMA = "ruko_restoring"
    _OTHERS = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine = create_engine(self._url, poolclass=NullPool)

    def occupant(self) -> Occupant:
        with self._engine.connect() as connection:
            if connection.execute(text(self._OTHERS)).scalar_one():
                raise BackupError(f"Somebody is connected to the database. {STOP}")
            return _judge(inspect(connection).get_table_names())

    @contextmanager
    def beside(self) -> Iterator[str]:
        self._clear()
        with self._engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {self.SCHEMA}"))
        options = f"{self._url.query.get('options', '')} -csearch_path={self.SCHEMA}"
        try:
            yield self._url.update_query_dict({"options": options.strip()}).render_as_string(
                hide_password=False
            )
        finally:
            self._clear()

    def replace(self) -> None:
        """In one transaction: the old tables go, the new ones come."""
        with self._engine.begin() as connection:
            seen, quote = inspect(connection), connection.dialect.identifier_preparer.quote
            home = quote(str(seen.default_schema_name))
            for table in seen.get_table_names():
                connection.execute(text(f"DROP TABLE {home}.{quote(table)} CASCADE"))
            for table in seen.get_table_names(self.SCHEMA):
                connection.execute(
                    text(f"ALTER TABLE {self.SCHEMA}.{quote(table)} SET SCHEMA {home}")
                )

    def _clear(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {self.SCHEMA} CASCADE"))
