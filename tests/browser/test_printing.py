"""Slips from a kiosk's own browser, and from a receipt printer, as a person at the kiosk sees them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Server, comes_true, serving
from tests.browser.kiosk_steps import LANDSCAPE, RESIDENT, open_kiosk, take_number, touch
from tests.browser.pictures import ARTIFACTS, keep_picture
from tests.printers import NO_PAPER, RecordingPrinter

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]

PRINTED = """
window.print = () => {
  sessionStorage.prints = Number(sessionStorage.prints ?? 0) + 1;
  setTimeout(() => sessionStorage.held || dispatchEvent(new Event("afterprint")));
};
"""
"""Stands for Chrome's printing, which a headless browser lacks; `held` keeps a slip in the printer."""
OFFICIAL = (
    "Ambil nomor antrean",
    "Perangkat desa",
    "Binjai",
    "Seksi Pemerintahan",
    "Keperluan lain",
)
PX_PER_MM = 96 / 25.4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The example; its printers may answer as slowly as a busy computer lets them."""
    with serving(
        tmp_path, before="from ruko.spooler import wire; wire.ANSWER_SECONDS = 10"
    ) as started:
        yield started


def ruko(folder: Path, *words: str) -> str:
    """A command at the terminal of the example office; what it says."""
    [database] = folder.glob("ruko-demo-*/ruko.sqlite3")
    return subprocess.run(
        [sys.executable, "-c", "from ruko.app import main; main()", *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ
        | {
            "RUKO_DATA_DIR": str(database.parent),
            "RUKO_DATABASE_URL": f"sqlite:///{database}",
            "RUKO_NOW": "2026-11-23T09:00:00+08:00",
            "RUKO_TESTING": "1",
            "PYTHONPATH": str(ROOT),
        },
    ).stdout


def add_printer(folder: Path, address: str, width: int) -> None:
    """Beside the kiosk that the demo's button made."""
    [kiosk] = re.findall(r"kiosk +(Contoh \w+)", ruko(folder, "device", "list"))
    ruko(
        folder,
        *("printer", "add", "Struk", "--address", address),
        *("--width", str(width), "--kiosk", kiosk),
    )


def prints(page: Page) -> int:
    return int(page.evaluate("sessionStorage.prints ?? 0"))


def wait_for_print(page: Page) -> None:
    comes_true(page, "sessionStorage.prints > 0")


def kiosk_that_prints(window: Window, server: Server, folder: Path, width: int) -> Page:
    page = window(*LANDSCAPE)
    page.add_init_script(PRINTED)
    open_kiosk(page, server)
    add_printer(folder, "browser", width)
    page.goto(f"{server.home}/kiosk")
    return page


def test_chrome_prints_each_slip_once_however_often_the_page_is_loaded(
    server: Server, window: Window, picture: Picture, tmp_path: Path
) -> None:
    page = kiosk_that_prints(window, server, tmp_path, 58)
    take_number(page, *RESIDENT, "Tidak")
    expect(page.locator("#slip-state")).to_contain_text("Tercetak")
    assert prints(page) == 1
    picture(page, "kiosk-slip-printed")
    page.reload()
    expect(page.locator("#slip-state")).to_contain_text("Tercetak")
    page.go_back()
    page.goto(f"{server.home}/kiosk")
    page.wait_for_timeout(4_000)  # longer than it takes to look for slips again
    assert prints(page) == 1


def test_a_page_that_is_loaded_again_while_printing_prints_nothing_twice(
    server: Server, window: Window, tmp_path: Path
) -> None:
    page = kiosk_that_prints(window, server, tmp_path, 58)
    page.evaluate("sessionStorage.held = 1")
    take_number(page, *RESIDENT, "Tidak")
    expect(page.locator("#slip-tray section")).to_be_attached()
    wait_for_print(page)
    page.evaluate("sessionStorage.removeItem('held')")
    page.reload()
    page.wait_for_timeout(4_000)
    assert prints(page) == 1
    expect(page.locator("#slip-state")).to_contain_text("Sedang mencetak")


@pytest.mark.parametrize("width", [58, 80])
def test_the_slip_fits_its_paper_and_its_qr_is_read(
    server: Server, window: Window, tmp_path: Path, width: int
) -> None:
    points, printable_mm, code_mm = {58: (38, 48, 28), 80: (58, 72, 38)}[width]
    page = kiosk_that_prints(window, server, tmp_path, width)
    page.evaluate("sessionStorage.held = 1")
    code = take_number(page, *OFFICIAL, "Tidak")
    wait_for_print(page)
    page.emulate_media(media="print")
    slip = page.locator(".rk-slip")
    expect(slip).to_contain_text("Desa Binjai")
    expect(slip).to_contain_text("Dilewati setelah 3 kali panggilan.")
    expect(slip).to_contain_text("Layanan tidak dipungut biaya.")
    assert slip.locator(".n").inner_text() == code
    assert page.locator("main").is_hidden()
    size = slip.locator(".n").evaluate("part => parseFloat(getComputedStyle(part).fontSize)")
    assert size == pytest.approx(points * 96 / 72, abs=0.1)
    assert all(
        part["width"] <= printable_mm * PX_PER_MM + 0.5
        for part in slip.evaluate(
            "slip => [slip, ...slip.querySelectorAll('*')].map(part => ({width: part.scrollWidth}))"
        )
    )
    shot = Image.open(BytesIO(keep_picture(slip, f"slip-{width}")))
    [read] = zxingcpp.read_barcodes(shot)
    assert re.fullmatch(rf"{server.url}/t/[\w-]+", read.text)
    place = read.position
    assert place.top_right.x - place.top_left.x >= code_mm * PX_PER_MM - 1
    saturation = shot.convert("HSV").getchannel("S")
    assert saturation.getextrema() == (0, 0)
    pdf = page.pdf(prefer_css_page_size=True)
    (ARTIFACTS / f"slip-{width}.pdf").write_bytes(pdf)
    boxes = re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert len(boxes) == 1, "one page, as long as the slip"
    paper = [float(side) * 25.4 / 72 for side in boxes[0].split()]
    assert paper[2] == pytest.approx(width, abs=0.5)
    assert 100 < paper[3] < 220


def test_a_receipt_printer_prints_and_the_page_says_so(
    server: Server, window: Window, picture: Picture, tmp_path: Path
) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    with RecordingPrinter() as paper:
        add_printer(tmp_path, paper.address, 58)
        page.goto(f"{server.home}/kiosk")
        code = take_number(page, *RESIDENT, "Tidak")
        expect(page.locator("#slip-state")).to_contain_text("Tercetak")
        assert paper.slips == 1
        assert f"{code}\n".encode() in paper.data
        paper.paper = NO_PAPER
        touch(page, "Selesai")
        take_number(page, *RESIDENT, "Tidak")
        page.get_by_role("button", name="Butuh waktu lagi").click()
        expect(page.locator("#slip-state")).to_contain_text("foto nomor ini atau pindai kode QR")
        picture(page, "kiosk-slip-trouble")
        paper.paper = 0x12
        expect(page.locator("#slip-state")).to_contain_text("Tercetak")
        assert paper.slips == 2
