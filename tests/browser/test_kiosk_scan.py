"""An appointment at the kiosk: its QR held up to the camera, read by a scanner that types, or its code."""

import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import PATIENCE_MS, Server
from tests.browser.kiosk_steps import (
    LANDSCAPE,
    NUMBER,
    PORTRAIT,
    Picture,
    Window,
    fits,
    open_kiosk,
    small_targets,
    touch,
)
from tests.browser_driver import started

pytestmark = pytest.mark.browser

FRAME = (640, 480)
NO_HTTPS = "kios.example"
GERMAN = {"/": ("-", "Slash"), ":": ("Ö", "Semicolon"), "-": ("ß", "Minus"), "y": ("z", "KeyY")}
TYPE_ON_ANOTHER_KEYBOARD = """keys => {
  for (const [key, code] of [...keys, ["Enter", "Enter"]]) {
    const shiftKey = code === "Semicolon";
    const event = new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);
  }
}"""


def scan(page: Page, text: str) -> None:
    """As a scanner types: real keys, five milliseconds apart however slow this computer is."""
    wire = page.context.new_cdp_session(page)
    moment = time.time()
    for key in [*text, "Enter"]:
        moment += 0.005
        sign = "\r" if key == "Enter" else key
        code = key if len(key) > 1 else f"Digit{key}" if key.isdecimal() else f"Key{key.upper()}"
        down = {"type": "keyDown", "key": key, "code": code, "text": sign, "timestamp": moment}
        wire.send("Input.dispatchKeyEvent", down)
        wire.send("Input.dispatchKeyEvent", down | {"type": "keyUp", "text": ""})
    wire.detach()


def film(folder: Path, text: str) -> Path:
    """What a camera sees to which somebody holds this QR; a film of equal pictures."""
    made = io.BytesIO()
    qrcode.make(text, border=4).save(made)
    frame = Image.new("RGB", FRAME, "#7a6a58")
    frame.paste(Image.open(made).convert("RGB").resize((340, 340)), (150, 70))
    picture = io.BytesIO()
    frame.save(picture, "JPEG", quality=85)
    path = folder / "camera.mjpeg"
    path.write_bytes(picture.getvalue() * 10)
    return path


@pytest.fixture
def tablet(browser: Browser, server: Server, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """A paired tablet with a camera that sees this QR: `tablet("text")`; `tablet(None)` forbids it."""
    open_ones: list[Browser] = []

    def make(seen: str | None, size: tuple[int, int] = LANDSCAPE, host: str = "") -> Page:
        sees_it = started(
            browser.browser_type,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film(tmp_path, seen or '')}",
            f"--host-resolver-rules=MAP {NO_HTTPS} 127.0.0.1",
        )
        open_ones.append(sees_it)
        context = sees_it.new_context(viewport={"width": size[0], "height": size[1]})
        context.set_default_timeout(PATIENCE_MS)
        if seen is not None:
            context.grant_permissions(["camera"])
        page = context.new_page()
        there = server.url.replace("127.0.0.1", host) if host else server.url
        open_kiosk(page, Server(there, server.said))
        return page

    yield make
    for sees_it in open_ones:
        sees_it.close()


@pytest.mark.parametrize(("name", "size"), [("datar", LANDSCAPE), ("tegak", PORTRAIT)])
def test_the_camera_reads_the_qr_of_an_appointment(
    server: Server,
    tablet: Callable[..., Page],
    picture: Picture,
    name: str,
    size: tuple[int, int],
) -> None:
    page = tablet(f"{server.home}/booking/{server.booking_code}", size)
    assert page.evaluate("'BarcodeDetector' in window") is False, "the reader that comes with RUKO"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    waiting: list[Route] = []
    page.route("**/zxing_reader.wasm", lambda route: waiting.append(route))  # noqa: PLW0108
    with page.expect_request("**/zxing_reader.wasm"):
        touch(page, "Saya punya janji")
    expect(page.get_by_role("heading", name="Arahkan QR janji ke kamera")).to_be_visible()
    expect(page.locator("video")).to_have_js_property("videoWidth", FRAME[0])
    assert fits(page)
    assert small_targets(page) == []
    picture(page, f"kios-pindai-{name}")
    waiting[0].continue_()

    page.wait_for_url("**/tickets/*")

    assert re.fullmatch(r"[A-F]-\d{3}", page.locator(NUMBER).inner_text())
    assert all(url.startswith((server.url, "data:", "blob:")) for url in asked)
    picture(page, f"kios-tercatat-{name}")


def test_a_qr_of_something_else_is_told_once_and_the_code_still_works(
    server: Server, tablet: Callable[..., Page], picture: Picture
) -> None:
    page = tablet("BEGIN:VCARD\r\nFN:Toko\nEND:VCARD\n\0")
    touch(page, "Saya punya janji")

    expect(page.get_by_role("alert")).to_contain_text("Ini bukan kode janji")
    expect(page.get_by_text("Kamera siap. Gambar tidak disimpan.")).to_be_visible()
    assert fits(page)
    picture(page, "kios-pindai-bukan-janji")
    page.evaluate("window.same = true")
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.same"), "the same picture is not sent again and again"

    page.get_by_role("button", name="Ketik kode janji").click()
    for character in server.booking_code:
        page.locator(f'.k-key[value="{character}"]').click()
    page.get_by_role("button", name="Lapor datang").click()
    page.wait_for_url("**/tickets/*")


def test_a_camera_that_is_not_allowed_says_so(
    tablet: Callable[..., Page], picture: Picture
) -> None:
    page = tablet(None)
    touch(page, "Saya punya janji")

    expect(page.get_by_text("Kamera kios ini belum diizinkan.")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    expect(page.get_by_role("button", name="Gunakan kamera")).to_be_hidden()
    picture(page, "kios-kode-tanpa-kamera")


def test_without_https_the_page_says_why_there_is_no_camera(
    server: Server, tablet: Callable[..., Page], picture: Picture
) -> None:
    page = tablet("x", host=NO_HTTPS)
    assert page.evaluate("isSecureContext") is False
    touch(page, "Saya punya janji")

    expect(page.get_by_text("Kamera kios ini memerlukan sambungan aman (HTTPS).")).to_be_visible()
    assert fits(page)
    picture(page, "kios-kode-tanpa-https")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(server.booking_code)
    page.get_by_role("button", name="Lapor datang").click()
    page.wait_for_url("**/tickets/*")  # with a key made without HTTPS, too


def test_the_keypad(server: Server, window: Window, picture: Picture) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    touch(page, "Saya punya janji")
    expect(page.get_by_text("Kios ini tidak memiliki kamera.")).to_be_visible()
    for character in "AAAA22223":
        page.locator(f'.k-key[value="{character}"]').click()
    expect(page.locator("#code")).to_have_value("AAAA2222")
    page.get_by_role("button", name="Hapus").click()
    expect(page.locator("#code")).to_have_value("AAAA222")
    assert fits(page)
    picture(page, "kios-kode")
    page.get_by_role("button", name="Lapor datang").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("#code")).to_have_value("AAAA222")
    expect(page.locator("#code")).to_be_focused()
    assert fits(page)
    picture(page, "kios-kode-salah")

    for character in server.booking_code:
        page.locator(f'.k-key[value="{character}"]').click()
    page.get_by_role("button", name="Lapor datang").click()
    page.wait_for_url("**/tickets/*")


def test_a_scanner_types_wherever_the_focus_is(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    address = f"{server.home}/booking/{server.booking_code}"
    numbers = set()

    for text, focus in [
        (server.booking_code, None),
        (address, "a.k-big--main"),
        (address.upper(), ".k-a11y"),
    ]:
        if focus:
            page.locator(focus).first.focus()
        scan(page, text)
        page.wait_for_url("**/tickets/*")
        numbers.add(page.locator(NUMBER).inner_text())
        page.get_by_role("button", name="Selesai").click()
        expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()
        page.wait_for_load_state()  # from here on it hears the scanner

    touch(page, "Saya punya janji")
    page.locator("#code").fill("AB")
    scan(page, address)
    page.wait_for_url("**/tickets/*")
    numbers.add(page.locator(NUMBER).inner_text())
    assert len(numbers) == 1


def test_a_scanner_on_a_tablet_with_another_layout(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    address = f"{server.home}/booking/{server.booking_code}".lower()
    keys = [
        GERMAN.get(sign) or (sign, f"Digit{sign}" if sign.isdecimal() else f"Key{sign.upper()}")
        for sign in address.replace(".", "")
    ]
    page.evaluate(TYPE_ON_ANOTHER_KEYBOARD, keys)

    page.wait_for_url("**/tickets/*")


def test_a_person_who_types_slowly_is_no_scanner(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    page.locator("a.k-big--main").focus()
    page.keyboard.type("AAAA2222", delay=150)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Anda datang sebagai siapa?")).to_be_visible()
