"""Every page in every state: usable with a screen reader, by keyboard, enlarged, and in contrast.

axe-core looks for what a program can find; the rest asks what a person with one window would.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, SLUG, Server, serving
from tests.browser.test_display import Line, a_call

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Later = Callable[[int], None]
Size = tuple[int, int]

PHONE: Size = (360, 740)
DESK: Size = (1366, 768)
LANDSCAPE: Size = (1280, 800)
PORTRAIT: Size = (800, 1280)
OFFICE = f"offices/{SLUG}"
UNTIL_BREAK, UNTIL_EVENING, UNTIL_TOMORROW = 190, 560, 24 * 60

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
ROOM = [*COLOURS, "scrollable-region-focusable", "target-size"]
"""The rules whose answer does not depend on the markup alone."""
AXE = """
async ({ tags, rules }) => {
  // The roof of a house is a pseudo-element; without this nothing inside a house is judged.
  axe._audit.checks["color-contrast"].options.ignorePseudo = true;
  const runOnly = tags ? { type: "tag", values: tags } : { type: "rule", values: rules };
  const options = { runOnly, resultTypes: ["violations"], preload: false };
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} ${html.slice(0, 200)}`));
}
"""
FRAME = """
() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  return [shown("h1:not(dialog *)").length, shown("main").length, document.title.endsWith("RUKO"), document.documentElement.lang];
}
"""
OUTSIDE = """
() => {
  const out = [...document.querySelectorAll("body *:not(svg *)")].filter((e) => {
    const { left, right, width } = e.getBoundingClientRect();
    return e.checkVisibility() && width > 1 && (left < -1 || right > innerWidth + 1);
  });
  const scrolls = document.documentElement.scrollWidth > innerWidth;
  // the strip of days scrolls by itself
  return out.filter((e) => !e.closest(".a-strip > *")).map((e) => e.outerHTML.slice(0, 120))
    .concat(scrolls ? ["it scrolls sideways"] : []);
}
"""
FOCUS = """
() => {
  const at = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    name: at.name || at.ariaLabel || (at.labels?.[0] ?? at).textContent.trim(),
    ringed: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    covered: !at.contains(top) && !top?.contains(at),
  };
}
"""
CLOCK = """
from datetime import timedelta
from pathlib import Path
from ruko import clock
steady = clock.now
clock.now = lambda: steady() + timedelta(minutes=int(Path({!r}).read_text()))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One example office, on a Monday at nine, whose clock can be put forward."""
    minutes = folder / "minutes"
    minutes.write_text("0")
    with serving(folder, before=CLOCK.format(str(minutes))) as started:
        yield started


@pytest.fixture
def later(folder: Path) -> Iterator[Later]:
    """`later(190)`: so many minutes after nine, until the test is over."""

    def put_forward(minutes: int) -> None:
        (folder / "minutes").write_text(str(minutes))

    yield put_forward
    (folder / "minutes").write_text("0")


class Inspector:
    """Is shown pages, and keeps what is wrong with them."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __call__(
        self,
        page: Page,
        name: str,
        *,
        lang: str = "id",
        contrast: bool = True,
        also: Size | None = None,
        narrow: int | None = None,
    ) -> None:
        """Look at it in both themes (or as it is), `also` in another size, and down to a `narrow` width."""
        self._axe(page, name, tags=TAGS)
        frame = page.evaluate(FRAME)
        if frame != [1, 1, True, lang]:
            self.found.append(f"{name}: h1, main, title, lang are {frame}")
        if contrast:
            self._in_contrast(page, name)
        size = page.viewport_size
        assert size
        if also:
            page.set_viewport_size({"width": also[0], "height": also[1]})
            self._axe(page, f"{name} {also[0]}", rules=ROOM)
        if narrow:
            self._narrow(page, name, narrow, "100%")
            self._narrow(page, name, 360, "200%")
        page.set_viewport_size(size)

    def _in_contrast(self, page: Page, name: str) -> None:
        page.evaluate("document.documentElement.dataset.theme = 'contrast'")
        self._axe(page, f"{name} in contrast", rules=COLOURS)
        page.evaluate("delete document.documentElement.dataset.theme")

    def _axe(self, page: Page, name: str, **which: list[str]) -> None:
        self.found += [f"{name}: {each}" for each in page.evaluate(AXE, which)]

    def _narrow(self, page: Page, name: str, width: int, text: str) -> None:
        page.set_viewport_size({"width": width, "height": 740})
        page.evaluate("size => document.documentElement.style.fontSize = size", text)
        outside = page.evaluate(OUTSIDE)
        self.found += [f"{name} at {width} px, text {text}: {each}" for each in outside]
        page.evaluate("document.documentElement.style.fontSize = ''")


@pytest.fixture
def look() -> Iterator[Inspector]:
    inspector = Inspector()
    yield inspector
    assert not inspector.found, "\n".join(inspector.found)


@pytest.fixture
def still(window: Window) -> Window:
    """A window of somebody whom motion disturbs: what one looks at does not change meanwhile."""

    def open_one(size: Size) -> Page:
        page = window(*size, reduced_motion="reduce")
        page.add_init_script(AXE_SCRIPT)
        return page

    return open_one


def ask(page: Page, path: str, body: dict[str, Any] | None = None) -> Any:
    """Let the account that is signed in in this window do something through the API."""
    answer = page.request.fetch(
        f"{page.url.split(f'/{SLUG}')[0]}/api/v1/{path}",
        method="GET" if body is None else "POST",
        data=body,
        headers={"X-CSRFToken": page.get_attribute("meta[name=csrf-token]", "content") or ""},
    )
    assert answer.ok, answer.text()
    return answer.json() if answer.body() else None


def take(page: Page, bidang: str) -> str:
    """Somebody takes a number; returns the ticket's token."""
    return str(ask(page, f"{OFFICE}/tickets", {"bidang": bidang, "visitor": "resident"})["token"])


def call(page: Page, bidang: str, token: str, place: str) -> None:
    places = {p["name"]: p["id"] for p in ask(page, f"{OFFICE}/counters")["items"]}
    wanted = {"bidang": bidang, "ticket": token, "counter": places[place], "reason": "Uji"}
    ask(page, f"{OFFICE}/calls", wanted)


def send_as_it_is(page: Page, form: str) -> None:
    """Send a form that the browser itself would hold back."""
    page.eval_on_selector(form, "form => { form.noValidate = true; }")
    with page.expect_navigation():
        page.locator(f"{form} .rk-btn--primary, {form} .rk-btn--danger").first.click()


# ── Accounts and booking, on a phone ──────────────────────────────────────────────────────────


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


def ruko(database: Path, *command: str) -> str:
    """Run a command of the office on its database."""
    return subprocess.run(
        [sys.executable, "-c", "from ruko.app import main; main()", *command],
        env={"RUKO_DATABASE_URL": f"sqlite:///{database}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def test_choosing_an_hour(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page = still(PHONE)
    enter(page, "binjai")
    page.goto(f"{server.home}/booking/mine")
    look(page, "nothing booked", narrow=320)
    page.goto(f"{server.home}/booking")
    look(page, "days", narrow=320, also=DESK)
    page.locator("summary").click()
    look(page, "booking menu", narrow=320)
    page.goto(f"{server.home}/booking?date=2026-11-29")
    look(page, "closed day", narrow=320)
    page.goto(f"{server.home}/booking?date=2026-12-01&room=1&start=10:00")
    look(page, "chosen", narrow=320, also=DESK)


def test_booking(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
    page, other = still(PHONE), still(PHONE)
    form = f"{server.home}/booking/new?date=2026-12-01&start=10:00&room="
    enter(page, "binjai")
    page.goto(form)
    look(page, "visit form", narrow=320)
    page.goto(f"{form}1")
    look(page, "form", narrow=320, also=DESK)
    send_as_it_is(page, "#wish")
    look(page, "form with errors", narrow=320)
    fill(page)
    enter(other, "inan")
    other.goto(f"{form}1")
    fill(other)
    other.get_by_role("button", name="Kirim permohonan").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Ruang sudah disiapkan")
    page.get_by_role("button", name="Kirim permohonan").click()
    expect(page.get_by_text("Isian Anda tetap tersimpan")).to_be_visible()
    look(page, "slot taken", narrow=320)
    page.evaluate("document.querySelector('#offline').hidden = false")
    look(page, "offline", narrow=320)

    look(other, "confirmed", narrow=320, also=DESK)
    other.goto(f"{server.home}/booking?date=2026-12-01")
    look(other, "mine among the hours", narrow=320)
    other.goto(f"{form}2")
    fill(other)
    other.get_by_role("button", name="Kirim permohonan").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Permohonan terkirim")
    look(other, "pending", narrow=320)
    other.goto(f"{server.home}/booking/mine")
    look(other, "mine", narrow=320, also=DESK)
    other.get_by_role("link", name="Batalkan").first.click()
    look(other, "cancel", narrow=320)
    send_as_it_is(other, "form.a-form")
    look(other, "cancel without a reason", narrow=320)
    other.get_by_label("Alasan pembatalan").fill("Kepala desa berhalangan")
    other.get_by_role("button", name="Batalkan janji").click()
    expect(other.get_by_text("Janji dibatalkan.")).to_be_visible()
    look(other, "cancelled", narrow=320)
    other.goto(f"{other.url}/cancel")
    look(other, "cannot be cancelled", narrow=320)
    other.goto(f"{server.home}/booking/mine?month=2026-11")
    look(other, "past", narrow=320)


def fill(page: Page) -> None:
    page.select_option("[name=category]", "stunting")
    page.fill("[name=topic]", "Makanan tambahan untuk 12 balita")
    page.fill("[name=attendees]", "4")
    page.fill("[name=leader]", "Siti Aminah")


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


# ── The desk ──────────────────────────────────────────────────────────────────────────────────


def test_the_desk(server: Server, still: Window, enter: Enter, look: Inspector) -> None:
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
    while (approve := page.get_by_role("button", name="Setujui")).count():
        approve.first.click()
        expect(page.get_by_role("status")).to_be_visible()
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

    tablet.get_by_role("button", name="Panggil petugas").click()
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
        look(window, f"English {door}", lang="en", contrast=False, narrow=360)
    page.goto(f"{server.url}/t/{token}")
    look(page, "English ticket", lang="en", contrast=False, narrow=320)
    page.goto(f"{server.home}/display")
    look(page, "English board", lang="en", contrast=False)
    enter(page, "murung-jambu")
    for path in ("", "/mine", "/new?date=2026-12-02&room=1&start=10:00"):
        page.goto(f"{server.home}/booking{path}")
        look(page, f"English booking {path}", lang="en", contrast=False, narrow=320)
    page.goto(f"{server.home}/kiosk")
    page.get_by_role("button", name="example").click()
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
    page.goto(f"{server.home}/booking/new?date=2026-12-03&room=1&start=08:00")
    expect(page.get_by_role("button", name="Tambah")).to_be_visible()
    ahead = ["Langsung ke isi", "RUKO", f"Desa {village.capitalize()}", "Ubah"]
    fields = ["end", "category", "bidang", "topic", "Kurangi", "attendees", "Tambah"]
    rest = ["leader", "phone", "Kirim permohonan", "Pesan ruang", "Janji saya"]
    assert tab_through(page, ".rk-skip", ".a-nav a:last-child") == [*ahead, *fields, *rest]
