"""Migrations and models say the same, on the real tables of both engines; nothing is ever lost.

Each further migration is stepped through with a filled database by these tests as they stand.
"""

import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, MetaData, create_engine, func, make_url, select, text

from ruko.app import create_app, web_root
from ruko.db import db
from ruko.demo import build_example
from ruko.schema import NewerDatabase, migrate, newest_revision, present_revision
from tests.apart import apart, close
from tests.conftest import settings_for
from tests.fresh_database import fresh_database

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
Shape = dict[str, str]


@contextmanager
def application(url: str, folder: Path, migrations: Path | None = None) -> Iterator[Flask]:
    """An application on that database; with `migrations`, on that folder of them."""
    with apart():
        app = create_app(settings_for(url, folder))
        if migrations:
            extension = app.extensions["migrate"]
            extension.directory = extension.migrate.directory = str(migrations)
        yield app
        close(app)


@pytest.fixture
def app_on_nothing(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database is empty."""
    with fresh_database(database_url, tmp_path) as url, application(url, tmp_path) as app:
        yield app


# ── The shape of a real database ──────────────────────────────────────────────────────────────


def shape_of(connection: Connection) -> Shape:
    """Everything that the engine itself says about our tables, each in one comparable line."""
    of = _shape_of_sqlite if connection.dialect.name == "sqlite" else _shape_of_postgresql
    shape = of(connection)
    return {name: line for name, line in shape.items() if "alembic_version" not in name}


def _shape_of_sqlite(connection: Connection) -> Shape:
    """The statements as SQLite keeps them: of a table every column and constraint, in any order."""
    shape: Shape = {}
    kept = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL"))
    for kind, name, sql in kept:
        plain = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
        if kind != "table":
            shape[f"{kind} {name}"] = plain
            continue
        head, _, body = plain.partition("(")
        assert head.strip() == f"CREATE TABLE {name}"
        for part in _parts(body.removesuffix(")")):
            word, _, rest = part.partition(" ")
            if word == "CONSTRAINT":
                word = rest.split(" ")[0]
            shape[f"table {name} {word}"] = part
    return shape


def _parts(body: str) -> Iterator[str]:
    """Split at the commas outside of parentheses."""
    depth, part = 0, ""
    for letter in body:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += letter
    yield part.strip()


_POSTGRESQL = {
    "column": """
        SELECT table_name || '.' || column_name, concat_ws(' ', data_type, udt_name,
          character_maximum_length, numeric_precision, datetime_precision, is_nullable,
          column_default, is_identity, is_generated)
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraint": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
    "index": """
        SELECT tablename || '.' || indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public'""",
    "sequence": """
        SELECT sequencename::text, data_type::text FROM pg_sequences
        WHERE schemaname = 'public'""",
}


def _shape_of_postgresql(connection: Connection) -> Shape:
    return {
        f"{kind} {name}": line
        for kind, query in _POSTGRESQL.items()
        for name, line in connection.execute(text(query))
    }


def test_migrations_make_exactly_what_the_models_say(
    database_url: str, app_on_nothing: Flask, tmp_path: Path
) -> None:
    with app_on_nothing.app_context():
        upgrade()
        with db.engine.connect() as connection:
            migrated = shape_of(connection)
    with fresh_database(database_url, tmp_path) as url:
        engine = create_engine(url)
        db.metadata.create_all(engine)
        with engine.connect() as connection:
            declared = shape_of(connection)
        engine.dispose()
    assert len(declared) > 200
    assert migrated == declared


def test_going_all_the_way_down_leaves_nothing(app_on_nothing: Flask) -> None:
    with app_on_nothing.app_context():
        upgrade()
        downgrade(revision="base")
        with db.engine.connect() as connection:
            assert shape_of(connection) == {}


@pytest.mark.parametrize(
    ("before", "after", "postgresql"),
    [
        ("VARCHAR(500)", "VARCHAR(501)", "ALTER COLUMN note TYPE varchar(501)"),
        ("rank_at DATETIME NOT NULL", "rank_at DATETIME", "ALTER rank_at DROP NOT NULL"),
        (
            "CONSTRAINT fk_turn_counter_id_counter FOREIGN KEY(counter_id) REFERENCES counter (id)",
            "CHECK (1)",
            "DROP CONSTRAINT fk_turn_counter_id_counter",
        ),
        ("counter_id IS NOT NULL", "counter_id IS NULL", "DROP CONSTRAINT ck_turn_called_to_place"),
        ("(ticket_id) WHERE state", "(ticket_id) WHERE note", "RENAME TO other"),
    ],
)
def test_the_comparison_sees_the_smallest_difference(
    app_on_nothing: Flask, before: str, after: str, postgresql: str
) -> None:
    with app_on_nothing.app_context():
        upgrade()
        with db.engine.connect() as connection:
            right = shape_of(connection)
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA writable_schema=ON")
                change = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE tbl_name = 'turn'"
                connection.exec_driver_sql(change, (before, after))
            else:
                connection.exec_driver_sql(f"ALTER TABLE turn {postgresql}")
            assert shape_of(connection) != right


# ── Data in place ─────────────────────────────────────────────────────────────────────────────


def fill(app: Flask) -> None:
    """A day with people, devices, bookings, tickets and calls."""
    build_example(app)


def rows_of(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = MetaData()
    names.reflect(connection)
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in names.sorted_tables
    }


def orphans(connection: Connection) -> list[object]:
    """Rows without their parent; PostgreSQL never allows one."""
    if connection.dialect.name != "sqlite":
        return []
    return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))


def step_through(app: Flask) -> None:
    """Go down to the first migration and up again, one by one, and lose no row on the way.

    Tables that a migration makes are empty after going below it, so they are left out.
    """
    with app.app_context():
        scripts = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
        newest_first = [script.revision for script in scripts.walk_revisions()]
        with db.engine.begin() as connection:  # the first versions knew claims of bookings alone
            for claims in ("slot_claim", "bidang_claim", "quota_seat"):
                connection.execute(text(f"DELETE FROM {claims} WHERE booking_id IS NULL"))  # noqa: S608
        with db.engine.connect() as connection:
            rows, shape = rows_of(connection), shape_of(connection)
        for revision in newest_first[1:]:
            downgrade(revision=revision)
        for revision in reversed(newest_first):
            upgrade(revision=revision)
            with db.engine.connect() as connection:
                assert not orphans(connection), revision
        with db.engine.connect() as connection:
            kept = rows_of(connection)
            assert shape_of(connection) == shape
        assert kept == {name: rows[name] if kept[name] else 0 for name in rows}
        assert kept["ticket"] == rows["ticket"] > 0
        assert kept["audit_event"] == rows["audit_event"] > 0


def test_every_migration_keeps_the_rows(app_on_nothing: Flask) -> None:
    fill(app_on_nothing)
    step_through(app_on_nothing)


def test_migrating_again_does_nothing(app_on_nothing: Flask, tmp_path: Path) -> None:
    fill(app_on_nothing)
    with app_on_nothing.app_context():
        assert present_revision() == newest_revision()
        with db.engine.connect() as connection:
            before = rows_of(connection), shape_of(connection)
        assert migrate(app_on_nothing, now=NOW) is None
        upgrade()
        with db.engine.connect() as connection:
            assert (rows_of(connection), shape_of(connection)) == before
            assert not orphans(connection)
    assert not list(tmp_path.glob("*-before-*"))


# ── A next migration, as later versions will bring them ───────────────────────────────────────

NEXT = """
'''A made-up next version.'''

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{newest}"


def upgrade() -> None:
    with op.batch_alter_table("office") as office:
        office.add_column(sa.Column("motto", sa.String(40), nullable=False, server_default="-"))
        office.alter_column("regency", type_=sa.String(90))
    with op.batch_alter_table("turn") as turn:
        turn.alter_column("note", type_=sa.String(501))
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    {last_step}


def downgrade() -> None:
    op.drop_table("extra")
    with op.batch_alter_table("turn") as turn:
        turn.alter_column("note", type_=sa.String(500))
    with op.batch_alter_table("office") as office:
        office.alter_column("regency", type_=sa.String(80))
        office.drop_column("motto")
"""


@contextmanager
def next_version(url: str, folder: Path, last_step: str = "pass") -> Iterator[Flask]:
    """An application with one more migration, which rebuilds parents of many rows."""
    migrations = folder / "migrations"
    shutil.copytree(web_root() / "migrations", migrations)
    newest = next(iter(ScriptDirectory(str(migrations)).get_heads()))
    script = NEXT.format(newest=newest, last_step=last_step)
    (migrations / "versions" / "next.py").write_text(script)
    with application(url, folder, migrations) as app:
        yield app


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> Iterator[str]:
    """A database of this version with a day in it."""
    with fresh_database(database_url, tmp_path) as url:
        with application(url, tmp_path) as app:
            fill(app)
        yield url


def test_a_copy_is_kept_before_an_older_database_is_changed(filled: str, tmp_path: Path) -> None:
    with next_version(filled, tmp_path) as app, app.app_context():
        with db.engine.connect() as connection:
            before = rows_of(connection)
        kept = migrate(app, now=NOW)
        with db.engine.connect() as connection:
            after = rows_of(connection)
            assert not orphans(connection)
        assert present_revision() == "next"
        assert after.pop("extra") == 0
        assert after == before
        assert migrate(app, now=NOW) is None
    if make_url(filled).get_backend_name() != "sqlite":
        assert kept is None
        return
    assert kept
    assert kept.parent == tmp_path
    assert "-before-20261123-010000" in kept.name
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() != ("next",)
        assert copy.execute("SELECT count(*) FROM ticket").fetchone() == (before["ticket"],)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_stepping_through_covers_a_migration_that_rebuilds_parents(
    filled: str, tmp_path: Path
) -> None:
    with next_version(filled, tmp_path) as app:
        migrate(app, now=NOW)
        step_through(app)
        with app.app_context():
            assert present_revision() == "next"


@pytest.mark.parametrize(
    "last_step",
    ["raise ValueError('half way')", "op.execute('DELETE FROM village')"],
    ids=["fails", "would leave orphans"],
)
def test_a_migration_that_fails_changes_nothing(
    filled: str, tmp_path: Path, last_step: str
) -> None:
    with next_version(filled, tmp_path, last_step) as app, app.app_context():
        with db.engine.connect() as connection:
            before = rows_of(connection), shape_of(connection)
        with pytest.raises((Exception, SystemExit)):
            migrate(app, now=NOW)
        with db.engine.connect() as connection:
            assert (rows_of(connection), shape_of(connection)) == before
            if connection.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert present_revision() != "next"


def test_a_database_of_a_newer_version_is_refused(filled: str, tmp_path: Path) -> None:
    with next_version(filled, tmp_path) as app:
        migrate(app, now=NOW)
    with application(filled, tmp_path) as older, pytest.raises(NewerDatabase, match="next"):
        migrate(older, now=NOW)


def test_a_new_file_is_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    with application(f"sqlite:///{file}", tmp_path) as app:
        migrate(app, now=NOW)
        for beside in tmp_path.glob("new.sqlite3*"):
            assert stat.S_IMODE(beside.stat().st_mode) == 0o600
