"""A village after booking: it moves, calls off, answers the office, and sees what became of it."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import Server, serving

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One example office; each village has a meeting of its own."""
    with serving(folder) as started:
        yield started


def open_mine(page: Page, server: Server, enter: Enter, village: str, which: str = "") -> None:
    """Sign in and look at the village's bookings."""
    enter(page, village)
    page.goto(f"{server.home}/booking/mine{which}")


def open_first(page: Page) -> None:
    """The page of the first booking of the list."""
    page.locator(".a-item h2 a").first.click()
    expect(page.get_by_label("Janji Anda")).to_be_visible()


def hour(page: Page, room: str, hours: str) -> Locator:
    """One hour of the timetable."""
    return page.get_by_role("group", name=room).get_by_text(hours)


def test_moving_and_losing_a_race(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    slow, fast = window(360, 740), window(360, 740, device_scale_factor=2)
    open_mine(slow, server, enter, "halubau")
    open_first(slow)
    expect(slow.get_by_text("Menunggu persetujuan", exact=True)).to_be_visible()
    picture(slow, "my-booking-pending")
    slow.get_by_role("link", name="Ubah jadwal").click()
    slow.get_by_role("link", name="Rabu, 25 November").click()
    slow.wait_for_load_state()
    hour(slow, "Ruang RUKO 1", "10.00–11.00").click()

    open_mine(fast, server, enter, "maradap")
    picture(fast, "my-bookings")
    open_first(fast)
    expect(fast.get_by_text("rekening koran Dana Desa")).to_be_visible()
    picture(fast, "my-booking-confirmed")
    fast.get_by_role("link", name="Ubah jadwal").click()
    expect(fast.get_by_text("Jadwal semula", exact=True)).to_be_visible()
    picture(fast, "my-booking-move")
    fast.get_by_role("link", name="Rabu, 25 November").click()
    fast.wait_for_load_state()
    hour(fast, "Ruang RUKO 1", "10.00–11.00").click()
    fast.get_by_role("button", name="Ubah jadwal").last.click()
    expect(fast.get_by_text("Jadwal diubah. Silakan tambahkan lagi ke kalender")).to_be_visible()
    expect(fast.get_by_text("Rabu, 25 November 2026")).to_be_visible()
    picture(fast, "my-booking-moved")

    slow.get_by_role("button", name="Ubah jadwal").last.click()
    expect(slow.get_by_role("alert")).to_contain_text("jadwal semula tetap berlaku")
    picture(slow, "my-booking-move-taken")
    slow.get_by_role("button", name=re.compile("^Pindah ke")).first.click()
    expect(slow.get_by_text(re.compile("^Jadwal diubah. "))).to_be_visible()


def test_answering_and_calling_off_without_scripts_by_keyboard(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1440, 900, java_script_enabled=False)

    def press(role: str, name: str, key: str = "Enter") -> None:
        there = page.get_by_role(role, name=name)  # type: ignore[arg-type]
        there.focus()
        page.keyboard.press(key)

    open_mine(page, server, enter, "panggung")
    expect(page.get_by_text("Ada usulan waktu lain")).to_be_visible()
    press("link", "Jawab")
    expect(page.get_by_role("heading", name="Kecamatan mengusulkan waktu lain")).to_be_visible()
    picture(page, "my-booking-proposal")
    press("button", "Terima waktu ini")
    expect(page.get_by_text("Waktu usulan diterima.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ruang sudah disiapkan")
    press("link", "Batalkan janji")
    press("radio", "Cuaca atau keadaan jalan", "Space")
    picture(page, "my-booking-cancel")
    press("button", "Batalkan janji")
    expect(page.get_by_text("Janji dibatalkan.")).to_be_visible()
    expect(page.get_by_text("Cuaca atau keadaan jalan")).to_be_visible()
    picture(page, "my-booking-cancelled")


def test_saying_yes_and_handing_in_papers(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740, device_scale_factor=2)
    open_mine(page, server, enter, "inan")
    page.get_by_role("link", name="Jawab").click()
    expect(
        page.get_by_role("heading", name="Dipesankan petugas lewat WhatsApp. Benar?")
    ).to_be_visible()
    picture(page, "my-booking-on-behalf")
    page.get_by_role("button", name="Ya, benar").click()
    expect(page.get_by_text("Terima kasih.")).to_be_visible()
    pdf = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    rab = FilePayload(name="RAB posyandu.pdf", mimeType="application/pdf", buffer=pdf)
    page.get_by_label("Tambah berkas").set_input_files(rab)
    page.get_by_role("button", name="Tambah", exact=True).click()
    expect(page.get_by_text("1 berkas ditambahkan.")).to_be_visible()
    with page.expect_download() as given:
        page.get_by_role("link", name="RAB posyandu.pdf").click()
    assert given.value.suggested_filename == "RAB posyandu.pdf"
    page.get_by_role("heading", name="Berkas").scroll_into_view_if_needed()
    picture(page, "my-booking-papers")
    page.get_by_role("button", name="Hapus RAB posyandu.pdf").click()
    expect(page.get_by_text("Berkas dihapus.")).to_be_visible()


def test_what_became_of_each(
    server: Server, folder: Path, window: Window, enter: Enter, picture: Picture
) -> None:
    (file,) = folder.glob("*/ruko.sqlite3")
    page = window(360, 740)
    open_mine(page, server, enter, "murung-jambu")
    open_first(page)
    code = page.url.rsplit("/", 1)[1]
    for state, reason, said in (
        ("declined", "Aula dipakai rapat lintas sektor.", "Tidak disetujui"),
        ("expired", None, "Tidak sempat dijawab"),
        ("no_show", None, "Tidak hadir"),
        ("completed", None, "Selesai"),
    ):
        with sqlite3.connect(file, timeout=60) as database:
            database.execute(
                "UPDATE booking SET state = ?, decided_reason = ? WHERE code = ?",
                (state, reason, code),
            )
        page.reload()
        expect(page.locator(".rk-tag").first).to_have_text(said)
        picture(page, f"my-booking-{state.replace('_', '-')}")
    page.goto(f"{server.home}/booking/mine?month=2026-10")
    picture(page, "my-bookings-past")
    empty = window(360, 740)
    open_mine(empty, server, enter, "binjai")
    expect(empty.get_by_text("Belum ada janji")).to_be_visible()
    picture(empty, "my-bookings-empty")

    office = window(1440, 900)
    open_mine(office, server, enter, "operator", "?show=all")
    picture(office, "my-bookings-operator")
    office.get_by_label("Desa").select_option(label="Desa Tarangan")
    office.get_by_role("button", name="Tampilkan").click()
    expect(office.locator(".a-item")).to_have_count(1)
    open_first(office)
    expect(office.get_by_role("link", name="Ubah jadwal")).to_be_visible()
    office.goto(f"{server.home}/booking/mine")
    open_first(office)
    office.emulate_media(media="print")
    picture(office, "my-booking-printed")
