"""Ears for the browser tests: which clips and notes a display plays, in order, over a reload too."""

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Route

from tests.clips import a_wav

NAMES = (
    *"abcdefghijklmnopqrstuvwxyz0123456789",
    *("nomor-antrean", "panggilan-ulang", "panggilan-terakhir", "silakan-menuju"),
    *(f"bidang-{code}" for code in ("PEM", "PMD", "TRB", "KES", "YAN", "SEK")),
    *(f"place-{number}" for number in range(1, 81)),
)
SHORTEST_MS = 50
LENGTHS = {name: SHORTEST_MS + number for number, name in enumerate(NAMES)}
"""Each test clip has a length of its own, by which the page's sound is known."""
LONG_MS = 8_000  # more, where a sentence has to take its time

HEAR_NOTES = """
window.notes = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  notes.push(this.frequency.value);
  return start.apply(this, when);
};
"""
HEAR = """
(() => {
  const names = NAMES;
  const clip = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...when) {
    console.debug(`heard ${names[Math.round(this.buffer.duration * 1000)] ?? "?"}`);
    this.ends = (when[0] ?? 0) + this.buffer.duration;
    return clip.apply(this, when);
  };
  const stop = AudioBufferSourceNode.prototype.stop;
  AudioBufferSourceNode.prototype.stop = function (...when) {
    if (when[0] < this.ends) console.debug("cut short");
    return stop.apply(this, when);
  };
  const note = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    if (Math.round(this.frequency.value) === 659) console.debug("heard chime");
    return note.apply(this, when);
  };
  document.addEventListener("readystatechange", () => {  // before the page's own scripts
    const said = document.readyState === "interactive" && document.querySelector("[data-said]");
    const tell = () => console.debug(`shown ${/[A-Z]-[0-9]+/.exec(said.textContent)?.[0]}`);
    if (said) new MutationObserver(tell).observe(said, { childList: true, characterData: true, subtree: true });
  });
})();
"""
SOUND_FOLLOWS_THE_PAGE = """
Object.defineProperty(BaseAudioContext.prototype, "currentTime", { get: () => performance.now() / 1000 });
"""
"""For a page whose clock a test runs fast: the sound's own time is real and would stay behind."""


class Listener:
    """Hears one page from its first load on; serves its voice, short and known."""

    def __init__(self, page: Page, *, fast: bool = False) -> None:
        self.page = page
        self.heard: list[str] = []
        self.shown: list[str] = []
        self.loaded: list[str] = []
        self.missing: list[str] = []
        """Names that the list says have no sound."""
        self.hanging: set[str] = set()
        """Names whose file never comes."""
        self.broken: set[str] = set()
        """Names whose file is no sound."""
        self.long: set[str] = set()
        """Names that take seconds."""
        self.edition = 1
        """Of the clips; it is part of their addresses."""
        self.lists: list[int] = []
        """Which editions the page was told of."""
        self.cuts = 0
        """How many clips were broken off."""
        names = {length: name for name, length in LENGTHS.items()}
        names |= {length + LONG_MS: name for length, name in names.items()}
        page.add_init_script(HEAR.replace("NAMES", json.dumps(names)))
        if fast:
            page.add_init_script(SOUND_FOLLOWS_THE_PAGE)
            page.clock.install()
        page.on("console", self._note)
        page.route("**/display/voice.json", self._list)
        page.route(re.compile(r"/display/clips/"), self._clip)

    def _note(self, message: ConsoleMessage) -> None:
        kind, _, what = message.text.partition(" ")
        self.cuts += kind == "cut"
        if kind in {"heard", "shown"} and what:
            (self.heard if kind == "heard" else self.shown).append(what)

    def _list(self, route: Route) -> None:
        there = [name for name in NAMES if name not in self.missing]
        clips = {name: f"/test/display/clips/{name}.wav?v={self.edition}" for name in there}
        self.lists.append(self.edition)
        route.fulfill(json={"clips": clips, "missing": self.missing})

    def _clip(self, route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1].partition(".wav")[0]
        if name in self.hanging:
            return
        length = LENGTHS[name] + (LONG_MS if name in self.long else 0)
        content = b"no sound" if name in self.broken else a_wav(length)
        self.loaded.append(name)
        route.fulfill(body=content, content_type="audio/wav")

    @property
    def sentences(self) -> list[list[str]]:
        """What was heard, cut before each chime."""
        cut: list[list[str]] = []
        for name in list(self.heard):
            if name == "chime" or not cut:
                cut.append([])
            cut[-1].append(name)
        return cut

    def wait(self, until: Callable[[], Any], *, seconds: int = 120, step: int = 0) -> None:
        """Wait for it; with a `step` the page's own clock runs by so many milliseconds each time."""
        for _ in range(seconds * 20):
            if until():
                return
            if step:
                self.page.clock.run_for(step)
            self.page.wait_for_timeout(20 if step else 50)
        raise AssertionError(f"It did not happen. Heard: {self.heard}, shown: {self.shown}")


def sentence(ticket: str, place: int, bidang: str, *, kind: str = "first") -> list[str]:
    """The clips of a call."""
    again = {"first": [], "recall": ["panggilan-ulang"], "last": ["panggilan-terakhir"]}[kind]
    spelled = [sign.lower() for sign in ticket if sign != "-"]
    words = ["nomor-antrean", *spelled, "silakan-menuju", f"place-{place}", f"bidang-{bidang}"]
    return ["chime", *again, *words]
