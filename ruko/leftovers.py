"""Files that no row names any more: papers thrown away, recordings and pictures replaced.

They are deleted a day later, by the thread that makes the backups. A file that somebody hands in anew
becomes young again (`Store.keep`), so nothing is deleted between its arrival and its row.
"""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from ruko import clock
from ruko.bookings import Attachment
from ruko.db import db
from ruko.files import DIGEST
from ruko.slides import Slide
from ruko.voice import Clip

DAY_SECONDS = 24 * 3600
NAMED_BY = {
    "clips": select(Clip.digest),
    "slides": select(Slide.digest),
    "papers": select(Attachment.digest).where(Attachment.removed_at.is_(None)),
}
"""Each store, and the rows that name its files."""


def delete_leftovers(data_dir: Path) -> int:
    """Delete what no row has named for a day; returns how many files that were. Raises `OSError`."""
    deleted = 0
    for store, named_by in NAMED_BY.items():
        old = [path for path in (data_dir / store).glob("*") if _is_old(path)]
        named = set(db.session.scalars(named_by)) if old else set()
        for path in old:
            if path.name not in named and _is_old(path):
                path.unlink(missing_ok=True)
                deleted += 1
    return deleted


def _is_old(path: Path) -> bool:
    """Whether it is a kept file that nobody has handed in for a day."""
    with suppress(FileNotFoundError):
        age = clock.of_machine() - path.stat().st_mtime
        return bool(DIGEST.fullmatch(path.name)) and age > DAY_SECONDS
    return False
