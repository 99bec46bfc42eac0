"""Indonesian words for what is written in signs: letters, numbers, names of places."""

import re
from string import ascii_lowercase

_LETTER_NAMES = (
    "a", "be", "ce", "de", "e", "ef", "ge", "ha", "i", "je", "ka", "el", "em",
    "en", "o", "pe", "ki", "er", "es", "te", "u", "ve", "we", "eks", "ye", "zet",
)  # fmt: skip
LETTERS = dict(zip(ascii_lowercase, _LETTER_NAMES, strict=True))
DIGITS = (
    "nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan",
)  # fmt: skip
LONGEST_ABBREVIATION = 3
"""PKK and TU are said letter by letter; RUKO is a word."""

_WORDS = re.compile(r"\d+|[^\W\d_]+(?:['’-][^\W\d_]+)*")


def number_words(number: int) -> str:
    """The number as it is said, from 0 to 999 999; raises `ValueError` beyond."""
    if not 0 <= number <= 999_999:
        raise ValueError("This number is not said in words.")
    return " ".join(_parts(number)) or DIGITS[0]


def _parts(number: int) -> list[str]:
    """The words of a number; nothing for 0. `se-` is the one before hundred and thousand."""
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        return [*(["seribu"] if thousands == 1 else [*_parts(thousands), "ribu"]), *_parts(rest)]
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return [*(["seratus"] if hundreds == 1 else [DIGITS[hundreds], "ratus"]), *_parts(rest)]
    if number >= 20:
        tens, rest = divmod(number, 10)
        return [DIGITS[tens], "puluh", *_parts(rest)]
    if number >= 12:
        return [DIGITS[number - 10], "belas"]
    if number >= 10:
        return [("sepuluh", "sebelas")[number - 10]]
    return [DIGITS[number]] if number else []


def as_spoken(name: str) -> str:
    """A name as a voice reads it: “Ruang RUKO 2” → “Ruang Ruko dua”, “Meja PKK” → “Meja pe ka ka”.

    Only words are left, so that no sign means anything to the program that speaks.
    """
    shouted = name.isupper()  # then capitals say nothing about abbreviations
    return " ".join(_word(word, shouted=shouted) for word in _WORDS.findall(name))


def _word(word: str, *, shouted: bool) -> str:
    if word.isdecimal():
        return _number(word)
    short = len(word) == 1 or (word.isupper() and len(word) <= LONGEST_ABBREVIATION and not shouted)
    if short and all(sign in LETTERS for sign in word.lower()):
        return " ".join(LETTERS[sign] for sign in word.lower())
    return word.capitalize() if word.isupper() else word


def _number(digits: str) -> str:
    """In words; a code such as 007 or one that is too long, digit by digit."""
    if len(digits) <= 6 and str(int(digits)) == digits:
        return number_words(int(digits))
    return " ".join(DIGITS[int(digit)] for digit in digits)
