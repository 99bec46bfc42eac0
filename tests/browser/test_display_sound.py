"""Sound that fails, is blocked, or is set otherwise: the line of calls goes on."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import serving
from tests.browser.listening import Listener
from tests.browser.waiting_room import Room, a_display, sit_down

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
FULL_HD = (1920, 1080)
STAND_STILL = """
() => {
  const own = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "currentTime");
  let first;
  Object.defineProperty(BaseAudioContext.prototype, "currentTime", { get() {
    first ??= this;
    return this === first ? 5 : own.get.call(this);
  } });
}
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    with serving(folder) as server:
        yield Room(server, folder)


@pytest.fixture
def room(started: Room, window: Window) -> Room:
    """The waiting room with somebody at the desk."""
    sit_down(started, window(1280, 800))
    return started


# ── It fails ──────────────────────────────────────────────────────────────────────────────────


def test_a_missing_a_broken_and_a_hanging_clip_are_left_out(
    room: Room, window: Window, picture: Picture
) -> None:
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    listener.missing, listener.hanging = ["nomor-antrean"], {"silakan-menuju"}
    listener.broken = {"bidang-PEM"}
    a_display(room, page)
    calls = room.call(2, bidang="PEM")
    lacking = {"nomor-antrean", "silakan-menuju", "bidang-PEM"}
    spoken = [(call.seq, True) for call in calls]
    listener.wait(lambda: room.receipts(*calls) == spoken, step=100)
    words = [[name for name in call.words if name not in lacking] for call in calls]
    assert listener.sentences[:2] == words
    page.locator(".d-light").click()
    panel = page.get_by_role("dialog", name="Uji suara")
    expect(panel).to_contain_text("3 belum ada: bidang-PEM, nomor-antrean, silakan-menuju")
    expect(panel).to_contain_text("tidak dapat dimuat")
    listener.wait(lambda: room.report().get("missing") == 3, step=100)
    assert "tidak dapat dimuat" in room.report()["trouble"]
    picture(page, "display-sound-trouble")


def test_without_a_voice_the_chime_speaks(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    listener = Listener(page)
    page.unroute("**/display/voice.json")
    page.route("**/display/voice.json", lambda route: route.abort())
    a_display(room, page)
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    assert set(listener.heard) == {"chime"}


def test_clips_that_changed_are_fetched_anew(room: Room, window: Window) -> None:
    """The server says so; the old sound is forgotten with its address."""
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    lines: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        lines.append(socket)

    page.route_web_socket(re.compile("/socket.io/"), connect)
    a_display(room, page)
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    listener.edition = 2
    lines[-1].send('42/board,["voice",{}]')
    listener.wait(lambda: listener.lists[-1] == listener.edition)
    (another,) = room.call()
    listener.wait(lambda: room.receipts(another) == [(another.seq, True)], step=200)
    assert listener.loaded.count("nomor-antrean") == 2


def test_a_loudspeaker_that_stands_still(room: Room, window: Window) -> None:
    """The browser says that it sounds, but nothing goes on: another try, and the line goes on."""
    page = window(*FULL_HD)
    listener = Listener(page)
    a_display(room, page)
    page.evaluate(STAND_STILL)
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    assert listener.sentences[-1] == call.words
    listener.wait(lambda: room.report().get("trouble") == "Pengeras suara tidak menjawab.")


# ── It is blocked ─────────────────────────────────────────────────────────────────────────────


def test_blocked_sound_shows_and_speaks_after_the_tap(
    room: Room, window: Window, picture: Picture
) -> None:
    page = window(*FULL_HD)
    listener = Listener(page)
    a_display(room, page)
    page.reload()  # by hand: the browser asks for a tap anew
    button = page.get_by_role("button", name="Aktifkan suara")
    expect(button).to_be_visible()
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, False)])
    expect(page.locator(".d-call--new [data-number]")).to_have_text(call.ticket)
    assert listener.heard == []
    expect(button).to_have_css("opacity", "1")
    picture(page, "display-blocked")
    listener.wait(lambda: room.report().get("sound") == "blocked")
    button.click()
    expect(button).to_be_hidden()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    assert listener.sentences[0] == call.words
    listener.wait(lambda: room.report().get("sound") == "on")


# ── As the office set it ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "silence", [{"volume": 0}, {"quiet": ["08:00", "20:00"]}, {"quiet": ["20:00", "19:59"]}]
)
def test_silent_by_its_settings(room: Room, window: Window, silence: dict[str, Any]) -> None:
    page = window(*FULL_HD)
    listener = Listener(page)
    set_by_office(page, **silence)
    a_display(room, page, light="silent")
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, False)])
    expect(page.locator(".d-call--new [data-number]")).to_have_text(call.ticket)
    assert listener.heard == []


def test_a_zone_announces_its_own_bidang_only(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    listener = Listener(page)
    set_by_office(page, zone=["KES"])
    a_display(room, page)
    expect(page.locator("[data-rows] tr")).to_have_count(1)
    (other,) = room.call(bidang="TRB")
    (own,) = room.call(bidang="KES")
    listener.wait(lambda: room.receipts(own) == [(own.seq, True)])
    assert listener.shown == [own.ticket]
    assert room.receipts(other) == []


def test_another_edition_is_loaded_after_the_sentence(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    a_display(room, page)
    listener.long = {f"place-{room.free[0]}"}
    (call,) = room.call()
    listener.wait(lambda: "bidang-SEK" in listener.heard)
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    set_by_office(page, page="other")
    listener.wait(lambda: loads, step=400)
    expect(page.locator(".d-light[data-light=on]")).to_be_visible()
    assert room.receipts(call) == [(call.seq, True)]
    assert listener.sentences[0] == call.words
    assert listener.shown == [call.ticket]


def set_by_office(page: Page, /, **changes: Any) -> None:
    """What the office set for this screen, said by the answer to its report alone."""

    def answer(route: Route) -> None:
        told = route.fetch()
        route.fulfill(response=told, json=told.json() | changes)

    page.route("**/display/report", answer)
    page.route_web_socket(re.compile("/socket.io/"), _without_settings)


def _without_settings(socket: WebSocketRoute) -> None:
    server = socket.connect_to_server()
    server.on_message(lambda said: None if '["settings"' in str(said) else socket.send(said))


# ── The test behind the light ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [FULL_HD, (1366, 768), (640, 360)])
def test_the_sound_test_by_keyboard(
    room: Room, window: Window, picture: Picture, size: tuple[int, int]
) -> None:
    page = window(*size)
    listener = Listener(page)
    a_display(room, page)
    light = page.get_by_role("button", name="Suara aktif")
    light.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Uji suara")
    expect(panel).to_contain_text("Lengkap")
    expect(panel).to_contain_text("80%")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Bunyikan nada uji").focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_have_text("Nada sudah dibunyikan.")
    listener.wait(lambda: listener.heard == ["chime"])
    picture(page, f"display-sound-check-{size[0]}")
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run(document.querySelector('dialog[open]'))")
    assert found["violations"] == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(light).to_be_focused()
