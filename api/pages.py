"""Long lists in pages: `{items, next_cursor}`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from api.body import LARGEST_ID, Text, Whole
from ruko.errors import N_, Invalid

T = TypeVar("T")

MOST = 200
PAGING = {"limit": Whole(most=MOST, optional=True), "cursor": Text(longest=80, optional=True)}


def page(
    rows: Sequence[T], given: dict[str, Any], show: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """A page of a list that is small enough to be read as a whole."""
    start, limit = abs(_read(given, int) or 0), given.get("limit", MOST)
    more = len(rows) > start + limit
    return {
        "items": [show(row) for row in rows[start : start + limit]],
        "next_cursor": write_cursor(str(start + limit)) if more else None,
    }


def write_cursor(place: str) -> str:
    """A place in a list, as programs hand it back."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read_moment_cursor(given: dict[str, Any]) -> tuple[datetime, int] | None:
    """The place of a row known by a moment and its id."""

    def parse(place: str) -> tuple[datetime, int]:
        at, _, row_id = place.partition("/")
        return datetime.fromisoformat(at).astimezone(UTC), min(int(row_id[:10]), LARGEST_ID)

    return _read(given, parse)


def _read(given: dict[str, Any], parse: Callable[[str], T]) -> T | None:
    cursor = given.get("cursor")
    if cursor is None:
        return None
    try:
        return parse(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, OverflowError):
        raise Invalid("cursor", N_("This cursor is not one of ours.")) from None
