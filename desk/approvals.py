"""Deciding on requests for a room."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ruko.accounts import Role
from ruko.web import sign_in_required

bp = Blueprint("approvals", __name__)
bp.before_request(sign_in_required(Role.OPERATOR, Role.ADMIN))


@bp.get("")
def pending() -> ResponseReturnValue:
    """What waits for a decision."""
    return "approvals"
