"""The one sign-in page of all, and changing the password."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

bp = Blueprint("sign_in", __name__)


@bp.get("/login")
def form() -> ResponseReturnValue:
    """The sign-in page."""
    return "login"


@bp.get("/password")
def password() -> ResponseReturnValue:
    """Choosing one's own password."""
    return "password"
