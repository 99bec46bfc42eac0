"""A real server and a real browser: people with windows open."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from ruko.demo import PASSWORD
from tests.browser.pictures import keep_picture
from tests.browser_driver import running_chromium
from tests.ports import answers, free_port

ROOT = Path(__file__).parent.parent.parent
SLUG = "paringin-selatan"
READY_SECONDS = 180
STOP_SECONDS = 30
PATIENCE_MS = 60_000
"""How long a test waits for what it expects: three browsers and their servers share two cores."""
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Server:
    """A running example office."""

    url: str
    said: str
    """What it printed: addresses and sign-ins."""

    @property
    def home(self) -> str:
        return f"{self.url}/{SLUG}"

    @property
    def booking_code(self) -> str:
        """Of the booking that can be checked in at once."""
        found = re.search(r"check in at the kiosk: (\S+)", self.said)
        assert found, self.said
        return found[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for each file: what one does to it spoils no other. Each window has a context."""
    with running_chromium() as started:
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`ruko demo` as a person starts it, on a Monday at nine and a free port."""
    with serving(tmp_path) as started:
        yield started


class serving:  # noqa: N801 – reads as a verb where it is used
    """`with serving(folder, now=…) as server:`; stops it at the end as Ctrl+C would.

    Its database is in `folder` too; `before` is Python that its process runs first. The example
    begins anew each time; `command="serve"` goes on with what the folder holds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: str = "2026-11-23T09:00:00+08:00",
        before: str = "",
        command: str = "demo",
        port: int | None = None,
    ) -> None:
        self._folder, self._now, self._before = folder, now, before
        self._command, self._port = command, port

    def __enter__(self) -> Server:
        port = self._port or free_port()
        self._log = (self._folder / "server.log").open("w+")
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{self._before}\nfrom ruko.app import main; main()",
                self._command,
                "--port",
                str(port),
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ
            | {
                "RUKO_NOW": self._now,
                "RUKO_TESTING": "1",
                "PYTHONPATH": str(ROOT),
                "RUKO_DATA_DIR": str(self._folder / "data"),
                "TMPDIR": str(self._folder),
            },
        )
        url = f"http://127.0.0.1:{port}"
        give_up = time.monotonic() + READY_SECONDS
        while not (url in self._said() and answers(f"{url}/readyz")):  # ours, and not another's
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.__exit__()
                raise AssertionError(f"The server did not start: {self._said()}")
            time.sleep(0.1)
        return Server(url, self._said())

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()  # leaves nothing behind, whatever the test has done to it
        self._log.close()

    def kill(self) -> None:
        """As when the power fails: nothing is said, nothing cleaned up."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _said(self) -> str:
        return (self._folder / "server.log").read_text()


def comes_true(page: Page, script: str) -> None:
    """Wait for what the page finds true; it may be on its way to another one meanwhile.

    Asked from outside again and again: the policy of our pages forbids Playwright's own waiting,
    which evaluates text inside the page.
    """
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while True:
        with suppress(PlaywrightError):
            if page.evaluate(script):
                return
        assert time.monotonic() < give_up, f"This never came true: {script}"
        time.sleep(0.05)


def long_recall_gap(folder: Path) -> None:
    """Let recalling be too soon for minutes, so that a slow computer finds it too soon as well."""
    (file,) = folder.glob("**/ruko.sqlite3")
    with closing(sqlite3.connect(file, timeout=60)) as database, database:
        database.execute("UPDATE office SET recall_gap_seconds = 600")


def press_example(page: Page, name: str, stands: Locator, *, check: str = "Periksa") -> None:
    """Make this browser the example device by the demo's button.

    The page asks for a pairing code by itself: an answer that comes just after the press leads to
    the code, as it would for a person, who presses again.
    """
    button, asked = (page.get_by_role("button", name=label) for label in (name, check))
    button.click()
    expect(stands.or_(asked).first).to_be_visible()
    if asked.is_visible():
        with suppress(PlaywrightError):  # or it was only on its way
            button.click(timeout=2_000)
    expect(stands).to_be_visible()


@dataclass
class OfficeComputer:
    """An installed office whose server can be killed and started again at the same address."""

    folder: Path
    port: int
    pairing: str

    def serving(self, **how: str) -> serving:
        return serving(self.folder, command="serve", port=self.port, **how)

    def pair(self, page: Page, server: Server) -> None:
        """Make that browser the kiosk."""
        page.goto(server.url + self.pairing)
        page.locator("main").get_by_role("button").click()
        page.wait_for_url(f"{server.home}/kiosk")

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Look into the database, or change it, while no server runs."""
        (file,) = (self.folder / "data").glob("*.sqlite3")
        with sqlite3.connect(file) as database:
            return database.execute(sql).fetchall()

    def tickets(self) -> int:
        ((count,),) = self.ask("SELECT count(*) FROM ticket")
        return int(str(count))


@pytest.fixture
def computer(tmp_path: Path) -> OfficeComputer:
    def ruko(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", "from ruko.app import main; main()", *words],
            env=os.environ | {"RUKO_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    ruko("init")
    said = ruko("device", "add", "kiosk", "Lobi")
    link = re.search(rf"/{SLUG}/kiosk/pair/\S+", said)
    assert link, said
    return OfficeComputer(tmp_path, free_port(), link[0])


@pytest.fixture
def window(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A new window of its own person: `window(360, 740)`; fails on any script error or CSP refusal."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(width: int, height: int, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        return page

    yield open_one
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # an answer may be on its way still
        context.close()
    assert not complaints


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep how a state looks: `picture(page, "kiosk-start")` in artifacts/screens."""

    def take(page: Page, name: str) -> None:
        comes_true(page, "document.readyState === 'complete' && document.fonts.status === 'loaded'")
        keep_picture(page, name)

    return take


@pytest.fixture
def enter(server: Server) -> Callable[[Page, str], None]:
    """Sign in on the example office: `enter(page, "binjai")`."""

    def sign_in(page: Page, name: str) -> None:
        page.goto(f"{server.home}/login")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)

    return sign_in
