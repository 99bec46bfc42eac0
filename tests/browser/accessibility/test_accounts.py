"""Accounts, slips, devices and the code of an app, looked through by axe."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility.conftest import DESK, PHONE, Inspector, Window, send_as_it_is
from tests.browser.conftest import Server
from tests.browser.first_day import first_day, give_password

pytestmark = pytest.mark.browser

Enter = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """An office on its first day."""
    with first_day(folder) as started:
        yield started


def test_accounts_and_slips(server: Server, still: Window, look: Inspector) -> None:
    page = still(DESK)
    give_password(page, server, "operator")
    accounts = f"{server.home}/desk/accounts"
    page.goto(accounts)
    look(page, "accounts without villages", narrow=320)
    page.goto(f"{accounts}/slips")
    look(page, "before the slips", narrow=320)
    page.get_by_role("button", name="Buat akun").click()
    expect(page.locator(".sl-slip")).to_have_count(16)
    look(page, "slips", narrow=320)
    page.goto(accounts)
    look(page, "accounts", narrow=320)
    page.goto(f"{accounts}/new")
    look(page, "new account", narrow=320)
    send_as_it_is(page, "main form")
    look(page, "new account without a name", narrow=320)
    page.goto(accounts)
    page.locator(".o-rows--accounts a").first.click()
    look(page, "account", narrow=320)
    address = page.url
    for question in ("reset", "close"):
        page.goto(f"{address}/{question}")
        look(page, question, narrow=320)


def test_ones_own_devices_and_code(server: Server, still: Window, look: Inspector) -> None:
    page = still(PHONE)
    page.goto(f"{server.home}/enter/salah")
    look(page, "dead link", narrow=320)
    give_password(page, server, "admin")
    page.goto(f"{server.home}/sessions")
    look(page, "devices", also=DESK, narrow=320)
    page.goto(f"{server.home}/second-step")
    page.get_by_text("Ketik kunci rahasia saja").click()
    secret = page.locator("main code").inner_text().replace(" ", "")
    look(page, "code set up", also=DESK, narrow=320)
    page.get_by_label("Kode dari aplikasi").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Minta kode").click()
    expect(page.locator(".rk-codes li")).to_have_count(8)
    look(page, "recovery codes", also=DESK, narrow=320)
    page.goto(f"{server.home}/second-step")
    look(page, "code in use", also=DESK, narrow=320)
    send_as_it_is(page, ".rk-card form")
    look(page, "code not taken off", narrow=320)
    other = still(PHONE)
    give_password(other, server, "admin")
    other.get_by_text("Ponsel hilang").click()
    look(other, "code asked", also=DESK, narrow=320)
    other.get_by_label("Kode dari aplikasi").fill("000000")
    other.get_by_role("button", name="Masuk").click()
    expect(other.locator(".rk-err")).to_be_visible()
    look(other, "wrong code", narrow=320)
