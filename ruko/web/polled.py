"""What phones ask again and again: while nothing has changed, one query answers them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Response, request

from ruko import clock
from ruko.tickets import version_at

FRESH = timedelta(seconds=30)
"""What time alone changes (a day's end, an estimate) raises no version, so it is looked for anew."""
MOST_REMEMBERED = 10_000


class _Sent(NamedTuple):
    """When an answer was made, at which version of its office's board, and when to ask again."""

    at: datetime
    version: tuple[int, int]
    poll_after: str


_sent: dict[tuple[str, str], _Sent] = {}
"""By address and `ETag`. Each process keeps its own; the database says whether it still holds."""


def polled(token: str, make: Callable[[], Response]) -> Response:
    """The answer that `make` gives about the ticket, or 304 for who has it already.

    `make` sets `ETag` and `Poll-After`. The version is read first: a change meanwhile can only make
    the answer newer than its version says.
    """
    now, version = clock.now(), version_at(token)
    for tag in request.if_none_match.as_set(include_weak=True):
        sent = _sent.get((request.path, tag))
        if sent and sent.version == version and sent.at <= now < sent.at + FRESH:
            return _unchanged(tag, sent)
    response = make()
    made, _ = response.get_etag()
    if made and version:
        if len(_sent) >= MOST_REMEMBERED:
            _sent.clear()
        _sent[request.path, made] = _Sent(now, version, response.headers["Poll-After"])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _unchanged(tag: str, sent: _Sent) -> Response:
    response = Response(status=304)
    response.set_etag(tag, weak=True)
    response.headers["Poll-After"] = sent.poll_after
    response.headers["Cache-Control"] = "private, no-cache"
    return response
