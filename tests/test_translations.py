"""Both languages are complete, and every text of the house is in them."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from ruko.words import LANGUAGES

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
PLACES = ("ruko", "booking", "kiosk", "display", "desk", "api", "templates")
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
MARKS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "_l": None}  # as `make messages` has them
BLANK = re.compile(r"%\((\w+)\)[sd]")


@cache
def catalog(language: str) -> Catalog:
    """What people read in that language."""
    with file(language).open("rb") as po:
        return read_po(po, locale=language)


def file(language: str) -> Path:
    return ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalog(language) if message.id)


def strings(message: Message) -> tuple[str, ...]:
    told = message.string
    return tuple(told) if isinstance(told, (tuple, list)) else (told or "",)


def ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, (tuple, list)) else (message.id,)


@cache
def used() -> dict[str, str]:
    """Every message id of the code, with the file that says it."""
    found: dict[str, str] = {}
    for place in PLACES:
        told = extract_from_dir(ROOT / place, METHODS, keywords=MARKS, comment_tags=())
        for name, _line, message, *_ in told:
            first = message if isinstance(message, str) else message[0]
            found.setdefault(first, f"{place}/{name}")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_code_is_there_and_no_other(language: str) -> None:
    known = {ids(message)[0] for message in messages(language)}
    assert {text: where for text, where in used().items() if text not in known} == {}
    assert known - set(used()) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_empty_or_uncertain(language: str) -> None:
    assert [m.id for m in messages(language) if not all(strings(m))] == []
    assert [m.id for m in messages(language) if m.fuzzy] == []
    forms = catalog(language).num_plurals
    assert [m.id for m in messages(language) if m.pluralizable and len(strings(m)) != forms] == []
    assert not catalog(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_blank_is_filled_in_every_form(language: str) -> None:
    for message in messages(language):
        wanted = blanks(*ids(message))
        assert blanks(strings(message)[-1]) == wanted, message.id
        for text in strings(message):  # "once" needs no number
            assert blanks(text) <= wanted, text
            assert "%" not in BLANK.sub("", text).replace("%%", ""), text


def blanks(*texts: str) -> set[str]:
    return {name for text in texts for name in BLANK.findall(text)}


def test_english_says_what_the_code_says() -> None:
    assert [m.id for m in messages("en") if strings(m) != ids(m)] == []


def test_indonesian_counts_without_a_plural() -> None:
    assert (catalog("id").num_plurals, catalog("en").num_plurals) == (1, 2)


def test_indonesian_speaks_as_the_office_does() -> None:
    """Antrean and Anda, no exclamation marks, and no words of the trade."""
    faults = re.compile(r"antrian|\banda\b|!|\bslot\b|\bbooking\b|\bscan\b|\bsilahkan\b")
    assert [text for m in messages("id") for text in strings(m) if faults.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_is_the_written_one(language: str) -> None:
    with file(language).with_suffix(".mo").open("rb") as mo:
        compiled = read_mo(mo)
    for message in messages(language):
        found = compiled.get(ids(message)[0])
        assert found, message.id
        assert strings(found) == strings(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_the_machine_is_in_the_file(language: str) -> None:
    text = file(language).read_text(encoding="utf-8")
    assert "#:" not in text, "no places in the code: they change with every line"
    assert not re.search(r"/(home|root|work|tmp|usr)/|EMAIL@ADDRESS|FULL NAME|YEAR-MO-DA", text)
