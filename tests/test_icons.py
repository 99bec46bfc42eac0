"""The sprite holds the icons that the pages use: each of them, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
MACRO = re.compile(r"""\bicon(?:_name)?\s*[(=]\s*["']([a-z0-9-]+)["']""")
LINK = re.compile(r"icons\.svg#([a-z0-9-]+)")


def listed() -> list[str]:
    lines = (STATIC / "icons.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def pages() -> Iterator[str]:
    yield from (path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html"))
    yield from (path.read_text(encoding="utf-8") for path in (STATIC / "js").rglob("*.js"))
    for door in ("booking", "kiosk", "display", "desk", "ruko"):
        yield from (path.read_text(encoding="utf-8") for path in (ROOT / door).rglob("*.py"))


def drawn() -> set[str]:
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    return set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))


def test_every_icon_that_a_page_names_is_listed() -> None:
    named = {name for page in pages() for name in (*MACRO.findall(page), *LINK.findall(page))}
    assert named - set(listed()) == set()


def test_every_listed_icon_is_on_some_page() -> None:
    everything = "\n".join(pages())
    unused = [
        name for name in listed() if not re.search(rf"""["'#]{re.escape(name)}["'\s]""", everything)
    ]
    assert unused == []


def test_the_list_is_in_order_and_says_each_once() -> None:
    assert listed() == sorted(set(listed()))


def test_the_sprite_is_that_of_the_list() -> None:
    assert drawn() == set(listed())
