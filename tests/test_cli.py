"""The `ruko` command: what it prints, what it refuses, and that it can be run again."""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from pyotp import TOTP
from sqlalchemy import select, text, update

from ruko import clock
from ruko.accounts import (
    User,
    add_authenticator,
    find_authenticator,
    find_token,
    get_user,
    new_salt,
    totp_secret,
    verify_password,
)
from ruko.app import create_app
from ruko.audit import SYSTEM
from ruko.cli import cli
from ruko.db import db, writing
from ruko.devices import find_device
from ruko.files import Store
from ruko.offices import Holiday, Office, all_villages, get_office
from ruko.settings import Settings, read_settings
from ruko.voice import keep_clip, speech
from tests.apart import apart, close
from tests.clips import a_wav
from tests.conftest import SLUG, VisitingClient
from tests.fresh_database import fresh_database

NOW = "2026-11-23T09:00:00+08:00"
VILLAGES = "code,name,kind\n32.01.02.2001,Sukamaju,desa\n32.01.02.1002,Ciater,kelurahan\n"


class Shell:
    """A person at the terminal of one installation."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.apps: list[Flask] = []

    def __call__(self, *words: str, typed: str = "", **environ: str) -> Result:
        return CliRunner().invoke(
            cli, words, obj=self._make, input=typed, env=self.environ | environ, prog_name="ruko"
        )

    def says(self, *words: str, typed: str = "", **environ: str) -> list[str]:
        """Run what must succeed; returns the lines it prints."""
        result = self(*words, typed=typed, **environ)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()

    def refuses(self, *words: str, typed: str = "", **environ: str) -> str:
        """Run what must fail; returns the one sentence on stderr."""
        result = self(*words, typed=typed, **environ)
        assert result.exit_code != 0, result.output
        assert isinstance(result.exception, SystemExit), result.exception
        [sentence] = result.stderr.splitlines()
        assert sentence.startswith("Error: ")
        assert "Traceback" not in result.output
        return sentence

    @property
    def app(self) -> Flask:
        return self.apps[-1] if self.apps else self._make(read_settings(self.environ))

    @property
    def data(self) -> Path:
        return Path(self.environ["RUKO_DATA_DIR"])

    def _make(self, settings: Settings | None) -> Flask:
        self.apps.append(create_app(settings))
        return self.apps[-1]

    def close(self) -> None:
        for app in self.apps:
            close(app)


@pytest.fixture(autouse=True)
def speaks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The computer has a voice, so the doctor misses none; a busy one may take its time to speak.

    Its own, as `tests/setup.sh` installs it; where that cannot be, a program that plays a sound.
    """
    monkeypatch.setattr(speech, "LIMIT_SECONDS", 60)
    if shutil.which(speech.PROGRAM):
        return
    folder = tmp_path_factory.mktemp("voice")
    (folder / "sound.wav").write_bytes(a_wav(300))
    (folder / speech.PROGRAM).write_text(f"#!/bin/sh\n/bin/cat '{folder}/sound.wav'\n")
    (folder / speech.PROGRAM).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@contextmanager
def installation(database_url: str, folder: Path, template: str | None = None) -> Iterator[Shell]:
    """A computer where RUKO has just been installed."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    with fresh_database(database_url, data, template) as url:
        shell = Shell(
            {
                **{name: "" for name in os.environ if name.startswith("RUKO_")},
                "RUKO_DATA_DIR": str(data),
                "RUKO_DATABASE_URL": url,
                "RUKO_NOW": NOW,
                "RUKO_TESTING": "1",
            }
        )
        yield shell
        shell.close()


@pytest.fixture
def bare(database_url: str, tmp_path: Path) -> Iterator[Shell]:
    """A computer where RUKO has just been installed."""
    with apart(), installation(database_url, tmp_path) as shell:
        yield shell


@pytest.fixture(scope="module")
def office_database(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database after `ruko init`, to copy."""
    with apart(), installation(database_url, tmp_path_factory.mktemp("office")) as shell:
        shell.says("init")
        shell.close()
        yield shell.environ["RUKO_DATABASE_URL"]


@pytest.fixture
def ruko(office_database: str, tmp_path: Path) -> Iterator[Shell]:
    """A computer with RUKO and its office."""
    with apart(), installation(office_database, tmp_path, office_database) as shell:
        yield shell


# ── init ──────────────────────────────────────────────────────────────────────────────────────


def test_init_makes_the_office_and_an_administrator(bare: Shell) -> None:
    said = bare.says("init")
    assert said[0] == "Kecamatan Paringin Selatan is ready."
    with bare.app.app_context():
        office = get_office(SLUG)
        assert len(all_villages(office)) == 16
        admin = db.session.scalars(select(User)).one()
        assert verify_password(admin, said[-1])
        assert admin.must_change_password


def test_init_again_changes_nothing_and_prints_no_password(ruko: Shell) -> None:
    assert ruko.says("init") == ["Kecamatan Paringin Selatan is ready."]
    with ruko.app.app_context():
        assert len(db.session.scalars(select(Office)).all()) == 1
        assert len(db.session.scalars(select(User)).all()) == 1


def test_init_keeps_what_the_administrator_has_changed(ruko: Shell) -> None:
    with ruko.app.app_context(), writing():
        db.session.execute(update(Office).values(quota_per_week=7))
        db.session.commit()
    ruko.says("init")
    with ruko.app.app_context():
        assert get_office(SLUG).quota_per_week == 7


def test_new_files_are_for_this_user_alone(bare: Shell) -> None:
    bare.says("init")
    for file in bare.data.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_further_office_has_its_own_villages_accounts_and_time(
    ruko: Shell, tmp_path: Path
) -> None:
    csv = tmp_path / "desa.csv"
    csv.write_text(VILLAGES)
    said = ruko.says("init", "--office", "tanjungsari", "--village-csv", str(csv))
    assert said[0] == "Kecamatan Tanjungsari is ready."
    assert ruko.says("init", "--office", "tanjungsari", "--village-csv", str(csv)) == said[:1]
    with ruko.app.app_context():
        other = get_office("tanjungsari")
        assert [v.name for v in all_villages(other)] == ["Ciater", "Sukamaju"]
        assert other.code == "32.01.02"
        assert other.timezone == "Asia/Jakarta"
        assert other.regency == ""

    assert "--office: " in ruko.refuses("user", "list")
    assert "paringin-selatan, tanjungsari" in ruko.refuses("device", "add", "kiosk", "Lobi")
    ruko.says("user", "add", "ciater", "--role", "village", "--village", "32.01.02.1002",
              "--office", "tanjungsari")  # fmt: skip
    assert "choose a village" in ruko.refuses(
        "user", "add", "ciater", "--role", "village", "--village", "32.01.02.1002", "--office", SLUG
    )
    assert "ciater" not in "\n".join(ruko.says("user", "list", "--office", SLUG))
    assert "no office" in ruko.refuses("user", "list", "--office", "elsewhere")


@pytest.mark.parametrize(
    ("slug", "csv", "why"),
    [
        (None, VILLAGES, "needs both"),
        ("tanjungsari", None, "needs both"),
        ("api", VILLAGES, "cannot be the address"),
        ("static", VILLAGES, "cannot be the address"),
        ("t", VILLAGES, "cannot be the address"),
        ("healthz", VILLAGES, "cannot be the address"),
        ("Tanjung Sari", VILLAGES, "cannot be the address"),
        ("../etc", VILLAGES, "cannot be the address"),
        ("x" * 41, VILLAGES, "cannot be the address"),
        ("tanjungsari", "", "Line 1"),
        ("tanjungsari", "code,name,kind\n1,Sukamaju,desa\n", "Line 2"),
        ("tanjungsari", VILLAGES + "32.01.03.2001,Lain,desa\n", "several sub-districts"),
        ("tanjungsari", VILLAGES.replace("32.01.02", "63.11.07"), "already has an office"),
    ],
)
def test_a_further_office_is_refused(
    ruko: Shell, tmp_path: Path, slug: str | None, csv: str | None, why: str
) -> None:
    words = ["init"]
    if slug is not None:
        words += ["--office", slug]
    if csv is not None:
        (tmp_path / "desa.csv").write_text(csv)
        words += ["--village-csv", str(tmp_path / "desa.csv")]
    assert why in ruko.refuses(*words)


# ── user ──────────────────────────────────────────────────────────────────────────────────────


def test_an_account_signs_in_with_its_one_time_password(ruko: Shell) -> None:
    *_, password = ruko.says("user", "add", "Pem", "--role", "staff", "--bidang", "PEM")
    assert len(password) == 14
    ruko.app.test_client_class = VisitingClient
    client = ruko.app.test_client()
    assert isinstance(client, VisitingClient)
    answer = client.submit(f"/{SLUG}/login", {"username": "pem", "password": password})
    assert answer.status_code == 303
    assert "password" in client.get(f"/{SLUG}/desk", follow_redirects=True).request.path


def test_a_password_from_a_script_need_not_be_changed(ruko: Shell) -> None:
    said = ruko.says(
        "user", "add", "op", "--role", "operator", "--password-stdin", typed="rahasia sekali\n"
    )
    assert said == ["The account op is ready."]
    with ruko.app.app_context():
        account = db.session.scalars(select(User).filter_by(username="op")).one()
        assert verify_password(account, "rahasia sekali")
        assert not account.must_change_password


def test_a_reset_ends_the_old_password(ruko: Shell) -> None:
    *_, first = ruko.says("user", "add", "op", "--role", "operator")
    *_, second = ruko.says("user", "reset-password", "OP")
    with ruko.app.app_context():
        account = db.session.scalars(select(User).filter_by(username="op")).one()
        assert not verify_password(account, first)
        assert verify_password(account, second)
        assert account.must_change_password
    said = ruko.says("user", "reset-password", "op", "--password-stdin", typed="cukup panjang")
    assert said == ["The account op is ready."]


def test_a_lost_phone_is_forgotten(ruko: Shell) -> None:
    assert "asks for no code" in ruko.refuses("user", "reset-totp", "admin")
    with ruko.app.app_context(), writing():
        admin, salt = get_user(get_office(SLUG), "admin"), new_salt()
        code = TOTP(totp_secret(admin, salt, b"key")).at(9000)
        add_authenticator(admin, salt, code, b"key", at=9000, now=clock.now())
        db.session.commit()
    assert ruko.says("user", "reset-totp", "admin") == [
        "Signing in as admin asks for no code any more."
    ]
    with ruko.app.app_context():
        assert find_authenticator(get_user(get_office(SLUG), "admin")) is None


def test_the_list_shows_role_place_and_state_and_no_secret(ruko: Shell) -> None:
    ruko.says("user", "add", "kes", "--role", "staff", "--bidang", "KES")
    *_, password = ruko.says(
        "user", "add", "binjai", "--role", "village", "--village", "63.11.07.2008"
    )
    ruko.says("user", "disable", "kes")
    listed = [" ".join(line.split()) for line in ruko.says("user", "list")]
    assert listed == [
        "name role of state",
        "admin admin active",
        "binjai village 63.11.07.2008 Desa Binjai active",
        "kes staff KES closed",
    ]
    assert password not in str(listed)


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (["add", "x", "--role", "staff"], "", "belong to a bidang"),
        (["add", "x", "--role", "staff", "--bidang", "NO"], "", "choose a bidang"),
        (["add", "x", "--role", "admin", "--bidang", "PEM"], "", "belong to a bidang"),
        (["add", "x", "--role", "village"], "", "belong to a village"),
        (["add", "x", "--role", "boss"], "", "boss"),
        (["add", "two words", "--role", "admin"], "", "without spaces"),
        (["add", "", "--role", "admin"], "", "1 to 40"),
        (["add", "ADMIN", "--role", "admin"], "", "already an account"),
        (["add", "x", "--role", "admin", "--password-stdin"], "short\n", "too short"),
        (["add", "x", "--role", "admin", "--password-stdin"], "", "too short"),
        (["add", "x", "--role", "admin", "--password-stdin"], "x" * 201, "too long"),
        (["add", "x"], "", "--role"),
        (["add"], "", "NAME"),
        (["reset-password", "nobody"], "", "no account “nobody”"),
        (["disable", "nobody"], "", "no account “nobody”"),
        (["lost"], "", "lost"),
    ],
)
def test_an_account_is_refused(ruko: Shell, words: list[str], typed: str, why: str) -> None:
    assert why in ruko.refuses("user", *words, typed=typed)


# ── token ─────────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_alone_on_the_last_line_and_kept_as_a_hash(ruko: Shell) -> None:
    token = ruko.says("token", "create", "admin", "--note", "laporan")[-1]
    assert token.isascii()
    assert " " not in token
    assert len(token) >= 43
    with ruko.app.app_context():
        row = find_token(token)
        assert row
        assert row.user
        assert row.user.username == "admin"
        assert token not in str(db.session.execute(text("SELECT * FROM token")).all())
    [_, line] = ruko.says("token", "list")
    assert "admin" in line
    assert "2026-11-23 09:0" in line
    assert "laporan" in line
    assert token not in line


def test_a_revoked_token_no_longer_works(ruko: Shell) -> None:
    token = ruko.says("token", "create", "admin")[-1]
    number = ruko.says("token", "list")[1].split()[0]
    assert ruko.says("token", "revoke", number) == [f"Token {number} no longer works."]
    with ruko.app.app_context():
        assert find_token(token) is None
    assert len(ruko.says("token", "list")) == 1
    assert f"no token number {number}" in ruko.refuses("token", "revoke", number)


def test_a_closed_account_has_no_token_and_no_new_password(ruko: Shell) -> None:
    ruko.says("user", "add", "op", "--role", "operator")
    token = ruko.says("token", "create", "op")[-1]
    assert ruko.says("user", "disable", "Op") == ["The account op is closed."]
    header = {"Authorization": f"Bearer {token}"}
    answer = ruko.app.test_client().get("/api/v1/offices", headers=header)
    assert answer.status_code == 401
    for words in (["token", "create"], ["user", "reset-password"], ["user", "disable"]):
        assert "account op is closed" in ruko.refuses(*words, "op")
    assert "no account “nobody”" in ruko.refuses("token", "create", "nobody")
    assert "ID" in ruko.refuses("token", "revoke", "first")


# ── device ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["kiosk", "display"])
def test_a_device_gets_a_link_its_qr_and_a_token(ruko: Shell, kind: str) -> None:
    said = ruko.says("device", "add", kind, "Lobi", RUKO_BASE_URL="https://ruko.example.go.id/")
    link = next(line for line in said if line.startswith("https://"))
    assert link.startswith(f"https://ruko.example.go.id/{SLUG}/{kind}/pair/")
    assert any("█" in line for line in said)
    with ruko.app.app_context():
        device = find_device(said[-1])
        assert device
        assert (device.kind, device.name) == (kind, "Lobi")
    client = ruko.app.test_client()
    assert client.get(link).status_code == 200
    listed = " ".join(ruko.says("device", "list")[1].split())
    assert listed.endswith(f"{kind} Lobi no never")


def test_a_link_without_a_base_address_is_that_of_serve(ruko: Shell) -> None:
    said = ruko.says("device", "add", "kiosk", "Lobi")
    assert said[1].startswith(f"http://127.0.0.1:8000/{SLUG}/kiosk/pair/")


def test_a_revoked_device_is_gone_and_its_name_is_free(ruko: Shell) -> None:
    token = ruko.says("device", "add", "display", "Ruang tunggu")[-1]
    number = ruko.says("device", "list")[1].split()[0]
    assert "already a device" in ruko.refuses("device", "add", "display", "Ruang tunggu")
    ruko.says("device", "revoke", number)
    with ruko.app.app_context():
        assert find_device(token) is None
    assert len(ruko.says("device", "list")) == 1
    ruko.says("device", "add", "display", "Ruang tunggu")
    assert "no device number" in ruko.refuses("device", "revoke", number)
    assert "1 to 40" in ruko.refuses("device", "add", "kiosk", " ")
    assert "printer" in ruko.refuses("device", "add", "printer", "Lobi")


# ── What is not ready ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words",
    [
        ["user", "list"],
        ["user", "add", "op", "--role", "operator"],
        ["token", "list"],
        ["device", "add", "kiosk", "Lobi"],
        ["serve", "--port", "0"],
    ],
)
def test_before_init_every_command_says_so(bare: Shell, words: list[str]) -> None:
    assert "“ruko init” first" in bare.refuses(*words)


@pytest.mark.parametrize("words", [["init"], ["serve"], ["user", "list"], ["doctor"]])
def test_only_tests_move_the_clock(bare: Shell, words: list[str]) -> None:
    assert "RUKO_TESTING=1" in bare.refuses(*words, RUKO_TESTING="")


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_taken_address_is_a_sentence(ruko: Shell, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ruko.refuses(command, "--port", str(port)) == (
            f"Error: RUKO cannot listen at 127.0.0.1 port {port}: Address already in use."
            " Please choose another with --host or --port."
        )
    assert "no.such.host.invalid" in ruko.refuses(command, "--host", "no.such.host.invalid")
    assert "99999" in ruko.refuses(command, "--port", "99999")


def test_a_wrong_setting_is_a_sentence(bare: Shell) -> None:
    assert "RUKO_NOW" in bare.refuses("init", RUKO_NOW="soon")
    assert "RUKO_DATABASE_URL" in bare.refuses("serve", RUKO_DATABASE_URL="mysql://x")


def test_a_database_that_is_away_is_a_sentence(bare: Shell) -> None:
    away = "postgresql+psycopg://ruko@127.0.0.1:1/ruko"
    assert "did not answer" in bare.refuses("user", "list", RUKO_DATABASE_URL=away)


def test_a_newer_database_is_not_touched(ruko: Shell) -> None:
    with ruko.app.app_context(), writing():
        db.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.commit()
    assert "newer version" in ruko.refuses("init")
    assert "not ready for this version" in ruko.refuses("user", "list")


def test_a_folder_that_cannot_be_made_is_a_sentence(bare: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = bare.refuses("init", RUKO_DATA_DIR=str(tmp_path / "file" / "data"))
    assert str(tmp_path / "file") in said


def test_every_command_explains_itself(bare: Shell) -> None:
    def walk(command: object, *words: str) -> Iterator[tuple[str, ...]]:
        yield words
        for name, sub in getattr(command, "commands", {}).items():
            yield from walk(sub, *words, name)

    for words in walk(cli):
        said = bare.says(*words, "--help")
        assert said[0].startswith(" ".join(("Usage: ruko", *words)))
        assert "." in "\n".join(said)
    assert bare("--version").exit_code == 0
    assert bare().exit_code == 2  # shows its help


# ── doctor ────────────────────────────────────────────────────────────────────────────────────


def test_the_doctor_finds_nothing(ruko: Shell) -> None:
    result = ruko("doctor", RUKO_BASE_URL="https://ruko.example.go.id")
    assert (result.exit_code, result.stdout) == (0, "Everything is in order.\n")
    assert result.stderr == ""


@pytest.mark.parametrize("base", ["", "http://localhost:8000", "http://127.0.0.1", "http://[::1]"])
def test_the_doctor_warns_of_an_address_that_phones_cannot_reach(ruko: Shell, base: str) -> None:
    result = ruko("doctor", RUKO_BASE_URL=base)
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: RUKO_BASE_URL")


def test_the_doctor_says_each_fault_in_a_sentence(ruko: Shell) -> None:
    base = {"RUKO_BASE_URL": "https://ruko.example.go.id"}

    ruko.says("user", "list")
    (ruko.data / "secret_key").chmod(0o644)
    assert "chmod 600" in ruko.refuses("doctor", **base)
    (ruko.data / "secret_key").chmod(0o600)

    assert "Redis does not answer" in ruko.refuses(
        "doctor", **base, RUKO_REDIS_URL="redis://127.0.0.1:1/0"
    )
    assert "2020-01-01" in ruko.refuses("doctor", **base, RUKO_NOW="2020-01-01T09:00:00+08:00")
    assert "set the clock" in ruko.refuses("doctor", **base, RUKO_NOW="2026-11-22T09:00:00+08:00")

    with ruko.app.app_context(), writing():
        db.session.execute(text("DELETE FROM holiday"))
        db.session.execute(update(Office).values(timezone="Europe/Berlin"))
        db.session.commit()
    assert "Europe/Berlin" in ruko.refuses("doctor", **base)
    with ruko.app.app_context(), writing():
        db.session.execute(update(Office).values(timezone="Asia/Makassar"))
        db.session.commit()
    assert "holidays of 2026" in ruko.refuses("doctor", **base)
    ruko.says("init")
    ruko.says("doctor", **base)
    with ruko.app.app_context():
        assert db.session.scalars(select(Holiday)).first()

    with ruko.app.app_context(), writing():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        db.session.commit()
    assert "revision 0000" in ruko.refuses("doctor", **base)
    away = "postgresql+psycopg://ruko@127.0.0.1:1/ruko"
    assert "did not answer" in ruko.refuses("doctor", **base, RUKO_DATABASE_URL=away)


def test_the_doctor_looks_after_the_voice(ruko: Shell, tmp_path: Path) -> None:
    base = {"RUKO_BASE_URL": "https://ruko.example.go.id", "PATH": str(tmp_path)}
    silent = ruko("doctor", **base)
    assert (silent.exit_code, silent.stdout) == (0, "Everything is in order.\n")
    assert silent.stderr.startswith(f"Warning: Calls of {SLUG} are announced by the chime alone.")
    assert "apt install espeak-ng" in silent.stderr

    with ruko.app.app_context(), writing():
        office, store = get_office(SLUG), Store(ruko.data / "clips")
        for name in ("nomor-antrean", "a"):
            digest = store.keep(name.encode())
            keep_clip(office, name, digest=digest, milliseconds=500, by=SYSTEM, now=clock.now())
        db.session.commit()
    said = ruko.refuses("doctor", **base)
    assert f"The voice of {SLUG} lacks clips (32): panggilan-ulang, " in said
    assert "silakan-menuju, b, c …" in said

    fake = tmp_path / "espeak-ng"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    assert "does not speak" in ruko.refuses("doctor", **base)
    (tmp_path / "sound.wav").write_bytes(a_wav(300))
    fake.write_text(f"#!/bin/sh\n/bin/cat '{tmp_path}/sound.wav'\n")
    ruko.says("doctor", **base)

    store.path_of(digest).unlink()
    assert f"sounds of {SLUG} are gone (1): a." in ruko.refuses("doctor", **base)


def test_the_doctor_before_init(bare: Shell, tmp_path: Path) -> None:
    base = {"RUKO_BASE_URL": "https://ruko.example.go.id"}
    assert "“ruko init” first" in bare.refuses("doctor", **base)
    missing = str(tmp_path / "nowhere")
    assert "no data folder" in bare.refuses("doctor", **base, RUKO_DATA_DIR=missing)
    assert not Path(missing).exists()
    nothing = f"sqlite:///{tmp_path}/none.sqlite3"
    assert "no database" in bare.refuses("doctor", **base, RUKO_DATABASE_URL=nothing)
    assert not (tmp_path / "none.sqlite3").exists()
