"""The ticket on a visitor's phone: no sign-in, the token is the secret."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

bp = Blueprint("ticket", __name__)


@bp.get("/t/<token>")
def show(token: str) -> ResponseReturnValue:
    """Where the visit stands."""
    return token
