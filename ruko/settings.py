"""The few settings of the environment; everything else is data of an office, in the database."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

SQLITE_FILE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg://"


class SettingsError(Exception):
    """A setting that cannot be used, as a sentence for whoever starts the program."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says; every variable is optional."""

    data_dir: Path
    database_url: str
    redis_url: str | None = None
    secret_key: str | None = None
    base_url: str | None = None
    backup_dir: Path | None = None
    trusted_proxies: int = 0
    now: datetime | None = None
    testing: bool = False
    demo: bool = False

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def database_file(self) -> Path | None:
        """Where SQLite keeps the database; None for PostgreSQL."""
        return Path(self.database_url.removeprefix(SQLITE_FILE)) if self.is_sqlite else None

    @property
    def key_file(self) -> Path:
        return self.data_dir / "secret_key"

    @property
    def serving_lock(self) -> Path:
        """Held by every server of this data folder, all of them together."""
        return self.data_dir / "serving.lock"

    @property
    def backup_lock(self) -> Path:
        """Held by the one process that makes a backup."""
        return self.data_dir / "backup.lock"

    @property
    def backup_folder(self) -> Path:
        """Where the daily backups are."""
        return self.backup_dir or self.data_dir / "backups"

    def find_backup_folder(self) -> Path:
        """The same, made in the data folder; raises `SettingsError` where another is not there.

        While its disk is not plugged in, its folder would be made on this one.
        """
        if self.backup_dir is None:
            self.backup_folder.mkdir(exist_ok=True, mode=0o700)
        elif not self.backup_dir.is_dir():
            raise SettingsError(
                f"There is no folder {self.backup_dir} for the backups (RUKO_BACKUP_DIR)."
                " Is its disk plugged in?"
            )
        return self.backup_folder

    def make_data_dir(self) -> None:
        """The folder for everything that is kept; nobody else may look into a new one."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)

    def read_secret_key(self) -> str:
        """The key that signs sessions: given, or made once in the data folder (mode 0600)."""
        if self.secret_key:
            return self.secret_key
        if not self.key_file.exists():
            self._write_secret_key()
        key = self.key_file.read_text().strip()
        if not key:
            raise SettingsError(f"{self.key_file} is empty; delete it and a new key is made.")
        return key

    def _write_secret_key(self) -> None:
        """Whole or not at all; of two processes that begin together, the first one's key stays."""
        self.make_data_dir()
        descriptor, name = tempfile.mkstemp(dir=self.data_dir, prefix=".secret_key-")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o600)
            self.key_file.hardlink_to(name)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `environ`; raises `SettingsError` with a sentence."""
    folder = environ.get("RUKO_DATA_DIR") or user_data_path("ruko", appauthor=False)
    data_dir = Path(folder).expanduser().absolute()
    return Settings(
        data_dir=data_dir,
        database_url=_database(environ.get("RUKO_DATABASE_URL"), data_dir),
        redis_url=_redis(environ.get("RUKO_REDIS_URL")),
        secret_key=environ.get("RUKO_SECRET_KEY") or None,
        base_url=_base(environ.get("RUKO_BASE_URL")),
        backup_dir=_folder(environ.get("RUKO_BACKUP_DIR")),
        trusted_proxies=_proxies(environ.get("RUKO_TRUSTED_PROXIES") or "0"),
        now=_moment(environ.get("RUKO_NOW")),
        testing=environ.get("RUKO_TESTING") == "1",
    )


def _folder(path: str | None) -> Path | None:
    return Path(path).expanduser().absolute() if path else None


def _database(url: str | None, data_dir: Path) -> str:
    if not url:
        return f"{SQLITE_FILE}{data_dir / 'ruko.sqlite3'}"
    if not url.startswith((POSTGRESQL, SQLITE_FILE)):
        raise SettingsError("RUKO_DATABASE_URL begins with postgresql+psycopg:// or sqlite:///.")
    if url.startswith(POSTGRESQL):
        _require("psycopg", "RUKO_DATABASE_URL", "postgresql")
        return url
    file = url.removeprefix(SQLITE_FILE)
    return f"{SQLITE_FILE}{Path(file).absolute()}"


def _redis(url: str | None) -> str | None:
    if not url:
        return None
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError("RUKO_REDIS_URL begins with redis://, as redis://127.0.0.1:6379/0.")
    _require("redis", "RUKO_REDIS_URL", "redis")
    return url


def _require(module: str, variable: str, extra: str) -> None:
    if find_spec(module) is None:
        raise SettingsError(f"{variable} needs one more package: pip install 'ruko[{extra}]'")


def _base(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError("RUKO_BASE_URL is an address such as https://ruko.example.go.id.")
    return url.rstrip("/")


def _proxies(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 9):
        raise SettingsError("RUKO_TRUSTED_PROXIES is the number of reverse proxies, 0 to 9.")
    return int(text)


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError("RUKO_NOW is a moment with its offset, as 2026-11-23T09:00:00+08:00.")
    return moment
