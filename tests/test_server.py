"""The production server as a real process: stops in time, and loses nothing that it has promised."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from socketio import SimpleClient

from ruko.server import SILENT_SECONDS
from tests.conftest import SLUG
from tests.fresh_database import fresh_database
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
OFFICE = f"/api/v1/offices/{SLUG}"
MONDAY_AT_NINE = "2026-11-23T09:00:00+08:00"
READY_SECONDS = 180


@dataclass
class Installation:
    """RUKO on one computer, with commands of its own process each."""

    folder: Path
    environ: dict[str, str]
    program: list[str] = field(
        default_factory=lambda: [sys.executable, "-c", "from ruko.app import main; main()"]
    )

    def first(self, code: str) -> None:
        """Let each of its processes run this Python before the program."""
        self.program[-1] = f"{code}\n{self.program[-1]}"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, *words],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )

    def says(self, *words: str) -> list[str]:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    @contextmanager
    def serving(self, *words: str, port: int | None = None) -> Iterator["Server"]:
        port = port or free_port()
        log = (self.folder / f"server-{port}-{time.monotonic_ns()}.log").open("w+")
        process = subprocess.Popen(
            [*self.program, *(words or ("serve",)), "--port", str(port)],
            env=self.environ,
            cwd=self.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(f"http://127.0.0.1:{port}", port, process, Path(log.name))
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.end()
            log.close()


@dataclass
class Server:
    """A running server: its parent process and its worker."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=10):  # noqa: S310 – ours
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"The server did not start: {self.log.read_text()}")

    def kill(self) -> None:
        """As a power cut would: both processes at once, nothing said."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(READY_SECONDS)

    def end(self) -> None:
        """Leave nothing behind, whatever the test has done to it."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        self.kill()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> float:
        """As the system does at shutdown; returns how long it took."""
        started = time.monotonic()
        self.process.send_signal(sign)
        assert self.process.wait(60) == 0, self.log.read_text()
        return time.monotonic() - started

    def worker(self) -> int:
        """The process that answers."""
        said = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(said.stdout.split()[0])

    def ask(self, path: str, token: str = "", body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(  # noqa: S310 – ours
            f"{self.url}/api/v1{path}" if path.startswith("/") else f"{self.url}{OFFICE}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
        )
        with urllib.request.urlopen(request, timeout=SILENT_SECONDS - 5) as answer:  # noqa: S310 – ours
            return json.load(answer)

    def take_number(self, token: str) -> dict[str, Any]:
        ticket: dict[str, Any] = self.ask(
            "tickets", token, {"bidang": "PEM", "visitor": "resident"}
        )
        return ticket


@pytest.fixture
def computer(tmp_path: Path) -> Callable[..., Installation]:
    """RUKO on a computer, with these variables set and no others."""

    def make(**environ: str) -> Installation:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("RUKO_")}
        return Installation(
            tmp_path,
            inherited
            | {"RUKO_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
            | {"RUKO_NOW": MONDAY_AT_NINE, "RUKO_TESTING": "1"}
            | environ,
        )

    return make


@pytest.fixture
def office(
    computer: Callable[..., Installation], database_url: str, tmp_path: Path
) -> Iterator[Installation]:
    """The same after `ruko init`, on the engine under test."""
    with fresh_database(database_url, tmp_path) as url:
        installation = computer(RUKO_DATABASE_URL=url)
        installation.says("init")
        yield installation


def test_a_very_long_address_gets_an_answer_of_ours(office: Installation) -> None:
    """Gunicorn by itself hangs up on more than 8190 bytes, often before its answer has arrived."""
    with office.serving() as server:
        for path in ("/t/", f"{OFFICE}/", "/api/v1/tickets/"):
            with pytest.raises(urllib.error.HTTPError) as answer:
                urllib.request.urlopen(f"{server.url}{path}{'x' * 10_000}", timeout=60)  # noqa: S310
            assert answer.value.code == 404
            answer.value.close()


def test_a_proxy_is_believed_only_where_there_is_one(office: Installation) -> None:
    """Gunicorn by itself believes whatever speaks from this computer."""
    kiosk = office.says("device", "add", "kiosk", "Lobi")[-1]
    for proxies in ("0", "1"):
        office.environ["RUKO_TRUSTED_PROXIES"] = proxies
        with office.serving() as server:
            ask = urllib.request.Request(  # noqa: S310 – ours
                f"{server.url}{OFFICE}/tickets",
                data=b'{"bidang": "PEM", "visitor": "resident"}',
                headers={
                    "Authorization": f"Bearer {kiosk}",
                    "Content-Type": "application/json",
                    "X-Forwarded-Proto": "https",
                    "X-Forwarded-Host": "antrean.example",
                },
            )
            with urllib.request.urlopen(ask, timeout=60) as answer:  # noqa: S310 – ours
                ticket = json.load(answer)
            base = "https://antrean.example" if proxies == "1" else server.url
            assert ticket["url"] == f"{base}/t/{ticket['token']}"


def test_a_refused_body_does_not_cost_the_next_request_its_answer(office: Installation) -> None:
    with office.serving() as server:
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SILENT_SECONDS - 5)
        line.request(
            "POST", f"{OFFICE}/tickets", b"x" * 300_000, {"Content-Type": "application/json"}
        )
        refused = line.getresponse()
        assert (refused.status, refused.read() != b"") == (413, True)
        line.auto_open = 0  # not by a second connection
        line.request("GET", "/healthz")
        assert line.getresponse().status == 200
        line.close()


def test_a_refused_body_that_never_comes_is_not_awaited(office: Installation) -> None:
    head = f"POST {OFFICE}/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
    with office.serving() as server, socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(head.encode() + b"abc")
        line.settimeout(SILENT_SECONDS - 5)
        assert b" 413 " in line.recv(4096).splitlines()[0]


# ── Nothing promised is lost ──────────────────────────────────────────────────────────────────


def test_somebody_who_sends_slowly_keeps_nobody_else_waiting(office: Installation) -> None:
    kiosk = office.says("device", "add", "kiosk", "Lobi")[-1]
    body = b'{"bidang": "PEM", "visitor": "resident"}'
    head = (
        f"POST {OFFICE}/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {kiosk}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with office.serving() as server, socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(head + body[:5])
        with suppress(TimeoutError):  # gives the server time to begin; it has nothing to say yet
            line.settimeout(1)
            line.recv(1)
        assert server.take_number(kiosk)["number"] == 1
        line.settimeout(60)
        line.sendall(body[5:])
        assert b" 201 " in line.recv(4096).splitlines()[0]


def test_a_killed_server_has_lost_no_number_it_gave(office: Installation) -> None:
    kiosk = office.says("device", "add", "kiosk", "Lobi")[-1]
    with office.serving() as server:
        given = [server.take_number(kiosk) for _ in range(12)]
        server.kill()
    with office.serving(port=server.port) as server:
        given += [server.take_number(kiosk) for _ in range(3)]
        for ticket in given:
            assert server.ask(f"/tickets/{ticket['token']}")["code"] == ticket["code"]
    assert [ticket["number"] for ticket in given] == list(range(1, 16))


def test_a_killed_worker_is_replaced_and_the_series_goes_on(office: Installation) -> None:
    kiosk = office.says("device", "add", "kiosk", "Lobi")[-1]
    with office.serving() as server:
        assert server.take_number(kiosk)["number"] == 1
        os.kill(server.worker(), signal.SIGKILL)
        server.wait_until_ready()
        ticket = server.take_number(kiosk)
        assert ticket["number"] == 2
        assert ticket["issued_at"].startswith("2026-11-23T09:0"), "the moved clock moves on"


# ── Stopping ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.once
def test_the_example_stops_in_time_with_open_screens_and_leaves_nothing(
    computer: Callable[..., Installation], tmp_path: Path
) -> None:
    (tmp_path / "tmp").mkdir()
    installation = computer(TMPDIR=str(tmp_path / "tmp"))
    installation.first("from ruko import server; server.STOP_SECONDS = 60")  # for a busy computer
    with installation.serving("demo") as server:
        [folder] = (tmp_path / "tmp").glob("ruko-demo-*")
        os.kill(server.worker(), signal.SIGTERM)  # a worker that leaves takes nothing with it
        server.wait_until_ready()
        assert (folder / "ruko.sqlite3").exists()

        screens = [SimpleClient() for _ in range(3)]
        for screen in screens:
            screen.connect(
                f"{server.url}?office={SLUG}",
                namespace="/board",
                transports=["websocket"],
                wait_timeout=60,
            )
            assert screen.receive(timeout=60)[0] == "board"
        assert server.stop() < 20
        said = server.log.read_text()
        for screen in screens:
            screen.disconnect()
    assert "Error" not in said
    assert "SIGKILL" not in said
    assert not list((tmp_path / "tmp").glob("ruko-demo-*"))
    assert not (tmp_path / "data").exists()


# ── Starting ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.once
def test_the_example_prints_what_a_person_on_any_computer_needs(
    computer: Callable[..., Installation],
) -> None:
    installation = computer(RUKO_TESTING="")  # the example may begin at any hour
    with installation.serving("demo", "--host", "0.0.0.0") as server:  # noqa: S104 – meant
        said = server.log.read_text()
        links = re.findall(r"http://\S+", said)
        for link in links:
            with urllib.request.urlopen(link, timeout=60) as answer:  # noqa: S310 – ours
                assert answer.status == 200
        board = server.ask("board")
        server.stop(signal.SIGHUP)  # its terminal was closed
    assert len(links) == 6
    assert len({link.split("/")[2] for link in links}) == 1
    assert "0.0.0.0" not in said  # noqa: S104 – nobody can open that
    assert "ruko-contoh-2026" in said
    assert board["generated_at"].startswith("2026-11-23T09:0"), "the worker inherits the clock"
    for noise in ("INFO", "alembic", "WARNING", "gunicorn"):
        assert noise not in said


@pytest.mark.once
def test_operators_get_lines_without_names(computer: Callable[..., Installation]) -> None:
    installation = computer(RUKO_NOW="", RUKO_TESTING="")
    # On a busy computer the first backup would come, and has a line of its own.
    installation.first("from ruko.backup import keeper; keeper.FIRST_SECONDS = 3600")
    *_, password = installation.says("init")
    with installation.serving() as server:
        server.ask("board")
        server.stop()
        lines = server.log.read_text().splitlines()
    assert len(lines) == 1
    assert re.fullmatch(
        rf"\S+[+-]\d{{4}} INFO ruko\S* listening address=http://127.0.0.1:{server.port}", lines[0]
    )
    assert password not in lines[0]
