"""The steps to a room, as a person at a browser goes them."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

TOPIC = "Makanan tambahan untuk 12 balita"


def arrived(page: Page, heading: str) -> None:
    """The next page is there, and its scripts are."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    page.wait_for_load_state()


def say_what(page: Page, server: Server, topic: str = TOPIC) -> None:
    """The first step."""
    page.goto(f"{server.home}/booking")
    page.get_by_label("Stunting").check()
    page.get_by_label("Pokok bahasan").fill(topic)
    page.get_by_role("button", name="Lanjut ke hari").click()
    arrived(page, "Hari apa?")


def choose_day(page: Page, day: str) -> None:
    """The second step: `choose_day(page, "Selasa, 1 Desember")`."""
    link = page.locator("a.a-dayrow", has_text=day)
    later = page.get_by_role("link", name="Hari berikutnya")
    expect(link.or_(later).first).to_be_visible()
    if not link.count():
        later.click()
    link.click()
    arrived(page, day)


def choose_time(page: Page, when: str) -> None:
    """Half of the third step: `choose_time(page, "1 10:00")`."""
    page.locator("label", has=page.locator(f"[name=when][value='{when}']")).click()
    expect(page.locator(f"[name=when][value='{when}']")).to_be_checked()


def go_on(page: Page, heading: str) -> None:
    """Press the button that leads on, and be there."""
    page.locator("main").get_by_role("button", name=re.compile("^Lanjut$")).click()
    arrived(page, heading)


def say_who(page: Page) -> None:
    """The fourth step."""
    page.get_by_label("Nama ketua rombongan").fill("Siti Aminah")
    page.get_by_label("Jumlah peserta").fill("4")
    go_on(page, "Sudah benar semuanya?")


def to_the_last_step(
    page: Page, server: Server, day: str, when: str = "1 10:00", topic: str = TOPIC
) -> None:
    """All steps but sending."""
    say_what(page, server, topic)
    choose_day(page, day)
    choose_time(page, when)
    go_on(page, "Siapa yang datang?")
    say_who(page)


def send(page: Page) -> str:
    """The last step; returns the code."""
    page.locator("main").get_by_role(
        "button", name=re.compile("^(Pesan sekarang|Kirim permohonan)$")
    ).click()
    page.wait_for_url(re.compile(r"/booking/[A-Z0-9]{8}$"))
    return page.url.rsplit("/", 1)[1]
