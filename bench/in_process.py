"""What one request costs the program itself: no sockets, one thread, beside a bare Flask route.

`python -m bench.in_process [--old 1000000] [--rounds 9] [--times 100]`
Two offices on SQLite, one with an empty history and one with `--old` served visits, and the limits
are measured in turns; each figure is the median of the rounds, each ratio that of the pairs.
"CPU" leaves out the disk, and whatever else this machine was doing.
"""

import argparse
import json
import platform
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, select, update

from bench import bare, history
from bench.office import MONDAY_AT_NINE, SLUG
from ruko import clock
from ruko.accounts import Role, add_user, create_token
from ruko.app import create_app
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import add_device
from ruko.founding import found_office, import_holidays
from ruko.schema import migrate
from ruko.seed import load_office, load_villages
from ruko.settings import Settings
from ruko.tickets import Ticket, Turn

TODAY = date(2026, 11, 23)
WAITING = 12
"""For each bidang, while pages are read."""
API = f"/api/v1/offices/{SLUG}"
LIMITS = {
    "issue": ("bare route + raw rows", 2.5),
    "ticket": ("bare route", 5),
    "ticket, unchanged (304)": ("bare route", 2),
    "ticket's page": ("bare route", 5),
    "ticket's page, unchanged (304)": ("bare route", 2),
    "board": ("bare route", 5),
    "board's page": ("bare route", 5),
}


Taken = dict[tuple[str, int], list[tuple[float, float]]]
"""By work and old tickets: µs of each round by the clock on the wall, and of the processor alone."""


class House:
    """The whole program on one database, asked without a socket."""

    def __init__(self, folder: Path, old: int) -> None:
        self.old = old
        url = f"sqlite:///{folder}/ruko.sqlite3"
        folder.mkdir()
        self.app = create_app(
            Settings(data_dir=folder, database_url=url, secret_key="measured", testing=True)
        )
        migrate(self.app, now=clock.now())
        with self.app.app_context(), writing():
            office = found_office(load_office(), load_villages())
            import_holidays(office, TODAY.year)
            _, _, self.kiosk = add_device(office, "kiosk", "Kios", by=SYSTEM, now=clock.now())
            user = add_user(
                office,
                "operator",
                Role.OPERATOR,
                "-",
                must_change_password=False,
                by=SYSTEM,
                now=clock.now(),
            )
            self.operator = create_token(user, by=SYSTEM, now=clock.now())
            db.session.commit()
        if old:
            history.fill(url, old)
        self.engine = create_engine(url)
        with self.engine.begin() as connection:
            history.stock(connection, TODAY, WAITING)
        self.token = json.loads(self.issue())["token"]
        self.news = 0
        self.etags = {path: self.ask("GET", path)[1]["ETag"] for path in (self.api, self.page)}

    @property
    def api(self) -> str:
        return f"/api/v1/tickets/{self.token}"

    @property
    def page(self) -> str:
        return f"/t/{self.token}/now"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        """The status, the headers and the body of the answer."""
        return ask(self.app, method, path, body, **headers)

    def issue(self) -> bytes:
        """A number, as a kiosk takes it."""
        status, _, body = self.ask(
            *("POST", f"{API}/tickets", b'{"bidang": "PEM", "visitor": "resident"}'),
            HTTP_AUTHORIZATION=f"Bearer {self.kiosk}",
            HTTP_IDEMPOTENCY_KEY=secrets.token_hex(16),
            CONTENT_TYPE="application/json",
        )
        expect(status, "201")
        return bytes(body)

    def read(self, path: str) -> Callable[[], None]:
        return lambda: expect(self.ask("GET", path)[0], "200")

    def read_again(self, path: str) -> Callable[[], None]:
        """Ask for news; there are some when the clock has moved an estimate on."""

        def again() -> None:
            status, headers, _ = self.ask("GET", path, HTTP_IF_NONE_MATCH=self.etags[path])
            self.etags[path] = headers["ETag"]
            self.news += status != "304 NOT MODIFIED"

        return again

    def work(self) -> dict[str, Callable[[], object]]:
        """What is measured, by its name in `LIMITS`."""
        return {
            "issue": self.issue,
            "ticket": self.read(self.api),
            "ticket, unchanged (304)": self.read_again(self.api),
            "ticket's page": self.read(self.page),
            "ticket's page, unchanged (304)": self.read_again(self.page),
            "board": self.read(f"{API}/board"),
            "board's page": self.read(f"/{SLUG}/display"),
        }

    def settle(self) -> None:
        """As many wait as before."""
        with self.engine.begin() as connection:
            since = select(Ticket.id).where(Ticket.number > WAITING + 1)
            connection.execute(
                update(Turn)
                .where(Turn.day == TODAY, Turn.state == "waiting", Turn.ticket_id.in_(since))
                .values(state="done", started_at=Turn.entered_at, closed_at=Turn.entered_at)
            )


def ask(app: Flask, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    """One WSGI request as a server would make it."""
    got: dict[str, Any] = {}

    def start(status: str, answered: list[tuple[str, str]], _: object = None) -> None:
        got.update(status=status, headers=dict(answered))

    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **headers,
    }
    answer: Any = app.wsgi_app(environ, start)  # type: ignore[arg-type]  # ours takes any start_response
    try:
        return_body = b"".join(answer)
    finally:
        with suppress(AttributeError):
            answer.close()
    return got["status"], got["headers"], return_body


def expect(status: str, wanted: str) -> None:
    if not status.startswith(wanted):
        raise RuntimeError(f"answered {status} in place of {wanted}")


def limits(folder: Path) -> dict[str, Callable[[], object]]:
    """A route that does nothing, and one that writes an issue's rows by the standard library."""
    app = Flask("bare")
    raw = bare.Raw(str(folder / "ruko.sqlite3"))
    issue = bare.statements(bare.WORK["issue"][0], "sqlite")

    @app.get("/")
    def nothing() -> str:
        return "ok"

    @app.post("/")
    def rows() -> str:
        raw.transact(issue, {"bidang": 2})
        return "ok"

    return {
        "bare route": lambda: ask(app, "GET", "/"),
        "bare route + raw rows": lambda: ask(app, "POST", "/"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.in_process")
    parser.add_argument("--old", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=100)
    given = parser.parse_args()
    clock.start_at(datetime.fromisoformat(MONDAY_AT_NINE))
    with tempfile.TemporaryDirectory(prefix="ruko-bench-") as name:
        houses = [House(Path(name) / str(old), old) for old in sorted({0, given.old})]
        jobs: dict[tuple[str, int], Callable[[], object]] = {
            (name, house.old): job for house in houses for name, job in house.work().items()
        } | {(limit, 0): job for limit, job in limits(Path(name) / "0").items()}
        taken: Taken = {job: [] for job in jobs}
        for n in range(given.rounds + 1):
            for key, job in jobs.items():
                begun = (time.perf_counter(), time.thread_time())
                for _ in range(given.times):
                    job()
                ended = (time.perf_counter(), time.thread_time())
                if n:  # the first round warms up
                    spent = [(b - a) / given.times * 1e6 for a, b in zip(begun, ended, strict=True)]
                    taken[key].append((spent[0], spent[1]))
            for house in houses:
                house.settle()
    tell(taken, given, sum(house.news for house in houses))


def tell(taken: Taken, given: argparse.Namespace, news: int) -> None:
    """The table."""

    def of(name: str, old: int, kind: int) -> list[float]:
        return [spent[kind] for spent in taken[name, old]]

    def ratio(above: list[float], below: list[float]) -> str:
        return f"{median(a / b for a, b in zip(above, below, strict=True)):.2f} ×"

    print(f"python -m bench.in_process --old {given.old}")
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()}, SQLite FULL")
    print(f"unchanged, yet answered in full: {news}\n")
    print(
        "| | µs | µs CPU | beside its limit | CPU beside it | goal | with old tickets (≤ 1.1 ×) |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in dict(LIMITS.values()):
        print(f"| {name} | {median(of(name, 0, 0)):.0f} | {median(of(name, 0, 1)):.0f} | | | | |")
    for name, (limit, goal) in LIMITS.items():
        young = [of(name, 0, kind) for kind in (0, 1)]
        beside = [ratio(young[kind], of(limit, 0, kind)) for kind in (0, 1)]
        aged = ratio(of(name, given.old, 1), young[1])
        print(
            f"| {name} | {median(young[0]):.0f} | {median(young[1]):.0f} | {beside[0]} {limit}"
            f" | {beside[1]} | ≤ {goal:g} × | {aged} CPU |"
        )


if __name__ == "__main__":
    main()
