"""One press at the kiosk, one number: whatever happens to the line, the server, or the page."""

import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PATIENCE_MS, OfficeComputer, Server, comes_true
from tests.browser.kiosk_steps import (
    LANDSCAPE,
    NUMBER,
    PORTRAIT,
    RESIDENT,
    Picture,
    Window,
    fits,
    open_kiosk,
    take_number,
    touch,
)
from tests.ports import answers

pytestmark = pytest.mark.browser

PRESS = "Tidak, antrean biasa"
NOT_TAKEN = "Nomor Anda belum diambil"
TEN_MINUTES_AGO = """
    const press = JSON.parse(localStorage.getItem("kiosk-press"));
    localStorage.setItem("kiosk-press", JSON.stringify({...press, at: press.at - 600_000}));
"""
NO_MENU = """
    !document.querySelector("h1").dispatchEvent(
        new MouseEvent("contextmenu", { bubbles: true, cancelable: true }))
"""
FORGETS_THE_BUTTON = """
    globalThis.FormData = class extends FormData { constructor(form) { super(form); } };
"""
DIES_AFTER_COMMIT = """
import os, signal
from kiosk import numbers
real = numbers.commit
def commit(response):
    real(response)
    os.killpg(0, signal.SIGKILL)
numbers.commit = commit
"""


def press(page: Page) -> None:
    """The last touch, without waiting for what comes."""
    page.get_by_role("button", name=PRESS).click()


def at_the_last_question(page: Page, server: Server) -> None:
    open_kiosk(page, server)
    for name in RESIDENT:
        touch(page, name)


def expect_nothing_outstanding(page: Page) -> None:
    """No press is kept any more; the page may be on its way to another one meanwhile."""
    comes_true(page, "localStorage.getItem('kiosk-press') === null")


def try_again(page: Page) -> None:
    """Press, unless the page has just tried by itself."""
    with suppress(PlaywrightError):
        page.get_by_role("button", name="Coba lagi").click(timeout=1_000)


def until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def lose_answers(page: Page, *, most: int = 1_000) -> list[str]:
    """The server hears each press, its answer never comes; returns where the answers led."""
    led: list[str] = []

    def lose(route: Route) -> None:
        if len(led) >= most:
            return route.continue_()
        led.append(route.fetch(max_redirects=0).headers["location"])
        return route.abort("connectionreset")

    page.route("**/kiosk/number", lose)
    return led


# ── The line ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "size"), [("datar", LANDSCAPE), ("tegak", PORTRAIT)])
def test_without_a_line_no_number_is_taken_and_the_choices_stay(
    server: Server, window: Window, picture: Picture, name: str, size: tuple[int, int]
) -> None:
    page = window(*size)
    at_the_last_question(page, server)
    page.context.set_offline(True)
    press(page)

    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    expect(page.get_by_role("button", name="Coba lagi")).to_be_focused()
    assert fits(page)
    picture(page, f"kios-gagal-{name}")

    page.context.set_offline(False)
    page.wait_for_url("**/tickets/*")
    expect(page.locator(NUMBER)).to_be_visible()
    expect_nothing_outstanding(page)


def test_a_lost_answer_never_makes_two_numbers(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    led = lose_answers(page, most=2)
    press(page)
    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    try_again(page)
    page.wait_for_url("**/tickets/*")

    assert len(led) == 2
    assert len(set(led)) == 1
    assert page.url.endswith(led[0])


def test_a_double_tap_is_one_press(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    page.get_by_role("heading", name="Perlu didahulukan?").dblclick()
    assert page.evaluate("getSelection().toString()") == "", "nothing is marked"
    comes_true(page, NO_MENU)
    page.get_by_role("button", name=PRESS).dblclick()
    page.wait_for_url("**/tickets/*")
    first = page.locator(NUMBER).inner_text()
    page.get_by_role("button", name="Selesai").click()
    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()

    second = take_number(page, *RESIDENT, PRESS)

    assert int(second[2:]) == int(first[2:]) + 1


def test_an_older_browser_sends_the_pressed_answer_too(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    page.add_init_script(FORGETS_THE_BUTTON)
    open_kiosk(page, server)

    take_number(page, *RESIDENT, "Ya, antrean prioritas")

    expect(page.get_by_text("Prioritas", exact=True)).to_be_visible()


def test_a_reload_asks_for_the_same_number(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    (led,) = (lose_answers(page),)
    press(page)
    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    page.unroute("**/kiosk/number")
    page.reload()

    page.wait_for_url("**/tickets/*")
    assert page.url.endswith(led[0])


def test_a_page_that_outlived_its_session_still_gives_its_number(
    server: Server, window: Window
) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    page.context.clear_cookies(name="ruko_session")
    press(page)

    page.wait_for_url("**/tickets/*")


def test_a_refusal_settles_the_press(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    page.locator("input[name=visitor]").evaluate("field => { field.value = 'nobody'; }")
    press(page)

    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    expect(page.get_by_text("Silakan pilih Anda datang sebagai siapa")).to_be_visible()
    expect_nothing_outstanding(page)
    page.get_by_role("button", name="Kembali ke awal").click()
    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()


# ── A visitor who gives up ────────────────────────────────────────────────────────────────────


def test_who_starts_over_takes_the_lost_press_along(
    server: Server, window: Window, picture: Picture
) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    led = lose_answers(page)
    press(page)
    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    page.route("**/kiosk/withdraw", lambda route: route.abort("connectionreset"))
    page.get_by_role("link", name="Ulang dari awal").click()
    expect(page.get_by_text("Tidak ada nomor yang disimpan")).to_be_visible()
    picture(page, "kios-gagal-ditinggalkan")

    page.unroute("**/kiosk/withdraw")
    try_again(page)
    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()

    expect_nothing_outstanding(page)
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{led[0].rsplit('/', 1)[1]}")
    expect(phone).to_have_title(re.compile("^Dibatalkan"))


def test_who_walks_away_leaves_no_number_behind(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    page.clock.install()
    led = lose_answers(page)
    page.reload()
    press(page)
    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    page.clock.run_for(46_000)
    expect(page.get_by_role("dialog", name="Anda masih di sini?")).to_be_visible()
    page.clock.run_for(16_000)
    page.clock.resume()

    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()
    expect_nothing_outstanding(page)
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{led[0].rsplit('/', 1)[1]}")
    expect(phone).to_have_title(re.compile("^Dibatalkan"))


def test_after_a_long_power_cut_nobody_stands_there_any_more(
    server: Server, window: Window
) -> None:
    page = window(*LANDSCAPE)
    at_the_last_question(page, server)
    led = lose_answers(page)
    press(page)
    expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
    page.evaluate(TEN_MINUTES_AGO)
    page.goto("about:blank")
    page.goto(f"{server.home}/kiosk")

    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()
    expect_nothing_outstanding(page)
    phone = window(360, 740)
    phone.goto(f"{server.url}/t/{led[0].rsplit('/', 1)[1]}")
    expect(phone).to_have_title(re.compile("^Dibatalkan"))


# ── The server is killed ──────────────────────────────────────────────────────────────────────


def die_at_the_press(page: Page, computer: OfficeComputer) -> None:
    """The server commits the number and is killed before it can answer."""
    with computer.serving(before=DIES_AFTER_COMMIT) as server:
        computer.pair(page, server)
        for name in RESIDENT:
            touch(page, name)
        press(page)
        expect(page.get_by_role("heading", name=NOT_TAKEN)).to_be_visible()
        until(lambda: not answers(f"{server.url}/healthz"))
    assert computer.tickets() == 1


def test_killed_between_commit_and_answer_the_same_number_comes(
    computer: OfficeComputer, window: Window, picture: Picture
) -> None:
    page = window(*LANDSCAPE)
    die_at_the_press(page, computer)

    with computer.serving():
        page.wait_for_url("**/tickets/*")
        assert page.locator(NUMBER).inner_text() == "A-001"
        picture(page, "kios-setelah-server-mati")
        page.get_by_role("button", name="Selesai").click()
        assert take_number(page, *RESIDENT, PRESS) == "A-002"
    assert computer.tickets() == 2


def test_kiosk_and_server_restarted_the_same_number_comes(
    computer: OfficeComputer, window: Window
) -> None:
    page = window(*LANDSCAPE)
    die_at_the_press(page, computer)
    tablet = page.context
    page.close()

    with computer.serving() as server:
        page = tablet.new_page()
        page.goto(f"{server.home}/kiosk")
        page.wait_for_url("**/tickets/*")
        assert page.locator(NUMBER).inner_text() == "A-001"
    assert computer.tickets() == 1
