"""A village official books a room, step by step, as the whole journey and its mishaps look."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.booking_steps import (
    TOPIC,
    arrived,
    choose_day,
    choose_time,
    go_on,
    say_what,
    say_who,
    send,
    to_the_last_step,
)
from tests.browser.conftest import Server, serving
from tests.browser.pictures import scanned

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer << >>\nstartxref\n9\n%%EOF\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One office for all of these journeys; each goes on a day of its own."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """As a phone takes it: many bytes."""
    path = tmp_path / "IMG_0001.jpg"
    Image.effect_noise((2400, 1800), 90).convert("RGB").save(path, quality=95)
    return path


def test_from_the_village_office_to_a_room(
    server: Server, window: Window, enter: Enter, picture: Picture, photo: Path
) -> None:
    page = window(360, 740, device_scale_factor=2)
    enter(page, "binjai")
    page.goto(f"{server.home}/booking")
    expect(page.get_by_role("heading", level=1)).to_have_text("Apa yang akan dibahas?")
    expect(page.get_by_text("Minggu ini sisa")).to_be_visible()
    page.get_by_label("Stunting").check()
    expect(page.get_by_label("Bidang")).to_have_value("KES")
    picture(page, "booking-1-about")
    say_what(page, server)
    picture(page, "booking-2-date")
    choose_day(page, "Senin, 30 November")
    choose_time(page, "1 10:00")
    page.get_by_text("2 jam", exact=True).click()
    expect(page.get_by_role("group", name="Pilihan Anda")).to_contain_text(
        "Sen, 30 Nov, 10.00–12.00"
    )
    picture(page, "booking-3-time")
    go_on(page, "Siapa yang datang?")
    expect(page.get_by_text(re.compile("Waktu ini disimpan untuk Anda sampai"))).to_be_visible()
    page.get_by_label("Nama ketua rombongan").fill("Siti Aminah")
    page.get_by_label("Jabatannya di desa").select_option("secretary")
    page.get_by_label("Jumlah peserta").fill("4")
    page.get_by_role("button", name="Tambah", exact=True).click()
    expect(page.get_by_label("Jumlah peserta")).to_have_value("5")
    chosen: list[FilePayload] = [
        {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": photo.read_bytes()},
        {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": PDF},
        {"name": "program.exe", "mimeType": "application/pdf", "buffer": b"MZ" * 99},
    ]
    page.set_input_files("#papers", chosen)
    expect(page.get_by_text("program.exe")).to_contain_text("program.exe")
    expect(page.locator(".a-file")).to_have_count(2)
    picture(page, "booking-4-people")
    page.get_by_role("button", name="Hapus surat.pdf").click()
    expect(page.locator(".a-file")).to_have_count(1)
    expect(page.get_by_label("Nama ketua rombongan")).to_have_value("Siti Aminah")
    go_on(page, "Sudah benar semuanya?")
    expect(page.get_by_text("5 orang")).to_be_visible()
    expect(page.get_by_text("IMG_0001.jpg")).to_be_visible()
    picture(page, "booking-5-check")
    send(page)
    expect(page.get_by_text("Disetujui").first).to_be_visible()
    assert scanned(page.locator("img[src*='qr.svg']")) == page.url
    picture(page, "booking-confirmed")


def test_somebody_was_faster(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    slow, fast = window(360, 740), window(360, 740)
    for page, village in ((slow, "binjai"), (fast, "inan")):
        enter(page, village)
        say_what(page, server, f"Rapat {village}")
        choose_day(page, "Selasa, 1 Desember")
        choose_time(page, "1 10:00")
    go_on(fast, "Siapa yang datang?")
    slow.locator("main").get_by_role("button", name=re.compile("^Lanjut$")).click()
    expect(slow.get_by_role("alert")).to_contain_text("Isian Anda tetap tersimpan")
    picture(slow, "booking-taken")
    slow.get_by_role("alert").get_by_role("button").first.click()
    arrived(slow, "Siapa yang datang?")
    say_who(slow)
    expect(slow.get_by_text("Rapat binjai")).to_be_visible()
    send(slow)


def test_nothing_typed_is_lost_without_a_signal(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740)
    enter(page, "galumbang")
    page.goto(f"{server.home}/booking")
    page.get_by_label("Stunting").check()
    page.get_by_label("Pokok bahasan").fill(TOPIC)
    page.context.set_offline(True)
    page.get_by_role("button", name="Lanjut ke hari").click()
    expect(page.get_by_text("Tidak ada sambungan")).to_be_visible()
    picture(page, "booking-offline")
    page.context.set_offline(False)
    page.goto(f"{server.home}/booking/mine")
    page.goto(f"{server.home}/booking")
    expect(page.get_by_label("Pokok bahasan")).to_have_value(TOPIC)
    expect(page.get_by_label("Stunting")).to_be_checked()
    page.get_by_role("button", name="Lanjut ke hari").click()
    choose_day(page, "Rabu, 2 Desember")
    choose_time(page, "1 13:00")
    go_on(page, "Siapa yang datang?")
    page.get_by_label("Nama ketua rombongan").fill("Pak Sekretaris")
    page.context.set_offline(True)
    page.set_input_files("#papers", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    expect(page.get_by_text("a.pdf menunggu sinyal.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".a-file")).to_have_count(1)

    # The line breaks while the step is on its way.
    page.get_by_label("Jumlah peserta").fill("4")
    page.route("**/people", lambda route: route.abort())
    with suppress(PlaywrightError):
        page.locator("main").get_by_role("button", name=re.compile("^Lanjut$")).click()
    page.wait_for_url("chrome-error://**")  # else it would come over the next page
    page.unroute("**/people")

    # The phone is switched off; another one goes on where this one was.
    page.goto(f"{server.home}/booking")
    expect(page.get_by_label("Pokok bahasan")).to_have_value("")
    picture(page, "booking-unsent")
    page.get_by_role("link", name=re.compile("^Lanjutkan")).click()
    arrived(page, "Siapa yang datang?")
    expect(page.get_by_label("Nama ketua rombongan")).to_have_value("Pak Sekretaris")
    page.get_by_label("Jumlah peserta").fill("4")
    go_on(page, "Sudah benar semuanya?")
    other = window(360, 740)
    enter(other, "galumbang")
    other.goto(f"{server.home}/booking")
    other.get_by_role("link", name=re.compile("^Lanjutkan")).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Sudah benar semuanya?")
    code = send(other)
    page.locator("main").get_by_role("button", name="Pesan sekarang").click()
    page.wait_for_url(f"**/booking/{code}")


def test_the_whole_way_without_scripts(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1440, 900, java_script_enabled=False)
    enter(page, "batu-piring")
    say_what(page, server)
    choose_day(page, "Kamis, 3 Desember")
    choose_time(page, "2 09:00")
    page.get_by_text("2 jam", exact=True).click()
    picture(page, "booking-desktop-time")
    go_on(page, "Siapa yang datang?")
    page.set_input_files("#papers", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_label("Nama ketua rombongan").fill("Siti Aminah")
    page.get_by_role("button", name="Tambah berkas").click()
    expect(page.locator(".a-file")).to_have_count(1)
    expect(page.get_by_label("Nama ketua rombongan")).to_have_value("Siti Aminah")
    say_who(page)
    page.get_by_role("link", name="Kembali").click()
    go_on(page, "Sudah benar semuanya?")
    picture(page, "booking-desktop-check")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Permohonan terkirim")
    picture(page, "booking-pending")


def test_by_keyboard_alone_and_in_contrast(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(360, 740)
    enter(page, "panggung")
    keys = page.keyboard
    page.goto(f"{server.home}/booking")
    page.locator("summary").first.focus()
    keys.press("Enter")
    page.get_by_role("button", name="Kontras tinggi").focus()
    keys.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    page.wait_for_load_state()
    page.locator("[name=category]").first.focus()
    keys.press("Space")
    keys.press("ArrowDown")
    expect(page.locator("[name=category]").nth(1)).to_be_checked()
    page.get_by_label("Pokok bahasan").focus()
    keys.type("Sarana kerja")
    keys.press("Tab")
    keys.press("Enter")
    day = page.locator("a.a-dayrow", has_text="Jumat, 4 Desember")
    day.focus()
    keys.press("Enter")
    arrived(page, "Jumat, 4 Desember")
    times = page.get_by_role("group", name=re.compile("^Ruang RUKO 1")).get_by_role("radio")
    times.first.focus()
    keys.press("Space")
    expect(times.first).to_be_checked()
    keys.press("ArrowDown")
    expect(times.nth(1)).to_be_checked()
    picture(page, "booking-contrast")
    keys.press("Enter")
    arrived(page, "Siapa yang datang?")
    page.get_by_label("Nama ketua rombongan").focus()
    keys.type("Siti Aminah")
    page.get_by_label("Jumlah peserta").focus()
    keys.type("3")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sudah benar semuanya?")
    picture(page, "booking-contrast-check")
    page.get_by_role("button", name="Pesan sekarang").focus()
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/booking/[A-Z0-9]{8}$"))


def test_the_operator_goes_beyond_the_quota_with_a_reason(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    page = window(1440, 900)
    enter(page, "operator")
    for n in range(4):
        page.goto(f"{server.home}/booking")
        page.locator("[name=village]").select_option(label="Desa Tarangan")
        page.get_by_label("WhatsApp").check()
        page.get_by_label("Stunting").check()
        page.get_by_label("Pokok bahasan").fill(TOPIC)
        page.get_by_role("button", name="Lanjut ke hari").click()
        if n == 3:
            picture(page, "booking-quota-days")
        choose_day(page, "Senin, 7 Desember")
        choose_time(page, f"2 {8 + n:02}:00")
        if n == 3:
            page.get_by_label("Alasan desa ini").fill("Ditunda bupati dua kali")
            picture(page, "booking-quota-reason")
        go_on(page, "Siapa yang datang?")
        say_who(page)
        if n == 3:
            expect(page.get_by_text("Ditunda bupati dua kali")).to_be_visible()
        send(page)


def test_small_phones_scroll_one_way_only(server: Server, window: Window, enter: Enter) -> None:
    page = window(320, 640)
    enter(page, "panggung")
    to_the_last_step(page, server, "Rabu, 9 Desember")
    draft = page.url.removesuffix("/check")
    for path in ("", "/date", "/time", "/people", "/check"):
        page.goto(f"{draft}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


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
