"""The file of a backup: a zip that anybody can open, and a seal over every byte of it.

    ruko-backup.txt        what this is, for whoever opens it
    tables/turn.jsonl      a line of columns, then a line for each row
    files/clips/<sha256>   a file of a store, named by what is in it
    manifest.json          of which version and when, and how much there is of everything

The zip's comment, its last 64 bytes, is the SHA-256 of all before: what was cut or changed on the way
is found before anything is read. A seal is no signature; whoever forges a file can seal it, so
everything read is checked, and no name in the file ever becomes a path unless we would choose it.
"""

import hashlib
import json
import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from ruko.files import digest_of, whole_file

FORMAT = 1
TEMPORARY = ".new-backup-"
ABOUT = "ruko-backup.txt"
MANIFEST = "manifest.json"
EXPLANATION = """\
This is a backup of RUKO, room booking and queue numbers.
To put it back:  ruko restore FILE
It holds people's names and telephone numbers. Please keep it as safe as the office's other records.
"""
MOST_MANIFEST = 1_000_000
_NAME_AT = 30
"""Where a zip names its first member."""
_SEAL = 64
_BLOCK = 1 << 20
_STORED_FILE = re.compile(r"files/([a-z][a-z0-9_-]{0,30})/([0-9a-f]{64})")
_ENCRYPTED = 0x1
_HOSTILE = (
    *(BadZipFile, zlib.error, struct.error, EOFError),
    *(ValueError, KeyError, NotImplementedError, RuntimeError, OverflowError),
)
"""What reading a sealed file raises only if somebody made it so."""


class BackupError(Exception):
    """Why there is no backup, or none that can be put back, as a sentence."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    app: str
    revision: str
    engine: str
    made_at: datetime
    offices: list[str]
    tables: dict[str, int]
    """Rows of each table."""
    files: dict[str, int]
    """Files of each store."""

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def as_json(self) -> bytes:
        said = asdict(self) | {"made_at": self.made_at.isoformat()}
        return json.dumps(said, indent=2).encode()


# ── Writing ───────────────────────────────────────────────────────────────────────────────────


@contextmanager
def new_archive(path: Path) -> Iterator[ZipFile]:
    """Write a sealed file, whole or not at all, for this user alone; raises `OSError`."""
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")
    with whole_file(path, TEMPORARY) as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            archive.writestr(ABOUT, EXPLANATION, ZIP_STORED)
            yield archive
            archive.comment = b"0" * _SEAL
        digest = _digest(file)
        file.seek(-_SEAL, os.SEEK_END)
        file.write(digest)


def _digest(file: IO[bytes]) -> bytes:
    """Of all but the seal."""
    left = file.seek(0, os.SEEK_END) - _SEAL
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (block := file.read(min(left, _BLOCK))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest().encode()


# ── Reading ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Archive:
    """A backup whose seal and names are right; its rows and files are looked at when they are read."""

    name: str
    manifest: Manifest
    content: ZipFile
    stored: list[tuple[str, str]]
    """Store and digest of each file."""

    def size_of(self, members: Iterable[str]) -> int:
        """Their bytes, unpacked; none gives more than it says."""
        return sum(self.content.getinfo(member).file_size for member in members)

    @contextmanager
    def open(self, member: str) -> Iterator[IO[bytes]]:
        """Read a member; whatever is wrong with it becomes a sentence."""
        with self._suspicious(), self.content.open(member) as file:
            yield file

    def check_files(self) -> None:
        """Read every file of the stores once: each must be what its name says."""
        for store, digest in self.stored:
            with self.open(file_member(store, digest)) as file:
                if digest_of(file) != digest:
                    raise damaged(self.name)

    @contextmanager
    def _suspicious(self) -> Iterator[None]:
        try:
            yield
        except _HOSTILE as error:
            raise damaged(self.name) from error


def file_member(store: str, digest: str) -> str:
    return f"files/{store}/{digest}"


def table_member(table: str) -> str:
    return f"tables/{table}.jsonl"


def damaged(name: str) -> BackupError:
    return BackupError(
        f"{name} is damaged: a part of it is missing or was changed. Please take another backup."
    )


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Read a backup; raises `BackupError` for what is none of ours, damaged or from a newer format."""
    with path.open("rb") as file:
        _check_seal(file, path.name)
        try:
            content = ZipFile(file)
            manifest = _read_manifest(content, path.name)
            stored = _check_names(content, manifest)
        except _HOSTILE as error:
            raise damaged(path.name) from error
        with content:
            yield Archive(path.name, manifest, content, stored)


def is_ours(path: Path) -> bool:
    """Whether the file begins as a backup does."""
    with path.open("rb") as file:
        return _begins_as_ours(file)


def _begins_as_ours(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(_NAME_AT + len(ABOUT))[_NAME_AT:] == ABOUT.encode()


def _check_seal(file: IO[bytes], name: str) -> None:
    if not _begins_as_ours(file):
        raise BackupError(f"{name} is no backup of RUKO.")
    if file.seek(0, os.SEEK_END) < _SEAL:
        raise damaged(name)
    file.seek(-_SEAL, os.SEEK_END)
    if file.read() != _digest(file):
        raise damaged(name)


def _read_manifest(content: ZipFile, name: str) -> Manifest:
    if content.getinfo(MANIFEST).file_size > MOST_MANIFEST:
        raise ValueError
    match json.loads(content.read(MANIFEST)):
        case {"format": int(format_), "app": str(app)} if format_ > FORMAT and app.isprintable():
            raise BackupError(
                f"{name} was made by a newer version of RUKO ({app:.20})."
                " Please install that version here first."
            )
        case {
            "format": int(format_),
            "app": str(app),
            "revision": str(revision),
            "engine": str(engine),
            "made_at": str(made_at),
            "offices": list(offices),
            "tables": dict(tables),
            "files": dict(files),
        } if (
            format_ == FORMAT
            and all(
                isinstance(said, str) and said.isprintable() for said in (app, revision, *offices)
            )
            and all(type(n) is int and n >= 0 for n in (*tables.values(), *files.values()))
        ):
            moment = datetime.fromisoformat(made_at).astimezone(UTC)
            return Manifest(format_, app, revision, engine, moment, offices, tables, files)
    raise ValueError


def _check_names(content: ZipFile, manifest: Manifest) -> list[tuple[str, str]]:
    """Exactly what the manifest tells of may be there, each once, and readable without a password."""
    names = [member.filename for member in content.infolist()]
    plain = {ABOUT, MANIFEST, *map(table_member, manifest.tables)}
    stored = [found.groups() for name in names if (found := _STORED_FILE.fullmatch(name))]
    if (
        len(set(names)) != len(names)
        or len(names) != len(plain) + len(stored)
        or not plain.issubset(names)
        or Counter(store for store, _ in stored) != Counter(manifest.files)
        or any(member.flag_bits & _ENCRYPTED for member in content.infolist())
        or any(
            member.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for member in content.infolist()
        )
    ):
        raise ValueError
    return [(store, digest) for store, digest in stored]
