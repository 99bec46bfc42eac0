"""A visitor in the lobby: taking a number, checking in, and the ticket in the hand."""

from flask import Flask

from kiosk import appointments, assistance, numbers, printing
from kiosk.manifest import bp as manifest
from kiosk.pairing import bp as pairing
from kiosk.routes import bp as routes
from kiosk.ticket import bp as ticket
from ruko.web import register_door

__all__ = ["appointments", "assistance", "numbers", "open_door", "printing"]


def open_door(app: Flask) -> None:
    """Let people in at `/<office>/kiosk` and `/t/<token>`."""
    register_door(app, routes, "kiosk")
    register_door(app, manifest, "kiosk")
    register_door(app, pairing, "kiosk/pair")
    app.register_blueprint(ticket)
