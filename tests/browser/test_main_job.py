"""The main job from end to end, with every window open: book, check in, take a number, call, see."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.booking_steps import send, to_the_last_step
from tests.browser.conftest import Server, comes_true
from tests.browser.pictures import scanned

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]

COUNT_NOTES = """
const oscillators = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { oscillators.push(this); return start.apply(this, when); };
window.notesPlayed = () => oscillators.length;
"""
"""Counts the notes of the chime without touching how they sound."""


def test_a_village_books_visitors_come_the_desk_calls_and_the_waiting_room_sees(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    village, kiosk = window(360, 740), window(1280, 800)
    desk, display = window(1366, 768), window(1920, 1080)
    display.add_init_script(COUNT_NOTES)

    # Desa Binjai books the next open day, on a phone.
    enter(village, "binjai")
    to_the_last_step(village, server, "Selasa, 24 November", topic="Rembuk stunting desa")
    send(village)
    assert scanned(village.locator("img[src*='qr.svg']")) == village.url
    picture(village, "main-1-booked")

    # The kiosk and the screen are paired by their links; the desk is staffed.
    pair(kiosk, link_of(server, "Kiosk"))
    pair(display, link_of(server, "Display"))
    expect(display.locator(".d-light")).to_be_visible()  # the press that paired allows sound
    enter(desk, "operator")

    # A village with an appointment checks in by its code; a resident takes a number.
    kiosk.get_by_role("link", name=re.compile("^Saya punya janji")).click()
    kiosk.get_by_label("Masukkan kode janji Anda").fill(server.booking_code)
    kiosk.keyboard.press("Enter")
    booked = kiosk.locator(".k2").inner_text()
    picture(kiosk, "main-2-checked-in")
    kiosk.goto(f"{server.home}/kiosk")
    for answer in ("Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain", "Tidak"):
        tile(kiosk, answer).click()
    expect(kiosk.locator(".k2")).to_have_text(re.compile("^F-"))
    walk_in = kiosk.locator(".k2").inner_text()
    phone = window(360, 740)
    phone.goto(scanned(kiosk.locator("img[src*='qr.svg']")))
    expect(phone.locator("main")).to_contain_text(walk_in)
    picture(kiosk, "main-3-number")

    # Both are called, each once; the waiting room sees and hears them, and so does the phone.
    notes = display.evaluate("notesPlayed()")
    for code, place in ((booked, "Ruang RUKO 1"), (walk_in, "Ruang RUKO 2")):
        call(desk, server, code, place)
        expect(display.locator("[data-number]")).to_have_text(code)
        expect(display.locator("[data-place]")).to_have_text(place)
        picture(display, f"main-4-called-{place[-1]}")
    comes_true(display, f"notesPlayed() >= {notes} + 4")
    expect(phone).to_have_title(re.compile(f"Giliran Anda · {walk_in}"))
    expect(phone.locator("main")).to_contain_text("Ruang RUKO 2")
    picture(phone, "main-5-phone-called")

    # The desk serves the second one to the end; the board shows it and the phone says so.
    desk.wait_for_timeout(700)  # the big button ignores the second half of a double click
    desk.keyboard.press("m")
    expect(desk.locator(".m-cur")).to_contain_text("Sedang dilayani")
    expect(display.locator("[data-rows] tr", has_text="Sekretariat")).to_contain_text(walk_in)
    desk.wait_for_timeout(700)
    desk.keyboard.press("s")
    desk.get_by_label("Tuntas").check()
    desk.get_by_role("dialog").get_by_role("button", name="Simpan dan selesai").click()
    expect(phone.locator("main")).to_contain_text("Selesai")


def call(desk: Page, server: Server, code: str, place: str) -> None:
    """Sit at a place of the number's bidang and call that very number."""
    letters = {"A": "PEM", "B": "PMD", "C": "TRB", "D": "KES", "E": "YAN", "F": "SEK"}
    desk.goto(f"{server.home}/desk/place?bidang={letters[code[0]]}")
    desk.get_by_role("button", name=place).click()
    expect(desk.locator("#line")).to_be_visible()
    desk.keyboard.press("p")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Nomor", exact=True).fill(code)
    dialog.get_by_label(re.compile("^Alasan")).fill("Sudah ditunggu di ruang")
    dialog.get_by_role("button", name="Panggil").click()
    expect(desk.locator(".m-cur h1")).to_have_text(code)


def tile(page: Page, name: str) -> Locator:
    """The link or button of the question that begins with these words."""
    begins, main = re.compile(f"^{name}"), page.locator("main")
    return main.get_by_role("link", name=begins).or_(main.get_by_role("button", name=begins)).first


def pair(page: Page, link: str) -> None:
    """Open the printed link and press its one button."""
    page.goto(link)
    page.locator("main").get_by_role("button").click()
    page.wait_for_url(lambda url: "/pair" not in url)


def link_of(server: Server, door: str) -> str:
    found = re.search(rf"{door}\s+(http\S+)", server.said)
    assert found, server.said
    return found[1]
