"""Calling and serving."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ruko.accounts import Role
from ruko.web import sign_in_required

bp = Blueprint("desk", __name__)
bp.before_request(sign_in_required(Role.STAFF, Role.OPERATOR, Role.ADMIN, Role.CAMAT))


@bp.get("")
def start() -> ResponseReturnValue:
    """Choose a place, then serve."""
    return "desk"
