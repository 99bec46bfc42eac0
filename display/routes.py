"""The waiting-room board."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from display.picture import board_words, opening_hours, picture
from ruko import clock, words
from ruko.board import snapshot
from ruko.web import current_device, current_office
from ruko.web.callers import revoked_device

bp = Blueprint("display", __name__)


@bp.get("")
def show() -> ResponseReturnValue:
    """The board as it is now; its script keeps it so."""
    office, now = current_office(), clock.now()
    device = current_device()
    board = snapshot(office, now=now).as_json(words.board_sentence)
    say = board_words()
    return render_template(
        "display/board.html",
        board=board,
        say=say,
        view=picture(board, say, now, office),
        hours=opening_hours(office),
        paired=device is not None and device.serves(office, "display"),
        revoked=revoked_device("display"),
    )
