"""Everybody in the waiting room: the board."""

from flask import Flask

from display.pairing import bp as pairing
from display.routes import bp as routes
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/<office>/display`."""
    register_door(app, routes, "display")
    register_door(app, pairing, "display/pair")
