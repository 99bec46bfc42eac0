"""A day's calls before one paired screen in a real Chromium, with the clock at its normal rate.

`python -m bench.day_of_calls [--calls 200] [--seed 1]` – about six seconds a call, by nature.
Several counters call, call again, take back, give up on visitors or begin with them before the
screen came so far. In the end each call has its receipt, or a reason why no screen spoke it; else,
or when the browser grew by 20 MB, it exits with 1.
"""

import argparse
import heapq
import itertools
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page
from sqlalchemy import func, select

from bench.call_to_display import get, post
from bench.office import SLUG, Measured, measured_office
from ruko.app import create_app
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.offices import get_office
from ruko.receipts import Receipt
from ruko.settings import SQLITE_FILE, Settings
from ruko.tickets import Call
from ruko.unspoken import unspoken_today
from ruko.voice import catalogue, keep_clip
from ruko.web import store
from ruko.web.callers import DEVICE_COOKIE
from tests.apart import close
from tests.browser_driver import running_chromium
from tests.clips import a_wav

CLIP_MS = 80
ALL_BIDANG = ("PEM", "PMD", "TRB", "KES", "YAN", "SEK")
EVERY_SECONDS = 5.6
"""Between two calls on average, a little more than the screen takes for each while others wait."""
BURST = 4
BURSTS = 0.06
"""How many of the calls begin a burst; a pause follows it."""
DRAIN_SECONDS = 600
MOST_GROWTH_MB = 20
WARM_CALLS = 10
"""After so many calls the browser has what it needs; from there its memory is held against the end."""
SLACK = timedelta(seconds=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"python -m bench.day_of_calls --calls {asked.calls} --seed {asked.seed}")
    load = os.getloadavg()[0]
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()} · load {load:.1f}")
    with (
        measured_office(prepare=record_clips) as office,
        installed(office.database_url) as app,
        running_chromium() as browser,
        waiting_room(browser, office) as page,
    ):
        memory = Memory(browser, page)
        desk = Desk(office, asked.calls, random.Random(asked.seed))
        warm = min(WARM_CALLS, asked.calls // 2)
        desk.work(lambda: memory.remember() if desk.made >= warm else None)
        is_well = judge(app, desk) and memory.is_steady()
    sys.exit(0 if is_well else 1)


# ── The office ────────────────────────────────────────────────────────────────────────────────


@contextmanager
def installed(database_url: str) -> Iterator[Flask]:
    """The same office, seen from this process."""
    folder = Path(database_url.removeprefix(SQLITE_FILE)).parent
    app = create_app(Settings(data_dir=folder, database_url=database_url, testing=True))
    yield app
    close(app)


def record_clips(database_url: str) -> None:
    """Every clip that a call may need, each a short tone."""
    with installed(database_url) as app, app.app_context():
        digest = store("clips").keep(a_wav(CLIP_MS))
        with writing():
            office = get_office(SLUG)
            now = datetime.now(UTC)
            for name in catalogue(office):
                keep_clip(office, name, digest=digest, milliseconds=CLIP_MS, by=SYSTEM, now=now)
            db.session.commit()


@contextmanager
def waiting_room(browser: Browser, office: Measured) -> Iterator[Page]:
    """The paired screen; somebody tapped “turn on sound” after the start."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    token = office.tokens["display"]
    context.add_cookies([{"name": DEVICE_COOKIE, "value": token, "url": office.url}])
    page = context.new_page()
    page.on("pageerror", lambda error: print(f"the page: {error}"))
    page.goto(f"{office.url}/{SLUG}/display")
    page.wait_for_load_state("networkidle")
    allow = page.locator("[data-allow]")
    if allow.is_visible():
        allow.click()
    page.locator("[data-light='on']").wait_for()
    yield page
    context.close()


# ── The desks ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class Desk:
    """All desks of the office: a list of what they do next, each at its time."""

    office: Measured
    calls: int
    chance: random.Random
    made: int = 0
    left: dict[int, datetime] = field(default_factory=dict)
    """When a call's visitor came, was given up on, called again or called back, by its seq."""

    def __post_init__(self) -> None:
        self._free = [each["id"] for each in get(self.office, "/counters")["items"]]
        self._next: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        board = get(self.office, "/board")
        self._ahead = datetime.fromisoformat(board["generated_at"]) - datetime.now(UTC)
        self._rest = 0

    def now(self) -> datetime:
        """By the server's clock."""
        return datetime.now(UTC) + self._ahead

    def work(self, after_each: Callable[[], None]) -> None:
        """Until that many calls were made and every visitor is settled."""
        self._at(0, self._call_somebody)
        while self._next:
            at, _, work = heapq.heappop(self._next)
            time.sleep(max(0.0, at - time.monotonic()))
            work()
            after_each()

    def _at(self, seconds: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._next, (time.monotonic() + seconds, next(self._order), work))

    def _call_somebody(self) -> None:
        if self.made >= self.calls:
            return
        if not self._free:
            self._at(1, self._call_somebody)
            return
        self._call(self.chance.choice(ALL_BIDANG), self._free.pop(0))
        if self._rest == 0 and self.chance.random() < BURSTS:
            self._rest = BURST
        pause = self.chance.expovariate(1 / EVERY_SECONDS)
        if self._rest:
            self._rest -= 1
            pause = BURST * EVERY_SECONDS if self._rest == 0 else 0.0
        self._at(pause, self._call_somebody)

    def _call(self, bidang: str, counter: int) -> None:
        api = self.office.api
        post(self.office, "kiosk", f"{api}/tickets", {"bidang": bidang, "visitor": "resident"})
        said = post(self.office, "operator", f"{api}/calls", {"bidang": bidang, "counter": counter})
        self.made += 1
        token, seq = said["turn"]["token"], said["call"]["seq"]
        fate = self.chance.choices(
            (self._comes, self._comes_again, self._is_taken_back, self._is_missed, self._is_quick),
            (60, 12, 8, 8, 12),
        )[0]
        fate(token, counter, seq)

    def _comes(self, token: str, counter: int, seq: int) -> None:
        self._at(self.chance.uniform(8, 40), lambda: self._serve(token, counter, seq))

    def _comes_again(self, token: str, counter: int, seq: int) -> None:
        def recall() -> None:
            self._step(token, "recall")
            self._leaves(seq)
            self.made += 1
            self._comes(token, counter, self._newest())

        self._at(self.chance.uniform(6, 25), recall)

    def _is_taken_back(self, token: str, counter: int, seq: int) -> None:
        def undo() -> None:
            self._step(token, "undo")
            self._leaves(seq)
            self._step_of_ticket(token, "leave")  # else somebody calls it again
            self._free.append(counter)

        self._at(self.chance.uniform(1, 9), undo)

    def _is_missed(self, token: str, counter: int, seq: int) -> None:
        def miss() -> None:
            self._step(token, "no-show", {"reason": "Tidak datang"})
            self._leaves(seq)
            self._free.append(counter)

        self._at(self.chance.uniform(20, 60), miss)

    def _is_quick(self, token: str, counter: int, seq: int) -> None:
        self._at(self.chance.uniform(0.2, 2), lambda: self._serve(token, counter, seq))

    def _serve(self, token: str, counter: int, seq: int) -> None:
        def finish() -> None:
            self._step(token, "finish")
            self._free.append(counter)

        self._step(token, "start")
        self._leaves(seq)
        self._at(self.chance.uniform(3, 12), finish)

    def _leaves(self, seq: int) -> None:
        self.left[seq] = self.now()

    def _step(self, token: str, step: str, body: dict[str, Any] | None = None) -> None:
        post(self.office, "operator", f"{self.office.url}/api/v1/turns/{token}/{step}", body or {})

    def _step_of_ticket(self, token: str, step: str) -> None:
        post(self.office, "operator", f"{self.office.url}/api/v1/tickets/{token}/{step}", body={})

    def _newest(self) -> int:
        seq: int = get(self.office, "/board")["seq"]
        return seq


# ── The verdict ───────────────────────────────────────────────────────────────────────────────


def judge(app: Flask, desk: Desk) -> bool:
    """Whether each call was spoken, or had left before the screen came so far."""
    give_up = time.monotonic() + DRAIN_SECONDS
    while True:
        with app.app_context():
            count, unspoken = unspoken_today(get_office(SLUG), now=desk.now())
            shown = dict(
                db.session.execute(
                    select(Call.seq, func.min(Receipt.shown_at))
                    .join(Receipt, Receipt.call_id == Call.id)
                    .group_by(Call.seq)
                ).all()
            )
        open_ones = {call.seq for call in unspoken if call.why == "pending"}
        if not open_ones or time.monotonic() > give_up:
            break
        time.sleep(2)
    silent = {call.seq: call for call in unspoken}
    print(f"{'calls made':34} {count:5}")
    print(f"{'spoken to the end, with receipt':34} {count - len(silent):5}")
    for why, how_many in sorted(Counter(call.why for call in unspoken).items()):
        print(f"{f'not spoken: {why}':34} {how_many:5}")
    bad = [seq for seq in silent if not was_gone(seq, shown, desk.left)]
    order = sorted(shown)
    in_order = all(shown[a] <= shown[b] for a, b in itertools.pairwise(order))
    print(f"{'shown in their order':34} {'yes' if in_order else 'NO':>5}")
    print(f"{'neither spoken nor gone before':34} {len(bad):5}   (must be 0)")
    for seq in bad:
        print(f"  {silent[seq].code} seq {seq}: {silent[seq].why}")
    return not bad and in_order


def was_gone(seq: int, shown: dict[int, datetime], left: dict[int, datetime]) -> bool:
    """Whether nobody looked for the visitor any more when the call headed the line, or while it was said."""
    headed = shown.get(seq) or min((at for s, at in shown.items() if s > seq), default=None)
    if seq not in left:
        return False
    sentence = SLACK * 2 if seq in shown else SLACK
    return headed is None or left[seq] <= headed + sentence


class Memory:
    """What the page and its process hold, after the browser has tidied up."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser: CDPSession = browser.new_browser_cdp_session()
        self._page: CDPSession = page.context.new_cdp_session(page)
        self._page.send("Performance.enable")
        self._before: tuple[float, float] | None = None

    def remember(self) -> None:
        if self._before is None:
            self._before = self._read()

    def is_steady(self) -> bool:
        heap, process = self._before or (0.0, 0.0)
        heap_now, process_now = self._read()
        print(f"{'JavaScript heap':34} {heap:5.1f} → {heap_now:.1f} MB")
        print(f"{'renderer process':34} {process:5.1f} → {process_now:.1f} MB")
        return max(heap_now - heap, process_now - process) < MOST_GROWTH_MB

    def _read(self) -> tuple[float, float]:
        self._page.send("HeapProfiler.collectGarbage")
        metrics = self._page.send("Performance.getMetrics")["metrics"]
        (heap,) = (each["value"] for each in metrics if each["name"] == "JSHeapUsedSize")
        processes = self._browser.send("SystemInfo.getProcessInfo")["processInfo"]
        renderers = [int(each["id"]) for each in processes if each["type"] == "renderer"]
        return heap / 2**20, max(map(_resident, renderers)) / 1024


def _resident(pid: int) -> int:
    """Kilobytes that only this process holds."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(entry.split()[1]) for entry in rollup if entry.startswith("Private"))


if __name__ == "__main__":
    main()
