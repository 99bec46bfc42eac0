"""A village official books a room on a phone, as the whole journey and its mishaps look."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, serving

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One office for all of these journeys; each goes on a day of its own."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


def fill(page: Page, topic: str = "Makanan tambahan untuk 12 balita") -> None:
    page.get_by_label("Kategori masalah").select_option("stunting")
    page.get_by_label("Pokok bahasan").fill(topic)
    page.get_by_label("Jumlah peserta").fill("4")
    page.get_by_label("Nama ketua rombongan").fill("Siti Aminah")


def send(page: Page) -> None:
    page.get_by_role("button", name="Kirim permohonan").click()


def sent(page: Page) -> str:
    """The code on the confirmation."""
    page.wait_for_url(lambda url: "/booking/" in url and "/new" not in url)
    return page.url.rsplit("/", 1)[1]


def test_from_the_village_office_to_a_room(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740, device_scale_factor=2)
    enter(page, "binjai")
    page.goto(f"{server.home}/booking")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pesan ruang koordinasi")
    picture(page, "booking-days")
    page.get_by_role("link", name="Rab 25").click()
    page.get_by_role("link", name="Kosong Ruang RUKO 1, 10.00").click()
    expect(page.get_by_role("link", name="Dipilih Ruang RUKO 1, 10.00")).to_be_visible()
    expect(page.get_by_label("Pilihan Anda")).to_contain_text("Rab, 25 Nov, 10.00–11.00")
    picture(page, "booking-chosen")
    page.get_by_role("link", name="Lanjut").click()
    fill(page)
    expect(page.get_by_label("Bidang")).to_have_value("KES")
    page.get_by_role("button", name="Tambah").click()
    expect(page.get_by_label("Jumlah peserta")).to_have_value("5")
    picture(page, "booking-form")
    send(page)
    code = sent(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ruang sudah disiapkan")
    expect(page.get_by_text("5 orang")).to_be_visible()
    drawn = page.get_by_role("img", name="Kode QR janji ini").screenshot()
    read = zxingcpp.read_barcode(Image.open(BytesIO(drawn)))
    assert read is not None
    assert read.text == page.url
    picture(page, "booking-confirmed")
    page.get_by_role("link", name="Janji saya", exact=True).click()
    expect(page.get_by_text("Disetujui")).to_be_visible()
    picture(page, "booking-mine")
    page.get_by_role("link", name=f"Batalkan {code}").click()
    page.get_by_label("Alasan pembatalan").fill("Kepala desa berhalangan")
    picture(page, "booking-cancel")
    page.get_by_role("button", name="Batalkan janji").click()
    expect(page.get_by_text("Janji dibatalkan.")).to_be_visible()
    picture(page, "booking-cancelled")


def test_somebody_was_faster(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    slow, fast = window(360, 740), window(360, 740)
    for page, village in ((slow, "binjai"), (fast, "inan")):
        enter(page, village)
        page.goto(f"{server.home}/booking/new?date=2026-11-30&room=1&start=10:00")
        fill(page, f"Rapat {village}")
    send(fast)
    sent(fast)
    send(slow)
    expect(slow.get_by_role("alert")).to_contain_text("Isian Anda tetap tersimpan")
    expect(slow.get_by_label("Pokok bahasan")).to_have_value("Rapat binjai")
    picture(slow, "booking-taken")
    slow.get_by_role("button", name="Pesan Ruang RUKO").first.click()
    sent(slow)
    expect(slow.get_by_text("Rapat binjai")).to_be_visible()


def test_nothing_typed_is_lost_without_a_signal(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740)
    enter(page, "binjai")
    form = f"{server.home}/booking/new?date=2026-12-01&room=1&start=10:00"
    page.goto(form)
    fill(page)
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_text("Tidak ada sambungan")).to_be_visible()
    picture(page, "booking-offline")
    page.context.set_offline(False)
    page.goto(f"{server.home}/booking")
    page.goto(form)
    expect(page.get_by_label("Pokok bahasan")).to_have_value("Makanan tambahan untuk 12 balita")
    expect(page.get_by_label("Kategori masalah")).to_have_value("stunting")
    send(page)
    sent(page)
    page.goto(f"{server.home}/booking/new?date=2026-12-01&room=1&start=13:00")
    expect(page.get_by_label("Pokok bahasan")).to_have_value("")


def test_the_whole_way_without_scripts(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1280, 900, java_script_enabled=False)
    enter(page, "batu-piring")
    page.goto(f"{server.home}/booking?date=2026-12-02")
    page.get_by_role("link", name="Kosong Ruang RUKO 2, 10.00").click()
    picture(page, "booking-desktop")
    page.get_by_role("link", name="Lanjut").click()
    page.get_by_label("Sampai pukul").select_option("11:00")
    fill(page)
    send(page)
    sent(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Permohonan terkirim")
    expect(page.get_by_text("Seksi Kesejahteraan Sosial")).to_be_visible()
    picture(page, "booking-pending")


def test_by_keyboard_and_in_contrast(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740)
    enter(page, "binjai")
    page.goto(f"{server.home}/booking?date=2026-12-03")
    account = page.locator("summary")
    account.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Kontras tinggi").focus()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    page.get_by_role("link", name="Kosong Ruang RUKO 1, 10.00").focus()
    page.keyboard.press("Enter")
    picture(page, "booking-contrast")
    page.get_by_role("link", name="Lanjut").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Apa yang akan dibahas?")


def test_small_phones_scroll_one_way_only(server: Server, window: Window, enter: Enter) -> None:
    page = window(320, 640)
    enter(page, "batu-piring")
    for path in ("", "/mine", "/new?date=2026-12-03&room=1&start=10:00"):
        page.goto(f"{server.home}/booking{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_first_visit_is_small(server: Server, window: Window, enter: Enter) -> None:
    page = window(360, 740)
    enter(page, "binjai")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    received: list[int] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(f"{server.home}/booking", wait_until="networkidle")
    assert 20_000 < sum(received) <= 100_000
