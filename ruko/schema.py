"""The database's shape: brought up to date before serving, with a copy kept aside first."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade as run_migrations

from ruko.db import db


def present_revision() -> str | None:
    """The migration that the database stands at, or None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The migration that this program knows as the last one."""
    return ScriptDirectory.from_config(
        current_app.extensions["migrate"].migrate.get_config()
    ).get_current_head()


def migrate(app: Flask, *, now: datetime) -> Path | None:
    """Bring the database up to date; returns the copy made before changing a filled SQLite file."""
    with app.app_context():
        present = present_revision()
        if present == newest_revision():
            return None
        kept = _copy_aside(now) if present else None
        run_migrations()
        db.engine.dispose()
        return kept


def _copy_aside(now: datetime) -> Path | None:
    """A consistent copy beside a SQLite file, also while somebody reads it."""
    if db.engine.dialect.name != "sqlite" or not db.engine.url.database:
        return None
    file = Path(db.engine.url.database)
    copy = file.with_name(f"{file.stem}-before-{now:%Y%m%d-%H%M%S}{file.suffix}")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.chmod(0o600)
    return copy
