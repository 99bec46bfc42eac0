"""The page of the board's voice, looked through by axe, enlarged, and without a pointer."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility.conftest import (
    DESK,
    FOCUS,
    PHONE,
    Enter,
    Inspector,
    Window,
    send_as_it_is,
)
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser


def test_the_voice_of_the_board(
    server: Server, still: Window, enter: Enter, look: Inspector
) -> None:
    page = still(DESK)
    home = f"{server.home}/desk/voice"
    enter(page, "operator")
    page.goto(home)
    expect(page.locator("#voice[data-live]")).to_be_visible()
    page.locator("summary", has_text="Klip yang belum diperlukan").click()
    look(page, "voice", also=PHONE, narrow=320)
    with page.expect_file_chooser() as chooser:
        page.locator("#clip-7").get_by_text("Unggah").click()
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no sound"})
    expect(page.locator("#clip-7 .rk-err")).to_be_visible()
    look(page, "voice with a wrong file", narrow=320)

    page.locator("[data-act=sequence]").click()
    expect(page.locator("#session")).to_be_visible()
    look(page, "recording card", also=PHONE, narrow=320)
    page.locator("#session [data-act=main]").click()
    expect(page.locator("[data-part=problem]")).to_be_visible()
    look(page, "recording card without a microphone", also=PHONE, narrow=320)
    page.keyboard.press("Escape")
    for name in ("7", "7/remove"):
        page.goto(f"{home}/{name}")
        look(page, name, narrow=320)
    page.goto(f"{home}/7")
    send_as_it_is(page, "main form")
    look(page, "a clip without a file", narrow=320)

    enter(camat := still(DESK), "camat")
    camat.goto(home)
    expect(camat.locator("#voice[data-live]")).to_be_visible()
    look(camat, "voice of the camat", narrow=320)


def test_the_recording_card_by_keyboard(server: Server, still: Window, enter: Enter) -> None:
    page = still(DESK)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/voice")
    expect(page.locator("#voice[data-live]")).to_be_visible()
    page.locator("[data-act=sequence]").press("Enter")
    expect(page.locator("#session")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    seen = []
    for _ in range(6):
        at = page.evaluate(FOCUS)
        assert at["ringed"], at
        assert not at["covered"], at
        seen.append(" ".join(at["name"].split()))
        page.keyboard.press("Tab")
    assert any("Rekam" in each for each in seen)
    assert any("Lewati" in each for each in seen)
    assert any("Tutup" in each for each in seen)
    page.keyboard.press("Escape")
    expect(page.locator("#session")).to_be_hidden()
    expect(page.locator("[data-act=sequence]")).to_be_focused()
