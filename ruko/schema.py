"""The database's shape: brought up to date before serving, with a copy kept aside first."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import Migrate
from flask_migrate import upgrade as run_migrations
from sqlalchemy import Connection

from ruko.db import db, engine_options, prepare_engine

log = logging.getLogger(__name__)


class NewerDatabase(Exception):
    """A newer version of this program has written it; this one would not understand all of it."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database was written by a newer version of RUKO (revision {revision})."
            " Please start that version, or restore a copy from before it."
        )


def present_revision() -> str | None:
    """The migration that the database stands at, or None when it is empty."""
    with db.engine.connect() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """The migration that this database stands at, or None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> set[str]:
    """The migrations that this program knows."""
    return {script.revision for script in _scripts().walk_revisions()}


def newest_revision() -> str | None:
    """The migration that this program knows as the last one."""
    return _scripts().get_current_head()


def migrate(app: Flask, *, now: datetime) -> Path | None:
    """Bring the database up to date; returns the copy made before changing a filled SQLite file.

    Raises `NewerDatabase`.
    """
    with app.app_context():
        _begin_privately()
        present, newest = present_revision(), newest_revision()
        if present == newest:
            return None
        if present and present not in known_revisions():
            raise NewerDatabase(present)
        kept = _copy_aside(now) if present else None
        run_migrations()
        db.engine.dispose()
        if present:
            log.info("database migrated from=%s to=%s copy=%s", present, newest, kept)
        return kept


def migrate_to(revision: str) -> None:
    """Bring the present application's database up to that migration."""
    run_migrations(revision=revision)
    db.engine.dispose()


@contextmanager
def another_database(url: str) -> Iterator[None]:
    """In the block `db` is the one at `url`, with the same migrations; closed afterwards."""
    folder = current_app.extensions["migrate"].directory
    other = Flask(__name__)
    other.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(other)
    Migrate(other, db, directory=folder, render_as_batch=True)
    with other.app_context():
        prepare_engine(db.engine)
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def _sqlite_file() -> Path | None:
    url = db.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _begin_privately() -> None:
    """A new SQLite file belongs to this user alone; SQLite itself would let everybody read it."""
    file = _sqlite_file()
    if file and not file.exists():
        file.touch(mode=0o600)


def _copy_aside(now: datetime) -> Path | None:
    """A consistent copy beside a SQLite file, also while somebody reads it."""
    file = _sqlite_file()
    if file is None:
        return None
    copy = file.with_name(f"{file.stem}-before-{now:%Y%m%d-%H%M%S}{file.suffix}")
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy
