"""Every page in every state: usable with a screen reader, by keyboard, enlarged, and in contrast.

axe-core looks for what a program can find; the rest asks what a person with one window would.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, SLUG, Server, serving

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Later = Callable[[int], None]
Size = tuple[int, int]

PHONE: Size = (360, 740)
DESK: Size = (1366, 768)
LANDSCAPE: Size = (1280, 800)
PORTRAIT: Size = (800, 1280)
OFFICE = f"offices/{SLUG}"
UNTIL_BREAK, UNTIL_EVENING, UNTIL_TOMORROW = 190, 560, 24 * 60

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
ROOM = [*COLOURS, "scrollable-region-focusable", "target-size"]
"""The rules whose answer does not depend on the markup alone."""
AXE = """
async ({ tags, rules }) => {
  // The roof of a house is a pseudo-element; without this nothing inside a house is judged.
  axe._audit.checks["color-contrast"].options.ignorePseudo = true;
  const runOnly = tags ? { type: "tag", values: tags } : { type: "rule", values: rules };
  const options = { runOnly, resultTypes: ["violations"], preload: false };
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} ${html.slice(0, 200)}`));
}
"""
FRAME = """
() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  return [shown("h1:not(dialog *)").length, shown("main").length, document.title.endsWith("RUKO"), document.documentElement.lang];
}
"""
OUTSIDE = """
() => {
  const out = [...document.querySelectorAll("body *:not(svg *)")].filter((e) => {
    const { left, right, width } = e.getBoundingClientRect();
    return e.checkVisibility() && width > 1 && (left < -1 || right > innerWidth + 1);
  });
  const scrolls = document.documentElement.scrollWidth > innerWidth;
  // the strip of days scrolls by itself
  return out.filter((e) => !e.closest(".a-strip > *")).map((e) => e.outerHTML.slice(0, 120))
    .concat(scrolls ? ["it scrolls sideways"] : []);
}
"""
FOCUS = """
() => {
  const at = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    name: at.name || at.ariaLabel || (at.labels?.[0] ?? at).textContent.trim(),
    ringed: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    covered: !at.contains(top) && !top?.contains(at),
  };
}
"""
CLOCK = """
from datetime import timedelta
from pathlib import Path
from ruko import clock
steady = clock.now
clock.now = lambda: steady() + timedelta(minutes=int(Path({!r}).read_text()))
"""


def put_clock(file: Path, forward: int) -> None:
    """Put the server's clock so far forward of its own time; it reads the old or the new number."""
    fresh = file.with_suffix(".new")
    fresh.write_text(str(forward))
    fresh.replace(file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One example office, on a Monday at nine, whose clock can be put forward."""
    minutes = folder / "minutes"
    put_clock(minutes, 0)
    with serving(folder, before=CLOCK.format(str(minutes))) as started:
        yield started


@pytest.fixture
def later(folder: Path) -> Iterator[Later]:
    """`later(190)`: so many minutes after nine, until the test is over."""

    def put_forward(minutes: int) -> None:
        put_clock(folder / "minutes", minutes)

    yield put_forward
    put_forward(0)


class Inspector:
    """Is shown pages, and keeps what is wrong with them."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __call__(
        self,
        page: Page,
        name: str,
        *,
        lang: str = "id",
        contrast: bool = True,
        also: Size | None = None,
        narrow: int | None = None,
    ) -> None:
        """Look at it in both themes (or as it is), `also` in another size, and down to a `narrow` width."""
        page.wait_for_load_state()  # a press may have led here just now
        self._axe(page, name, tags=TAGS)
        frame = self._asked(page, FRAME)
        if frame != [1, 1, True, lang]:
            self.found.append(f"{name}: h1, main, title, lang are {frame}")
        if contrast:
            self._in_contrast(page, name)
        size = page.viewport_size
        assert size
        if also:
            page.set_viewport_size({"width": also[0], "height": also[1]})
            self._axe(page, f"{name} {also[0]}", rules=ROOM)
        if narrow:
            self._narrow(page, name, narrow, "100%")
            self._narrow(page, name, 360, "200%")
        page.set_viewport_size(size)

    def _in_contrast(self, page: Page, name: str) -> None:
        self._asked(page, "document.documentElement.dataset.theme = 'contrast'")
        self._axe(page, f"{name} in contrast", rules=COLOURS)
        self._asked(page, "delete document.documentElement.dataset.theme")

    def _axe(self, page: Page, name: str, **which: list[str]) -> None:
        self.found += [f"{name}: {each}" for each in self._asked(page, AXE, which)]

    def _asked(self, page: Page, script: str, about: object = None, *, tries: int = 3) -> Any:
        try:
            return page.evaluate(script, about)
        except PlaywrightError:  # the press before was still leading to this page
            if tries == 1:
                raise
            page.wait_for_load_state()
            return self._asked(page, script, about, tries=tries - 1)

    def _narrow(self, page: Page, name: str, width: int, text: str) -> None:
        page.set_viewport_size({"width": width, "height": 740})
        self._asked(page, "size => document.documentElement.style.fontSize = size", text)
        outside = self._asked(page, OUTSIDE)
        self.found += [f"{name} at {width} px, text {text}: {each}" for each in outside]
        self._asked(page, "document.documentElement.style.fontSize = ''")


@pytest.fixture
def look() -> Iterator[Inspector]:
    inspector = Inspector()
    yield inspector
    assert not inspector.found, "\n".join(inspector.found)


@pytest.fixture
def still(window: Window) -> Window:
    """A window of somebody whom motion disturbs: what one looks at does not change meanwhile."""

    def open_one(size: Size) -> Page:
        page = window(*size, reduced_motion="reduce")
        page.add_init_script(AXE_SCRIPT)
        return page

    return open_one


def ask(page: Page, path: str, body: dict[str, Any] | None = None) -> Any:
    """Let the account that is signed in in this window do something through the API."""
    answer = page.request.fetch(
        f"{page.url.split(f'/{SLUG}')[0]}/api/v1/{path}",
        method="GET" if body is None else "POST",
        data=body,
        headers={"X-CSRFToken": page.get_attribute("meta[name=csrf-token]", "content") or ""},
    )
    assert answer.ok, answer.text()
    return answer.json() if answer.body() else None


def take(page: Page, bidang: str) -> str:
    """Somebody takes a number; returns the ticket's token."""
    return str(ask(page, f"{OFFICE}/tickets", {"bidang": bidang, "visitor": "resident"})["token"])


def call(page: Page, bidang: str, token: str, place: str) -> None:
    places = {p["name"]: p["id"] for p in ask(page, f"{OFFICE}/counters")["items"]}
    wanted = {"bidang": bidang, "ticket": token, "counter": places[place], "reason": "Uji"}
    ask(page, f"{OFFICE}/calls", wanted)


def send_as_it_is(page: Page, form: str) -> None:
    """Send a form that the browser itself would hold back."""
    page.eval_on_selector(form, "form => { form.noValidate = true; }")
    with page.expect_navigation():
        page.locator(f"{form} .rk-btn--primary, {form} .rk-btn--danger").first.click()


def ruko(database: Path, *command: str) -> str:
    """Run a command of the office on its database; whoever runs the tests has nothing of it at home."""
    return subprocess.run(
        [sys.executable, "-c", "from ruko.app import main; main()", *command],
        env={
            "RUKO_DATA_DIR": str(database.parent.parent / "commands"),
            "RUKO_DATABASE_URL": f"sqlite:///{database}",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        check=True,
        text=True,
    ).stdout
