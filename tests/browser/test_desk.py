"""A clerk's morning at the desk, with eyes on the visitor and hands on one key."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, long_recall_gap

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


def sit(page: Page, server: Server, bidang: str, place: str) -> None:
    """Choose a bidang and a place."""
    page.goto(f"{server.home}/desk/place?bidang={bidang}")
    page.get_by_role("button", name=place).click()
    expect(page.locator("#line")).to_be_visible()


def number(page: Page) -> str:
    """The number on the roofed card."""
    return page.locator(".m-cur h1").inner_text()


def settle(page: Page) -> None:
    """A clerk is never as fast as this: the big button ignores the second half of a double click."""
    page.wait_for_timeout(700)


def test_sign_in_on_a_phone(server: Server, window: Window, picture: Picture) -> None:
    page = window(360, 740)
    page.goto(f"{server.home}/desk")
    picture(page, "sign-in-phone")
    page.get_by_label("Nama akun").fill("binjai")
    page.get_by_label("Kata sandi", exact=True).fill("bukan kata sandinya")
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("alert")).to_contain_text("Nama akun atau kata sandi salah.")
    expect(page.get_by_label("Nama akun")).to_have_value("binjai")
    page.get_by_label("Tampilkan kata sandi").check()
    expect(page.get_by_label("Kata sandi", exact=True)).to_have_attribute("type", "text")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "sign-in-wrong-phone")


def test_a_visit_by_keys_alone(
    server: Server, window: Window, enter: Enter, picture: Picture, tmp_path: Path
) -> None:
    long_recall_gap(tmp_path)
    page = window(1366, 768)
    enter(page, "operator")
    picture(page, "desk-place")
    sit(page, server, "PMD", "Ruang RUKO 2")
    picture(page, "desk-empty")
    first = page.locator(".m-wait .next .n").inner_text()

    page.keyboard.press("n")
    expect(page.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    assert number(page) == first
    expect(page).to_have_title(f"{first} · Ruang RUKO 2 · RUKO")
    picture(page, "desk-called")

    settle(page)
    page.keyboard.press("r")  # a moment after the call
    expect(page.get_by_role("alert")).to_be_visible()

    settle(page)
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("1 dari 3 kali")
    picture(page, "desk-absent")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.keyboard.press("m")
    expect(page.locator(".m-cur")).to_contain_text("Sedang dilayani")
    expect(page.get_by_role("button", name="Panggil ulang")).to_be_disabled()
    picture(page, "desk-serving")

    settle(page)
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Perlu tindak lanjut masih ada").check()
    dialog.get_by_label("Catatan singkat").fill("Rancangan diperiksa, dua perbaikan.")
    picture(page, "desk-finish")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Simpan dan selesai")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ruang RUKO 2 siap")).to_be_visible()
    expect(page.get_by_role("button", name=f"Urungkan: selesai {first}")).to_be_visible()
    picture(page, "desk-finished")


def test_a_transfer_appears_at_the_other_desk_by_itself(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    pmd, sek = window(1366, 768), window(1366, 768)
    enter(pmd, "pmd")
    sit(pmd, server, "PMD", "Ruang RUKO 1")
    enter(sek, "sek")
    sit(sek, server, "SEK", "Ruang RUKO 2")
    sek.get_by_role("button", name="Atur pintasan huruf").focus()

    pmd.get_by_role("button", name="Panggil berikutnya").dblclick()  # the second half does nothing
    expect(pmd.locator(".m-cur")).to_contain_text("Sedang dipanggil")
    moved = number(pmd)
    settle(pmd)
    pmd.get_by_role("link", name="Alihkan ke bidang lain").click()
    dialog = pmd.get_by_role("dialog")
    dialog.get_by_text("Sekretariat").click()
    dialog.get_by_label("Catatan untuk bidang itu").fill("Surat <b>sudah</b> lengkap")
    picture(pmd, "desk-transfer")
    dialog.get_by_role("button", name="Alihkan").click()
    expect(pmd.get_by_text("Ruang RUKO 1 siap")).to_be_visible()

    expect(sek.locator(".m-wait--long")).to_contain_text("Ada catatan")
    expect(
        sek.get_by_role("button", name="Atur pintasan huruf")
    ).to_be_focused()  # nobody's focus was stolen
    sek.keyboard.press("p")
    sek.get_by_label("Nomor", exact=True).fill(moved.lower())
    sek.get_by_label("Alasan").fill("Sudah menunggu di bidang lain")
    sek.keyboard.press("Enter")
    expect(sek.locator(".m-cur")).to_contain_text("Surat <b>sudah</b> lengkap")
    picture(sek, "desk-note")


def test_a_lost_line_is_said_and_the_press_can_be_repeated(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1440, 900)
    enter(page, "pem")
    sit(page, server, "PEM", "Ruang RUKO 1")
    page.context.set_offline(True)
    page.keyboard.press("n")
    expect(page.get_by_role("alert")).to_contain_text("Belum terkirim")
    expect(page.locator("#line")).to_contain_text("Terputus sejak 09.")
    picture(page, "desk-offline")
    page.context.set_offline(False)
    page.keyboard.press("n")
    expect(page.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#line")).to_have_text("Tersambung")


def test_requests_are_decided(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1366, 768)
    enter(page, "operator")
    page.get_by_role("link", name="Permohonan").click()
    expect(page.locator(".o-req article").first).to_be_visible()
    picture(page, "approvals")  # from here on everything is there
    count = page.locator(".o-req article").count()
    page.get_by_role("button", name="Setujui").first.click()
    expect(page.get_by_role("status").filter(has_text="Disetujui: Desa")).to_be_visible()
    expect(page.locator(".o-req article")).to_have_count(count - 1)
    first = page.locator(".o-req article").first
    first.locator("summary", has_text="Tolak").click()
    first.get_by_label("Alasan untuk desa").fill("Ruang dipakai rapat kecamatan.")
    picture(page, "approvals-decline")
    first.get_by_role("button", name="Tolak permohonan ini").click()
    expect(page.get_by_role("status").filter(has_text="Ditolak: Desa")).to_be_visible()


def test_the_desk_without_javascript(server: Server, window: Window, enter: Enter) -> None:
    page = window(1440, 900, java_script_enabled=False)
    enter(page, "pem")
    page.get_by_role("button", name="Ruang RUKO 1").click()
    page.get_by_role("button", name="Panggil berikutnya").click()
    page.get_by_role("button", name="Mulai layani").click()
    page.get_by_role("link", name="Selesai", exact=True).click()
    expect(page.get_by_label("Tuntas")).to_be_checked()
    page.get_by_role("button", name="Simpan dan selesai").click()
    expect(page.get_by_text("Ruang RUKO 1 siap")).to_be_visible()


def test_the_camat_looks_on_from_a_phone(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740)
    enter(page, "camat")
    page.get_by_role("button", name="Seksi Pemerintahan").click()
    expect(page.get_by_role("heading", name="Sekarang di Seksi Pemerintahan")).to_be_visible()
    expect(page.locator(".m-acts")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "desk-camat-phone")
