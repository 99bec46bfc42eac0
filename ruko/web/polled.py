"""What phones ask again and again: while nothing has changed, one query answers them.

They are answered before Flask: waking the whole program to say "as before" costs several times as
much as finding out. Whatever is not that simple goes on to the program.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Flask, Response, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_etags

from ruko import clock
from ruko.db import db
from ruko.tickets import Visit, version_at
from ruko.web.gate import Wsgi
from ruko.web.safety import HEADERS

FRESH = timedelta(seconds=30)
"""What time alone changes (a day's end, an estimate) raises no version, so it is looked for anew."""
MOST_REMEMBERED = 10_000
CACHING = "private, no-cache"


class _Sent(NamedTuple):
    """An answer about a ticket: when and at which version of its office's board, and how to repeat it."""

    token: str
    at: datetime
    version: tuple[int, int]
    headers: dict[str, str]


_sent: dict[tuple[str, str], _Sent] = {}
"""By address and `ETag`. Each process keeps its own; the database says whether it still holds."""


def polled(token: str, make: Callable[[], tuple[Response, Visit]]) -> Response:
    """The answer that `make` gives about the ticket, remembered for who asks again.

    `make` sets `ETag`, and says what it read: what it read later can only make the answer newer than
    that visit's version says.
    """
    now = clock.now()
    response, visit = make()
    poll_after = str(visit.poll_after)
    tag, _ = response.get_etag()
    if tag and visit.board_version:
        response.set_etag(tag, weak=True)  # compressed or not: a strong one would be rewritten
        if len(_sent) >= MOST_REMEMBERED:
            _sent.clear()
        headers = {"ETag": response.headers["ETag"], "Poll-After": poll_after}
        headers |= {**HEADERS, "Cache-Control": CACHING}
        _sent[request.path, tag] = _Sent(token, now, visit.board_version, headers)
    response.headers["Poll-After"] = poll_after
    response.headers["Cache-Control"] = CACHING
    response.make_conditional(request)
    return response


class Polls:
    """Says 304 to who has the newest already; everybody else goes on."""

    def __init__(self, wsgi: Wsgi, engine: Engine) -> None:
        self._wsgi = wsgi
        self._engine = engine

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sent = self._unchanged(environ)
        if sent is None:
            return self._wsgi(environ, start_response)
        start_response("304 NOT MODIFIED", list(sent.headers.items()))
        return []

    def _unchanged(self, environ: dict[str, Any]) -> _Sent | None:
        """What this request has and may go on showing; None also when the database does not say."""
        if "HTTP_IF_NONE_MATCH" not in environ or environ["REQUEST_METHOD"] != "GET":
            return None
        if "HTTP_AUTHORIZATION" in environ or environ.get("QUERY_STRING"):  # to be looked at
            return None
        now, path = clock.now(), environ["PATH_INFO"]
        tags = parse_etags(environ["HTTP_IF_NONE_MATCH"]).as_set(include_weak=True)
        held = [sent for tag in tags if (sent := _sent.get((path, tag)))]
        held = [sent for sent in held if sent.at <= now < sent.at + FRESH]
        if not held:
            return None
        try:
            with self._engine.connect() as connection:
                version = version_at(connection, held[0].token)
        except SQLAlchemyError:  # the program knows how to say it
            return None
        return next((sent for sent in held if sent.version == version), None)


def install_polls(app: Flask) -> None:
    """Answer first who asks again."""
    with app.app_context():
        app.wsgi_app = Polls(app.wsgi_app, db.engine)  # type: ignore[method-assign]
