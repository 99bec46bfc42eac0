"""Booking codes: eight characters that can be read aloud and typed without doubt."""

import re
import secrets

ALPHABET = "ACDEFGHJKMNPQRTVWXY23456789"
LENGTH = 8
_READ_AS = str.maketrans("BSZU", "852V")
"""Letters that no code contains, read as the character they resemble."""
_GAPS = re.compile(r"[\s\u2010-\u2015-]+")


def new_code() -> str:
    """A random code; the UNIQUE constraint has the last word."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalise_code(text: str) -> str:
    """The code that somebody typed or scanned: capitals, without spaces and hyphens."""
    return _GAPS.sub("", text).upper().translate(_READ_AS)


def is_code(text: str) -> bool:
    """Whether a normalised text can be a code at all."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET)
