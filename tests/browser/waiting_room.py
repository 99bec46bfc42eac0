"""A waiting room for the browser tests: a desk that calls at many places, displays, and receipts."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from ruko.demo import PASSWORD
from tests.browser.conftest import SLUG, Server, press_example
from tests.browser.listening import sentence

PLACES = 64
CALL = """
async ({ office, bidang, counters }) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const ask = async (path, body) => {
    const answer = await fetch(`/api/v1/offices/${office}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(body),
    });
    return answer.json();
  };
  for (const _ of counters) await ask("tickets", { bidang, visitor: "resident" });
  return Promise.all(counters.map((counter) => ask("calls", { bidang, counter })));
}
"""
CALL_SOMEBODY = """
async ({ office, bidang }) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const ask = async (path, body) => {
    const answer = await fetch(`/api/v1/offices/${office}/${path}`, {
      method: body ? "POST" : "GET",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: body && JSON.stringify(body),
    });
    return answer.json();
  };
  await ask("tickets", { bidang, visitor: "resident" });
  const { items } = await ask("counters");
  for (const { id } of items) {
    const made = await ask("calls", { bidang, counter: id });
    if (made.call) return made;
  }
}
"""
STEP = """
async ([token, step]) => {
  const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
  return (await fetch(`/api/v1/turns/${token}/${step}`, { method: "POST", headers })).status;
}
"""


@dataclass(frozen=True)
class Call:
    """A call that was made."""

    seq: int
    ticket: str
    token: str
    counter: int
    bidang: str
    kind: str = "first"

    @property
    def words(self) -> list[str]:
        return sentence(self.ticket, self.counter, self.bidang, kind=self.kind)


class Room:
    """A waiting room: its server, a desk that calls at many places, and what the database keeps."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        (self._file,) = folder.glob("**/ruko.sqlite3")
        self.free = self._add_places()
        self.desk: Page | None = None

    def _add_places(self) -> list[int]:
        with closing(sqlite3.connect(self._file)) as database, database:
            ((office,),) = database.execute("SELECT id FROM office WHERE slug = ?", [SLUG])
            for number in range(PLACES):
                row = (office, f"Meja {number + 1}", "loket", 100 + number)
                statement = (
                    "INSERT INTO counter (office_id, name, kind, position) VALUES (?, ?, ?, ?)"
                )
                database.execute(statement, row)
            found = database.execute("SELECT id FROM counter WHERE name LIKE 'Meja %' ORDER BY id")
            return [number for (number,) in found]

    def call(self, how_many: int = 1, *, bidang: str = "SEK") -> list[Call]:
        """Give numbers and call them at once, each at a place of its own."""
        assert self.desk
        counters, self.free = self.free[:how_many], self.free[how_many:]
        asked = {"office": SLUG, "bidang": bidang, "counters": counters}
        made = self.desk.evaluate(CALL, asked)
        calls = [
            Call(
                each["call"]["seq"],
                each["turn"]["ticket"],
                each["turn"]["token"],
                each["turn"]["counter"],
                bidang,
            )
            for each in made
        ]
        return sorted(calls, key=lambda call: call.seq)

    def step(self, call: Call, step: str) -> None:
        assert self._step(call, step) == 200

    def recall(self, call: Call) -> bool:
        """Call again; too soon in the first seconds."""
        return self._step(call, "recall") == 200

    def _step(self, call: Call, step: str) -> int:
        assert self.desk
        return int(self.desk.evaluate(STEP, [call.token, step]))

    def recalled(self, call: Call) -> Call:
        """The newest call of that number."""
        with closing(sqlite3.connect(self._file)) as database:
            ((seq, kind),) = database.execute(
                "SELECT seq, kind FROM call WHERE turn_id = "
                "(SELECT turn_id FROM call WHERE seq = ?) ORDER BY seq DESC LIMIT 1",
                [call.seq],
            ).fetchall()
        return replace(call, seq=seq, kind=kind)

    def receipts(self, *calls: Call) -> list[tuple[int, bool]]:
        """(seq, whether it was spoken) of those calls, one for each display."""
        with closing(sqlite3.connect(self._file)) as database:
            rows = database.execute(
                "SELECT call.seq, receipt.spoken_at IS NOT NULL FROM receipt "
                "JOIN call ON call.id = receipt.call_id ORDER BY call.seq"
            ).fetchall()
        wanted = {call.seq for call in calls}
        return [(seq, bool(spoken)) for seq, spoken in rows if seq in wanted]

    def report(self) -> dict[str, Any]:
        """The newest one of a display."""
        with closing(sqlite3.connect(self._file)) as database:
            database.row_factory = sqlite3.Row
            return dict(
                database.execute("SELECT * FROM display ORDER BY device_id DESC").fetchone() or {}
            )


def sit_down(room: Room, page: Page) -> None:
    """Sign in at the desk that calls."""
    page.goto(f"{room.server.home}/login")
    page.fill("input[name=username]", "operator")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    room.desk = page


def a_display(room: Room, page: Page, *, light: str = "on", server: Server | None = None) -> Page:
    """Pair the page; the press allows its sound. It may know the server by another address."""
    page.goto(f"{(server or room.server).home}/display/pair")
    press_example(page, "papan contoh", page.locator(f".d-light[data-light={light}]"))
    return page
