"""Staff at the table: signing in, calling and serving, deciding on requests."""

from flask import Flask

from desk.approvals import bp as approvals
from desk.calls import bp as calls
from desk.seat import bp as seat
from desk.sign_in import bp as sign_in
from desk.turns import bp as turns
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/<office>/login` and `/<office>/desk`."""
    register_door(app, sign_in)
    register_door(app, calls, "desk")
    register_door(app, turns, "desk/turns")
    register_door(app, seat, "desk/place")
    register_door(app, approvals, "desk/approvals")
