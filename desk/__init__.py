"""Staff at the table: signing in, calling and serving, deciding on requests, running the office."""

from flask import Flask

from desk import meeting, proposals  # noqa: F401 – their pages join blueprints below
from desk.accounts import bp as accounts
from desk.approvals import bp as approvals
from desk.assistance import bp as assistance
from desk.board_content import bp as board_content
from desk.calls import bp as calls
from desk.closing import bp as closing
from desk.devices import bp as devices
from desk.displays import bp as displays
from desk.entering import bp as entering
from desk.meetings import bp as meetings
from desk.onward import bp as onward
from desk.operator import bp as operator
from desk.quiet import bp as quiet
from desk.reception import bp as reception
from desk.rest import bp as rest
from desk.rooms import bp as rooms
from desk.seat import bp as seat
from desk.second_step import bp as second_step
from desk.sessions import bp as sessions
from desk.sign_in import bp as sign_in
from desk.slips import bp as slips
from desk.turns import bp as turns
from desk.undoing import bp as undoing
from desk.voice import bp as voice
from desk.week import bp as week
from ruko.web import register_door


def open_door(app: Flask) -> None:
    """Let people in at `/<office>/login` and `/<office>/desk`."""
    register_door(app, sign_in)
    register_door(app, entering)
    register_door(app, sessions)
    register_door(app, second_step, "second-step")
    register_door(app, accounts, "desk/accounts")
    register_door(app, slips, "desk/accounts/slips")
    register_door(app, calls, "desk")
    register_door(app, turns, "desk/turns")
    register_door(app, onward, "desk/turns")
    register_door(app, undoing, "desk/undo")
    register_door(app, rest, "desk/break")
    register_door(app, seat, "desk/place")
    register_door(app, approvals, "desk/approvals")
    register_door(app, meetings, "desk/meetings")
    register_door(app, assistance, "desk/help")
    register_door(app, operator, "desk/office")
    register_door(app, reception, "desk/office/number")
    register_door(app, closing, "desk/office/closing")
    register_door(app, quiet, "desk/villages")
    register_door(app, devices, "desk/devices")
    register_door(app, displays, "desk/devices")
    register_door(app, voice, "desk/voice")
    register_door(app, board_content, "desk/board")
    register_door(app, week, "desk/week")
    register_door(app, rooms, "desk/rooms")
