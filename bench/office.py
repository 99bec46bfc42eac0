"""A real server to measure: `ruko init`, accounts and tokens, `ruko serve`, on a Monday at nine."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SLUG = "paringin-selatan"
PASSWORD = "kata-sandi-ukur"
START_SECONDS = 60
MONDAY_AT_NINE = "2026-11-23T09:00:00+08:00"


@dataclass(frozen=True)
class Measured:
    """The server, and who may ask it: headers by account name."""

    url: str
    tokens: dict[str, str]
    database_url: str
    pid: int

    def headers(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1/offices/{SLUG}"


@contextmanager
def measured_office(
    now: str = MONDAY_AT_NINE,
    *,
    database_url: str | None = None,
    prepare: Callable[[str], None] | None = None,
) -> Iterator[Measured]:
    """Serve a new office with an operator, a village, a kiosk and a display; gone afterwards.

    `prepare` may write to its database before it is served.
    """
    with tempfile.TemporaryDirectory(prefix="ruko-bench-") as folder:
        database_url = database_url or f"sqlite:///{folder}/ruko.sqlite3"
        environ = os.environ | {
            "RUKO_DATA_DIR": folder,
            "RUKO_DATABASE_URL": database_url,
            "RUKO_NOW": now,
            "RUKO_TESTING": "1",
            "PYTHONPATH": str(ROOT),
        }

        def ruko(*words: str, said: str | None = None) -> str:
            done = subprocess.run(
                [sys.executable, "-c", "from ruko.app import main; main()", *words],
                env=environ,
                input=said,
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout.strip()

        ruko("init")
        ruko("user", "add", "operator", "--role", "operator", "--password-stdin", said=PASSWORD)
        village = ("--role", "village", "--village", "63.11.07.2008", "--password-stdin")
        ruko("user", "add", "binjai", *village, said=PASSWORD)
        tokens = {
            "operator": ruko("token", "create", "operator").splitlines()[-1],
            "kiosk": ruko("device", "add", "kiosk", "Kios").splitlines()[-1],
            "display": ruko("device", "add", "display", "Layar").splitlines()[-1],
        }
        if prepare:
            prepare(database_url)
        port = free_port()
        server = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from ruko.app import main; main()",
                "serve",
                "--port",
                str(port),
            ],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/readyz")
            yield Measured(url, tokens, database_url, server.pid)
        finally:
            server.terminate()
            server.wait(15)


def cpu_seconds(pid: int) -> float:
    """What a server and its workers have used of the processor so far."""
    spent = 0.0
    for one in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    """Return once somebody answers there."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 – our own server
                return
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
