"""What a visitor in front of the kiosk does, and what the kiosk's pages must keep to."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server, press_example

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
Enter = Callable[[Page, str], None]

LANDSCAPE, PORTRAIT, PHONE = (1280, 800), (800, 1280), (360, 740)
SMALLEST_TARGET = 72
NUMBER = ".k2"
RESIDENT = ("Ambil nomor antrean", "Warga", "Seksi Pemerintahan", "Keperluan lain")


def open_kiosk(page: Page, server: Server) -> None:
    """The demo's one press makes this browser a kiosk."""
    page.goto(f"{server.home}/kiosk")
    welcome = page.get_by_role("heading", name="Selamat datang di Rumah Koordinasi")
    press_example(page, "Jadikan peramban ini kios contoh", welcome)
    page.wait_for_load_state()  # a heading can be seen before its style sheet has come


def tile(page: Page, name: str) -> Locator:
    """The link or button of the question that begins with these words."""
    begins, main = re.compile(f"^{name}"), page.locator("main")
    return main.get_by_role("link", name=begins).or_(main.get_by_role("button", name=begins))


def touch(page: Page, name: str) -> None:
    """Touch the tile or button that begins with these words; the next page stands."""
    before = page.url
    tile(page, name).click()
    page.wait_for_url(lambda url: url != before)


def take_number(page: Page, *touches: str) -> str:
    for name in touches:
        touch(page, name)
    expect(page.locator(NUMBER)).to_be_visible()
    return page.locator(NUMBER).inner_text()


def fits(page: Page) -> bool:
    """Nothing to scroll, in either direction."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollHeight <= innerHeight"
            " && document.documentElement.scrollWidth <= innerWidth"
        )
    )


def small_targets(page: Page) -> list[Any]:
    """What a finger would miss."""
    found: list[Any] = page.evaluate(
        """smallest => [...document.querySelectorAll("a[href], button, input:not([type=hidden])")]
          .filter(part => part.checkVisibility() && !part.matches(".rk-skip"))
          .map(part => [part.textContent.trim(), part.getBoundingClientRect()])
          .filter(([, box]) => box.height < smallest || box.width < smallest)
          .map(([text, box]) => [text, box.width, box.height])""",
        SMALLEST_TARGET,
    )
    return found
