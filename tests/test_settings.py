"""The environment: every variable optional, every mistake a sentence."""

import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from ruko.settings import Settings, SettingsError, read_settings

ROOT = Path(__file__).parent.parent

READ_KEY = """
import sys
from ruko.settings import read_settings
sys.stdin.read()
print(read_settings().read_secret_key())
"""


def test_nothing_has_to_be_set() -> None:
    settings = read_settings({})
    assert settings.database_url == f"sqlite:///{settings.data_dir}/ruko.sqlite3"
    assert settings.data_dir.is_absolute()
    assert settings.base_url is None
    assert settings.redis_url is None
    assert settings.now is None
    assert settings.trusted_proxies == 0
    assert not settings.testing


def test_relative_paths_are_taken_from_where_the_program_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({"RUKO_DATA_DIR": "data"}).data_dir == tmp_path / "data"
    settings = read_settings({"RUKO_DATABASE_URL": "sqlite:///own.sqlite3"})
    assert settings.database_file == tmp_path / "own.sqlite3"


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "RUKO_DATA_DIR": str(tmp_path),
            "RUKO_DATABASE_URL": "postgresql+psycopg://ruko@/ruko",
            "RUKO_REDIS_URL": "redis://127.0.0.1/0",
            "RUKO_SECRET_KEY": "given",
            "RUKO_BASE_URL": "https://ruko.example.go.id/",
            "RUKO_TRUSTED_PROXIES": "2",
            "RUKO_NOW": "2026-11-23T09:00:00+08:00",
            "RUKO_TESTING": "1",
        }
    )
    assert settings.read_secret_key() == "given"
    assert settings.base_url == "https://ruko.example.go.id"
    assert settings.trusted_proxies == 2
    assert settings.now == datetime.fromisoformat("2026-11-23T01:00:00+00:00")
    assert settings.testing
    assert not settings.is_sqlite
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RUKO_DATABASE_URL", "mysql://ruko@localhost/ruko"),
        ("RUKO_DATABASE_URL", "postgresql://ruko@localhost/ruko"),
        ("RUKO_DATABASE_URL", "sqlite://"),
        ("RUKO_DATABASE_URL", "nonsense"),
        ("RUKO_REDIS_URL", "localhost:6379"),
        ("RUKO_BASE_URL", "ruko.example.go.id"),
        ("RUKO_BASE_URL", "ftp://ruko.example.go.id"),
        ("RUKO_BASE_URL", "https://"),
        ("RUKO_TRUSTED_PROXIES", "-1"),
        ("RUKO_TRUSTED_PROXIES", "10"),
        ("RUKO_TRUSTED_PROXIES", "²"),
        ("RUKO_TRUSTED_PROXIES", "yes"),
        ("RUKO_NOW", "yesterday"),
        ("RUKO_NOW", "2026-11-23T09:00:00"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        read_settings({variable: value})


def test_the_secret_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    settings = read_settings({"RUKO_DATA_DIR": str(tmp_path / "new")})
    key = settings.read_secret_key()
    assert len(key) >= 43
    assert settings.read_secret_key() == key
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    assert os.listdir(settings.data_dir) == ["secret_key"]


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    with pytest.raises(SettingsError, match="empty"):
        Settings(tmp_path, "sqlite:///x").read_secret_key()


def test_processes_that_begin_together_agree_on_one_key(tmp_path: Path) -> None:
    together = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                READ_KEY,
            ],
            cwd=ROOT,
            env=os.environ | {"RUKO_DATA_DIR": str(tmp_path / "data"), "RUKO_SECRET_KEY": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in together:
        assert process.stdin
        process.stdin.close()
    keys = {process.stdout.read().strip() for process in together if process.stdout}
    for process in together:
        assert process.wait() == 0
        assert process.stdout
        process.stdout.close()
    assert len(keys) == 1
    assert keys.pop()
