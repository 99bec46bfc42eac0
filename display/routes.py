"""The waiting-room board."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

bp = Blueprint("display", __name__)


@bp.get("")
def show() -> ResponseReturnValue:
    """The board."""
    return "board"
