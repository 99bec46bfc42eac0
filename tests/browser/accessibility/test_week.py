"""The week of the rooms and their closures, looked through by axe."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility.conftest import DESK, Inspector, Window
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser

Enter = Callable[[Page, str], None]


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_the_week_and_the_closures(
    server: Server, still: Window, enter: Enter, look: Inspector
) -> None:
    page = still(DESK)
    enter(page, "operator")
    week = f"{server.home}/desk/week"
    page.goto(week)
    look(page, "week", also=(1024, 768), narrow=320)
    page.goto(f"{week}?view=day")
    look(page, "day", narrow=320)
    page.goto(f"{week}?view=list")
    look(page, "list", narrow=320)
    page.goto(f"{week}?view=week&week=2026-W52")  # with a holiday
    look(page, "another week")
    page.goto(f"{week}?view=day&day=2026-11-28")
    look(page, "a day without sessions", narrow=320)

    page.goto(f"{server.home}/desk/rooms")
    look(page, "closures", narrow=320)
    press(page, "Tutup")
    look(page, "nothing entered", narrow=320)
    page.get_by_role("radio", name="Seluruh rumah koordinasi").check()
    page.get_by_label("Hari terakhir").fill("2026-11-27")
    page.get_by_label("Alasan yang dibaca").fill("atap diperbaiki")
    press(page, "Tutup")
    look(page, "what it meets", narrow=320)
    press(page, "Tetap tutup")
    look(page, "closed", narrow=320)
    page.goto(week)
    expect(page.locator(".wk-notes")).to_contain_text("bentrok")
    look(page, "week with collisions", narrow=320)


def test_the_week_of_who_looks_on(
    server: Server, still: Window, enter: Enter, look: Inspector
) -> None:
    page = still(DESK)
    enter(page, "pem")
    page.goto(f"{server.home}/desk/week")
    look(page, "week of staff", narrow=320)
