"""The operator decides, and a bidang prepares: closures met, other times, papers, who did not come."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility.conftest import CLOCK, put_clock
from tests.browser.conftest import Server, serving

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One example office on a Monday at nine; each test decides about villages of its own."""
    minutes = folder / "minutes"
    put_clock(minutes, 0)
    with serving(folder, before=CLOCK.format(str(minutes))) as started:
        yield started


def press(where: Page | Locator, role: str, name: str, key: str = "Enter") -> None:
    """By keyboard alone."""
    where.get_by_role(role, name=name).first.press(key)  # type: ignore[arg-type]


def card(page: Page, village: str) -> Locator:
    return page.get_by_role("article", name=village)


def shut(page: Page, server: Server, room: str, day: str, hours: tuple[str, str]) -> None:
    """Close a room or the house, although that meets a request."""
    page.goto(f"{server.home}/desk/rooms")
    page.get_by_role("radio", name=room).check()
    page.fill("[name=start]", day)
    page.fill("[name=end]", day)
    page.fill("[name=start_time]", hours[0])
    page.fill("[name=end_time]", hours[1])
    page.fill("[name=reason]", "Lantai dicat")
    page.press("[name=reason]", "Enter")
    expect(page.locator("#new-closure").get_by_role("alert")).to_be_visible()
    page.press("[name=reason]", "Enter")
    expect(page.locator(".wk-closures")).to_contain_text("Lantai dicat")


def test_collisions_and_their_ways_out_by_keyboard(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1440, 900)
    enter(page, "operator")
    shut(page, server, "Ruang RUKO 2", "2026-11-25", ("10:00", "11:00"))
    page.goto(f"{server.home}/desk/approvals")
    met = card(page, "Desa Murung Jambu")
    expect(met).to_contain_text("Bentrok dengan penutupan: Lantai dicat")
    expect(met).to_contain_text("Ruang RUKO 1 kosong pada jam yang sama.")
    picture(page, "approvals-collision")
    press(met, "button", "Setujui di Ruang RUKO 1")
    expect(page.get_by_text("Disetujui di Ruang RUKO 1: Desa Murung Jambu.")).to_be_visible()
    expect(met).to_have_count(0)

    refused = card(page, "Desa Tarangan")
    refused.locator("summary").press("Enter")  # it asks for the reason
    expect(refused.get_by_label("Alasan untuk desa")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Kami datang bulan depan.")
    picture(page, "approvals-decline")
    press(refused, "button", "Tolak permohonan ini")
    expect(page.get_by_text("Ditolak: Desa Tarangan.")).to_be_visible()

    press(page, "button", "Desa sudah mengiyakan")
    expect(page.get_by_text("Dikonfirmasi oleh Desa Inan.")).to_be_visible()


def test_another_time_is_proposed_and_answered_without_scripts(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1366, 768, java_script_enabled=False)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/approvals")
    press(card(page, "Desa Panggung"), "button", "Tarik usulan")
    expect(page.get_by_text("Usulan untuk Desa Panggung ditarik.")).to_be_visible()
    press(card(page, "Desa Halubau"), "link", "Usul waktu lain")
    press(page, "link", "Kamis, 26 November")
    expect(page.get_by_role("heading", name="Kamis, 26 November 2026")).to_be_visible()
    room = page.get_by_role("group", name="Ruang RUKO 1")
    press(room, "radio", "10.00–11.00", "Space")
    picture(page, "propose")
    press(page, "button", "Usulkan waktu ini")
    expect(page.get_by_text("Diusulkan kepada Desa Halubau: Kam, 26 Nov")).to_be_visible()
    asked = card(page, "Desa Halubau")
    expect(asked).to_contain_text("Kam, 26 Nov · 10.00–11.00 · Ruang RUKO 1")
    expect(asked).to_contain_text("untuk jawaban Desa Halubau")
    picture(page, "approvals-proposed")

    village = window(360, 740)
    enter(village, "halubau")
    village.goto(f"{server.home}/booking/mine")
    village.get_by_role("link", name="Jawab").click()
    village.get_by_role("button", name="Terima waktu ini").click()
    expect(village.get_by_text("Waktu usulan diterima.")).to_be_visible()

    page.reload()
    expect(page.get_by_role("heading", name="Desa Panggung")).to_be_visible()
    expect(asked).to_have_count(0)
    press(page, "link", "Janji")
    press(page, "link", "Desa Halubau")
    expect(page.get_by_text("Desa menerima waktu yang diusulkan")).to_be_visible()
    picture(page, "meeting-history")


def test_the_bidang_reads_papers_and_asks_for_more(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    village = window(360, 740)
    enter(village, "maradap")
    village.goto(f"{server.home}/booking/mine")
    village.locator(".a-item h2 a").first.click()
    village.get_by_label("Tambah berkas").set_input_files(
        {"name": "realisasi.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    village.get_by_role("button", name="Tambah", exact=True).click()
    expect(village.get_by_text("1 berkas ditambahkan.")).to_be_visible()

    page = window(360, 740)
    enter(page, "pmd")
    page.goto(f"{server.home}/desk/meetings")
    expect(page.get_by_text("1 berkas")).to_be_visible()
    picture(page, "meetings-phone")
    press(page, "link", "Desa Maradap")
    with page.expect_download() as got:
        page.get_by_role("link", name="realisasi.pdf").click()
    assert got.value.suggested_filename == "realisasi.pdf"
    page.get_by_label("Mohon bawa juga").fill("Buku kas umum")
    press(page, "button", "Simpan")
    expect(page.get_by_text("Disimpan. Desa membacanya pada janjinya.")).to_be_visible()
    picture(page, "meeting-phone")
    village.reload()
    expect(village.get_by_text("Buku kas umum")).to_be_visible()


def test_who_seemed_absent_did_come(
    server: Server, folder: Path, window: Window, enter: Enter, picture: Picture
) -> None:
    put_clock(folder / "minutes", 80)
    page = window(1366, 768)
    enter(page, "pem")
    page.goto(f"{server.home}/desk/meetings")
    expect(page.get_by_role("heading", name="Tidak hadir hari ini")).to_be_visible()
    picture(page, "meetings-no-show")
    press(page, "link", "Desa Galumbang")
    expect(page.get_by_text("Belum ada yang melapor sampai pukul 10.15.")).to_be_visible()
    picture(page, "meeting-no-show")
    press(page, "button", "Ternyata hadir")
    expect(page.get_by_text("Pertemuan dengan Desa Galumbang sudah berlangsung.")).to_be_visible()
    press(page, "link", "Semua janji")
    expect(page.get_by_role("heading", name="Hari ini", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Tidak hadir hari ini")).to_have_count(0)
    press(page, "link", "Cetak hari ini")
    page.emulate_media(media="print")
    picture(page, "meetings-sheet")
