"""What staff see, and what belongs to no door, looked through by axe; then by keyboard alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility.conftest import (
    DESK,
    FOCUS,
    LANDSCAPE,
    PHONE,
    PORTRAIT,
    Enter,
    Inspector,
    Window,
    ask,
    call,
    ruko,
    send_as_it_is,
    take,
)
from tests.browser.booking_steps import choose_day, choose_time, go_on, say_what
from tests.browser.conftest import Server, long_recall_gap, press_example

# ── The desk ──────────────────────────────────────────────────────────────────────────────────

pytestmark = pytest.mark.browser


def test_the_desk(
    server: Server, still: Window, enter: Enter, look: Inspector, folder: Path
) -> None:
    long_recall_gap(folder)
    page = still(DESK)
    home = f"{server.home}/desk"
    enter(page, "operator")
    look(page, "bidang", narrow=360)
    page.goto(f"{home}/place?bidang=PMD")
    look(page, "place", narrow=360)
    page.get_by_role("button", name="Ruang RUKO 2").click()
    look(page, "empty desk", narrow=360)
    page.get_by_role("link", name="Panggil nomor tertentu").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page, "dialog", narrow=360)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Atur pintasan huruf").click()
    look(page, "letter keys", narrow=360)
    page.keyboard.press("Escape")

    token = take(page, "PMD")
    call(page, "PMD", token, "Ruang RUKO 2")
    page.goto(home)
    look(page, "desk called", narrow=360)
    page.get_by_role("button", name="Panggil ulang").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "desk refused", narrow=360)
    ask(page, f"turns/{token}/hold", {"reason": "melengkapi berkas"})
    missed = take(page, "PMD")
    call(page, "PMD", missed, "Ruang RUKO 2")
    ask(page, f"turns/{missed}/no-show", {"reason": "Pulang"})
    page.goto(home)
    look(page, "desk with held and missed", narrow=360)
    page.locator("[data-part=held] button").click()
    expect(page.locator(".m-cur--call")).to_be_visible()
    ask(page, f"turns/{token}/start", {})
    page.goto(home)
    look(page, "desk serving", narrow=360)
    page.locator("summary").click()
    look(page, "desk menu", narrow=360)

    page.goto(f"{home}/place?bidang=TRB")
    page.get_by_role("button", name="Ruang RUKO 2").click()
    look(page, "one of several places", narrow=360)
    enter(staff := still(DESK), "trb")
    staff.get_by_role("button", name="Ruang RUKO 2").click()
    look(staff, "occupied", narrow=360)
    enter(other := still(DESK), "camat")
    other.get_by_role("button", name="Seksi Pemerintahan").click()
    look(other, "camat", narrow=360)


def test_the_desks_questions(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(DESK)
    home = f"{server.home}/desk"
    enter(page, "operator")
    page.goto(f"{home}/place?bidang=KES")
    page.get_by_role("button", name="Loket 6").click()
    page.goto(f"{home}/break")
    look(page, "break asked", narrow=360)
    page.get_by_role("button", name="Mulai istirahat").click()
    look(page, "break", narrow=360)
    page.get_by_role("button", name="Kembali bertugas").click()
    token, second, third = (take(page, "KES") for _ in range(3))
    for name in ("waiting", "calls/number", f"turns/{third}", f"turns/{third}/call"):
        page.goto(f"{home}/{name}")
        look(page, name, narrow=360)
    page.goto(f"{home}/calls/number")
    send_as_it_is(page, "main form")
    look(page, "given number without one", narrow=360)
    call(page, "KES", token, "Loket 6")
    for name in ("no-show", "transfer", "next"):
        page.goto(f"{home}/turns/{token}/{name}")
        look(page, name, narrow=360)
        send_as_it_is(page, "main form")
        look(page, f"{name} without answers", narrow=360)
    ask(page, f"turns/{token}/start", {})
    for name in ("hold", "finish", "finish-and-call"):
        page.goto(f"{home}/turns/{token}/{name}")
        look(page, name, narrow=360)
    ask(page, f"turns/{token}/hold", {})
    call(page, "KES", second, "Loket 6")
    ask(page, f"turns/{second}/no-show", {"reason": "Pulang"})
    for which in (token, second):
        for name in ("", "/leave"):
            page.goto(f"{home}/turns/{which}{name}")
            look(page, f"set aside {name}", narrow=360)


def test_approvals(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(DESK)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/approvals")
    look(page, "requests", narrow=320)
    page.locator(".o-no summary").first.click()
    look(page, "decline", narrow=320)
    send_as_it_is(page, ".o-no[open] form")
    look(page, "decline without a reason", narrow=320)
    approve = page.get_by_role("button", name="Setujui")
    for left in reversed(range(approve.count())):
        approve.first.click()
        expect(approve).to_have_count(left)
        expect(page.get_by_role("status").filter(has_text="Disetujui: ")).to_be_visible()
    look(page, "no requests", narrow=320)


# ── The office as a whole ─────────────────────────────────────────────────────────────────────


def test_running_the_office(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(DESK)
    home = f"{server.home}/desk"
    enter(page, "operator")
    page.goto(f"{home}/office")
    look(page, "office", narrow=320)
    page.goto(f"{home}/office/number")
    look(page, "number at the counter", narrow=320)
    page.get_by_label("Perangkat desa", exact=True).check()
    page.get_by_label("F · Sekretariat").check()
    send_as_it_is(page, "#new-number")
    look(page, "number without a village", narrow=320)
    page.locator("#village").select_option(index=1)
    page.get_by_role("button", name="Ambil nomor").click()
    expect(page.locator(".o-taken")).to_be_visible()
    look(page, "number taken", narrow=320)
    page.goto(f"{home}/office/closing")
    look(page, "closing early", narrow=320)
    send_as_it_is(page, "main form")
    look(page, "closing without a reason", narrow=320)
    page.get_by_label("Alasan yang dibaca pengunjung").fill("kunjungan bupati")
    page.get_by_role("button", name="Tutup untuk hari ini").click()
    look(page, "office closed early", narrow=320)
    page.get_by_role("link", name="Buka kembali").click()
    look(page, "opening again", narrow=320)
    page.get_by_role("button", name="Buka kembali").click()
    expect(page.get_by_role("link", name="Ambilkan nomor")).to_be_visible()
    enter(other := still(DESK), "camat")
    for address in ("office", "devices"):
        other.goto(f"{home}/{address}")
        look(other, f"camat {address}", narrow=320)


def test_devices_and_help(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page, tablet, tv = still(DESK), still(LANDSCAPE), still((1366, 768))
    home = f"{server.home}/desk/devices"
    enter(page, "admin")
    page.goto(home)
    look(page, "devices", narrow=320)
    page.get_by_label("Nama perangkat").fill("Teras")
    send_as_it_is(page, ".o-pair")
    look(page, "pairing without a code", narrow=320)
    tv.goto(f"{server.home}/display/pair")
    expect(tv.locator(".rk-code")).to_be_visible()
    look(tv, "unpaired display", narrow=320)

    tablet.goto(f"{server.home}/kiosk")
    page.get_by_label("Kode di layar").fill(tablet.locator(".rk-code").inner_text())
    page.get_by_role("button", name="Setujui").click()
    look(page, "device approved", narrow=320)
    for question in ("Ganti nama", "Cabut"):
        page.goto(home)
        row = page.get_by_role("listitem").filter(has_text="Teras")
        row.get_by_role("link", name=question).click()
        look(page, question, narrow=320)

    help_button = tablet.get_by_role("button", name="Panggil petugas")
    expect(help_button).to_be_visible()
    tablet.wait_for_load_state()
    help_button.click()
    expect(tablet.get_by_text("Petugas sudah dipanggil")).to_be_visible()
    look(tablet, "help called", also=PORTRAIT)
    tablet.goto(f"{server.home}/kiosk/help")
    look(tablet, "help page", also=PORTRAIT)
    page.goto(f"{server.home}/desk/office")
    look(page, "office with a call for help", narrow=320)
    page.goto(f"{server.home}/desk/place?bidang=PMD")
    page.get_by_role("button", name="Ruang RUKO 2").click()
    expect(page.locator(".m-help__one")).to_be_visible()
    look(page, "desk with a call for help", narrow=360)
    page.get_by_role("button", name="Saya ke sana").click()
    expect(tablet.get_by_role("heading", name="Petugas sedang menuju ke sini")).to_be_visible()
    look(tablet, "help is coming", also=PORTRAIT)
    page.goto(home)
    page.get_by_role("listitem").filter(has_text="Teras").get_by_role("link", name="Cabut").click()
    page.get_by_role("button", name="Cabut perangkat ini").click()
    tablet.goto(f"{server.home}/kiosk")
    expect(tablet.locator(".rk-code")).to_be_visible()
    look(tablet, "revoked kiosk", also=PORTRAIT, narrow=320)


# ── What does not belong to a door ────────────────────────────────────────────────────────────


def test_refusals(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(PHONE)
    for address in (f"{server.url}/tidak-ada", f"{server.home}/tidak-ada"):
        answer = page.goto(address)
        assert answer
        assert answer.status == 404
        look(page, address, narrow=320)
    page.goto(f"{server.home}/kiosk/pair/sudah-dipakai")
    look(page, "used pairing link", narrow=320)
    enter(page, "bungin")
    answer = page.goto(f"{server.home}/desk")
    assert answer
    assert answer.status == 403
    look(page, "403", narrow=320)


def test_english(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page, desk = still(PHONE), still(DESK)
    enter(desk, "operator")
    token = take(desk, "YAN")
    for window, door in ((page, "login"), (desk, "desk")):
        window.goto(f"{server.home}/{door}")
        if door == "desk":
            window.locator("summary").click()
        window.get_by_role("button", name="English").click()
        expect(window.locator("html")).to_have_attribute("lang", "en")
        window.wait_for_load_state()
        look(window, f"English {door}", lang="en", contrast=False, narrow=360)
    page.goto(f"{server.url}/t/{token}")
    look(page, "English ticket", lang="en", contrast=False, narrow=320)
    page.goto(f"{server.home}/display")
    look(page, "English board", lang="en", contrast=False)
    enter(page, "murung-jambu")
    for path in ("", "/mine"):
        page.goto(f"{server.home}/booking{path}")
        look(page, f"English booking {path}", lang="en", contrast=False, narrow=320)
    page.goto(f"{server.home}/kiosk")
    press_example(page, "example", page.get_by_role("heading", name="Welcome"), check="Check")
    for path in ("", "/number/service?visitor=resident&bidang=PEM"):
        page.goto(f"{server.home}/kiosk{path}")
        look(page, f"English kiosk {path}", lang="en", contrast=False)


def test_several_offices(server: Server, still: Window, folder: Path, look: Inspector) -> None:
    """Last: the front page is another one from here on."""
    (database,) = folder.glob("*/ruko.sqlite3")
    villages = folder / "villages.csv"
    villages.write_text("code,name,kind\n63.11.06.2001,Sungai Ketapi,desa\n")
    ruko(database, "init", "--office", "paringin", "--village-csv", str(villages))
    page = still(PHONE)
    page.goto(server.url)
    look(page, "offices", narrow=320)


# ── By keyboard ───────────────────────────────────────────────────────────────────────────────


def tab_through(page: Page, first: str, last: str) -> list[str]:
    """What Tab reaches from `first` to `last`; each shows where one is, and nothing lies over it."""
    page.locator(first).focus()
    names = []
    for _ in range(40):
        at = page.evaluate(FOCUS)
        assert at["ringed"], at
        assert not at["covered"], at
        names.append(at["name"])
        if page.locator(last).evaluate("e => e === document.activeElement"):
            return names
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {last}: {names}")


@pytest.mark.parametrize(("theme", "village"), [("light", "tarangan"), ("contrast", "panggung")])
def test_keys_lead_down_the_page(
    server: Server, still: Window, enter: Enter, theme: str, village: str
) -> None:
    page = still(PHONE)
    page.add_init_script(
        "addEventListener('DOMContentLoaded',"
        f" () => (document.documentElement.dataset.theme = '{theme}'))"
    )
    page.goto(f"{server.home}/login")
    expect(page.get_by_label("Nama akun")).to_be_focused()
    expect(page.get_by_label("Tampilkan kata sandi")).to_be_visible()
    assert tab_through(page, ".rk-skip", "form.rk-form button") == [
        "Langsung ke isi",
        *("lang", "lang"),
        *("username", "password", "Tampilkan kata sandi", "Masuk"),
    ]
    enter(page, village)
    say_what(page, server)
    choose_day(page, "Kamis, 3 Desember")
    choose_time(page, "1 08:00" if theme == "light" else "1 09:00")
    go_on(page, "Siapa yang datang?")
    expect(page.get_by_role("button", name="Kurangi")).to_be_visible()
    ahead = ["Langsung ke isi", "RUKO", f"Desa {village.capitalize()}", "Kembali", "Ubah waktu"]
    fields = ["leader", "leader_role", "Kurangi", "attendees", "Tambah", "phone", "papers"]
    rest = ["Lanjut", "Pesan ruang", "Janji saya"]
    assert tab_through(page, ".rk-skip", ".a-nav a:last-child") == [*ahead, *fields, *rest]
