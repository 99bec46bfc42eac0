"""How a person reads pages: language, contrast and text size, kept in the browser's session."""

from collections.abc import Container

from ruko import words

READING: dict[str, Container[str | None]] = {
    "lang": words.LANGUAGES,
    "theme": {"", "contrast"},
    "text_size": {"", "large"},
}
"""What may be set, and to what."""
