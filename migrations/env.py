"""How migrations run: on the application's database, SQLite's foreign keys off and checked after."""

from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import text
from sqlalchemy.types import DateTime, TypeEngine

from ruko.db import UTCDateTime

config = context.config
database = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our moment type as a plain one, so that migrations need no import of the house."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


def compare_type(
    _context: Any, _column: Any, _meta: Any, found: TypeEngine[Any], wanted: TypeEngine[Any]
) -> bool | None:
    """Our moments are the database's moments."""
    return False if isinstance(wanted, UTCDateTime) and isinstance(found, DateTime) else None


with database.engine.connect() as connection:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # A table rebuild drops the old table, and that would delete its children.
        # The pragma works only outside a transaction, so it goes past SQLAlchemy's.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=sqlite,
        render_item=render_item,
        compare_type=compare_type,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"The migration left {len(broken)} rows without their parent.")
        connection.rollback()
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
