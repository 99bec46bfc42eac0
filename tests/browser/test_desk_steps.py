"""What a clerk does besides calling and serving: holding, undoing, breaks, other windows, long queues."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLUG, Server
from tests.browser.test_desk import number, settle, sit

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


def take(page: Page, bidang: str, count: int = 1) -> None:
    """The operator gives out numbers."""
    server = page.url.split(f"/{SLUG}")[0]
    token = page.get_attribute("meta[name=csrf-token]", "content") or ""
    for _ in range(count):
        answer = page.request.post(
            f"{server}/api/v1/offices/{SLUG}/tickets",
            data={"bidang": bidang, "visitor": "resident"},
            headers={"X-CSRFToken": token},
        )
        assert answer.ok, answer.text()


@pytest.fixture
def sek(server: Server, window: Window, enter: Enter) -> Page:
    """A clerk's window at 1366×768, six people waiting."""
    page = window(1366, 768)
    enter(page, "operator")
    take(page, "SEK", 6)
    page.context.clear_cookies()
    enter(page, "sek")
    sit(page, server, "SEK", "Ruang RUKO 2")
    return page


def press(page: Page, key: str) -> None:
    """A letter, as slowly as a person."""
    settle(page)
    page.keyboard.press(key)


def test_a_day_with_everything(sek: Page, picture: Picture) -> None:
    page, here = sek, sek.locator(".m-cur")
    dialog = page.get_by_role("dialog")
    picture(page, "desk-ready")

    press(page, "n")
    expect(here).to_contain_text("ke-1 dari 3")
    press(page, "t")
    expect(dialog.get_by_label("Alasan")).to_be_focused()
    page.keyboard.type("melengkapi berkas")
    picture(page, "desk-hold")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=held]")).to_contain_text("melengkapi berkas")

    press(page, "n")  # the second one does not come
    expect(here).to_contain_text("ke-1 dari 3")
    second = number(page)
    expect(page.locator("[data-part=held]").get_by_role("button", name="Lanjut")).to_be_disabled()
    press(page, "n")
    expect(dialog).to_contain_text(f"{second} masih dipanggil")
    dialog.get_by_role("radio", name="Tidak hadir").check()
    picture(page, "desk-onward")
    page.keyboard.press("Enter")
    expect(dialog.locator("#reason-error")).to_be_visible()
    dialog.get_by_label("Alasan").fill("Pulang")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=missed]")).to_contain_text(second)
    third = number(page)

    press(page, "m")
    expect(here).to_contain_text("Sedang dilayani")
    picture(page, "desk-serving-busy")
    press(page, "n")
    expect(dialog.get_by_role("radio", name="Tuntas")).to_be_checked()
    picture(page, "desk-finish-and-call")
    page.keyboard.press("Enter")
    expect(here).to_contain_text("ke-1 dari 3")
    fourth = number(page)
    undo = page.get_by_role("button", name=f"Urungkan: selesai {third}, panggil {fourth}")
    expect(undo).to_be_visible()
    picture(page, "desk-undo")
    press(page, "u")
    expect(here).to_contain_text("Sedang dilayani")
    assert number(page) == third
    expect(page.get_by_role("status").filter(has_text="Diurungkan")).to_be_visible()
    picture(page, "desk-undone")

    press(page, "s")
    expect(dialog.get_by_role("radio", name="Tuntas")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ruang RUKO 2 siap")).to_be_visible()


def test_held_sent_back_missed_and_cancelled(sek: Page, picture: Picture) -> None:
    page, here = sek, sek.locator(".m-cur")
    dialog = page.get_by_role("dialog")
    first, second = page.locator(".m-wait--long .n").all_inner_texts()[:2]
    for key, why in (("t", "melengkapi berkas"), ("h", "Pulang")):
        press(page, "n")
        expect(here).to_contain_text("ke-1 dari 3")
        press(page, key)
        dialog.get_by_label("Alasan").fill(why)
        page.keyboard.press("Enter")
        expect(page.get_by_text("Ruang RUKO 2 siap")).to_be_visible()
    settle(page)
    page.locator("[data-part=held]").get_by_role("button", name="Lanjut").click()
    expect(here).to_contain_text(first)
    press(page, "k")
    expect(page.locator(".m-wait .next")).to_contain_text(first)
    settle(page)
    page.locator("[data-part=missed]").get_by_role("button", name="Antre lagi").click()
    expect(page.locator("[data-part=waiting]")).to_contain_text(second)

    settle(page)
    page.locator(".m-wait a.n", has_text=second).click()
    expect(dialog.get_by_label("Alasan")).to_be_visible()
    picture(page, "desk-visit")
    dialog.get_by_role("link", name="Batalkan nomor ini").click()
    expect(dialog).to_contain_text(f"Batalkan {second}")
    expect(dialog.get_by_role("link", name="Kembali")).to_be_focused()  # not lost
    picture(page, "desk-leave")
    dialog.get_by_role("button", name="Batalkan nomor ini").click()
    expect(page.locator("[data-part=waiting]")).not_to_contain_text(second)


def test_undoing_is_offered_for_a_minute_only(sek: Page) -> None:
    page = sek
    page.clock.install()
    page.reload()
    press_undo = page.get_by_role("button", name="Urungkan")
    page.get_by_role("button", name="Panggil berikutnya").click()
    expect(press_undo).to_be_visible()
    press_undo.focus()
    page.clock.fast_forward(62_000)
    expect(press_undo).to_have_count(0)
    expect(page.get_by_role("button", name="Mulai layani")).to_be_focused()


def test_a_break(sek: Page, picture: Picture) -> None:
    page = sek
    page.get_by_role("link", name="Istirahat").click()
    picture(page, "desk-break-question")
    page.get_by_role("dialog").get_by_role("radio", name="30 menit lagi").check()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ruang RUKO 2 istirahat")).to_be_visible()
    expect(page.locator("[data-part=here]")).to_contain_text("kembali pukul 09.3")
    picture(page, "desk-break")
    press(page, "b")
    expect(page.get_by_role("heading", name="Ruang RUKO 2 siap")).to_be_visible()


def test_letters_are_turned_off_and_chosen_anew(sek: Page, picture: Picture) -> None:
    page = sek
    opener = page.get_by_role("button", name="Atur pintasan huruf")
    chooser = page.get_by_role("dialog", name="Pintasan huruf")
    opener.click()
    chooser.get_by_label("Panggil berikutnya; selesai lalu panggil").fill("p")
    page.keyboard.press("Enter")
    expect(chooser.get_by_role("alert")).to_be_visible()  # P has its meaning already
    picture(page, "desk-keys")
    chooser.get_by_label("Panggil berikutnya; selesai lalu panggil").fill("x")
    page.keyboard.press("Enter")
    expect(chooser).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page.locator(".m-acts .main kbd")).to_have_text("X")
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    expect(page.locator(".m-cur")).to_have_count(0)
    page.reload()
    page.keyboard.press("x")
    expect(page.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    opener.click()
    chooser.get_by_label("Huruf bekerja tanpa tombol lain").uncheck()
    chooser.get_by_role("button", name="Simpan").click()
    expect(page.locator(".rk-kbd").first).to_be_hidden()
    press(page, "m")
    page.wait_for_timeout(300)
    expect(page.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    opener.click()
    chooser.get_by_role("button", name="Seperti semula").click()
    chooser.get_by_role("button", name="Simpan").click()
    press(page, "m")
    expect(page.locator(".m-cur")).to_contain_text("Sedang dilayani")


def test_two_windows_at_one_counter(
    server: Server, sek: Page, window: Window, enter: Enter, picture: Picture
) -> None:
    other = window(1366, 768)
    enter(other, "operator")
    sit(other, server, "SEK", "Ruang RUKO 2")
    other.route("**/desk/now*", lambda route: route.abort())  # it does not hear of the call
    sek.keyboard.press("n")
    expect(sek.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    taken = number(sek)
    other.get_by_role("button", name="Panggil berikutnya").click()
    expect(other.locator(".m-cur")).to_contain_text("Dipanggil dari akun lain")
    assert number(other) == taken
    picture(other, "desk-two-windows")
    other.unroute("**/desk/now*")

    sit(other, server, "YAN", "Ruang RUKO 1")
    take(other, "YAN")
    press(other, "n")
    expect(other.locator(".m-cur")).to_contain_text("ke-1 dari 3")
    mine = number(other)
    sit(other, server, "PEM", "Loket 1")
    expect(other.locator(".m-also")).to_contain_text(f"Anda juga di Ruang RUKO 1: {mine}")
    picture(other, "desk-also-elsewhere")
    other.get_by_role("button", name="Ke Ruang RUKO 1").click()
    expect(other.locator(".m-cur")).to_contain_text(mine)


def test_three_hundred_waiting(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1366, 768)
    enter(page, "operator")
    take(page, "SEK", 300)
    sit(page, server, "SEK", "Ruang RUKO 2")
    expect(page.locator("[data-part=waiting] li")).to_have_count(30)
    picture(page, "desk-long-queue")
    fragment = page.request.get(f"{server.home}/desk/now").body()
    assert len(fragment) < 40_000
    row = page.locator(".m-wait--long a.n").nth(20)
    row.focus()
    before = page.evaluate("document.querySelector('.m-wait--long').scrollTop")
    assert before > 0
    take(page, "SEK")
    expect(page.locator("[data-part=waiting] .m-h")).to_contain_text("30")
    expect(page.get_by_role("link", name="Tampilkan semua 30")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('.m-wait--long').scrollTop") == before
    expect(row).to_be_focused()
    page.get_by_role("link", name="Tampilkan semua").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_contain_text("Menunggu · 30")
    assert dialog.locator("li").count() > 300
    dialog.locator("li").nth(250).scroll_into_view_if_needed()
    picture(page, "desk-everybody")
    dialog.locator("a.n").nth(250).click()
    expect(dialog.get_by_label("Alasan")).to_be_visible()
    page.keyboard.press("Escape")
    press(page, "n")
    expect(page.locator(".m-cur")).to_contain_text("ke-1 dari 3")
