"""What visitors, villages and the waiting room see, looked through by axe."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.accessibility.conftest import (
    DESK,
    LANDSCAPE,
    PHONE,
    PORTRAIT,
    UNTIL_BREAK,
    UNTIL_EVENING,
    UNTIL_TOMORROW,
    Enter,
    Inspector,
    Later,
    Window,
    ask,
    call,
    ruko,
    send_as_it_is,
    take,
)
from tests.browser.board_line import Line, a_call
from tests.browser.booking_steps import (
    arrived,
    choose_day,
    choose_time,
    say_what,
    send,
    to_the_last_step,
)
from tests.browser.conftest import Server

# ── Accounts and booking, on a phone ──────────────────────────────────────────────────────────

pytestmark = pytest.mark.browser


def test_signing_in(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(PHONE)
    page.goto(f"{server.home}/login")
    look(page, "sign-in", narrow=320, also=DESK)
    send_as_it_is(page, "form.rk-form")
    look(page, "sign-in without answers", narrow=320)
    page.fill("input[name=username]", "binjai")
    page.fill("input[name=password]", "bukan kata sandinya")
    send_as_it_is(page, "form.rk-form")
    look(page, "sign-in wrong", narrow=320)
    enter(page, "maradap")
    page.goto(f"{server.home}/password")
    look(page, "password", narrow=320)
    send_as_it_is(page, "form.rk-form")
    look(page, "password without answers", narrow=320)


def test_a_one_time_password(server: Server, still: Window, folder: Path, look: Inspector) -> None:
    (database,) = folder.glob("*/ruko.sqlite3")
    said = ruko(database, "user", "reset-password", "halubau")
    page = still(PHONE)
    page.goto(f"{server.home}/login")
    page.fill("input[name=username]", "halubau")
    page.fill("input[name=password]", said.strip().splitlines()[-1])
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/password**")
    look(page, "first password", narrow=320)


def test_the_steps_to_a_room(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page, other = still(PHONE), still(PHONE)
    enter(page, "binjai")
    page.goto(f"{server.home}/booking/mine")
    look(page, "nothing booked", narrow=320)
    page.goto(f"{server.home}/booking")
    look(page, "what about", narrow=320, also=DESK)
    page.locator("header summary").click()
    look(page, "booking menu", narrow=320)
    send_as_it_is(page, "#step")
    look(page, "what about, without answers", narrow=320)
    say_what(page, server)
    look(page, "days", narrow=320, also=DESK)
    choose_day(page, "Selasa, 1 Desember")
    look(page, "hours", narrow=320, also=DESK)
    send_as_it_is(page, "#step")
    look(page, "no hour chosen", narrow=320)
    enter(other, "inan")
    to_the_last_step(other, server, "Selasa, 1 Desember")
    choose_time(page, "1 10:00")
    page.locator("main .a-bar button").click()
    expect(page.get_by_text("Isian Anda tetap tersimpan")).to_be_visible()
    look(page, "slot taken", narrow=320)
    page.get_by_role("alert").get_by_role("button").first.click()
    arrived(page, "Siapa yang datang?")
    papers: list[FilePayload] = [
        {"name": "daftar.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 %%EOF"},
        {"name": "program.exe", "mimeType": "application/pdf", "buffer": b"MZ" * 99},
    ]
    page.set_input_files("#papers", papers)
    expect(page.get_by_text("program.exe")).to_be_visible()
    look(page, "papers", narrow=320, also=DESK)
    send_as_it_is(page, "#step")
    look(page, "people without answers", narrow=320)
    page.evaluate("document.querySelector('#offline').hidden = false")
    look(page, "offline", narrow=320)
    page.goto(f"{server.home}/booking")
    page.locator(".a-unsent summary").click()
    look(page, "not sent", narrow=320, also=DESK)
    say_late(page)
    look(page, "no longer kept", narrow=320)
    look(other, "check", narrow=320, also=DESK)
    send(other)
    look(other, "confirmed", narrow=320, also=DESK)
    other.goto(f"{server.home}/booking/mine")
    look(other, "mine", narrow=320, also=DESK)
    to_the_last_step(other, server, "Selasa, 1 Desember", "2 08:00")
    send(other)
    look(other, "pending", narrow=320)
    say_what(other, server)
    choose_day(other, "Selasa, 1 Desember")
    look(other, "mine among the hours", narrow=320)


def say_late(page: Page) -> None:
    """The request that was not sent, after its time is no longer kept."""
    page.get_by_role("link", name=re.compile("^Lanjutkan")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Siapa yang datang?")
    page.evaluate(
        "() => { for (const e of document.querySelectorAll('[data-kept], [data-over]')) e.hidden = !e.hidden; }"
    )


# ── The kiosk, and the ticket in the hand ─────────────────────────────────────────────────────


def test_the_kiosk(
    server: Server, still: Window, enter: Enter, later: Later, look: Inspector
) -> None:
    page = still(LANDSCAPE)
    home = f"{server.home}/kiosk"
    page.goto(home)
    expect(page.locator(".rk-code")).to_be_visible()
    look(page, "unpaired kiosk", also=PORTRAIT, narrow=320)
    (link,) = re.findall(r"http\S+/kiosk/pair/\S+", server.said)
    page.goto(link)
    look(page, "pairing link", also=PORTRAIT)
    page.get_by_role("button").click()
    look(page, "kiosk start", also=PORTRAIT)
    official = "visitor=village_official&village=63.11.07.2008&bidang=PEM"
    for question, so_far in (
        ("who", ""),
        ("village", "visitor=village_official"),
        ("bidang", "visitor=resident"),
        ("service", official),
        ("priority", f"{official}&service=other"),
    ):
        page.goto(f"{home}/number/{question}?{so_far}")
        look(page, f"kiosk {question}", also=PORTRAIT)
    page.evaluate("document.querySelector('#idle').showModal()")
    look(page, "still here?", also=PORTRAIT)
    page.get_by_role("button", name="Ya, lanjutkan").click()
    page.context.set_offline(True)
    page.get_by_role("button", name="Tidak, antrean biasa").click()
    expect(page.get_by_role("heading", name="Nomor Anda belum diambil")).to_be_visible()
    look(page, "kiosk without a line", also=PORTRAIT)
    page.context.set_offline(False)
    page.wait_for_url("**/tickets/*")  # it tries again by itself
    look(page, "kiosk ticket", also=PORTRAIT)

    page.goto(f"{home}/appointment")
    expect(page.get_by_text("Kios ini tidak memiliki kamera.")).to_be_visible()
    look(page, "code", also=PORTRAIT)
    page.evaluate("document.querySelector('.k-code').dataset.view = 'camera'")
    look(page, "camera", also=PORTRAIT)
    page.evaluate("document.querySelector('.k-code').dataset.view = 'keys'")
    page.fill("#code", "AAAA2222")
    send_as_it_is(page, "form.k-code")
    look(page, "wrong code", also=PORTRAIT)
    page.get_by_role("button", name="Teks besar").click()
    expect(page.locator("html")).to_have_attribute("data-text", "large")
    page.goto(f"{home}/number/bidang?visitor=resident")
    look(page, "large text", also=PORTRAIT)

    later(UNTIL_BREAK)
    page.goto(home)
    expect(page.get_by_role("heading", level=1)).to_contain_text("istirahat")
    look(page, "kiosk in the break", also=PORTRAIT)
    later(UNTIL_EVENING)
    page.goto(home)
    expect(page.get_by_role("heading", level=1)).to_contain_text("tutup")
    look(page, "closed kiosk", also=PORTRAIT)


def test_the_ticket_on_a_phone(
    server: Server, still: Window, enter: Enter, look: Inspector
) -> None:
    phone, desk = still(PHONE), still(DESK)
    enter(desk, "operator")
    token, _behind = take(desk, "SEK"), take(desk, "SEK")
    page_of = f"{server.url}/t/"
    plain = still(PHONE)
    plain.route("**/js/ticket.js", lambda route: route.abort())  # as without scripts

    phone.goto(page_of + token)
    look(phone, "waiting", narrow=320)
    phone.get_by_role("link", name="Batalkan nomor").click()
    look(phone, "leave?", narrow=320)
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Ya, batalkan").click()
    expect(phone.get_by_text("Belum ada jawaban dari kantor")).to_be_visible()
    look(phone, "no answer to a press", narrow=320)
    phone.context.set_offline(False)
    phone.get_by_role("button", name="Saya butuh waktu lagi").click()
    expect(phone.get_by_text("Anda sudah membiarkan")).to_be_visible()
    look(phone, "let somebody pass", narrow=320)
    plain.goto(f"{page_of}{token}/leave")
    look(plain, "leave? without scripts", narrow=320)
    call(desk, "SEK", token, "Ruang RUKO 1")
    plain.get_by_role("button", name="Ya, batalkan").click()
    expect(plain.get_by_text("Nomor Anda belum dibatalkan")).to_be_visible()
    look(plain, "refused without scripts", narrow=320)
    phone.reload()
    look(phone, "called", narrow=320)
    ask(desk, f"turns/{token}/start", {})
    phone.reload()
    look(phone, "serving", narrow=320)
    ask(desk, f"turns/{token}/hold", {"reason": "Fotokopi"})
    phone.reload()
    look(phone, "held", narrow=320)
    ask(desk, f"turns/{token}/resume", {})
    ask(desk, f"turns/{token}/start", {})
    result = {"outcome": "follow_up", "note": "Proposal dilengkapi lampiran anggaran."}
    ask(desk, f"turns/{token}/finish", result)
    phone.reload()
    look(phone, "done", narrow=320)


def test_the_end_of_a_ticket(
    server: Server, still: Window, enter: Enter, later: Later, look: Inspector
) -> None:
    phone, desk = still(PHONE), still(DESK)
    enter(desk, "operator")
    missed, stays = take(desk, "SEK"), take(desk, "SEK")
    page_of = f"{server.url}/t/"

    call(desk, "SEK", missed, "Ruang RUKO 1")
    ask(desk, f"turns/{missed}/no-show", {"reason": "Pulang"})
    phone.goto(page_of + missed)
    look(phone, "missed", narrow=320)
    later(61)
    phone.reload()
    expect(phone.get_by_text("Silakan ambil nomor baru")).to_be_visible()
    look(phone, "missed for good", narrow=320)
    later(0)
    left = take(desk, "SEK")
    phone.goto(page_of + left)
    phone.get_by_role("link", name="Batalkan nomor").click()
    phone.get_by_role("button", name="Ya, batalkan").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("dibatalkan")
    look(phone, "left", narrow=320)
    phone.goto(page_of + "x" * 24)
    look(phone, "unknown ticket", narrow=320)
    later(UNTIL_BREAK)
    phone.goto(page_of + stays)
    look(phone, "waiting in the break", narrow=320)
    later(UNTIL_TOMORROW)
    phone.reload()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("sudah tidak berlaku")
    look(phone, "expired", narrow=320)


# ── The board ─────────────────────────────────────────────────────────────────────────────────


def test_the_board(server: Server, still: Window, look: Inspector) -> None:
    page = still(DESK)
    page.clock.install()
    line = Line(page, server)
    nobody = [b | {"serving": [], "waiting": 0} for b in line.board["bidang"]]
    look(page, "board", also=(1920, 1080))
    line.call(1, place="Ruang RUKO 2", village_name="Desa Binjai")
    expect(page.locator(".d-call--new")).to_be_visible()
    look(page, "new call", also=(1920, 1080))
    page.clock.run_for(13_000)
    expect(page.locator(".d-call--new")).to_have_count(0)
    look(page, "called")
    line.tell(at=line.started + timedelta(minutes=11))
    expect(page.get_by_text("silakan masuk.")).to_be_visible()
    look(page, "idle board")
    opens = (line.started + timedelta(days=1)).isoformat()
    line.tell(state="break", opens_at=opens, calls=[], last_call=None)
    expect(page.get_by_role("heading", name="Istirahat")).to_be_visible()
    look(page, "board in the break")
    line.tell(state="closed", opens_at=opens, bidang=nobody, calls=[], last_call=None)
    expect(page.get_by_role("heading", name="Kantor tutup")).to_be_visible()
    look(page, "closed board", also=(1920, 1080))
    line.tell(state="open", calls=[a_call(line.started, 1)], last_call=a_call(line.started, 1))
    line.cut()
    page.clock.run_for(17_000)
    expect(page.get_by_text("Sambungan terputus")).to_be_visible()
    look(page, "lost line", also=(1920, 1080))
    page.set_viewport_size({"width": 3840, "height": 2160})
    skip = page.locator(".rk-skip").bounding_box()
    assert skip
    assert skip["y"] + skip["height"] <= 0  # nobody focused it: it stays out of sight
