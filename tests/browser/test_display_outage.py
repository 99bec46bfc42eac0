"""A server that dies, a line that breaks, answers that come late or twice: no call lost, none doubled."""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.cable import Cable
from tests.browser.conftest import serving
from tests.browser.listening import SOUND_FOLLOWS_THE_PAGE, Listener
from tests.browser.waiting_room import Call, Room, a_display, sit_down

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]
FULL_HD = (1920, 1080)
MORNING = datetime.fromisoformat("2026-11-23T09:00:20+08:00")
OUTAGE_SECONDS = 30
SLOW = 120_000  # milliseconds: a minute has to pass
DROPS = 50
SEED = 20261123
STEP_MS = 300
SLOW_STEP_MS = 40
STEPS = 6_000
LOST = "[data-away]"
KEEP_PICTURES = """
document.addEventListener("DOMContentLoaded", () => {
  const board = document.querySelector(".d-board");
  if (!board) return;
  window.emptiest = Infinity;
  const look = () => {
    const numbers = board.querySelectorAll("[data-rows] .n .rk-no").length;
    if ("lost" in board.dataset) emptiest = Math.min(emptiest, numbers);
  };
  new MutationObserver(look).observe(board, { subtree: true, childList: true, attributes: true });
});
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    with serving(folder) as server:
        yield Room(server, folder)


@pytest.fixture
def room(started: Room, window: Window) -> Room:
    """The waiting room with somebody at the desk."""
    sit_down(started, window(1280, 800))
    return started


def tickets(calls: list[Call]) -> list[str]:
    return [call.ticket for call in calls]


def spoken(calls: list[Call]) -> list[tuple[int, bool]]:
    """The receipts that those calls shall have in the end, from one display."""
    return [(call.seq, True) for call in calls]


def once(sentences: list[list[str]]) -> list[list[str]]:
    """Without the repeats of what was said just before."""
    return [
        each for each, before in zip(sentences, [[], *sentences], strict=False) if each != before
    ]


# ── The server is killed ──────────────────────────────────────────────────────────────────────


def test_the_server_is_dead_for_half_a_minute(
    tmp_path: Path, window: Window, picture: Picture
) -> None:
    began = time.monotonic()
    running = serving(tmp_path, now=MORNING.isoformat())
    with running as server:
        room = Room(server, tmp_path)
        sit_down(room, window(1280, 800))
        page = window(*FULL_HD)
        listener = Listener(page)
        page.add_init_script(KEEP_PICTURES)
        a_display(room, page)
        loads: list[str] = []
        page.on("load", lambda loaded: loads.append(loaded.url))
        clock = page.locator("[data-time]")
        before = clock.inner_text()
        calls = room.call(6)
        listener.wait(lambda: room.receipts(calls[0]) == spoken(calls[:1]))
        listener.wait(lambda: {call.words[-2] for call in calls} <= set(listener.loaded))
        running.kill()
        dead_since = time.monotonic()
    after = clock.inner_text()
    expect(page.locator(LOST)).to_be_visible()
    assert before <= page.locator("[data-since]").inner_text() <= after
    assert page.locator("[data-rows] tr").count() == 6
    picture(page, "display-server-dead")
    at = clock.inner_text()
    expect(clock).not_to_have_text(at, timeout=SLOW)
    listener.wait(lambda: time.monotonic() - dead_since > OUTAGE_SECONDS, seconds=OUTAGE_SECONDS)
    assert len(listener.shown) > len(room.receipts(*calls)) + 1, "the line goes on by itself"

    (data,) = tmp_path.glob("ruko-demo-*")
    (tmp_path / "data").symlink_to(data)
    now = MORNING + timedelta(seconds=time.monotonic() - began)
    port = urlsplit(server.url).port
    with serving(tmp_path, now=now.isoformat(), command="serve", port=port):
        more = room.call(2)
        everything = calls + more
        expect(page.locator(LOST)).to_be_hidden()
        listener.wait(lambda: room.receipts(*everything) == spoken(everything), seconds=90)
        assert listener.shown == tickets(everything)
        assert once(listener.sentences) == [call.words for call in everything]
        assert page.evaluate("emptiest") > 0
        assert loads == []


# ── The socket is cut ─────────────────────────────────────────────────────────────────────────


@dataclass
class Stream:
    """A desk that calls now and then, at places of several bidang, and some of them again."""

    room: Room
    listener: Listener
    batches: list[tuple[str, int]]
    recalls: int
    calls: list[Call] = field(default_factory=list)

    def pass_time(self) -> None:
        """Fast, but not while the page loads what it has to say: its patience is real."""
        loading = {call.words[-2] for call in self.calls} - set(self.listener.loaded)
        self.listener.page.clock.run_for(SLOW_STEP_MS if loading else STEP_MS)
        self.listener.page.wait_for_timeout(20)

    def go_on(self) -> None:
        """The next calls, while a person could still hear them all in time."""
        heard = len(self.room.receipts(*self.calls))
        if self.batches and len(self.calls) - heard < 4:
            bidang, how_many = self.batches.pop(0)
            self.calls += self.room.call(how_many, bidang=bidang)
        elif not self.batches and self.recalls and heard == len(self.calls):
            call = self.calls[self.recalls]
            if self.room.recall(call):
                self.recalls -= 1
                self.calls.append(self.room.recalled(call))

    @property
    def is_over(self) -> bool:
        everything = self.room.receipts(*self.calls) == spoken(self.calls)
        return not self.batches and not self.recalls and everything


def test_fifty_drops_at_random(room: Room, window: Window) -> None:
    """Some of them unnoticed by the server; the desk calls and calls again meanwhile."""
    chance = random.Random(SEED)
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    batches = [("SEK", 6), ("PEM", 4), ("KES", 1), ("TRB", 5), ("PMD", 3), ("YAN", 5)]
    stream = Stream(room, listener, batches, recalls=5)
    drops = 0
    with Cable(room.server) as cable:
        cable.is_noticed = lambda: chance.random() < 0.7
        a_display(room, page, server=cable.server)
        for step in range(STEPS):
            stream.pass_time()
            if drops < DROPS and chance.random() < 0.2:
                drops += cable.cut()
            if step % 5 == 0:
                stream.go_on()
                if stream.is_over and drops >= DROPS:
                    break
        assert drops >= DROPS
        assert room.receipts(*stream.calls) == spoken(stream.calls)
    assert listener.shown == tickets(stream.calls)
    assert once(listener.sentences) == [call.words for call in stream.calls]


# ── Late, twice, out of order ─────────────────────────────────────────────────────────────────


def test_the_first_board_of_a_new_line_comes_late(room: Room, window: Window) -> None:
    """It was true when it left; the page has asked meanwhile and announced a newer call."""
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    lines: list[WebSocketRoute] = []
    late: list[str | bytes] = []
    is_late = False

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        lines.append(socket)
        late.clear()
        opens = '0{"sid"'

        def tell(said: str | bytes) -> None:
            if is_late and opens not in str(said):
                late.append(said)
            else:
                socket.send(said)

        server.on_message(tell)

    page.route_web_socket(re.compile("/socket.io/"), connect)
    a_display(room, page)
    before = room.call(2)
    listener.wait(lambda: room.receipts(*before) == spoken(before), step=STEP_MS)
    is_late = True
    lines[-1].close()
    listener.wait(lambda: any('["board"' in str(said) for said in late), step=STEP_MS)
    calls = room.call(3)
    listener.wait(lambda: calls[0].words in listener.sentences, step=STEP_MS)
    is_late = False
    for said in late:
        lines[-1].send(said)
    another = room.call()
    everything = before + calls + another
    listener.wait(lambda: room.receipts(*everything) == spoken(everything), step=STEP_MS)
    assert listener.shown == tickets(everything)
    assert once(listener.sentences) == [call.words for call in everything]


def test_answers_that_come_late_twice_and_out_of_order(room: Room, window: Window) -> None:
    """Each part of each answer is held back, boards are told again at random, older ones too."""
    chance = random.Random(SEED)
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    stream = Stream(room, listener, [("SEK", 4), ("PEM", 3), ("KES", 3)], recalls=2)
    lines: list[WebSocketRoute] = []
    told: list[str | bytes] = []

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        lines.append(socket)

        def tell(said: str | bytes) -> None:
            socket.send(said)
            if str(said).startswith("42/board,"):
                socket.send(said)
                told.append(said)

        server.on_message(tell)

    with Cable(room.server) as cable:
        page.route_web_socket(re.compile("/socket.io/"), connect)
        a_display(room, page, server=cable.server)
        cable.lag = lambda: chance.random() * 0.6  # seconds of a page whose clock runs fast
        for step in range(STEPS):
            stream.pass_time()
            if chance.random() < 0.02:
                cable.cut()
            if told and chance.random() < 0.3:
                lines[-1].send(chance.choice(told))
            if step % 5 == 0:
                stream.go_on()
                if stream.is_over:
                    break
        assert room.receipts(*stream.calls) == spoken(stream.calls)
    assert listener.shown == tickets(stream.calls)
    assert once(listener.sentences) == [call.words for call in stream.calls]


# ── One computer, two screens ─────────────────────────────────────────────────────────────────


def test_two_windows_of_one_browser(room: Room, window: Window) -> None:
    """They share the pairing and the memory; each announces each call, also the slower one."""
    page = window(*FULL_HD)
    other = page.context.new_page()
    _fast, slow = listeners = [Listener(page, fast=True), Listener(other)]
    other.add_init_script(SOUND_FOLLOWS_THE_PAGE)
    slow.long = {f"place-{room.free[0]}"}
    a_display(room, page)
    other.goto(f"{room.server.home}/display")
    other.get_by_role("button", name="Aktifkan suara").click()
    slow.wait(lambda: slow.heard == ["chime"])
    slow.heard.clear()
    calls = room.call(3)
    for each in listeners:
        each.wait(lambda: calls[-1].words in each.sentences, step=STEP_MS)  # noqa: B023 – called at once
        assert each.shown == tickets(calls)
        assert once(each.sentences) == [call.words for call in calls]
