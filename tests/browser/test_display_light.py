"""The board for old televisions: what it shows, how it rings, what it tells, and the line cut."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, Route, expect

import display.screen
from ruko import words
from ruko.board import Board, snapshot
from ruko.demo import PASSWORD
from ruko.displays import DisplaySettings
from ruko.offices import Office, get_office
from tests.browser.accessibility.conftest import AXE, TAGS
from tests.browser.board_line import a_call
from tests.browser.conftest import SLUG, Server, comes_true, press_example, serving
from tests.browser.listening import sentence
from tests.browser.test_display_states import (
    HOSTILE,
    LONGEST_NAMES,
    an_entry,
    hostile_board,
    serving_at,
)
from tests.browser.waiting_room import CALL_SOMEBODY, Room, sit_down
from tests.conftest import VisitingClient

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
TimeIs = Callable[..., datetime]
SENT = ("Ruko-Now", "Ruko-Page")

LIGHT = f"/{SLUG}/display/ringan"
OUTSIDE = """
() => [...document.querySelectorAll(".l-board *")].filter((each) => {
  const box = each.getBoundingClientRect();
  if (box.width < 2 || each.closest("svg, .l-sr, .rk-h, .l-roof")) return false;
  const { overflowX, textOverflow } = getComputedStyle(each);
  const cut = each.clientWidth && textOverflow !== "ellipsis" && each.scrollWidth > each.clientWidth + 1;
  const low = overflowX === "hidden" && each.scrollHeight > each.clientHeight * 1.15 && !each.matches("[class*=long]");
  return cut || low || box.left < -9 || box.top < -9 || box.right > innerWidth + 9 || box.bottom > innerHeight + 9;
}).map((each) => `${each.tagName}.${each.className}: ${each.textContent.trim().slice(0, 40)}`)
"""
BOXES = """
() => ['.l-brand', '.l-clock b', '.l-card', '.l-house', '.l-now', '.l-now th[scope=col]', '.l-agenda', '.l-agenda h2', '.l-messages', '.l-foot']
  .flatMap((part) => [...document.querySelectorAll(part)])
  .map((each) => [each.className.replace(/l-(card|now)--\\w+/, ''), each.offsetLeft, each.offsetTop, each.offsetWidth, each.offsetHeight].join(' '))
"""
HEAR_PLAYS = """
window.plays = [];
window.clips = [];
HTMLMediaElement.prototype.play = function () {
  if (this.volume > 0.01) plays.push(this.volume);
  clips.push(this.src.split("/").pop().split(".")[0]);
  setTimeout(() => this.dispatchEvent(new Event("ended")), 700);
  return Promise.resolve();
};
"""
FORBID_PLAYS = """
() => {
  const play = () => Promise.reject(new DOMException("", "NotAllowedError"));
  HTMLMediaElement.prototype.play = play;
}
"""

SPEAK = """
() => new Promise((done) => {
  const log = [];
  window.Audio = class {
    play() {
      this.currentTime = 0;
      log.push(this.src);
      const ends = { hanging: () => {}, missing: () => this.onerror() }[this.src];
      setTimeout(ends ?? (() => this.onended()), 10);
    }
  };
  const undone = 2, last = 3;
  const voice = LightVoice("NAME", {
    state() {},
    spoken(seq) {
      log.push(`spoken ${seq}`);
      if (seq === 1) voice.keep([1, last], 1);
      if (seq === last) done(log);
    },
  });
  voice.say(1, ["chime", "hanging", "a"], 1, 1);
  voice.say(undone, ["chime", "b"], 1, 1);
  voice.say(last, ["chime", "missing", "c"], 1, 1);
})
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("light")
    with serving(folder) as server:
        yield Room(server, folder)


@pytest.fixture(scope="module")
def quiet(room: Room) -> Server:
    """It serves the files; the test tells what the pages say."""
    return room.server


class Telling:
    """A TV with the light page, as this process's own office draws it of a board in the test's hand."""

    def __init__(self, page: Page, server: Server, client: VisitingClient) -> None:
        self.page, self.client, self.server, self.up = page, client, server, True
        self.board: dict[str, Any] = {}
        page.route(re.compile(rf"{LIGHT}(/isi)?$"), self._answer)
        page.route(re.compile("/display/announced$"), self._take_receipt)
        page.route(re.compile("/display/report$"), self._take_report)
        self.told: list[tuple[int, bool]] = []
        """Each receipt that it took: which call, and whether it was spoken."""
        self.reports: list[dict[str, Any]] = []

    def recent(self, _office: Office, *, now: datetime) -> Board:
        return Board(0, 1, self.board, None)

    def tell(self, **changes: Any) -> None:
        """What the server says from now on."""
        self.board = self.board | changes
        self._said = {address: self.client.get(address) for address in (LIGHT, f"{LIGHT}/isi")}

    def ask(self, **changes: Any) -> None:
        """Let the page hear it."""
        self.tell(**changes)
        with self.page.expect_response(re.compile(f"{LIGHT}/isi$")):
            self.page.clock.run_for(5_000)

    def wait(self, until: Callable[[], bool]) -> None:
        """Let the page's time pass until it is so."""
        for _ in range(100):
            if until():
                return
            self.page.clock.run_for(500)
            self.page.wait_for_timeout(50)
        assert until()

    def _take_receipt(self, route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        self.told.append((said["seq"], said["spoken"]))
        route.fulfill(status=204)

    def _take_report(self, route: Route) -> None:
        self.reports.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(json={})

    def _answer(self, route: Route) -> None:
        if not self.up:
            route.abort()
            return
        said = self._said["/" + route.request.url.split("/", 3)[3]]
        kept = {name: said.headers[name] for name in SENT if name in said.headers}
        route.fulfill(body=said.data, content_type="text/html", headers=kept)


Screen = Callable[[VisitingClient], Telling]


@pytest.fixture
def tv(a_tv: Screen, client: VisitingClient) -> Telling:
    return a_tv(client)


@pytest.fixture
def paired_tv(a_tv: Screen, paired: Callable[..., VisitingClient]) -> Telling:
    return a_tv(paired("display"))


@pytest.fixture
def a_tv(window: Window, quiet: Server, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Screen:
    return lambda client: opened(client, window, quiet, now, monkeypatch)


def opened(
    client: VisitingClient,
    window: Window,
    quiet: Server,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Telling:
    page = window(1280, 720)
    page.add_init_script(AXE_SCRIPT)
    page.add_init_script(HEAR_PLAYS)
    page.clock.install()
    made = Telling(page, quiet, client)
    with client.application.app_context():
        board = snapshot(get_office(SLUG), now=now).as_json(words.board_sentence)
    waiting = {"waiting": 2, "estimate_minutes": [5, 15]}
    served = [b | waiting | {"serving": serving_at(b["letter"], 4)} for b in board["bidang"]]
    monkeypatch.setattr(display.screen, "recent", made.recent)
    made.tell(**board | {"bidang": served, "agenda": [an_entry(now, n) for n in (0, 0, 1, 3)]})
    page.goto(quiet.url + LIGHT)
    return made


# ── The states, one after the other ───────────────────────────────────────────────────────────


def idle(tv: Telling, _time_is: TimeIs) -> None:
    tv.ask()
    expect(tv.page.get_by_text("silakan masuk.")).to_be_visible()


def new_queued(tv: Telling, time_is: TimeIs) -> None:
    calls = [a_call(time_is(9), n, **LONGEST_NAMES) for n in (2, 3, 4, 5)]
    tv.ask(calls=calls, last_call=calls[-1], seq=5)
    expect(tv.page.locator(".l-board.is-new h1")).to_have_text("A-005")
    said = "Nomor antrean A-005, silakan menuju Ruang RUKO 2"
    expect(tv.page.locator("#said")).to_contain_text(said)
    expect(tv.page.locator(".q")).to_contain_text("Juga dipanggil")
    assert tv.page.evaluate("plays[0]") == 0.8


def call(tv: Telling, time_is: TimeIs) -> None:
    tv.page.clock.run_for(8_000)
    expect(tv.page.locator(".l-board.is-new")).to_have_count(0)
    time_is(9, 2)
    tv.ask(calls=tv.board["calls"][-1:])
    expect(tv.page.locator(".q")).to_have_count(0)
    assert tv.page.evaluate("plays") == [0.8] * 4, "each call sounds once, the last one twice"


def lost(tv: Telling, _time_is: TimeIs) -> None:
    tv.up = False
    tv.page.clock.run_for(17_000)
    expect(tv.page.get_by_text("Sambungan terputus sejak 09.02.")).to_be_visible()
    expect(tv.page.get_by_text("Terakhir diketahui")).to_be_visible()
    expect(tv.page.locator("h1")).to_have_text("A-005")
    said = set()
    for _ in range(10):
        tv.page.clock.run_for(12_000)
        said.add(tv.page.locator(".l-messages .is-on").text_content())
    assert len(said) > 1, "one sentence at a time, each in its turn"
    # Two minutes more, and what a slow computer has taken itself.
    expect(tv.page.locator("#time")).to_have_text(re.compile(r"^09\.0[4-9]$"))


def hostile(tv: Telling, time_is: TimeIs) -> None:
    tv.up = True
    tv.ask(**hostile_board(tv.board["bidang"], time_is(9, 2), 6))
    expect(tv.page.get_by_text("Sambungan terputus")).to_be_hidden()
    expect(tv.page.locator(".v")).to_have_text(HOSTILE[:80].strip())


def recess(tv: Telling, time_is: TimeIs) -> None:
    noon = time_is(12, 10)
    empty = [b | {"serving": [], "waiting": 0} for b in tv.board["bidang"]]
    nobody: dict[str, Any] = {"calls": [], "last_call": None, "bidang": empty, "agenda": []}
    back = noon.replace(hour=13, minute=0).isoformat()
    tv.ask(state="break", opens_at=back, announcements=["Satu"], **nobody)
    expect(tv.page.get_by_text("Layanan dilanjutkan pukul 13.00 WITA.")).to_be_visible()
    expect(tv.page.locator("#time")).to_have_text("12.10")


def closed(tv: Telling, time_is: TimeIs) -> None:
    evening = time_is(18, 20)
    opens = (evening + timedelta(days=1)).replace(hour=8, minute=0).isoformat()
    tv.ask(state="closed", opens_at=opens)
    expect(tv.page.locator(".l-closed")).to_contain_text("Selasa, 24 November pukul 08.00 WITA")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_every_state_fits_and_nothing_moves(
    tv: Telling, picture: Picture, time_is: TimeIs, width: int, height: int
) -> None:
    tv.page.set_viewport_size({"width": width, "height": height})
    usual: list[str] = []
    for state in (idle, new_queued, call, lost, hostile, recess, closed):
        state(tv, time_is)
        picture(tv.page, f"ringan-{state.__name__.replace('_', '-')}-{height}")
        assert tv.page.evaluate(OUTSIDE) == [], state
        assert tv.page.evaluate(AXE, {"tags": TAGS}) == [], state
        boxes = tv.page.evaluate(BOXES)
        usual = usual or boxes
        assert boxes == usual or state is closed, state
    assert not tv.told, "nothing is asked of a screen that is not paired"
    assert not tv.reports


# ── What a paired one tells ───────────────────────────────────────────────────────────────────


def test_each_call_is_receipted_when_it_is_on_the_screen(
    paired_tv: Telling, time_is: TimeIs, monkeypatch: pytest.MonkeyPatch
) -> None:
    tv, now = paired_tv, time_is(9)
    calls = [a_call(now, n) for n in range(2, 9)]
    tv.ask(calls=calls[:4], last_call=calls[3], seq=5)  # the oldest is one of "+1"
    tv.wait(lambda: len(tv.told) == 6)
    assert tv.told == [(5, False), (4, False), (3, False), (3, True), (4, True), (5, True)]
    tv.told.clear()
    tv.ask(calls=calls[:2])
    tv.wait(lambda: tv.told == [(2, False), (2, True)])

    tv.tell(calls=calls[4:5], last_call=calls[4], seq=6)
    tv.page.route("**/display/announced", lambda route: route.abort(), times=2)  # tried again
    tv.wait(lambda: (6, True) in tv.told)
    assert tv.told[2:] == [(6, False), (6, True)]

    tv.told.clear()
    tv.page.evaluate(FORBID_PLAYS)
    tv.ask(calls=calls[5:6], last_call=calls[5], seq=7)
    tv.wait(lambda: tv.reports[-1]["sound"] == "blocked")
    expect(tv.page.get_by_role("button", name="Aktifkan suara")).to_be_visible()
    monkeypatch.setattr(DisplaySettings, "is_silent", lambda *_: True)
    tv.ask(calls=calls[6:], last_call=calls[6], seq=8)
    tv.wait(lambda: len(tv.told) == 2)
    tv.page.clock.run_for(6_000)
    assert tv.told == [(7, False), (8, False)]


def test_it_reports_once_a_minute_and_a_first_start_tells_of_no_call(
    paired_tv: Telling, time_is: TimeIs
) -> None:
    tv, call = paired_tv, a_call(time_is(9), 2)
    tv.tell(calls=[call], last_call=call, seq=2)
    tv.page.evaluate("localStorage.clear()")
    tv.page.reload()
    expect(tv.page.locator("h1")).to_have_text("A-002")
    tv.wait(lambda: bool(tv.reports))
    before = len(tv.reports)
    tv.page.clock.run_for(130_000)
    tv.wait(lambda: len(tv.reports) == before + 2)
    edition = tv.page.get_attribute("#board", "data-page")
    assert tv.reports[-1] == {"sound": "on", "page": edition, "missing": 0}
    assert tv.told == []


# ── On the real server ────────────────────────────────────────────────────────────────────────


def test_it_shows_and_rings_a_call_of_the_desk(quiet: Server, window: Window) -> None:
    """On the real server, with nothing in the test's hand."""
    tv = window(1280, 720)
    tv.add_init_script(HEAR_PLAYS)
    asked: list[str] = []
    tv.on("request", lambda request: asked.append(request.url))
    tv.goto(quiet.url + LIGHT)
    expect(tv.locator(".l-now tbody tr")).to_have_count(6)
    desk = window(1280, 800)
    desk.goto(f"{quiet.home}/login")
    desk.fill("input[name=username]", "operator")
    desk.fill("input[name=password]", PASSWORD)
    desk.press("input[name=password]", "Enter")
    desk.wait_for_url(re.compile("/desk"))
    turn = desk.evaluate(CALL_SOMEBODY, {"office": SLUG, "bidang": "SEK"})["turn"]
    ticket = turn["ticket"]
    expect(tv.locator(".l-board.is-new h1")).to_have_text(ticket)
    expect(tv.locator("tr.is-now .now")).to_have_text(ticket)
    expect(tv.locator("#said")).to_contain_text(f"Nomor antrean {ticket}")
    words_said = " ".join(sentence(ticket, turn["counter"], "SEK"))
    comes_true(tv, f"clips.join(' ').includes('{words_said}')")
    assert tv.evaluate("plays[0]") == 0.8
    assert all(url.startswith(quiet.url) for url in asked)
    assert not any("socket.io" in url or "core.css" in url for url in asked)
    tv.reload()
    expect(tv.locator("h1")).to_have_text(ticket)
    expect(tv.locator(".l-board.is-new")).to_have_count(0)


def test_a_hanging_or_missing_clip_and_an_undone_call_stop_no_other(
    quiet: Server, window: Window
) -> None:
    tv = window(1280, 720)
    tv.goto(quiet.url + LIGHT)
    first, last = ["chime", "hanging", "a", "spoken 1"], ["chime", "missing", "c", "spoken 3"]
    assert tv.evaluate(SPEAK) == first + last


def test_a_call_is_receipted_when_its_chime_was_heard(room: Room, window: Window) -> None:
    """On the real server and with real sound."""
    sit_down(room, window(1280, 800))
    tv = window(1280, 720)
    tv.goto(f"{room.server.home}/display/pair")
    press_example(tv, "papan contoh", tv.locator(".d-light"))
    tv.goto(room.server.url + LIGHT)
    tv.locator(".l-brand").click()  # what the button is for, where the browser waits for a tap
    calls = room.call(2)
    spoken = [(call.seq, True) for call in calls]
    for _ in range(600):
        if room.receipts(*calls) == spoken and room.report().get("sound") == "on":
            break
        tv.wait_for_timeout(100)
    assert room.receipts(*calls) == spoken
    assert room.report()["sound"] == "on"
    assert room.report()["page"] == tv.get_attribute("#board", "data-page")


def test_without_scripts_it_shows_the_board_too(quiet: Server, window: Window) -> None:
    tv = window(1280, 720, java_script_enabled=False)
    tv.goto(quiet.url + LIGHT)
    expect(tv.locator(".l-now tbody tr")).to_have_count(6)
    expect(tv.locator(".l-messages p").first).to_be_visible()
    expect(tv.locator("meta[http-equiv=refresh]")).to_have_count(1)


def test_a_browser_without_modules_is_led_here(quiet: Server, window: Window) -> None:
    tv = window(1280, 720)
    tv.add_init_script("delete HTMLScriptElement.prototype.noModule")
    tv.goto(f"{quiet.home}/display")
    tv.wait_for_url(f"**{LIGHT}")
    expect(tv.locator(".l-now tbody tr")).to_have_count(6)
