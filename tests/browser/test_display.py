"""The board in the waiting room: what a person sees and hears, and what happens when the line is cut."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from display.picture import board_words
from display.picture import picture as picture_of
from ruko import words
from ruko.board import snapshot
from ruko.offices import Office
from tests.browser.board_line import COLUMNS, OUTSIDE, Line, a_call, announces
from tests.browser.conftest import SLUG, Server, comes_true, serving
from tests.browser.listening import HEAR_NOTES
from tests.browser.waiting_room import CALL_SOMEBODY

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
FIRST_VISIT_BYTES = 160 * 1024
WATCH_CALLS = """
window.shown = [];
setInterval(() => {
  const card = document.querySelector('[data-card="call"]');
  const code = document.querySelector('[data-number]')?.textContent;
  if (card?.classList.contains('d-call--new') && shown.at(-1) !== code) shown.push(code);
}, 50);
"""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An office where only the test makes things happen."""
    with serving(tmp_path_factory.mktemp("quiet")) as started:
        yield started


# ── On the real server ────────────────────────────────────────────────────────────────────────


def test_a_call_from_the_desk_is_seen_and_heard(
    server: Server, window: Window, picture: Picture, enter: Callable[[Page, str], None]
) -> None:
    board = window(1920, 1080)
    board.add_init_script(HEAR_NOTES)
    sizes: list[float] = []
    network = board.context.new_cdp_session(board)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"]))
    asked: list[str] = []
    board.on("request", lambda request: asked.append(request.url))
    board.goto(f"{server.home}/display")
    expect(board.get_by_text("Belum dipasangkan")).to_be_visible()
    board.wait_for_load_state("networkidle")
    assert 40_000 < sum(sizes) <= FIRST_VISIT_BYTES
    assert all(url.startswith(server.url) for url in asked)
    board.get_by_role("button", name="Aktifkan suara").click()
    expect(board.get_by_role("button", name="Aktifkan suara")).to_be_hidden()
    expect(board.locator(".d-light")).to_be_visible()
    board.evaluate("notes.length = 0")

    desk = window(1280, 800)
    enter(desk, "operator")
    said = desk.evaluate(CALL_SOMEBODY, {"office": SLUG, "bidang": "SEK"})
    gold = board.locator(".d-call--new [data-number]")  # after the one that sound has just woken
    expect(gold).to_have_text(said["turn"]["ticket"])
    expect(board.locator("[data-said]")).to_contain_text(f"Nomor antrean {said['turn']['ticket']}")
    expect(board.locator("tr.is-now .now")).to_have_text(said["turn"]["ticket"])
    comes_true(board, "[...new Set(notes.map(Math.round))].join() === '659,880'")
    picture(board, "display-call")

    board.reload()
    board.wait_for_timeout(600)
    shown = board.locator("[data-card=call] [data-number]")
    expect(shown).to_have_text(said["turn"]["ticket"])


def test_the_first_picture_is_the_one_the_script_draws(quiet: Server, window: Window) -> None:
    plain = window(1920, 1080, java_script_enabled=False)
    plain.goto(f"{quiet.home}/display")
    drawn = window(1920, 1080)
    drawn.goto(f"{quiet.home}/display")
    drawn.wait_for_timeout(800)

    def agree() -> bool:
        plain.reload()
        parts = ("main", ".d-clock", ".d-run")
        return all(drawn.inner_text(part) == plain.inner_text(part) for part in parts)

    assert any(agree() for _ in range(3)), "also when a minute begins in between"


def test_both_pictures_agree(quiet: Server, window: Window, office: Office, now: datetime) -> None:
    """The server's and the script's, for every kind of board."""
    page = window(1366, 768)
    page.goto(f"{quiet.home}/display")
    board = snapshot(office, now=now).as_json(words.board_sentence)
    say = board_words() | {"zone": office.zone_name}
    first, *others = board["bidang"]
    soon, past = ((now + timedelta(minutes=m)).isoformat() for m in (20, -1))
    serving = [
        {"ticket": f"A-00{n}", "place": place, "state": "serving"}
        for n, place in ((1, "Loket 1"), (2, "Ruang RUKO 1"), (3, "Loket 3"))
    ]
    breaks = [{"place": "Loket 1", "back_at": each} for each in (soon, past, None)]
    first |= {"estimate_minutes": [5, 15], "waiting": 2}
    rows = [
        first,
        first | {"breaks": breaks},
        first | {"breaks": breaks[1:]},
        first | {"breaks": breaks[2:], "serving": serving},
        first | {"full": True},
        first | {"estimate_minutes": [0, 0]},
        *others,
    ]
    called = a_call(now, 7, ticket="A-002")
    closed = {"state": "closed", "opens_at": (now + timedelta(days=1)).isoformat()}
    reason = "$& {time} <b>Listrik</b> padam"
    boards = [
        board | {"bidang": rows},
        board | {"bidang": rows, "last_call": called, "calls": [called]},
        board | {"bidang": rows, "state": "break", "opens_at": soon},
        board | closed | {"bidang": rows, "closure": reason},
        board | closed | {"closure": reason, "message": "Tutup"},
        board | closed | {"holiday": "Hari Guru"},
        board | {"state": "closed", "opens_at": None, "message": "Belum diketahui"},
        board | {"message": "Nomor sudah habis"},
    ]
    script = script_beside(page, "display-picture.js")
    zones: list[list[str]] = [["TRB"], ["PEM", "SEK"], ["gone"], ["gone", "KES"]]
    elsewhere = a_call(now, 8, ticket="C-001", bidang="TRB")
    told = board | {
        "bidang": rows,
        "last_call": elsewhere,
        "calls": [called, elsewhere],
        "slides": [{"picture": "abc", "text": "<b>"}],
    }
    unlike: list[tuple[dict[str, Any], dict[str, Any]]] = [(each, {}) for each in boards]
    unlike += [
        (made, {"settings": {"zone": zone}})
        for zone in zones
        for made in (told, told | {"state": "break", "opens_at": soon}, boards[3])
    ]
    for each, how in unlike:
        said = page.evaluate(
            """async ([board, say, now, how, script]) => {
                const { picture } = await import(script);
                return picture(board, say, now, how);
            }""",
            [each, say, now.timestamp() * 1000, how, script],
        )
        drawn = picture_of(each, say, now, office, zone=how.get("settings", {}).get("zone", ()))
        assert said == json.loads(json.dumps(drawn))


def script_beside(page: Page, name: str) -> str:
    """The address of another script of the page's folder."""
    own = page.locator("script[type=module]").get_attribute("src")
    assert own
    return f"{own.rsplit('/', 1)[0]}/{name}"


# ── With the line in the test's hand ──────────────────────────────────────────────────────────


def test_a_new_call_is_gold_for_twelve_seconds(
    quiet: Server, window: Window, picture: Picture
) -> None:
    page = window(1920, 1080)
    page.clock.install()
    line = Line(page, quiet)
    line.stop_time()
    names = {"bidang": "TRB", "bidang_name": "Seksi Ketenteraman dan Ketertiban Umum"}
    line.call(1, place="Loket 3", village_name="Desa Baruh Bahinu Dalam", **names)
    announces(page, "A-001")
    comes_true(page, "document.querySelector('.d-call--new').getAnimations().length === 0")
    picture(page, "display-new")
    line.pass_time(11)
    expect(page.locator(".d-call--new")).to_have_count(1)
    line.pass_time(2)
    expect(page.locator(".d-call--new")).to_have_count(0)
    expect(page.locator("[data-number]")).to_have_text("A-001")
    picture(page, "display-called")
    line.tell(at=line.started + timedelta(minutes=11))
    expect(page.get_by_text("silakan masuk.")).to_be_visible()
    picture(page, "display-idle")


def test_several_calls_come_in_order_each_once(quiet: Server, window: Window) -> None:
    page = window(1366, 768)
    page.clock.install()
    page.add_init_script(WATCH_CALLS)
    line = Line(page, quiet)
    line.call(1, 2, 3)
    line.pass_time(4)
    line.tell()  # the same calls again: nothing new
    line.call(2, 3, 4)  # the first has sat down meanwhile
    line.pass_time(40)
    comes_true(page, "shown.join() === 'A-001,A-002,A-003,A-004'")
    line.call(3, 4, 5, kind="recall")
    line.pass_time(1)
    announces(page, "A-005")
    expect(page.get_by_text("Panggilan ulang")).to_be_visible()
    line.pass_time(20)
    line.reload()
    line.pass_time(2)
    expect(page.locator(".d-call--new")).to_have_count(0)


def test_an_undone_call_leaves_the_board(quiet: Server, window: Window, picture: Picture) -> None:
    page = window(1920, 1080)
    page.clock.install()
    line = Line(page, quiet)
    line.call(1)
    line.pass_time(13)
    before = line.board["last_call"]
    line.call(2)
    announces(page, "A-002")
    line.tell(calls=[], last_call=before)
    expect(page.locator(".d-call--new")).to_have_count(0)
    expect(page.locator("[data-number]")).to_have_text("A-001")
    line.tell(last_call=None)
    expect(page.locator("[data-card=call]")).to_be_hidden()
    line.call(3)
    announces(page, "A-003")


def test_an_undone_call_does_not_wait_for_its_turn(quiet: Server, window: Window) -> None:
    page = window(1366, 768)
    page.clock.install()
    page.add_init_script(WATCH_CALLS)
    line = Line(page, quiet)
    line.stop_time()
    line.call(1, 2, 3)
    expect(page.locator("[data-queued]")).to_contain_text("A-002")
    line.pass_time(1)
    line.call(1, 3)
    expect(page.locator("[data-queued]")).not_to_contain_text("A-002")
    line.pass_time(30)
    comes_true(page, "shown.join() === 'A-001,A-003'")


def test_a_call_that_is_being_answered_stays_gold(quiet: Server, window: Window) -> None:
    page = window(1366, 768)
    page.clock.install()
    line = Line(page, quiet)
    line.stop_time()
    line.call(1)
    announces(page, "A-001")
    first, *others = line.board["bidang"]
    sat_down = [{"ticket": "A-001", "place": "Loket 1", "state": "serving"}]
    line.tell(calls=[], bidang=[first | {"serving": sat_down}, *others], announcements=["Duduk"])
    expect(page.locator(".d-run__loop").first).to_have_text("Duduk")
    line.pass_time(2)
    announces(page, "A-001")


def test_a_place_on_a_break_and_a_full_bidang(
    quiet: Server, window: Window, picture: Picture
) -> None:
    page = window(1920, 1080, reduced_motion="reduce")
    line = Line(page, quiet)
    columns = page.evaluate(COLUMNS)
    back = (line.started + timedelta(minutes=90)).isoformat()
    breaks = [{"place": "Loket 1", "back_at": back}]
    calm = [b | {"serving": [], "breaks": [], "waiting": 0} for b in line.board["bidang"]]
    calm[0] |= {"breaks": breaks}
    calm[1] |= {"full": True, "waiting": 12}
    calm[2] |= {"breaks": [{"place": "Loket 2", "back_at": None}]}
    calm[3] |= {"full": True}
    line.tell(bidang=calm)
    rows = page.locator("[data-rows] tr")
    expect(rows.nth(0)).to_contain_text(
        re.compile(rf"istirahat\s*kembali {back[11:13]}\.{back[14:16]}")
    )
    expect(rows.nth(1)).to_contain_text("nomor habis")
    expect(rows.nth(2)).to_contain_text("istirahat")
    page.wait_for_timeout(300)
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(COLUMNS) == columns
    picture(page, "display-break-and-full")


@pytest.mark.parametrize("reason", ["Listrik padam", "Listrik padam di seluruh kecamatan, " * 5])
def test_closing_early(quiet: Server, window: Window, picture: Picture, reason: str) -> None:
    page = window(1920, 1080, reduced_motion="reduce")
    line = Line(page, quiet)
    opens = (line.started + timedelta(days=1)).replace(hour=8).isoformat()
    waiting = [b | {"open": False, "serving": []} for b in line.board["bidang"]]
    line.tell(state="closed", opens_at=opens, closure=reason.strip(" ,"), bidang=waiting)
    expect(page.get_by_role("heading", name="Kantor tutup")).to_be_visible()
    expect(page.locator("[data-lines]")).to_contain_text("Tutup lebih awal hari ini: Listrik padam")
    assert page.evaluate(OUTSIDE) == []
    size = "long" if len(reason) > 80 else "short"
    picture(page, f"display-early-waiting-{size}")
    line.tell(bidang=[b | {"waiting": 0} for b in waiting])
    expect(page.locator(".d-closed")).to_contain_text("Tutup lebih awal hari ini: Listrik padam")
    assert page.evaluate(OUTSIDE) == []
    picture(page, f"display-early-{size}")


def test_a_call_made_during_a_reload_is_announced_late(quiet: Server, window: Window) -> None:
    page = window(1366, 768)
    line = Line(page, quiet)
    line.call(1)
    announces(page, "A-001")
    page.evaluate(f"sessionStorage.setItem('ruko-announced-{SLUG}', '0')")
    line.reload()
    announces(page, "A-001")


def test_an_older_board_is_not_shown(quiet: Server, window: Window) -> None:
    page = window(1366, 768)
    line = Line(page, quiet)
    line.tell(announcements=["Yang baru"])
    expect(page.locator(".d-run__loop").first).to_have_text("Yang baru")
    line.board["version"] -= 5
    line.tell(announcements=["Yang lama"])
    page.wait_for_timeout(700)
    expect(page.locator(".d-run__loop").first).to_have_text("Yang baru")


def test_a_cut_line_says_so_and_mends_itself(
    quiet: Server, window: Window, picture: Picture
) -> None:
    page = window(1920, 1080)
    page.clock.install()
    line = Line(page, quiet)
    line.stop_time()
    line.call(1)
    announces(page, "A-001")
    line.pass_time(13)
    line.tell(announcements=["Sampai di sini"])
    expect(page.locator(".d-run__loop").first).to_have_text("Sampai di sini")
    before = page.locator(".d-clock time").inner_text()
    line.cut()
    page.clock.run_for(14_000)
    expect(page.get_by_text("Sambungan terputus")).to_be_hidden()
    page.clock.run_for(3_000)
    expect(page.get_by_text(re.compile(r"Sambungan terputus sejak \d\d\.\d\d"))).to_be_visible()
    expect(page.get_by_text("Terakhir diketahui")).to_be_visible()
    expect(page.locator("tr.is-now")).to_have_count(0)
    picture(page, "display-lost")
    page.clock.run_for(60_000)
    expect(page.locator(".d-clock time")).not_to_have_text(before)
    line.mend()
    expect(page.get_by_text("Sambungan terputus")).to_be_hidden()
    assert line.refused > 1
