"""Socket.IO: lets screens and desks in, and rings them after the commit. One thread emits.

The database is the truth and the socket a hint: a screen that missed a message notices by the
heartbeat's version and fetches the board.
"""

from flask import Flask

from ruko.live import sockets as _sockets  # noqa: F401 – says what the server answers to
from ruko.live.seats import MOST_CONNECTIONS, THREADS
from ruko.live.wires import connect_app
from ruko.web.gate import Gate

__all__ = ["THREADS", "install_live"]


def install_live(app: Flask, redis_url: str | None) -> None:
    """Put Socket.IO on the app; with Redis, across processes."""
    connect_app(app, redis_url)
    app.wsgi_app = Gate(app.wsgi_app, MOST_CONNECTIONS)  # type: ignore[method-assign]
