"""Booking a room."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ruko.accounts import Role
from ruko.web import sign_in_required

bp = Blueprint("booking", __name__)
bp.before_request(sign_in_required(Role.VILLAGE, Role.OPERATOR, Role.ADMIN))


@bp.get("")
def start() -> ResponseReturnValue:
    """Choose a date and a slot."""
    return "booking"
