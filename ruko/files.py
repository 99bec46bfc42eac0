"""Files that people hand in: kept under the digest of what is in them, so nothing is ever overwritten.

The row that names a file decides whether it exists for anybody; a file without a row does no harm.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

DIGEST = re.compile(r"[0-9a-f]{64}")


class Store:
    """The files of one kind, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """Write the content, whole or not at all; returns its digest. Raises `OSError`."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path_of(digest)
        if not path.exists():
            write_whole(path, content)
        return digest

    def path_of(self, digest: str) -> Path:
        """Where the content with that digest is; raises `ValueError` for what is no digest."""
        if not DIGEST.fullmatch(digest):
            raise ValueError("This is no digest.")
        return self._folder / digest


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, whoever else writes it; raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
