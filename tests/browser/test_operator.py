"""The operator's morning: the whole office at a glance, a number at the counter, closing early."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


def waiting(page: Page, bidang: str) -> int:
    return int(page.locator(f'[data-part="bidang-{bidang}"] dd').first.inner_text())


def test_the_office_at_one_glance_moves_by_itself(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page, desk = window(1366, 768), window(1366, 768)
    enter(page, "operator")
    page.get_by_role("link", name="Kantor hari ini").click()
    expect(page.locator("#line")).to_have_text("Tersambung")
    expect(page.locator(".o-office > li")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    picture(page, "office")
    before = waiting(page, "PEM")

    close = page.get_by_role("link", name="Tutup lebih awal")
    close.focus()
    enter(desk, "pem")
    desk.goto(f"{server.home}/desk/place?bidang=PEM")
    desk.get_by_role("button", name="Ruang RUKO 1").click()
    desk.get_by_role("button", name="Panggil berikutnya").click()
    expect(page.locator('[data-part="bidang-PEM"]')).to_contain_text("Ruang RUKO 1")
    assert waiting(page, "PEM") == before - 1
    expect(close).to_be_focused()


def test_a_number_at_the_counter(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1366, 768)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/office")
    page.get_by_role("link", name="Ambilkan nomor").click()
    village = page.get_by_label("Desa perangkat")
    expect(village).to_be_hidden()
    page.get_by_label("Perangkat desa", exact=True).check()
    expect(village).to_be_visible()
    page.get_by_label("B · Seksi").check()
    picture(page, "reception")
    page.get_by_role("button", name="Ambil nomor").click()
    expect(page.get_by_text("Silakan pilih desa atau kelurahan")).to_be_visible()
    picture(page, "reception-refused")
    village.select_option(label="Desa Binjai")
    page.get_by_role("button", name="Ambil nomor").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("B-")
    expect(page.get_by_text("Desa Binjai")).to_be_visible()
    expect(page.get_by_role("img", name="Kode QR nomor ini")).to_be_visible()
    picture(page, "reception-number")
    page.get_by_role("link", name="Pengunjung berikutnya").click()
    expect(page.get_by_label("Perangkat desa", exact=True)).not_to_be_checked()


def test_only_services_of_the_chosen_bidang_are_offered(
    server: Server, window: Window, enter: Enter
) -> None:
    page = window(1366, 768)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/office/number")
    groups = page.locator("#service optgroup:not(:disabled)")
    expect(groups).to_have_count(6)
    page.get_by_label("A · Seksi").check()
    expect(groups).to_have_count(1)
    page.locator("#service").select_option(index=1)
    page.get_by_label("B · Seksi").check()
    expect(page.locator("#service")).to_have_value("")


def test_closing_early_and_opening_again(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page, board = window(1366, 768), window(1920, 1080)
    board.goto(f"{server.home}/display")
    enter(page, "operator")
    page.goto(f"{server.home}/desk/office")
    page.get_by_role("link", name="Tutup lebih awal").click()
    expect(page.get_by_text("masih dapat dilayani")).to_be_visible()
    picture(page, "closing")
    page.get_by_label("Alasan yang dibaca pengunjung").fill("kunjungan bupati")
    page.get_by_role("button", name="Tutup untuk hari ini").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ditutup lebih awal sejak")
    picture(page, "office-closed-early")
    picture(board, "board-closed-early")
    page.get_by_role("link", name="Buka kembali").click()
    expect(page.get_by_text("kunjungan bupati")).to_be_visible()
    picture(page, "closing-reopen")
    page.get_by_role("button", name="Buka kembali").click()
    expect(page.get_by_role("link", name="Ambilkan nomor")).to_be_visible()


def test_without_a_line_it_says_since_when(server: Server, window: Window, enter: Enter) -> None:
    page = window(1366, 768)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/office")
    page.context.set_offline(True)
    expect(page.locator("#line")).to_contain_text("Terputus sejak")
    page.context.set_offline(False)
    expect(page.locator("#line")).to_have_text("Tersambung")


def test_the_operator_without_javascript(server: Server, window: Window, enter: Enter) -> None:
    page = window(1366, 768, java_script_enabled=False)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/office/number")
    page.get_by_label("Warga").check()
    page.get_by_label("F · Sekretariat").check()
    page.get_by_role("button", name="Ambil nomor").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("F-")


def test_the_camat_looks_on_from_a_phone(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740)
    enter(page, "camat")
    page.get_by_role("link", name="Kantor hari ini").click()
    expect(page.locator(".o-office > li")).to_have_count(6)
    expect(page.get_by_role("link", name="Ambilkan nomor")).to_have_count(0)
    picture(page, "office-camat-phone")
    page.get_by_role("link", name="Ruang tunggu").click()
    expect(page.get_by_role("heading", name="Kios", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Setujui")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
