"""The desk hears from the waiting room: the tick, the warning, and the page where displays are set."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Condition
from typing import Any

import pytest
import socketio
from playwright.sync_api import Browser, Page, expect

from ruko.web.callers import DEVICE_COOKIE
from tests.browser.accessibility.conftest import OFFICE, Inspector, ask, look, put_clock, still
from tests.browser.conftest import SLUG, Server, serving

__all__ = ["look", "still"]  # fixtures

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]
Later = Callable[[int], None]
DESK = (1366, 768)
CLOCK = """
from datetime import timedelta
from pathlib import Path
from ruko import clock
steady = clock.now
clock.now = lambda: steady() + timedelta(seconds=int(Path({!r}).read_text()))
from ruko import receipts
receipts.HEARD_WITHIN = timedelta(minutes=3)  # long enough to look at what waits, on any computer
"""
BOX = "e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height] }"


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """How far the server's clock is put forward."""
    file = tmp_path_factory.mktemp("hearing") / "seconds"
    put_clock(file, 0)
    return file


@pytest.fixture(scope="module")
def server(seconds: Path) -> Iterator[Server]:
    """One example office for all of these."""
    with serving(seconds.parent, before=CLOCK.format(str(seconds))) as started:
        yield started


@pytest.fixture
def later(seconds: Path) -> Later:
    """`later(18)`: the office's clock jumps ahead by so many seconds."""

    def jump(more: int) -> None:
        put_clock(seconds, int(seconds.read_text()) + more)

    return jump


class Tv:
    """A paired display that speaks when the test says so."""

    def __init__(self, server: Server, token: str) -> None:
        self._news = Condition()
        self._calls: dict[str, int] = {}
        self.settings: list[dict[str, Any]] = []
        self._client = socketio.Client(reconnection=False, request_timeout=60)
        self._client.on("board", self._board, namespace="/board")
        self._client.on("settings", self._settings, namespace="/board")
        self._client.connect(
            f"{server.url}?office={SLUG}",
            namespaces=["/board"],
            transports=["websocket"],
            auth={"token": token},
            wait_timeout=60,
        )

    def _board(self, board: dict[str, Any]) -> None:
        with self._news:
            self._calls |= {call["ticket"]: call["seq"] for call in board["calls"]}
            self._news.notify_all()

    def _settings(self, settings: dict[str, Any]) -> None:
        with self._news:
            self.settings.append(settings)
            self._news.notify_all()

    def says(self, ticket: str, *, spoken: bool) -> None:
        """Tell that it shows, or has spoken, the newest call of that number."""
        with self._news:
            assert self._news.wait_for(lambda: ticket in self._calls, 60), "no such call"
        said = {"seq": self._calls[ticket], "shown": True, "spoken": spoken}
        self._client.emit("announced", said, namespace="/board")

    def is_set(self, wanted: Callable[[dict[str, Any]], bool]) -> bool:
        """Wait until it was told such settings."""
        with self._news:
            return self._news.wait_for(lambda: any(map(wanted, self.settings)), 60)

    def leave(self) -> None:
        self._client.disconnect()


@pytest.fixture(scope="module")
def token(server: Server, browser: Browser) -> str:
    """Of the example's display, paired by its link; its own window is closed again."""
    link = re.search(rf"http\S+/{SLUG}/display/pair/\S+", server.said)
    assert link, server.said
    context = browser.new_context()
    page = context.new_page()
    page.goto(link[0])
    page.locator("main").get_by_role("button").click()
    page.wait_for_url(f"{server.home}/display")
    (cookie,) = [c for c in context.cookies() if c.get("name") == DEVICE_COOKIE]
    context.close()
    return cookie["value"]


@pytest.fixture
def tv(server: Server, token: str) -> Iterator[Tv]:
    made = Tv(server, token)
    yield made
    made.leave()


@pytest.fixture
def desk(server: Server, still: Window, enter: Enter) -> Iterator[Page]:
    """A clerk has called somebody to a room; in the end the visitor waits again."""
    page = still(DESK)
    enter(page, "pem")
    page.goto(f"{server.home}/desk/place?bidang=PEM")
    page.get_by_role("button", name="Ruang RUKO 1").click()
    expect(page.locator("#line")).to_have_text("Tersambung")
    page.get_by_role("button", name="Panggil berikutnya").click()
    expect(page.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    yield page
    for turn in ask(page, f"{OFFICE}/queue?bidang=PEM")["current"]:
        if turn["state"] == "called":
            ask(page, f"turns/{turn['token']}/return", {})


@pytest.fixture
def operator(server: Server, still: Window, enter: Enter) -> Page:
    """The operator's window."""
    page = still(DESK)
    enter(page, "operator")
    return page


@pytest.fixture
def show(picture: Picture, look: Inspector) -> Picture:
    """Keep how it looks, and what is wrong with it."""

    def both(page: Page, name: str) -> None:
        picture(page, name)
        look(page, name, narrow=320)

    return both


def number(page: Page) -> str:
    """The number that is called, as it is written."""
    return page.locator(".m-cur h1").inner_text().strip()


def test_the_tick_comes_by_itself_and_nothing_moves(
    desk: Page, tv: Tv, picture: Picture, show: Picture
) -> None:
    heard = desk.locator("[data-part=heard]")
    expect(heard).to_have_text("Menunggu giliran diumumkan")
    picture(desk, "desk-call-pending")
    recall = desk.get_by_role("button", name="Panggil ulang")
    recall.focus()
    boxes = [desk.locator(s).evaluate(BOX) for s in (".m-cur", ".m-cur h1", ".m-acts .main")]

    tv.says(number(desk), spoken=False)
    tv.says(number(desk), spoken=True)
    expect(heard).to_have_text("Sudah diumumkan di ruang tunggu")

    expect(recall).to_be_focused()
    after = [desk.locator(s).evaluate(BOX) for s in (".m-cur", ".m-cur h1", ".m-acts .main")]
    assert after == boxes
    show(desk, "desk-call-announced")


def test_a_screen_reader_hears_the_news_alone(desk: Page, tv: Tv) -> None:
    """The card is a live region: what did not change in it stays the same piece of the page."""
    desk.locator(".m-cur h1").evaluate("e => { e.same = true }")
    tv.says(number(desk), spoken=True)
    expect(desk.locator("[data-part=heard]")).to_have_text("Sudah diumumkan di ruang tunggu")
    assert desk.locator(".m-cur h1").evaluate("e => e.same === true")


def test_the_warning_comes_by_itself_and_says_what_to_do(
    desk: Page, tv: Tv, later: Later, operator: Page, show: Picture
) -> None:
    heard, code = desk.locator("[data-part=heard]"), number(desk)
    expect(heard).to_have_text("Menunggu giliran diumumkan")
    box = desk.locator(".m-acts .main").evaluate(BOX)
    later(170)
    desk.reload()
    expect(heard).to_contain_text("Belum terdengar dari papan.")
    expect(heard).to_contain_text("Panggil dengan suara Anda")
    assert desk.locator(".m-acts .main").evaluate(BOX) == box
    show(desk, "desk-call-unheard")

    operator.get_by_role("link", name="Kantor hari ini").click()
    expect(operator.locator("[data-part=bidang-PEM]")).to_contain_text("belum terdengar")
    show(operator, "office-unheard")

    tv.says(code, spoken=True)
    expect(heard).to_have_text("Sudah diumumkan di ruang tunggu")
    expect(operator.locator("[data-part=bidang-PEM]")).not_to_contain_text("belum terdengar")


def test_without_javascript_the_page_says_it_too(
    desk: Page, tv: Tv, server: Server, window: Window
) -> None:
    plain = window(*DESK, java_script_enabled=False)
    plain.context.add_cookies(desk.context.cookies())  # type: ignore[arg-type]  # as they were given
    plain.goto(f"{server.home}/desk")
    expect(plain.locator("[data-part=heard]")).to_have_text("Menunggu giliran diumumkan")
    tv.says(number(desk), spoken=True)
    expect(desk.locator("[data-part=heard]")).to_have_text("Sudah diumumkan di ruang tunggu")
    plain.reload()
    expect(plain.locator("[data-part=heard]")).to_have_text("Sudah diumumkan di ruang tunggu")


def test_a_display_is_set_and_changes_at_once(operator: Page, tv: Tv, show: Picture) -> None:
    page = operator
    page.get_by_role("link", name="Ruang tunggu").click()
    expect(page.get_by_text("semua bidang")).to_be_visible()
    show(page, "devices")

    page.get_by_role("link", name=re.compile("Atur.*Layar contoh")).click()
    page.get_by_label("A · Seksi Pemerintahan").check()
    page.get_by_label("F · Sekretariat").check()
    page.get_by_label("Volume dalam persen").fill("0")
    page.get_by_label("2 kali").check()
    page.get_by_label("Mulai pukul").fill("12:00")
    show(page, "display-settings")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_text("Isi kedua waktu")).to_be_visible()
    expect(page.get_by_label("F · Sekretariat")).to_be_checked()
    expect(page.get_by_label("Volume dalam persen")).to_have_value("0")
    show(page, "display-settings-refused")
    page.get_by_label("Sampai pukul").fill("13:00")
    page.get_by_role("button", name="Simpan").click()

    expect(page.get_by_text("sudah diatur")).to_be_visible()
    expect(page.get_by_text("sengaja tanpa suara")).to_be_visible()
    show(page, "devices-set")
    assert tv.is_set(
        lambda s: s["zone"] == ["PEM", "SEK"] and s["volume"] == 0 and s["repeats"] == 2
    )
    assert tv.is_set(lambda s: s["quiet"] == ["12:00", "13:00"])
