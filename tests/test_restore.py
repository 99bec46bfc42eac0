"""The restore drill: an office stands up again elsewhere, on either engine; or nothing has changed."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import (
    JSON,
    Connection,
    Table,
    create_engine,
    event,
    make_url,
    select,
    text,
    update,
)

from ruko.backup import backups_in, held, make_backup, open_archive
from ruko.backup import rows as written
from ruko.backup.archive import MANIFEST, table_member
from ruko.db import db, writing
from ruko.demo import build_example
from ruko.offices import get_office
from ruko.schema import newest_revision, present_revision
from ruko.tickets import Turn
from ruko.web.once import RequestKey
from tests.apart import apart
from tests.backups import PAPER, Place, Rows, forge, members, place, rows_in, signed_in
from tests.conftest import SLUG
from tests.test_backup import NOW, good, office, speaks
from tests.test_server import READY_SECONDS, Installation

# Its fixtures: an office with a day behind it, its backup, and a computer with a voice.
__all__ = ["good", "office", "speaks"]

OFFICE = f"/api/v1/offices/{SLUG}"
ROOT = Path(__file__).parent.parent
SQLITE = "sqlite:///"
WAYS = ["to the same engine"]
if os.environ.get("RUKO_TEST_DATABASE") == "postgresql":
    WAYS += ["from SQLite", "to SQLite"]


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Place]:
    """A new computer with the same engine."""
    with apart(), place(database_url, tmp_path / "there") as there:
        yield there


@pytest.fixture
def other(database_url: str, office: Place, tmp_path: Path) -> Iterator[Place]:
    """Another computer with an office of its own: another name, a file less and one more."""
    with apart(), place(database_url, tmp_path / "other", office.url) as there:
        change(there, "UPDATE office SET name = 'Kantor lain'")
        (there.data / "papers").mkdir()
        (there.data / "papers" / ("0" * 64)).write_bytes(b"damaged by the disk")
        yield there


def change(there: Place, statement: str) -> None:
    engine = create_engine(there.url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def as_dicts(rows: Rows, table: str) -> list[dict[str, Any]]:
    names = db.metadata.tables[table].columns.keys()
    return [dict(zip(names, row, strict=True)) for row in rows[table]]


# ── The drill ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", WAYS)
def test_an_office_stands_up_again_as_it_was_while_it_went_on(
    way: str, database_url: str, office: Place, tmp_path: Path
) -> None:
    """Visitors take numbers all the time; the backup is of one moment all the same."""
    here_url = SQLITE if way == "from SQLite" else database_url
    there_url = SQLITE if way == "to SQLite" else database_url
    with (
        apart(),
        place(here_url, tmp_path / "a") as here,
        place(there_url, tmp_path / "b") as there,
    ):
        first, file, again = (str(tmp_path / name) for name in ("0.zip", "1.zip", "2.zip"))
        office.says("backup", first)
        here.says("restore", first)
        bearer = here.says("device", "add", "kiosk", "Lobi")[-1]
        with here.running() as app, visitors(app, bearer) as taken:
            before = taken()
            [said] = here.shell.says("backup", file)
            assert taken() > before
        assert f"{file} (" in said
        assert SLUG in said
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600

        assert there.says("restore", file)[0].startswith("Restored from 1.zip")
        there.says("backup", again)
        assert rows_in(again) == rows_in(file)
        assert files_of(there) == files_of(office)

        restored, now_here = there.rows(), here.rows()
        tickets, turns = (as_dicts(restored, name) for name in ("ticket", "turn"))
        assert 0 < len(tickets) < len(now_here["ticket"])
        assert set(restored["ticket"]) < set(now_here["ticket"])
        last = {(s["day"], s["letter"]): s["last"] for s in as_dicts(restored, "ticket_series")}
        assert last == Counter((t["day"], t["letter"]) for t in tickets)
        assert {t["id"] for t in tickets} == {t["ticket_id"] for t in turns}

        with there.running() as app:
            before = max(t["number"] for t in tickets if t["letter"] == "A")
            assert take(app, bearer) > before
            for path in ("", "/display", "/booking", "/login"):
                assert (
                    app.test_client().get(f"/{SLUG}{path}", follow_redirects=True).status_code
                    == 200
                )
            staff = signed_in(app, "operator")
            assert "Jadwal" in staff.get(f"/{SLUG}/desk/board").text
        assert "Everything is in order." in there.says("doctor")


@contextmanager
def visitors(app: Flask, bearer: str) -> Iterator[Callable[[], int]]:
    """Two of them take numbers without end; yields a way to wait until another one was taken."""
    ended, taken = threading.Event(), threading.Semaphore(0)
    numbers: list[int] = []

    def visit() -> None:
        while not ended.is_set():
            numbers.append(take(app, bearer))
            taken.release()

    def another() -> int:
        while taken.acquire(blocking=False):
            pass
        assert taken.acquire(timeout=60)
        return len(numbers)

    threads = [threading.Thread(target=visit) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield another
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def take(app: Flask, bearer: str) -> int:
    """Take a number at the kiosk."""
    answer = app.test_client().post(
        f"{OFFICE}/tickets",
        json={"bidang": "PEM", "visitor": "resident"},
        headers={"Authorization": f"Bearer {bearer}"},
    )
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    return int(answer.json["number"])


def files_of(there: Place) -> dict[str, bytes]:
    return {
        str(path.relative_to(there.data)): path.read_bytes()
        for store in ("clips", "slides", "papers")
        for path in (there.data / store).iterdir()
    }


def test_every_row_comes_back(office: Place, good: Path, empty: Place) -> None:
    said = empty.says("restore", str(good))
    assert len(said) == 3
    assert "no secret key" in said[2]
    assert empty.rows() == office.rows()
    assert files_of(empty) == files_of(office)
    assert not (empty.data / "secret_key").exists()
    assert not (empty.data / "speech").exists()
    for path in empty.data.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert not list(empty.data.glob(".*"))


def test_values_at_their_edges_come_back(database_url: str, office: Place, tmp_path: Path) -> None:
    """JSON null and no JSON at all, quotation marks and emoji, empty and binary, before 1970."""
    file = str(tmp_path / "x.zip")
    with (
        apart(),
        place(database_url, tmp_path / "a", office.url) as here,
        place(database_url, tmp_path / "b") as there,
    ):
        with here.running() as app, app.app_context(), writing():
            office_id = get_office(SLUG).id
            for n, body in enumerate((b"", bytes(range(256)), None)):
                key = RequestKey(
                    office_id=office_id, caller="x", key=f"{n} ' \" \\ 😀\n\u2028</script>",
                    request_hash="h", created_at=datetime(1969, 7, 20, 20, 17, 40, 5, tzinfo=UTC),
                    status=200, body=body,
                )  # fmt: skip
                db.session.add(key)
            turns = db.session.scalars(select(Turn).order_by(Turn.id).limit(3)).all()
            turns[0].before, turns[1].before = None, {"ä": [1, None, 1e-9, "\u0000"]}
            db.session.commit()
            db.session.execute(update(Turn).where(Turn.id == turns[2].id).values(before=JSON.NULL))
            db.session.commit()
        here.says("backup", file)
        there.says("restore", file)
        assert there.rows() == here.rows()
        kinds = "SELECT CAST(before AS TEXT) FROM turn ORDER BY id LIMIT 3"
        assert first_column(there, kinds) == first_column(here, kinds)


def first_column(there: Place, query: str) -> list[Any]:
    engine = create_engine(there.url)
    with engine.connect() as connection:
        found = list(connection.scalars(text(query)))
    engine.dispose()
    return found


def half_broken(office: Place) -> bytes:
    """A database whose schema can be read, and whose rows cannot."""
    content = bytearray(Path(str(make_url(office.url).database)).read_bytes())
    content[len(content) // 4 :] = b"x" * (len(content) - len(content) // 4)
    return bytes(content)


# ── From another version ──────────────────────────────────────────────────────────────────────


def test_an_older_backup_is_brought_up_to_date(office: Place, empty: Place, tmp_path: Path) -> None:
    """As the first version of RUKO would have made it."""
    file = str(tmp_path / "old.zip")
    with empty.running() as app, app.app_context():
        build_example(app)
        downgrade(revision="0001")
        tickets = db.session.execute(text("SELECT count(*) FROM ticket")).scalar_one()
        db.session.rollback()
        make_backup(Path(file), empty.data, now=NOW)
    with open_archive(Path(file)) as archive:
        assert archive.manifest.revision == "0001"
    empty.says("restore", file, "--replace")
    assert len(empty.rows()["ticket"]) == tickets > 0
    with empty.running() as app, app.app_context():
        assert present_revision() == newest_revision()


@pytest.mark.once
def test_a_newer_backup_is_refused(good: Path, other: Place, tmp_path: Path) -> None:
    content = members(good)
    manifest = json.loads(content[MANIFEST]) | {"revision": "9999", "app": "9.9"}
    newer = forge(tmp_path / "x.zip", content | {MANIFEST: json.dumps(manifest).encode()})
    before = other.print()
    said = other.refuses("restore", str(newer), "--replace")
    assert "newer version of RUKO (9.9, revision 9999)" in said
    assert other.print() == before


# ── What is there ─────────────────────────────────────────────────────────────────────────────


def test_what_is_there_stays_without_replace_and_is_kept_with_it(
    office: Place, good: Path, other: Place
) -> None:
    before, rows = other.print(), other.rows()
    assert "--replace" in other.refuses("restore", str(good))
    assert other.print() == before

    said = other.says("restore", str(good), "--replace")
    assert other.rows() == office.rows()
    assert files_of(other).items() >= files_of(office).items()
    kept = said[1].removeprefix("What was here before is kept in ").removesuffix(".")
    other.says("restore", kept, "--replace")
    assert other.rows() == rows


def test_another_programs_database_is_never_touched(good: Path, empty: Place) -> None:
    change(empty, "CREATE TABLE invoices (id INTEGER)")
    before = empty.print()
    for words in ((), ("--replace",)):
        assert "another program" in empty.refuses("restore", str(good), *words)
        assert empty.print() == before


@pytest.mark.once
def test_a_broken_database_is_put_away_as_it_is(office: Place, good: Path, empty: Place) -> None:
    file = str(make_url(empty.url).database)
    for minute, content in enumerate((b"not a database at all" * 1000, half_broken(office))):
        Path(file).write_bytes(content)
        Path(f"{file}-wal").write_bytes(b"its log")
        empty.shell.environ["RUKO_NOW"] = f"2026-11-24T09:0{minute}:00+08:00"
        said = empty.says("restore", str(good), "--replace")
        kept = Path(said[1].removeprefix("What was here before is kept in ").removesuffix("."))
        assert kept.read_bytes() == content
        assert empty.rows() == office.rows()


@pytest.mark.once
def test_a_running_server_is_not_disturbed(good: Path, other: Place) -> None:
    before = other.print()
    with held(other.data / "serving.lock", together=True) as free:
        assert free
        said = other.refuses("restore", str(good), "--replace")
    assert "RUKO is serving" in said
    assert "systemctl stop ruko" in said
    assert other.print() == before
    with held(other.data / "serving.lock") as alone:
        assert alone
        assert "being restored" in other.refuses("serve", "--port", "0")


def test_a_server_makes_its_backups_and_keeps_a_restore_away_while_it_lives(
    good: Path, other: Place, tmp_path: Path
) -> None:
    environ = os.environ | other.shell.environ | {"PYTHONPATH": str(ROOT)}
    at_once = "from ruko.backup import keeper; keeper.FIRST_SECONDS = 0.1\n"
    program = [sys.executable, "-c", f"{at_once}from ruko.app import main; main()"]
    computer = Installation(tmp_path, environ, program)
    restore = ("restore", str(good), "--replace")
    with computer.serving() as server:
        give_up = time.monotonic() + READY_SECONDS
        while "backup made file=" not in server.log.read_text():
            assert time.monotonic() < give_up, server.log.read_text()
            time.sleep(0.2)
        [made] = backups_in(other.data / "backups").values()
        other.says("backup", str(tmp_path))
        assert "RUKO is serving" in other.refuses(*restore)
        server.kill()
    computer.says(*restore)
    other.says("restore", str(made), "--replace")


def test_whoever_else_uses_the_database_is_not_disturbed(good: Path, other: Place) -> None:
    engine = create_engine(other.url)
    before = other.print()
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM ticket"))
        assert "close what else uses" in other.refuses("restore", str(good), "--replace")
    engine.dispose()
    after = {name: seen for name, seen in other.print().items() if "before-restore" not in name}
    assert after == before


# ── What does not fit ─────────────────────────────────────────────────────────────────────────


def with_line(change: Callable[[list[Any]], object]) -> Callable[[bytes], bytes]:
    """Change the lines of a table."""

    def changed(content: bytes) -> bytes:
        lines = [json.loads(line) for line in content.splitlines()]
        change(lines)
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    return changed


def put(column: str, value: object) -> Callable[[bytes], bytes]:
    """Another value in the last row."""

    def change(lines: list[Any]) -> None:
        lines[-1][[name for name, _ in lines[0]].index(column)] = value

    return with_line(change)


@pytest.mark.parametrize(
    "spoil",
    [
        put("ticket_id", 10**6),
        put("state", "flying"),
        put("state", None),
        put("id", 1),
        put("version", 10**30),
        with_line(list.pop),
        pytest.param(put("day", "yesterday"), marks=pytest.mark.once),
    ],
    ids=range(7),
)
def test_rows_that_do_not_fit(
    good: Path, other: Place, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    content, name = members(good), table_member("turn")
    spoilt = forge(tmp_path / "x.zip", content | {name: spoil(content[name])})
    before = other.print()
    assert "is damaged" in other.refuses("restore", str(spoilt), "--replace")
    assert other.print() == before


@pytest.mark.once
@pytest.mark.parametrize(
    "spoil",
    [
        put("day", 5),
        put("version", "5"),
        put("version", True),
        put("entered_at", "2026-11-23T09:00:00"),
        with_line(lambda lines: lines[-1].pop()),
        with_line(lambda lines: lines[0].pop()),
        with_line(lambda lines: lines[0].append(["evil", "text"])),
        lambda content: content[:-1],
        lambda content: content[:-1] + b"x\n",
        lambda _: b"",
        lambda content: content + b"[" * 50_000 + b"\n",
        lambda content: content + b" " * 200_000 + b"\n",
    ],
    ids=range(12),
)
def test_rows_that_no_database_sees(
    good: Path, office: Place, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(written, "LONGEST_LINE", 100_000)
    spoilt = BytesIO(spoil(members(good)[table_member("turn")]))
    with (
        emptied(office, "turn") as (connection, table),
        pytest.raises((ValueError, RecursionError)),
    ):
        written.read_rows(connection, table, spoilt)


@pytest.mark.once
def test_long_rows_do_not_wait_for_each_other(
    good: Path, office: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forged backup could otherwise fill the memory with hundreds of the longest ones."""
    content = members(good)[table_member("turn")]
    longest = max(map(len, content.splitlines())) + 1
    monkeypatch.setattr(written, "LONGEST_LINE", 2 * longest)
    waited: list[int] = []
    with emptied(office, "turn") as (connection, table):
        event.listen(
            connection, "before_execute", lambda _c, _s, many, *_: waited.append(len(many) or 1)
        )
        rows = written.read_rows(connection, table, BytesIO(content))
    assert rows == sum(waited) == len(office.rows()["turn"])
    assert max(waited) * min(map(len, content.splitlines()[1:])) <= 3 * longest


@contextmanager
def emptied(place: Place, name: str) -> Iterator[tuple[Connection, Table]]:
    """A table without its rows, of which nothing is kept afterwards."""
    engine = create_engine(place.url)
    with engine.connect() as connection:
        table = next(t for t in written.tables_of(connection) if t.name == name)
        connection.execute(table.delete())
        yield connection, table
    engine.dispose()


@pytest.mark.once
def test_files_that_do_not_fit(good: Path, other: Place, tmp_path: Path) -> None:
    content, file = members(good), tmp_path / "x.zip"
    stored = next(name for name in content if name.startswith("files/papers/"))
    before = other.print()

    def shorter(archive: ZipFile) -> None:
        archive.getinfo(stored).file_size -= 5

    def endless(archive: ZipFile) -> None:
        archive.getinfo(table_member("turn")).file_size = 10**15

    for spoilt, touch, why in (
        (content | {stored: PAPER + b"."}, ZipFile.namelist, "is damaged"),
        (content, shorter, "is damaged"),
        (content, endless, "MB are free"),
    ):
        forge(file, spoilt, touch)
        assert why in other.refuses("restore", str(file), "--replace")
        assert other.print() == before


@pytest.mark.once
def test_a_link_in_a_backup_is_but_a_file(good: Path, empty: Place, tmp_path: Path) -> None:
    content = members(good)
    target = b"/etc/hostname"
    manifest = json.loads(content[MANIFEST])
    manifest["files"]["links"] = 1

    def link(archive: ZipFile) -> None:
        about = ZipInfo(f"files/links/{hashlib.sha256(target).hexdigest()}")
        about.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(about, target)

    empty.says(
        "restore",
        str(forge(tmp_path / "x.zip", content | {MANIFEST: json.dumps(manifest).encode()}, link)),
    )
    [there] = (empty.data / "links").iterdir()
    assert not there.is_symlink()
    assert there.read_bytes() == target


# ── Broken off ────────────────────────────────────────────────────────────────────────────────

MORTAL = """
import os, signal, sys
from ruko.app import main
from ruko.backup import places, restoring
from sqlalchemy import Engine, event

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def half_moved(_connection, _cursor, statement, *_):
    half_moved.seen += "SET SCHEMA" in statement
    if half_moved.seen == 20:
        die()
half_moved.seen = 0

def half_replaced():
    take_in = places.SQLiteFile._take_in_its_log
    places.SQLiteFile._take_in_its_log = lambda file: (take_in(file), die())
    event.listen(Engine, "before_cursor_execute", half_moved)

for change in sys.stdin:
    child = os.fork()
    if child == 0:
        exec(change)
        main()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
MOMENTS = {
    "built": "restoring._keep = die",
    "half kept": "os.fsync = die",
    "kept": "restoring._with_files = die",
    "half replaced": "half_replaced()",
    "replaced": "restoring.Restored = die",
}


def test_killed_at_any_moment_it_leaves_the_old_or_the_new(
    office: Place, good: Path, other: Place
) -> None:
    """One restore after the other dies, each a little later; what it leaves never stops the next."""
    old, new = other.rows(), office.rows()
    with subprocess.Popen(
        [sys.executable, "-c", MORTAL, *f"restore {good} --replace".split()],
        env=os.environ | other.shell.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as restores:  # fmt: skip
        assert restores.stdin
        assert restores.stdout
        for moment, change in MOMENTS.items():
            print(change, file=restores.stdin, flush=True)
            assert restores.stdout.readline() == f"{-signal.SIGKILL}\n", moment
            assert other.rows() == (new if moment == "replaced" else old), moment
    other.says("restore", str(good), "--replace")
    assert other.rows() == new
    assert not list(other.data.glob(".*"))
