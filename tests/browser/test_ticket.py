"""The ticket in the hand: what a visitor with a small phone sees, hears and decides."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import SLUG, Server, comes_true, serving
from tests.browser.listening import HEAR_NOTES

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
Enter = Callable[[Page, str], None]

SIZES = [(320, 640), (360, 740)]
PATTERN = [400, 150, 400, 150, 800]
RINGS = [659, 880] * 3
FIRST_VISIT_BYTES = 65 * 1024
OFFICE = f"offices/{SLUG}"
SHAKE = "navigator.vibrate = pattern => { window.shaken = pattern; return true; };"
NO_SHAKE = "delete Navigator.prototype.vibrate;"
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


class Desk:
    """The staff, through the API of a signed-in window; PEM is served in the small room."""

    def __init__(self, page: Page, server: Server) -> None:
        self._page, self._server = page, server
        places = self.ask(f"{OFFICE}/counters")["items"]
        self._room = next(place["id"] for place in places if place["name"] == "Ruang RUKO 1")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._page.request.fetch(
            f"{self._server.url}/api/v1/{path}",
            method="GET" if body is None else "POST",
            data=body,
            headers={
                "X-CSRFToken": self._page.get_attribute("meta[name=csrf-token]", "content") or ""
            },
        )
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def give_number(self) -> str:
        made = self.ask(f"{OFFICE}/tickets", {"bidang": "PEM", "visitor": "resident"})
        return str(made["token"])

    def call(self, token: str) -> None:
        wanted = {"bidang": "PEM", "counter": self._room, "ticket": token, "reason": "uji"}
        self.ask(f"{OFFICE}/calls", wanted)

    def does(self, token: str, *steps: str) -> None:
        for step in steps:
            self.ask(f"turns/{token}/{step}", {"reason": "uji"} if step == "no-show" else {})

    def send_on(self, token: str, bidang: str) -> None:
        self.ask(f"turns/{token}/transfer", {"bidang": bidang})

    def finish(self, token: str, note: str) -> None:
        self.ask(f"turns/{token}/finish", {"outcome": "follow_up", "note": note})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One example office for all of them."""
    with serving(tmp_path_factory.mktemp("ticket")) as started:
        yield started


@pytest.fixture
def desk(server: Server, window: Window, enter: Enter) -> Desk:
    page = window(1280, 800)
    enter(page, "operator")
    return Desk(page, server)


@pytest.fixture
def token(desk: Desk) -> str:
    return desk.give_number()


def now_shows(page: Page, heading: str | re.Pattern[str], *, by_itself: bool = False) -> None:
    """What the phone shows to somebody who looks at it again, or when it lies there by itself."""
    if not by_itself:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def heard(page: Page) -> list[int]:
    return [round(pitch) for pitch in page.evaluate("notes.splice(0)")]


def leave(page: Page) -> None:
    page.get_by_role("link", name="Batalkan nomor").click()
    page.get_by_role("button", name="Ya, batalkan").click()


# ── From the number to the result ─────────────────────────────────────────────────────────────


@pytest.fixture(params=SIZES, ids=["320", "360"])
def phone(window: Window, request: pytest.FixtureRequest) -> Page:
    """A small phone that vibrates and rings."""
    made = window(*request.param, has_touch=True)
    for script in (HEAR_NOTES, SHAKE):
        made.add_init_script(script)
    return made


@pytest.fixture
def keep(phone: Page, picture: Picture) -> Callable[[str], None]:
    """Keep how a state looks; nothing lies outside of the screen."""

    def take(name: str) -> None:
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert phone.viewport_size
        picture(phone, f"ticket-{name}-{phone.viewport_size['width']}")

    return take


def test_waiting_and_called(
    server: Server, phone: Page, desk: Desk, keep: Callable[[str], None]
) -> None:
    token, _behind = desk.give_number(), desk.give_number()
    phone.goto(f"{server.url}/t/{token}")
    now_shows(phone, re.compile("di depan Anda"), by_itself=True)
    expect(phone.get_by_text("Sekarang dilayani")).to_be_visible()
    expect(phone.get_by_text("Sentuh layar sekali")).to_be_visible()
    phone.get_by_role("button", name="Aktifkan suara").tap()
    expect(phone.get_by_role("button", name="Suara aktif")).to_be_visible()
    comes_true(phone, "notes.length === 2")  # the button tells it a moment before
    assert heard(phone) == [659, 880], "so that one knows the sound"
    expect(phone.get_by_text("Ponsel juga bergetar.", exact=True)).to_be_visible()
    keep("waiting")
    phone.get_by_role("link", name="Batalkan nomor").tap()
    expect(phone.get_by_role("heading", name=re.compile("^Batalkan nomor"))).to_be_visible()
    phone.wait_for_timeout(200)
    keep("leave")
    phone.get_by_role("link", name="Tetap mengantre").tap()
    expect(phone.locator("#leaving")).to_be_hidden()

    desk.call(token)
    now_shows(phone, "Giliran Anda", by_itself=True)
    expect(phone.locator("#called")).to_contain_text("Ruang RUKO 1")
    expect(phone).to_have_title(re.compile("^Giliran Anda · A-"))
    assert phone.evaluate("shaken") == PATTERN
    assert heard(phone) == RINGS
    keep("called")
    phone.evaluate("shaken = null")
    phone.wait_for_timeout(5_000)  # the office's gap between two announcements
    desk.does(token, "recall")
    expect(phone.get_by_text("Panggilan ke-2")).to_be_visible()
    assert (phone.evaluate("shaken"), heard(phone)) == (PATTERN, RINGS)
    desk.does(token, "return")


def test_served_and_held(
    server: Server, phone: Page, desk: Desk, token: str, keep: Callable[[str], None]
) -> None:
    phone.goto(f"{server.url}/t/{token}")
    desk.call(token)
    desk.does(token, "start")
    now_shows(phone, "Anda sedang dilayani")
    keep("serving")
    desk.does(token, "hold")
    now_shows(phone, "Nomor Anda ditahan sementara")
    keep("held")
    desk.does(token, "resume")
    now_shows(phone, "Giliran Anda")
    desk.does(token, "start")
    desk.finish(token, "Rancangan APBDes diperiksa. Dua perbaikan diminta.")
    now_shows(phone, "Terima kasih")
    expect(phone.get_by_text("Dua perbaikan diminta.")).to_be_visible()
    expect(phone.locator("#sound")).to_be_hidden()
    keep("done")


def test_sent_on(
    server: Server, phone: Page, desk: Desk, token: str, keep: Callable[[str], None]
) -> None:
    phone.goto(f"{server.url}/t/{token}")
    desk.call(token)
    now_shows(phone, "Giliran Anda")
    desk.send_on(token, "SEK")
    now_shows(phone, re.compile("di depan Anda|Anda berikutnya"))
    expect(phone.get_by_text("Anda diteruskan ke bidang ini.")).to_be_visible()
    expect(phone.locator("#said")).to_have_text(re.compile("^Sekretariat: "))
    keep("sent-on")


def test_missed_and_left(
    server: Server, phone: Page, desk: Desk, token: str, keep: Callable[[str], None]
) -> None:
    desk.call(token)
    desk.does(token, "no-show")
    phone.goto(f"{server.url}/t/{token}")
    now_shows(phone, re.compile("terlewat$"))
    expect(phone.get_by_text(re.compile("masih berlaku sampai pukul"))).to_be_visible()
    keep("missed")
    phone.get_by_role("button", name="Masuk antrean lagi").tap()
    now_shows(phone, re.compile("di depan Anda|Anda berikutnya"))
    leave(phone)
    now_shows(phone, re.compile("dibatalkan$"))
    keep("cancelled")


def test_contrast(server: Server, window: Window, token: str, picture: Picture) -> None:
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")
    phone.get_by_role("button", name="Kontras").click()
    expect(phone.locator("html")).to_have_attribute("data-theme", "contrast")
    picture(phone, "ticket-contrast-360")


def test_more_time_is_given_once(
    server: Server, window: Window, desk: Desk, picture: Picture
) -> None:
    token, _behind = desk.give_number(), desk.give_number()
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")
    before = int(phone.locator("h1").inner_text().split()[0])
    phone.get_by_role("button", name="Saya butuh waktu lagi").click()
    now_shows(phone, f"{before + 1} orang di depan Anda")
    expect(phone.get_by_text("Anda sudah membiarkan yang berikutnya")).to_be_visible()
    expect(phone.locator("main")).to_be_focused()
    expect(phone.locator("#said")).to_have_text(f"{before + 1} orang di depan Anda")
    assert phone.url.endswith(token)


def test_a_phone_that_cannot_vibrate_says_so(
    server: Server, window: Window, token: str, picture: Picture
) -> None:
    phone = window(320, 640)
    phone.add_init_script(NO_SHAKE)
    phone.goto(f"{server.url}/t/{token}")
    expect(phone.get_by_text("tidak dapat bergetar")).to_be_visible()
    expect(phone.get_by_text("Ponsel juga bergetar.", exact=True)).to_be_hidden()
    picture(phone, "ticket-silent-320")


def test_sound_is_off_until_it_is_wanted(
    server: Server, window: Window, desk: Desk, token: str
) -> None:
    phone = window(360, 740)
    phone.add_init_script(HEAR_NOTES)
    phone.goto(f"{server.url}/t/{token}")
    phone.get_by_role("button", name="Aktifkan suara").click()
    phone.get_by_role("button", name="Suara aktif").click()
    expect(phone.get_by_role("button", name="Aktifkan suara")).to_be_visible()
    phone.evaluate("notes.length = 0")
    desk.call(token)
    now_shows(phone, "Giliran Anda")
    assert heard(phone) == []
    desk.does(token, "return")


# ── When something is in the way ──────────────────────────────────────────────────────────────


def test_a_press_without_an_answer_is_said_and_safe_to_repeat(
    server: Server, window: Window, token: str, picture: Picture
) -> None:
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")
    phone.context.set_offline(True)
    leave(phone)
    alert = phone.get_by_role("alert").filter(has_text="Nomor Anda belum dibatalkan")
    expect(alert).to_be_in_viewport()
    expect(alert).to_contain_text("Belum ada jawaban dari kantor")
    picture(phone, "ticket-unanswered-360")
    phone.context.set_offline(False)
    leave(phone)
    now_shows(phone, re.compile("dibatalkan$"))
    expect(alert).to_be_hidden()


def test_an_answer_that_got_lost_is_found_by_the_next_look(
    server: Server, window: Window, token: str
) -> None:
    phone = window(360, 740)
    phone.clock.install()
    phone.goto(f"{server.url}/t/{token}")

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.fallback()

    phone.route("**/leave", lose_the_answer)
    leave(phone)
    expect(phone.get_by_text("halaman ini berubah sendiri")).to_be_visible()
    phone.clock.run_for(21_000)
    now_shows(phone, re.compile("dibatalkan$"))
    expect(phone.get_by_text("halaman ini berubah sendiri")).to_be_hidden()


def test_a_refused_press_is_a_sentence_above_the_ticket(
    server: Server, window: Window, desk: Desk, token: str, picture: Picture
) -> None:
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")
    phone.route("**/now", lambda route: route.abort())
    desk.call(token)
    leave(phone)
    expect(phone.get_by_text("Nomor Anda belum dibatalkan")).to_be_visible()
    now_shows(phone, "Giliran Anda")
    picture(phone, "ticket-refused-360")
    desk.does(token, "return")


def test_the_call_comes_before_the_question(
    server: Server, window: Window, desk: Desk, token: str
) -> None:
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")
    phone.get_by_role("link", name="Batalkan nomor").click()
    expect(phone.locator("#leaving")).to_be_visible()
    desk.call(token)
    now_shows(phone, "Giliran Anda")
    expect(phone.locator("#leaving")).to_be_hidden()
    desk.does(token, "return")


# ── By keyboard, without scripts, light and still ─────────────────────────────────────────────


def test_by_keyboard_alone(server: Server, window: Window, desk: Desk) -> None:
    token, _behind = desk.give_number(), desk.give_number()
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")

    def go_to(name: str) -> None:
        for _ in range(15):
            phone.keyboard.press("Tab")
            if phone.evaluate("document.activeElement.textContent.trim()").startswith(name):
                return
        raise AssertionError(f"“{name}” is not reached")

    go_to("Aktifkan suara")
    go_to("Saya butuh waktu lagi")
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("Anda sudah membiarkan")).to_be_visible()
    go_to("Batalkan nomor")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("link", name="Tetap mengantre")).to_be_focused()
    phone.keyboard.press("Escape")
    expect(phone.locator("#leaving")).to_be_hidden()
    expect(phone.get_by_role("link", name="Batalkan nomor")).to_be_focused()
    phone.keyboard.press("Enter")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    now_shows(phone, re.compile("dibatalkan$"))


def test_the_focus_outlives_a_change(
    server: Server, window: Window, desk: Desk, token: str
) -> None:
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{token}")
    phone.get_by_role("link", name="Batalkan nomor").focus()
    before = phone.locator(".p-state").get_attribute("data-said")
    (first, *_others) = desk.ask(f"{OFFICE}/queue?bidang=PEM")["waiting"]
    desk.ask(f"tickets/{first['token']}/leave", {})
    expect(phone.locator(".p-state")).not_to_have_attribute("data-said", before or "")
    expect(phone.get_by_role("link", name="Batalkan nomor")).to_be_focused()


def test_without_scripts_every_step_is_a_page(
    server: Server, window: Window, desk: Desk, picture: Picture
) -> None:
    token, _behind = desk.give_number(), desk.give_number()
    phone = window(320, 640, java_script_enabled=False)
    phone.goto(f"{server.url}/t/{token}")
    expect(phone.get_by_role("button", name="Aktifkan suara")).to_be_hidden()
    phone.get_by_role("button", name="Saya butuh waktu lagi").click()
    expect(phone.get_by_text("Anda sudah membiarkan yang berikutnya")).to_be_visible()
    phone.get_by_role("link", name="Batalkan nomor").click()
    picture(phone, "ticket-leave-no-script-320")
    phone.get_by_role("link", name="Tetap mengantre").click()
    expect(phone).to_have_url(re.compile(f"{token}$"))
    phone.get_by_role("link", name="Batalkan nomor").click()
    desk.call(token)
    phone.get_by_role("button", name="Ya, batalkan").click()
    expect(phone.get_by_text("Nomor Anda belum dibatalkan")).to_be_visible()
    picture(phone, "ticket-refused-no-script-320")
    desk.does(token, "no-show")
    phone.goto(f"{server.url}/t/{token}")
    phone.get_by_role("button", name="Masuk antrean lagi").click()
    phone.get_by_role("link", name="Batalkan nomor").click()
    phone.get_by_role("button", name="Ya, batalkan").click()
    now_shows(phone, re.compile("dibatalkan$"))


def test_a_first_visit_is_light_and_nothing_jumps(
    server: Server, browser: Browser, window: Window, desk: Desk
) -> None:
    token, _behind = desk.give_number(), desk.give_number()
    phone = window(360, 740)
    phone.add_init_script(SHIFTS)
    wire = phone.context.new_cdp_session(phone)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    phone.goto(f"{server.url}/t/{token}", wait_until="networkidle")
    assert 20_000 < sum(sizes) <= FIRST_VISIT_BYTES
    number = phone.locator(".p-ticket .n")
    top = number.bounding_box()
    phone.evaluate("shifts.length = 0")  # the font may have come after the words
    phone.get_by_role("button", name="Saya butuh waktu lagi").focus()
    phone.wait_for_timeout(6_000)
    assert phone.evaluate("shifts.reduce((sum, each) => sum + each, 0)") < 0.01
    desk.call(token)
    now_shows(phone, "Giliran Anda")
    desk.does(token, "start")
    now_shows(phone, "Anda sedang dilayani")
    assert number.bounding_box() == top
