"""The few settings of the environment; everything else is data of an office, in the database."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from platformdirs import user_data_path


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
    trusted_proxies: int = 0
    now: datetime | None = None
    testing: bool = False
    demo: bool = False

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def read_secret_key(self) -> str:
        """The key that signs sessions: given, or made once in the data folder (mode 0600)."""
        if self.secret_key:
            return self.secret_key
        path = self.data_dir / "secret_key"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        key = secrets.token_urlsafe(48)
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
        return key


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `environ`; raises `SettingsError` with a sentence."""
    data_dir = Path(environ.get("RUKO_DATA_DIR") or user_data_path("ruko", appauthor=False))
    return Settings(
        data_dir=data_dir,
        database_url=environ.get("RUKO_DATABASE_URL") or f"sqlite:///{data_dir / 'ruko.sqlite3'}",
        redis_url=environ.get("RUKO_REDIS_URL") or None,
        secret_key=environ.get("RUKO_SECRET_KEY") or None,
        base_url=(environ.get("RUKO_BASE_URL") or "").rstrip("/") or None,
        trusted_proxies=_proxies(environ.get("RUKO_TRUSTED_PROXIES") or "0"),
        now=_moment(environ.get("RUKO_NOW")),
        testing=environ.get("RUKO_TESTING") == "1",
    )


def _proxies(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
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
