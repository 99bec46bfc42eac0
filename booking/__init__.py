"""A villager at home: the front page, and booking a room of the house."""

from flask import Flask

from booking import (  # noqa: F401 – their pages join the one blueprint
    about,
    changes,
    check,
    mine,
    moves,
    papers,
    people,
    when,
)
from booking.feed import bp as feed
from booking.front import bp as front
from booking.routes import bp as routes
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/` and `/<office>/booking`."""
    app.register_blueprint(front)
    register_door(app, feed, "calendar")
    register_door(app, routes, "booking")
