"""Makes a backup each evening, in a thread of the server; of several processes one does it."""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from shutil import disk_usage

from flask import Flask
from sqlalchemy.exc import DBAPIError

from ruko import clock
from ruko.backup.archive import TEMPORARY, BackupError
from ruko.backup.locks import held
from ruko.backup.making import make_backup, stored_files
from ruko.backup.schedule import backups_in, file_name, is_due, kept
from ruko.db import db
from ruko.errors import Unavailable
from ruko.leftovers import delete_leftovers
from ruko.offices import all_offices
from ruko.settings import Settings, SettingsError

log = logging.getLogger(__name__)

KEEPER = "ruko_backups"
FIRST_SECONDS = 10.0
"""After a start; every screen comes back just then."""
LOOK_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 900.0
MB = 1_000_000
LEAST_FREE = 500 * MB


class Keeper:
    """The thread of one application in one process; started by its server, after any fork."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look after the backups from now on; nothing of a demonstration is kept."""
        if self._thread is None and not self._settings.demo:
            self._thread = threading.Thread(target=self._keep, name="ruko-backups", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Returns when nothing of it runs."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _keep(self) -> None:
        wait = FIRST_SECONDS
        while not self._ended.wait(wait):
            wait = LOOK_SECONDS if self.look() else AFTER_FAILURE_SECONDS

    def look(self) -> bool:
        """Make a backup if one is due; False when that failed."""
        try:
            with held(self._settings.backup_lock) as mine:
                if mine:
                    self._make_if_due()
        except (OSError, BackupError, SettingsError, DBAPIError, Unavailable) as error:
            log.error("backup failed reason=%s", " ".join(str(error).split()))  # noqa: TRY400 – a sentence
            return False
        except Exception:  # the keeper lives on: tomorrow is another day
            log.exception("backup failed")
            return False
        return True

    def _make_if_due(self) -> None:
        now = clock.now()
        with self._app.app_context():
            offices = all_offices()
            db.session.remove()  # no other transaction stays open
            folder = self._settings.find_backup_folder()
            if not offices or not is_due(backups_in(folder), offices[0], now=now):
                return
            for left in folder.glob(f"{TEMPORARY}*"):  # by a process that was ended
                left.unlink()
            if lack := lacks_room(folder, self._settings.data_dir):
                raise BackupError(lack)
            started = clock.monotonic()
            path = folder / file_name(now)
            made = make_backup(path, self._settings.data_dir, now=now, gently=True)
            swept = delete_leftovers(self._settings.data_dir)
        there = backups_in(folder)
        old = there.keys() - kept(there) - {moment for moment, p in there.items() if p == path}
        for moment in old:
            with suppress(FileNotFoundError):
                there[moment].unlink()
        log.info(
            "backup made file=%s bytes=%d rows=%d files=%d left_out=%d seconds=%.1f kept=%d dropped=%d leftovers=%d",
            *(path, made.size, made.manifest.rows, sum(made.manifest.files.values())),
            *(
                len(made.left_out),
                clock.monotonic() - started,
                len(there) - len(old),
                len(old),
                swept,
            ),
        )


def lacks_room(folder: Path, data_dir: Path) -> str | None:
    """Why the next backup would fill the disk, which may be the one that the office writes to."""
    there = backups_in(folder)
    files = [there[max(there)]] if there else stored_files(data_dir)
    needed, free = sum(path.stat().st_size for path in files), disk_usage(folder).free
    if needed + LEAST_FREE <= free:
        return None
    return (
        f"Only {free // MB:,} MB are free for {folder}: the next backup takes {needed // MB:,} MB, and"
        f" {LEAST_FREE // MB} MB must stay. Please carry older backups to another disk."
    )


def install_backups(app: Flask, settings: Settings) -> None:
    """Let this application's server look after its backups."""
    app.extensions[KEEPER] = Keeper(app, settings)
