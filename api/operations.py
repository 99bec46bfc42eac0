"""What the API says about each of its addresses, written beside the view that answers there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from api.body import Fields

View = TypeVar("View", bound=Callable[..., Any])

SVG = "image/svg+xml"
CALENDAR = "text/calendar"


@dataclass(frozen=True, slots=True)
class Operation:
    """One address and method, as its description tells it."""

    summary: str
    answers: Mapping[int, str | None]
    """By status: the name of a schema, a media type, or None for an empty answer."""
    body: Fields | None
    query: Fields
    public: bool
    in_query: bool
    """Whether the address may carry the caller's token."""


OPERATIONS: dict[Callable[..., Any], Operation] = {}
"""By view."""


def operation(
    summary: str,
    answers: Mapping[int, str | None],
    *,
    body: Fields | None = None,
    query: Fields | None = None,
    public: bool = False,
    in_query: bool = False,
) -> Callable[[View], View]:
    """Describe the view below."""

    def describe(view: View) -> View:
        OPERATIONS[view] = Operation(summary, answers, body, query or {}, public, in_query)
        return view

    return describe
