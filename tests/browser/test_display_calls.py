"""No call lost, none twice: what displays show, speak and receipt, on a real server."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import serving
from tests.browser.listening import Listener, sentence
from tests.browser.waiting_room import Room, a_display, sit_down

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
TWENTY = 20
FULL_HD = (1920, 1080)


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


def test_twenty_calls_at_once(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    a_display(room, page)
    calls = room.call(TWENTY)
    places = {f"place-{call.counter}" for call in calls}
    listener.wait(lambda: places <= set(listener.loaded))
    listener.wait(lambda: len(listener.sentences) > TWENTY, step=400, seconds=40)
    listener.wait(lambda: room.receipts(*calls) == [(call.seq, True) for call in calls])
    page.clock.run_for(30_000)
    assert listener.shown == [call.ticket for call in calls]
    assert listener.sentences == [*(call.words for call in calls), calls[-1].words]


def test_two_displays(room: Room, window: Window) -> None:
    listeners = [Listener(window(*FULL_HD), fast=True) for _ in range(2)]
    for each in listeners:
        a_display(room, each.page)
    calls = room.call(2)
    twice = [(call.seq, True) for call in calls for _ in listeners]
    for each in listeners:
        each.wait(lambda: room.receipts(*calls) == twice or len(each.sentences) > 1, step=200)  # noqa: B023 – called at once
    listeners[0].wait(lambda: room.receipts(*calls) == twice)
    for each in listeners:
        assert each.sentences[:2] == [call.words for call in calls]


def test_a_reload_in_the_middle_of_a_sentence(room: Room, window: Window) -> None:
    """That call is announced again from its start, the one before it is not."""
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    a_display(room, page)
    (before,) = room.call()
    listener.wait(lambda: room.receipts(before) == [(before.seq, True)])
    listener.long = {f"place-{room.free[0]}"}
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, False)], step=200)
    listener.long.clear()
    listener.heard.clear()
    page.evaluate("setTimeout(() => location.reload())")  # as the page itself does: sound stays
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    assert listener.sentences[-1] == call.words
    assert listener.shown == [before.ticket, call.ticket, call.ticket]


def test_an_undone_call_is_silent_at_once(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    listener = Listener(page)
    listener.long = {f"place-{room.free[0]}"}
    a_display(room, page)
    (call,) = room.call()
    listener.wait(lambda: "bidang-SEK" in listener.heard)
    assert listener.cuts == 0
    room.step(call, "undo")
    expect(page.locator(".d-call--new")).to_have_count(0)
    listener.wait(lambda: listener.cuts)
    (another,) = room.call()
    listener.wait(lambda: room.receipts(another) == [(another.seq, True)])
    assert room.receipts(call) == [(call.seq, False)]


def test_a_recall_waits_for_the_sentence_before_it(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    listener = Listener(page, fast=True)
    a_display(room, page)
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    listener.wait(lambda: room.recall(call))
    again = sentence(call.ticket, call.counter, call.bidang, kind="recall")
    listener.wait(lambda: again in listener.sentences, step=200)
    assert listener.sentences[0] == call.words
    assert listener.shown == [call.ticket] * 2


def test_a_clock_that_is_wrong_by_a_day(room: Room, window: Window) -> None:
    page = window(*FULL_HD)
    page.add_init_script(
        """const now = Date.now, Real = Date;
        window.Date = class extends Real {
          constructor(...parts) { super(...(parts.length ? parts : [Date.now()])); }
          static now() { return now() - 86_400_000; }
        };"""
    )
    listener = Listener(page)
    a_display(room, page)
    expect(page.locator("[data-date]")).to_have_text("Senin, 23 November 2026")
    (call,) = room.call()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
    assert listener.sentences[0] == call.words


def test_a_receipt_that_a_dying_line_swallowed(room: Room, window: Window) -> None:
    """What was said into a dead socket is said again on the next one."""
    page = window(*FULL_HD)
    listener = Listener(page)
    lines: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        is_deaf = not lines
        lines.append(socket)
        socket.on_message(
            lambda said: None if is_deaf and "announced" in str(said) else server.send(said)
        )

    page.route_web_socket("**/socket.io/**", connect)
    a_display(room, page)
    lines[:] = lines[-1:]  # the page's own line is the one that swallows
    (call,) = room.call()
    listener.wait(lambda: "bidang-SEK" in listener.heard)
    expect(page.locator(".d-call--new")).to_have_count(0)
    assert room.receipts(call) == []
    lines[0].close()
    listener.wait(lambda: room.receipts(call) == [(call.seq, True)])
