"""A PostgreSQL server of our own for one test run: a folder, a socket, and gone again.

`python -m tests.postgres` prints where the server programs are, or exits with 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0777
max_connections = 200
timezone = 'UTC'
log_lock_waits = on
"""
FORGETFUL = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
"""  # everything is thrown away, so nothing has to survive a crash


LONGEST_PLACE = 60
"""Of a folder's name, in characters: the system allows a socket 107, and its own name comes on top."""


class PostgresMissing(Exception):
    """No PostgreSQL server programs on this machine."""


def find_programs() -> Path:
    """Find the folder of `initdb` and `pg_ctl`, which Debian keeps off the PATH."""
    candidates = []
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(said.stdout.strip()))
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(installed, key=lambda path: path.parent.name.zfill(3), reverse=True)
    if initdb := shutil.which("initdb"):
        candidates.append(Path(initdb).parent)
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    raise PostgresMissing("PostgreSQL is not installed (Debian: apt install postgresql).")


def place_for_sockets() -> str | None:
    """Where folders of servers may be: where TMPDIR says, unless that is too long, or root's alone."""
    own = Path(tempfile.gettempdir())
    others_may_pass = all(part.stat().st_mode & 0o001 for part in (own, *own.parents))
    fits = len(str(own)) <= LONGEST_PLACE and (others_may_pass or os.geteuid() != 0)
    return None if fits else "/tmp"  # noqa: S108 – each makes a folder of its own there


@contextmanager
def temporary_postgres(*, durable: bool = False) -> Iterator[str]:
    """Run an empty server and yield the SQLAlchemy URL of its database.

    `durable` keeps PostgreSQL's own promises, for measuring what they cost.
    """
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="ruko-pg-", dir=place_for_sockets()))
    data = folder / "data"
    pg_ctl = (programs / "pg_ctl", "--pgdata", data, "--log", folder / "log", "--wait")
    try:
        folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _run(
            folder, programs / "initdb", "--pgdata", data, "--username", "ruko", "--auth", "trust",
            "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(folder=folder) + ("" if durable else FORGETFUL))
        _run(folder, *pg_ctl, "start")
        try:
            _run(folder, programs / "createdb", "--host", folder, "--username", "ruko", "ruko")
            yield f"postgresql+psycopg://ruko@/ruko?host={folder}"
        finally:
            _run(folder, *pg_ctl, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def last_words(url: str, lines: int = 60) -> str:
    """The end of the log of the server that `temporary_postgres` has given that URL."""
    said = (Path(url.rpartition("host=")[2]) / "log").read_text(errors="replace")
    return "\n".join(said.splitlines()[-lines:])


def _run(folder: Path, *command: str | Path) -> None:
    """Run a server program; as root it becomes `postgres`, for initdb refuses root."""
    owner = "postgres" if os.geteuid() == 0 else None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the started server
        done = subprocess.run(
            command, cwd=folder, env=environment | {"LC_ALL": "C"}, user=owner, group=owner,
            extra_groups=[] if owner else None, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            output.seek(0)
            log = folder / "log"
            said = output.read() + (log.read_text() if log.is_file() else "")
            raise RuntimeError(f"{Path(command[0]).name} failed: {said.strip()}")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_programs()}\n")
    except PostgresMissing as missing:
        sys.exit(str(missing))
