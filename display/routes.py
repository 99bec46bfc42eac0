"""The waiting-room board."""

from functools import cache

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from display.picture import opening_hours, picture
from display.screen import this_screen
from ruko import words
from ruko.web import page_edition
from ruko.web.callers import revoked_device

bp = Blueprint("display", __name__)


@bp.get("")
def show() -> ResponseReturnValue:
    """The board as it is now; its script keeps it so."""
    it = this_screen()
    return render_template(
        "display/board.html",
        board=it.board,
        say=it.say,
        settings=it.settings.as_json() | {"page": page_edition()},
        view=picture(it.board, it.say, it.now, it.office, zone=it.settings.zone),
        hours=opening_hours(it.office),
        sound=_sound(words.language()),
        paired=it.paired,
        revoked=revoked_device("display"),
    )


@cache
def _sound(_language: str) -> str:
    """What the page says of its sound: every screen of a language is given the same."""
    return render_template("display/_sound.html")
