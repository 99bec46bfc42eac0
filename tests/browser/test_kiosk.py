"""A visitor in front of the kiosk, and the ticket in the hand, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SLUG, Server, comes_true
from tests.browser.kiosk_steps import (
    LANDSCAPE,
    NUMBER,
    PHONE,
    PORTRAIT,
    RESIDENT,
    Enter,
    Picture,
    Window,
    fits,
    open_kiosk,
    small_targets,
    take_number,
    tile,
    touch,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("name", "size"), [("datar", LANDSCAPE), ("tegak", PORTRAIT)])
def test_an_official_takes_a_number_in_six_touches(
    server: Server, window: Window, picture: Picture, name: str, size: tuple[int, int]
) -> None:
    page = window(*size)
    page.goto(f"{server.home}/kiosk")
    expect(page.locator(".rk-code")).to_be_visible()
    picture(page, f"kios-pasangkan-{name}")
    open_kiosk(page, server)

    steps = [
        ("1-mulai", "Ambil nomor antrean"),
        ("2-siapa", "Perangkat desa"),
        ("3-desa", "Binjai"),
        ("4-bidang", "Seksi Pemberdayaan Masyarakat dan Desa"),
        ("5-layanan", "Dana Desa, ADD, dan SPJ"),
        ("6-prioritas", "Tidak, antrean biasa"),
    ]
    for state, answer in steps:
        assert fits(page), state
        assert small_targets(page) == [], state
        picture(page, f"kios-{state}-{name}")
        touch(page, answer)

    assert re.fullmatch(r"B-\d{3}", page.locator(NUMBER).inner_text())
    expect(page.get_by_text("Dana Desa, ADD, dan SPJ · Desa Binjai")).to_be_visible()
    expect(page.get_by_alt_text("Kode QR tiket Anda")).not_to_have_js_property("naturalWidth", 0)
    assert fits(page)
    picture(page, f"kios-7-tiket-{name}")
    page.get_by_role("button", name="Selesai").click()
    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()


def test_a_resident_in_five_touches_without_javascript(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE, java_script_enabled=False)
    open_kiosk(page, server)

    number = take_number(page, *RESIDENT, "Ya, antrean prioritas")

    assert re.fullmatch(r"A-\d{3}", number)
    expect(page.get_by_text("Prioritas", exact=True)).to_be_visible()
    page.get_by_role("button", name="Selesai").click()
    page.get_by_role("link", name="Saya punya janji").click()
    page.get_by_label("Masukkan kode janji Anda").fill(server.booking_code)
    page.get_by_role("button", name="Lapor datang").click()
    expect(page.locator(NUMBER)).to_be_visible()


def test_an_abandoned_page_goes_back_by_itself(
    server: Server, window: Window, picture: Picture
) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    touch(page, "Ambil nomor antrean")
    page.get_by_role("button", name="Kontras tinggi").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    page.clock.install()
    page.reload()
    # From here on the page's time is the test's: a slow computer lets none pass.
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)

    page.clock.run_for(35_000)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.clock.run_for(11_000)
    expect(page.get_by_role("dialog", name="Anda masih di sini?")).to_be_visible()
    picture(page, "kios-masih-di-sini")
    page.get_by_role("button", name="Ya, lanjutkan").click()
    page.clock.run_for(30_000)
    expect(page.get_by_role("heading", name="Anda datang sebagai siapa?")).to_be_visible()
    page.clock.run_for(31_000)

    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "contrast")


def test_the_ticket_page_leaves_after_thirty_seconds_or_later_if_asked(
    server: Server, window: Window
) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)
    for name in ("Kontras tinggi", "Teks besar", "English"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name=name, pressed=True)).to_be_visible()
    take_number(
        page,
        *("Take a queue number", "Resident", "Sekretariat", "Something else"),
        "No, the ordinary queue",
    )
    page.clock.install()
    page.reload()
    page.get_by_role("button", name="More time").click()
    page.clock.run_for(70_000)
    expect(page.locator(NUMBER)).to_be_visible()
    page.clock.run_for(22_000)
    expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()
    html = page.locator("html")
    expect(html).to_have_attribute("lang", "id")
    expect(html).not_to_have_attribute("data-theme", "contrast")
    expect(html).not_to_have_attribute("data-text", "large")


def test_the_screen_is_kept_awake_where_the_browser_allows_it(
    server: Server, window: Window
) -> None:
    page = window(*LANDSCAPE)
    page.add_init_script(
        """window.kept = [];
           navigator.wakeLock.request = async kind => { window.kept.push(kind); };"""
    )
    open_kiosk(page, server)
    comes_true(page, "kept.length === 1")  # it asks when everything is loaded
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    comes_true(page, "kept.join() === 'screen,screen'")


@pytest.mark.parametrize(("name", "size"), [("datar", LANDSCAPE), ("tegak", PORTRAIT)])
def test_large_text_and_contrast_fit_and_english_reads(
    server: Server, window: Window, picture: Picture, name: str, size: tuple[int, int]
) -> None:
    page = window(*size)
    open_kiosk(page, server)
    page.get_by_role("button", name="Kontras tinggi").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    page.get_by_role("button", name="Teks besar").click()
    expect(page.locator("html")).to_have_attribute("data-text", "large")
    assert fits(page)
    picture(page, f"kios-kontras-mulai-{name}")
    touch(page, "Ambil nomor antrean")
    touch(page, "Warga")
    assert fits(page)
    assert small_targets(page) == []
    picture(page, f"kios-kontras-besar-{name}")
    page.get_by_role("button", name="Panggil petugas").click()
    expect(page.get_by_text("Petugas sudah dipanggil")).to_be_visible()
    assert fits(page), "the bar does not grow over the answers"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Whom would you like to see?")).to_be_visible()
    assert fits(page)
    picture(page, f"kios-english-{name}")
    for bidang in page.locator("a.k-tile").evaluate_all("tiles => tiles.map(tile => tile.href)"):
        page.goto(bidang)
        expect(page.get_by_role("link", name="Something else, or not sure")).to_be_visible()
        expect(page.get_by_role("link", name="Start over")).to_be_visible()
        assert fits(page), bidang


def test_the_keyboard_alone_is_enough(server: Server, window: Window) -> None:
    page = window(*LANDSCAPE)
    open_kiosk(page, server)

    for name in (*RESIDENT, "Tidak, antrean biasa"):
        target = tile(page, name)
        expect(target).to_be_visible()
        page.locator("main").focus()
        while not target.evaluate("part => part === document.activeElement"):
            page.keyboard.press("Tab")
        before = page.url
        page.keyboard.press("Enter")
        expect(page).not_to_have_url(before)

    expect(page.locator(NUMBER)).to_be_visible()


# ── The phone ─────────────────────────────────────────────────────────────────────────────────


def serve(desk: Page, server: Server, path: str, data: dict[str, object] | None = None) -> None:
    """The desk acts, through the API of its own session."""
    answer = desk.request.post(
        f"{server.url}/api/v1/{path}",
        data=data or {},
        headers={
            "X-CSRFToken": desk.locator("meta[name=csrf-token]").get_attribute("content") or ""
        },
    )
    assert answer.ok, answer.text()


def test_a_phone_follows_its_number_to_the_end(
    server: Server, window: Window, enter: Enter, picture: Picture
) -> None:
    kiosk, phone, desk = window(*LANDSCAPE), window(*PHONE, has_touch=True), window(*LANDSCAPE)
    open_kiosk(kiosk, server)
    number = take_number(
        kiosk,
        *(
            "Ambil nomor antrean",
            "Warga",
            "Sekretariat",
            "Keperluan lain",
            "Tidak, antrean biasa",
        ),
    )
    token = kiosk.url.rsplit("/", 1)[1]
    enter(desk, "operator")
    office = f"offices/{SLUG}"
    places = desk.request.get(f"{server.url}/api/v1/{office}/counters").json()["items"]
    room = next(place for place in places if place["kind"] == "room")

    phone.goto(f"{server.url}/t/{token}")
    expect(
        phone.get_by_role("heading", name=re.compile("di depan Anda|Anda berikutnya"))
    ).to_be_visible()
    expect(phone).to_have_title(re.compile(f"Menunggu · {number}"))
    picture(phone, "tiket-menunggu")
    phone.get_by_role("button", name="Kontras").click()
    expect(phone.locator("html")).to_have_attribute("data-theme", "contrast")
    picture(phone, "tiket-kontras")
    phone.get_by_role("button", name="Kontras").click()
    phone.evaluate("navigator.vibrate = pattern => { window.shaken = pattern; }")

    serve(
        desk,
        server,
        f"{office}/calls",
        {"bidang": "SEK", "counter": room["id"], "ticket": token, "reason": "uji"},
    )
    expect(phone.get_by_role("heading", name="Giliran Anda")).to_be_visible()
    expect(phone).to_have_title(f"Giliran Anda · {number} · RUKO")
    expect(phone.locator("#called")).to_have_text(re.compile(room["name"]))
    comes_true(phone, "shaken.join() === '400,150,400,150,800'")
    picture(phone, "tiket-dipanggil")

    serve(desk, server, f"turns/{token}/start")
    expect(phone.get_by_role("heading", name="Anda sedang dilayani")).to_be_visible()
    picture(phone, "tiket-dilayani")

    serve(
        desk,
        server,
        f"turns/{token}/finish",
        {"outcome": "follow_up", "note": "Proposal dilengkapi."},
    )
    phone.reload()
    expect(phone.get_by_role("heading", name="Terima kasih")).to_be_visible()
    expect(phone.locator("#age [data-fresh]")).to_be_hidden()  # a desk may still take it back
    expect(phone.get_by_text("Proposal dilengkapi.")).to_be_visible()
    picture(phone, "tiket-selesai")


def test_a_phone_without_news_says_so(server: Server, window: Window, picture: Picture) -> None:
    kiosk, phone = window(*LANDSCAPE), window(320, 640)
    open_kiosk(kiosk, server)
    take_number(kiosk, *RESIDENT, "Tidak, antrean biasa")
    phone.clock.install()
    phone.goto(f"{server.url}/t/{kiosk.url.rsplit('/', 1)[1]}")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    phone.context.set_offline(True)
    phone.clock.run_for(50_000)

    expect(phone.get_by_text("Belum ada kabar sejak")).to_be_visible()
    picture(phone, "tiket-tanpa-kabar")
    phone.context.set_offline(False)
    expect(phone.get_by_text("Belum ada kabar sejak")).to_be_hidden()


def test_first_visits_are_light(server: Server, browser: Browser) -> None:
    def weigh(context: Any, address: str) -> float:
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": False})
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address, wait_until="networkidle")
        assert all(url.startswith((server.url, "data:")) for url in asked)
        return sum(sizes)

    first, later = browser.new_context(), browser.new_context()
    page = first.new_page()
    open_kiosk(page, server)
    take_number(page, *RESIDENT, "Tidak, antrean biasa")
    token = page.url.rsplit("/", 1)[1]
    page.close()
    fresh = browser.new_context(storage_state=first.storage_state())
    assert weigh(fresh, f"{server.home}/kiosk") <= 120 * 1024
    assert weigh(later, f"{server.url}/t/{token}") <= 65 * 1024
    for context in (first, later, fresh):
        context.close()
