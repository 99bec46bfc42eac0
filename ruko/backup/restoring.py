"""Puts a backup back: all of it is tried in a database of its own, which then takes the place of the old.

Until that step nothing changes but for files added to the stores, which nobody sees before their rows
are there. A restore that is broken off anywhere leaves the old office or the new one.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, Integer, Table, func, select, text
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from ruko.backup.archive import Archive, BackupError, Manifest, damaged, file_member, table_member
from ruko.backup.locks import held
from ruko.backup.making import make_backup
from ruko.backup.places import STOP, Occupant, PostgreSQL, SQLiteFile, place_of
from ruko.backup.rows import count, read_rows, tables_of
from ruko.db import db, writing
from ruko.files import is_whole, whole_file
from ruko.schema import another_database, known_revisions, migrate_to
from ruko.settings import Settings

KEPT_ASIDE = "ruko-before-restore-%Y%m%d-%H%M%SZ.zip"
ROOM = 3
"""A row takes so many times its text: in the table, its indexes and the log."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands there now, and where that is which stood there before."""

    manifest: Manifest
    kept: Path | None


def restore(
    app: Flask, archive: Archive, settings: Settings, *, replace: bool, now: datetime
) -> Restored:
    """Stand the office up as it was. Raises `BackupError`; nothing has changed then."""
    settings.make_data_dir()
    with held(settings.serving_lock) as alone:
        if not alone:
            raise BackupError(f"RUKO is serving from {settings.data_dir}. {STOP}")
        place = place_of(settings)
        occupant = place.occupant()
        if occupant is not Occupant.NOBODY and not replace:
            raise BackupError(
                "There is an office here already. With --replace this backup takes its place;"
                " what is here now is kept aside."
            )
        with app.app_context():
            _check(archive, settings)
            with place.beside() as url:
                with another_database(url):
                    _build(archive)
                kept = _keep(place, occupant, settings, now=now)
                with _with_files(archive, settings.data_dir):
                    place.replace()
    return Restored(archive.manifest, kept)


def _check(archive: Archive, settings: Settings) -> None:
    """All that can be known before anything is built."""
    manifest = archive.manifest
    if manifest.revision not in known_revisions():
        raise BackupError(
            f"{archive.name} was made by a newer version of RUKO ({manifest.app:.20}, revision"
            f" {manifest.revision:.20}). Please install that version here first."
        )
    rows = archive.size_of(map(table_member, manifest.tables))
    files = [
        (store, d) for store, d in archive.stored if not (settings.data_dir / store / d).exists()
    ]
    needed = ROOM * rows + archive.size_of(file_member(*file) for file in files)
    free = shutil.disk_usage(settings.data_dir).free
    if needed > free:
        raise BackupError(
            f"{archive.name} needs {needed // 1_000_000:,} MB, and only {free // 1_000_000:,} MB"
            f" are free for {settings.data_dir}."
        )
    archive.check_files()


# ── Rows ──────────────────────────────────────────────────────────────────────────────────────


def _build(archive: Archive) -> None:
    """Fill the empty database, as of the backup's revision; then bring it up to date."""
    migrate_to(archive.manifest.revision)
    try:
        with writing(), db.engine.connect() as connection:
            _fill(archive, connection)
    except (IntegrityError, DataError, ValueError) as error:
        raise damaged(archive.name) from error
    migrate_to("head")


def _fill(archive: Archive, connection: Connection) -> None:
    with _unchecked_keys(connection):
        tables = tables_of(connection)
        if {table.name for table in tables} != archive.manifest.tables.keys():
            raise damaged(archive.name)
        for table in tables:
            connection.execute(table.delete())  # what the migrations put in
            with archive.open(table_member(table.name)) as file:
                rows = read_rows(connection, table, file)
            if not rows == count(connection, table) == archive.manifest.tables[table.name]:
                raise damaged(archive.name)
            _go_on_counting(connection, table)


_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""


@contextmanager
def _unchecked_keys(connection: Connection) -> Iterator[None]:
    """A transaction in which rows come in any order; at its end each key must lead to a row."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.dbapi_connection
        assert driver is not None  # noqa: S101 – for mypy: it is just connected
        driver.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            yield
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise ValueError("A row has lost its parent.")
        return
    with connection.begin():
        keys = connection.execute(text(_KEYS)).all()
        for table, name, _ in keys:
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        yield
        for table, name, definition in keys:
            connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))


def _go_on_counting(connection: Connection, table: Table) -> None:
    """The next row of PostgreSQL gets the next number; SQLite looks by itself."""
    if connection.dialect.name == "sqlite":
        return
    name = connection.dialect.identifier_preparer.format_table(table)
    for column in table.primary_key.columns:
        if isinstance(column.type, Integer):
            sequence = connection.scalar(select(func.pg_get_serial_sequence(name, column.name)))
            last = func.max(column)
            if sequence:
                connection.execute(
                    select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None)))
                )


# ── What is there ─────────────────────────────────────────────────────────────────────────────


def _keep(
    place: SQLiteFile | PostgreSQL, occupant: Occupant, settings: Settings, *, now: datetime
) -> Path | None:
    """Put aside what is to be replaced: as a backup, or as it is where nobody can read it."""
    if occupant is Occupant.NOBODY:
        return None
    path = settings.find_backup_folder() / now.strftime(KEPT_ASIDE)
    try:
        return make_backup(path, settings.data_dir, now=now).path
    except (DatabaseError, ValueError):
        if isinstance(place, SQLiteFile):
            return place.keep_broken(now=now)
        raise
    finally:
        db.engine.dispose()


@contextmanager
def _with_files(archive: Archive, data_dir: Path) -> Iterator[None]:
    """Put the stores' files in; should the block fail, take them out again."""
    added: list[Path] = []
    try:
        for store, digest in archive.stored:
            path = data_dir / store / digest
            if is_whole(path):
                continue
            with whole_file(path) as file, archive.open(file_member(store, digest)) as source:
                added.append(path)
                shutil.copyfileobj(source, file, 1 << 20)
        yield
    except BaseException:
        for path in added:
            path.unlink(missing_ok=True)
        raise
