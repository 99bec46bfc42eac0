"""Makes a backup in one reading transaction: others go on writing, and none of that is in it."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from sqlalchemy import Connection, Table, select

from ruko.backup.archive import (
    FORMAT,
    MANIFEST,
    BackupError,
    Manifest,
    file_member,
    new_archive,
    table_member,
)
from ruko.backup.rows import tables_of, write_rows
from ruko.db import db
from ruko.files import DIGEST, digest_of
from ruko.schema import revision_of

REST_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup."""

    path: Path
    manifest: Manifest
    size: int
    left_out: list[str]
    """Files of stores that are no longer what their names say."""


def make_backup(path: Path, data_dir: Path, *, now: datetime, gently: bool = False) -> Made:
    """Write everything into one file; `gently` leaves time to a server in the same process.

    Raises `BackupError` and `OSError`.
    """

    def rest() -> None:
        if gently:
            time.sleep(REST_SECONDS)

    with new_archive(path) as archive, db.engine.connect() as connection:
        stores = _Stores(data_dir, archive, rest)
        stores.add()  # those whose rows are there, and which may be deleted from now on
        snapshot = _begin(connection)
        revision = revision_of(snapshot)
        if revision is None:
            raise BackupError("The database is empty: there is nothing to back up.")
        tables = tables_of(snapshot)
        rows = {table.name: _add(archive, snapshot, table, rest) for table in tables}
        stores.add()  # those that came meanwhile, some of them before the snapshot
        manifest = Manifest(
            format=FORMAT,
            app=version("ruko"),
            revision=revision,
            engine=snapshot.dialect.name,
            made_at=now,
            offices=_slugs(snapshot, tables),
            tables=rows,
            files=dict(stores.added),
        )
        archive.writestr(MANIFEST, manifest.as_json())
    return Made(path, manifest, path.stat().st_size, sorted(stores.left_out))


def _begin(connection: Connection) -> Connection:
    """All that is read belongs to one moment; SQLite reads so anyway."""
    if connection.dialect.name == "sqlite":
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _add(archive: ZipFile, snapshot: Connection, table: Table, rest: Callable[[], None]) -> int:
    with archive.open(table_member(table.name), "w", force_zip64=True) as file:
        return write_rows(snapshot, table, file, rest=rest)


def _slugs(snapshot: Connection, tables: list[Table]) -> list[str]:
    return [
        slug
        for table in tables
        if table.name == "office"
        for slug in snapshot.scalars(select(table.c.slug).order_by(table.c.slug))
    ]


@dataclass
class _Stores:
    """Puts the files of every store in, each once."""

    data_dir: Path
    archive: ZipFile
    rest: Callable[[], None]
    added: Counter[str] = field(default_factory=Counter)
    left_out: set[str] = field(default_factory=set)
    _seen: set[Path] = field(default_factory=set)

    def add(self) -> None:
        for path in stored_files(self.data_dir):
            if path not in self._seen:
                self._seen.add(path)
                self._add(path)
                self.rest()

    def _add(self, path: Path) -> None:
        store = path.parent.name
        try:
            file = path.open("rb")
        except FileNotFoundError:  # deleted since it was listed
            return
        with file:
            if digest_of(file) != path.name:
                self.left_out.add(f"{store}/{path.name}")  # a backup with it could not be restored
                return
            file.seek(0)
            about = ZipInfo(
                file_member(store, path.name)
            )  # not compressed: pictures and papers are
            with self.archive.open(about, "w", force_zip64=True) as member:
                shutil.copyfileobj(file, member, 1 << 20)
        self.added[store] += 1


def stored_files(data_dir: Path) -> Iterator[Path]:
    """The files of all stores: those whose name is a digest. Speech has names of its own."""
    for path in sorted(data_dir.glob("*/*")):
        if DIGEST.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            yield path
