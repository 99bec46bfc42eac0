"""Applications of a test's own, beside the one that all other tests share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from flask_socketio import SocketIO

from ruko import clock
from ruko.db import db
from ruko.live import wires


def close(app: Flask) -> None:
    """Nothing of the application runs any more, and it holds no connection."""
    app.extensions["ruko_spooler"].stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def apart() -> Iterator[None]:
    """What is one per process (sockets, the moved clock) is put back afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wires, "socketio", SocketIO())
        patch.setattr(wires, "_app", None)
        patch.setattr(clock, "_offset", timedelta())
        yield
