"""The waiting room: how long a call takes to a picture, what a hundred screens cost, and the bare limit.

`python -m bench.waiting_room [--screens 100] [--calls 50] [--seconds 60] [--only drawn line idle crowd]`
Real server, real sockets, a real Chromium for the picture; the other screens live in another process.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page

from bench.call_to_display import get, post
from bench.office import SLUG, Measured, cpu_seconds, measured_office
from bench.screens import BareServer, Screens
from ruko.web.callers import DEVICE_COOKIE
from tests.browser.conftest import comes_true
from tests.browser_driver import running_chromium
from tests.crowd import HALVES, Crowd

FULL_HD = {"width": 1920, "height": 1080}
SETTLE_SECONDS = 0.15
"""Between two presses: nobody calls faster, and a burst would be merged."""
NOTE_WHAT_IS_DRAWN = """
  window.drawn = [];
  const look = () => {
    const card = document.querySelector('[data-card="call"]');
    const shown = card && !card.hidden ? card.textContent.trim() : "";
    if (shown === window.shown) return;
    window.shown = shown;
    requestAnimationFrame(() => setTimeout(() => window.drawn.push([Boolean(shown), Date.now()])));
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["hidden"],
  });
"""
"""After the frame with the change is drawn, its time is kept; the browser's clock is this machine's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screens", type=int, default=100)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    asked = parser.parse_args()
    print(f"python -m bench.waiting_room --screens {asked.screens} --calls {asked.calls}")
    load = os.getloadavg()[0]
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()} · load {load:.1f}")
    for part in asked.only:
        PARTS[part](asked)


# ── Call → drawn ──────────────────────────────────────────────────────────────────────────────


def drawn(asked: argparse.Namespace) -> None:
    with measured_office() as office, running_chromium() as browser:
        desk = Desk(office)
        with board_of(browser, office) as page:
            tell("call → drawn, alone", [desk.until_drawn(page) for _ in range(asked.calls)])
            with Screens(office.url, asked.screens) as screens:
                times = [desk.until_drawn(page) for _ in range(asked.calls)]
                tell(f"call → drawn, {screens.count} other screens", times)


@contextmanager
def board_of(browser: Browser, office: Measured) -> Iterator[Page]:
    """A paired screen's page that notes when it has drawn."""
    context = browser.new_context(viewport=FULL_HD)  # type: ignore[arg-type]
    token = office.tokens["display"]
    context.add_cookies([{"name": DEVICE_COOKIE, "value": token, "url": office.url}])
    page = context.new_page()
    page.add_init_script(NOTE_WHAT_IS_DRAWN)
    page.goto(f"{office.url}/{SLUG}/display")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


class Desk:
    """Calls the same visitor again and again."""

    def __init__(self, office: Measured) -> None:
        self._office = office
        self._counter = get(office, "/counters")["items"][0]["id"]
        post(office, "kiosk", f"{office.api}/tickets", {"bidang": "PEM", "visitor": "resident"})

    def call(self) -> dict[str, Any]:
        body = {"bidang": "PEM", "counter": self._counter}
        said: dict[str, Any] = post(self._office, "operator", f"{self._office.api}/calls", body)
        return said

    def undo(self, said: dict[str, Any]) -> None:
        """Take the call back: the screen's card is free again at once."""
        token = said["turn"]["token"]
        post(self._office, "operator", f"{self._office.url}/api/v1/turns/{token}/undo", {})

    def until_drawn(self, page: Page) -> float:
        """Milliseconds from the press to the picture."""
        page.evaluate("drawn.length = 0")
        begun = time.time()
        said = self.call()
        comes_true(page, "drawn.some(([card]) => card)")
        at: float = page.evaluate("drawn.find(([card]) => card)[1]")
        self.undo(said)
        comes_true(page, "drawn.at(-1)[0] === false")
        time.sleep(SETTLE_SECONDS)
        return at - begun * 1000


# ── Call → last screen, beside a bare send() ──────────────────────────────────────────────────


def line(asked: argparse.Namespace) -> None:
    first, last, posts, bare = [], [], [], []
    with measured_office() as office:
        desk = Desk(office)
        length = len(str(get(office, "/board")))
        with (
            BareServer(asked.screens, length) as limit,
            Screens(limit.url, asked.screens, path="/") as theirs,
            Screens(office.url, asked.screens) as ours,
        ):
            for seq in range(1, asked.calls + 1):
                begun = time.perf_counter()
                limit.send(seq)
                bare.append((theirs.arrival(seq).last - begun) * 1000)
                time.sleep(SETTLE_SECONDS)
                begun = time.perf_counter()
                said = desk.call()
                posts.append((time.perf_counter() - begun) * 1000)
                arrival = ours.arrival(said["call"]["seq"])
                first.append((arrival.first - begun) * 1000)
                last.append((arrival.last - begun) * 1000)
                time.sleep(SETTLE_SECONDS)
                desk.undo(said)
                time.sleep(SETTLE_SECONDS)
    tell("the POST alone", posts)
    tell("call → first screen", first)
    tell(f"call → last of {asked.screens} screens", last)
    tell(f"bare send() → last of {asked.screens}", bare)
    print(f"{'last screen beside the bare send()':40} {median(last) / median(bare):8.1f} ×")
    spread = [late - early for early, late in zip(first, last, strict=True)]
    print(f"{'first → last, beside the bare send()':40} {median(spread) / median(bare):8.1f} ×")


# ── Idle screens ──────────────────────────────────────────────────────────────────────────────


def idle(asked: argparse.Namespace) -> None:
    few = 10
    with measured_office() as office:
        desk = Desk(office)
        print(f"{'memory, nobody connected':40} {memory(office.pid):8.0f} MB")
        with Screens(office.url, few) as warm:  # what the first ones alone cost is the program's
            for _ in range(5):
                said = desk.call()
                warm.arrival(said["call"]["seq"])
                desk.undo(said)
            alone, before = processor(office, asked.seconds), memory(office.pid)
            with Screens(office.url, asked.screens):
                time.sleep(1)
                each = (memory(office.pid) - before) * 1024 / asked.screens
                all_of_them = processor(office, asked.seconds)
                print(f"{'memory of one more screen':40} {each:8.0f} KiB")
    print(f"{f'processor, {few} idle screens':40} {alone:8.2f} % of a core")
    print(f"{f'processor, {asked.screens} more':40} {all_of_them - alone:8.2f} % of a core")


def processor(office: Measured, seconds: float) -> float:
    """Percent of a core that the server uses meanwhile."""
    before, began = cpu_seconds(office.pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(office.pid) - before) / (time.monotonic() - began) * 100


def memory(pid: int) -> float:
    """Megabytes of the server and its worker; what they share is counted once."""
    kilobytes = 0
    for one in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        kilobytes += sum(int(entry.split()[1]) for entry in rollup if entry.startswith("Pss:"))
    return kilobytes / 1024


# ── A crowd ───────────────────────────────────────────────────────────────────────────────────


def crowd(asked: argparse.Namespace) -> None:
    """The kiosk's press while many stand at the door: sockets that join, halves of requests, silence."""
    with measured_office() as office:
        tell("a number at the kiosk, nobody else", presses(office, asked.calls))
        with closing(Crowd(office.url)) as many:
            for said in HALVES.values():
                many.connect(100, said)
            tell("300 idle connections", presses(office, asked.calls))
            let_in = many.strangers(400, joining=True)
            tell(f"and 400 sockets ({let_in} let in)", presses(office, asked.calls))


def presses(office: Measured, count: int) -> list[float]:
    """Milliseconds of each press."""
    times = []
    body = {"bidang": "PEM", "visitor": "resident"}
    for _ in range(count):
        begun = time.perf_counter()
        post(office, "kiosk", f"{office.api}/tickets", body)
        times.append((time.perf_counter() - begun) * 1000)
        time.sleep(SETTLE_SECONDS)
    return times


# ── Figures ───────────────────────────────────────────────────────────────────────────────────


def tell(what: str, milliseconds: list[float]) -> None:
    ranked = sorted(milliseconds)
    p95, p99 = (ranked[min(len(ranked) - 1, int(len(ranked) * share))] for share in (0.95, 0.99))
    print(
        f"{what:40} {median(ranked):8.1f} ms   p95 {p95:6.1f}   p99 {p99:6.1f}"
        f"   max {ranked[-1]:6.1f}   ({len(ranked)} calls)"
    )


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "drawn": drawn,
    "line": line,
    "idle": idle,
    "crowd": crowd,
}

if __name__ == "__main__":
    main()
