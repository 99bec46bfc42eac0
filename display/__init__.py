"""Everybody in the waiting room: the board."""

from flask import Flask

from display.light import bp as light
from display.pairing import bp as pairing
from display.report import bp as report
from display.routes import bp as routes
from display.slides import bp as slides
from display.voice import bp as voice
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/<office>/display`."""
    register_door(app, routes, "display")
    register_door(app, light, "display/ringan")
    register_door(app, pairing, "display/pair")
    register_door(app, report, "display")
    register_door(app, voice, "display")
    register_door(app, slides, "display/slides")
