"""Taking a number, and checking in with a booking's code."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

bp = Blueprint("kiosk", __name__)


@bp.get("")
def start() -> ResponseReturnValue:
    """The first page."""
    return "kiosk"
