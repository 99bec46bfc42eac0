"""What the office decides and prepares, looked through by axe."""

import pytest

from tests.browser.accessibility.conftest import (
    DESK,
    PHONE,
    Enter,
    Inspector,
    Later,
    Window,
    send_as_it_is,
)
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser


def test_requests(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(DESK)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/approvals")
    look(page, "requests", narrow=320)
    page.locator("summary", has_text="Tolak").first.click()
    send_as_it_is(page, ".o-no[open] form")
    look(page, "a refusal without a reason", narrow=320)
    page.get_by_role("link", name="Usul waktu lain").first.click()
    look(page, "proposing", narrow=320)
    send_as_it_is(page, ".a-form")
    look(page, "proposing nothing", narrow=320)


def test_meetings(
    server: Server, still: Window, enter: Enter, look: Inspector, later: Later
) -> None:
    page = still(PHONE)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/meetings")
    look(page, "meetings", narrow=320, also=DESK)
    page.get_by_role("link", name="Desa Maradap").click()
    look(page, "a meeting", narrow=320, also=DESK)
    page.goto(f"{server.home}/desk/meetings/print?date=2026-11-24")
    look(page, "a day on paper", narrow=320, also=DESK)
    later(80)
    page.goto(f"{server.home}/desk/meetings")
    look(page, "who did not come", narrow=320)
    page.get_by_role("link", name="Desa Galumbang").click()
    look(page, "a meeting that was missed", narrow=320)
