"""The kiosk when numbers are not given: closed, in the break, too late, or all taken."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OfficeComputer
from tests.browser.kiosk_steps import LANDSCAPE, PORTRAIT, Picture, Window, fits, take_number, touch

pytestmark = pytest.mark.browser

MONDAY = "2026-11-23T{}:00+08:00"
SIZES = {"datar": LANDSCAPE, "tegak": PORTRAIT}


@pytest.mark.parametrize(
    "shut",
    [
        ("06:30", "Layanan sedang tutup", "08.00 WITA", "pagi"),
        ("11:45", "Pengambilan nomor ditutup", "13.00 WITA", "nomor-terakhir"),
        ("12:10", "Kami sedang istirahat", "13.00 WITA", "istirahat"),
        ("16:00", "Layanan sedang tutup", "Selasa, 24 November 2026", "sore"),
    ],
)
def test_a_reason_and_the_next_opening(
    computer: OfficeComputer, window: Window, picture: Picture, shut: tuple[str, str, str, str]
) -> None:
    moment, title, reason, name = shut
    with computer.serving(now=MONDAY.format(moment)) as server:
        page = window(*LANDSCAPE)
        computer.pair(page, server)

        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.get_by_text(reason)).to_be_visible()
        for way, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            assert fits(page)
            picture(page, f"kios-tutup-{name}-{way}")


def test_full_bidang_and_a_full_day(
    computer: OfficeComputer, window: Window, picture: Picture
) -> None:
    computer.ask("UPDATE bidang SET daily_capacity = 1 WHERE code IN ('PEM', 'TRB')")
    page = window(*LANDSCAPE)
    with computer.serving() as server:
        computer.pair(page, server)
        take_number(
            page,
            *("Ambil nomor antrean", "Warga", "Seksi Pemerintahan", "Keperluan lain"),
            "Tidak, antrean biasa",
        )
        page.get_by_role("button", name="Selesai").click()
        touch(page, "Ambil nomor antrean")
        touch(page, "Warga")

        full = page.get_by_role("link", name="Seksi Pemerintahan")
        expect(full).to_contain_text("Nomor hari ini habis")
        expect(full).to_be_disabled()
        here = page.url
        full.click(force=True)
        assert page.url == here
        for way, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            assert fits(page)
            picture(page, f"kios-bidang-habis-{way}")

    computer.ask("UPDATE bidang SET active = 0 WHERE code != 'PEM'")
    with computer.serving() as server:
        page.goto(f"{server.home}/kiosk")
        expect(page.get_by_role("heading", level=1)).to_have_text("Nomor hari ini habis")
        expect(page.get_by_text("Selasa, 24 November 2026")).to_be_visible()
        picture(page, "kios-tutup-habis-tegak")
