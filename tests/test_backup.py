"""Backups: the file, what is refused as one, the schedule and what is kept of it, and the doctor."""

import json
import random
import resource
import shutil
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ruko import clock
from ruko.backup import KEEPER, BackupError, backups_in, file_name, held, kept, open_archive
from ruko.backup import keeper as keeping
from ruko.backup.archive import ABOUT, MANIFEST, MOST_MANIFEST
from ruko.backup.keeper import Keeper
from ruko.backup.schedule import DAYS, MONTHS, WEEKS, is_due
from ruko.files import Store
from ruko.offices import Office
from ruko.settings import read_settings
from tests.apart import apart
from tests.backups import PAPER, Place, fill, forge, members, place
from tests.conftest import SLUG, wita
from tests.test_cli import speaks

__all__ = ["speaks"]  # a fixture: the computer has a voice

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An office with a day behind it, on the engine under test; nobody changes it."""
    with apart(), place(database_url, tmp_path_factory.mktemp("office")) as here:
        fill(here)
        yield here


@pytest.fixture(scope="module")
def good(office: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its backup."""
    file = tmp_path_factory.mktemp("disk") / "office.zip"
    with apart():
        office.says("backup", str(file))
    return file


# ── The file ──────────────────────────────────────────────────────────────────────────────────


def test_a_backup_holds_everything_but_speech_and_the_key(office: Place, good: Path) -> None:
    held_there = members(good)
    rows = office.rows()
    assert {name for name in held_there if name.startswith("tables/")} == {
        f"tables/{table}.jsonl" for table in rows
    }
    for table, there in rows.items():
        lines = held_there[f"tables/{table}.jsonl"].splitlines()
        assert len(lines) == 1 + len(there), table
    stores = {name.split("/")[1] for name in held_there if name.startswith("files/")}
    assert stores == {"clips", "slides", "papers"}
    assert PAPER in held_there.values()
    assert (office.data / "secret_key").read_bytes().strip() not in b"".join(held_there.values())
    assert b"ruko restore" in held_there[ABOUT]
    assert stat.S_IMODE(good.stat().st_mode) == 0o600
    with open_archive(good) as archive:
        assert archive.manifest.offices == [SLUG]
        assert archive.manifest.rows == sum(map(len, rows.values()))
        assert archive.manifest.made_at.tzinfo


@pytest.mark.once
def test_into_a_folder_again_and_over_what_is_no_backup(office: Place, tmp_path: Path) -> None:
    [said] = office.says("backup", str(tmp_path))
    [file] = backups_in(tmp_path).values()
    assert str(file) in said
    office.says("backup", str(file))
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    assert "no backup of RUKO" in office.refuses("backup", str(notes))
    assert notes.read_text() == "mine"
    assert "There is no folder" in office.refuses("backup", str(tmp_path / "nowhere" / "x.zip"))
    assert sorted(tmp_path.iterdir()) == [notes, file]


@pytest.mark.once
def test_one_at_a_time(office: Place, tmp_path: Path) -> None:
    with held(office.data / "backup.lock") as mine:
        assert mine
        assert "Another backup" in office.refuses("backup", str(tmp_path / "x.zip"))
    office.says("backup", str(tmp_path / "x.zip"))


@pytest.mark.once
def test_a_damaged_file_is_left_out_and_told(
    database_url: str, office: Place, tmp_path: Path
) -> None:
    with apart(), place(database_url, tmp_path, office.url) as here:
        (here.data / "clips").mkdir()
        bad = here.data / "clips" / ("0" * 64)
        bad.write_bytes(b"the disk is old")
        (here.data / "clips" / ("1" * 64)).symlink_to("/etc/hostname")
        result = here.shell("backup", str(tmp_path / "x.zip"))
        assert result.exit_code == 0
        assert f"clips/{bad.name} is damaged" in result.stderr
        assert not any(name.startswith("files/") for name in members(tmp_path / "x.zip"))


def test_nothing_to_back_up(database_url: str, tmp_path: Path) -> None:
    with apart(), place(database_url, tmp_path) as here:
        said = here.refuses("backup", str(tmp_path / "x.zip"))
        assert "no office yet" in said or "nothing to back up" in said
        assert not list(tmp_path.glob("*.zip"))


@pytest.mark.once
def test_a_full_disk_leaves_nothing_behind(
    database_url: str, office: Place, tmp_path: Path
) -> None:
    with apart(), place(database_url, tmp_path / "there", office.url) as here:
        older = tmp_path / "x.zip"
        here.says("backup", str(older))
        before = older.read_bytes()
        Store(here.data / "papers").keep(random.Random(1).randbytes(3_000_000))
        with files_of_at_most(2_000_000):
            assert "File too large" in here.refuses("backup", str(older))
        assert older.read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "x.zip"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


# ── What is no good backup ────────────────────────────────────────────────────────────────────


def refused(file: Path) -> str:
    with pytest.raises(BackupError) as error, open_archive(file):
        pass
    return str(error.value)


@pytest.mark.once
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_cut_file_is_damaged(good: Path, tmp_path: Path, part: float) -> None:
    whole = good.read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: int(len(whole) * part)])
    said = refused(cut)
    assert "is damaged" in said or "is no backup" in said


@pytest.mark.once
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_changed_bit_is_found(good: Path, tmp_path: Path, part: float, bit: int) -> None:
    content = bytearray(good.read_bytes())
    content[int(len(content) * part)] ^= 1 << bit
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content)
    said = refused(changed)
    assert "is damaged" in said or "is no backup" in said


def a_zip(file: Path) -> None:
    with ZipFile(file, "w") as archive:
        archive.writestr("letter.txt", "Dengan hormat")


def a_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE office (id INTEGER)")


@pytest.mark.once
@pytest.mark.parametrize(
    "write",
    [
        a_zip,
        a_database,
        lambda file: file.write_text("-- PostgreSQL database dump\n" * 100),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(random.Random(5).randbytes(100_000)),
        lambda file: file.write_bytes(b"PK\x03\x04" + b"\0" * 26 + ABOUT.encode()),
    ],
    ids=["a zip", "a database", "a dump", "nothing", "noise", "a name alone"],
)
def test_foreign_files(write: Callable[[Path], object], tmp_path: Path) -> None:
    file = tmp_path / "file"
    write(file)
    assert "no backup of RUKO" in refused(file) or "is damaged" in refused(file)


def manifest(good: Path, **changes: Any) -> bytes:
    return json.dumps(json.loads(members(good)[MANIFEST]) | changes).encode()


@pytest.mark.once
@pytest.mark.parametrize(
    "changes",
    [
        {"tables": {}},
        {"tables": None},
        {"tables": {"office": -1}},
        {"tables": {"office": True}},
        {"tables": {"../office": 1}},
        {"files": {"clips": 10**30}},
        {"files": {}},
        {"offices": [1]},
        {"offices": ["\x1b[2J"]},
        {"made_at": "yesterday"},
        {"revision": 3},
        {"revision": "\x07"},
        {"format": 0},
        {"format": "1"},
    ],
    ids=str,
)
def test_a_manifest_that_tells_another_story(
    good: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    forged = forge(tmp_path / "x.zip", members(good) | {MANIFEST: manifest(good, **changes)})
    assert "is damaged" in refused(forged)


@pytest.mark.once
def test_a_newer_format_is_named(good: Path, tmp_path: Path) -> None:
    newer = manifest(good, format=2, app="9.9", tables="elsewhere")
    said = refused(forge(tmp_path / "x.zip", {ABOUT: b"", MANIFEST: newer}))
    assert "newer version of RUKO (9.9)" in said


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../../evil", b"x"),
        ("/etc/cron.d/evil", b"x"),
        (f"files/../{'0' * 64}", b"x"),
        (f"files/clips/../{'0' * 64}", b"x"),
        (f"files/clips/{'0' * 63}", b"x"),
        ("tables/evil.jsonl", b"[]"),
        ("files/", b""),
        (MANIFEST, b"[" * 1_000_000),
        (MANIFEST, b"[]"),
        (MANIFEST, b" " * (MOST_MANIFEST + 1)),
        (MANIFEST, b"\xff"),
    ],
    ids=range(11),
)
def test_hostile_members(good: Path, tmp_path: Path, name: str, content: bytes) -> None:
    assert "is damaged" in refused(forge(tmp_path / "x.zip", members(good) | {name: content}))


@pytest.mark.once
def test_hostile_zips(good: Path, tmp_path: Path) -> None:
    whole, file = members(good), tmp_path / "x.zip"

    def twice(archive: ZipFile) -> None:
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(MANIFEST, whole[MANIFEST])

    def locked(archive: ZipFile) -> None:
        archive.filelist[-1].flag_bits |= 1

    def odd(archive: ZipFile) -> None:
        archive.filelist[-1].compress_type = 99

    def elsewhere(archive: ZipFile) -> None:
        archive.getinfo(MANIFEST).header_offset = 2**40

    for touch in (twice, locked, odd, elsewhere):
        assert "is damaged" in refused(forge(file, whole, touch)), touch.__name__
    for name in whole:
        assert "is" in refused(forge(file, {n: c for n, c in whole.items() if n != name}))


# ── The schedule ──────────────────────────────────────────────────────────────────────────────

HOUSE = Office(slug=SLUG, timezone="Asia/Makassar")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1)).map(  # noqa: DTZ001 – made aware
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


@pytest.mark.once
@given(MOMENTS)
def test_a_name_tells_when(moment: datetime) -> None:
    assert datetime.strptime(file_name(moment), "ruko-%Y%m%d-%H%M%S%z.zip") == moment


@pytest.mark.once
@given(st.sets(MOMENTS, max_size=300))
def test_what_is_kept(made: set[datetime]) -> None:
    keep = kept(made)
    assert keep <= made
    assert kept(keep) == keep
    assert len(keep) <= DAYS + WEEKS + MONTHS
    if made:
        assert max(made) in keep
    for day in sorted({moment.date() for moment in made})[-DAYS:]:
        assert max(moment for moment in made if moment.date() == day) in keep


@pytest.mark.once
@settings(max_examples=20, deadline=None)
@given(st.integers(200, 900), st.randoms())
def test_throwing_away_each_day_keeps_what_is_wanted_later(days: int, dice: random.Random) -> None:
    """An office that is on most days: two weeks whole, two months by week, a year by month."""
    there: set[datetime] = set()
    made: set[datetime] = set()
    for day in range(days):
        if dice.random() < 0.8:
            moment = NOW + timedelta(days=day, minutes=dice.randint(0, 600))
            made.add(moment)
            there = kept(there | {moment})
    assert there == kept(made)
    months = {(m.year, m.month) for m in there}
    assert len(months) == min(MONTHS, len({(m.year, m.month) for m in made}))
    assert len({m.isocalendar()[:2] for m in there}) >= WEEKS


@pytest.mark.once
@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        (None, wita(8), True),
        (wita(20), wita(20, 1), False),
        (wita(10), wita(19, 59), False),
        (wita(10), wita(20), True),
        (wita(8) - timedelta(days=1), wita(7, 30), True),
        (wita(20) - timedelta(days=1), wita(19, 59), False),
        (wita(20, 5) - timedelta(days=1), wita(20), True),
        (wita(8) + timedelta(days=400), wita(8), True),
    ],
    ids=range(8),
)
def test_one_is_due_when_the_last_evening_has_none(
    newest: datetime | None, now: datetime, due: bool
) -> None:
    assert is_due([newest] if newest else [], HOUSE, now=now) == due


# ── The keeper ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def here(database_url: str, office: Place, tmp_path: Path) -> Iterator[Place]:
    """A computer with that office, to change."""
    with apart(), place(database_url, tmp_path / "here", office.url) as here:
        for store in ("clips", "slides", "papers"):
            shutil.copytree(office.data / store, here.data / store)
        yield here


def test_the_keeper_makes_one_a_day_and_throws_old_ones_away(
    here: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ruko.backup")
    folder = here.data / "backups"
    with here.running() as app:
        keeper = app.extensions[KEEPER]
        assert keeper.look()
        assert keeper.look()
        [first] = folder.iterdir()
        [line] = caplog.messages
        assert line.startswith(f"backup made file={first} bytes={first.stat().st_size} rows=")
        assert "kept=1 dropped=0" in line
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

        for days in range(1, 400):
            (folder / file_name(clock.now() - timedelta(days=days))).touch()
        (folder / ".new-backup-x").touch()
        mine = folder / "ruko-before-restore-20200101-000000Z.zip"
        mine.touch()
        clock.start_at(clock.now() + timedelta(days=1))
        assert keeper.look()
        there = set(backups_in(folder))
        assert there == kept(there)
        assert len(there) <= DAYS + WEEKS + MONTHS
        assert mine.exists()
        assert not (folder / ".new-backup-x").exists()
        with open_archive(backups_in(folder)[max(there)]) as archive:
            assert archive.manifest.offices == [SLUG]


@pytest.mark.once
def test_a_wrong_clock_costs_no_evening_and_is_not_followed_for_ever(here: Place) -> None:
    with here.running() as app:
        keeper = app.extensions[KEEPER]
        for days in range(100):
            there = here.data / "backups" / file_name(clock.now() + timedelta(days=365 + days))
            there.parent.mkdir(exist_ok=True)
            there.touch()
        keeper.look()
        made = {moment for moment in backups_in(there.parent) if moment <= clock.now()}
        assert len(made) == 1
        keeper.look()
        assert {m for m in backups_in(there.parent) if m <= clock.now()} == made


@pytest.mark.once
def test_of_several_processes_one_makes_it(here: Place) -> None:
    with here.running() as app, held(here.data / "backup.lock") as mine:
        assert mine
        assert app.extensions[KEEPER].look()
        assert not (here.data / "backups").exists()


@pytest.mark.once
def test_a_full_disk_is_a_line_in_the_log_and_the_old_ones_stay(
    here: Place, caplog: pytest.LogCaptureFixture
) -> None:
    folder = here.data / "backups"
    with here.running() as app:
        app.extensions[KEEPER].look()
        [first] = folder.iterdir()
        Store(here.data / "papers").keep(random.Random(1).randbytes(3_000_000))
        clock.start_at(clock.now() + timedelta(days=1))
        caplog.clear()
        with files_of_at_most(2_000_000):
            assert not app.extensions[KEEPER].look()
        assert list(folder.iterdir()) == [first]
        [line] = caplog.messages
        assert line.startswith("backup failed reason=")
        assert app.extensions[KEEPER].look()
        assert len(list(folder.iterdir())) == 2


@pytest.mark.once
def test_a_disk_that_is_not_plugged_in_gets_no_folder(
    here: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = tmp_path / "disk"
    here.shell.environ["RUKO_BACKUP_DIR"] = str(disk)
    with here.running() as app:
        assert not app.extensions[KEEPER].look()
        assert "Is its disk plugged in?" in caplog.text
        assert not disk.exists()
        disk.mkdir()
        assert app.extensions[KEEPER].look()
        assert len(backups_in(disk)) == 1
    assert not (here.data / "backups").exists()


@pytest.mark.once
def test_the_thread_ends_when_it_is_told(here: Place) -> None:
    with here.running() as app:
        keeper = app.extensions[KEEPER]
        keeper.start()
        keeper.stop()
        assert "ruko-backups" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.once
def test_a_demonstration_keeps_nothing(here: Place) -> None:
    with here.running() as app:
        keeper = Keeper(app, replace(read_settings(here.shell.environ), demo=True))
        keeper.start()
        assert "ruko-backups" not in {thread.name for thread in threading.enumerate()}


# ── The doctor ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.once
def test_the_doctor_looks_after_the_backups(here: Place, tmp_path: Path) -> None:
    here.says("doctor")
    here.shell.environ["RUKO_NOW"] = "2026-11-28T09:00:00+08:00"
    here.says("user", "add", "baru", "--role", "camat")
    assert "There is no backup in" in here.refuses("doctor")
    folder = here.data / "backups"
    here.says("backup", str(folder))
    here.says("doctor")
    [file] = folder.iterdir()
    older = file.rename(folder / file_name(NOW))
    assert "lacks the last 5 days" in here.refuses("doctor")
    newest = folder / file_name(NOW + timedelta(days=5))
    newest.write_bytes(older.read_bytes()[:-100])
    assert f"{newest.name} is damaged" in here.refuses("doctor")
    newest.write_bytes(older.read_bytes())
    here.data.chmod(0o750)
    assert "chmod 700" in here.refuses("doctor")
    here.data.chmod(0o700)
    here.says("doctor")
    here.shell.environ["RUKO_BACKUP_DIR"] = str(tmp_path / "disk")
    assert "Is its disk plugged in?" in here.refuses("doctor")


@pytest.mark.once
def test_a_backup_leaves_room_for_the_office(
    here: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "LEAST_FREE", 10**15)
    with here.running() as app:
        assert not app.extensions[KEEPER].look()
    assert "carry older backups to another disk" in caplog.text
    assert not list((here.data / "backups").iterdir())
    assert "carry older backups to another disk" in here.refuses("doctor")
