"""A village's bookings and what may be done with them, looked through by axe."""

import pytest

from tests.browser.accessibility.conftest import (
    DESK,
    PHONE,
    Enter,
    Inspector,
    Window,
    send_as_it_is,
)
from tests.browser.conftest import Server
from tests.browser.test_my_bookings import open_first

pytestmark = pytest.mark.browser


def test_bookings_that_were_made(
    server: Server, still: Window, enter: Enter, look: Inspector
) -> None:
    page = still(PHONE)
    enter(page, "maradap")
    page.goto(f"{server.home}/booking/mine")
    look(page, "my bookings", narrow=320, also=DESK)
    open_first(page)
    look(page, "my booking", narrow=320, also=DESK)
    booking = page.url
    page.goto(f"{booking}/move")
    look(page, "moving", narrow=320, also=DESK)
    send_as_it_is(page, "#other")
    look(page, "moving nowhere", narrow=320)
    page.goto(f"{booking}/cancel")
    send_as_it_is(page, "form.a-form")
    look(page, "cancelling without a reason", narrow=320)
    page.goto(f"{server.home}/booking/mine?show=all")
    look(page, "all my bookings")


def test_what_the_office_asks(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    for village, name in (("panggung", "a proposal"), ("inan", "booked on behalf")):
        page = still(PHONE)
        enter(page, village)
        page.goto(f"{server.home}/booking/mine")
        look(page, f"the list with {name}")
        open_first(page)
        look(page, name, narrow=320)
    page = still(DESK)
    enter(page, "operator")
    page.goto(f"{server.home}/booking/mine?show=past")
    look(page, "the operator's list", narrow=320)
