"""The operator's week: on the board, by keyboard, as a list on a phone, on paper; and closing a room."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, comes_true, serving
from tests.browser.pictures import keep_picture

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]
REASON = "atap ruang diperbaiki"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One example office for all of these."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


def look_again(page: Page) -> None:
    """As when the operator comes back to the window: the page asks what is new."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def at_focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.dataset.place || ''"))


def test_the_week_by_keyboard_alone(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1440, 900)
    enter(page, "operator")
    page.get_by_role("link", name="Minggu", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("23–27 November 2026")
    expect(page.get_by_role("columnheader", name="Senin · hari ini")).to_be_visible()
    expect(page.locator(".wk-lists")).to_be_hidden()
    picture(page, "week-1440")

    page.locator(".wk-scroll").focus()
    page.keyboard.press("Tab")
    assert at_focus(page) == "d-2026-11-23"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert at_focus(page) == "d-2026-11-26"
    seen = set()
    for _ in range(12):
        page.keyboard.press("ArrowDown")
        seen.add(at_focus(page))
    assert len(seen) >= 5
    assert all(place[:2] in {"f-", "b-"} for place in seen)
    page.keyboard.press("ArrowLeft")
    assert at_focus(page) not in seen

    block = page.locator("a.wk-b").first
    village = block.locator("b").inner_text()
    block.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(village)

    page.go_back()
    page.get_by_role("link", name="Hari", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Senin, 23 November 2026")
    picture(page, "week-day-1440")
    page.get_by_role("link", name="Hari berikutnya").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Selasa, 24 November 2026")
    page.get_by_role("link", name="Daftar", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Rabu, 25 November 2026")).to_be_visible()
    picture(page, "week-list-1440")


def test_closing_a_room_that_is_booked(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page, other = window(1366, 768), window(1366, 768)
    enter(page, "operator")
    enter(other, "operator")
    other.goto(f"{server.home}/desk/week?week=2026-W48")
    watched = other.locator("a.wk-b").last
    place = watched.get_attribute("data-place")
    watched.focus()
    picture(other, "week-1366")

    page.goto(f"{server.home}/desk/rooms")
    picture(page, "rooms-1366")
    page.get_by_role("radio", name="Seluruh rumah koordinasi").check()
    page.get_by_label("Hari pertama").fill("2026-11-24")
    page.get_by_label("Hari terakhir").fill("2026-11-27")
    page.get_by_label("Alasan yang dibaca").fill(REASON)
    page.get_by_role("button", name="Tutup", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Belum ditutup")
    expect(page.get_by_label("Alasan yang dibaca")).to_have_value(REASON)
    picture(page, "rooms-meets")
    page.get_by_role("button", name="Tetap tutup").click()
    shut = page.locator(".wk-closures li", has_text=REASON).first
    expect(shut).to_contain_text("janji terkena")
    picture(page, "rooms-closed")

    look_again(other)
    expect(other.locator("[data-part=notes]")).to_contain_text("bentrok")
    expect(other.locator(".wk-shut", has_text=REASON).first).to_be_visible()
    assert at_focus(other) == place
    picture(other, "week-collides")

    shut.get_by_role("button", name="Batalkan penutupan").click()
    expect(page.get_by_text("Penutupan berakhir")).to_be_visible()
    look_again(other)
    expect(other.locator("[data-part=notes]")).not_to_contain_text(REASON)


def test_on_a_phone_and_without_javascript_it_is_a_list(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740, java_script_enabled=False)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/week")
    expect(page.locator(".wk-scroll")).to_be_hidden()
    expect(page.get_by_role("heading", name="Selasa, 24 November 2026")).to_be_visible()
    keep_picture(page, "week-360", full_page=True)
    page.locator(".o-bar").get_by_role("link", name="Minggu", exact=True).click()
    region = page.get_by_role("region", name="23–27 November 2026")
    expect(region).to_be_visible()
    region.focus()
    expect(region).to_be_focused()
    keep_picture(page, "week-table-360", full_page=True)


def test_on_paper_for_the_door(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1055, 726)  # A4 across
    enter(page, "operator")
    page.goto(f"{server.home}/desk/week")
    page.emulate_media(media="print")
    expect(page.locator(".wk-table")).to_be_visible()
    for unsaid in (".wk-aside", ".m-top", ".o-bar a", ".wk-st", ".wk-b--undecided"):
        for each in page.locator(unsaid).all():
            expect(each).to_be_hidden()
    expect(page.locator(".wk-b:not(.wk-b--undecided) .wk-when").first).to_be_visible()
    comes_true(page, "document.documentElement.scrollWidth <= innerWidth")
    picture(page, "week-print")
