"""Words for numbers, letters and names: what a voice reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruko.voice.spelling import DIGITS, LETTERS, as_spoken, number_words

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "nol"),
        (5, "lima"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (12, "dua belas"),
        (19, "sembilan belas"),
        (20, "dua puluh"),
        (21, "dua puluh satu"),
        (99, "sembilan puluh sembilan"),
        (100, "seratus"),
        (101, "seratus satu"),
        (110, "seratus sepuluh"),
        (111, "seratus sebelas"),
        (200, "dua ratus"),
        (999, "sembilan ratus sembilan puluh sembilan"),
        (1000, "seribu"),
        (1945, "seribu sembilan ratus empat puluh lima"),
        (2026, "dua ribu dua puluh enam"),
        (11_000, "sebelas ribu"),
        (100_000, "seratus ribu"),
        (101_001, "seratus satu ribu satu"),
    ],
)
def test_numbers(number: int, words: str) -> None:
    assert number_words(number) == words


def value_of(words: str) -> int:
    """Read the words back, by their own rules."""
    total = part = 0
    for word in words.split():
        match word:
            case "sepuluh":
                part += 10
            case "sebelas":
                part += 11
            case "seratus":
                part += 100
            case "seribu":
                total += 1000
            case "belas":
                part += 10
            case "puluh":
                part += 9 * (part % 10)
            case "ratus":
                part *= 100
            case "ribu":
                total, part = part * 1000, 0
            case _:
                part += DIGITS.index(word)
    return total + part


@given(st.integers(0, 999_999))
def test_the_words_mean_the_number(number: int) -> None:
    words = number_words(number)
    assert value_of(words) == number
    assert "satu belas" not in words
    assert "satu puluh" not in words
    assert not words.startswith(("satu ratus", "satu ribu"))


@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_other_numbers_have_no_words(number: int) -> None:
    with pytest.raises(ValueError, match="words"):
        number_words(number)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Loket 1", "Loket satu"),
        ("Loket 11", "Loket sebelas"),
        ("Loket 2B", "Loket dua be"),
        ("Loket C", "Loket ce"),
        ("Ruang RUKO 2", "Ruang Ruko dua"),
        ("Ruang PKK", "Ruang pe ka ka"),
        ("Subbag TU", "Subbag te u"),
        ("RUANG DUA", "Ruang Dua"),
        ("Ruang Ma'ruf", "Ruang Ma'ruf"),
        ("Meja 007", "Meja nol nol tujuh"),
        ("Meja 1234567", "Meja satu dua tiga empat lima enam tujuh"),
        ("Loket-1 (lantai 2)", "Loket satu lantai dua"),
        ("--help", "help"),
        ("[[h@lo]] <i>Loket</i> & $(rm) `x`", "ha lo i Loket i rm eks"),
        ("  ", ""),
        ("«»!", ""),
        ("Café É", "Café É"),
    ],
)
def test_names(name: str, spoken: str) -> None:
    assert as_spoken(name) == spoken


@given(st.text(max_size=80))
def test_any_name_becomes_words_alone(name: str) -> None:
    spoken = as_spoken(name)
    assert spoken == " ".join(spoken.split())
    assert not any(sign.isdecimal() for sign in spoken)
    assert all(sign.isalnum() or sign in " '’-" for sign in spoken)
    assert not spoken.startswith("-")


def test_every_letter_has_its_name() -> None:
    assert len(LETTERS) == 26
    assert (LETTERS["c"], LETTERS["h"], LETTERS["q"], LETTERS["v"]) == ("ce", "ha", "ki", "ve")
