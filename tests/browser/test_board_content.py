"""The operator puts a sentence and a picture on the board, and takes them off again."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.accessibility.conftest import Inspector
from tests.browser.conftest import ROOT, Server, comes_true, serving
from tests.pictures import encoded, photo, poster

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
NAME, PASSWORD = "sari", "kata-sandi-sari"
TURNS = 120_000
"""Milliseconds in which every picture has had its turn, on a slow computer too."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A newly installed office, in which nobody has been called yet."""
    folder = tmp_path_factory.mktemp("office")
    for words in (["init"], ["user", "add", NAME, "--role", "operator", "--password-stdin"]):
        subprocess.run(
            [sys.executable, "-c", "from ruko.app import main; main()", *words],
            env=os.environ | {"RUKO_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)},
            input=PASSWORD,
            check=True,
            capture_output=True,
            text=True,
        )
    with serving(folder, command="serve") as started:
        yield started


@pytest.fixture
def operator(server: Server, window: Window) -> Callable[..., Page]:
    """A window of the operator, at the page: `operator(360, 740)`."""

    def open_one(width: int = 1366, height: int = 768, **options: object) -> Page:
        page = window(width, height, **options)
        page.goto(f"{server.home}/login?next=/{server.home.rsplit('/', 1)[1]}/desk/board")
        page.fill("input[name=username]", NAME)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        expect(page.get_by_role("heading", level=1, name="Isi papan")).to_be_visible()
        return page

    return open_one


def file(content: bytes, name: str = "poster.png", kind: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def entry(page: Page, text: str) -> Locator:
    return page.locator(".o-entry", has_text=text)


def add_picture(page: Page, content: bytes, words: str) -> None:
    page.get_by_role("link", name="Tambah gambar").click()
    page.get_by_label("Gambar", exact=True).set_input_files([file(content)])
    page.get_by_label("Keterangan gambar").fill(words)
    page.get_by_role("button", name="Simpan").click()


def remove(page: Page, text: str) -> None:
    entry(page, text).get_by_role("link", name="Hapus").click()
    page.get_by_role("button", name="Hapus").click()
    expect(page.get_by_text("Sudah dihapus.")).to_be_visible()
    expect(entry(page, text)).to_have_count(0)


def test_a_picture_runs_between_calls_and_is_gone_once_removed(
    server: Server, operator: Callable[..., Page], window: Window, picture: Picture
) -> None:
    board = window(1920, 1080)
    board.goto(f"{server.home}/display")
    expect(board.get_by_text("silakan masuk.")).to_be_visible()
    page = operator()
    add_picture(page, encoded(poster(1600, 900)), "Jadwal posyandu")
    expect(page.get_by_text("Tersimpan. Papan langsung mengikuti.")).to_be_visible()
    small = entry(page, "Jadwal posyandu").locator("img")
    small.scroll_into_view_if_needed()
    comes_true(page, "document.querySelector('.o-entry img').naturalWidth === 1600")
    picture(page, "board-content-picture")

    shown = board.get_by_role("img", name="Jadwal posyandu")
    expect(board.locator(".d-slides img.is-on")).to_have_count(1, timeout=TURNS)
    expect(shown).to_be_visible()
    picture(board, "board-content-on-the-board")
    remove(page, "Jadwal posyandu")
    expect(board.locator(".d-slides img")).to_have_count(0)
    expect(board.get_by_text("silakan masuk.")).to_be_visible()


def test_a_sentence_runs_on_the_board_at_once(
    server: Server, operator: Callable[..., Page], window: Window
) -> None:
    board, page = window(1920, 1080), operator()
    board.goto(f"{server.home}/display")
    page.get_by_role("link", name="Tambah kalimat").click()
    page.get_by_label("Kalimat", exact=True).fill("Rapat <b>desa</b> hari Kamis.")
    page.get_by_role("button", name="Simpan").click()
    expect(entry(page, "Rapat").get_by_text("Tayang hari ini")).to_be_visible()
    expect(board.locator(".d-foot")).to_contain_text("Rapat <b>desa</b> hari Kamis.")
    remove(page, "Rapat")
    expect(board.locator(".d-foot")).not_to_contain_text("Rapat")


def test_by_keyboard_alone(operator: Callable[..., Page]) -> None:
    page = operator()
    page.get_by_role("link", name="Tambah kalimat").press("Enter")
    page.get_by_label("Kalimat", exact=True).press_sequentially("Bawalah KTP.")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Hari pertama")).to_be_focused()
    page.get_by_role("button", name="Simpan").press("Enter")
    ours = page.locator(".o-entry").nth(3)
    expect(ours).to_contain_text("Bawalah KTP.")
    ours.get_by_role("button", name="Naikkan").press("Enter")
    ours = page.locator(".o-entry").nth(2)
    expect(ours).to_contain_text("Bawalah KTP.")
    page.keyboard.press("Tab")
    expect(ours.get_by_role("button", name="Naikkan")).to_be_focused()
    remove(page, "Bawalah KTP.")


def test_mistakes_are_said_where_they_are(operator: Callable[..., Page], picture: Picture) -> None:
    page = operator()
    add_picture(page, b"bukan gambar", "Poster panen")
    expect(page.get_by_text("Berkas ini bukan gambar.")).to_be_visible()
    expect(page.get_by_label("Gambar", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Keterangan gambar")).to_have_value("Poster panen")
    picture(page, "board-content-no-picture")
    page.get_by_label("Gambar", exact=True).set_input_files([file(photo())])
    page.get_by_label("Hari pertama").fill("2026-11-25")
    page.get_by_label("Hari terakhir").fill("2026-11-24")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_text("Hari terakhir mendahului hari pertama.")).to_be_visible()
    expect(page.get_by_text("Silakan pilih gambarnya sekali lagi.")).to_be_visible()
    expect(page.get_by_label("Hari pertama")).to_have_value("2026-11-25")
    picture(page, "board-content-days")


def test_a_file_that_is_too_large_is_told_before_it_is_sent(operator: Callable[..., Page]) -> None:
    page = operator()
    page.get_by_role("link", name="Tambah gambar").click()
    page.wait_for_load_state()
    chosen = page.get_by_label("Gambar", exact=True)
    chosen.set_input_files([file(b"\0" * 9 * 1024**2)])
    said = chosen.evaluate("input => input.validationMessage")
    assert "lebih dari 8 MB" in said
    chosen.set_input_files([file(encoded(poster()))])
    assert chosen.evaluate("input => input.validationMessage") == ""


def test_without_javascript(operator: Callable[..., Page], picture: Picture) -> None:
    page = operator(360, 740, java_script_enabled=False)
    add_picture(page, b"\xff\xd8\xff" + b"\0" * 9 * 1024**2, "Foto panen")
    expect(page.get_by_text("Berkas ini lebih dari 8 MB.")).to_be_visible()
    expect(page.get_by_label("Keterangan gambar")).to_have_value("Foto panen")
    page.get_by_label("Gambar", exact=True).set_input_files([file(photo(), "IMG_1.jpg")])
    page.get_by_role("button", name="Simpan").click()
    expect(entry(page, "Foto panen").get_by_text("Tayang hari ini")).to_be_visible()
    remove(page, "Foto panen")


def test_everybody_can_use_it(operator: Callable[..., Page], picture: Picture) -> None:
    look, page = Inspector(), operator(reduced_motion="reduce")
    page.add_init_script(AXE_SCRIPT)
    add_picture(page, photo(), "Foto panen raya di Desa Binjai bersama kelompok tani")
    for text, first, last in (
        ("Kelima", "", ""),
        ("Nanti " + "sangat" * 30, "2027-01-04", ""),
        ("Lewat", "2026-11-01", "2026-11-02"),
        ("Keenam", "", "2026-11-30"),
    ):
        page.get_by_role("link", name="Tambah kalimat").click()
        page.get_by_label("Kalimat", exact=True).fill(text)
        page.get_by_label("Hari pertama").fill(first)
        page.get_by_label("Hari terakhir").fill(last)
        page.get_by_role("button", name="Simpan").click()
        expect(entry(page, text)).to_have_count(1)
    look(page, "lists", narrow=320)
    picture(page, "board-content")
    for link in ("Tambah kalimat", "Tambah gambar", "Ubah", "Hapus"):
        page.get_by_role("link", name=link).last.click()
        expect(page.get_by_role("link", name="Kembali")).to_be_visible()
        look(page, link, narrow=320)
        page.get_by_role("link", name="Kembali").click()
        expect(page.get_by_role("heading", level=1, name="Isi papan")).to_be_visible()
    add_picture(page, b"bukan gambar", "Foto")
    look(page, "refused", narrow=320)
    assert not look.found, "\n".join(look.found)
