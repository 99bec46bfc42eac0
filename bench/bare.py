"""The rows of an issue, or of a call and its service, by bare statements: the limit to be held against.

SQLite: the standard library's sqlite3 behind one lock, in one process, a thread for each client.
PostgreSQL: pgbench with the same statements prepared.
"""

import re
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bench.load import Figures

_SAME = {"day": "2026-11-23", "hash": "0" * 64, "kept": "x" * 560}
"""A kept answer is as long as the API's."""
WORDS = {
    "sqlite": _SAME
    | {
        "now": ":now",
        "random": ":random",
        "letter": "char(64 + :bidang)",
        "body": "CAST('{kept}' AS BLOB)".format(**_SAME),
        "skip_locked": "",
    },
    "postgresql": _SAME
    | {
        "now": "now()",
        "random": "substr(md5(random()::text), 1, 24)",
        "letter": "chr(64 + :bidang)",
        "body": "'{kept}'::bytea".format(**_SAME),
        "skip_locked": "FOR UPDATE SKIP LOCKED",
    },
}

_TRAIL = """
INSERT INTO audit_event
 (office_id, at, actor_kind, actor_id, subject, subject_id, action, state, detail)
 VALUES (1, {now}, 'user', 1, 'ticket', :ticket_id, '%s', '%s', '{{"place": "Loket 1"}}');
"""
_BUMP = """
UPDATE office_state SET board_version = board_version + 1, call_seq = call_seq + %d
 WHERE office_id = 1 RETURNING call_seq AS seq;
"""
_ISSUE = (
    """
INSERT INTO request_key (office_id, caller, key, request_hash, created_at)
 VALUES (1, 'device:1', {random}, '{hash}', {now}) RETURNING id AS key_id;
INSERT INTO ticket_series (office_id, day, letter, last) VALUES (1, '{day}', {letter}, 1)
 ON CONFLICT (office_id, day, letter) DO UPDATE SET last = ticket_series.last + 1
 RETURNING last AS number;
INSERT INTO ticket (office_id, day, letter, number, token, priority, visitor, issued_at)
 VALUES (1, '{day}', {letter}, :number, {random}, false, 'resident', {now})
 RETURNING id AS ticket_id;
INSERT INTO turn (ticket_id, bidang_id, day, state, rank_at, entered_at, announcements, version)
 VALUES (:ticket_id, :bidang, '{day}', 'waiting', {now}, {now}, 0, 1);
"""
    + _TRAIL % ("issue", "waiting")
    + _BUMP % 0
    + """
UPDATE request_key SET status = 201, content_type = 'application/json', location = '/t',
 body = {body} WHERE id = :key_id;
"""
)
_CALL = (
    """
UPDATE turn SET state = 'called', counter_id = :counter, called_at = {now}, announcements = 1,
 version = version + 1 WHERE id = (SELECT id FROM turn WHERE bidang_id = :bidang
 AND day = '{day}' AND state = 'waiting' ORDER BY rank_at, id LIMIT 1 {skip_locked})
 RETURNING id AS turn_id, ticket_id;
"""
    + _TRAIL % ("call", "called")
    + _BUMP % 1
    + """
INSERT INTO call (office_id, seq, turn_id, counter_id, place, kind, called_at, expires_at)
 VALUES (1, :seq, :turn_id, :counter, 'Loket 1', 'first', {now}, {now});
"""
)
_START = """
UPDATE turn SET state = 'serving', started_at = {now}, version = version + 1
 WHERE id = :turn_id;
""" + (_TRAIL % ("start", "serving") + _BUMP % 0)
_FINISH = """
UPDATE turn SET state = 'done', closed_at = {now}, version = version + 1 WHERE id = :turn_id;
""" + (_TRAIL % ("finish", "done") + _BUMP % 0)

WORK = {"issue": (_ISSUE,), "call": (_CALL, _START, _FINISH)}
"""The transactions of one round; the first one is what is timed."""
ALL_BIDANG = 6


def run(url: str, work: str, clients: int, seconds: float, counters: list[int]) -> Figures | None:
    """Let `clients` do that work for `seconds`; None where pgbench is not installed."""
    engine = make_url(url).get_backend_name()
    if engine == "sqlite":
        return _sqlite(str(make_url(url).database), work, clients, seconds, counters)
    return _pgbench(url, work, clients, seconds, counters) if shutil.which("pgbench") else None


def statements(part: str, engine: str) -> list[str]:
    """The statements of one transaction, each on a line of its own."""
    every = part.format(**WORDS[engine]).split(";\n")
    return [" ".join(statement.split()) for statement in every if statement.strip()]


# ── SQLite ────────────────────────────────────────────────────────────────────────────────────


class Raw:
    """One connection with the pragmas of the house, and the names that statements give each other."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.row_factory = sqlite3.Row

    def transact(self, every: list[str], names: dict[str, Any]) -> None:
        """One transaction; what a statement returns is named for those after it."""
        names["now"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        names["random"] = secrets.token_urlsafe(18)
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in every:
            row = self._connection.execute(statement, names).fetchone()
            if row is not None:
                names.update(row)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def _sqlite(
    file: str,
    work: str,
    clients: int,
    seconds: float,
    counters: list[int],
) -> Figures:
    rounds = [statements(part, "sqlite") for part in WORK[work]]
    lock, until = threading.Lock(), time.perf_counter() + seconds
    figures = Figures(times={work: []})

    def client(number: int) -> None:
        with closing(Raw(file)) as raw:
            turn = number
            while time.perf_counter() < until:
                turn += 1
                names = {"counter": counters[number], "bidang": turn % ALL_BIDANG + 1}
                for first, part in enumerate(rounds):
                    begun = time.perf_counter()
                    with lock:
                        raw.transact(part, names)
                    if not first:
                        figures.times[work].append((time.perf_counter() - begun) * 1000)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures.seconds = time.perf_counter() - begun
    return figures


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────


def _pgbench(
    url: str,
    work: str,
    clients: int,
    seconds: float,
    counters: list[int],
) -> Figures:
    """The times that pgbench writes down are of whole rounds, so the percentiles of a call are of call to finish."""
    script = [f"\\set counter :client_id + {counters[0]}", f"\\set bidang random(1, {ALL_BIDANG})"]
    for part in WORK[work]:
        told = (
            s + (" \\gset" if " RETURNING " in s else ";") for s in statements(part, "postgresql")
        )
        script += ["BEGIN;", *told, "COMMIT;"]
    place = make_url(url)
    with tempfile.TemporaryDirectory(prefix="ruko-pgbench-") as folder:
        file = Path(folder) / "work.sql"
        file.write_text("\n".join(script) + "\n")
        done = subprocess.run(
            [
                *("pgbench", "--no-vacuum", "--protocol=prepared", "--log", f"--file={file}"),
                *(
                    f"--client={clients}",
                    f"--jobs={min(clients, 2)}",
                    f"--time={max(1, round(seconds))}",
                ),
                *("--host", str(place.query["host"]), "--username", str(place.username)),
                str(place.database),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        times = [
            int(line.split()[2]) / 1000
            for log in Path(folder).glob("pgbench_log*")
            for line in log.read_text().splitlines()
        ]
    if found is None or " ERROR: " in done.stderr:
        raise RuntimeError(f"pgbench failed: {done.stdout}{done.stderr}")
    return Figures(seconds=len(times) / float(found[1]), times={work: times})
