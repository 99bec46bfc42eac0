"""The picture of the board in every state and at every size: it fits, and nothing moves."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.accessibility.conftest import AXE, TAGS
from tests.browser.board_line import COLUMNS, OUTSIDE, Line, a_call, announces
from tests.browser.conftest import Server, serving

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]

SIZES = {"1366": (1366, 768), "1080": (1920, 1080), "4k": (3840, 2160)}
BOXES = """
() => ['.d-head', '.d-clock', '.d-main', '[data-card]:not([hidden])', '.d-now', '.d-now th[scope=col]', '.d-agenda', '.d-agenda h2', '.d-foot']
  .flatMap((part) => [...document.querySelectorAll(part)])
  .map((each) => [each.className, each.offsetLeft, each.offsetTop, each.offsetWidth, each.offsetHeight].join(' '))
  .map((box) => box.replace(/rk-house [^0-9]*/, 'house '))
"""
END_PULSES = "document.getAnimations().filter((each) => each.animationName === 'd-pulse').forEach((each) => each.finish())"
HOSTILE = '"Nama" <b onclick=alert(1)>tebal</b> & {time} ' + "panjang sekali " * 4
SLIDE = '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="#8FC1E3"/></svg>'
LONGEST_NAMES = {
    "bidang": "TRB",
    "bidang_name": "Seksi Ketenteraman dan Ketertiban Umum",
    "place": "Ruang RUKO 2",
    "village_name": "Desa Baruh Bahinu Dalam",
}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An office where only the test makes things happen."""
    with serving(tmp_path_factory.mktemp("quiet")) as started:
        yield started


def hostile_names() -> dict[str, str]:
    return {
        "bidang_name": HOSTILE[:80],
        "place": HOSTILE[:40],
        "village_name": HOSTILE[:80],
    }


def serving_at(letter: str, *numbers: int) -> list[dict[str, str]]:
    places = ("Ruang RUKO 2", HOSTILE[:40], "Loket 5")
    return [
        {"ticket": f"{letter}-{n:03}", "place": place, "state": "serving"}
        for n, place in zip(numbers, places, strict=False)
    ]


def an_entry(started: datetime, hours: int, **changes: Any) -> dict[str, Any]:
    begins = started + timedelta(hours=hours)
    entry = {
        "room": 2,
        "room_name": "Ruang RUKO 2",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=1)).isoformat(),
        "village": "x",
        "village_name": "Desa Telaga Purun",
        "bidang": "SEK",
        "state": "confirmed",
    }
    return entry | changes


def hostile_board(bidang: list[dict[str, Any]], started: datetime, seq: int) -> dict[str, Any]:
    """Names as long as they may be, made to break a page."""
    full = [
        b
        | {"short_name": (HOSTILE[:60], "W" * 60)[n % 2], "waiting": 888}
        | {"serving": serving_at(b["letter"], 1128, 127, 126)[: 1 + n % 3]}
        | {"estimate_minutes": [115, 240]}
        for n, b in enumerate(bidang)
    ]
    villages = ["Desa Baruh Bahinu Dalam", "Kelurahan Batu Piring", HOSTILE[:90], "W" * 90]
    agenda = [an_entry(started, 0, village_name=each) for each in villages]
    agenda[2]["room_name"] = HOSTILE[:40]
    agenda[3]["bidang"] = "none of these"
    called = a_call(started, seq, ticket="C-1128", bidang="TRB", **hostile_names())
    calls = [called | {"seq": seq + n} for n in range(3)]
    sentences = [(HOSTILE * 2)[:200], "W" * 200]
    return {
        "bidang": full,
        "agenda": agenda,
        "calls": calls,
        "last_call": calls[-1],
        "announcements": sentences,
        "seq": seq + 2,
    }


# ── The states, one after the other ───────────────────────────────────────────────────────────


def idle(line: Line) -> None:
    served = [b | {"serving": serving_at(b["letter"], 4)} for b in line.board["bidang"]]
    line.tell(bidang=served, agenda=[an_entry(line.started, n) for n in (0, 0, 1, 3)])
    expect(line.page.get_by_text("silakan masuk.")).to_be_visible()


def new_queued(line: Line) -> None:
    line.call(1, 2, 3, 4, **LONGEST_NAMES)
    announces(line.page, "A-001")
    expect(line.page.locator("[data-queued]")).to_contain_text("Kemudian")
    expect(line.page.locator("[data-queued]")).to_contain_text("+1")


def call(line: Line) -> None:
    line.call(4, village_name="Desa Galumbang")
    announces(line.page, "A-004")
    line.pass_time(14)
    expect(line.page.locator(".d-call--new")).to_have_count(0)
    expect(line.page.locator("[data-number]")).to_have_text("A-004")


def lost(line: Line) -> None:
    line.cut()
    line.page.clock.run_for(16_000)
    expect(
        line.page.get_by_text(re.compile(r"Sambungan terputus sejak \d\d\.\d\d"))
    ).to_be_visible()
    expect(line.page.get_by_text("Terakhir diketahui")).to_be_visible()
    expect(line.page.locator("tr.is-now")).to_have_count(0)


def hostile(line: Line) -> None:
    line.mend()
    expect(line.page.get_by_text("Sambungan terputus")).to_be_hidden()
    line.tell(**hostile_board(line.board["bidang"], line.started, 5))
    expect(line.page.locator(".d-call--new [data-number]")).to_have_text("C-1128")
    expect(line.page.locator("[data-village]")).to_have_text(HOSTILE[:80].strip())


def recess(line: Line) -> None:
    noon = line.started.replace(hour=12, minute=10)
    back = noon.replace(hour=13, minute=0).isoformat()
    line.tell(
        at=noon, state="break", opens_at=back, announcements=["Satu"], agenda=[], **nobody(line)
    )
    expect(line.page.get_by_role("heading", name="Istirahat")).to_be_visible()
    expect(line.page.get_by_text("Layanan dilanjutkan pukul 13.00 WITA.")).to_be_visible()


def closed(line: Line) -> None:
    evening = line.started.replace(hour=18, minute=20)
    opens = (evening + timedelta(days=1)).replace(hour=8, minute=0).isoformat()
    line.tell(at=evening, state="closed", opens_at=opens, **nobody(line))
    expect(line.page.get_by_role("heading", name="Kantor tutup")).to_be_visible()
    expect(line.page.locator(".d-closed")).to_contain_text("Selasa, 24 November pukul 08.00 WITA")


def nobody(line: Line) -> dict[str, Any]:
    """An office without visitors."""
    empty = [b | {"serving": [], "waiting": 0} for b in line.board["bidang"]]
    return {"calls": [], "last_call": None, "bidang": empty}


@pytest.mark.parametrize("size", SIZES)
def test_every_state_fits_and_nothing_moves(
    quiet: Server, window: Window, picture: Picture, size: str
) -> None:
    page = window(*SIZES[size], reduced_motion="no-preference" if size == "1080" else "reduce")
    page.add_init_script(AXE_SCRIPT)
    page.clock.install()
    line = Line(page, quiet)
    line.stop_time()
    usual: list[str] = []
    for state in (idle, new_queued, call, lost, hostile, recess, closed):
        state(line)
        page.evaluate(END_PULSES)
        picture(page, f"papan-{state.__name__.replace('_', '-')}-{size}")
        assert page.evaluate(OUTSIDE) == [], state
        assert page.evaluate("document.scrollingElement.scrollHeight - innerHeight") == 0
        boxes = page.evaluate(BOXES)
        usual = usual or boxes
        assert boxes == usual or state is closed, state
        if size == "1366":
            page.clock.resume()  # axe waits now and then
            assert page.evaluate(AXE, {"tags": TAGS}) == [], state
            line.stop_time()


def test_a_zone_shows_its_own_bidang_alone(quiet: Server, window: Window, picture: Picture) -> None:
    page = window(1920, 1080, reduced_motion="reduce")
    page.clock.install()
    line = Line(page, quiet)
    columns = page.evaluate(COLUMNS)
    served = [b | {"serving": serving_at(b["letter"], 2)} for b in line.board["bidang"]]
    line.tell(bidang=served, agenda=[an_entry(line.started, 1)])
    line.set(zone=["PEM", "TRB"])
    rows = page.locator("[data-rows] tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Ketenteraman dan Ketertiban Umum")
    expect(page.locator("[data-agenda] .rk-letter")).to_have_text("F")
    assert page.evaluate(COLUMNS) == columns
    line.call(2, bidang="TRB", ticket="C-002")
    announces(page, "C-002")
    line.pass_time(14)
    theirs = a_call(line.started, 3, bidang="SEK", ticket="F-003")
    line.tell(calls=[theirs], last_call=theirs, seq=3)
    line.pass_time(2)
    expect(page.locator("[data-number]")).to_have_text("C-002")
    expect(page.locator(".d-call--new")).to_have_count(0)
    picture(page, "papan-zone-two")
    assert page.evaluate(OUTSIDE) == []
    line.set(zone=["PEM"])
    expect(rows).to_have_count(1)
    expect(page.get_by_text("silakan masuk.")).to_be_visible()
    picture(page, "papan-zone-one")
    line.set(zone=[])
    expect(rows).to_have_count(6)


def test_pictures_come_between_calls(quiet: Server, window: Window, picture: Picture) -> None:
    page = window(1920, 1080)
    page.clock.install()
    page.route(
        re.compile("/display/slides/"),
        lambda route: (
            route.fulfill(body=SLIDE, content_type="image/svg+xml")
            if route.request.url.endswith("good")
            else route.abort()
        ),
    )
    line = Line(page, quiet)
    shown = page.locator(".d-slides img.is-on")
    line.tell(
        slides=[{"picture": "broken", "text": "Rusak"}, {"picture": "good", "text": 'Posyandu "8"'}]
    )
    expect(page.locator(".d-slides img")).to_have_count(2)
    page.evaluate(
        "Promise.allSettled([...document.querySelectorAll('.d-slides img')].map((each) => each.decode()))"
    )
    line.stop_time()
    seen = []
    for _ in range(4):
        line.pass_time(6)
        seen.append(shown.count())
    assert sum(seen) == 2, "in turns with the words"
    while not shown.count():
        line.pass_time(6)
    expect(page.get_by_role("img", name='Posyandu "8"')).to_be_visible()
    expect(page.get_by_text("silakan masuk.")).to_be_hidden()
    picture(page, "papan-slide")
    line.call(1)
    announces(page, "A-001")
    expect(page.locator(".d-slides")).to_be_hidden()
    line.pass_time(26)
    expect(page.locator(".d-call--new")).to_have_count(0)
    expect(page.locator(".d-slides")).to_be_hidden()  # the visitor is still looked for
    first, *rest = line.board["bidang"]
    arrived = {"ticket": "A-001", "place": "Loket 1", "state": "serving"}
    line.tell(calls=[], bidang=[first | {"serving": [arrived]}, *rest])
    number = page.locator("[data-number]")
    while not shown.count():
        line.pass_time(6)
    expect(number).to_be_hidden()
    while shown.count():
        line.pass_time(6)
    expect(number).to_be_visible()  # in turns with the pictures
    line.call(2)
    announces(page, "A-002")
    expect(number).to_be_visible()


def test_an_unlike_board_does_not_blank_the_screen(quiet: Server, window: Window) -> None:
    """Another edition's, or an office that was changed during the day."""
    page = window(1366, 768)
    page.clock.install()
    line = Line(page, quiet)
    first, second, *_ = line.board["bidang"]
    for key in ("slides", "agenda", "announcements", "closure", "holiday", "opens_at", "message"):
        line.board.pop(key, None)
    spare = {key: first[key] for key in ("code", "name", "letter")}
    unlike = a_call(line.started, 1, bidang="GONE", bidang_name="Seksi Lama", kind="shouted")
    odd = second | {"letter": None, "serving": [{"ticket": "B-001", "place": "Meja baru"}], "x": 1}
    line.tell(bidang=[spare, odd], calls=[unlike], last_call=unlike, seq=1, novelty={"a": 1})
    announces(page, "A-001")
    expect(page.locator("[data-bidang]")).to_have_text("Seksi Lama")
    expect(page.locator("[data-rows] tr")).to_have_count(2)
    expect(page.locator("[data-rows] tr").nth(0)).to_contain_text(first["name"])
    expect(page.locator("[data-rows] tr").nth(1)).to_contain_text("Meja baru")
    line.tell(agenda=[{}, an_entry(line.started, 1)], announcements=7, bidang=[odd, spare])
    expect(page.locator("[data-agenda] li")).to_have_count(1)
    expect(page.locator("[data-rows] tr")).to_have_count(2)
    line.call(2, ticket="A-002")
    announces(page, "A-002")
