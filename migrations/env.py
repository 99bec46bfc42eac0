"""How migrations run: on the application's database, SQLite's foreign keys off and checked after."""

from typing import Any, Literal

from alembic import context
from alembic.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.types import DateTime, TypeEngine

from ruko.db import UTCDateTime

config = context.config
database = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our moment type as a plain one, so that migrations need no import of the house."""
    return (
        "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False
    )


def compare_type(
    _context: Any, _column: Any, _meta: Any, found: TypeEngine[Any], wanted: TypeEngine[Any]
) -> bool | None:
    """Our moments are the database's moments."""
    return False if isinstance(wanted, UTCDateTime) and isinstance(found, DateTime) else None


def keep_parents(ctx: MigrationContext, *_: Any, **__: Any) -> None:
    """After each migration, inside its transaction: no row of SQLite may have lost its parent."""
    if ctx.dialect.name == "sqlite" and ctx.connection is not None:
        lost = ctx.connection.execute(text("PRAGMA foreign_key_check")).all()
        if lost:
            raise RuntimeError(f"The migration left {len(lost)} rows without their parent.")


def check_keys(connection: Connection, *, yes: bool) -> None:
    """Turn SQLite's foreign keys on or off; works only between two transactions."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.execute(f"PRAGMA foreign_keys={'ON' if yes else 'OFF'}")


with database.engine.connect() as connection:
    # A rebuilt table is dropped on the way, and that would delete its children.
    check_keys(connection, yes=False)
    try:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render_item,
            compare_type=compare_type,
            transaction_per_migration=True,
            on_version_apply=keep_parents,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        check_keys(connection, yes=True)
