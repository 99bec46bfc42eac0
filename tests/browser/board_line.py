"""A display whose line is in the test's hand, and where to look whether everything fits on it."""

import html
import json
import re
import time
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import PATIENCE_MS, Server
from tests.browser.listening import SOUND_FOLLOWS_THE_PAGE

OUTSIDE = """
() => [...document.querySelectorAll(".d-board *")].filter((each) => {
  const slack = innerWidth / 400; // the picture walks a few pixels against burn-in
  const box = each.getBoundingClientRect();
  if (!box.width || each.closest('.rk-sr, .d-run > div, .d-slides, svg, .rk-h')) return false;
  const isFitted = getComputedStyle(each).textOverflow === 'ellipsis';
  const cut = !isFitted && each.scrollWidth > each.clientWidth + 1 && each.clientWidth;
  return cut || box.right > innerWidth + slack || box.bottom > innerHeight + slack || box.left < -slack || box.top < -slack;
}).map((each) => each.className + ': ' + each.textContent.trim().slice(0, 40))
"""
COLUMNS = "() => [...document.querySelectorAll('.d-now th[scope=col]')].map((e) => e.offsetLeft)"


class Line:
    """The server's end of the socket, in the test's hand."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.up, self.refused, self._seconds = page, True, 0, 0
        self.board: dict[str, Any] = {}
        self._socket: WebSocketRoute | None = None
        self._hears = False
        page.add_init_script(SOUND_FOLLOWS_THE_PAGE)
        page.route_web_socket(re.compile("/socket.io/"), self._connect)
        page.route("**/api/v1/**/board", lambda route: route.abort())
        page.route(f"{server.home}/display", self._page_as_told)
        page.goto(f"{server.home}/display")
        kept = page.get_attribute(".d-board", "data-board")
        assert kept
        self.board = json.loads(kept) | {"seq": 0, "calls": [], "last_call": None}
        self.started = datetime.fromisoformat(self.board["generated_at"])
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.reload()

    def reload(self) -> None:
        """Load the page anew; it hears the test again."""
        self._hears = False
        self.page.reload()
        self._wait(0)

    def _wait(self, step: int) -> None:
        """Until the page hears the test, with so much of its own time each try."""
        give_up = time.monotonic() + PATIENCE_MS / 1000
        while not self._hears:
            assert time.monotonic() < give_up, "no line"
            if step:
                self.page.clock.run_for(step)
            self.page.wait_for_timeout(20)

    def _page_as_told(self, route: Route) -> None:
        """The server's page, with the board that the test has told last."""
        answer = route.fetch()
        page = answer.text()
        if self.board:
            told = html.escape(json.dumps(self.board))
            page = re.sub('data-board="[^"]*"', lambda _: f'data-board="{told}"', page)
        route.fulfill(response=answer, body=page)

    def _connect(self, socket: WebSocketRoute) -> None:
        if not self.up:
            self.refused += 1
            socket.close()
            return
        self._socket = socket
        socket.on_message(self._answer)
        socket.send('0{"sid":"s","upgrades":[],"pingInterval":3600000,"pingTimeout":60000}')

    def _answer(self, said: str | bytes) -> None:
        if str(said).startswith("40/board") and self._socket:
            self._socket.send('40/board,{"sid":"b"}')
            if self.board:
                self._emit("board", self.board)
                self._hears = True

    def _emit(self, event: str, said: dict[str, Any]) -> None:
        assert self._socket
        self._socket.send(f"42/board,{json.dumps([event, said])}")

    def tell(self, *, at: datetime | None = None, **changes: Any) -> None:
        """Send the next board."""
        self.board |= {"version": self.board["version"] + 1} | changes
        moment = at or datetime.fromisoformat(self.board["generated_at"])
        self.board["generated_at"] = (moment + timedelta(milliseconds=1)).isoformat()
        self._emit("board", self.board)

    def call(self, *seqs: int, kind: str = "first", **changes: Any) -> None:
        """Call A-001 for seq 1 and so on, all of them in one board."""
        calls = [a_call(self.started, seq, kind=kind, **changes) for seq in seqs]
        self.tell(calls=calls, last_call=calls[-1], seq=seqs[-1])

    def pass_time(self, seconds: int) -> None:
        """Let the page's clock run while the heart beats."""
        for _ in range(seconds):
            self.page.clock.run_for(1_000)
            self._seconds += 1
            moment = self.started + timedelta(seconds=self._seconds)
            beat = {"version": 0, "seq": 0, "generated_at": moment.isoformat()}
            self._emit("heartbeat", beat)

    def stop_time(self) -> None:
        """From here on the page's time is the test's: a slow computer lets none pass."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 60)

    def set(self, **settings: Any) -> None:
        """Change the screen's settings."""
        page = self.page.evaluate("JSON.parse(document.querySelector('.d-board').dataset.settings)")
        self._emit("settings", page | settings)

    def cut(self) -> None:
        assert self._socket
        self.up = self._hears = False
        self._socket.close()

    def mend(self) -> None:
        """The page comes back by itself."""
        self.up = True
        self._wait(1_000)


def a_call(at: datetime, seq: int, **changes: Any) -> dict[str, Any]:
    call = {
        "seq": seq,
        "ticket": f"A-{seq:03}",
        "bidang": "PEM",
        "bidang_name": "Seksi Pemerintahan",
        "place": "Loket 1",
        "village": None,
        "village_name": None,
        "kind": "first",
        "called_at": at.isoformat(),
        "expires_at": (at + timedelta(minutes=10)).isoformat(),
        "speech": [],
    }
    return call | changes


def announces(page: Page, number: str) -> None:
    """The number is in the golden house."""
    expect(page.locator(".d-call--new [data-number]")).to_have_text(number)
