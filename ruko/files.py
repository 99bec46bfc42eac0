"""Files that people hand in: kept under the digest of what is in them, so nothing is ever overwritten.

The row that names a file decides whether it exists for anybody; one without a row is deleted later
(`ruko.leftovers`).
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

DIGEST = re.compile(r"[0-9a-f]{64}")


class Store:
    """The files of one kind, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """Write the content, whole or not at all; returns its digest. Raises `OSError`."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path_of(digest)
        try:
            os.utime(path)  # young again: see `ruko.leftovers`
        except FileNotFoundError:
            write_whole(path, content)
        return digest

    def path_of(self, digest: str) -> Path:
        """Where the content with that digest is; raises `ValueError` for what is no digest."""
        if not DIGEST.fullmatch(digest):
            raise ValueError("This is no digest.")
        return self._folder / digest


def digest_of(file: IO[bytes]) -> str:
    """Of what is left to read."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a kept file is there, and still what its name says."""
    try:
        with path.open("rb") as file:
            return digest_of(file) == path.name
    except FileNotFoundError:
        return False


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, whoever else writes it; raises `OSError`."""
    with whole_file(path) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, prefix: str = ".new-") -> Iterator[IO[bytes]]:
    """A file to write to, which gets its name when it is whole and on the disk, or never."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """What was renamed in the folder stays so after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
