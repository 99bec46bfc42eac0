"""A new tablet and a new TV find their office without a shell; a visitor calls for help."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, comes_true

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


def approve(page: Page, server: Server, code: str, name: str) -> None:
    """An administrator types what the screen shows."""
    page.goto(f"{server.home}/desk/devices")
    page.get_by_label("Kode di layar").fill(code)
    page.get_by_label("Nama perangkat").fill(name)
    page.get_by_role("button", name="Setujui").click()
    expect(page.get_by_role("status")).to_contain_text(f"“{name}” sudah dipasangkan")


def revoke(page: Page, server: Server, name: str) -> None:
    page.goto(f"{server.home}/desk/devices")
    row = page.get_by_role("listitem").filter(has_text=name)
    row.get_by_role("link", name="Cabut").click()
    page.get_by_role("button", name="Cabut perangkat ini").click()
    expect(page.get_by_role("status")).to_contain_text(f"“{name}” sudah dicabut")


def sit(page: Page, server: Server, bidang: str, place: str) -> None:
    page.goto(f"{server.home}/desk/place?bidang={bidang}")
    page.get_by_role("button", name=place).click()
    expect(page.locator("#line")).to_be_visible()


def test_a_tablet_becomes_a_kiosk_by_itself_once_approved(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    tablet, admin = window(1280, 800), window(1366, 768)
    tablet.goto(f"{server.home}/kiosk")
    code = tablet.locator(".rk-code")
    expect(code).to_be_visible()
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Perangkat ini belum menjadi kios")
    picture(tablet, "pairing-code")
    shown = code.inner_text()
    tablet.reload()
    expect(code).to_have_text(shown)

    enter(admin, "admin")
    admin.goto(f"{server.home}/desk/devices")
    picture(admin, "devices")
    admin.get_by_label("Kode di layar").fill("AAA AAA")
    admin.get_by_label("Nama perangkat").fill("Lobi")
    admin.get_by_role("button", name="Setujui").click()
    expect(admin.get_by_text("Tidak ada layar yang menampilkan kode ini")).to_be_visible()
    expect(admin.get_by_label("Nama perangkat")).to_have_value("Lobi")
    picture(admin, "devices-wrong-code")
    approve(admin, server, shown.lower().replace(" ", ""), "Lobi")
    picture(admin, "devices-approved")
    expect(tablet.get_by_role("link", name="Ambil nomor antrean")).to_be_visible()

    revoke(admin, server, "Lobi")
    tablet.reload()
    expect(tablet.get_by_role("heading", level=1)).to_contain_text("Perangkat ini dicabut pada")
    expect(code).to_be_visible()
    picture(tablet, "pairing-revoked")


def test_a_code_that_ran_out_is_renewed_by_the_button_only(server: Server, window: Window) -> None:
    """A page that somebody left open must not use up the office's codes."""
    page = window(1280, 800)
    presses: list[str] = []
    page.on(
        "request", lambda sent: presses.append(sent.url) if sent.url.endswith("/code") else None
    )
    page.goto(f"{server.home}/kiosk")
    code, button = page.locator(".rk-code"), page.get_by_role("button", name="Tampilkan kode")
    expect(code).to_be_visible()
    first = code.inner_text()
    page.context.clear_cookies(name="ruko_pairing")
    expect(button).to_be_visible()
    page.reload()
    expect(button).to_be_visible()
    assert len(presses) == 1

    button.click()

    expect(code).to_be_visible()
    assert code.inner_text() != first
    assert len(presses) == 2


def test_a_tv_is_paired_from_its_board(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    tv, operator = window(1920, 1080), window(1366, 768)
    tv.goto(f"{server.home}/display")
    tv.get_by_role("link", name="Pasangkan layar ini").click()
    expect(tv.locator(".rk-code")).to_be_visible()
    picture(tv, "pairing-display")
    enter(operator, "operator")
    approve(operator, server, tv.locator(".rk-code").inner_text(), "Ruang tunggu")

    tv.wait_for_url("**/display")
    expect(tv.locator(".d-board")).to_be_visible()
    expect(tv.locator(".d-hint")).to_have_count(0)
    operator.reload()
    row = operator.get_by_role("listitem").filter(has_text="Ruang tunggu")
    expect(row).to_contain_text("Terakhir terhubung")


def test_pairing_without_javascript(server: Server, window: Window, enter: Enter) -> None:
    tablet, admin = window(800, 1280, java_script_enabled=False), window(1366, 768)
    tablet.goto(f"{server.home}/kiosk")
    tablet.get_by_role("button", name="Tampilkan kode pemasangan").click()
    tablet.get_by_role("button", name="Periksa").click()
    code = tablet.locator(".rk-code").inner_text()
    enter(admin, "admin")
    approve(admin, server, code, "Lobi")
    tablet.get_by_role("button", name="Periksa").click()
    expect(tablet.get_by_role("link", name="Ambil nomor antrean")).to_be_visible()


def pair(tablet: Page, server: Server, enter: Enter, admin: Page) -> None:
    tablet.goto(f"{server.home}/kiosk")
    shown = tablet.locator(".rk-code")
    expect(shown).to_be_visible()
    enter(admin, "admin")
    approve(admin, server, shown.inner_text(), "Lobi")
    expect(tablet.get_by_role("link", name="Ambil nomor antrean")).to_be_visible()


def test_help_is_called_and_somebody_comes(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    tablet, admin, desk = window(800, 1280), window(1366, 768), window(1366, 768)
    pair(tablet, server, enter, admin)
    enter(desk, "pem")
    sit(desk, server, "PEM", "Ruang RUKO 1")
    admin.goto(f"{server.home}/desk/office")

    tablet.get_by_role("link", name="Ambil nomor antrean").click()
    tablet.wait_for_url("**/number/who")
    where = tablet.url
    tablet.get_by_role("button", name="Panggil petugas").click()
    expect(tablet.locator(".k-help")).to_have_text("Petugas sudah dipanggil")
    assert tablet.url == where, "the visitor stays on the page"
    picture(tablet, "kiosk-help-called")

    banner = desk.locator(".m-help")
    expect(banner).to_contain_text("Bantuan diminta di Lobi")
    expect(admin.locator(".m-help")).to_contain_text("Bantuan diminta di Lobi")
    picture(desk, "desk-help")
    picture(admin, "office-help")
    desk.get_by_role("button", name="Saya ke sana").click()
    expect(desk.get_by_text("Kios memberi tahu pengunjung")).to_be_visible()
    expect(banner).to_have_text("")
    expect(admin.locator(".m-help")).to_have_text("")
    expect(tablet.locator(".k-help")).to_have_text("Petugas sedang menuju ke sini")
    picture(tablet, "kiosk-help-coming")
    tablet.get_by_role("link", name="Warga").click()
    tablet.wait_for_url("**/number/bidang**")
    expect(tablet.locator(".k-help")).to_have_text("Petugas sedang menuju ke sini")


def test_help_that_could_not_be_called_says_so(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    tablet, admin = window(1280, 800), window(1366, 768)
    pair(tablet, server, enter, admin)
    tablet.get_by_role("link", name="Ambil nomor antrean").click()
    tablet.wait_for_url("**/number/who")  # unlike the start, it never loads anew by itself
    tablet.context.set_offline(True)
    tablet.get_by_role("button", name="Panggil petugas").click()
    again = tablet.get_by_role("button", name="Belum terpanggil, tekan lagi")
    expect(again).to_be_visible()
    picture(tablet, "kiosk-help-failed")
    tablet.context.set_offline(False)
    again.click()
    expect(tablet.locator(".k-help")).to_have_text("Petugas sudah dipanggil")


def test_help_without_javascript(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    tablet, admin = window(1280, 800, java_script_enabled=False), window(1366, 768)
    tablet.goto(f"{server.home}/kiosk")
    tablet.get_by_role("button", name="Tampilkan kode pemasangan").click()
    enter(admin, "admin")
    approve(admin, server, tablet.locator(".rk-code").inner_text(), "Lobi")
    tablet.get_by_role("button", name="Periksa").click()
    tablet.get_by_role("button", name="Panggil petugas").click()
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Petugas sudah dipanggil")
    picture(tablet, "kiosk-help-page")
    admin.goto(f"{server.home}/desk/office")
    admin.get_by_role("button", name="Saya ke sana").click()
    tablet.reload()
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Petugas sedang menuju ke sini")


def test_a_revoked_kiosk_finds_out_by_itself(server: Server, window: Window, enter: Enter) -> None:
    tablet, admin = window(1280, 800), window(1366, 768)
    pair(tablet, server, enter, admin)
    revoke(admin, server, "Lobi")
    comes_true(tablet, "sessionStorage.removeItem('kiosk-alive') ?? true")
    with suppress(PlaywrightError):  # unless it has looked by itself meanwhile
        tablet.get_by_role("button", name="Panggil petugas").click(timeout=2_000)
    expect(tablet.get_by_role("heading", level=1)).to_contain_text("Perangkat ini dicabut pada")
