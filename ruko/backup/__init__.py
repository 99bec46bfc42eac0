"""Backups: one file with all that an office is, made while it serves, and put back whole or not at all.

It holds the rows of every table and the files of every store, the same on both engines, so that an
office that grows moves from SQLite to PostgreSQL by it. Left out are speech, which is made anew, and
the secret key: a file that leaves the house must not sign sessions, and a new key only makes
everybody sign in again.
"""

from ruko.backup.archive import BackupError, Manifest, is_ours, open_archive
from ruko.backup.keeper import KEEPER, install_backups, lacks_room
from ruko.backup.locks import held
from ruko.backup.making import Made, make_backup
from ruko.backup.restoring import Restored, restore
from ruko.backup.schedule import backups_in, file_name, is_due, kept

__all__ = [
    "KEEPER",
    "BackupError",
    "Made",
    "Manifest",
    "Restored",
    "backups_in",
    "file_name",
    "held",
    "install_backups",
    "is_due",
    "is_ours",
    "kept",
    "lacks_room",
    "make_backup",
    "open_archive",
    "restore",
]
