"""Offices to back up, places to restore to, and everything that a place holds."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import Flask
from sqlalchemy import create_engine, make_url, select
from werkzeug.datastructures import FileStorage

from ruko import clock
from ruko.app import create_app
from ruko.backup.rows import tables_of
from ruko.db import db
from ruko.demo import PASSWORD, build_example
from ruko.files import Store
from ruko.settings import read_settings
from tests.apart import close
from tests.clips import a_wav
from tests.conftest import SLUG, VisitingClient
from tests.fresh_database import fresh_database
from tests.pictures import encoded, poster
from tests.test_cli import NOW, Shell

PAPER = b"%PDF-1.7 surat undangan"
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Place:
    """A computer with RUKO, its data folder and its database."""

    shell: Shell
    url: str
    data: Path

    def says(self, *words: str) -> list[str]:
        """Run what must succeed; nothing of it stays connected."""
        try:
            return self.shell.says(*words)
        finally:
            self.shell.close()

    def refuses(self, *words: str) -> str:
        """Run what must fail with a sentence; nothing of it stays connected."""
        try:
            return self.shell.refuses(*words)
        finally:
            self.shell.close()

    @contextmanager
    def running(self) -> Iterator[Flask]:
        """The application, as it serves there."""
        settings = read_settings(self.shell.environ)
        if settings.now:
            clock.start_at(settings.now)
        app = create_app(settings)
        app.test_client_class = VisitingClient
        try:
            yield app
        finally:
            close(app)

    def rows(self) -> Rows:
        """Every row of every table, as the models read them, by its key."""
        engine = create_engine(self.url)
        try:
            with engine.connect() as connection:
                there = {table.name for table in tables_of(connection)}
                assert there == set(db.metadata.tables)
                return {
                    table.name: [
                        tuple(row)
                        for row in connection.execute(
                            select(table).order_by(*table.primary_key.columns)
                        )
                    ]
                    for table in db.metadata.sorted_tables
                }
        finally:
            engine.dispose()

    def print(self) -> dict[str, str]:
        """A digest of everything there: each file, and each row of a database of its own."""
        there = {
            str(path.relative_to(self.data)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.data.rglob("*"))
            if path.is_file() and path.suffix != ".lock"
        }
        if make_url(self.url).get_backend_name() != "sqlite":
            engine = create_engine(self.url)
            with engine.connect() as connection:
                for table in tables_of(connection):
                    rows = connection.execute(select(table).order_by(*table.columns[:1])).all()
                    there[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
            engine.dispose()
        return there


@contextmanager
def place(database_url: str, folder: Path, template: str | None = None) -> Iterator[Place]:
    """A computer where nothing is yet, or a copy of the database `template`."""
    data = folder / "data"
    data.mkdir(parents=True, mode=0o700)
    with fresh_database(database_url, data, template) as url:
        shell = Shell(
            {
                "RUKO_DATA_DIR": str(data),
                "RUKO_DATABASE_URL": url,
                "RUKO_BASE_URL": "https://ruko.example.go.id",
                "RUKO_NOW": NOW,
                "RUKO_TESTING": "1",
            }
        )
        try:
            yield Place(shell, url, data)
        finally:
            shell.close()


def signed_in(app: Flask, name: str) -> VisitingClient:
    """A browser of that person of the example."""
    client = app.test_client()
    assert isinstance(client, VisitingClient)
    answer = client.submit(f"/{SLUG}/login", {"username": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    client.csrf_token = ""
    return client


def fill(place: Place) -> None:
    """The example office: people, devices, bookings, a day of tickets; a clip, a slide and a paper."""
    with place.running() as app:
        build_example(app)
        operator = signed_in(app, "operator")
        for path, form in (
            ("desk/voice/a", {"file": FileStorage(BytesIO(a_wav()), "a.wav")}),
            (
                "desk/board/slides/new",
                {"text": "Jadwal", "picture": FileStorage(BytesIO(encoded(poster())), "x.png")},
            ),
        ):
            answer = operator.submit(f"/{SLUG}/{path}", form)
            assert answer.status_code == 303, answer.text
            answer.request.environ["wsgi.input"].close()  # where the client has put a large form
    Store(place.data / "papers").keep(PAPER)
    speech = place.data / "speech"
    speech.mkdir()
    (speech / f"{'0' * 64}.wav").write_bytes(b"made anew when asked for")


# ── Files of backups ──────────────────────────────────────────────────────────────────────────


def rows_in(file: str | Path) -> dict[str, bytes]:
    """The tables of a backup, as they are written."""
    with ZipFile(file) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if name.startswith("tables/")
        }


def members(file: Path) -> dict[str, bytes]:
    with ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def seal(file: Path) -> Path:
    """Whoever forges a file can do this."""
    written = file.read_bytes()[:-64]
    file.write_bytes(written + hashlib.sha256(written).hexdigest().encode())
    return file


def forge(
    file: Path, content: dict[str, bytes], touch: Callable[[ZipFile], object] = lambda _: None
) -> Path:
    """Write a sealed backup of that content; `touch` may lie about it."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(ZipInfo(name), data)
        touch(archive)
        archive.comment = b"0" * 64
    return seal(file)
