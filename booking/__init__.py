"""A villager at home: the front page, and booking a room of the house."""

from flask import Flask

from booking import mine, wish  # noqa: F401 – their pages join the one blueprint
from booking.front import bp as front
from booking.routes import bp as routes
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/` and `/<office>/booking`."""
    app.register_blueprint(front)
    register_door(app, routes, "booking")
