"""The line of calls by itself, with time in the test's hand: each scenario in one page."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from ruko.displays import DisplaySettings
from tests.browser.conftest import Server, serving

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Board = dict[str, Any]
Step = tuple[Any, ...]
RUN = """
async ([script, finished, steps]) => {
  const { Calls } = await import(script);
  const memory = (kept) => ({ get: () => kept, set: (fresh) => (kept = fresh) });
  const calls = new Calls(memory(finished), memory(null));
  let spoken = null;
  const log = [];
  for (const [what, at, how] of steps) {
    const now = at * 1000;
    if (what === "hear") calls.hear(how, (bidang) => bidang !== "elsewhere");
    if (what === "ends") calls.spoke(spoken, how, now);
    if (what === "tap") calls.revive(how, now, now);
    if (what !== "at") continue;
    calls.tick(now, now, how);
    const speaks = how.able && calls.isToBeSpoken(now, how.repeats);
    if (speaks) {
      calls.speaks(now);
      spoken = calls.current;
    }
    log.push(`${calls.current?.seq ?? "-"}${speaks ? " speaks" : ""}`);
  }
  return log;
}
"""
RECEIPTS = """
async (script) => {
  const { Receipts } = await import(script);
  let line = true;
  const sent = [];
  const take = ({ seq, spoken }) => line && sent.push(`${seq}${spoken ? " spoken" : ""}`) > 0;
  const receipts = new Receipts(take);
  receipts.note(1, false, 0);
  receipts.note(1, true, 5_000);
  receipts.note(1, false, 6_000);
  line = false;
  receipts.note(2, false, 20_000);
  receipts.note(2, true, 25_000);
  receipts.note(3, false, 30_000);
  line = true;
  sent.push("| back");
  receipts.again(3, 40_000);
  sent.push("| a minute later");
  receipts.again(3, 80_000);
  sent.push("| another database");
  receipts.again(2, 80_000);
  sent.push("| later still");
  receipts.again(3, 200_000);
  sent.push("| once more after a while");
  receipts.note(4, true, 300_000);
  for (const now of [305_000, 311_000, 330_000]) receipts.tick(now);
  return sent.join(", ");
}
"""

MEMORY = """
async (script) => {
  const { memoryOf } = await import(script);
  const ours = memoryOf("line");
  const before = ours.get();
  ours.set(3);
  localStorage.setItem("line", "5"); // another window of this browser went on
  const reloaded = memoryOf("line").get();
  sessionStorage.clear();
  return [before, reloaded, memoryOf("line").get()];
}
"""


@pytest.fixture(scope="module")
def server_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("line")) as started:
        yield started


@pytest.fixture
def page(server_of_module: Server, window: Window) -> Page:
    """Any page whose scripts may be asked."""
    opened = window(800, 600)
    opened.goto(f"{server_of_module.home}/display")
    return opened


def script(page: Page, name: str) -> str:
    own = page.locator("script[type=module]").get_attribute("src")
    assert own
    return f"{own.rsplit('/', 1)[0]}/{name}"


def a_call(seq: int, **changes: Any) -> dict[str, Any]:
    expires = datetime.fromtimestamp(600, UTC).isoformat()
    call = {"seq": seq, "ticket": f"A-{seq:03}", "bidang": "PEM", "place": "Loket 1"}
    return call | {"expires_at": expires} | changes


def a_board(*calls: dict[str, Any], seq: int | None = None, there: tuple[str, ...] = ()) -> Board:
    """A board with those open calls; `there` are the numbers at a place."""
    newest = max((call["seq"] for call in calls), default=0)
    serving_now = [{"ticket": ticket, "place": "Loket 1"} for ticket in there]
    bidang = [{"code": "PEM", "serving": serving_now}]
    return {"seq": newest if seq is None else seq, "calls": list(calls), "bidang": bidang}


def at(*seconds: float, able: bool = False, repeats: int = 0) -> list[Step]:
    return [("at", each, {"able": able, "repeats": repeats}) for each in seconds]


def hear(board: Board) -> Step:
    return ("hear", 0, board)


def ends(second: float) -> Step:
    """The sentence is over, heard to its end."""
    return ("ends", second, True)


def run(page: Page, *steps: Step, finished: int | None = 0) -> list[str]:
    """What is on the card at each moment, and when its sentence begins."""
    log: list[str] = page.evaluate(RUN, [script(page, "display-calls.js"), finished, list(steps)])
    return log


def test_a_first_start_does_not_replay_the_past(page: Page) -> None:
    past = hear(a_board(a_call(1), a_call(2)))
    new = hear(a_board(a_call(2), a_call(3)))
    assert run(page, past, *at(0), new, *at(1), finished=None) == ["-", "3"]
    assert run(page, past, *at(0), finished=1) == ["2"]


def test_a_zone_that_grows_does_not_replay_what_was_left_to_others(page: Page) -> None:
    others = hear(a_board(a_call(1, bidang="elsewhere"), a_call(2, bidang="elsewhere")))
    grown = hear(a_board(a_call(1), a_call(2), a_call(3)))
    assert run(page, others, *at(0), grown, *at(1)) == ["-", "3"]


def test_a_recall_that_is_taken_back_leaves_the_card(page: Page) -> None:
    ticket = "A-001"
    recalled = hear(a_board(a_call(2, ticket=ticket), there=(ticket,)))
    undone = hear(a_board(a_call(1, ticket=ticket), seq=2, there=(ticket,)))
    assert run(page, recalled, *at(0), undone, *at(1), finished=1) == ["2", "-"]


def test_how_long_each_is_shown(page: Page) -> None:
    alone = run(page, hear(a_board(a_call(1))), *at(0, 11.9, 12))
    assert alone == ["1", "1", "-"]
    one, two = hear(a_board(a_call(1))), hear(a_board(a_call(1), a_call(2)))
    assert run(page, one, *at(0), two, *at(4.9, 5)) == ["1", "1", "2"]
    assert run(page, two, *at(0, 4.9, 5, 16.9, 17)) == ["1", "1", "2", "2", "-"]


def test_a_sentence_is_never_cut(page: Page) -> None:
    both = hear(a_board(a_call(1), a_call(2)))
    steps = [both, *at(0, 30, able=True), ("ends", 31, True), *at(31, able=True)]
    assert run(page, *steps) == ["1 speaks", "1", "2 speaks"]


def test_a_sentence_that_got_lost(page: Page) -> None:
    """Its end is never told: the line goes on all the same."""
    both = hear(a_board(a_call(1), a_call(2)))
    assert run(page, both, *at(0, 60, 60.1, able=True)) == ["1 speaks", "1", "2 speaks"]


def test_a_sentence_that_is_broken_off(page: Page) -> None:
    """It is tried three times, and holds up nobody."""
    both = hear(a_board(a_call(1), a_call(2)))
    steps = [both]
    for second in (0, 3, 6, 9):
        steps += [*at(second, able=True), ("ends", second + 1, False)]
    assert run(page, *steps) == ["1 speaks", "1 speaks", "1 speaks", "2 speaks"]


def test_sound_that_comes_back_speaks_the_call_on_the_card(page: Page) -> None:
    one = hear(a_board(a_call(1)))
    assert run(page, one, *at(0), *at(11.9, 12, 13, able=True)) == ["1", "1 speaks", "1", "1"]


def test_a_tap_speaks_what_the_card_still_shows(page: Page) -> None:
    one = hear(a_board(a_call(1)))
    seen = [one, *at(0, 20), ("tap", 20, a_call(1))]
    assert run(page, *seen, *at(20, able=True)) == ["1", "-", "1 speaks"]
    past = run(page, one, ("tap", 0, a_call(1)), *at(0, able=True), finished=None)
    assert past == ["-"]
    expired = [one, *at(0, 20), ("tap", 700, a_call(1)), *at(700, able=True)]
    assert run(page, *expired)[-1] == "-"
    spoken = [one, *at(0, able=True), ("ends", 5, True), *at(13), ("tap", 14, a_call(1))]
    assert run(page, *spoken, *at(14, able=True))[-1] == "-"


def test_the_last_is_repeated(page: Page) -> None:
    one, two = hear(a_board(a_call(1))), hear(a_board(a_call(1), a_call(2)))
    steps = [one, *at(0, able=True, repeats=2), ends(8), *at(9, 10, able=True, repeats=2), ends(18)]
    steps += [*at(20, able=True, repeats=2), ends(28), *at(28, able=True, repeats=2)]
    assert run(page, *steps) == ["1 speaks", "1", "1 speaks", "1 speaks", "-"]
    newer = [one, *at(0, able=True, repeats=1), ends(8), two, *at(10, able=True, repeats=1)]
    assert run(page, *newer) == ["1 speaks", "2 speaks"]
    came = [hear(a_board(seq=1, there=("A-001",))), *at(10, 12, able=True, repeats=1)]
    assert run(page, one, *at(0, able=True, repeats=1), ends(8), *came) == ["1 speaks", "1", "-"]


def test_who_leaves_the_line(page: Page) -> None:
    three = hear(a_board(a_call(1), a_call(2), a_call(3)))
    undone = hear(a_board(a_call(3), seq=3))
    assert run(page, three, *at(0), undone, *at(1)) == ["1", "3"]
    soon = a_call(2, expires_at=(datetime.fromtimestamp(4, UTC)).isoformat())
    assert run(page, hear(a_board(a_call(1), soon, a_call(3))), *at(0, 5)) == ["1", "3"]
    recalled = hear(a_board(a_call(4, ticket="A-001"), there=("A-001",)))
    assert run(page, three, *at(0), recalled, *at(1, 8)) == ["1", "1", "4"]
    moved = hear(a_board(a_call(4, ticket="A-001", place="Loket 2"), there=("A-001",)))
    assert run(page, three, *at(0), moved, *at(1)) == ["1", "4"]
    elsewhere = hear(a_board(a_call(1, bidang="elsewhere"), a_call(2)))
    assert run(page, elsewhere, *at(0)) == ["2"]


def test_a_restored_database_begins_anew(page: Page) -> None:
    old = hear(a_board(a_call(100), a_call(101)))
    restored, new = hear(a_board(a_call(40), seq=50)), hear(a_board(a_call(51)))
    assert run(page, old, *at(0), restored, *at(1), new, *at(2)) == ["100", "-", "51"]


def test_each_window_remembers_its_own_line(page: Page) -> None:
    """What another window has announced, this one has not; a new window begins where others are."""
    assert page.evaluate(MEMORY, script(page, "display-calls.js")) == [None, 3, 5]


def test_receipts_are_said_again_on_a_new_line(page: Page) -> None:
    said = page.evaluate(RECEIPTS, script(page, "display-receipts.js"))
    assert said == (
        "1, 1 spoken, | back, 1 spoken, 2 spoken, 3, | a minute later, 2 spoken, 3, "
        "| another database, 2 spoken, | later still, | once more after a while, 4 spoken, 4 spoken"
    )


@pytest.mark.parametrize(
    ("volume", "quiet"),
    [(80, None), (0, None), (80, (12, 13)), (80, (20, 6)), (0, (12, 13))],
)
def test_silence_is_the_same_here_and_there(
    page: Page, volume: int, quiet: tuple[int, int] | None
) -> None:
    day = [datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(48)]
    begins, ends = [day[2 * hour].time() for hour in quiet] if quiet else (None, None)
    settings = DisplaySettings((), volume, 1, begins, ends)
    said = page.evaluate(
        """async ([script, settings, clocks]) => {
            const { isSilent } = await import(script);
            return clocks.map((clock) => isSilent(settings, clock));
        }""",
        [
            script(page, "display-settings.js"),
            settings.as_json(),
            [f"{moment:%H:%M}" for moment in day],
        ],
    )
    assert said == [settings.is_silent(moment.time()) for moment in day]
