"""Socket.IO: lets screens and desks in, and rings them after the commit. One thread emits.

The database is the truth and the socket a hint: a screen that missed a message notices by the
heartbeat's version and fetches the board.
"""

from flask import Flask

from ruko.live import sockets as _sockets  # noqa: F401 – says what the server answers to
from ruko.live.ringing import start_thread
from ruko.live.seats import MOST_CONNECTIONS, MOST_LONG_POLLS, THREADS
from ruko.live.wires import connect_app
from ruko.web.gate import Gate

__all__ = ["THREADS", "install_live"]


def install_live(app: Flask, redis_url: str | None) -> None:
    """Put Socket.IO on the app; with Redis, across processes."""
    pages = app.wsgi_app
    connect_app(app, redis_url)
    gate = Gate(
        app.wsgi_app,
        pages=pages,
        sockets=MOST_CONNECTIONS,
        long_polls=MOST_LONG_POLLS,
        watch=start_thread,
    )
    app.wsgi_app = app.extensions["ruko_gate"] = gate  # type: ignore[method-assign]
