"""Staff at the table: signing in, calling and serving, deciding on requests, running the office."""

from flask import Flask

from desk.approvals import bp as approvals
from desk.assistance import bp as assistance
from desk.board_content import bp as board_content
from desk.calls import bp as calls
from desk.closing import bp as closing
from desk.devices import bp as devices
from desk.displays import bp as displays
from desk.onward import bp as onward
from desk.operator import bp as operator
from desk.reception import bp as reception
from desk.rest import bp as rest
from desk.seat import bp as seat
from desk.sign_in import bp as sign_in
from desk.turns import bp as turns
from desk.undoing import bp as undoing
from desk.voice import bp as voice
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/<office>/login` and `/<office>/desk`."""
    register_door(app, sign_in)
    register_door(app, calls, "desk")
    register_door(app, turns, "desk/turns")
    register_door(app, onward, "desk/turns")
    register_door(app, undoing, "desk/undo")
    register_door(app, rest, "desk/break")
    register_door(app, seat, "desk/place")
    register_door(app, approvals, "desk/approvals")
    register_door(app, assistance, "desk/help")
    register_door(app, operator, "desk/office")
    register_door(app, reception, "desk/office/number")
    register_door(app, closing, "desk/office/closing")
    register_door(app, devices, "desk/devices")
    register_door(app, displays, "desk/devices")
    register_door(app, voice, "desk/voice")
    register_door(app, board_content, "desk/board")
